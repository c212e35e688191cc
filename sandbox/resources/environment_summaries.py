"""The overview of environments: for each, and for all, how many targets of which sort there are.

A target counts once in the total, however many environments it is in. The targets are those that the request's filters
leave; `hideEmptyEnvironments` leaves out environments without one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from sandbox import crud, tags
from sandbox.paging import select, tagged
from sandbox.resources.environments import ENVIRONMENTS, static_environments
from sandbox.resources.environments_v2 import LISTED, item, of_types
from sandbox.resources.infrastructure import MACHINES, style_of
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document
from sandbox.versions import at_least

__all__ = ["add_routes"]


_FILTERS = ("roles", "tenantIds", "isDisabled", "healthStatuses", "commStyles", "deploymentTargetTypes", "shellNames")


def add_routes(router: Router) -> None:
    router.add("GET", "environments/summary", _summary)
    router.add("GET", "environments/summary/v2", _summary_v2, scope="named-space", since="2026.1")


def _summary(call: Call) -> Answer:
    found = tagged(call, select(call, ENVIRONMENTS, static_environments(call)), "environmentTags", "EnvironmentTags[]")
    body = _overview(call, found, lambda one: crud.show(call, ENVIRONMENTS, one))
    if not at_least(call.settings.version, "2026.1"):
        del body["MachineIdsForTentacleUpgrade"]
    return Answer(body)


def _summary_v2(call: Call) -> Answer:
    """Environments of all types, as the newer list shows them."""
    found = select(call, LISTED, of_types(call, call.scope.collection("environments").values()))
    found = tagged(call, found, "environmentTags", "EnvironmentTags[]")
    body = _overview(call, found, lambda one: item(call, one))
    del body["MachineIdsForTentacleUpgrade"]
    return Answer(body)


def _overview(call: Call, environments: Iterable[Document], show: Callable[[Document], Document]) -> Document:
    machines = _machines(call)
    hides_empty = (call.argument("hideEmptyEnvironments") or "").lower() == "true"
    summaries: list[Document] = []
    counted: dict[str, Document] = {}
    for environment in environments:
        inside = [one for one in machines if environment["Id"] in one["EnvironmentIds"]]
        counted.update({one["Id"]: one for one in inside})
        if inside or not hides_empty:
            summaries.append({"Environment": show(environment), **_counts(call, inside)})
    return {"EnvironmentSummaries": summaries, **_counts(call, list(counted.values()))}


def _machines(call: Call) -> list[Document]:
    """The targets that the request's filters leave. Its `ids` and `partialName` are those of environments."""
    found = [one for one in call.scope.collection("machines").values() if call.sees(one)]
    partial = (call.argument("machinePartialName") or "").casefold()
    found = [one for one in found if partial in one["Name"].casefold()]
    for name in _FILTERS:
        values = call.arguments(name)
        found = [one for one in found if not values or MACHINES.filters[name](one, values)]
    return tagged(call, found, "tenantTags", "TenantTags[]")


def _counts(call: Call, machines: list[Document]) -> Document:
    """Nothing connects to a target here, so none needs an upgrade. `DeploymentTargetSummaries` by style, too (?)."""
    styles = Counter(map(style_of, machines))
    counts: Document = {
        "TotalMachines": len(machines),
        "TotalDisabledMachines": sum(one["IsDisabled"] for one in machines),
        "MachineHealthStatusSummaries": Counter(str(one["HealthStatus"]) for one in machines),
        "MachineEndpointSummaries": styles,
        "MachineTenantSummaries": Counter(tenant for one in machines for tenant in one["TenantIds"]),
        "MachineTenantTagSummaries": Counter(tags.to_name(call, tag) for one in machines for tag in one["TenantTags"]),
        "TentacleUpgradesRequired": False,
        "MachineIdsForCalamariUpgrade": [],
        "MachineIdsForTentacleUpgrade": [],
    }
    if at_least(call.settings.version, "2023.4"):
        counts["DeploymentTargetSummaries"] = styles
    return counts
