"""What a command works with: the settings, the routes file, and a way to Redis that ends with the command."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

from config import load, scrub, settings
from config.names import nearest
from config.routes import Route, RoutesFile
from config.settings import Settings
from worker.cli.errors import CliError
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.queue.dirty import DirtyQueue
from worker.queue.lease import DocumentLease
from worker.state import State, state_of


@dataclass(frozen=True, slots=True)
class House:
    """The routes, and where their state is kept. ``requested_by`` is who runs the command, for the audit trail."""

    settings: Settings
    routes: RoutesFile
    state: State
    requested_by: str
    correlation_id: str

    @property
    def ledger(self) -> Ledger:
        return self.state.ledger

    @property
    def queue(self) -> DirtyQueue:
        return self.state.queue

    @property
    def leases(self) -> DocumentLease:
        return self.state.leases

    def route(self, name: str | None) -> Route:
        """The route called ``name``; without a name the only one that there is. Raises :class:`CliError`."""
        return choose(self.routes, name, str(self.settings.routes))

    def chosen(self, name: str | None) -> list[Route]:
        """The route called ``name``; without a name all of them."""
        return [self.route(name)] if name is not None else list(self.routes.routes)


def read_settings(config: Path | None = None, redis: str | None = None) -> Settings:
    """The settings of the process, with what the command line says about them. Raises :class:`ConfigError`."""
    given = {name: value for name, value in (("routes", config), ("redis_url", redis)) if value is not None}
    read = settings.read()
    if not given:
        return read
    try:
        return Settings.model_validate(read.model_dump() | given)
    except ValidationError as error:
        words = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise CliError(f"--redis: {words}", then="for example redis://localhost:6379/0") from None


@asynccontextmanager
async def open_house(config: Path | None, redis: str | None) -> AsyncIterator[House]:
    """Reads the settings and the routes file, connects to Redis, and makes sure that somebody answers there."""
    configured = read_settings(config, redis)
    routes = load.load(configured.routes)
    scrub.watch(routes)
    scrub.remember(*_password(configured.redis_url))
    client = open_redis(configured.redis_url)
    try:
        house = House(
            settings=configured,
            routes=routes,
            state=state_of(client, configured),
            requested_by=user(),
            correlation_id=f"cli-{uuid4().hex[:12]}",
        )
        await house.queue.paused()  # any question will do
        yield house
    finally:
        await client.aclose()


def choose(routes: RoutesFile, name: str | None, file: str) -> Route:
    known = [route.name for route in routes.routes]
    if name is None:
        if len(known) == 1:
            return routes.routes[0]
        if not known:
            raise CliError("the file has no route", where=file, then="`octosync config example` shows one")
        raise CliError("which route?", where=file, then=f"name one with --route: {', '.join(known)}")
    try:
        return routes.route(name)
    except KeyError:
        guess = nearest(name, known)
        hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(known)}"
        raise CliError(f"there is no route {name!r}", where=file, then=hint) from None


def user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # in a container, the user may have a number only
        return "cli"


def _password(url: str) -> Iterator[str]:
    credentials = url.partition("://")[2].rpartition("@")[0]
    if credentials:
        yield credentials.partition(":")[2]
