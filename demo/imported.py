"""The demo's projects that are real ones: read from demo/documents, where demo/documents/SOURCES.md says whence they
come.

The files are as their owners wrote them. What they name by slug or id gets its meaning here: their environments
become the demo's four, their feeds, pools and teams those of demo/library.py. Sensitive variables are in no such
file; those that the processes need are added with made-up values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo import from_database, from_ocl, ocl
from demo.from_ocl import Slugs
from demo.library import environments
from demo.model import DemoProject, DemoRunbook, Document, variable
from demo.references import ref

__all__ = ["FEEDS", "PROJECTS", "STEP_TEMPLATES"]

_DOCUMENTS = Path(__file__).parent / "documents"

_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "environments": {
        "Development": ("dev", "development", "Environments-1"),
        "Test": ("sit", "tdd", "test"),
        "Staging": ("uat", "staging"),
        "Production": ("prod", "production"),
    },
    "feeds": {
        "Octopus Server (built-in)": ("octopus-server-built-in", "Octopus Server (built-in)", "feeds-builtin"),
        "Docker Hub": ("dockerhub",),
        "GitHub": ("GitHub",),
        "Onion Architecture .NET 7": ("onion-arch-dotnet-7",),
        "PSGallery": ("feeds-psgallery",),
    },
    "workerpools": {
        "Default Worker Pool": ("default-worker-pool",),
        "Hosted Windows": ("hosted-windows", "Windows"),
        "Home lab Kubernetes": ("homelab-k8s",),
        "Home lab Windows": ("homelab-windows",),
    },
    "teams": {
        "DBAs": ("dbas",),
        "Release Managers": ("global/octopus-managers",),
        "Trident Notifications": ("trident-notifications",),
    },
    "accounts": {
        "Azure Church Bulletin": ("churchbulletin-gh-azure-account",),
        "Azure Onion Containers": ("azure-onion-containers",),
    },
    "runbooks": {"Create EKS Arm Cluster": ("runbook/create-eks-arm-cluster",)},
}
_SLUGS = {
    (kind, slug): name for kind, names in _NAMES.items() for name, slugs in names.items() for slug in slugs
}  # fmt: skip


def _json(path: str) -> Any:
    return json.loads((_DOCUMENTS / path).read_text(encoding="utf-8-sig"))


def _ocl(path: str) -> ocl.Block:
    """The file's body, or an empty one where a project has no such file."""
    file = _DOCUMENTS / path
    return ocl.parse(file.read_text(encoding="utf-8")) if file.exists() else ocl.Block()


_SLACK, _KEY_VAULT, _SQL = (
    from_database.step_template(_json(f"step-templates/{name}.json"))
    for name in ("slack-send-simple-notification-bash", "azure-keyvault-retrieve-secrets", "sql-create-database")
)
_DSC, _PLAYBOOK = (
    from_database.step_template(_json(f"app-provision-dsc/ActionTemplates/{name}.json"))
    for name in ("Invoke-DscAppConfig", "Invoke-Playbook")
)
STEP_TEMPLATES: list[Document] = [_SLACK, _KEY_VAULT, _SQL, _DSC, _PLAYBOOK]

FEEDS: list[Document] = [
    {key: value for key, value in _json("app-provision-dsc/Feeds/PSGallery.json").items() if key not in ("$type", "Id")}
]


def _project(
    name: str, description: str, group: str, settings: Document, *, includes: Sequence[str] = (), **parts: Any
) -> DemoProject:
    document = {
        "Name": name,
        "Description": description,
        "ProjectGroupId": ref("projectgroups", group),
        "LifecycleId": ref("lifecycles", "Standard"),
        "IncludedLibraryVariableSetIds": [ref("libraryvariablesets", included) for included in includes],
        "TenantedDeploymentMode": "Untenanted",
    }
    return DemoProject(document=document, settings=settings, **parts)


def _from_git(
    folder: str,
    name: str,
    group: str,
    *,
    description: str,
    includes: Sequence[str] = (),
    templates: dict[str, Document] | None = None,
    added: Sequence[Document] = (),
    channels: Sequence[Document] = (),
) -> DemoProject:
    """A project from its Config-as-Code files; `added` are variables that no file can hold."""
    slugs = Slugs(_SLUGS, templates or {})
    runbooks = []
    for file in sorted((_DOCUMENTS / folder / "runbooks").glob("*.ocl")):
        document, steps = from_ocl.runbook(_ocl(f"{folder}/runbooks/{file.name}"), slugs)
        runbooks.append(DemoRunbook(document=document, steps=steps))
    return _project(
        name,
        description,
        group,
        from_ocl.settings(_ocl(f"{folder}/deployment_settings.ocl")),
        includes=includes,
        channels=channels,
        steps=from_ocl.steps(_ocl(f"{folder}/deployment_process.ocl"), slugs),
        variables=[*from_ocl.variables(_ocl(f"{folder}/variables.ocl"), slugs), *added],
        runbooks=runbooks,
    )


def _from_export(name: str, description: str) -> DemoProject:
    """A project from the export of a whole server."""
    slugs = Slugs(_SLUGS, {"ActionTemplates-1": _DSC, "ActionTemplates-2": _PLAYBOOK})
    stored, process, variables = (
        _json(f"app-provision-dsc/Projects/{name}/{name}{part}.json")
        for part in ("", "-DeploymentProcess", "-VariableSet")
    )
    return _project(
        name,
        description,
        "Server configuration",
        from_database.settings(stored, process),
        steps=from_database.steps(process, slugs),
        variables=from_database.variables(variables, slugs),
    )


def _secret(name: str, **scope: list[str]) -> Document:
    return {**variable(name, f"made-up {name}", kind="Sensitive"), "Scope": scope}


PROJECTS: list[DemoProject] = [
    _from_git(
        "hands-on-training",
        "Trident Training",
        "Web",
        description="Database with an approved delta script, then a rolling deployment of the web site.",
        includes=["Notifications", "SQL Server"],
        templates={"ActionTemplates-101": _SLACK},
        added=[_secret("Project.Runbook.Api.Key")],
    ),
    _from_git(
        "octopus-practitioner",
        "Trident",
        "Web",
        description="What-if report, DBA review, deployment, notification.",
        includes=["Notifications", "SQL Server"],
        templates={"ActionTemplates-3": _SQL},
        added=[_secret("Project.Runbook.Api.Key")],
    ),
    _from_git(
        "bootcamp-palermo-workorders",
        "Church Bulletin",
        "Azure applications",
        description="A container app and its database.",
        includes=["Azure"],
        added=[
            _secret("DatabasePassword", Environment=environments("Test")),
            _secret("DatabasePassword", Environment=environments("Staging", "Production")),
            _secret("container_app_connection_string"),
        ],
    ),
    _from_git(
        "onion-architecture-container-apps",
        "Onion Architecture",
        "Azure applications",
        description="Creates its infrastructure where there is none, then adds a revision.",
        includes=["Azure"],
        added=[
            _secret("DatabasePassword", Environment=environments("Test")),
            _secret("DatabasePassword", Environment=environments("Staging")),
            _secret("DatabasePassword", Environment=environments("Production")),
            _secret("registry_password"),
        ],
    ),
    _from_git(
        "aide-front-end",
        "AIDE front end",
        "Imaging",
        description="",
        includes=["AIDE platform", "AWS"],
    ),
    _from_git(
        "aide-api",
        "AIDE API",
        "Imaging",
        description="",
        includes=["AIDE platform", "AWS"],
        added=[_secret("ElasticPassword"), _secret("MonaiBasicAuthKey"), variable("ElasticUser", "aide")],
    ),
    _from_git(
        "safe-schema-updates",
        "Safe schema updates",
        "Web",
        description="Two databases, from scripts in a GitHub repository.",
        channels=[
            {"Name": "Default", "IsDefault": True},
            {"Name": "Fast track", "Description": "", "LifecycleId": ref("lifecycles", "Hotfix")},
        ],
    ),
    _from_git("athena", "Athena", "Web", description="Runs a bundle of database migrations."),
    _from_git("random-quotes", "Random Quotes", "Azure applications", description="", includes=["Azure"]),
    _from_git(
        "homelab",
        "Home lab",
        "Server configuration",
        description="Runbooks only.",
        includes=["Notifications", "Azure", "AWS"],
        templates={"ActionTemplates-561": _KEY_VAULT},
        added=[_secret("Project.NAS.Password", Environment=environments("Production"))],
    ),
    _from_export("webApp", "A web application and the desired state of its server."),
    _from_export("InvokeDsc", "The modules that apply a desired state."),
    _from_export("ansibleish", ""),
    _from_export("Offline", "The same modules for servers without a way to the gallery."),
]
