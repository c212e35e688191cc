"""What the pages of targets, workers and pools list besides the documents themselves; and target tags."""

from __future__ import annotations

from functools import partial

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import Kind
from sandbox.resources.environments import singly_scoped
from sandbox.resources.infrastructure import MACHINE_POLICIES, MACHINES, WORKER_POOLS, WORKERS
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["add_routes"]

# (?) Those that a public issue or the reference names.
_WORKER_TYPES = ("UbuntuDefault", "Ubuntu2204", "WindowsDefault", "Windows2022")
_TAGS = "deploymenttargettags"


def add_routes(router: Router) -> None:
    for kind in (MACHINES, WORKERS):
        router.add("GET", f"machinepolicies/{{id}}/{kind.collection}", partial(_of_policy, kind))
    router.add("GET", "machines/{id}/singlyscopedvariabledetails", _singly_scoped, since="2023.4")
    router.add("GET", "workerpools/{id}/workers", _of_pool)
    router.add("GET", "workerpools/supportedtypes", _pool_types)
    router.add("GET", "workerpools/dynamicworkertypes", _worker_types)
    router.add("GET", _TAGS, _target_tags, since="2026.1")
    router.add("POST", _TAGS, _create_target_tag, since="2026.1")
    router.add("GET", f"{_TAGS}/{{tag}}", lambda call: Answer(_target_tag(call, _find(call))), since="2026.1")
    router.add("DELETE", f"{_TAGS}/{{tag}}", _delete_target_tag, since="2026.1")


def _of_policy(kind: Kind, call: Call) -> Answer:
    """Targets or workers of a policy."""
    policy = crud.find(call, MACHINE_POLICIES, call.params["id"])["Id"]
    found = [one for one in call.scope.collection(kind.collection).values() if one["MachinePolicyId"] == policy]
    return crud.list_page(call, kind, found, f"machinepolicies/{policy}/{kind.collection}", take=10)


def _singly_scoped(call: Call) -> Answer:
    machine = crud.find(call, MACHINES, call.params["id"])["Id"]
    return Answer({"Resource": singly_scoped(call, "Machine", machine)})


def _of_pool(call: Call) -> Answer:
    pool = crud.find(call, WORKER_POOLS, call.params["id"])["Id"]
    workers = [one for one in call.scope.collection("workers").values() if pool in one["WorkerPoolIds"]]
    return crud.list_page(call, WORKERS, workers, f"workerpools/{pool}/workers", take=20)


def _pool_types(_: Call) -> Answer:
    return Answer({"Id": None, "SupportedPoolTypes": ["StaticWorkerPool", "DynamicWorkerPool"], "Links": {}})


def _worker_types(_: Call) -> Answer:
    types = [{"Id": one, "Type": one, "Description": one} for one in _WORKER_TYPES]
    return Answer({"Id": None, "WorkerTypes": types, "Links": {}})


def _used(call: Call) -> set[str]:
    return {role for machine in call.scope.collection("machines").values() for role in machine["Roles"]}


def _known(call: Call) -> list[str]:
    """The tags that were made, and those that targets carry."""
    made = {one["Tag"] for one in call.scope.collection(_TAGS).values()}
    return sorted(made | _used(call), key=str.casefold)


def _target_tag(call: Call, tag: str) -> Document:
    return {"SpaceId": call.space_id, "Tag": tag}


def _find(call: Call) -> str:
    wanted = call.params["tag"].casefold()
    found = next((one for one in _known(call) if one.casefold() == wanted), None)
    if found is None:
        raise not_found(call.params["tag"])
    return found


def _target_tags(call: Call) -> Answer:
    wanted = {one.casefold() for one in call.arguments("tags")}
    machines = call.arguments("machineIds")
    tags = [one for one in _known(call) if not wanted or one.casefold() in wanted]
    if machines:
        carried = {role for one in machines for role in call.find("machines", one)["Roles"]}
        tags = [one for one in tags if one in carried]
    skip, take = call.number("skip", 0), call.number("take", 30)
    shown = [_target_tag(call, one) for one in tags[skip : skip + take]]
    return Answer({"DeploymentTargetTags": shown, "Count": len(tags)})


def _create_target_tag(call: Call) -> Answer:
    tag = call.json().get("Tag")
    if not isinstance(tag, str) or not tag.strip():
        raise bad_request(texts.required("Tag"))
    if len(tag) > 200:
        raise bad_request(texts.too_long("Tag", 200))
    if tag.strip().casefold() in {one.casefold() for one in _known(call)}:
        raise bad_request(texts.name_taken("target tag"))
    document: Document = {"Id": f"TargetTags-{tag.strip().casefold()}", "Name": tag.strip(), "Tag": tag.strip()}
    call.store.commit(call.space_id, [Write(_TAGS, None, document)], call.actor)
    return Answer(_target_tag(call, document["Tag"]), status=201)


def _delete_target_tag(call: Call) -> Answer:
    tag = _find(call)
    names = [f"'{one['Name']}'" for one in call.scope.collection("machines").values() if tag in one["Roles"]]
    if names:
        raise bad_request(texts.in_use("target tag", "deployment targets", names))
    document = call.find(_TAGS, f"TargetTags-{tag.casefold()}")
    call.store.commit(call.space_id, [Write(_TAGS, document, None)], call.actor)
    return Answer()
