"""Each fault that the sandbox can have, alone and two at a time, while people edit.

Faults of requests are set on the variables of one project each, so that all of them can be at work at once; faults
of deliveries concern all webhooks of a round. `make test` plays each fault alone and in some pairs, `make
test-acceptance` all pairs (docs/acceptance.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest

from sandbox.delivery import DeliveryFaults
from sandbox.faults import FaultKind
from tests.estate import FULL, Estate, estate, size
from tests.pair import ROUTE, Document, row, script

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(size(400, 2400))]

Pair = tuple[Document, Document]
"""A project on both sides; of the one on the destination only the id."""

REQUESTS: tuple[str, ...] = get_args(FaultKind)
DELIVERIES: dict[str, Any] = {"Fail": 1, "Hang": 1, "Lose": 2, "Double": 3, "Reorder": True, "Quote": True}
MORE: dict[str, Document] = {
    "status": {"Status": 503},
    "latency": {"Seconds": 0.5},
    "slow-body": {"Seconds": 0.5},
}
"""What a fault needs besides its kind."""
AT_SOURCE = ("vanish", "rename")
"""Somebody else edits: people edit the source only."""
WRITES = ("out-of-date", "reset-after", "truncated")
"""Of these a write suffers most: the client cannot know whether it was carried out."""


def neighbours(faults: Sequence[str]) -> list[tuple[str, ...]]:
    """Each with the one after it, round."""
    return [*zip(faults, [*faults[1:], faults[0]], strict=True)]


def all_or_some(faults: Sequence[str]) -> list[tuple[str, ...]]:
    pairs = [*combinations(faults, 2)] if FULL else neighbours(faults)
    return [(one,) for one in faults] + pairs


async def set_fault(one: Estate, kind: str, source: Document, destination: Document) -> None:
    """On the requests for the variables of a project."""
    if kind in AT_SOURCE:
        path, document = f"variableset-{source['Id']}$", source["Id"]
        await one.source.fault(kind, Method="GET", Path=path, Document=document)
        return
    method = "PUT" if kind in WRITES else ""
    path = f"variableset-{destination['Id']}$"
    document = {"Document": f"variableset-{destination['Id']}"} if kind == "broken" else {}
    await one.destination.fault(kind, Method=method, Path=path, **document, **MORE.get(kind, {}))


async def unmet(one: Estate, projects: Iterable[Pair], gone: Sequence[Pair] = ()) -> list[Pair]:
    """Projects with faults that nobody has met yet. Those of what is ``gone`` do not count: nobody asks for it."""
    found = [*await one.source.get("sandbox/faults"), *await one.destination.get("sandbox/faults")]
    paths = {fault["Path"] for fault in found}
    left = [pair for pair in projects if pair not in gone]
    return [pair for pair in left if {f"variableset-{project['Id']}$" for project in pair} & paths]


async def test_each_fault_alone_and_two_at_a_time(redis_url: str, tmp_path: Path) -> None:
    scenes = all_or_some(REQUESTS)
    rounds = [(one,) for one in DELIVERIES] + [*combinations(DELIVERIES, 2)] if FULL else neighbours([*DELIVERIES])[::2]
    beside = REQUESTS if FULL else REQUESTS[:4]
    async with estate(redis_url, tmp_path, max_attempts="20") as one:
        await one.open("worker-1", "worker-2")
        projects = await begin(one, max(len(scenes), len(beside)))

        for faults, (source, destination) in zip(scenes, projects, strict=False):
            await edit(one, source, destination, "requests", faults)
        await one.settled(size(180, 900))
        gone = [pair for pair, faults in zip(projects, scenes, strict=False) if "vanish" in faults]
        for number in range(2):
            # A write that was carried out, though nobody heard of it, is not repeated: its other fault waits.
            for source, destination in (again := await unmet(one, projects, gone)):
                await edit(one, source, destination, f"again {number}", ())
            if again:
                await one.settled()
        assert await unmet(one, projects, gone) == []
        await one.source.call("DELETE", "sandbox/faults")
        await one.destination.call("DELETE", "sandbox/faults")
        met = Counter(kind for faults in scenes for kind in faults)
        one.told["faults of requests, each alone"] = len(REQUESTS)
        one.told["pairs of them"] = len(scenes) - len(REQUESTS)

        left = [pair for pair in projects if pair not in gone]
        for deliveries in rounds:
            await one.source.delivery_faults(**{name: DELIVERIES[name] for name in deliveries})
            for kind, (source, destination) in zip(beside, left, strict=False):
                await edit(one, source, destination, "+".join(deliveries), [kind] if kind != "vanish" else [])
            await one.settled()
            assert await unmet(one, projects) == []
            await one.source.delivery_faults()
            met.update(deliveries)
            one.told["rounds with faults of deliveries"] += 1
            one.told["pairs of one of each"] += len(deliveries) * (len(beside) - 1)
        assert set(met) == {*REQUESTS, *DELIVERIES}
        one.told["faults met"] = met.total() + one.told["rounds with faults of deliveries"] * (len(beside) - 1)
        outcomes = Counter(found["Outcome"] for found in await one.source.get("sandbox/deliveries"))
        one.told |= Counter({f"webhooks {outcome}": count for outcome, count in outcomes.items()})
        await one.ends_right(size(180, 900))
        one.tell("faults")


async def begin(one: Estate, projects: int) -> list[Pair]:
    """Projects on both sides."""
    made = []
    for number in range(projects):
        made.append(await one.source.project(f"Project {number}"))
        await one.source.variables(made[-1], row("Count", "0"))
    await one.settled(size(180, 900))
    links = await one.state.ledger.links.all(ROUTE)
    return [(source, {"Id": links[source["Id"]]}) for source in made]


async def edit(one: Estate, source: Document, destination: Document, text: str, faults: Sequence[str]) -> None:
    """The project itself, its process and its variables; these meet the faults."""
    await one.source.edit(f"projects/{source['Id']}", Description=text)
    await one.source.steps(source, script("Step", text))
    found = await one.source.get(f"variables/variableset-{source['Id']}")
    for kind in faults:
        await set_fault(one, kind, source, destination)
    kept = [one for one in found["Variables"] if one["Name"] != "Count"]
    rows = [*kept, row("Count", text), row(f"Row {text}", text)]
    await one.source.call("PUT", f"variables/variableset-{source['Id']}", found | {"Variables": rows})


def test_every_fault_of_the_sandbox_has_its_scene() -> None:
    assert set(DELIVERIES) == {name.capitalize() for name in DeliveryFaults.__slots__}
    assert {*MORE, *AT_SOURCE, *WRITES} <= set(REQUESTS)
