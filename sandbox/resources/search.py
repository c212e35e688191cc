"""Finding documents of a space by a part of their name, whatever their kind.

(?) Which kinds are looked through, and what the types are called: the answer's form alone is published (Swagger).
"""

from __future__ import annotations

from sandbox.errors import not_found
from sandbox.kind import KINDS
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document

__all__ = ["add_routes"]

_KINDS = (
    "projects",
    "runbooks",
    "channels",
    "tenants",
    "environments",
    "libraryvariablesets",
    "lifecycles",
    "machines",
    "accounts",
    "certificates",
    "feeds",
    "actiontemplates",
    "workerpools",
)


def add_routes(router: Router) -> None:
    router.add("GET", "spaces/{id}/search", _search, scope="mixed")


def _search(call: Call) -> Answer:
    found_space = call.store.find_space(call.params["id"])
    if found_space is None or not call.sees(found_space):
        raise not_found(call.params["id"])
    space = found_space["Id"]
    keyword = (call.argument("keyword") or "").strip().casefold()
    found: list[Document] = []
    for collection in _KINDS if keyword else ():
        for document in call.store.space(space).collection(collection).values():
            if keyword in document["Name"].casefold() and call.sees(document):
                result = {"Id": document["Id"], "Name": document["Name"], "Type": KINDS[collection].name}
                owner = call.store.space(space).find("projects", document.get("ProjectId"))
                found.append(result | ({"Owner": {"Name": owner["Name"], "Type": "Project"}} if owner else {}))
    return Answer(found)
