"""Compare: everything that a route includes, against everything. It writes nothing; it marks what differs.

So it cannot race an event: whoever runs a marked item reads it again under its lease. It goes in chunks, so that memory
holds one chunk of documents at a time and each chunk is read in bulk; after each it notes how far it is, and one that
was cut off goes on from there. It trusts no cache, but what it has read itself (:mod:`worker.sync.servers.spool`).
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from config.counting import counted
from worker.kinds import registry
from worker.ledger.comparisons import Comparisons, Progress
from worker.ledger.drift import Drifted
from worker.ledger.runs import Cause, Run
from worker.octopus.errors import OctopusError
from worker.plan.values import Op, Plan
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import SUBTREE, DirtyKey
from worker.queue.values import Priority, Source
from worker.sync.applying.reports import RESTATED
from worker.sync.findings.check import Checker
from worker.sync.merging.lists import CLINGING_REASON, asking_again
from worker.sync.planning.items import EVERYTHING, Items
from worker.sync.planning.planner import Planned
from worker.sync.run import UNASKED, OpenRoute, nobody_minds
from worker.sync.servers.spool import Spool
from worker.sync.world.baseline import Baseline

log = structlog.get_logger(__name__)

CHUNK = 50
"""Items (projects, library sets…), each with all its parts, that are held in memory together."""


Listed = Mapping[str, Mapping[str, str]]
"""Of the open entries of the clean-up list: source id of the document → key → reason."""


@dataclass(slots=True)
class Compared:
    """``documents`` were compared, ``differing`` keys marked (or, in a dry run, would have been). ``failed`` documents
    could not be compared; they were marked too, and their own runs tell why. ``plans``: of a dry run only."""

    documents: int = 0
    differing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)
    requests: int = 0


async def compare(
    route: OpenRoute,
    queue: DirtyQueue,
    comparisons: Comparisons,
    *,
    dry_run: bool = False,
    guard: Callable[[], Awaitable[None]] = nobody_minds,
    cause: Cause = UNASKED,
    progress: Callable[[str], None] | None = None,
) -> Compared:
    """Compares the whole route. ``guard`` is asked after each chunk, and may raise. Raises what the client raises of an
    instance as a whole."""
    name = route.route.name
    drift, findings = route.ledger.drift, route.ledger.findings
    checker = Checker()
    cause = replace(cause, correlation_id=cause.correlation_id or f"compare-{uuid.uuid4().hex[:12]}")
    stands = None if dry_run else await comparisons.progress(name)
    if stands is None or stands.fingerprint != route.route.fingerprint:
        stands = Progress(datetime.now(UTC).isoformat(), route.route.fingerprint)
        await route.source.freshen(force=True)
        await route.destination.freshen(force=True)
    if not dry_run:
        await drift.begin(name, stands.began)
        await findings.begin(name, stands.began)
    route.source.spool = Spool(datetime.fromisoformat(stands.began).toordinal())
    route.destination.spool = Spool(None)
    result = Compared(stands.documents, counts=dict(stands.counts))
    listed = {} if dry_run else await _open_entries(route)

    route.world.links = await route.ledger.links.all(name)
    everything = await route.everything()
    tops = sorted((one for one in everything if not _is_part(one)), key=_order)
    left = [one for one in tops if stands.after is None or _order(one) > stands.after]
    if not dry_run:
        stands = replace(stands, done=len(tops) - len(left), of=len(tops))
        await comparisons.note(name, stands)
    for at in range(0, len(left), CHUNK):
        chunk = left[at : at + CHUNK]
        keys = await _compare_chunk(route, chunk, result, checker, listed, keep_plans=dry_run)
        result.differing += keys
        if progress is not None:
            progress(f"compared {len(tops) - len(left) + at + len(chunk)} of {len(tops)}")
        if dry_run:
            continue
        await _mark(queue, name, keys, cause)
        stands = replace(
            stands,
            after=_order(chunk[-1]),
            documents=result.documents,
            counts=dict(result.counts),
            done=len(tops) - len(left) + at + len(chunk),
            of=len(tops),
            differing=stands.differing + len(keys),
        )
        await comparisons.note(name, stands)
        await guard()
    result.requests = route.requests
    if not dry_run:
        # Every night gives what was given up one more try, whether it differs or not.
        again = [key.document for key in await _dead(queue, name)] + await _still_in_use(route)
        await _mark(queue, name, again, cause)
        await route.ledger.windows.set_population(name, len(everything))
        await route.ledger.cursors.compared(name, datetime.fromisoformat(stands.began))
        await drift.ended(name)
        await findings.ended(name)
        await comparisons.ended(name)
        await _record(route, stands, result, cause)
    log.info(
        "compared",
        route=name,
        documents=result.documents,
        differing=len(result.differing),
        failed=len(result.failed),
        requests=result.requests,
        correlation_id=cause.correlation_id,
        dry_run=dry_run,
    )
    return result


async def _compare_chunk(
    route: OpenRoute, tops: Sequence[str], result: Compared, checker: Checker, listed: Listed, *, keep_plans: bool
) -> list[str]:
    """The document parts of the keys to mark. One that breaks the chunk is found by comparing each by itself."""
    try:
        return await _plan(route, tops, result, checker, listed, keep_plans=keep_plans)
    except Exception as error:
        if isinstance(error, OctopusError) and error.concerns_instance:
            raise
        if len(tops) > 1:
            log.warning("compare.narrowed", route=route.route.name, items=len(tops), error=type(error).__name__)
            found = [await _compare_chunk(route, [one], result, checker, listed, keep_plans=keep_plans) for one in tops]
            return [key for keys in found for key in keys]
        log.warning("compare.failed", route=route.route.name, item=tops[0], error=type(error).__name__)
        result.failed.append(tops[0])
        return [_whole(tops[0])]


async def _plan(
    route: OpenRoute, tops: Sequence[str], result: Compared, checker: Checker, listed: Listed, *, keep_plans: bool
) -> list[str]:
    fresh = _with_the_same_directories(route)
    ids = await fresh.documents(Items(targets=[_whole(one) for one in tops]))
    planned = await fresh.plan(ids)
    plan = planned.plan
    result.documents += len(ids)
    for op, count in plan.counts().items():
        result.counts[op.value] = result.counts.get(op.value, 0) + count
    if keep_plans:
        result.plans.append(plan)
    else:
        await route.ledger.drift.add(route.route.name, _drifted(plan))
        await _check(fresh, planned, checker)
        # What is alike has no run of its own, and must be known for what it is when it gets another name.
        seen = {source: there for source, there in planned.seen.items() if source not in fresh.world.links}
        await route.ledger.links.add_all(route.route.name, seen)
        await route.ledger.names.remember(route.route.name, {one.source_id: one.path for one in plan if one.source_id})
    return list(dict.fromkeys((*_differing(plan, frozenset(ids)), *_done_by_hand(fresh, planned, listed))))


async def _check(route: OpenRoute, planned: Planned, checker: Checker) -> None:
    """What would not work there. That it could not be looked for is no reason not to compare."""
    try:
        checked = await checker.check(route, planned)
    except Exception as error:
        if isinstance(error, OctopusError) and error.concerns_instance:
            raise
        log.warning("compare.unchecked", route=route.route.name, error=type(error).__name__)
    else:
        await route.ledger.findings.add(route.route.name, checked.findings, checker.unchecked)


def _drifted(plan: Plan) -> Iterator[Drifted]:
    for action in plan.drifted:
        yield Drifted(action.kind, action.path, action.source_id or "", action.destination_id or "", action.drift)


def _differing(plan: Plan, compared: frozenset[str]) -> Iterator[str]:
    """What closure would create is left to the items that need it; the parts of a new item to the item."""
    new = {
        action.path for action in plan if action.op is Op.CREATE and action.source_id and not _is_part(action.source_id)
    }
    for action in plan:
        source_id = action.source_id
        if source_id is None or source_id not in compared or not (action.writes or action.op is Op.BLOCK):
            continue
        if action.path in new:
            yield _whole(source_id)
        elif action.path[:2] not in new:
            yield source_id


async def _open_entries(route: OpenRoute) -> Listed:
    found: dict[str, dict[str, str]] = {}
    for one in await route.ledger.clean_ups.entries(route.route.name):
        found.setdefault(one.entry.about, {})[one.key] = one.entry.reason
    return found


def _done_by_hand(route: OpenRoute, planned: Planned, listed: Listed) -> Iterator[str]:
    """What stays as it is, and has an entry on the clean-up list that its own run would find settled."""
    for action, written in zip(planned.plan, planned.remember, strict=True):
        entries = listed.get(action.source_id or "")
        if not entries or action.writes or action.op is Op.BLOCK or action.source_id is None:
            continue
        sides = ((route.world.source, action.source_id), (route.world.destination, action.destination_id or ""))
        if any(one in side.partial or not (side.documents.get(one) or {}).get("Whole", True) for side, one in sides):
            continue  # lists do not tell all of it, and so not all that its own run would state
        reasons = RESTATED | (written.settles if written is not None else frozenset())
        stated = {entry.key for entry in action.clean_ups}
        if any(reason in reasons and key not in stated for key, reason in entries.items()):
            yield action.source_id


def _with_the_same_directories(route: OpenRoute) -> OpenRoute:
    fresh = OpenRoute(
        route.route,
        route.ledger,
        (route.clients[0], route.source.client),
        (route.clients[1], route.destination.client),
        versions=route.versions,
        neighbours=route.world.neighbours,
    )
    for side, whole in (
        (fresh.world.source, route.world.source),
        (fresh.world.destination, route.world.destination),
    ):
        # Not copies: what one chunk has read, the next need not, and they are as long as the space is large.
        side.directories, side.from_cache = whole.directories, whole.from_cache
    fresh.source.spool, fresh.destination.spool = route.source.spool, route.destination.spool
    if route.source.spool is not None:
        fresh.world.doubts = route.source.spool.is_turn_of
    return fresh


async def _record(route: OpenRoute, stands: Progress, result: Compared, cause: Cause) -> None:
    """Of the comparison as a whole, which may have taken several runs of a worker."""
    differ = stands.differing
    failed = f", {len(result.failed)} of them could not be compared" if result.failed else ""
    ended = replace(
        Run.begun(uuid.uuid4().hex[:12], route.route.name, f"{route.route.name}|{EVERYTHING}", stands.began, cause),
        finished=datetime.now(UTC).isoformat(),
        outcome="compared",
        summary=f"{counted(result.documents, 'document')} compared, {differ} to be looked at{failed}",
        counts=dict(result.counts),
        requests=route.spent,
    )
    await route.ledger.runs.put(ended)


async def _mark(queue: DirtyQueue, route: str, documents: Sequence[str], cause: Cause) -> None:
    await queue.mark(
        [DirtyKey(route, document) for document in documents],
        source=Source.NIGHTLY,
        priority=Priority.BULK,
        debounce_ms=0,
        correlation_id=cause.correlation_id,
        requested_by=cause.requested_by,
        reason=cause.reason,
    )


async def _still_in_use(route: OpenRoute) -> list[str]:
    """Documents from which the destination's server would not remove something. It may have let go of it since, so what
    is remembered of that is forgotten, and the next run asks once more."""
    name, ledger = route.route.name, route.ledger
    about = {one.entry.about for one in await ledger.clean_ups.entries(name) if one.entry.reason == CLINGING_REASON}
    found = {one: Baseline.from_json(known) for one, known in (await ledger.baselines.get_all(name, about)).items()}
    await ledger.baselines.put_all(name, {one: asking_again(baseline).to_json() for one, baseline in found.items()})
    return sorted(found)


async def _dead(queue: DirtyQueue, route: str) -> list[DirtyKey]:
    found = await queue.dead_letters()
    return [one.key for one in found if one.key.route == route and not one.key.is_everything]


def _is_part(document_id: str) -> bool:
    kind = registry.kind_of(document_id)
    return kind is not None and bool(kind.owner_kinds)


def _whole(document_id: str) -> str:
    kind = registry.kind_of(document_id)
    return document_id + SUBTREE if kind is not None and registry.parts_of(kind) else document_id


def _order(document_id: str) -> tuple[int, str]:
    kind = registry.kind_of(document_id)
    return (registry.precedence()[kind.name] if kind else 0), document_id
