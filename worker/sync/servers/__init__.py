"""Servers: how documents of each kind are read from a server and written to one."""
