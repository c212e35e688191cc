"""A year in the life of a route: edits on both sides, events that are lost, workers that die, rules that change.

After every move of ours nothing was written to the source and nothing of the destination's was lost (see
:mod:`tests.property.history`). In the end, when all events were read and all work is done, a plan of everything is
empty; where nobody touched the destination, a mirror is alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from tests.property.building import build
from tests.property.edits import Edit, edits
from tests.property.engine import CAREFUL, DELETING, MIRROR, alike, tries
from tests.property.history import PLACES, House, house
from tests.property.spaces import spaces
from tests.property.test_sync_edits import STAYS
from tests.property.values import Space, secretive


@dataclass(frozen=True)
class Move:
    what: str
    edits: list[Edit] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    text: str = ""


def moves(*, both_sides: bool, without: tuple[str, ...] = ()) -> st.SearchStrategy[Move]:
    made = edits(*without, least=1, most=3)
    possible = [
        st.builds(Move, st.just("here"), made),
        st.builds(Move, st.just("webhooks"), numbers=st.lists(st.integers(0, 3), max_size=6)),
        st.builds(Move, st.just("work"), numbers=st.lists(st.integers(1, 12), min_size=1, max_size=1)),
        st.builds(
            Move,
            st.just("die"),
            numbers=st.lists(st.integers(0, 60), min_size=1, max_size=1),
            text=st.sampled_from(PLACES),
        ),
        st.builds(Move, st.sampled_from(["catch up", "night"])),
    ]
    if both_sides:
        possible += [
            st.builds(Move, st.just("there"), edits("delete channel", least=1, most=2)),
            st.builds(Move, st.just("rules"), numbers=st.lists(st.integers(0, len(RULES) - 1), min_size=1, max_size=1)),
        ]
    return st.one_of(possible)


RULES: list[dict[str, Any]] = [
    CAREFUL,
    MIRROR,
    DELETING,
    {
        "rules": {
            "deleted": "disable",
            "variables": {"value": "follow", "removed": "remove-ours"},
            "removed": "remove-ours",
        }
    },
    {
        "rules": {
            "steps": {"environment": "ignore-mismatch"},
            "variables": {"scopes": {"environment": "ignore-mismatch"}},
        }
    },
    {
        "rules": {
            "overrides": [{"for": {"project": ["*a*"]}, "variables": {"value": "always"}, "removed": "remove-ours"}]
        }
    },
]


async def play(one: House, history: list[Move]) -> None:
    for move in history:
        match move.what:
            case "here":
                await one.here(move.edits)
            case "there":
                await one.there(move.edits)
            case "webhooks":
                await one.webhooks(move.numbers)
            case "work":
                await one.work(move.numbers[0])
            case "die":
                await one.catch_up()
                await one.work_until_it_dies(move.text, move.numbers[0], 6)
            case "catch up":
                await one.catch_up()
            case "night":
                await one.night()
            case "rules":
                await one.rules(RULES[move.numbers[0]])
        event(move.what)


def told(one: House, plan: Any) -> str:
    lines = [f"{action.op} {action.path}: {action.changes} {action.decisions}" for action in plan.writes]
    return "\n".join([*one.lines, "--- and now ---", *lines])


@tries(25)
@given(
    spaces() | spaces().map(secretive), st.sampled_from(RULES), st.lists(moves(both_sides=True), min_size=2, max_size=9)
)
async def test_whatever_happens_it_comes_to_rest_and_nothing_is_lost(
    space: Space, route: dict[str, Any], history: list[Move]
) -> None:
    async with house(**{"first_contact": "adopt", **route}) as one:
        await build(one.both.source, space)
        await play(one, history)
        await one.night()
        await one.settle()
        plan = await one.plan()
        assert plan.is_empty, told(one, plan)


@tries(15)
@given(spaces(), st.lists(moves(both_sides=False, without=STAYS), min_size=2, max_size=9))
async def test_with_edits_on_the_source_only_the_events_end_where_a_comparison_ends(
    space: Space, history: list[Move]
) -> None:
    async with house(**MIRROR) as one:
        await build(one.both.source, space)
        await one.settle()
        await play(one, [move for move in history if move.what != "night"])
        await one.settle()
        assert alike(one.both) == [], "\n".join(one.lines)
        plan = await one.plan()
        assert plan.is_empty, told(one, plan)
