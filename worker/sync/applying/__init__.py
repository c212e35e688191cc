"""Applying: a plan is carried out, and remembered in the ledger."""
