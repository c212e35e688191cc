"""Logos of projects, tenants, spaces and step templates: a file, or (not for step templates) an icon with a colour.

Without a logo of its own, each shows the same picture. A step template's version shows the template's.
"""

from __future__ import annotations

import base64
import re
from functools import partial

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Kind
from sandbox.multipart import file_of
from sandbox.resources.projects import PROJECTS
from sandbox.resources.spaces import SPACES
from sandbox.resources.step_templates import ACTION_TEMPLATES
from sandbox.resources.tenants import TENANTS
from sandbox.routing import Answer, Call, Router, RouteScope
from sandbox.store import Document, Write

__all__ = ["add_routes"]

_LOGOS = "logos"
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"<svg": "image/svg+xml"}
_DEFAULT = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="18"/></svg>"""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def add_routes(router: Router) -> None:
    for kind in (PROJECTS, TENANTS, SPACES, ACTION_TEMPLATES):
        path = f"{kind.collection}/{{id}}/logo"
        router.add("GET", path, partial(_get, kind), scope=kind.scope)
        router.add("PUT", path, partial(_put, kind), scope=kind.scope)
        router.add("POST", path, partial(_put, kind), scope=kind.scope)
        if kind is not ACTION_TEMPLATES:
            icon = f"{path}/icon"
            scope: RouteScope = kind.scope if kind.scope == "system" else "named-space"
            router.add("POST", icon, partial(_icon, kind), scope=scope, since="2023.4")
    version = "actiontemplates/{id}/versions/{version}/logo"
    router.add("GET", version, partial(_get, ACTION_TEMPLATES))


def _logo_of(call: Call, document: Document) -> Document | None:
    return call.scope.find(_LOGOS, f"logo-{document['Id']}")


def _get(kind: Kind, call: Call) -> Answer:
    """The picture; 304 if `cb` names what the caller has."""
    logo = _logo_of(call, crud.find(call, kind, call.params["id"]))
    data = base64.b64decode(logo["Data"]) if logo else _DEFAULT
    if logo and call.argument("cb") == f"r{logo['Revision']}":
        return Answer(status=304)
    return Answer(raw=data, content_type=_type_of(data) or "image/svg+xml")


def _type_of(data: bytes) -> str | None:
    return next((name for start, name in _TYPES.items() if data.startswith(start)), None)


def _put(kind: Kind, call: Call) -> Answer:
    document = crud.find(call, kind, call.params["id"])
    _, data = file_of(call.raw_body)
    if _type_of(data) is None:
        raise bad_request("Invalid image provided.")
    before = _logo_of(call, document)
    after: Document = {
        "Id": f"logo-{document['Id']}",
        "Data": base64.b64encode(data).decode(),
        "Revision": before["Revision"] + 1 if before else 1,
    }
    # (?) The document's own event: nobody recorded how a new logo is audited.
    changed = {**document, "Icon": None} if "Icon" in document else dict(document)
    writes = [Write(kind.collection, document, changed), Write(_LOGOS, before, after, side_effect=True)]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer({} if kind is ACTION_TEMPLATES else None)


def _icon(kind: Kind, call: Call) -> Answer:
    document, body = crud.find(call, kind, call.params["id"]), call.json()
    icon, colour = body.get("IconId"), body.get("IconColor")
    if not isinstance(icon, str) or not icon:
        raise bad_request(texts.required("IconId"))
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise bad_request(texts.wrong_type(colour, "IconColor"))
    after = {**document, "Icon": {"Id": icon, "Color": colour}}
    logo = _logo_of(call, document)
    gone = [Write(_LOGOS, logo, None, side_effect=True)] if logo else []
    call.store.commit(call.space_id, [Write(kind.collection, document, after), *gone], call.actor)
    return Answer({})
