"""The ledger: what Octosync remembers. One small module per subject; this puts them together.

Of a route: links, baselines, clean-up entries, runs, windows, whether it is held, intents. Of a space, whoever reads
it: the cursor in its audit log, the directories, the deletions. All of it could be lost and regained by comparing
everything once more, but for what people said (closed entries, approvals) and for who last wrote what: without
baselines every edit made on a destination looks like ours. So a route's memory can be exported and imported.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from worker.ledger.awaited import Awaited
from worker.ledger.base import text
from worker.ledger.baselines import Baselines
from worker.ledger.budget import Budgets, RedisBudget
from worker.ledger.clean_ups import CleanUpEntry, CleanUps, State
from worker.ledger.cursors import Cursors
from worker.ledger.deletions import Deletions
from worker.ledger.directions import Directions
from worker.ledger.directories import Directories
from worker.ledger.drift import Drift
from worker.ledger.findings import Findings
from worker.ledger.held import Held
from worker.ledger.intents import Intents
from worker.ledger.links import Links
from worker.ledger.names import Names
from worker.ledger.owners import Owners
from worker.ledger.runs import Runs
from worker.ledger.servers import Servers
from worker.ledger.sessions import Sessions
from worker.ledger.versions import TemplateVersions
from worker.ledger.windows import Windows
from worker.plan.values import CleanUp

if TYPE_CHECKING:
    from redis.asyncio import Redis

FORMAT = "octosync-ledger/1"


class LedgerImportError(ValueError):
    """The data are not a ledger's, or would overwrite one."""


class Ledger:
    def __init__(self, redis: Redis, prefix: str = "octosync") -> None:
        self._redis = redis
        self._prefix = prefix
        self.links = Links(redis, prefix)
        self.baselines = Baselines(redis, prefix)
        self.clean_ups = CleanUps(redis, prefix)
        self.runs = Runs(redis, prefix)
        self.servers = Servers(redis, prefix)
        self.cursors = Cursors(redis, prefix)
        self.directories = Directories(redis, prefix)
        self.windows = Windows(redis, prefix)
        self.held = Held(redis, prefix)
        self.deletions = Deletions(redis, prefix)
        self.intents = Intents(redis, prefix)
        self.awaited = Awaited(redis, prefix)
        self.drift = Drift(redis, prefix)
        self.findings = Findings(redis, prefix)
        self.owners = Owners(redis, prefix)
        self.directions = Directions(redis, prefix)
        self.versions = TemplateVersions(redis, prefix)
        self.budgets = Budgets(redis, prefix)
        self.names = Names(redis, prefix)
        self.sessions = Sessions(redis, prefix)

    async def identity(self) -> str:
        """A random name of this ledger, made once. Our requests carry it, so that we know our own writes in an audit
        log from those of anybody else, also of an Octosync with another ledger."""
        name = f"{{{self._prefix}}}:ledger:identity"
        await self._redis.set(name, secrets.token_hex(6), nx=True)
        found: Any = await self._redis.get(name)
        return text(found)

    def budget(self, server_url: str, api_key: str, per_minute: float, instance: str = "") -> RedisBudget:
        """The budget that all processes share which talk to this server with this key. The key itself is not kept.
        ``instance``: how the routes file calls the server."""
        user = hashlib.blake2b(api_key.encode(), digest_size=8).hexdigest()
        return RedisBudget(self._redis, server_url, user, per_minute=per_minute, prefix=self._prefix, instance=instance)

    async def export(self, route: str) -> dict[str, Any]:
        """A route's memory as JSON-ready data: links, baselines, versions of step templates, clean-up entries, its
        population and fingerprint."""
        ids = await self.baselines.ids(route)
        return {
            "format": FORMAT,
            "route": route,
            "links": dict(sorted((await self.links.all(route)).items())),
            "baselines": dict(sorted((await self.baselines.get_all(route, ids)).items())),
            "versions": await self.versions.all(route),
            "clean_ups": [asdict(one) for one in await self.clean_ups.entries(route, State)],
            "population": await self.windows.population(route),
            "fingerprint": await self.held.fingerprint(route),
        }

    async def import_(self, data: Any, *, route: str | None = None, replace: bool = False) -> str:
        """Takes back what :meth:`export` gave, under its own name or another. Returns the route's name.

        Raises :class:`LedgerImportError`, having changed nothing, for data of another format, for links that are not
        one to one, and for a route that has a memory already, unless ``replace`` says to forget it.
        """
        known = _checked(data)
        name = route or known["route"]
        if not replace and (await self.links.all(name) or await self.baselines.ids(name)):
            raise LedgerImportError(f"the ledger remembers {name!r} already: replace it, or import under another name")
        await self.forget(name)
        await self.links.add_all(name, known["links"])
        await self.baselines.put_all(name, known["baselines"])
        await self.versions.put_all(name, known["versions"])
        await self.clean_ups.restore(name, known["clean_ups"])
        if known["population"] is not None:
            await self.windows.set_population(name, known["population"])
        if known["fingerprint"] is not None:
            await self.held.set_fingerprint(name, known["fingerprint"])
        return str(name)

    async def forget(self, route: str) -> None:
        """Forgets all that :meth:`export` gives, windows and intents. Runs stay; a held route stays held."""
        await self.links.clear(route)
        await self.baselines.clear(route)
        await self.clean_ups.clear(route)
        await self.windows.clear(route)
        await self.intents.clear(route)
        await self.awaited.clear(route)
        await self.names.clear(route)
        await self.drift.clear(route)
        await self.findings.clear(route)
        await self.owners.clear(route)
        await self.directions.forget(route)
        await self.versions.clear(route)
        await self.held.forbid_adoption(route)
        await self.held.forget_fingerprint(route)


def _checked(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise LedgerImportError(f"expected a ledger in the format {FORMAT!r}, found {found!r}")
    try:
        links = {str(source): str(destination) for source, destination in data["links"].items()}
        baselines = {str(source): dict(baseline) for source, baseline in data["baselines"].items()}
        clean_ups = [_clean_up(one) for one in data["clean_ups"]]
        versions = {
            str(template): {str(one): (str(there), bool(same)) for one, (there, same) in of.items()}
            for template, of in data.get("versions", {}).items()
        }
        route, population, fingerprint = str(data["route"]), data["population"], data["fingerprint"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LedgerImportError(f"the ledger is damaged: {type(error).__name__}: {error}") from error
    if len(set(links.values())) < len(links):
        raise LedgerImportError("the links are not one to one: two source ids name the same destination id")
    if population is not None and not isinstance(population, int):
        raise LedgerImportError(f"the population is no number: {population!r}")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise LedgerImportError(f"the fingerprint is no text: {fingerprint!r}")
    return {
        "route": route,
        "links": links,
        "baselines": baselines,
        "versions": versions,
        "clean_ups": clean_ups,
        "population": population,
        "fingerprint": fingerprint,
    }


def _clean_up(one: dict[str, Any]) -> CleanUpEntry:
    entry = one["entry"]
    return CleanUpEntry(**{**one, "entry": CleanUp.from_dict(entry), "state": State(one["state"])})
