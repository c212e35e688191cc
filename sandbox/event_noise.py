"""Events that tell of no change to the configuration: what a busy server's log is full of.

Each function makes an entry for `AuditLog.add`. They look like the real ones in what misleads a reader: a release
names its project first, a pushed package looks like the creation of a feed, a task names `projects-*`, a saved
features page names nothing at all. Evidence: audit exports of servers 3.7 to 2018.3, webhooks captured 2016 to
2023.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.event_dialect import has
from sandbox.event_entry import Entry, Part

__all__ = [
    "NOISE",
    "deployment",
    "features_configured",
    "package_pushed",
    "release_created",
    "release_modified",
    "task_run_by_hand",
]


def release_created(space_id: str, project_id: str, release_id: str = "Releases-1", number: str = "0.0.1") -> Entry:
    """`Created`, with the project's id before the release's."""
    return _release("Created", "was created", space_id, project_id, release_id, number)


def release_modified(space_id: str, project_id: str, release_id: str = "Releases-1", number: str = "0.0.1") -> Entry:
    """`Modified`, in the same form."""
    return _release("Modified", "was modified", space_id, project_id, release_id, number)


def _release(category: str, verb: str, space_id: str, project_id: str, release_id: str, number: str) -> Entry:
    parts = (Part(project_id, project_id), Part(" release "), Part(number, release_id), Part(f" {verb}"))
    return Entry(category, (project_id, release_id), parts, space_id)


def deployment(
    space_id: str, project_id: str, environment_id: str, category: str = "DeploymentStarted", version: str = ""
) -> Entry:
    """One event of a deployment. It names project and environment, which did not change."""
    related = ["Deployments-1", project_id, "Releases-1", environment_id, "ServerTasks-1", "Channels-1"]
    if not has(version or "0.0.0-local", "deployments without project group"):
        related.append("ProjectGroups-1")
    parts = (
        Part(f"Deploy to {environment_id}", "Deployments-1"),
        Part(f" {category.removeprefix('Deployment').lower()} for "),
        Part(project_id, project_id),
        Part(" release "),
        Part("0.0.1", "Releases-1"),
        Part(" to "),
        Part(environment_id, environment_id),
    )
    return Entry(category, tuple(related), parts, space_id)


def task_run_by_hand(space_id: str, environment_id: str) -> Entry:
    """`Created`, with wildcards among the related ids, which are no ids."""
    related = ("ServerTasks-1", "projects-*", environment_id, "tenants-*")
    parts = (Part("Ran task "), Part("Check deployment target health", "ServerTasks-1"))
    return Entry("Created", related, parts, space_id)


def package_pushed(space_id: str, version: str = "") -> Entry:
    """To the built-in feed: `Created`, as if the feed were, and a category of its own only since 2025.3.9484."""
    own = has(version or "0.0.0-local", "package pushed has its own category")
    parts = (Part("Package web version 1.0.0 was added to the built-in repository"),)
    return Entry("PackageAddedToBuiltInFeed" if own else "Created", ("feeds-builtin",), parts, space_id)


def features_configured(space_id: str | None = None) -> Entry:
    """`Modified` without any related id."""
    return Entry("Modified", (), (Part("Features configuration was changed."),), space_id)


# By the names under which the admin route makes them; each takes a space, a project, an environment and the release.
NOISE: dict[str, Callable[[str, str, str, str], Entry]] = {
    "release-created": lambda space, project, environment, version: release_created(space, project),
    "release-modified": lambda space, project, environment, version: release_modified(space, project),
    "deployment": lambda space, project, environment, version: deployment(space, project, environment, version=version),
    "task": lambda space, project, environment, version: task_run_by_hand(space, environment),
    "package": lambda space, project, environment, version: package_pushed(space, version),
    "features": lambda space, project, environment, version: features_configured(),
}
