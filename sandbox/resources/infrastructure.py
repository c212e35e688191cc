"""Worker pools, targets, workers, machine policies and proxies. Targets and workers are kept as they are sent: nothing
here connects to a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.resources import variables
from sandbox.resources.environments import last_sort_order, sort_documents
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, TENANTED, filled
from sandbox.store import Document, Write

__all__ = [
    "MACHINES",
    "MACHINE_POLICIES",
    "MACHINE_POLICY_TEMPLATE",
    "PROXIES",
    "WORKERS",
    "WORKER_POOLS",
    "add_routes",
    "style_of",
]


def _one_default(save: Save) -> None:
    """Exactly one document of the kind is the default: the new one takes it from the old one."""
    others = [one for one in save.call.scope.collection(save.kind.collection).values() if one["Id"] != save.after["Id"]]
    if save.after["IsDefault"]:
        save.besides += [
            Write(save.kind.collection, other, {**other, "IsDefault": False}, side_effect=True)
            for other in others
            if other["IsDefault"]
        ]
    elif not any(other["IsDefault"] for other in others):
        save.after["IsDefault"] = True


def _prepare_pool(save: Save) -> None:
    last_sort_order(save)
    _one_default(save)
    save.after["CanAddWorkers"] = save.after["WorkerPoolType"] == "StaticWorkerPool"


def _delete_pool(_call: Call, pool: Document) -> list[Write]:
    if pool["IsDefault"]:
        raise bad_request("You cannot delete your default worker pool.")  # wording after the machine policy's
    return []


WORKER_POOLS = declare(
    Kind(
        collection="workerpools",
        prefix="WorkerPools",
        name="WorkerPool",
        fields=(
            NAME,
            Field("Description"),
            Field(
                "WorkerPoolType",
                "StaticWorkerPool",
                writable="create",
                required=True,
                choices=("StaticWorkerPool", "DynamicWorkerPool"),
            ),
            Field("WorkerType"),
            Field("IsDefault", False),
            own("CanAddWorkers", True),
            Field("SortOrder", 0, writable="create"),
        ),
        take=10,
        order="SortOrder",
        slug=True,
        links={"Workers": "workerpools/{Id}/workers{?skip,take,partialName}"},
        prepare=_prepare_pool,
        deleting=_delete_pool,
    )
)

MACHINE_POLICY_TEMPLATE: dict[str, Any] = {
    "MachineHealthCheckPolicy": {
        "PowerShellHealthCheckPolicy": {"RunType": "InheritFromDefault", "ScriptBody": None},
        "BashHealthCheckPolicy": {"RunType": "InheritFromDefault", "ScriptBody": None},
        "HealthCheckInterval": "1.00:00:00",
        "HealthCheckCron": None,
        "HealthCheckCronTimezone": None,
        "HealthCheckType": "RunScript",
    },
    "MachineConnectivityPolicy": {"MachineConnectivityBehavior": "ExpectedToBeOnline"},
    "MachineCleanupPolicy": {"DeleteMachinesBehavior": "DoNotDelete", "DeleteMachinesElapsedTimeSpan": "00:00:00"},
    "MachineUpdatePolicy": {
        "CalamariUpdateBehavior": "UpdateOnDeployment",
        "TentacleUpdateBehavior": "NeverUpdate",
        "KubernetesAgentUpdateBehavior": "Update",
        "TentacleUpdateAccountId": None,
    },
    "MachineRpcCallRetryPolicy": {"Enabled": True, "RetryDuration": "00:02:30", "HealthCheckRetryDuration": "00:02:30"},
    "MachinePackageCacheRetentionPolicy": {"Strategy": "Default"},
    "PollingRequestQueueTimeout": "00:02:00",
    "ConnectionRetrySleepInterval": "00:00:01",
    "ConnectionRetryCountLimit": 5,
    "ConnectionRetryTimeLimit": "00:05:00",
    "ConnectionConnectTimeout": "00:01:00",
}


def _prepare_policy(save: Save) -> None:
    """What a part of a policy leaves out gets the default of the template."""
    for name, default in MACHINE_POLICY_TEMPLATE.items():
        if isinstance(default, dict):
            save.after[name] = _whole(save.after[name], default)
    _one_default(save)


def _whole(given: Document, defaults: dict[str, Any]) -> Document:
    by_name = {key.lower(): value for key, value in given.items()}
    whole = filled(given, defaults)
    for name, default in defaults.items():
        if isinstance(default, dict):
            whole[name] = _whole(by_name.get(name.lower()) or {}, default)
    return whole


def _default_policy(call: Call) -> str | None:
    policies = call.scope.collection("machinepolicies").values()
    return next((one["Id"] for one in policies if one["IsDefault"]), None)


def _delete_policy(call: Call, policy: Document) -> list[Write]:
    """Targets and workers of a deleted policy have the default one (?)."""
    if policy["IsDefault"]:
        raise bad_request("You cannot delete your default machine policy.")
    default = _default_policy(call)
    return [
        Write(collection, machine, {**machine, "MachinePolicyId": default}, side_effect=True)
        for collection in ("machines", "workers")
        for machine in call.scope.collection(collection).values()
        if machine["MachinePolicyId"] == policy["Id"]
    ]


MACHINE_POLICIES = declare(
    Kind(
        collection="machinepolicies",
        prefix="MachinePolicies",
        name="MachinePolicy",
        fields=(
            NAME,
            Field("Description"),
            Field("IsDefault", False),
            *(Field(name, default) for name, default in MACHINE_POLICY_TEMPLATE.items()),
        ),
        references=(Reference("MachineUpdatePolicy.TentacleUpdateAccountId", "accounts", "block"),),
        prepare=_prepare_policy,
        deleting=_delete_policy,
    )
)

_MACHINE_STATE = (
    own("HealthStatus", "Unknown"),
    own("StatusSummary"),
    own("HasLatestCalamari", False),
    own("IsInProcess", False),
    own("OperatingSystem", "Unknown"),
    own("ShellName", "Unknown"),
    own("ShellVersion", "Unknown"),
    own("Architecture"),
)
_ENDPOINT_REFERENCES = (
    Reference("MachinePolicyId", "machinepolicies"),
    Reference("Endpoint.AccountId", "accounts", "block"),
    Reference("Endpoint.Authentication.AccountId", "accounts", "block"),
    Reference("Endpoint.ProxyId", "proxies", "block"),
    Reference("Endpoint.ClusterCertificate", "certificates", "block"),
    Reference("Endpoint.Authentication.ClientCertificate", "certificates", "block"),
    Reference("Endpoint.DefaultWorkerPoolId", "workerpools", "block"),
)


def style_of(machine: Document) -> str:
    """How a target or worker is spoken to."""
    return str(machine["Endpoint"].get("CommunicationStyle", "None"))


def _any_of(name: str | Callable[[Document], object]) -> Callable[[Document, list[str]], bool]:
    """A filter of a list: the property, or what is found in the document, holds one of the values."""

    def passes(machine: Document, values: list[str]) -> bool:
        found = machine[name] if isinstance(name, str) else name(machine)
        held = found if isinstance(found, list) else [found]
        return bool({str(one).casefold() for one in held} & {value.casefold() for value in values})

    return passes


# Of targets and workers alike.
_FOUND_OUT = {
    "commStyles": _any_of(style_of),
    "deploymentTargetTypes": _any_of(style_of),
    "healthStatuses": _any_of("HealthStatus"),
    "isDisabled": _any_of("IsDisabled"),
    "operatingSystemNames": _any_of("OperatingSystem"),
    "shellNames": _any_of("ShellName"),
    "thumbprint": _any_of("Thumbprint"),
}


def _prepare_worker(save: Save) -> None:
    """Only static pools take workers."""
    _complete(save)
    for pool_id in save.after["WorkerPoolIds"]:
        pool = save.call.scope.find("workerpools", pool_id)
        if pool and not pool.get("CanAddWorkers", True):
            raise bad_request(f"Workers cannot be added to the worker pool '{pool['Name']}'.")


def _complete(save: Save) -> None:
    """A target or worker that names no policy has the default one (?); a Tentacle shows its thumbprint, and the URL of
    one that listens, beside its endpoint, too (answers of servers of 2018 to 2020)."""
    machine, endpoint = save.after, save.after["Endpoint"]
    machine["MachinePolicyId"] = machine["MachinePolicyId"] or _default_policy(save.call)
    style = str(endpoint.get("CommunicationStyle"))
    if style.startswith("Tentacle") and endpoint.get("Thumbprint"):
        machine["Thumbprint"] = endpoint["Thumbprint"]
    if style == "TentaclePassive" and endpoint.get("Uri"):
        machine["Uri"] = endpoint["Uri"]


def _prepare_machine(save: Save) -> None:
    _complete(save)
    for name in ("EnvironmentIds", "Roles"):
        if not save.after[name]:
            raise bad_request(texts.required(name))


def _delete_machine(call: Call, machine: Document) -> list[Write]:
    return variables.without_scope(call, "Machine", [machine["Id"]])


MACHINES = declare(
    Kind(
        collection="machines",
        prefix="Machines",
        name="Machine",
        fields=(
            NAME,
            Field("EnvironmentIds", [], required=True),
            Field("Roles", [], required=True),
            Field("TenantedDeploymentParticipation", "Untenanted", choices=TENANTED),
            Field("TenantIds", []),
            Field("TenantTags", []),
            Field("MachinePolicyId"),
            Field("Endpoint", {}),
            Field("IsDisabled", False),
            Field("SkipInitialHealthCheck", False, writable="create"),
            Field("Thumbprint"),
            Field("Uri"),
            *_MACHINE_STATE,
        ),
        slug=True,
        references=(
            Reference("EnvironmentIds[]", "environments", "block"),
            Reference("TenantIds[]", "tenants", "remove"),
            Reference("TenantTags[]", "tags"),
            *_ENDPOINT_REFERENCES,
        ),
        name_since="",
        filters={
            "roles": _any_of("Roles"),
            "environmentIds": _any_of("EnvironmentIds"),
            "targetTags": _any_of("Roles"),
            "tenantIds": _any_of("TenantIds"),
            **_FOUND_OUT,
        },
        tagged={"tenantTags": "TenantTags[]"},
        links={"Connection": "machines/{Id}/connection", "TasksTemplate": "machines/{Id}/tasks{?skip,take}"},
        prepare=_prepare_machine,
        deleting=_delete_machine,
    )
)

WORKERS = declare(
    Kind(
        collection="workers",
        prefix="Workers",
        name="Worker",
        fields=(
            NAME,
            Field("WorkerPoolIds", [], required=True),
            Field("Endpoint", {}, required=True),
            Field("MachinePolicyId"),
            Field("IsDisabled", False, required=True),
            Field("SkipInitialHealthCheck", False, writable="create"),
            Field("Thumbprint", writable="never"),
            Field("Uri", writable="never"),
            *_MACHINE_STATE,
        ),
        slug=True,
        references=(Reference("WorkerPoolIds[]", "workerpools", "block"), *_ENDPOINT_REFERENCES),
        name_since="",
        filters={"workerPoolIds": _any_of("WorkerPoolIds"), **_FOUND_OUT},
        links={"Connection": "workers/{Id}/connection"},
        prepare=_prepare_worker,
    )
)

PROXIES = declare(
    Kind(
        collection="proxies",
        prefix="Proxies",
        name="Proxy",
        fields=(
            NAME,
            Field("Host", required=True),
            Field("Port", 0, required=True),
            Field("ProxyType", "HTTP"),
            Field("Username"),
            Field("Password", sensitive=True),
        ),
    )
)


def add_routes(router: Router) -> None:
    for kind in (WORKER_POOLS, MACHINE_POLICIES, MACHINES, WORKERS, PROXIES):
        crud.add_routes(router, kind)
    router.add("PUT", "workerpools/sortorder", lambda call: sort_documents(call, WORKER_POOLS))
    router.add("GET", "machinepolicies/template", _policy_template)
    router.add("GET", "machineroles/all", _roles)
    router.add("GET", "environments/{id}/machines", _machines_of_environment)


def _policy_template(_call: Call) -> Answer:
    return Answer({"Name": None, "Description": None, "IsDefault": False, **MACHINE_POLICY_TEMPLATE})


def _roles(call: Call) -> Answer:
    return Answer(sorted({role for machine in call.scope.collection("machines").values() for role in machine["Roles"]}))


def _machines_of_environment(call: Call) -> Answer:
    environment = call.find("environments", call.params["id"])["Id"]
    machines = [one for one in call.scope.collection("machines").values() if environment in one["EnvironmentIds"]]
    return crud.list_page(call, MACHINES, machines, f"environments/{environment}/machines", take=20)
