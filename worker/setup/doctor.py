"""Doctor: every condition for the routes to work, checked from outside, in the order in which one depends on another.

configuration ──▶ Redis ──▶ workers ──▶ instances: reach, TLS, key, spaces, permissions, clock, subscription
                                              └──▶ routes: versions, ledger, cursors, held, deliveries

What does not hang on a thing that is down is looked at all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from config.counting import counted
from config.routes import Instance, Route, RoutesFile
from config.secret import SecretMissingError
from worker.ledger.connect import FAILED, UNAVAILABLE
from worker.ledger.store import Host
from worker.setup import memory
from worker.setup.findings import Finding, failure, ok, warning
from worker.setup.servers import servers
from worker.state import State

QUIET_S = 24 * 3600
"""A source that saved nothing for so long is unusual, and no proof of anything."""


async def examine(
    file: RoutesFile,
    chosen: Sequence[Route],
    state: State,
    host: Host,
    report: Callable[[str], None] = lambda _step: None,
) -> AsyncIterator[Finding]:
    """One finding after another, as they come."""
    names = dict.fromkeys(end.instance for route in chosen for end in (route.source, route.destination))
    instances = [file.instance(name) for name in names]
    keyless = set()
    for instance in instances:
        for finding in secrets(instance):
            keyless |= {instance.name} if finding.check == "api-key" else set()
            yield finding

    report("Redis")
    redis_answers = True
    try:
        for finding in await memory.store(host):
            yield finding
    except UNAVAILABLE as error:
        redis_answers = False
        then = "start it, or correct OCTOSYNC_REDIS_URL; without it no webhook is taken and nothing is synced"
        yield failure("redis", "Redis", f"cannot be reached: {error}", then)
    if redis_answers:
        async for finding in _remembered(file, chosen, state, instances):
            yield finding

    reachable = [route for route in chosen if not {route.source.instance, route.destination.instance} & keyless]
    for finding in (await servers(file, reachable, report)).findings:
        yield finding


def secrets(instance: Instance) -> list[Finding]:
    """Whether what the routes file names can be read here."""
    found = []
    try:
        instance.api_key.reveal()
    except SecretMissingError as error:
        found.append(failure("api-key", instance.name, f"api_key: {error}", "set it, or name another place"))
    for at, secret in enumerate(instance.webhook_secrets):
        try:
            secret.reveal()
        except SecretMissingError as error:
            then = "set it where the receiver runs; here it is needed only for octosync subscribe"
            found.append(warning("webhook-secret", instance.name, f"webhook_secrets[{at}]: {error}", then))
    return found


async def _remembered(
    file: RoutesFile, chosen: Sequence[Route], state: State, instances: Sequence[Instance]
) -> AsyncIterator[Finding]:
    try:
        for finding in await memory.workers(state):
            yield finding
        for finding in await memory.routes(state, file, chosen):
            yield finding
        sources = {route.source.instance for route in chosen}
        told = (await state.inbox.counters()).last_webhook_ms
        now_ms = await state.inbox.now_ms()
        for instance in instances:
            if instance.name in sources and instance.webhook_secrets:
                yield delivered(instance.name, told.get(instance.name), now_ms)
    except FAILED as error:
        yield failure("redis", "Redis", f"does not do what it is asked: {error}", "see the rights of its user")


def delivered(about: str, last_ms: int | None, now_ms: int) -> Finding:
    """Pure. When the last webhook with the right secret came."""
    if last_ms is None:
        then = "octosync subscribe --prove has one sent, and waits for it"
        return warning("deliveries", about, "no webhook with its secret ever came", then)
    age_s = max(0, now_ms - last_ms) // 1000
    if age_s > QUIET_S:
        text = f"the last webhook came {_ago(age_s)} ago"
        return warning("deliveries", about, text, "if something was saved since: octosync subscribe --prove")
    return ok("deliveries", about, f"the last webhook came {_ago(age_s)} ago")


def _ago(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return counted(seconds // 60, "minute") if seconds < 7200 else counted(seconds // 3600, "hour")
