"""What tenants say for the templates of their projects and library sets, in the two forms that the API has.

The old one, `tenants/{id}/variables`, is one document with both halves; it knows no environments for library sets, so
(?) it leaves alone the values that have some. The new one has a route for each half, `commonvariables` and
`projectvariables`, and rows with a scope. In both, a save replaces: what is not sent any more is forgotten, and a
SensitiveValue without a new secret keeps the old one. `ConcurrencyToken` is optional; without it the last writer wins
(OctopusDeploy/Issues#6746).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import crud, secrets, texts
from sandbox.errors import bad_request, not_found
from sandbox.resources import tenant_values as values
from sandbox.resources.tenant_templates import COMMON, PROJECT, known, missing, owners_of
from sandbox.resources.tenants import TENANTS
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import objects
from sandbox.store import Document, Write
from sandbox.versions import at_least

__all__ = ["Row", "add_routes", "save_rows"]

_HOLDS_ID = {
    "AmazonWebServicesAccount": "accounts",
    "AzureAccount": "accounts",
    "GoogleCloudAccount": "accounts",
    "UsernamePasswordAccount": "accounts",
    "GenericOidcAccount": "accounts",
    "Certificate": "certificates",
    "WorkerPool": "workerpools",
}
_STALE = (
    "Modification failed for 'TenantVariables' document with '{id}' Id because submitted data was out of date. "
    "Refresh the document and try again."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A value as a body brings it."""

    id: str
    owner: Document
    template: Document
    environment_ids: tuple[str, ...]
    value: Any


def add_routes(router: Router) -> None:
    for method in ("PUT", "POST"):
        router.add(method, "tenants/{id}/variables", _put)
        router.add(method, "tenants/{id}/commonvariables", lambda call: _put_rows(call, COMMON), since="2026.1")
        router.add(method, "tenants/{id}/projectvariables", lambda call: _put_rows(call, PROJECT), since="2026.1")
    router.add("GET", "tenants/{id}/variables", lambda call: Answer(_document(call, _tenant(call))))
    router.add("GET", "tenants/{id}/commonvariables", lambda call: Answer(_rows(call, COMMON)), since="2026.1")
    router.add("GET", "tenants/{id}/projectvariables", lambda call: Answer(_rows(call, PROJECT)), since="2026.1")
    router.add("GET", "tenantvariables/all", _all)


def _tenant(call: Call) -> Document:
    return crud.find(call, TENANTS, call.params["id"])


def _all(call: Call) -> Answer:
    projects = call.arguments("projectId")
    tenants = call.scope.collection("tenants").values()
    linked = [one for one in tenants if not projects or set(projects) & set(one["ProjectEnvironments"])]
    return Answer([_document(call, tenant) for tenant in linked if tenant["Id"] not in call.store.hidden])


# -- the old form ----------------------------------------------------------------------------------------------------


def _document(call: Call, tenant: Document) -> Document:
    own = values.of_tenant(call, tenant["Id"])
    document: Document = {
        "Id": None,
        "TenantId": tenant["Id"],
        "TenantName": tenant["Name"],
        "SpaceId": call.space_id,
        "ProjectVariables": {},
        "LibraryVariables": {},
        "Links": {"Self": call.link(f"tenants/{tenant['Id']}/variables")},
    }
    if at_least(call.settings.version, "2023.4"):
        document["ConcurrencyToken"] = values.token(own)
    for owner_id, project in owners_of(call, tenant, PROJECT).items():
        by_environment: Document = {environment: {} for environment in tenant["ProjectEnvironments"][owner_id]}
        for value in known({owner_id: project}, own):
            for environment in value["EnvironmentIds"]:
                by_environment.setdefault(environment, {})[value["VariableTemplateId"]] = value["Value"]
        document["ProjectVariables"][owner_id] = _half("Project", "projects", call, project, by_environment)
    for owner_id, library_set in owners_of(call, tenant, COMMON).items():
        unscoped = [one for one in known({owner_id: library_set}, own) if not one["EnvironmentIds"]]
        by_template = {one["VariableTemplateId"]: one["Value"] for one in unscoped}
        half = _half("LibraryVariableSet", "libraryvariablesets", call, library_set, by_template)
        document["LibraryVariables"][owner_id] = half
    return document


def _half(name: str, path: str, call: Call, owner: Document, said: Document) -> Document:
    return {
        f"{name}Id": owner["Id"],
        f"{name}Name": owner["Name"],
        "Templates": owner["Templates"],
        "Variables": said,
        "Links": {name: call.link(f"{path}/{owner['Id']}")},
    }


def _put(call: Call) -> Answer:
    tenant, body = _tenant(call), call.json()
    own = values.of_tenant(call, tenant["Id"])
    _check_token(body, own, tenant)
    rows: list[Row] = []
    for owner, environment, said in _said(call, tenant, body):
        for template_id, value in said.items():
            if value is not None:
                rows.append(_row(call, tenant, owner, "", template_id, [environment] if environment else [], value))
    untold = [one for one in own if one["OwnerId"].startswith(COMMON) and one["EnvironmentIds"]]
    replaced = [one for one in own if one not in untold]
    _replace(call, tenant, replaced, rows)
    return Answer(_document(call, tenant))


def _said(call: Call, tenant: Document, body: Document) -> list[tuple[Document, str | None, Document]]:
    """Each bag of values in an old document: whose it is, and for a project's in which environment."""
    found: list[tuple[Document, str | None, Document]] = []
    for half, name in ((PROJECT, "ProjectVariables"), (COMMON, "LibraryVariables")):
        given = _bag(body.get(name), name)
        owners = owners_of(call, tenant, half)
        for owner_id, entry in given.items():
            said = _bag(_bag(entry, name).get("Variables"), f"{name}.Variables")
            if owner_id not in owners:
                if said:
                    raise not_found(owner_id)
                continue
            if half == COMMON:
                found.append((owners[owner_id], None, said))
            else:
                found += [(owners[owner_id], key, _bag(bag, name)) for key, bag in said.items()]
    return found


def _bag(value: Any, path: str) -> Document:
    """A JSON object; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(texts.wrong_type(value, path))
    return value


# -- the new form ----------------------------------------------------------------------------------------------------


def _rows(call: Call, half: str, *, answer_to_put: bool = False) -> Document:
    tenant = _tenant(call)
    own = [one for one in values.of_tenant(call, tenant["Id"]) if one["OwnerId"].startswith(half)]
    owners = owners_of(call, tenant, half)
    answer: Document = {"TenantId": tenant["Id"]}
    if at_least(call.settings.version, "2026.2"):  # in the reference of 2026, not in the Swagger of 2026.1
        answer["ConcurrencyToken"] = values.token(own)
    answer["Variables"] = [
        {
            "Id": one["Id"],
            **_named(owners[one["OwnerId"]], half),
            **_of_template(owners[one["OwnerId"]], one["VariableTemplateId"]),
            "Value": one["Value"],
            "Scope": {"EnvironmentIds": one["EnvironmentIds"]},
        }
        for one in known(owners, own)
    ]
    if not answer_to_put and (call.argument("includeMissingVariables") or "").lower() == "true":
        answer["MissingVariables"] = [
            {
                **_named(owner, half),
                **_of_template(owner, template["Id"]),
                "Value": template["DefaultValue"],
                "Scope": {"EnvironmentIds": [environment] if environment else []},
            }
            for owner, template, environment in missing(call, tenant, half)
        ]
    return answer


def _named(owner: Document, half: str) -> Document:
    name = "Project" if half == PROJECT else "LibraryVariableSet"
    return {f"{name}Id": owner["Id"], f"{name}Name": owner["Name"]}


def _of_template(owner: Document, template_id: str) -> Document:
    template = next(one for one in owner["Templates"] if one["Id"] == template_id)
    return {"TemplateId": template_id, "Template": template}


def _put_rows(call: Call, half: str) -> Answer:
    tenant, body = _tenant(call), call.json()
    own = [one for one in values.of_tenant(call, tenant["Id"]) if one["OwnerId"].startswith(half)]
    _check_token(body, own, tenant)
    if body.get("TenantId") not in (None, tenant["Id"]):
        raise bad_request(texts.mismatch("TenantId", body["TenantId"], tenant["Id"]))
    if "Variables" not in body:
        raise bad_request(texts.required("Variables"))
    save_rows(call, tenant, half, objects(body["Variables"], "Variables"))
    return Answer(_rows(call, half, answer_to_put=True))


def save_rows(call: Call, tenant: Document, half: str, given: list[Document]) -> None:
    """Replace one half of what a tenant says by these rows, in the form of the newer routes.

    Raises ApiError 400 or 404 for a row that cannot be; then nothing is changed.
    """
    owners = owners_of(call, tenant, half)
    name = "ProjectId" if half == PROJECT else "LibraryVariableSetId"
    rows: list[Row] = []
    for one in given:
        owner_id = one.get("OwnerId") or one.get(name)
        if owner_id not in owners:
            raise not_found(owner_id)
        environments = _bag(one.get("Scope"), "Variables.Scope").get("EnvironmentIds") or []
        if not isinstance(environments, list):
            raise bad_request(texts.wrong_type(environments, "Variables.Scope.EnvironmentIds"))
        if half == PROJECT and not environments:
            raise bad_request(texts.required("Variables.Scope.EnvironmentIds"))
        template = one.get("TemplateId")
        row_id = str(one.get("Id") or "")
        rows.append(_row(call, tenant, owners[owner_id], row_id, template, environments, one.get("Value")))
    _check_distinct(rows)
    stored = [one for one in values.of_tenant(call, tenant["Id"]) if one["OwnerId"].startswith(half)]
    _replace(call, tenant, stored, rows)


def _check_distinct(rows: list[Row]) -> None:
    seen: set[tuple[str, str, str | None]] = set()
    for row in rows:
        for environment in row.environment_ids or (None,):
            key = (row.owner["Id"], row.template["Id"], environment)
            if key in seen:
                raise bad_request(f"The template '{row.template['Name']}' has more than one value in the same scope.")
            seen.add(key)


# -- saving ----------------------------------------------------------------------------------------------------------


def _check_token(body: Document, stored: list[Document], tenant: Document) -> None:
    sent = body.get("ConcurrencyToken")
    if sent and sent != values.token(stored):
        raise bad_request(_STALE.format(id=tenant["Id"]))


def _row(
    call: Call, tenant: Document, owner: Document, row_id: str, template_id: Any, environments: list[Any], value: Any
) -> Row:
    """A value that may be. Raises ApiError 404 for a template, an environment or a document that is not there."""
    template = next((one for one in owner["Templates"] if one["Id"] == template_id), None)
    if template is None:
        raise not_found(template_id)
    linked = tenant["ProjectEnvironments"].get(owner["Id"])
    for environment in environments:
        if call.scope.find("environments", environment) is None:
            raise not_found(environment)
        if linked is not None and environment not in linked:
            raise bad_request(f"The tenant is not connected to '{owner['Name']}' in '{environment}'.")
    control = template["DisplaySettings"].get("Octopus.ControlType")
    if control == "Sensitive" and isinstance(value, str):
        value = {**secrets.EMPTY, "NewValue": value}
    if not isinstance(value, str) and not secrets.is_sensitive_value(value):
        raise bad_request(texts.wrong_type(value, "Variables.Value"))
    collection = _HOLDS_ID.get(control)
    is_id = bool(collection) and isinstance(value, str) and value != "" and "#{" not in value
    if is_id and call.scope.find(collection or "", value) is None:
        raise not_found(value)
    return Row(row_id, owner, template, tuple(environments), value)


def _replace(call: Call, tenant: Document, stored: list[Document], rows: list[Row]) -> None:
    """Turn the stored values into these: by id, else by place; what has no row any more goes."""
    left = {one["Id"]: one for one in stored}
    writes: list[Write] = []
    for row in rows:
        before = _match(left, row)
        if before is None:
            kept = _kept_elsewhere(call, stored, row)
            environments = list(row.environment_ids)
            new = (row.owner["Id"], row.template["Id"], environments, kept)
            writes.append(values.new_value(call, tenant["Id"], *new))
            continue
        del left[before["Id"]]
        place = {"OwnerId": row.owner["Id"], "VariableTemplateId": row.template["Id"]}
        after = {**before, **place, "EnvironmentIds": list(row.environment_ids), "Value": row.value}
        held = call.store.secrets_of(before["Id"])
        clean, taken = secrets.separate(after, held)
        if clean != before or taken != held:
            clean["Revision"] = before["Revision"] + 1
            writes.append(Write(values.TENANT_VALUES.collection, before, clean, taken))
    writes = [*(Write(values.TENANT_VALUES.collection, one, None) for one in left.values()), *writes]
    if writes:
        call.store.commit(call.space_id, writes, call.actor)


def _match(left: dict[str, Document], row: Row) -> Document | None:
    if row.id in left:
        return left[row.id]
    for one in left.values():
        if _place_of(one) == (row.owner["Id"], row.template["Id"]) and one["EnvironmentIds"] == [*row.environment_ids]:
            return one
    return None


def _place_of(value: Document) -> tuple[str, str]:
    return value["OwnerId"], value["VariableTemplateId"]


def _kept_elsewhere(call: Call, stored: list[Document], row: Row) -> Any:
    """The value to store under a new id: "keep the secret" means the one that a wider value held until now."""
    if not secrets.is_sensitive_value(row.value):
        return row.value
    given = {str(key).lower(): item for key, item in row.value.items()}
    if given.get("newvalue") is not None or not given.get("hasvalue"):
        return row.value
    for one in stored:
        if _place_of(one) == (row.owner["Id"], row.template["Id"]) and set(row.environment_ids) <= {
            *one["EnvironmentIds"]
        }:
            return {"HasValue": True, "NewValue": call.store.secret(one["Id"], values.PLACE)}
    return row.value
