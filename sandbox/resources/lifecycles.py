"""Lifecycles: phases of environments, how long releases are kept, and the preview of what a release goes through."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import KINDS, Field, Kind, Reference, Save, declare
from sandbox.paging import select
from sandbox.resources.environments import static_environments
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, filled, objects, retention
from sandbox.store import Document

__all__ = ["LIFECYCLES", "add_routes"]


def _prepare(save: Save) -> None:
    lifecycle = save.after
    for policy in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy"):
        lifecycle[policy] = retention(lifecycle[policy], policy)
    lifecycle["Phases"] = [_phase(save.call, given) for given in objects(lifecycle["Phases"], "Phases")]
    _check_phases(lifecycle["Phases"])


def _phase(call: Call, given: Document) -> Document:
    phase = filled(
        given,
        {
            "Id": "",
            "Name": "",
            "AutomaticDeploymentTargets": [],
            "OptionalDeploymentTargets": [],
            "MinimumEnvironmentsBeforePromotion": 0,
            "IsOptionalPhase": False,
            "IsPriorityPhase": False,
            "ReleaseRetentionPolicy": None,
            "TentacleRetentionPolicy": None,
        },
    )
    phase["Id"] = phase["Id"] or call.store.next_guid()
    phase["Name"] = str(phase["Name"]).strip()
    if not phase["Name"]:
        raise bad_request(texts.required("Phases.Name"))
    for policy in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy"):
        if phase[policy] is not None:
            phase[policy] = retention(phase[policy], f"Phases.{policy}")
    return phase


def _check_phases(phases: list[Document]) -> None:
    """An environment stands in one phase, one phase at most has none, not all are optional (API reference, 2026)."""
    seen: set[str] = set()
    empty = 0
    for phase in phases:
        environments = set(_targets(phase))
        empty += not environments
        if seen & environments:
            raise bad_request("An environment may appear in only one phase of a lifecycle.")
        seen |= environments
    if empty > 1:
        raise bad_request("At most one phase may have no environments.")
    if phases and all(phase["IsOptionalPhase"] for phase in phases):
        raise bad_request("At least one phase must not be optional.")


LIFECYCLES = declare(
    Kind(
        collection="lifecycles",
        prefix="Lifecycles",
        name="Lifecycle",
        fields=(
            NAME,
            Field("Description"),
            Field("Phases", []),
            Field("ReleaseRetentionPolicy"),
            Field("TentacleRetentionPolicy"),
        ),
        slug=True,
        references=(
            Reference("Phases[].AutomaticDeploymentTargets[]", "environments", "block"),
            Reference("Phases[].OptionalDeploymentTargets[]", "environments", "block"),
        ),
        links={"Preview": "lifecycles/{Id}/preview", "Projects": "lifecycles/{Id}/projects"},
        prepare=_prepare,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, LIFECYCLES)
    router.add("GET", "lifecycles/previews", _previews, since="2023.4")
    router.add("GET", "lifecycles/{id}/preview", _preview_of_one)
    router.add("GET", "lifecycles/{id}/projects", _projects)


def _preview_of_one(call: Call) -> Answer:
    return Answer(_preview(call, crud.find(call, LIFECYCLES, call.params["id"])))


def _previews(call: Call) -> Answer:
    """As a bare list."""
    lifecycles = select(call, LIFECYCLES, call.scope.collection("lifecycles").values())
    return Answer([_preview(call, one) for one in lifecycles])


def _targets(phase: Document) -> list[str]:
    return [*phase["AutomaticDeploymentTargets"], *phase["OptionalDeploymentTargets"]]


def _preview(call: Call, lifecycle: Document) -> Document:
    """The lifecycle with the phases that a release goes through: what is left to convention is written out.

    (?) Without phases each environment is one, in their order; a phase without environments has all that no other has.
    """
    every = sorted(filter(call.sees, static_environments(call)), key=lambda environment: environment["SortOrder"])
    phases = lifecycle["Phases"]
    named = {one for phase in phases for one in _targets(phase)}
    rest = [one["Id"] for one in every if one["Id"] not in named]
    if phases:
        shown = [phase if _targets(phase) else {**phase, "OptionalDeploymentTargets": rest} for phase in phases]
    else:
        shown = [
            _phase(call, {"Id": one["Id"], "Name": one["Name"], "OptionalDeploymentTargets": [one["Id"]]})
            for one in every
        ]
    return crud.show(call, LIFECYCLES, {**lifecycle, "Phases": shown})


def _projects(call: Call) -> Answer:
    """The projects that use the lifecycle, themselves or through a channel, as a bare list (server Swagger 2026.1)."""
    lifecycle = crud.find(call, LIFECYCLES, call.params["id"])["Id"]
    through = {c["ProjectId"] for c in call.scope.collection("channels").values() if c["LifecycleId"] == lifecycle}
    projects = call.scope.collection("projects").values()
    using = [one for one in projects if one["LifecycleId"] == lifecycle or one["Id"] in through]
    return Answer([crud.show(call, KINDS["projects"], one) for one in select(call, KINDS["projects"], using)])
