"""The kinds of documents, one module per subject. Each declares what it is as data (`sandbox.kind.Kind`) and, where
Octopus is odd, a small named function beside it."""

from __future__ import annotations

from sandbox.resources import (
    accounts,
    build_information,
    certificates,
    channels,
    community_templates,
    dashboards,
    deployment_freezes,
    environment_summaries,
    environments,
    environments_v2,
    feeds,
    git_projects,
    git_runbooks,
    infrastructure,
    infrastructure_lists,
    library,
    lifecycles,
    logos,
    packages,
    people,
    processes,
    projects,
    release_templates,
    releases,
    retention,
    roles,
    rule_tests,
    runbook_snapshots,
    runbooks,
    search,
    spaces,
    step_templates,
    tagsets,
    template_updates,
    tenant_templates,
    tenant_variables,
    tenants,
    triggers,
    usages,
    variables,
)
from sandbox.resources.spaces import furnish
from sandbox.routing import Router

__all__ = ["add_routes", "furnish"]

_MODULES = (
    accounts,
    build_information,
    certificates,
    channels,
    community_templates,
    dashboards,
    deployment_freezes,
    environment_summaries,
    environments,
    environments_v2,
    feeds,
    git_projects,
    git_runbooks,
    infrastructure,
    infrastructure_lists,
    library,
    lifecycles,
    logos,
    packages,
    people,
    processes,
    projects,
    release_templates,
    releases,
    retention,
    roles,
    rule_tests,
    runbook_snapshots,
    runbooks,
    search,
    spaces,
    step_templates,
    tagsets,
    template_updates,
    tenant_templates,
    tenant_variables,
    tenants,
    triggers,
    usages,
    variables,
)


def add_routes(router: Router) -> None:
    """Serve every kind."""
    for module in _MODULES:
        module.add_routes(router)
