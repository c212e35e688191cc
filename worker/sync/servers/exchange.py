"""Exchange: how a document of a kind is read from a server and written to one.

As a rule it is one GET, POST or PUT of one route (:class:`Exchange` itself). Where Octopus is odd (a document spread
over two routes, a file beside a document, something that is installed rather than created) a kind has a subclass in
:data:`ODD`, and the engine does not notice: it plans with plain documents, whatever they are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from config.versions import ServerVersion
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.step_templates import COMMUNITY_ID
from worker.octopus.client import Routes, SpaceClient
from worker.octopus.errors import Forbidden, OctopusError
from worker.plan.values import Document
from worker.sync.servers import environments, logos, packages, script_modules, snapshots, tenant_forms
from worker.sync.world.fields import same


@dataclass(frozen=True, slots=True)
class Ends:
    """Both spaces. The source is there to be read: some things (files) never stand in a plan. ``source_id``: of the
    document that is being written."""

    source: SpaceClient
    destination: SpaceClient
    progress: Callable[[str], None] = lambda _: None
    """Told of what takes long."""
    source_id: str = ""


def home(space: SpaceClient, kind: Kind) -> Routes:
    """Where the routes of a kind begin: at the space, or at the server."""
    return space.system if kind.of_server else space


class Exchange:
    """The rule. All of it raises what the client raises."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        """Raises :class:`worker.octopus.errors.NotFound` for what is not there, or not visible."""
        document: Document = await home(space, kind).get(kind.path_of(document_id, owner_id))
        return document

    async def list_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        """All items of the kind, and of those that share its list; whole documents where the kind says so.

        Raises :class:`worker.octopus.errors.NotFound` where the server is too old to have the kind.
        """
        route, _, query = (kind.listed_by or kind.route).partition("?")
        filters: dict[str, Any] = dict(parse_qsl(query))
        return await home(space, kind).list(route, **filters)

    async def read_many(self, space: SpaceClient, kind: Kind, ids: Sequence[str]) -> list[Document]:
        """The documents of ``ids`` that a list has; ``[]`` where no list takes ids."""
        if kind.bulk is None or not kind.bulk_by_ids:
            return []
        return await space.by_ids(kind.bulk, ids)

    async def read_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        """All documents of a kind, of which a comparison reads many, from the list that does not take ids."""
        return await space.list(kind.bulk or kind.route)

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        """The document as the destination has made it, with its id.

        What the server's command for creating one does not have (:attr:`Kind.put_only`) follows in a PUT.
        """
        space = {"SpaceId": ends.destination.space_id} if kind.names_its_space else {}
        made = await home(ends.destination, kind).post(kind.route, {**body, **space})
        owed = {
            name: body[name]
            for name in kind.put_only
            if name in body and name in made and not same(body[name], made[name])
        }
        if not owed:
            return made
        try:
            return await self.update(ends, kind, made["Id"], None, {**made, **owed})
        except OctopusError as error:
            error.maybe_applied = True
            raise

    async def delete(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None) -> None:
        """Raises :class:`worker.octopus.errors.NotFound` for what is not there any more."""
        await ends.destination.delete(kind.path_of(document_id, owner_id))

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        """The document as it now is, or ``{}`` where the server does not say.

        One write, as the caller sees it. An error after which it may have been applied must say so
        (``maybe_applied``): then the next run looks at what became of it.
        """
        return await home(ends.destination, kind).put(kind.path_of(document_id, owner_id), body)


class TemplateVersions(Exchange):
    """A step template as it was: of it all that is read is what its parameters mean, and all that is kept."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        found = await super().read(space, kind, document_id, owner_id)
        kept = [
            {name: parameter.get(name) for name in ("Name", "DisplaySettings")}
            for parameter in found.get("Parameters") or []
        ]
        return {"Id": document_id, "Parameters": kept}


class Settings(Exchange):
    """Deployment settings. Until 2023.4 their only route is that of their id; since then also the project's, which is
    the documented one (Swagger 2021.2, 2023.4 and 2026.1)."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        document: Document = await space.get(self.route(space, kind, document_id, owner_id))
        return document

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await ends.destination.put(self.route(ends.destination, kind, document_id, owner_id), body)

    @staticmethod
    def route(space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> str:
        old = space.release is not None and space.release < SINCE_PROJECT_ROUTES
        return f"{kind.route}/{document_id}" if old else kind.path_of(document_id, owner_id)


SINCE_PROJECT_ROUTES = ServerVersion.parse("2023.4")


class ScriptModules(Exchange):
    """A library variable set and its variables."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return await script_modules.read(space, kind, document_id)

    async def read_many(self, space: SpaceClient, kind: Kind, ids: Sequence[str]) -> list[Document]:
        return await script_modules.read_many(space, kind, ids)

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        return await script_modules.create(ends.destination, kind, body)

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await script_modules.update(ends.destination, kind, document_id, body)


class UserRoles(Exchange):
    """They need rights on the whole server, which a credential for one space rarely has."""

    async def list_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        with _told("UserRoleView"):
            return await super().list_all(space, kind)

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        with _told("UserRoleEdit"):
            return await super().create(ends, kind, body)

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        with _told("UserRoleEdit"):
            return await super().update(ends, kind, document_id, owner_id, body)


@contextmanager
def _told(permission: str) -> Iterator[None]:
    """Says what a refusal means, and the way out."""
    try:
        yield
    except Forbidden as error:
        text = (
            f"{error.server_words} User roles belong to the whole server, so the API key needs the system permission "
            f"{permission}; or take user-role out of the route's include"
        )
        raise Forbidden(text, method=error.method, url_path=error.url_path, status=error.status) from None


class Packages(Exchange):
    """Files, which go from feed to feed without stopping here."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return await packages.read(space, kind, document_id)

    async def list_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        return await packages.list_latest(space)

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        return await packages.send(ends.source, ends.destination, body, ends.progress)

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await packages.send(ends.source, ends.destination, body, ends.progress)


class TenantVariables(Exchange):
    """In two forms, by the server's version."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return await tenant_forms.read(space, document_id, owner_id or "")

    async def read_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        return await tenant_forms.read_all(space, kind.prefix)

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await tenant_forms.write(ends.destination, document_id, owner_id or "", body)


class GitCredentials(Exchange):
    """Writes answer the id alone, or nothing."""

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        made = await ends.destination.post(kind.route, body)
        try:
            return await self.read(ends.destination, kind, made["Id"], None)
        except OctopusError as error:
            error.maybe_applied = True
            raise


class Environments(Exchange):
    """In two lists, and at two routes, by their type."""

    async def list_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        return await environments.list_all(space)

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return await environments.read(space, document_id)

    async def read_many(self, space: SpaceClient, kind: Kind, ids: Sequence[str]) -> list[Document]:
        return [environments.static(one) for one in await super().read_many(space, kind, ids)]

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        return await environments.create(ends.destination, body)

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await environments.update(ends.destination, document_id, body)


class StepTemplates(Exchange):
    """One of the community is installed, and brought up to date, by the server; a copy would not be known for one."""

    async def create(self, ends: Ends, kind: Kind, body: Document) -> Document:
        if not body.get(COMMUNITY_ID):
            return await super().create(ends, kind, body)
        return await ends.destination.system.post(_installation(ends.destination, body))

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        if not body.get(COMMUNITY_ID):
            return await super().update(ends, kind, document_id, owner_id, body)
        return await ends.destination.system.put(_installation(ends.destination, body), None)


def _installation(space: SpaceClient, template: Document) -> str:
    return f"communityactiontemplates/{template[COMMUNITY_ID]}/installation/{space.space_id}"


class TemplateHistory(Exchange):
    """What is known of a step template's versions: ``ActionTemplates-3@usage``, ``…@all``, or one of them, ``…@7``."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        template, _, what = document_id.partition("@")
        route = f"{kind.route}/{template}"
        match what:
            case "usage":
                used = {str(usage.get("Version")) for usage in await space.list(f"{route}/usage")}
                return {"Id": document_id, "Versions": sorted(int(one) for one in used if one.isdigit())}
            case "all":
                return {"Id": document_id, "Versions": await space.list(f"{route}/versions")}
        found: Document = await space.get(f"{route}/versions/{what}")
        return {**found, "Id": document_id}


class CommunityTemplates(Exchange):
    """The catalogue. The search lists it without the scripts, which take megabytes; a template is the system's."""

    async def list_all(self, space: SpaceClient, kind: Kind) -> list[Document]:
        found = await space.list(kind.listed_by or kind.route)
        names = {one[COMMUNITY_ID]: (one.get("Name"), one.get("Author")) for one in found if one.get(COMMUNITY_ID)}
        count = Counter(name for name, _ in names.values())
        return [
            {"Id": key, "Name": name if count[name] == 1 else f"{name} by {author}"}
            for key, (name, author) in names.items()
        ]

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        document: Document = await space.system.get(kind.path_of(document_id))
        return document


class Logos(Exchange):
    """An icon or a file, beside its owner."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return await logos.read(space, document_id, owner_id or "")

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        of_source = registry.owner_of(ends.source_id) or ""
        await logos.write(ends.source, ends.destination, of_source, owner_id or "", body)
        return {}


class PublishedSnapshots(Exchange):
    """Made anew, never changed."""

    async def read(self, space: SpaceClient, kind: Kind, document_id: str, owner_id: str | None) -> Document:
        return {"Id": document_id}

    async def update(self, ends: Ends, kind: Kind, document_id: str, owner_id: str | None, body: Document) -> Document:
        return await snapshots.publish(ends.destination, document_id, owner_id or "")


PLAIN = Exchange()

ODD: Mapping[str, Exchange] = {
    "environment": Environments(),
    "git-credential": GitCredentials(),
    "deployment-settings": Settings(),
    "logo": Logos(),
    "published-snapshot": PublishedSnapshots(),
    "script-module": ScriptModules(),
    "step-template": StepTemplates(),
    "step-template-version": TemplateVersions(),
    "step-template-history": TemplateHistory(),
    "community-step-template": CommunityTemplates(),
    "tenant-variables": TenantVariables(),
    "user-role": UserRoles(),
    "package": Packages(),
    "package-versions": Packages(),
}
"""By kind."""


def exchange_of(kind: Kind) -> Exchange:
    return ODD.get(kind.name, PLAIN)
