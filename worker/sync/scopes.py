"""Which rule of the route answers for a scope, and the scopes that the route sets itself (pins). Pure."""

from __future__ import annotations

from collections.abc import Callable

from config.names import Pattern
from config.rules import Pin, Rules, ScopeOption
from worker.plan.values import NamePath
from worker.sync.world import World


def step_scope_option(rules: Rules, dimension: str) -> ScopeOption:
    """For a dimension of a step's scope. Where no rule of the route answers (a phase's environments, an account's),
    what fits is used and what fits nowhere does not cross: nothing is widened."""
    match dimension:
        case "environment" | "excluded_environment" | "channel" | "tenant_tag":
            option: ScopeOption = getattr(rules.steps, dimension)
            return option
        case _:
            return ScopeOption.SKIP_UNLESS_PARTIAL


def pinned_scopes(
    world: World, path: NamePath, step: str, channel_called: Callable[[str], str | None]
) -> dict[str, list[str]]:
    """The scope fields which the route sets for a step, destination ids in them; empty where no pin matches.

    ``path``: of the process. ``channel_called``: the id of a channel of the project, by the destination's name. A name
    that the destination lacks is left out, so a list may come out empty: then the step must not cross. Raises
    :class:`worker.sync.world.NotObserved`.
    """
    pin = next((pin for pin in world.route.rules.steps.pins if _matches(pin, path, step)), None)
    if pin is None:
        return {}
    scopes: dict[str, list[str]] = {}
    if pin.environments:
        there = world.destination.directory("environment")
        scopes["Environments"] = [entry.id for name in pin.environments for entry in there.named(name)[:1]]
    if pin.channels:
        scopes["Channels"] = [found for name in pin.channels if (found := channel_called(name)) is not None]
    return scopes


def _matches(pin: Pin, path: NamePath, step: str) -> bool:
    """``path``: ``("project", name, "deployment-process")`` or ``("project", name, "runbook", name, "process")``."""
    runbook = path[3] if len(path) > 4 and path[2] == "runbook" else None
    if (pin.runbook is None) != (runbook is None):
        return False
    if pin.runbook is not None and runbook is not None and not Pattern(pin.runbook).matches(runbook):
        return False
    return Pattern(pin.project).matches(path[1]) and Pattern(pin.step).matches(step)
