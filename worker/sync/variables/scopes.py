"""Which rule of the route answers for a scope, the scopes that the route sets itself (pins), and the steps that it
leaves alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config.rules import ItemRules, Pin, ScopeOption
from worker.kinds.kind import Kind
from worker.plan.values import NamePath
from worker.sync.world.world import World


def scope_option(kind: Kind, rules: ItemRules, dimension: str, path: NamePath, step: str) -> ScopeOption:
    """``path``: of the document; ``step``: the name of the step in which the scope stands. Where no rule of the route
    answers (a phase's environments), what fits is used and what fits nowhere does not cross: nothing is widened."""
    match kind.scope_rules:
        case "steps":
            return rules.steps.option(dimension, path[1], _runbook(path), step)
        case "infrastructure":
            return rules.infrastructure.option(dimension)
        case "tenants":
            return rules.tenants.option(dimension)
        case _:
            return ScopeOption.SKIP_UNLESS_PARTIAL


def ignores(rules: ItemRules, path: NamePath, step: str) -> bool:
    """Whether the route leaves a step of the process at ``path`` to the destination."""
    return any(some.match(path[1], _runbook(path), step) for some in rules.steps.ignore)


def pinned_scopes(
    world: World, pins: Sequence[Pin], path: NamePath, step: str, channel_called: Callable[[str], str | None]
) -> dict[str, list[str]]:
    """The scope fields which the route sets for a step, destination ids in them; empty where no pin matches.

    ``path``: of the process. ``channel_called``: the id of a channel of the project, by the destination's name. A name
    that the destination lacks is left out, so a list may come out empty: then the step must not cross. Raises
    :class:`worker.sync.world.world.NotObserved`.
    """
    pin = next((pin for pin in pins if pin.match(path[1], _runbook(path), step)), None)
    if pin is None:
        return {}
    scopes: dict[str, list[str]] = {}
    if pin.environments:
        there = world.destination.directory("environment")
        scopes["Environments"] = [entry.id for name in pin.environments for entry in there.named(name)[:1]]
    if pin.channels:
        scopes["Channels"] = [found for name in pin.channels if (found := channel_called(name)) is not None]
    return scopes


def _runbook(path: NamePath) -> str | None:
    """``path``: ``("project", name, "deployment-process")`` or ``("project", name, "runbook", name, "process")``."""
    return path[3] if len(path) > 4 and path[2] == "runbook" else None
