"""How strict the server is about bodies, as a setting.

Servers before the move to ASP.NET (2021.3) tolerated missing and additional properties; of newer ones Octopus' guide to
syncing instances says that such bodies "will now cause a 400 bad request error". No source shows one being refused, nor
which properties; most clients send more than they must and are served. So by default everything is tolerated, and
`Settings.strict` refuses (?):

- a property that the release does not know, at any depth: one that is neither taken nor given;
- in a PUT, the absence of a property that the release lets a client write: what is missing would become its default;
- in a POST, the absence of a property that the Swagger of 2026.1 calls required.

The check runs before anything is stored, after the handler has said what else is wrong. The sentences are those of
Newtonsoft.Json, which Octopus reads bodies with.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from sandbox import crud
from sandbox.errors import bad_request
from sandbox.kind import KINDS, Kind
from sandbox.routing import Call
from sandbox.store import Document, Write
from sandbox.versions import prune

__all__ = ["during", "required", "tolerated"]

# What the server computes on reading, so that a body may bring it back.
_COMPUTED = {
    "links", "lastmodifiedon", "lastmodifiedby", "canonicaltagname", "shouldkeepforever", "scopevalues", "spaceid",
    "releasecreationpackagestepid", "donorpackagestepid", "projecttemplatedetails", "lastsnapshotid", "type",
}  # fmt: skip
# What a body asks for besides the document.
_ORDERS = {"clone", "retaintenantconnections", "publish", "password", "changedescription", "clientversion"}
# What a whole document has besides the fields that a PUT may change. Swagger requires each of them.
_WHOLE = {
    "variables": ("Variables", "Version"),
    "deploymentprocesses": ("Steps", "Version"),
    "runbookprocesses": ("Steps", "Version"),
    "channels": ("ProjectId",),
    "deploymentsettings": ("ProjectId",),
    "feeds": ("FeedType",),
    "projecttriggers": ("ProjectId",),
    "releases": ("ProjectId", "ChannelId"),
    "retentionpolicies": ("RetentionType",),
    "runbooks": ("ProjectId",),
    "workerpools": ("IsDefault",),
}
# What Swagger requires of a new one, and a tolerant server fills in.
_AT_BIRTH = {"runbooksnapshots": ("ProjectId",)}
_ALIASES = {"triggers": "projecttriggers"}


@contextlib.contextmanager
def during(call: Call, template: str) -> Iterator[None]:
    """While the handler runs: the store refuses what a strict server would not take."""
    if not call.settings.strict or call.method not in ("POST", "PUT"):
        yield
        return
    words = [part for part in template.split("/") if not part.startswith("{") and part not in ("v1", "v2")]
    collection = _ALIASES.get(words[-1], words[-1])

    def check(_space_id: str | None, writes: Sequence[Write]) -> None:
        for write in writes:
            if write.collection == collection and write.after is not None and not write.side_effect:
                _check(call, write)
                return

    call.store.before_commit.append(check)
    try:
        yield
    finally:
        call.store.before_commit.remove(check)


def _check(call: Call, write: Write) -> None:
    kind = KINDS.get(write.collection)
    body = json.loads(call.raw_body)
    if kind is None or not isinstance(body, dict):
        return
    assert write.after is not None  # or it would not be checked
    version = call.settings.version
    shown = crud.show(call, kind, write.before) if write.before else {}
    taken = prune({**dict.fromkeys([*_known(kind, version), *shown]), **write.after}, kind.collection, version)
    given = {str(name).lower() for name in body}
    errors = [
        *(f"Could not find member '{path}' on object of type '{kind.name}'." for path in _unknown(body, taken, "")),
        *(
            f"Required property '{name}' not found in JSON."
            for name in required(call.method, kind, version)
            if name.lower() not in given
        ),
    ]
    if errors:
        raise bad_request(*errors)


def _known(kind: Kind, version: str) -> Document:
    """The properties that the release knows of the kind, as keys."""
    return prune(dict.fromkeys(field.name for field in kind.fields), kind.collection, version)


def required(method: str, kind: Kind, version: str) -> list[str]:
    """What a body must have by strictness alone; that a kind can do without nothing of it is for `sandbox.crud`."""
    known = _known(kind, version)
    if method == "POST":
        return [name for name in _AT_BIRTH.get(kind.collection, ()) if name in known]
    writable = [field.name for field in kind.fields if field.writable in ("always", "update") and field.name in known]
    return [*writable, *(name for name in _WHOLE.get(kind.collection, ()) if name not in writable)]


def tolerated(kind: Kind, version: str) -> set[str]:
    """The names of properties, in lower case, that no body is refused for."""
    return {name.lower() for name in _known(kind, version)} | _COMPUTED | _ORDERS


def _unknown(given: Any, taken: Any, path: str) -> Iterator[str]:
    """The properties of a body that did not make it into the document. Elements of lists are compared by place."""
    if isinstance(given, dict) and isinstance(taken, dict):
        by_name = {str(name).lower(): value for name, value in taken.items()}
        for name, value in given.items():
            where = f"{path}.{name}".removeprefix(".")
            if str(name).lower() in by_name:
                yield from _unknown(value, by_name[str(name).lower()], where)
            elif str(name).lower() not in _COMPUTED | (set() if path else _ORDERS):
                yield where
    elif isinstance(given, list) and isinstance(taken, list):
        for one, other in zip(given, taken, strict=False):
            yield from _unknown(one, other, path)
