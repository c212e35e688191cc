"""Which steps other documents of a project name. Pure.

A package step that is removed while versioning or release creation still names it leaves a project that cannot be
shown any more: then every list of projects answers 404. So such a step goes last, once nothing names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.kinds import registry
from worker.plan.values import Document
from worker.sync.world.world import World


def in_use(world: World, project_id: str, step: Document) -> bool:
    """Whether a document of the destination's project names one of the step's actions, by name, id or slug.

    Raises :class:`worker.sync.world.world.NotObserved`.
    """
    there = world.destination
    settings_kind = registry.BY_NAME["deployment-settings"]
    channel_kind, trigger_kind = registry.BY_NAME["channel"], registry.BY_NAME["trigger"]
    project = there.document(registry.BY_NAME["project"], project_id) or {}
    documents: list[object] = [
        project.get("ReleaseCreationStrategy"),  # the project shows its settings too, as they were when it was read
        there.document(settings_kind, registry.made_with_owner(settings_kind, project_id), project_id),
        *(there.document(channel_kind, one.id) for one in there.directory("channel").of(project_id)),
        *(there.document(trigger_kind, one.id) for one in there.directory("trigger").of(project_id)),
    ]
    named = {str(name).casefold() for document in documents for name in _steps_named(document)}
    actions = step.get("Actions") or [step]
    return any(
        str(action.get(field)).casefold() in named
        for action in actions
        for field in ("Name", "Id", "Slug")
        if action.get(field)
    )


def _steps_named(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name in ("DeploymentAction", "DeploymentActionSlug"):
            if value.get(name):
                yield value[name]
        for item in value.values():
            yield from _steps_named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _steps_named(item)
