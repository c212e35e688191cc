"""Deployment freezes: times in which nothing is deployed, of the whole server.

They name projects and environments of any space, since such ids are given once in a server. A POST takes the scope of
projects alone; tenants and recurrence come by a PUT (server Swagger 2026.1). What is deleted leaves the scopes, and a
freeze may be left without any (Issues#8845, #9785).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web

from sandbox import crud, texts
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, Save, declare
from sandbox.paging import select
from sandbox.routing import Answer, Call, Router
from sandbox.settings import Settings
from sandbox.shapes import filled, objects
from sandbox.store import Commit, Document, Store, Write

__all__ = ["FREEZES", "add_routes", "install"]

_SINCE = "2024.3"  # the first release that a public report names (Issues#8845)
_SCOPED = {"ProjectId": "projects", "EnvironmentId": "environments", "TenantId": "tenants"}


def _moment(value: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise bad_request(texts.wrong_type(value, name)) from error
    if moment.tzinfo is None:
        raise bad_request(f"{name} must have an offset.")
    return moment


def _exists(store: Store, collection: str, document_id: Any) -> bool:
    return any(store.space(space["Id"]).find(collection, document_id) is not None for space in store.spaces())


def _check(save: Save, collection: str, document_id: Any) -> None:
    if not _exists(save.call.store, collection, document_id):
        raise not_found(document_id)


def _prepare(save: Save) -> None:
    freeze = save.after
    if _moment(freeze["End"], "End") <= _moment(freeze["Start"], "Start"):
        raise bad_request("The end of a deployment freeze must be after its start.")
    for project, environments in freeze["ProjectEnvironmentScope"].items():
        _check(save, "projects", project)
        if not isinstance(environments, list):
            raise bad_request(texts.wrong_type(environments, f"ProjectEnvironmentScope.{project}"))
        for one in environments:
            _check(save, "environments", one)
    scope = objects(freeze["TenantProjectEnvironmentScope"], "TenantProjectEnvironmentScope")
    freeze["TenantProjectEnvironmentScope"] = [filled(one, dict.fromkeys(_SCOPED)) for one in scope]
    for row in freeze["TenantProjectEnvironmentScope"]:
        for name, collection in _SCOPED.items():
            _check(save, collection, row[name])


FREEZES = declare(
    Kind(
        collection="deploymentfreezes",
        prefix="DeploymentFreezes",
        name="DeploymentFreeze",
        fields=(
            Field("Name", required=True, max_length=200),
            Field("Description"),
            Field("Start", required=True),
            Field("End", required=True),
            Field("ProjectEnvironmentScope", {}),
            Field("TenantProjectEnvironmentScope", [], writable="update"),
            Field("RecurringSchedule", writable="update"),
        ),
        scope="system",
        routes=("delete",),
        since=_SINCE,
        prepare=_prepare,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, FREEZES)
    for method, template, handler in (
        ("GET", "deploymentfreezes", _list),
        ("POST", "deploymentfreezes", _create),
        ("GET", "deploymentfreezes/{id}", lambda call: Answer(_shown(call, _find(call)))),
        ("PUT", "deploymentfreezes/{id}", _put),
    ):
        router.add(method, template, handler, scope="system", since=_SINCE)


def _find(call: Call) -> Document:
    return crud.find(call, FREEZES, call.params["id"])


def _shown(call: Call, freeze: Document) -> Document:
    """Without links, which freezes do not have."""
    return {key: value for key, value in crud.show(call, FREEZES, freeze).items() if key not in ("Links", "SpaceId")}


def _create(call: Call) -> Answer:
    return Answer(_shown(call, crud.create(call, FREEZES, call.json())), status=201)


def _put(call: Call) -> Answer:
    return Answer(_shown(call, crud.update(call, FREEZES, _find(call), call.json())))


def _list(call: Call) -> Answer:
    """In an envelope of its own, without what is over unless `includeComplete` asks for it."""
    found = select(call, FREEZES, call.scope.collection(FREEZES.collection).values())
    if (call.argument("includeComplete") or "false").lower() != "true":
        now = call.store.clock()
        found = [one for one in found if one["RecurringSchedule"] or _moment(one["End"], "End") > now]
    at = call.argument("effectiveDate")
    if at:
        moment = _moment(at, "effectiveDate")
        found = [one for one in found if _moment(one["Start"], "Start") <= moment < _moment(one["End"], "End")]
    status = (call.argument("status") or "").lower()
    if status:
        found = [one for one in found if _status(call, one) == status]
    for name, ids in (("projectIds", _projects), ("environmentIds", _environments), ("tenantIds", _tenants)):
        wanted = set(call.arguments(name))
        found = [one for one in found if not wanted or wanted & ids(one)]
    skip, take = call.number("skip", 0), call.number("take", 30)
    shown = [_shown(call, one) for one in found[skip : skip + take]]
    return Answer({"DeploymentFreezes": shown, "Count": len(found)})


def _status(call: Call, freeze: Document) -> str:
    """(?) What is meant by each word."""
    now = call.store.clock()
    if now < _moment(freeze["Start"], "Start"):
        return "scheduled"
    return "active" if now < _moment(freeze["End"], "End") else "expired"


def _projects(freeze: Document) -> set[str]:
    return {*freeze["ProjectEnvironmentScope"], *(row["ProjectId"] for row in freeze["TenantProjectEnvironmentScope"])}


def _environments(freeze: Document) -> set[str]:
    scoped = (one for environments in freeze["ProjectEnvironmentScope"].values() for one in environments)
    return {*scoped, *(row["EnvironmentId"] for row in freeze["TenantProjectEnvironmentScope"])}


def _tenants(freeze: Document) -> set[str]:
    return {row["TenantId"] for row in freeze["TenantProjectEnvironmentScope"]}


def install(app: web.Application, router: Router, store: Store, settings: Settings) -> None:
    """See `sandbox.extensions`."""
    store.on_commit.append(partial(_forget_deleted, store))


def _forget_deleted(store: Store, commit: Commit) -> None:
    """A hook of the store: what a space deletes leaves the scopes of the freezes, in a commit of the system's."""
    gone = {
        write.id
        for write in commit.writes
        if write.after is None and write.collection in ("projects", "environments", "tenants")
    }
    freezes = list(store.system.collection(FREEZES.collection).values()) if gone else []
    writes = []
    for freeze in freezes:
        scope = {
            project: [one for one in environments if one not in gone]
            for project, environments in freeze["ProjectEnvironmentScope"].items()
            if project not in gone
        }
        rows = [row for row in freeze["TenantProjectEnvironmentScope"] if not gone & set(row.values())]
        after = {**freeze, "ProjectEnvironmentScope": scope, "TenantProjectEnvironmentScope": rows}
        if after != freeze:
            writes.append(Write(FREEZES.collection, freeze, after, side_effect=True))
    if writes:
        store.commit(None, writes, commit.actor)
