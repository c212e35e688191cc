"""The permissions that user roles grant, by their names in the server's Swagger, and since which release."""

from __future__ import annotations

from sandbox.versions import at_least

__all__ = ["PERMISSIONS", "SPACE_LEVEL", "SYSTEM_LEVEL", "permissions_of"]

# Those of the Swagger of 2026.1.
_NAMES = """
AdministerSystem ProjectEdit ProjectView ProjectCreate ProjectDelete ProcessView ProcessEdit VariableEdit
VariableEditUnscoped VariableView VariableViewUnscoped ReleaseCreate ReleaseView ReleaseEdit ReleaseDelete
DefectReport DefectResolve DeploymentCreate DeploymentDelete DeploymentView EnvironmentView EnvironmentCreate
EnvironmentEdit EnvironmentDelete MachineCreate MachineEdit MachineView MachineDelete ArtifactView
ArtifactCreate ArtifactEdit ArtifactDelete FeedView EventView LibraryVariableSetView LibraryVariableSetCreate
LibraryVariableSetEdit LibraryVariableSetDelete ProjectGroupView ProjectGroupCreate ProjectGroupEdit
ProjectGroupDelete TeamCreate TeamView TeamEdit TeamDelete UserView UserInvite UserRoleView UserRoleEdit
TaskView TaskCreate TaskCancel TaskEdit TaskPrioritize InterruptionView InterruptionSubmit
InterruptionViewSubmitResponsible BuiltInFeedPush BuiltInFeedAdminister BuiltInFeedDownload ActionTemplateView
ActionTemplateCreate ActionTemplateEdit ActionTemplateDelete LifecycleCreate LifecycleView LifecycleEdit
LifecycleDelete AccountView AccountEdit AccountCreate AccountDelete TenantCreate TenantEdit TenantView
TenantDelete TagSetCreate TagSetEdit TagSetDelete TelemetryView MachinePolicyCreate MachinePolicyView
MachinePolicyEdit MachinePolicyDelete ProxyCreate ProxyView ProxyEdit ProxyDelete SubscriptionCreate
SubscriptionView SubscriptionEdit SubscriptionDelete TriggerCreate TriggerView TriggerEdit TriggerDelete
CertificateView CertificateCreate CertificateEdit CertificateDelete CertificateExportPrivateKey UserEdit
ConfigureServer FeedEdit WorkerView WorkerEdit SpaceEdit SpaceView SpaceDelete SpaceCreate
BuildInformationPush BuildInformationAdminister RunbookView RunbookEdit RunbookRunView RunbookRunDelete
RunbookRunCreate GitCredentialView GitCredentialEdit EventRetentionDelete EventRetentionView
InsightsReportView InsightsReportCreate InsightsReportEdit InsightsReportDelete DeploymentFreezeAdminister
TargetTagView TargetTagAdminister PlatformHubView PlatformHubEdit RetentionAdminister FeatureToggleEdit
"""
PERMISSIONS = frozenset(_NAMES.split())

# The first of the Swaggers that were read that has it; the others are in the one of 2021.2.
_SINCE = {
    "2023.4": """
        EventRetentionDelete EventRetentionView GitCredentialEdit GitCredentialView InsightsReportCreate
        InsightsReportDelete InsightsReportEdit InsightsReportView TelemetryView
    """,
    "2026.1": """
        DeploymentFreezeAdminister FeatureToggleEdit PlatformHubEdit PlatformHubView RetentionAdminister
        TargetTagAdminister TargetTagView TaskPrioritize
    """,
}

# Those that Octopus' documentation of default permissions has under the system alone, and under both (2023). (?) What
# came after it, but for freezes, which it calls one of the system.
_OF_THE_SYSTEM = """
AdministerSystem ConfigureServer UserView UserInvite UserEdit UserRoleView UserRoleEdit SpaceView SpaceCreate SpaceEdit
SpaceDelete EventRetentionView EventRetentionDelete DeploymentFreezeAdminister PlatformHubView PlatformHubEdit
TelemetryView
"""
_OF_BOTH = "EventView TeamCreate TeamView TeamEdit TeamDelete TaskView TaskCreate TaskCancel TaskEdit TaskPrioritize"
SYSTEM_LEVEL = frozenset(f"{_OF_THE_SYSTEM} {_OF_BOTH}".split())
"""What can be granted in the system."""
SPACE_LEVEL = PERMISSIONS - set(_OF_THE_SYSTEM.split())
"""What can be granted in a space."""


def permissions_of(version: str) -> frozenset[str]:
    """The permissions that a release has."""
    later = (names for since, names in _SINCE.items() if not at_least(version, since))
    return PERMISSIONS - {name for names in later for name in names.split()}
