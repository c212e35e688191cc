"""Large, realistic spaces, the same for the same seed.

    store = Store(seed=7)
    generate(store, Settings(), Sizes(projects=1000, variables=200_000, tenants=5000))

The documents go through the same functions that requests go through, so there is nothing in a generated space that
could not have been saved; only HTTP is left out. Names and contents are those of an ordinary company: services in
project groups, three-stage lifecycles, web and script steps, connection strings scoped to environments, shared library
sets, tenants in regions, and what `sandbox.generated_parts` has. Of the sizes, `variables`, `runbooks`, `channels`
(besides the default ones) and `triggers` are totals, spread evenly over the projects; so is `tenant_values` over the
tenants, each of which says no more than its projects and library sets ask for.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

from sandbox import crud, resources
from sandbox import generated_parts as parts
from sandbox.audit import AuditLog
from sandbox.indexes import by_project
from sandbox.kind import KINDS
from sandbox.resources import processes, tenant_variables, variables
from sandbox.resources.tenant_templates import COMMON, PROJECT
from sandbox.resources.tenant_values import library_sets_of
from sandbox.routing import Call
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Document, Store

__all__ = ["Sizes", "generate"]

_ADJECTIVES, _NOUNS, _TYPES, _PARTS, _SETTINGS, _REGIONS = (
    line.split()
    for line in (
        "Blue Central Digital Eastern First Global Internal Modern National Open Public Retail Shared Unified",
        "Billing Booking Catalogue Claims Customer Identity Inventory Ledger Loyalty Mail Orders Payments Search Stock",
        "API Portal Service Worker Website Gateway Importer Reports",
        "Database Cache Queue Storage Mail Search Payment Auth Logging Feature Proxy Telemetry",
        "ConnectionString Url Timeout Username Password Enabled Retries Level Path Region MaxItems ApiKey",
        "Africa America Asia Australia Europe",
    )
)
_STAGES = ("Development", "Test", "Staging", "Production")
_ROLES = ("web-server", "app-server", "db-server", "job-server")
_SCRIPT = """$ErrorActionPreference = 'Stop'
$service = $OctopusParameters['Service.Name']
Write-Host "Preparing $service in $($OctopusParameters['Octopus.Environment.Name'])"
foreach ($attempt in 1..5) {{
    $answer = Invoke-WebRequest -Uri "$($OctopusParameters['{part}:Url'])/health" -UseBasicParsing
    if ($answer.StatusCode -eq 200) {{ Write-Host "Healthy after $attempt attempts"; break }}
    Start-Sleep -Seconds ($attempt * 2)
}}
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each. Raises ValueError below zero, and for projects without an environment."""

    projects: int = 50
    variables: int = 2000
    tenants: int = 20
    environments: int = 4
    library_sets: int = 10
    step_templates: int = 5
    accounts: int = 5
    project_groups: int = 8
    runbooks: int = 50
    channels: int = 25
    triggers: int = 50
    tenant_values: int = 100
    steps: int = 4
    script_lines: int = 9

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"{field.name} must be a whole number, 0 or more")
        if self.projects and not self.environments:
            raise ValueError("projects need at least one environment")

    @classmethod
    def parse(cls, text: str) -> Sizes:
        """From `projects=1000,variables=200000`. Raises ValueError for anything else."""
        given: dict[str, int] = {}
        known = [field.name for field in fields(cls)]
        for part in filter(None, text.split(",")):
            name, _, number = part.partition("=")
            if name.strip() not in known:
                raise ValueError(f"there is no size {name.strip()}; there are {', '.join(known)}")
            if not number.strip().isdigit():
                raise ValueError(f"{name.strip()} must be a whole number, not '{number.strip()}'")
            given[name.strip()] = int(number)
        return cls(**given)


def generate(store: Store, settings: Settings, sizes: Sizes, space_id: str | None = None) -> None:
    """Fill a space of the store, by default the default one; a new store gets what a new server has. The store's seed
    decides everything. A store that no server runs on gets the audit log of it, too."""
    audit = None if store.on_commit else AuditLog(store, settings.version)
    resources.furnish(store, settings)
    default = store.default_space()
    wanted = space_id or (default["Id"] if default else None)
    if wanted is None or store.find_space(wanted) is None:
        raise ValueError(f"there is no space {wanted}")
    call = Call("POST", store, settings, wanted, {}, {}, b"", SYSTEM)
    with _without_collections():
        _Space(call, sizes, random.Random(store.seed)).fill()  # noqa: S311 - made-up names, no secrets
    if audit is not None:
        store.on_commit.remove(audit.record)  # the server that is started on the store makes its own


@contextmanager
def _without_collections() -> Iterator[None]:
    # Documents hold no cycles, and looking for some among a million of new dicts takes longer than making them.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Space:
    """One space in the making: what was made is what the next document refers to."""

    def __init__(self, call: Call, sizes: Sizes, chance: random.Random) -> None:
        self._call, self._sizes, self._chance = call, sizes, chance
        self._environments: list[str] = []
        self._tags: list[str] = []
        self._accounts: list[str] = []
        self._libraries: list[str] = []
        self._groups: list[str] = []
        self._projects: list[Document] = []
        self._taken: set[str] = set()
        self._hotfix = ""
        self._templates = parts.PROJECT_TEMPLATES if sizes.tenants and sizes.tenant_values else []

    def fill(self) -> None:
        sizes = self._sizes
        self._environments = [self._id("environments", Name=name) for name in self._stages(sizes.environments)]
        self._library()
        self._groups = [self._id("projectgroups", Name=f"{self._name()} Team") for _ in range(sizes.project_groups)]
        self._groups = self._groups or [next(iter(self._call.scope.collection("projectgroups")))]
        phases = [*self._phases()]
        lifecycle = self._id("lifecycles", Name="Stage by stage", Phases=phases)
        if sizes.channels:
            self._hotfix = self._id("lifecycles", Name="Straight to the end", Phases=phases[-1:])
        for index in range(sizes.projects):
            self._project(lifecycle, index)
        for index in range(sizes.tenants):
            self._tenant(index)

    def _create(self, collection: str, **body: Any) -> Document:
        return crud.create(self._call, KINDS[collection], body)

    def _id(self, collection: str, **body: Any) -> str:
        return str(self._create(collection, **body)["Id"])

    def _name(self) -> str:
        """A name that was not given yet."""
        pick = self._chance.choice
        name = f"{pick(_ADJECTIVES)} {pick(_NOUNS)} {pick(_TYPES)}"
        number = 2
        while name in self._taken:
            name = f"{name.rstrip('0123456789 ')} {number}"
            number += 1
        self._taken.add(name)
        return name

    def _stages(self, count: int) -> Iterator[str]:
        for index in range(count):
            lap, stage = divmod(index, len(_STAGES))
            yield f"{_STAGES[stage]} {lap + 1}" if lap else _STAGES[stage]

    def _phases(self) -> Iterator[Document]:
        for number, environment in enumerate(self._environments[:6]):
            yield {"Name": f"Phase {number + 1}", "OptionalDeploymentTargets": [environment]}

    def _library(self) -> None:
        sizes = self._sizes
        regions = [{"Name": name, "Color": "#336699"} for name in _REGIONS]
        self._create("tagsets", Name="Region", Tags=regions)
        self._tags = [f"Region/{name}" for name in _REGIONS]
        for index in range(sizes.accounts):
            secret = {"HasValue": True, "NewValue": f"password of account {index}"}
            body = {"AccountType": "UsernamePassword", "Username": f"svc-deploy-{index}", "Password": secret}
            self._accounts.append(self._id("accounts", Name=f"Deploy account {index + 1}", **body))
        for index in range(sizes.library_sets):
            templates = parts.LIBRARY_TEMPLATES if self._templates and index % 2 == 0 else []
            name = f"Shared {_PARTS[index % len(_PARTS)]} {index + 1}"
            library = self._create("libraryvariablesets", Name=name, Templates=templates)
            self._save_variables(library, [*self._rows(8, None)])
            self._libraries.append(library["Id"])
        for index in range(sizes.step_templates):
            name, properties = f"Company step {index + 1}", self._script_properties()
            self._create("actiontemplates", Name=name, ActionType="Octopus.Script", Properties=properties)

    def _project(self, lifecycle: str, index: int) -> None:
        sizes = self._sizes
        rows, runbooks, channels, triggers = (
            _share(total, sizes.projects, index)
            for total in (sizes.variables, sizes.runbooks, sizes.channels, sizes.triggers)
        )
        libraries = self._chance.sample(self._libraries, min(2, len(self._libraries)))
        project = self._create(
            "projects",
            Name=self._name(),
            Description="Made by the generator.",
            LifecycleId=lifecycle,
            ProjectGroupId=self._chance.choice(self._groups),
            IncludedLibraryVariableSetIds=libraries,
            TenantedDeploymentMode="TenantedOrUntenanted",
            Templates=self._templates,
        )
        self._projects.append(project)
        steps = [self._step(number) for number in range(sizes.steps)]
        if channels:
            self._take_package(project["Name"], steps)
        process = self._save_steps("deploymentprocesses", project["DeploymentProcessId"], steps)
        made = [self._runbook(project, number) for number in range(runbooks)]
        self._save_variables(project, [*self._rows(rows, process)])
        self._channels(project, process, channels)
        self._triggers(project, made, triggers)

    def _runbook(self, project: Document, index: int) -> str:
        retention = {"QuantityToKeep": 100, "ShouldKeepForever": False}
        name = f"{_PARTS[index % len(_PARTS)]} maintenance {index + 1}"
        runbook = self._create("runbooks", Name=name, ProjectId=project["Id"], RunRetentionPolicy=retention)
        self._save_steps("runbookprocesses", runbook["RunbookProcessId"], [self._step(number) for number in range(2)])
        return str(runbook["Id"])

    def _take_package(self, name: str, steps: list[Document]) -> None:
        """Versions decide into which channel a release goes: one step, the one that deploys, has a package."""
        feed = next(one for one in self._call.scope.collection("feeds").values() if one["FeedType"] == "BuiltIn")
        for step in steps[1:2] or steps[:1]:
            step["Actions"][0]["Packages"] = [parts.package(name, feed["Id"])]

    def _channels(self, project: Document, process: Document, count: int) -> None:
        actions = [action for step in process["Steps"] for action in step["Actions"] if action["Packages"]]
        for index in range(count):
            tags = [self._chance.choice(self._tags)]
            body = parts.channel(index, actions[0]["Name"] if actions else None, self._hotfix, tags)
            self._create("channels", ProjectId=project["Id"], **body)

    def _triggers(self, project: Document, runbooks: list[str], count: int) -> None:
        channels = self._call.lookup("channels", by_project, project["Id"])
        for index in range(count):
            runbook = self._chance.choice(runbooks) if runbooks else None
            places = self._environments, _ROLES, channels[0]["Id"], runbook
            body = parts.trigger(index, self._chance, *places, self._call.settings.version)
            self._create("projecttriggers", ProjectId=project["Id"], **body)

    def _save_steps(self, collection: str, process_id: str, steps: list[Document]) -> Document:
        before = self._call.find(collection, process_id)
        body = {"Version": before["Version"], "Steps": steps}
        return processes.save(self._call, KINDS[collection], before, body)

    def _step(self, index: int) -> Document:
        name = f"{('Prepare', 'Deploy', 'Migrate', 'Verify')[index % 4]} {_PARTS[index % len(_PARTS)]} {index + 1}"
        action: Document = {"Name": name, "ActionType": "Octopus.Script", "Properties": self._script_properties()}
        if index % 4 == 3:
            action["Environments"] = self._environments[-1:]
        properties = {"Octopus.Action.TargetRoles": self._chance.choice(_ROLES)}
        return {"Name": name, "Properties": properties, "Actions": [action]}

    def _script_properties(self) -> Document:
        return {
            "Octopus.Action.Script.ScriptSource": "Inline",
            "Octopus.Action.Script.Syntax": "PowerShell",
            "Octopus.Action.Script.ScriptBody": self._script(),
        }

    def _script(self) -> str:
        script = _SCRIPT.format(part=self._chance.choice(_PARTS))
        more = max(0, self._sizes.script_lines - script.count("\n"))
        return script + "".join(f"Write-Host 'Step {line} of the routine is done.'\n" for line in range(more))

    def _rows(self, count: int, process: Document | None) -> Iterator[Document]:
        """Variables: most names once per environment, every seventh scoped to a role or step, some of them secret."""
        actions = [action["Id"] for step in process["Steps"] for action in step["Actions"]] if process else []
        stages = max(1, len(self._environments))
        for index in range(count):
            serial, stage = divmod(index, stages)
            name = f"{_PARTS[serial % len(_PARTS)]}:{_SETTINGS[serial // len(_PARTS) % len(_SETTINGS)]}"
            name += f".{serial // 144 + 1}" if serial >= 144 else ""
            scope: Document = {"Environment": [self._environments[stage]]} if self._environments else {}
            if index % 7 == 3:
                scope["Role"] = [self._chance.choice(_ROLES)]
            elif index % 7 == 5 and actions:
                scope["Action"] = [self._chance.choice(actions)]
            value = f"{self._chance.getrandbits(64):016x}.{name.lower().replace(':', '.')}.example"
            row: Document = {
                "Name": name,
                "Value": value,
                "Scope": scope,
                "Description": f"Setting {index} of the service",
            }
            if name.partition(":")[2].startswith(("Password", "ApiKey")):
                row["Type"] = "Sensitive"
            elif index % 50 == 49 and self._accounts:
                row |= {"Type": "UsernamePasswordAccount", "Value": self._chance.choice(self._accounts)}
            yield row

    def _save_variables(self, owner: Document, rows: list[Document]) -> None:
        before = self._call.find("variables", owner["VariableSetId"])
        variables.save(self._call, before, {"Version": before["Version"], "Variables": rows})

    def _tenant(self, index: int) -> None:
        linked = self._chance.sample(self._projects, min(3, len(self._projects)))
        tenant = self._create(
            "tenants",
            Name=f"Customer {index + 1:05}",
            TenantTags=[self._chance.choice(self._tags)],
            ProjectEnvironments={project["Id"]: self._environments[-2:] for project in linked},
        )
        wanted = _share(self._sizes.tenant_values, self._sizes.tenants, index) if self._templates else 0
        if wanted:
            libraries = library_sets_of(self._call, tenant)
            rows = [*islice(parts.tenant_rows(tenant, libraries, linked, self._chance), wanted)]
            for half in (COMMON, PROJECT):
                said = [row for of, row in rows if of == half]
                tenant_variables.save_rows(self._call, tenant, half, said)


def _share(total: int, parts: int, index: int) -> int:
    """How much of a total falls to one of so many parts."""
    return total * (index + 1) // parts - total * index // parts
