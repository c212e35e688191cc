"""Properties of the merge of variable sets, over histories of edits on both sides, with row ids kept or regenerated."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from config.names import name_key
from config.rules import NewRows, Removed, ValueRule, VariableRules
from worker.plan.values import Document
from worker.sync.variables.merge import MergedVariables, VariablesBaseline, WantedRow, merge_variables
from worker.sync.variables.rows import Scope, identity, label, scope_of, type_class, value_of

ITEM = ("project", "OctoFX", "variables", "")
NAMES = ["Port", "port", "A, B", "Deploy [Prod]/*", "1st 😀", "#{x}"]
VALUES = ["", "80", "80 ", "a", "A", "REPLACE ME", "#{Port}"]
ACCOUNTS = ["", "Accounts-1", "Accounts-2"]
TO_DESTINATION = {"S-Test": None, "S-Staging": "D-Staging", "S-Production": "D-Production"}
ONCE = {"text-overwritten"}

run = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def rows(draw: st.DrawFn, environments: list[str]) -> Document:
    kind = draw(st.sampled_from(["String", "String", "String", "Sensitive", "AzureAccount"]))
    scope: dict[str, list[str]] = {}
    if chosen := draw(st.lists(st.sampled_from(environments), max_size=2, unique=True)):
        scope["Environment"] = chosen
    if chosen := draw(st.lists(st.sampled_from(["web", "db"]), max_size=1)):
        scope["Role"] = chosen
    values = {"String": VALUES, "Sensitive": [None], "AzureAccount": ACCOUNTS}[kind]
    return {
        "Name": draw(st.sampled_from(NAMES)),
        "Value": draw(st.sampled_from(values)),
        "Type": kind,
        "IsSensitive": kind == "Sensitive",
        "Description": draw(st.sampled_from([None, "", "one", "two"])),
        "Scope": scope,
        "Prompt": draw(st.sampled_from([None, None, {"Label": "which?", "Required": True}])),
        "IsEditable": True,
    }


source_rows = rows(list(TO_DESTINATION))
destination_rows = rows(["D-Staging", "D-Production", "D-Own"])
rules = st.builds(
    VariableRules,
    value=st.sampled_from(ValueRule),
    new_rows=st.sampled_from(NewRows),
    removed=st.sampled_from(Removed),
)


def translate(row: Document, option: str) -> WantedRow:
    """The source's row in the destination's terms, under one option for environments."""
    asked = row["Scope"].get("Environment", [])
    found = [TO_DESTINATION[name] for name in asked if TO_DESTINATION[name]]
    scope = {key: ids for key, ids in row["Scope"].items() if key != "Environment"}
    if found:
        scope["Environment"] = found
    body = {key: value for key, value in row.items() if key != "Id"} | {"Scope": scope}
    wanted = WantedRow(row["Id"], body, source_scope=row["Scope"])
    if row["Value"] == "Accounts-2":
        wanted = replace(wanted, row=body | {"Value": None}, unresolved_value="account 'Dev'")
    if asked and not found and option == "skip":
        return replace(wanted, skip="scope:environment=skip-unless-partial: not here")
    if asked and len(found) < len(asked) and option == "exact":
        return replace(wanted, skip="scope:environment=skip-unless-exact: not here", partly=bool(found))
    if asked and not found:
        return replace(wanted, widened=("environment",), on_new_only=option == "on-new")
    return wanted


@dataclass
class World:
    """Two variable sets, and what is remembered of them."""

    rules: VariableRules
    option: str
    source: list[Document]
    destination: list[Document]
    baseline: VariablesBaseline | None = None
    ids: count[int] = field(default_factory=count)

    def wanted(self) -> list[WantedRow]:
        return [translate(row, self.option) for row in self.source]

    def merge(self) -> MergedVariables:
        return merge_variables(ITEM, self.wanted(), self.destination, self.baseline, self.rules)

    def put(self, merged: MergedVariables) -> None:
        """What the server makes of it: new rows get an id, secrets are not given back."""
        self.destination = [
            copy.deepcopy(row)
            | ({"Id": self.fresh_id()} if row["Id"].startswith("new:") else {})
            | ({"Value": None} if row["IsSensitive"] else {})
            for row in merged.rows
        ]
        remembered = merged.baseline_after(self.destination)
        assert VariablesBaseline.from_json(json.loads(json.dumps(remembered.to_json()))) == remembered
        self.baseline = remembered

    def fresh_id(self) -> str:
        return f"id-{next(self.ids)}"

    def edit(self, side: str, what: str, data: st.DataObject) -> None:
        have = self.source if side == "source" else self.destination
        any_row = source_rows if side == "source" else destination_rows
        if what == "add" or not have:
            have.append(data.draw(any_row) | {"Id": self.fresh_id()})
            return
        place = data.draw(st.integers(0, len(have) - 1))
        if what == "new ids":
            have[:] = [row | {"Id": self.fresh_id()} for row in have]
        elif what == "delete":
            del have[place]
        elif what == "order":
            have.append(have.pop(place))
        elif what == "again":
            have[place] = have[place] | {"Id": self.fresh_id()}
        else:
            other = data.draw(any_row)
            fields = {"Type": ["Type", "IsSensitive", "Value"]}.get(what, [what])
            if what == "Value" and type_class(have[place]) != type_class(other):
                return
            have[place] = have[place] | {name: other[name] for name in fields}


EDITS = [
    "add",
    "delete",
    "new ids",
    "again",
    "order",
    "Name",
    "Value",
    "Scope",
    "Scope",
    "Type",
    "Description",
    "Prompt",
]
histories = st.lists(st.tuples(st.sampled_from(["source", "destination"]), st.sampled_from(EDITS)), max_size=4)


def world_of(data: st.DataObject, **fixed: Any) -> World:
    """A world that was synced, and edited since, a few times."""
    world = World(
        rules=fixed.get("rules") or data.draw(rules),
        option=data.draw(st.sampled_from(["skip", "skip", "exact", "ignore", "on-new"])),
        source=[],
        destination=[],
    )
    world.source = [row | {"Id": world.fresh_id()} for row in data.draw(st.lists(source_rows, max_size=5))]
    world.destination = [row | {"Id": world.fresh_id()} for row in data.draw(st.lists(destination_rows, max_size=3))]
    for _ in range(data.draw(st.integers(0, 2))):
        world.put(world.merge())
        for side, what in data.draw(histories):
            world.edit(side, what, data)
    return world


@run
@given(st.data())
def test_a_second_run_plans_nothing_and_says_the_same(data: st.DataObject) -> None:
    world = world_of(data)
    first = world.merge()
    world.put(first)

    second = world.merge()

    assert second.changes == ()
    assert second.rows == world.destination
    assert {entry.key for entry in second.clean_ups} == {
        entry.key for entry in first.clean_ups if entry.reason not in ONCE
    }
    assert second.baseline_after(world.destination) == world.baseline


@run
@given(st.data())
def test_changes_are_exactly_what_is_written(data: st.DataObject) -> None:
    world = world_of(data)
    before = copy.deepcopy((world.wanted(), world.destination, world.baseline))

    merged = world.merge()

    assert bool(merged.changes) == (merged.rows != world.destination)
    assert (world.wanted(), world.destination, world.baseline) == before


@run
@given(st.data())
def test_no_value_of_the_destination_is_overwritten_and_no_row_lost(data: st.DataObject) -> None:
    world = world_of(data, rules=VariableRules())

    merged = world.merge()

    after = {row["Id"]: row for row in merged.rows}
    for row in world.destination:
        kept = after[row["Id"]]
        assert kept["IsSensitive"] or not row["IsSensitive"]
        if value_of(row) or type_class(row) in {"String", "Sensitive"}:
            assert kept["Value"] == row["Value"]
        assert {
            **kept,
            **dict.fromkeys(("Name", "Type", "IsSensitive", "Scope", "Description", "Prompt", "Value")),
        } == {
            **row,
            **dict.fromkeys(("Name", "Type", "IsSensitive", "Scope", "Description", "Prompt", "Value")),
        }


@run
@given(st.data())
def test_secrets_stay_under_every_rule(data: st.DataObject) -> None:
    world = world_of(data)

    merged = world.merge()

    after = {row["Id"]: row for row in merged.rows}
    for row in world.destination:
        if row["IsSensitive"]:
            assert after[row["Id"]]["IsSensitive"]
            assert after[row["Id"]]["Value"] is None
    added = [row for row in merged.rows if row["Id"].startswith("new:") and row["IsSensitive"]]
    there = {name_key(row["Name"]) for row in merged.rows if not row["Id"].startswith("new:")}
    assert all(row["Value"] == world.rules.placeholder for row in added)
    assert not {name_key(row["Name"]) for row in added} & there


@run
@given(st.data())
def test_what_only_the_destination_has_survives_as_it_is(data: st.DataObject) -> None:
    world = world_of(data)
    names = {name_key(row["Name"]) for row in world.source}
    linked = {row.destination_id for row in world.baseline.rows} if world.baseline else set()
    world.source = [row for row in world.source if name_key(row["Name"]) in names]
    theirs = [row for row in world.destination if name_key(row["Name"]) not in names and row["Id"] not in linked]
    assume(not world.baseline or not any(row["Id"].startswith("new:") for row in theirs))
    lost = (
        {row.destination_id for row in world.baseline.rows} - {r["Id"] for r in world.destination} if linked else set()
    )
    assume(not lost)  # else a row of theirs may be one of ours under a new id

    merged = world.merge()

    after = {row["Id"]: row for row in merged.rows}
    assert all(after[row["Id"]] == row for row in theirs)
    order = [row["Id"] for row in world.destination if row["Id"] in after]
    assert [row["Id"] for row in merged.rows if row["Id"] in set(order)] == order


def narrower(scope: Scope, than: Scope) -> bool:
    """Whether every dimension of ``than`` is in ``scope``, with the same ids or fewer."""
    ids = dict(scope)
    return all(dimension in ids and ids[dimension] <= allowed for dimension, allowed in than)


@run
@given(st.data())
def test_nothing_is_wider_than_the_source_says_without_a_clean_up_entry(data: st.DataObject) -> None:
    world = world_of(data)

    merged = world.merge()

    wanted = {
        (name_key(row.row["Name"]), scope_of(row.row)) for row in world.wanted() if not row.skip and not row.widened
    }
    before = {row["Id"]: row for row in world.destination}
    entries = {entry.where.split(" (")[0] for entry in merged.clean_ups}
    for row in merged.rows:
        old = before.get(row["Id"])
        if (
            old is not None
            and narrower(scope_of(row), scope_of(old))
            and name_key(old["Name"]) == name_key(row["Name"])
        ):
            continue
        if old is not None and scope_of(row) == scope_of(old):
            continue  # a rename: its scope was settled before
        assert (name_key(row["Name"]), scope_of(row)) in wanted or label(row).split(" (")[0] in entries


@run
@given(st.data())
def test_no_two_rows_of_one_name_and_scope_that_the_source_does_not_have(data: st.DataObject) -> None:
    world = world_of(data)

    merged = world.merge()

    def places(rows: list[Document]) -> Counter[tuple[str, Scope]]:
        return Counter((name_key(row["Name"]), scope_of(row)) for row in rows)

    on_source = places(world.source)
    untranslated = {
        (name_key(row.row["Name"]), scope_of(row.row)): on_source[
            name_key(row.row["Name"]), scope_of({"Scope": row.source_scope})
        ]
        for row in world.wanted()
        if on_source[name_key(row.row["Name"]), scope_of({"Scope": row.source_scope})] > 1
    }
    widened = {(name_key(row.row["Name"]), scope_of(row.row)) for row in world.wanted() if row.widened}
    had = places(world.destination)
    for place, times in places(merged.rows).items():
        assert times <= max(1, had[place]) or place in untranslated or place in widened


@run
@given(st.data())
def test_order_means_nothing_where_rows_can_be_told_apart(data: st.DataObject) -> None:
    world = world_of(data)
    crossing = [(name_key(row.row["Name"]), scope_of(row.row)) for row in world.wanted()]
    assume(len(set(crossing)) == len(crossing))
    here = [(name_key(row["Name"]), scope_of(row)) for row in world.destination]
    assume(len(set(here)) == len(here))
    other = copy.deepcopy(world)
    other.source = data.draw(st.permutations(world.source))
    other.destination = data.draw(st.permutations(world.destination))

    one, two = world.merge(), other.merge()

    assert Counter(map(identity, one.rows)) == Counter(map(identity, two.rows))
    assert {entry.key for entry in one.clean_ups} == {entry.key for entry in two.clean_ups}
    assert one.contact_conflict == two.contact_conflict


@run
@given(st.data())
def test_ids_regenerated_on_the_destination_change_nothing_of_what_is_written(data: st.DataObject) -> None:
    """A tool rewrote the whole set right after our sync, all rows alike but for their ids."""
    world = world_of(data)
    world.put(world.merge())
    world.edit("destination", "new ids", data)

    merged = world.merge()

    assert [row | {"Id": ""} for row in merged.rows] == [row | {"Id": ""} for row in world.destination]
