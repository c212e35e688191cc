"""Tag sets: tags with ids and colours, of a type, for the kinds of document in their scope.

What is used does not go: a tag, a scope, the set itself; and the type of a set in use may only be widened from one tag
for each document to many (Octopus API reference, 2026; OctopusDeploy/Issues#3436). Before 2025.4 or so all sets were
for tenants, with many tags.
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Save, declare
from sandbox.resources.environments import last_sort_order, sort_documents
from sandbox.routing import Call, Router
from sandbox.shapes import NAME, filled, objects
from sandbox.store import Document, Write
from sandbox.tags import used_by

__all__ = ["TAG_SETS", "add_routes"]

SCOPES = ("Tenant", "Environment", "Project", "Target", "Runbook", "Feature Toggle")


def _prepare(save: Save) -> None:
    last_sort_order(save)
    tag_set, call = save.after, save.call
    tags: list[Document] = []
    for place, given in enumerate(objects(tag_set["Tags"], "Tags")):
        tag = filled(given, {"Id": "", "Name": "", "Description": None, "Color": "#6e6e6e", "SortOrder": place})
        tag["Name"] = str(tag["Name"]).strip()
        if not tag["Name"]:
            raise bad_request(texts.required("Tags.Name"))
        if any(other["Name"].casefold() == tag["Name"].casefold() for other in tags):
            raise bad_request(texts.name_taken("tag"))
        tag["Id"] = tag["Id"] or f"{tag_set['Id']}/{call.store.next_id('Tags')}"
        tags.append(tag)
    if tag_set["Type"] == "FreeText" and tags:
        raise bad_request("A tag set of type FreeText has no tags of its own.")
    tag_set["Tags"] = tags
    tag_set["Scopes"] = _scopes(tag_set["Scopes"])
    if save.before:
        _check_unused(call, save.before, {tag["Id"] for tag in tags})
        _check_narrowed(call, save.before, tag_set)


def _scopes(given: list[object]) -> list[str]:
    """Known scopes in the order given; none at all means tenants."""
    by_name = {scope.lower(): scope for scope in SCOPES}
    for one in given:
        if str(one).lower() not in by_name:
            raise bad_request(texts.wrong_choice(one, "Scopes"))
    return list(dict.fromkeys(by_name[str(one).lower()] for one in given)) or ["Tenant"]


def _check_unused(call: Call, tag_set: Document, kept: set[str]) -> None:
    """A tag that goes must not be used by anything any more."""
    for tag in tag_set["Tags"]:
        names = [] if tag["Id"] in kept else [f"'{name}'" for name, _ in used_by(call, tag["Id"])]
        if names:
            raise bad_request(texts.in_use(f"tag '{tag['Name']}'", "documents", names))


def _uses(call: Call, tag_set: Document) -> list[tuple[str, str]]:
    """Who uses the set, and as what: (name of the document, scope)."""
    wanted = [tag["Id"] for tag in tag_set["Tags"]]
    if tag_set["Type"] == "FreeText":
        wanted = [f"{tag_set['Name']}/*"]
    return [use for one in wanted for use in used_by(call, one)]


def _check_narrowed(call: Call, before: Document, after: Document) -> None:
    uses = _uses(call, before)
    for scope in before["Scopes"]:
        names = [f"'{name}'" for name, used_as in uses if used_as == scope]
        if scope not in after["Scopes"] and names:
            raise bad_request(texts.in_use(f"scope '{scope}'", "documents", names))
    widened = (before["Type"], after["Type"]) == ("SingleSelect", "MultiSelect")
    if uses and before["Type"] != after["Type"] and not widened:
        raise bad_request("The type of a tag set in use can only be changed from SingleSelect to MultiSelect.")


def _deleting(call: Call, tag_set: Document) -> list[Write]:
    _check_unused(call, tag_set, set())
    names = [f"'{name}'" for name, _ in _uses(call, tag_set)]
    if names:
        raise bad_request(texts.in_use("tag set", "documents", names))
    return []


def _shown(_call: Call, tag_set: Document) -> Document:
    named = [{**tag, "CanonicalTagName": f"{tag_set['Name']}/{tag['Name']}"} for tag in tag_set["Tags"]]
    return {**tag_set, "Tags": named}


def _has_scope(tag_set: Document, values: list[str]) -> bool:
    return bool({scope.lower() for scope in tag_set["Scopes"]} & {value.lower() for value in values})


def _has_type(tag_set: Document, values: list[str]) -> bool:
    return tag_set["Type"].lower() in {value.lower() for value in values}


TAG_SETS = declare(
    Kind(
        collection="tagsets",
        prefix="TagSets",
        name="TagSet",
        fields=(
            NAME,
            Field("Description"),
            Field("SortOrder", 0),
            Field("Tags", []),
            Field("Type", "MultiSelect", choices=("MultiSelect", "SingleSelect", "FreeText")),
            Field("Scopes", ["Tenant"]),
        ),
        order="SortOrder",
        filters={"scopes": _has_scope, "types": _has_type},
        prepare=_prepare,
        deleting=_deleting,
        shown=_shown,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, TAG_SETS)
    router.add("PUT", "tagsets/sortorder", lambda call: sort_documents(call, TAG_SETS))
