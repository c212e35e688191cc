"""How much of a route's population its runs may change before a person is asked.

Counted in a sliding window over all runs, so that a hundred small runs weigh as much as one large one. A share of next
to nothing says nothing: below ``minimum_population`` items the percentages do not apply.
"""

from __future__ import annotations

from pydantic import Field

from config.model import Model


class Limits(Model):
    updates_percent: float = Field(default=30.0, ge=0, le=100)
    """Of the route's items, how many may be updated in the window. Past it the route is held."""
    deletes_percent: float = Field(default=30.0, ge=0, le=100)
    """The same for deletes, and for updates that delete something elsewhere."""
    minimum_population: int = Field(default=10, ge=0)
    """A route with fewer items has no limits."""
    window_hours: int = Field(default=24, ge=1, le=24 * 30)
