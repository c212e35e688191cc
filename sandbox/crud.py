"""Create, read, replace and delete documents of any declared kind."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox import secrets, tags, texts
from sandbox.errors import bad_request, not_found
from sandbox.indexes import by_name, by_slug
from sandbox.kind import Field, Kind, Save, values_at
from sandbox.paging import page, select
from sandbox.routing import Answer, Call, Handler, Router
from sandbox.shapes import same_type
from sandbox.slugs import check_slug, make_slug
from sandbox.store import Document, Write
from sandbox.usage import cascade
from sandbox.versions import prune

__all__ = [
    "add_routes",
    "all_of",
    "check_references",
    "check_unique",
    "create",
    "delete",
    "draft",
    "find",
    "list_page",
    "show",
    "update",
]


def add_routes(router: Router, kind: Kind) -> None:
    """The routes that the kind declares: list, all, get, create, update, delete."""

    def documents(call: Call) -> Iterable[Document]:
        return call.scope.collection(kind.collection).values()

    def post(call: Call) -> Answer:
        return Answer(show(call, kind, create(call, kind, call.json())), status=201)

    def put(call: Call) -> Answer:
        return Answer(show(call, kind, update(call, kind, find(call, kind, call.params["id"]), call.json())))

    def remove(call: Call) -> Answer:
        delete(call, kind, find(call, kind, call.params["id"]))
        return Answer()

    path = kind.collection
    handlers: dict[str, tuple[str, str, Handler]] = {
        "list": ("GET", path, lambda call: list_page(call, kind, documents(call))),
        "all": ("GET", f"{path}/all", lambda call: all_of(call, kind, documents(call))),
        "get": ("GET", f"{path}/{{id}}", lambda call: Answer(show(call, kind, find(call, kind, call.params["id"])))),
        "create": ("POST", path, post),
        "update": ("PUT", f"{path}/{{id}}", put),
        "delete": ("DELETE", f"{path}/{{id}}", remove),
    }
    for name in kind.routes:
        method, template, handler = handlers[name]
        router.add(method, template, handler, scope=kind.scope, since=kind.since)


def find(call: Call, kind: Kind, id_or_slug: str) -> Document:
    """A document by id, or by slug if the kind has one. Raises ApiError 404."""
    document = call.scope.find(kind.collection, id_or_slug)
    if document is None and kind.slug:
        document = next(iter(call.lookup(kind.collection, by_slug, id_or_slug.casefold())), None)
    if document is None:
        raise not_found(id_or_slug)
    if not call.sees(document):
        raise call.access.refusal(id_or_slug)
    return document


def list_page(
    call: Call, kind: Kind, documents: Iterable[Document], path: str | None = None, take: int | None = None
) -> Answer:
    """A page of some documents of the kind; `take` at most, where the list has a page size of its own."""
    chosen = select(call, kind, documents)
    size = kind.take if take is None else take
    return page(call, kind.name, path or kind.collection, chosen, size, lambda item: show(call, kind, item))


def all_of(call: Call, kind: Kind, documents: Iterable[Document]) -> Answer:
    """Some documents of the kind as a bare array, unpaged."""
    return Answer([show(call, kind, document) for document in select(call, kind, documents)])


def show(call: Call, kind: Kind, document: Document) -> Document:
    """A document as the API gives it: with its links, without what the version does not know."""
    if document["Id"] in call.broken:
        raise not_found(f"{document['Id']}-missing")
    shown = kind.shown(call, tags.shown(call, kind, document))
    links = {"Self": call.link(f"{kind.collection}/{document['Id']}")}
    for name, template in kind.links.items():
        links[name] = call.link(_fill(template, document))
    if "Logo" in links:
        links["Logo"] += f"?cb={_logo_stamp(call, document)}"
    return prune({**shown, "Links": links}, kind.collection, call.settings.version)


def _logo_stamp(call: Call, document: Document) -> str:
    """What makes a browser forget an old picture: of a document without one of its own it is the server's version, so
    links of 2018 to 2024 in public documents; SpaceCloner tells the two apart by it. (?) A picture has its revision."""
    logo = call.scope.find("logos", f"logo-{document['Id']}")
    return f"r{logo['Revision']}" if logo else call.settings.version


def _fill(template: str, document: Document) -> str:
    for name in ("Id", "ProjectId", "VariableSetId", "DeploymentProcessId", "RunbookProcessId", "OwnerId"):
        template = template.replace(f"{{{name}}}", str(document.get(name)))
    return template


def create(call: Call, kind: Kind, body: Document, **given: Any) -> Document:
    """Store a new document and whatever the server makes with it. `given` outranks the body."""
    save = Save(call, kind, None, draft(call, kind, None, body), body)
    save.after.update(given)
    return _store(save)


def update(call: Call, kind: Kind, before: Document, body: Document) -> Document:
    """Replace a document. What the body leaves out becomes its default."""
    for name in ("Id", "SpaceId"):
        if body.get(name) and name in before and str(body[name]).casefold() != str(before[name]).casefold():
            raise bad_request(texts.mismatch(name, body[name], before[name]))
    save = Save(call, kind, before, draft(call, kind, before, body), body)
    return _store(save)


def _store(save: Save) -> Document:
    call, kind, before, after = save.call, save.kind, save.before, save.after
    kind.prepare(save)
    check_references(call, kind, after)
    check_unique(call, kind, after)
    if kind.slug:
        _give_slug(save)
    kept = call.store.secrets_of(after["Id"]) if before else {}
    save.after, taken = secrets.separate(tags.stored(call, kind, after), kept)
    besides = [] if before else kind.created(save)
    write = Write(kind.collection, before, save.after, taken)
    call.store.commit(call.space_id, [write, *save.besides, *besides], call.actor)
    return save.after


def delete(call: Call, kind: Kind, document: Document) -> None:
    """Delete a document, and what goes with it. Raises ApiError 400 while something holds on to it."""
    besides = cascade(call, kind, document) + kind.deleting(call, document)
    write = Write(kind.collection, document, None)
    call.store.commit(call.space_id, [write, *besides], call.actor)


def draft(call: Call, kind: Kind, before: Document | None, body: Document) -> Document:
    """A document of the kind from a body: known properties only, the rest by default or from the stored one."""
    if before is None:
        document: Document = {"Id": None}
    else:
        document = {"Id": before["Id"]}
    if call.space_id is not None:
        document["SpaceId"] = call.space_id
    given = {key.lower(): value for key, value in prune(body, kind.collection, call.settings.version).items()}
    if kind.slug:
        document["Slug"] = None
    for declared in kind.fields:
        if declared.writable == "never" or (declared.writable == "create" and before):
            value = before.get(declared.name, declared.default) if before else declared.default
        elif declared.writable == "update" and before is None:
            value = declared.default
        else:
            value = _checked(declared, given.get(declared.name.lower()))
        document[declared.name] = copy.deepcopy(value)
    if kind.slug and isinstance(given.get("slug"), str):
        document["Slug"] = given["slug"].strip() or None
    if before is None:
        document["Id"] = call.store.next_id(kind.prefix)
    return document


def _checked(declared: Field, value: Any) -> Any:
    if isinstance(value, str) and declared.name == "Name":
        value = value.strip()
    if declared.required and value in (None, "", {}):
        raise bad_request(texts.required(declared.name))
    if value is None:
        return secrets.EMPTY if declared.sensitive else declared.default
    if declared.sensitive and not secrets.is_sensitive_value(value):
        raise bad_request(texts.wrong_type(value, declared.name))
    if declared.default is not None and not same_type(declared.default, value):
        raise bad_request(texts.wrong_type(value, declared.name))
    if declared.choices:
        return _choice(declared, value)
    if declared.max_length and len(str(value)) > declared.max_length:
        raise bad_request(texts.too_long(declared.name, declared.max_length))
    return value


def _choice(declared: Field, value: Any) -> str:
    chosen = next((choice for choice in declared.choices if choice.lower() == str(value).lower()), None)
    if chosen is None:
        raise bad_request(texts.wrong_choice(value, declared.name))
    return chosen


def check_references(call: Call, kind: Kind, document: Document) -> None:
    """Raises ApiError for references that name nothing: 400 where a property holds a list of ids
    (OctopusDeploy/Issues#2067), 404 where it holds one."""
    for reference in kind.references:
        if reference.collection == tags.TAGS:
            continue
        missing = [
            value
            for value in values_at(document, reference.path)
            if not (value == "" or (reference.expression and isinstance(value, str) and "#{" in value))
            and call.look_up(reference.collection, value) is None
        ]
        if missing and reference.path.endswith("[]"):
            name = reference.path.rsplit(".", 1)[-1].removesuffix("[]")
            raise bad_request(texts.missing_references([str(value) for value in missing], name))
        if missing:
            raise not_found(missing[0])


def check_unique(call: Call, kind: Kind, document: Document) -> None:
    """Raises ApiError 400 for a name that another document of the kind has."""
    if not kind.unique_name:
        return
    others = call.lookup(kind.collection, by_name, document["Name"].casefold())
    if any(_beside(document, other, kind.unique_within) for other in others):
        raise bad_request(texts.name_taken(texts.words(kind.name)))


def _beside(document: Document, other: Document, within: tuple[str, ...]) -> bool:
    """Whether the other is another document, and within the same owner."""
    return bool(other["Id"] != document["Id"]) and all(other.get(name) == document.get(name) for name in within)


@dataclass(frozen=True, slots=True)
class _TakenSlugs:
    """The slugs that a document may not have, looked up one by one."""

    call: Call
    kind: Kind
    document: Document

    def __contains__(self, slug: object) -> bool:
        within = ("ProjectId",) if "ProjectId" in self.document else ()
        others = self.call.lookup(self.kind.collection, by_slug, str(slug).casefold())
        return any(_beside(self.document, other, within) for other in others)


def _give_slug(save: Save) -> None:
    document, kind = save.after, save.kind
    taken = _TakenSlugs(save.call, kind, document)
    stored = save.before.get("Slug") if save.before else None
    if document["Slug"] and document["Slug"] != stored:
        check_slug(document["Slug"], taken, kind.name)
    elif not document["Slug"]:
        document["Slug"] = stored or make_slug(document["Name"], taken)
