"""The world as a plan sees it, and the values that pass between the steps of a plan. Knows of no server. Pure."""
