"""Planning: from documents that should be looked at to the ordered actions of a plan. Pure."""
