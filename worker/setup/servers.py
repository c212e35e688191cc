"""Doctor, the instances: reached, trusted, let in, allowed enough and not too much, told by webhooks.

A handful of reads for each instance, and nothing is written. They are not taken from the budget that all processes
share, since it lies in Redis, and a doctor must come also where Redis is down.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any
from urllib.parse import urlsplit

from config.counting import counted
from config.routes import Endpoint, Instance, Route, RoutesFile
from config.versions import ServerVersion, Verdict, checked
from worker.kinds import permissions
from worker.kinds.granted import Granted
from worker.kinds.permissions import Needed
from worker.octopus import errors
from worker.octopus.client import OctopusClient, SpaceClient
from worker.setup import subscription
from worker.setup.findings import Finding, failure, ok, warning
from worker.setup.granted import Verdict as Judgement
from worker.setup.granted import judged

SKEW_S = 30.0
"""Beyond, times in two logs no longer fit together. Nothing is decided by our clock."""
EXPIRES_SOON_DAYS = 21
MANY = 8


@dataclass(slots=True)
class Seen:
    """What was found out about the instances, for the checks that compare them. ``instances``: by name."""

    findings: list[Finding] = field(default_factory=list)
    instances: dict[str, ServerVersion] = field(default_factory=dict)


async def servers(
    file: RoutesFile, chosen: Sequence[Route], report: Callable[[str], None] = lambda _step: None
) -> Seen:
    """Every instance that the chosen routes use, one after another, then how far the two of each route are apart."""
    seen = Seen()
    names = dict.fromkeys(end.instance for route in chosen for end in (route.source, route.destination))
    for name in names:
        report(name)
        async for finding in _instance(file.instance(name), chosen, seen):
            seen.findings.append(finding)
    seen.findings += [_distance(route, seen.instances) for route in chosen if _both(route, seen)]
    return seen


def _both(route: Route, seen: Seen) -> bool:
    return {route.source.instance, route.destination.instance} <= seen.instances.keys()


def _distance(route: Route, known: dict[str, ServerVersion]) -> Finding:
    check = checked(known[route.source.instance], known[route.destination.instance], route.versions)
    if check.verdict is Verdict.REFUSED:
        return failure("versions", route.name, check.text, "until then nothing of this route is planned or written")
    if check.verdict is Verdict.WARNING:
        return warning(
            "versions", route.name, check.text, "upgrade one of them when it suits (docs/upgrading-octopus.md)"
        )
    return ok("versions", route.name, check.text)


async def _instance(instance: Instance, chosen: Sequence[Route], seen: Seen) -> AsyncIterator[Finding]:
    about = instance.name
    key = instance.api_key.reveal()
    async with _client(instance, key) as client:
        try:
            server = await client.server()
        except errors.OctopusError as error:
            then = "check `url`, the network, and for a certificate of your own `ca_file`"
            yield failure("reach", about, f"{instance.url}: {error.server_words or type(error).__name__}", then)
            return
        seen.instances[about] = server.version
        yield ok("reach", about, f"Octopus {server.version} answers at {instance.url}")
        yield await _tls(instance)
        try:
            me = await client.get("users/me")
        except errors.OctopusError as error:
            then = f"is the key in {instance.api_key} the one of this server, and neither expired nor revoked?"
            yield failure("key", about, f"the key is refused: {error.server_words}", then)
            return
        who = str(me.get("Username") or me.get("Id"))
        if me.get("IsService"):
            yield ok("key", about, f"the key is of the service account {who}")
        else:
            then = "make a service account for Octosync, with no more than what stands below (docs/security.md)"
            yield warning(
                "key", about, f"the key is of {who}, which is no service account: it ends with a person", then
            )
        async for finding in _spaces(client, instance, str(me["Id"]), chosen):
            yield finding


async def _spaces(
    client: OctopusClient, instance: Instance, user_id: str, chosen: Sequence[Route]
) -> AsyncIterator[Finding]:
    needed = _needed(instance.name, chosen)
    opened: dict[tuple[str, str], SpaceClient] = {}
    for key, (end, _, _) in needed.items():
        try:
            opened[key] = await client.space(end.space)
            yield ok("space", str(end), f"space {opened[key].space_name} is {opened[key].space_id}")
        except errors.OctopusError as error:
            then = "correct `space` in the routes file, or put the key's user into a team of that space"
            yield failure("space", str(end), error.server_words or type(error).__name__, then)
    known = frozenset(await _known(client))
    clock_told = False
    for key, space in opened.items():
        end, wants, is_source = needed[key]
        used = {other.space_id for other in opened.values()}
        async for finding in _allowed(client, end, space, user_id, wants, is_source, known, used):
            yield finding
        try:
            page = await space.events(at_most=1)
        except errors.OctopusError as error:
            text = f"the audit log cannot be read: {error.server_words}"
            yield failure("audit-log", str(end), text, "grant EventView in this space: without it changes are missed")
            continue
        if page.server_date is not None and not clock_told:
            clock_told = True
            yield clock(instance.name, page.server_date, datetime.now(UTC))
        if is_source:
            async for finding in _subscription(space, end, instance):
                yield finding


def clock(about: str, there: datetime, here: datetime) -> Finding:
    """Pure. ``there`` is of the server's ``Date`` header, in whole seconds."""
    skew = (there - here).total_seconds()
    if abs(skew) <= SKEW_S:
        return ok("clock", about, "its clock and ours agree")
    text = f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
    return warning(
        "clock", about, text, "set both by NTP. Nothing is decided by our clock, but logs do not fit together"
    )


async def _allowed(
    client: OctopusClient,
    end: Endpoint,
    space: SpaceClient,
    user_id: str,
    wants: Needed,
    is_source: bool,
    known: frozenset[str],
    used: set[str],
) -> AsyncIterator[Finding]:
    try:
        answer = await client.get(f"users/{user_id}/permissions", includeSystem=True)
        granted = Granted.of(answer, space.space_id)
    except (errors.OctopusError, ValueError) as error:
        then = "compare the user's permissions with docs/security.md by hand"
        yield warning("permissions", str(end), f"the server does not tell what the key may do: {error}", then)
        return
    verdict = judged(wants, granted, known, may_subscribe=is_source, used_spaces=used)
    for finding in told(str(end), verdict, len(wants.permissions), is_source=is_source):
        yield finding


def told(about: str, verdict: Judgement, wanted: int, *, is_source: bool) -> list[Finding]:
    """Pure. ``wanted``: how many permissions are needed."""
    found = []
    if verdict.missing:
        by = "; ".join(f"{name} (for {', '.join(kinds)})" for name, kinds in sorted(verdict.missing.items()))
        then = "add them to a role of the key's user in this space"
        found.append(failure("permissions", about, f"missing: {by}", then))
    else:
        found.append(ok("permissions", about, f"all {wanted} permissions that the routes need are there"))
    if verdict.restricted:
        text = f"restricted to some projects, environments, groups or tenants: {_some(sorted(verdict.restricted))}"
        then = (
            "what the key does not see counts as not visible, never as deleted, and a variable that it does not see is "
            "taken for none: better leave restrictions to `include` and `exclude`"
        )
        found.append(warning("restricted", about, text, then))
    too_much = [*verdict.over_the_server, *verdict.too_much]
    if verdict.is_administrator:
        text = f"the key may do everything on this server ({', '.join(verdict.over_the_server[:3])} …)"
        then = f"a key for {'reading' if is_source else 'writing what the routes include'} is enough: docs/security.md"
        found.append(warning("too-much", about, text, then))
    elif too_much:
        then = "take them away: whoever steals the key has them, too"
        found.append(warning("too-much", about, f"allowed, and not needed: {_some(too_much)}", then))
    if verdict.elsewhere and not verdict.is_administrator:
        text = f"the key may write in {counted(len(verdict.elsewhere), 'other space')}: {_some(verdict.elsewhere)}"
        found.append(warning("too-much", about, text, "take its user out of the teams of those spaces"))
    return found


async def _subscription(space: SpaceClient, end: Endpoint, instance: Instance) -> AsyncIterator[Finding]:
    then = "octosync subscribe --url https://WHERE-THE-RECEIVER-IS"
    if not instance.webhook_secrets:
        text = (
            "the routes file has no `webhook_secrets` for it: changes are found by catch-up only, up to a minute later"
        )
        yield warning("subscription", str(end), text, f"name one, then {then}")
        return
    try:
        found = await space.list("subscriptions")
    except errors.OctopusError as error:
        text = f"it cannot be seen whether there is a subscription: {error.server_words}"
        yield warning("subscription", str(end), text, "grant SubscriptionView, or look in Octopus yourself")
        return
    calling = [one for one in found if f"/webhooks/{instance.name}" in subscription.url_of(one)]
    ours = calling or subscription.ours(found, None)
    if not ours:
        text = "no subscription calls our receiver: changes are found by catch-up only, up to a minute later"
        yield warning("subscription", str(end), text, then)
        return
    secrets = []
    for one in instance.webhook_secrets:
        with contextlib.suppress(Exception):  # that it cannot be read is a finding of its own
            secrets.append(one.reveal())
    flaws = subscription.flaws(ours[0], instance.webhook_header, secrets)
    if flaws:
        yield failure(
            "subscription", str(end), f"{ours[0].get('Name')}: {'; '.join(flaws)}", "octosync subscribe repairs it"
        )
    else:
        yield ok("subscription", str(end), f"{ours[0].get('Name')} calls {subscription.url_of(ours[0])}")


def _needed(instance: str, chosen: Sequence[Route]) -> dict[tuple[str, str], tuple[Endpoint, Needed, bool]]:
    """By space: what all routes together need there, and whether it is a source."""
    found: dict[tuple[str, str], tuple[Endpoint, Needed, bool]] = {}
    for route in chosen:
        for end, of, is_source in (
            (route.source, permissions.of_source, True),
            (route.destination, permissions.of_destination, False),
        ):
            if end.instance == instance:
                _, before, was_source = found.get(end.key, (end, Needed(), False))
                found[end.key] = (end, before | of(route), was_source or is_source)
    return found


async def _known(client: OctopusClient) -> list[str]:
    """The permissions that this release has; none where it does not tell."""
    try:
        return list(await client.get("permissions/all"))
    except errors.OctopusError:
        return []


async def _tls(instance: Instance) -> Finding:
    about = instance.name
    parts = urlsplit(instance.url)
    if parts.scheme != "https":
        if parts.hostname in {"localhost", "127.0.0.1", "::1"}:
            return ok("tls", about, "not encrypted, and does not leave this machine")
        return warning("tls", about, "not encrypted: the API key crosses in the clear", "use https")
    if not instance.verify_tls:
        return warning(
            "tls", about, "`verify_tls` is false: anybody between can take the key", "name `ca_file` instead"
        )
    days = await _days_left(str(parts.hostname), parts.port or 443, str(instance.ca_file) if instance.ca_file else None)
    if days is not None and days < EXPIRES_SOON_DAYS:
        return warning(
            "tls",
            about,
            f"its certificate expires in {counted(days, 'day')}",
            "renew it: afterwards nothing is reached",
        )
    return ok("tls", about, "encrypted, by a certificate that is trusted")


async def _days_left(host: str, port: int, ca_file: str | None) -> int | None:
    """``None`` where nobody can tell, as behind a proxy."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except (OSError, TimeoutError, ValueError):
        return None
    certificate: Any = writer.get_extra_info("peercert") or {}
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
    if "notAfter" not in certificate:
        return None
    return int((ssl.cert_time_to_seconds(certificate["notAfter"]) - datetime.now(UTC).timestamp()) // 86400)


def _client(instance: Instance, key: str) -> OctopusClient:
    return OctopusClient(
        instance.url,
        key,
        timeout=min(instance.timeout_seconds, 15.0),
        attempts=2,
        ca_file=str(instance.ca_file) if instance.ca_file else None,
        verify_tls=instance.verify_tls,
        user_agent=f"octosync/{installed('octosync')} (doctor)",
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - MANY
    return ", ".join(names[:MANY]) + (f" and {more} more" if more > 0 else "")
