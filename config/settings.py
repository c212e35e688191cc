"""Settings of the processes: what differs between a laptop and a cluster, and nothing about what is synced.

Each comes from the environment variable ``OCTOSYNC_`` and its name in capitals (``OCTOSYNC_REDIS_URL``), or from a
file of that name in small letters in the directory that ``OCTOSYNC_SECRETS_DIR`` names, as Docker and Kubernetes mount
secrets.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.addresses import Network
from config.model import Refused, refuse
from config.names import nearest
from config.problems import ConfigError, Problem
from config.right import right

PREFIX = "OCTOSYNC_"
SHORTEST_TOKEN = 16
_SECRETS_DIR = PREFIX + "SECRETS_DIR"


class LogLevel(StrEnum):
    DEBUG = "debug"
    """Also every lookup, and what was decided for items that stay as they are. Names of fields, never values: these are
    in no log."""
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    routes: Path = Path("octosync.yaml")
    """The routes file."""
    redis_url: str = Field(default="redis://localhost:6379/0", repr=False)
    """Redis 7 or Valkey: ``redis://``, ``rediss://`` or ``unix://``. May hold a password, so it is never printed."""
    namespace: str = Field(default="octosync", pattern=r"^[a-z0-9-]+$")
    """Before every key in Redis and every queue, so that two Octosyncs can share one Redis."""
    sentry_dsn: str | None = Field(default=None, repr=False)
    """Errors go there, scrubbed. Without: nowhere but the log."""
    sentry_environment: str = "production"
    """What Sentry calls this installation."""
    log_level: LogLevel = LogLevel.INFO
    """``debug``, ``info``, ``warning`` or ``error``. With ``debug`` also every lookup and every HTTP request."""
    log_format: LogFormat = LogFormat.JSON
    """``json``: one line for each event; ``console``: for people."""

    debounce_seconds: float = Field(default=3.0, ge=0)
    """How long after the last hint an item is synced: people save several times."""
    debounce_max_seconds: float = Field(default=30.0, ge=0)
    """How long after the first hint at most, however many follow."""
    lease_seconds: float = Field(default=60.0, ge=5)
    """How long a silent worker keeps its item. Workers at work prolong their lease all the time."""
    sweep_seconds: float = Field(default=5.0, gt=0)
    """How often expired leases and overdue marks are looked for."""
    catch_up_seconds: float = Field(default=60.0, ge=1)
    """How often a source's audit log is read for what webhooks did not tell."""
    retry_seconds: float = Field(default=5.0, gt=0)
    """How long an item that failed waits for its second try, and a server that nobody reaches. Each further failure
    doubles it."""
    blocked_seconds: float = Field(default=900.0, gt=0)
    """How long an item waits that requires something which does not exist, or cannot be read. It is looked at sooner
    when its route creates something."""
    canary_seconds: float = Field(default=15.0, gt=0)
    """How often a message is sent through each queue that only proves that somebody takes from it."""
    max_attempts: int = Field(default=8, ge=1)
    """How often an item is tried before it becomes a dead letter."""
    nightly_at: time = time(2, 0)
    """When everything is compared, by the clock of ``timezone``. A missed night is made up for."""
    timezone: str = "UTC"
    """Of ``nightly_at``, as ``Europe/Vienna``."""

    receiver_host: str = "0.0.0.0"  # noqa: S104 - it is there to be called from elsewhere
    """The address at which the receiver listens, at both ports; the default is every one that the machine has."""
    receiver_port: int = Field(default=8080, ge=0, le=65535)
    """Webhooks and health."""
    receiver_processes: int = Field(default=1, ge=1, le=64)
    """Receiver processes on this machine, for example one for each core. They share the ports, and are replaced one by
    one on SIGHUP, when the routes file is read anew; no request is refused meanwhile."""
    receiver_reuse_port: bool = False
    """Another receiver may be started beside this one on the same ports (SO_REUSEPORT), to take its place. With several
    processes it always may."""
    receiver_drain_seconds: float = Field(default=1.0, ge=0, le=60)
    """How long it still takes requests after it was told to stop, so that callers and load balancers find another."""
    status_port: int = Field(default=8081, ge=0, le=65535)
    """Status page and metrics of the receiver: keep it inside."""
    status_token: SecretStr | None = None
    """With it the status page shows names, plans and the clean-up list, and lets a person decide. Without: counts and
    states only, to anybody. 16 characters at least, best `openssl rand -base64 24`."""
    body_limit_mb: int = Field(default=64, ge=1)
    """A longer webhook is recorded as a hint, without its body. Four of this size are held in memory at most."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Addresses or networks of the proxies before the receiver, with commas: `10.0.0.0/8, 192.168.7.1`. Only what these
    wrote into `X-Forwarded-For` counts when an instance has `webhook_from`."""
    deliveries_kept: int = Field(default=20_000, ge=100)
    """About so many webhooks are kept in the journal, for `octosync deliveries`."""
    deliveries_kept_days: int = Field(default=14, ge=1)
    """And none of them for longer."""
    stop_seconds: float = Field(default=20.0, ge=0, le=600)
    """How long a worker that is told to stop lets items run to their end. What is not done by then it hands back.
    Whoever stops it must wait ten seconds longer before killing it."""
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """Metrics and probes of a worker. 0: none."""
    beat_file: Path | None = None
    """Beat writes there that it goes round, for its health check, `python -m worker.heartbeat FILE`. Without: nowhere.
    """

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def body_limit_bytes(self) -> int:
        return self.body_limit_mb * 1024 * 1024

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, url: str) -> str:
        if url.partition("://")[0] not in {"redis", "rediss", "unix"}:
            raise refuse("starts with redis://, rediss:// or unix://", "as redis://localhost:6379/0")
        return url

    @field_validator("status_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
            raise refuse(f"has fewer than {SHORTEST_TOKEN} characters", "make one with: openssl rand -base64 24")
        return token

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _with_commas(cls, text: object) -> object:
        return [one.strip() for one in text.split(",") if one.strip()] if isinstance(text, str) else text

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        zones = available_timezones()
        if name not in zones:
            guess = nearest(name, zones)
            raise refuse(f"there is no time zone {name!r}", f"did you mean {guess!r}?" if guess else "as Europe/Vienna")
        return name

    @model_validator(mode="after")
    def _debounce_fits(self) -> Settings:
        if self.debounce_max_seconds < self.debounce_seconds:
            raise refuse("debounce_max_seconds is less than debounce_seconds", "raise the one, or lower the other")
        return self


def read() -> Settings:
    """The settings of this process. Raises :class:`ConfigError` that names variables, never what they hold."""
    secrets_dir = os.environ.get(_SECRETS_DIR) or None
    if secrets_dir is not None and not Path(secrets_dir).is_dir():
        hint = "mount the secrets there, or name another place"
        raise ConfigError([Problem("environment", 0, 0, _SECRETS_DIR, f"there is no directory {secrets_dir!r}", hint)])
    try:
        return Settings(_secrets_dir=secrets_dir)
    except ValidationError as error:
        raise ConfigError([_problem(one) for one in error.errors()]) from None


def unknown(environ: Mapping[str, str], secrets: Collection[str] = ()) -> list[Problem]:
    """Variables that begin like a setting and are none: mistyped, most likely. ``secrets`` the routes file names."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {_SECRETS_DIR, *secrets}
    found = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            # Without what all of them begin with, which would make any two look alike.
            guess = nearest(name.removeprefix(PREFIX), {one.removeprefix(PREFIX) for one in known})
            found.append(
                Problem(
                    "environment",
                    0,
                    0,
                    name,
                    "there is no such setting",
                    f"did you mean {PREFIX}{guess}?"
                    if guess
                    else "take it out, or see docs/settings.md for those there are",
                    "warning",
                )
            )
    return found


def _problem(error: Any) -> Problem:
    """``error`` as pydantic describes it."""
    name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else ""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Refused):
        (finding,) = cause.findings
        return Problem("environment", 0, 0, name, finding.message, finding.suggestion)
    hint = right(error["type"], error.get("ctx", {}), "docs/settings.md says what it takes")
    return Problem("environment", 0, 0, name, str(error["msg"]), hint)
