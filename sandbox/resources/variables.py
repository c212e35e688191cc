"""Variable sets: the variables of a project or a library set, always saved whole.

A sensitive variable's value is a secret at the place `Variables/<variable id>`. Read, its `Value` is null; sent with
the same id and null, it is kept. The set's `Version` is a token: a save that carries another one is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox import crud, tags, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import KINDS, Kind, declare
from sandbox.resources.scopes import check_scope, scope_values
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import filled, objects
from sandbox.store import Document, Write

__all__ = ["VARIABLE_SETS", "add_routes", "new_set", "set_id", "without_scope"]

STALE = (
    "Changes to these variables could not be saved, because another user has made changes to the variables between "
    "when you started editing and when you saved your changes. Please refresh the page and try again."
)

# Types whose value is the id of a document (Octopus API reference, 2026).
_HOLDS_ID = {
    "Certificate": "certificates",
    "AmazonWebServicesAccount": "accounts",
    "AzureAccount": "accounts",
    "GoogleCloudAccount": "accounts",
    "UsernamePasswordAccount": "accounts",
    "GenericOidcAccount": "accounts",
    "WorkerPool": "workerpools",
}
_TYPES = {name.lower(): name for name in ("String", "Sensitive", *_HOLDS_ID)}


def _shown(call: Call, variable_set: Document) -> Document:
    seen = filter(call.access.sees_variable, variable_set["Variables"])
    variables = [_with_tag_names(call, variable) for variable in seen]
    return {**variable_set, "Variables": variables, "ScopeValues": scope_values(call, variable_set["OwnerId"])}


def _with_tag_names(call: Call, variable: Document) -> Document:
    if "TenantTag" not in variable["Scope"]:
        return variable
    names = [tags.to_name(call, value) for value in variable["Scope"]["TenantTag"]]
    return {**variable, "Scope": {**variable["Scope"], "TenantTag": names}}


VARIABLE_SETS = declare(
    Kind(
        collection="variables",
        prefix="variableset",
        name="VariableSet",
        fields=(),
        order="Id",
        unique_name=False,
        routes=(),
        shown=_shown,
    )
)


def set_id(owner_id: str) -> str:
    return f"variableset-{owner_id}"


def new_set(call: Call, owner_id: str) -> Write:
    """The empty set that comes with a project or library set."""
    document: Document = {
        "Id": set_id(owner_id),
        "OwnerId": owner_id,
        "SpaceId": call.space_id,
        "Version": 0,
        "Variables": [],
    }
    return Write("variables", None, document, side_effect=True)


def add_routes(router: Router) -> None:
    crud.add_routes(router, VARIABLE_SETS)
    router.add("GET", "variables/all", _all)
    router.add("GET", "variables/{id}", _get)
    router.add("PUT", "variables/{id}", _put)
    router.add("GET", "projects/{id}/variables", _get_of_project, scope="named-space", since="2023.4")
    router.add("PUT", "projects/{id}/variables", _put_of_project, scope="named-space", since="2023.4")


def _all(call: Call) -> Answer:
    """The sets named by `ids`; those that do not exist are left out in silence, as in any list."""
    found = (call.scope.find("variables", wanted) for wanted in call.arguments("ids"))
    return Answer([crud.show(call, VARIABLE_SETS, document) for document in found if document and call.sees(document)])


def _get(call: Call) -> Answer:
    """A set, or the frozen copy of one."""
    frozen = call.scope.find("frozenvariables", call.params["id"])
    if frozen:
        return Answer(
            crud.show(call, VARIABLE_SETS, {key: value for key, value in frozen.items() if key != "IsFrozen"})
        )
    return Answer(crud.show(call, VARIABLE_SETS, crud.find(call, VARIABLE_SETS, call.params["id"])))


def _put(call: Call) -> Answer:
    if call.scope.find("frozenvariables", call.params["id"]):
        raise bad_request(texts.frozen("variable set"))
    before = crud.find(call, VARIABLE_SETS, call.params["id"])
    return Answer(crud.show(call, VARIABLE_SETS, save(call, before, call.json())))


def _of_project(call: Call) -> Document:
    project = crud.find(call, KINDS["projects"], call.params["id"])
    return call.find("variables", project["VariableSetId"])


def _get_of_project(call: Call) -> Answer:
    return Answer(crud.show(call, VARIABLE_SETS, _of_project(call)))


def _put_of_project(call: Call) -> Answer:
    body = call.json()
    if "Variables" not in body:
        raise bad_request(texts.required("Variables"))
    save(call, _of_project(call), body)
    return Answer({})


def save(call: Call, before: Document, body: Document) -> Document:
    """Replace all variables of a set. Raises ApiError 400 for a stale version, a scope that leads nowhere, and more.

    A body without `Version` is taken (?): the contract does not demand one, and nobody recorded what comes of it.
    """
    after, secrets = replaced(call, before, body)
    call.store.commit(call.space_id, [Write("variables", before, after, secrets)], call.actor)
    return after


def replaced(call: Call, before: Document, body: Document) -> tuple[Document, dict[str, str]]:
    """What `save` stores: the set with its new variables, and their secrets."""
    version = body.get("Version")
    if version is not None and version != before["Version"]:
        raise bad_request(STALE)
    for name in ("Id", "OwnerId"):
        if body.get(name) and str(body[name]).casefold() != before[name].casefold():
            raise bad_request(texts.mismatch(name, body[name], before[name]))
    stored = {variable["Id"]: variable for variable in before["Variables"]}
    kept = call.store.secrets_of(before["Id"])
    # What the caller cannot see stays as it is.
    variables = [variable for variable in before["Variables"] if not call.access.sees_variable(variable)]
    places = {_place(variable["Id"]) for variable in variables}
    secrets = {place: secret for place, secret in kept.items() if place in places}
    for given in objects(body.get("Variables"), "Variables"):
        variable = _variable(call, before["OwnerId"], given, stored)
        variables.append(_conceal(variable, variable["Id"] in stored, kept, secrets))
    ids = [variable["Id"].lower() for variable in variables]
    if len(set(ids)) < len(ids):
        raise bad_request("Variable ids must be unique.")
    return {**before, "Version": before["Version"] + 1, "Variables": variables}, secrets


def _place(variable_id: str) -> str:
    return f"Variables/{variable_id}"


def _conceal(variable: Document, known: bool, kept: dict[str, str], secrets: dict[str, str]) -> Document:
    if not variable["IsSensitive"]:
        return variable
    place = _place(variable["Id"])
    if variable["Value"] is not None:
        secrets[place] = variable["Value"]
    elif known and place in kept:
        secrets[place] = kept[place]
    return {**variable, "Value": None}


def _variable(call: Call, owner_id: str, given: Document, stored: Mapping[str, Document]) -> Document:
    variable = filled(
        given,
        {
            "Id": "",
            "Name": "",
            "Value": None,
            "Description": "",
            "Scope": {},
            "IsEditable": True,
            "Prompt": None,
            "Type": "String",
            "IsSensitive": False,
        },
    )
    variable["Id"] = str(variable["Id"]) or call.store.next_guid()
    variable["Name"] = str(variable["Name"]).strip()
    if not variable["Name"]:
        raise bad_request(texts.required("Variables.Name"))
    if variable["Value"] is not None and not isinstance(variable["Value"], str):
        raise bad_request(texts.wrong_type(variable["Value"], "Variables.Value"))
    kind = _TYPES.get(str(variable["Type"]).lower())
    if kind is None:
        raise bad_request(texts.wrong_choice(variable["Type"], "Variables.Type"))
    variable["IsSensitive"] = bool(variable["IsSensitive"]) or kind == "Sensitive"
    variable["Type"] = "Sensitive" if variable["IsSensitive"] else kind
    _check_value(call, variable)
    before = stored.get(variable["Id"], {}).get("Scope", {})
    variable["Scope"] = check_scope(call, owner_id, variable["Scope"], variable["Name"], before)
    variable["Prompt"] = _prompt(variable)
    return variable


def _check_value(call: Call, variable: Document) -> None:
    collection = _HOLDS_ID.get(variable["Type"])
    if collection and variable["Value"] and call.scope.find(collection, variable["Value"]) is None:
        raise not_found(variable["Value"])


def _prompt(variable: Document) -> Document | None:
    if variable["Prompt"] is None:
        return None
    if not isinstance(variable["Prompt"], dict):
        raise bad_request(texts.wrong_type(variable["Prompt"], "Variables.Prompt"))
    if set(variable["Scope"]) - {"Environment"}:
        raise bad_request(f"The prompted variable '{variable['Name']}' may be scoped to environments only.")
    return filled(variable["Prompt"], {"Label": None, "Description": None, "Required": False, "DisplaySettings": {}})


def without_scope(call: Call, dimension: str, ids: Iterable[str], *, except_set: str = "") -> list[Write]:
    """The writes that take ids out of every variable's scope, because what they named is deleted.

    A variable that was scoped to nothing else in this dimension goes: without the scope it would reach further
    (OctopusDeploy/Issues#2695). `except_set` is left alone, because it is deleted itself.
    """
    gone = {one.casefold() for one in ids}
    writes: list[Write] = []
    for before in call.scope.collection("variables").values():
        if before["Id"] == except_set:
            continue
        variables = [_unscoped(variable, dimension, gone) for variable in before["Variables"]]
        if variables == before["Variables"]:
            continue
        left = [variable for variable in variables if variable is not None]
        places = {_place(variable["Id"]) for variable in left}
        secrets = {place: value for place, value in call.store.secrets_of(before["Id"]).items() if place in places}
        after = {**before, "Version": before["Version"] + 1, "Variables": left}
        writes.append(Write("variables", before, after, secrets, side_effect=True))
    return writes


def _unscoped(variable: Document, dimension: str, gone: set[str]) -> Any:
    scoped = variable["Scope"].get(dimension)
    if not scoped:
        return variable
    left = [one for one in scoped if one.casefold() not in gone]
    if len(left) == len(scoped):
        return variable
    return {**variable, "Scope": {**variable["Scope"], dimension: left}} if left else None
