"""A sandbox that plays a release has that release's routes and properties: held to the release's own Swagger."""

from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from octopus_samples import needs_samples, swagger_of
from swagger import FILES

from sandbox.app import ROUTER, create_app
from sandbox.generator import Sizes, generate
from sandbox.routing import Route
from sandbox.server import serve
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.versions import at_least

SPACE = "Spaces-1"

# How a route may be written in Swagger, by its scope.
PREFIXES = {
    "space": ("/{spaceId}/", "/"),
    "named-space": ("/{spaceId}/",),
    "system": ("/",),
    "mixed": ("/", "/{spaceId}/"),
}

# Routes that the sandbox serves and a release's Swagger does not have, with the reason.
SERVED_BEYOND: dict[tuple[str, str], str] = {
    (
        "GET",
        "configuration/feature-toggles",
    ): "a setting of the server; Octopus' clients for Go and Terraform ask for it",
}

# Properties, by collection, that answers have beyond a release's Swagger or leave out of it, with the reason.
NEVER_SHOWN = {
    "LastModifiedBy": "null or absent on nearly every kind of a real server",
    "LastModifiedOn": "the same",
    "Password": "of a user: written only",
    "SystemPermissionDescriptions": "texts of the permissions page",
    "SpacePermissionDescriptions": "the same",
    "SupportedRestrictions": "a table of the permissions page",
    "Status": "of a target, beside HealthStatus, which took its place",
    "SkipInitialHealthCheck": "of a target or worker: an order to the server, not a property",
    "ProjectTemplateDetails": "process templates, which the sandbox does not have",
}
_SERIALISED = "numbers and objects for enums and ids, as servers of that time wrote them (Issues#7013, #7069)"
# Violations that are known, by collection: a part of their text, and the reason.
SHOWN_BEYOND = {
    "packages": {"'Hash', 'PackageSizeBytes'": "Swagger shows the class of all feeds' packages"},
    "actiontemplates": {"'Inputs'": "as on actions", "'StepPackageVersion'": "as on actions"},
    "machinepolicies": {
        "PollingRequestMaximumMessageProcessingTimeout": "comes and goes, and does nothing since 2024.1"
    },
    "variables": {"Variables.Type: '": "Swagger 2021.2 shows the server's class, not the word that is sent"},
    "subscriptions": {
        "EmailPriority: 0": _SERIALISED,
        "SpaceId: {": _SERIALISED,
        "Type: 0": _SERIALISED,
        "Links.Self: {}": "an empty object until 2021.3, as every captured webhook shows",
    },
}


def routes(version: str) -> Iterator[Route]:
    """The routes of Octopus (none of the sandbox' own) that a release serves."""
    for route in create_app(Store(), Settings(version=version))[ROUTER]:
        if not route.template.startswith("sandbox/") and at_least(version, route.since):
            yield route


def templates(route: Route) -> list[str]:
    return [(prefix + route.template).rstrip("/") or "/" for prefix in PREFIXES[route.scope]]


@needs_samples
@pytest.mark.parametrize("version", FILES)
def test_every_route_is_one_of_the_release(version: str) -> None:
    swagger = swagger_of(version)
    unknown = {
        f"{route.method} {route.template}"
        for route in routes(version)
        if not any(swagger.of_template(route.method, one) for one in templates(route))
        and (route.method, route.template) not in SERVED_BEYOND
    }
    assert unknown == set()


@needs_samples
def test_a_route_that_a_release_has_is_not_kept_from_it() -> None:
    """`since` says no later release than the first whose Swagger has the route."""
    withheld = {
        f"{route.method} {route.template} in {version}"
        for version in FILES
        for route in create_app(Store(), Settings())[ROUTER]
        if not at_least(version, route.since)
        and not route.template.startswith("sandbox/")
        and any(swagger_of(version).of_template(route.method, one) for one in templates(route))
    }
    assert withheld == set()


# Routes that are served in more or fewer forms than a release has, with the reason.
FORMS_BESIDES = {
    "GET /": "the root of the server and that of a space are two routes here",
    "POST /releases/create/v1": "2023.4 had it in spaces only",
}


@needs_samples
@pytest.mark.parametrize("version", FILES)
def test_a_route_has_the_forms_that_its_release_has(version: str) -> None:
    """`/api/Spaces-1/x`, `/api/spaces/default/x` and `/api/x`: each where Swagger has it, and only there."""
    swagger = swagger_of(version)
    wrong = set()
    for route in routes(version):
        served = set(templates(route))
        if route.scope != "system" and at_least(version, "2023.4"):
            served.add(f"/spaces/{{spaceIdentifier}}/{route.template}".rstrip("/"))
        possible = {f"{prefix}{route.template}".rstrip("/") or "/" for prefix in ("/", "/{spaceId}/")}
        possible.add(f"/spaces/{{spaceIdentifier}}/{route.template}".rstrip("/"))
        there = {one for one in possible if swagger.of_template(route.method, one)}
        name = f"{route.method} /{route.template}"
        if there and there != served and name not in FORMS_BESIDES:
            wrong.add((name, *sorted(there ^ served)))
    assert wrong == set()


# What the generator does not make: collection, body, first release that has the kind.
_ENDPOINT = {"CommunicationStyle": "None"}
_SECRET = {"HasValue": True, "NewValue": "s3cret"}
_FILTER = {"FilterType": "MachineFilter", "EnvironmentIds": ["Environments-1"], "EventCategories": []}
_DETAILS = {"Type": "UsernamePassword", "Username": "u", "Password": _SECRET}
MORE: list[tuple[str, dict[str, Any], str]] = [
    ("feeds", {"FeedType": "NuGet", "FeedUri": "https://f.example", "Password": _SECRET}, ""),
    ("machinepolicies", {}, ""),
    ("proxies", {"Host": "p.example", "Port": 80, "Password": _SECRET}, ""),
    ("machines", {"Endpoint": _ENDPOINT, "Roles": ["web"], "EnvironmentIds": ["Environments-1"]}, ""),
    ("workers", {"Endpoint": _ENDPOINT, "WorkerPoolIds": ["WorkerPools-1"], "IsDisabled": False}, ""),
    ("certificates", {"CertificateData": _SECRET}, ""),
    ("git-credentials", {"Details": _DETAILS}, "2023.4"),
    ("teams", {"MemberUserIds": [], "ExternalSecurityGroups": []}, ""),
    ("projecttriggers", {"ProjectId": "Projects-1", "Filter": _FILTER, "Action": {"ActionType": "AutoDeploy"}}, ""),
    ("subscriptions", {"EventNotificationSubscription": {"WebhookURI": "http://127.0.0.1:9/"}}, ""),
    ("releases", {"ProjectId": "Projects-1", "Version": "1.0.0"}, ""),
]


async def furnish(api: aiohttp.ClientSession, version: str) -> None:
    for collection, body, since in MORE:
        if at_least(version, since):
            async with api.post(f"/api/{SPACE}/{collection}", json={"Name": "One of them", **body}) as answer:
                assert answer.status in (200, 201), (collection, await answer.text())


@needs_samples
@pytest.mark.parametrize("version", FILES)
async def test_documents_have_the_properties_of_the_release(version: str) -> None:
    swagger = swagger_of(version)
    failures: dict[str, Any] = {}
    read = 0
    settings, store = Settings(version=version), Store()
    generate(store, settings, Sizes(projects=1, variables=9, tenants=1, runbooks=1))
    async with (
        serve(settings, store=store) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
    ):
        await furnish(api, version)
        for route in routes(version):
            parts = route.template.split("/")
            if route.method != "GET" or len(parts) != 2 or not parts[1].startswith("{"):
                continue
            system = route.scope == "system"
            known = sandbox.store.scope(None if system else SPACE).collections.get(parts[0], {})
            document_id = next(reversed(known), None)
            operation = swagger.of_template("GET", templates(route)[0])
            if document_id is None or operation is None or operation.answer is None:
                continue
            async with api.get(f"/api/{'' if system else f'{SPACE}/'}{parts[0]}/{document_id}") as answer:
                assert answer.status == 200, route.template
                body = await answer.json()
            read += 1
            found = swagger.violations(operation.answer, body)
            found |= {f"lacks {name}" for name in set(swagger.properties(operation.answer)) - set(body)}
            known_ones = SHOWN_BEYOND.get(parts[0], {}).keys() | {f"lacks {name}" for name in NEVER_SHOWN}
            wrong = {one for one in found if not any(known in one for known in known_ones)}
            if wrong:
                failures[route.template] = wrong
    assert failures == {}
    assert read > 20


@pytest.mark.parametrize(
    ("version", "status"), [("2021.2.1290", 404), ("2023.4.8290", 200), ("2026.1.9674", 200), ("0.0.0-local", 200)]
)
async def test_a_space_by_its_slug_came_after_2021(version: str, status: int) -> None:
    async with (
        serve(Settings(version=version)) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
        api.get("/api/spaces/default/projects") as answer,
    ):
        assert answer.status == status


async def test_what_a_release_does_not_know_is_not_taken_either() -> None:
    async with (
        serve(Settings(version="2021.2.1290")) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
        api.post("/api/tagsets", json={"Name": "T", "Type": "FreeText", "Scopes": ["Project"]}) as answer,
    ):
        assert answer.status == 201
        assert "Type" not in await answer.json()
        stored = sandbox.store.space(SPACE).collection("tagsets").values()
        assert [one["Type"] for one in stored] == ["MultiSelect"]
