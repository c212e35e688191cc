"""What the tests of tenants share: a tenant with a project, a library set and values, and how to read them by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.settings import Settings
from tests.pair import Document, Pair, Server
from worker.plan.values import printed

TENANTED = {"TenantedDeploymentMode": "TenantedOrUntenanted"}
INCLUDE = {"project": ["*"], "library-variable-set": ["*"], "tenant": ["*"]}
VERSIONS = ("2021.2.1290", "2023.4.8290", "2026.1.9674")


def servers(version: str) -> dict[str, Settings]:
    return {
        "source": Settings(first_id=1, version=version),
        "destination": Settings(first_id=5001, seed=7, version=version),
    }


def with_rules(**variables: Any) -> dict[str, Any]:
    """Of a route: those for the values of tenants."""
    return {"rules": {"tenants": {"variables": variables}}}


def template(name: str, control: str = "SingleLineText", default: str | None = None) -> Document:
    return {"Name": name, "DefaultValue": default, "DisplaySettings": {"Octopus.ControlType": control}}


TEMPLATES = (template("Url"), template("Key", "Sensitive"), template("Colour", default="blue"))
COMMON = (template("Region"), template("Token", "Sensitive"))
HERE: dict[str, dict[str, Any]] = {
    "Development": {"Url": "dev"},
    "Staging": {"Url": "staging", "Key": "s3cret"},
    "Production": {"Url": "production", "Colour": "red"},
}


@dataclass
class Tenancy:
    """The guide's "Tenants": four environments here, two of them there; the tenant Internal has OctoFX in all."""

    server: Server
    environments: dict[str, str]
    project: Document
    library: Document
    tenant: Document

    async def say(self, *, common: dict[str, Any] | None = None, **by_environment: dict[str, Any]) -> None:
        """Writes all values: ``common`` by template, those of the project by environment and template. For a template
        of type Sensitive, the text is the secret."""
        await say(self.server, "Internal", "OctoFX", "Shared", common or {}, by_environment)


async def tenancy(server: Server, *templates: Document, common: tuple[Document, ...] = ()) -> Tenancy:
    """``templates``: the project's, ``common``: the library set's."""
    environments = await server.environments("Development", "Test", "Staging", "Production")
    library = await server.post("libraryvariablesets", {"Name": "Shared", "Templates": list(common)})
    project = await server.project(
        "OctoFX", Templates=list(templates), IncludedLibraryVariableSetIds=[library["Id"]], **TENANTED
    )
    tenant = await server.post(
        "tenants", {"Name": "Internal", "ProjectEnvironments": {project["Id"]: list(environments.values())}}
    )
    return Tenancy(server, environments, project, library, tenant)


async def spoken(both: Pair) -> Tenancy:
    """Values on the source, and the two environments that the destination has."""
    world = await tenancy(both.source, *TEMPLATES, common=COMMON)
    await world.say(common={"Region": "eu", "Token": "t0ken"}, **HERE)
    await both.destination.environments("Staging", "Production")
    return world


async def say(
    server: Server, tenant: str, project: str, library: str, common: Document, by_environment: dict[str, Document]
) -> None:
    """Writes all values of a tenant, for one project and one library set, by the old form of the API."""
    owner, of_set = await server.named("projects", project), await server.named("libraryvariablesets", library)
    environments = {one["Name"]: one["Id"] for one in await server.get("environments/all")}
    ids = {one["Name"]: one["Id"] for one in (*owner["Templates"], *of_set["Templates"])}
    body = {
        "ProjectVariables": {
            owner["Id"]: {
                "Variables": {
                    environments[environment]: {ids[name]: value for name, value in said.items()}
                    for environment, said in by_environment.items()
                }
            }
        },
        "LibraryVariables": {of_set["Id"]: {"Variables": {ids[name]: value for name, value in common.items()}}},
    }
    found = await server.named("tenants", tenant)
    await server.call("PUT", f"tenants/{found['Id']}/variables", body)


async def values(server: Server, tenant: str = "Internal") -> dict[str, Any]:
    """``OctoFX/Production[Url]`` → value, of a secret the stored text; those of library sets ``Shared[Url]``, or with
    the environments to which they are scoped."""
    found = await server.named("tenants", tenant)
    space = server.sandbox.store.space(server.sandbox.store.default_space()["Id"])
    result = {}
    for row in space.collection("tenantvariables").values():
        if row["TenantId"] != found["Id"]:
            continue
        owner = space.find("projects", row["OwnerId"]) or space.find("libraryvariablesets", row["OwnerId"])
        names = {one["Id"]: one["Name"] for one in owner["Templates"]}
        value = row["Value"]
        if isinstance(value, dict):
            value = ("secret", server.sandbox.store.secret(row["Id"], "Value"))
        for environment in row["EnvironmentIds"] or [None]:
            where = f"/{space.find('environments', environment)['Name']}" if environment else ""
            result[f"{owner['Name']}{where}[{names.get(row['VariableTemplateId'], '?')}]"] = value
    return result


async def reasons(both: Pair) -> set[tuple[str, str, str]]:
    """Of the open clean-up entries: item, place and reason."""
    return {
        (printed(one.entry.item), one.entry.where, one.entry.reason) for one in await both.clean_ups() if not one.closed
    }


async def settled(both: Pair) -> None:
    """A second run plans nothing and writes nothing."""
    before, left = both.destination.writes, await reasons(both)
    outcome = await both.sync("*")
    assert outcome.plan.is_empty, [(one.op, one.path, one.changes) for one in outcome.plan.writes]
    assert both.destination.writes == before
    assert await reasons(both) == left
