"""The values of tenants, cell by cell. Pure."""
