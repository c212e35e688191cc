"""The user roles that a new server has, and what each grants.

From Octopus' documentation of default permissions (2023); the ids are of a server's export of 2018, and for roles that
came later made in the same way (?). A server's own may have been edited since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.permissions import SPACE_LEVEL, SYSTEM_LEVEL, permissions_of
from sandbox.versions import at_least

__all__ = ["ADMINISTRATOR", "MANAGER", "SPACE_MANAGER", "BuiltInRole", "built_in_roles"]

ADMINISTRATOR = "userroles-systemadministrator"
MANAGER = "userroles-systemmanager"
SPACE_MANAGER = "userroles-spacemanager"

_WHO = "TeamView UserView UserRoleView"
_SEEN = """
ReleaseView ProjectView DeploymentView ProcessView EnvironmentView ArtifactView EventView ProjectGroupView
LibraryVariableSetView TeamView TaskView InterruptionView LifecycleView MachinePolicyView TenantView TriggerView
CertificateView RunbookView RunbookRunView
"""
_CONTRIBUTED = f"""{_SEEN}
ArtifactCreate ActionTemplateView ActionTemplateCreate ActionTemplateEdit ActionTemplateDelete ProcessEdit ProjectEdit
FeedView LibraryVariableSetCreate LibraryVariableSetEdit LibraryVariableSetDelete TaskCreate
InterruptionViewSubmitResponsible MachineView DefectReport DefectResolve VariableView VariableEdit TriggerCreate
TriggerDelete TriggerEdit RunbookEdit
"""
_INFRASTRUCTURE = """
EnvironmentView MachineView TaskView TeamView AccountView MachinePolicyView CertificateView ProxyView WorkerView
"""
_PACKAGES = """
BuiltInFeedAdminister BuiltInFeedDownload BuiltInFeedPush FeedView BuildInformationPush BuildInformationAdminister
"""
_RUNBOOKS_SEEN = """
ProjectView EnvironmentView ArtifactView EventView ProjectGroupView LibraryVariableSetView TeamView FeedView TaskView
InterruptionView MachinePolicyView TenantView TriggerView CertificateView MachineView RunbookView RunbookRunView
RunbookRunCreate
"""
_RUNBOOKS_MADE = f"""{_RUNBOOKS_SEEN}
ProjectCreate ProjectEdit ProjectDelete LifecycleView ActionTemplateView ActionTemplateCreate ActionTemplateEdit
ActionTemplateDelete LibraryVariableSetCreate LibraryVariableSetEdit LibraryVariableSetDelete TaskCreate TaskCancel
InterruptionViewSubmitResponsible VariableView VariableEdit TriggerCreate TriggerDelete TriggerEdit RunbookEdit
RunbookRunDelete ArtifactCreate ArtifactEdit ArtifactDelete InterruptionSubmit
"""
_OF_SPACE_MANAGERS = " ".join(sorted(SPACE_LEVEL))
_OF_THE_SYSTEM = " ".join(sorted(SYSTEM_LEVEL))

# Name, what it grants in spaces, what in the system, and since which release there is one.
_ROLES: tuple[tuple[str, str, str, str], ...] = (
    (
        "Build server",
        f"{_PACKAGES} DeploymentCreate DeploymentView EnvironmentView LibraryVariableSetView LifecycleView ProcessView "
        "ProjectView ReleaseCreate ReleaseView TaskView TenantView RunbookView RunbookEdit RunbookRunView "
        "RunbookRunCreate",
        "",
        "",
    ),
    (
        "Certificate manager",
        "CertificateView CertificateCreate CertificateEdit CertificateDelete CertificateExportPrivateKey "
        "EnvironmentView TenantView",
        "",
        "",
    ),
    (
        "Deployment creator",
        "DeploymentCreate DeploymentView EnvironmentView LifecycleView ProcessView ProjectView ReleaseView TaskView "
        "TenantView LibraryVariableSetView RunbookView RunbookRunView RunbookRunCreate",
        "",
        "",
    ),
    (
        "Environment manager",
        f"{_INFRASTRUCTURE} EnvironmentCreate EnvironmentEdit EnvironmentDelete MachineCreate MachineEdit "
        "MachineDelete TaskCreate TaskCancel AccountCreate AccountEdit AccountDelete ProxyCreate ProxyEdit ProxyDelete "
        "MachinePolicyCreate MachinePolicyEdit MachinePolicyDelete WorkerEdit",
        "TeamView",
        "",
    ),
    ("Environment viewer", _INFRASTRUCTURE, "TeamView", ""),
    (
        "Insights report manager",
        "InsightsReportView InsightsReportCreate InsightsReportEdit InsightsReportDelete EnvironmentView ProcessView "
        "ProjectGroupView ProjectView TenantView",
        "",
        "2023.4",
    ),
    ("Package publisher", _PACKAGES, "", ""),
    ("Project contributor", _CONTRIBUTED, _WHO, ""),
    ("Project deployer", f"{_CONTRIBUTED} DeploymentCreate InterruptionSubmit TaskCancel RunbookRunCreate", _WHO, ""),
    ("Project initiator", f"{_SEEN} ProjectCreate ProjectEdit ProjectDelete DefectReport DefectResolve", _WHO, ""),
    ("Project lead", f"{_CONTRIBUTED} ReleaseCreate ReleaseEdit ReleaseDelete ArtifactEdit ArtifactDelete", _WHO, ""),
    ("Project viewer", _SEEN, _WHO, ""),
    (
        "Release creator",
        "EnvironmentView FeedView ProcessView ProjectView ReleaseCreate ReleaseView RunbookView RunbookEdit",
        "",
        "",
    ),
    ("Runbook consumer", _RUNBOOKS_SEEN, "", ""),
    ("Runbook producer", _RUNBOOKS_MADE, "", ""),
    ("Space manager", _OF_SPACE_MANAGERS, _WHO, ""),
    ("System administrator", "", _OF_THE_SYSTEM, ""),
    ("System manager", "", _OF_THE_SYSTEM.replace("AdministerSystem ", ""), ""),
    ("Tenant manager", "TenantCreate TenantEdit TenantDelete TenantView", "", ""),
)


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    id: str
    name: str
    in_spaces: list[str]
    in_the_system: list[str]


def built_in_roles(version: str) -> Iterator[BuiltInRole]:
    """Those of a release, with the permissions that it knows."""
    known = permissions_of(version)
    for name, in_spaces, in_the_system, since in _ROLES:
        if at_least(version, since):
            yield BuiltInRole(
                f"userroles-{name.lower().replace(' ', '')}",
                name,
                sorted(known & set(in_spaces.split())),
                sorted(known & set(in_the_system.split())),
            )
