"""What a sandbox can be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.access import Access

__all__ = ["DEFAULT_API_KEY", "DEFAULT_VERSION", "Settings"]

DEFAULT_API_KEY = "API-SANDBOX00000000000000000000"
DEFAULT_VERSION = "2026.1.9674"


@dataclass(frozen=True, slots=True)
class Settings:
    """One sandbox' settings.

    `first_id` is the number of the first document of each kind, so that two sandboxes started with 1 and 1001 share no
    id; `seed` decides the GUIDs. `version` is `year.minor.build` as the root document gives it; what that release does
    not know is neither taken nor given (`sandbox.versions`). `virtual_directory` is the path under which the server is
    hosted ("octopus" for `https://host/octopus/api`). `state_path` is read at start, if it exists, and written at stop.
    `poll_seconds` is how often subscriptions look for new events; Octopus looks about every 30 s. `requests_per_minute`
    limits the rate of a user (0: no limit; servers first installed with 2026.3 allow 200), `burst_limit` how many may
    come at once (0: as many as in a minute), `retry_after` says whether a rejection tells how long to wait. `keys` are
    API keys besides `api_key`, which is an administrator's (`sandbox.access`). `event_retention_days` is how
    long the API shows an event. `strict` refuses bodies with unknown or missing properties (`sandbox.strictness`).
    """

    version: str = DEFAULT_VERSION
    api_key: str = DEFAULT_API_KEY
    username: str = "sandbox-admin"
    first_id: int = 1
    seed: int = 0
    virtual_directory: str = ""
    poll_seconds: float = 30.0
    requests_per_minute: int = 0
    burst_limit: int = 0
    retry_after: bool = True
    event_retention_days: int = 90
    strict: bool = False
    keys: tuple[Access, ...] = ()
    public_url: str | None = None
    state_path: str | None = None

    @property
    def api_root(self) -> str:
        """The path of the root document, `/api` or `/<virtual directory>/api`, without a slash at the end."""
        directory = self.virtual_directory.strip("/")
        return f"/{directory}/api" if directory else "/api"
