"""``octosync explain``: why a plan is as it is. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config import effective, load
from worker.cli import options
from worker.cli.context import open_house
from worker.cli.engine import documents, opened
from worker.cli.errors import CliError
from worker.cli.items import selection
from worker.cli.output import print_json, progress, results, say
from worker.kinds import registry
from worker.kinds.kind import Mode
from worker.plan import json as plan_json
from worker.plan.console import print_action, print_lines
from worker.plan.lines import Line, Role, sides
from worker.plan.text import masked, short, visible
from worker.plan.values import Action, BothSides, Plan

if TYPE_CHECKING:
    from config.effective import Setting
    from worker.sync.explaining import Explained
    from worker.sync.world.compared import Compared

RULES = {
    "variable-set": ("variables.",),
    "deployment-process": ("steps.", "removed", "on_missing"),
    "runbook-process": ("steps.", "removed", "on_missing"),
    "tenant": ("tenants.environment", "removed"),
    "tenant-variables": ("tenants.variables.",),
    "account": ("accounts", "infrastructure.", "sensitive_placeholder"),
    "certificate": ("accounts", "infrastructure."),
    "lifecycle": ("retention", "removed", "on_missing"),
    "runbook": ("retention", "runbooks", "deleted"),
    "published-snapshot": ("runbooks",),
    "project": ("version_controlled", "destructive_updates", "removed", "deleted"),
    "package": ("packages.",),
}
"""By kind, how the rules begin that may have a say."""
OTHERWISE = ("removed", "on_missing", "deleted")


def explain(
    items: options.Items = None,
    projects: options.Projects = None,
    library_sets: options.LibrarySets = None,
    tenants: options.Tenants = None,
    field: Annotated[
        str | None,
        typer.Option("--field", metavar="TEXT", help="Only places whose name holds this, as in Steps[Deploy]."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Also places in which both sides have the same.")
    ] = False,
    route: options.Route = None,
    json: options.Json = False,
    config: options.Config = None,
    redis: options.Redis = None,
) -> None:
    """Say why a plan does with an item what it does: what was compared, which rules may answer, and who set them.

    Of each place that is not the same: what the source asked for at the last sync and asks for now, and what the
    destination returned then and has now. Exit status 0, or 1: error.
    """
    what = selection(items, projects=projects, library_sets=library_sets, tenants=tenants)
    if not what or what.everything:
        raise CliError("which item is to be explained?", then="name one, as in project/OctoFX/variables")

    async def ask() -> tuple[str, str, object, list[tuple[Explained, list[Setting]]]]:
        from worker.sync.explaining import explain as explained

        async with open_house(config, redis) as house:
            chosen = house.route(route)
            async with opened(house, chosen.name) as engine:
                wanted = await documents(engine, what)
                with progress("Comparing") as report:
                    found = await explained(engine, wanted, progress=report)
            routes, document = load.read(house.settings.routes)
            told = [
                (one, _rules(one.action, effective.for_item(document, routes, chosen.name, one.action.path)))
                for one in found
            ]
            return chosen.name, house.settings.routes.name, chosen.rules.preset, told

    name, file, preset, found = asyncio.run(ask())
    if json:
        print_json({"route": name, "items": [_as_dict(one, rules, field, everything) for one, rules in found]})
        return
    shown = 0
    for one, rules in found:
        places = list(_chosen(one, field, everything))
        if field is not None and not places:
            continue
        shown += 1
        _show(one.action, places, rules, file, preset)
    if not shown:
        nowhere = f"no place that was compared has {field!r} in its name; without --field all are shown"
        say(nowhere if field is not None else "there is nothing to explain; --all shows what is the same, too")


def _rules(action: Action, rules: list[Setting]) -> list[Setting]:
    kind = registry.BY_NAME.get(action.kind)
    begins = RULES.get(action.kind, OTHERWISE)
    if kind is not None and kind.mode is Mode.SHARED_NAME:
        begins = ("update", *begins)
    if any(decision.rule == "version-controlled" for decision in action.decisions):
        begins = ("version_controlled", *begins)
    return [one for one in rules if one.name.startswith(begins)]


def _chosen(one: Explained, field: str | None, everything: bool) -> Iterator[Compared]:
    for place in one.compared:
        if field is not None and field.casefold() not in place.where.casefold():
            continue
        if everything or field is not None or not place.settled:
            yield place


def _show(action: Action, places: list[Compared], rules: list[Setting], file: str, preset: object) -> None:
    console = results()
    print_action(console, action, everything=True)
    if places:
        print_lines(console, [Line(Role.CONTEXT, "", "compared:", 2)])
    for place in places:
        print_lines(console, [Line(Role.SIDE, "", visible(f"{place.where}: {place.text}"), 4), *_values(place)])
    if not (places or action.changes or action.decisions or action.clean_ups):
        return
    if rules:
        print_lines(console, [Line(Role.CONTEXT, "", "rules that may have a say:", 2)])
    for one in rules:
        value = one.value if isinstance(one.value, str) else short(one.value) or "(long)"
        text = visible(f"{one.name} = {value}")
        print_lines(console, [Line(Role.CONTEXT, "", f"{text:<56}  {visible(one.said_by(file, preset))}", 4)])


def _values(place: Compared) -> Iterator[Line]:
    if place.hidden:
        yield Line(Role.SIDE, "", "(values are not shown: a secret, or the destination's own)", 6)
    elif place.first_contact:
        for side, value in (("source", place.source_is), ("destination", place.destination_is)):
            yield Line(Role.SIDE, "", f"{side}: {short(value) or '(long)'}", 6)
    else:
        yield from sides(BothSides(place.source_was, place.source_is, place.destination_was, place.destination_is))


def _as_dict(one: Explained, rules: list[Setting], field: str | None, everything: bool) -> dict[str, Any]:
    (action,) = plan_json.as_dict(Plan("", (one.action,)))["actions"]
    return {
        **action,
        "compared": [_place(place) for place in _chosen(one, field, everything)],
        "rules": [
            {"name": rule.name, "value": rule.value, "origin": str(rule.origin), "line": rule.line} for rule in rules
        ],
    }


def _place(place: Compared) -> dict[str, Any]:
    sides = {
        "source": {"was": masked(place.source_was), "is": masked(place.source_is)},
        "destination": {"was": masked(place.destination_was), "is": masked(place.destination_is)},
    }
    return {
        "where": place.where,
        "verdict": place.verdict,
        "text": place.text,
        "first_contact": place.first_contact,
        "settled": place.settled,
        "hidden": place.hidden,
        **({} if place.hidden else sides),
    }
