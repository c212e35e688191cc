"""Findings: what would not work on the destination once a plan is applied."""
