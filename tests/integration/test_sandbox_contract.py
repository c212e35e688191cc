"""The sandbox against what real servers said: their Swagger, their documents, their webhooks.

Never against our own engine, so that a mistake of ours about Octopus cannot agree with itself. Where the sandbox
differs on purpose, the difference is in a list here with its reason; any other difference fails.
"""

import re
from typing import Any

import aiohttp
import pytest
from octopus_samples import SWAGGER_VERSION, answer_schema, needs_samples, properties_missing, sample, violations
from octopus_world import furnish
from webhook_target import eventually, receiving

from sandbox.app import ROUTER, create_app
from sandbox.event_noise import deployment
from sandbox.kind import KINDS
from sandbox.server import Sandbox, serve
from sandbox.settings import Settings
from sandbox.store import Store

SPACE = "Spaces-1"

# Captured webhooks: file, release of the server, and what the capture lacks or has beyond a real payload (edits of
# those who published it).
WEBHOOKS = [
    ("02-deploymentsucceeded-tenanted-2018-01-15.json", "2018.1.0", {}),
    ("03-deploymentstarted-2018-03-23.json", "2018.3.0", {"EventNumberInBnBatch": "EventNumberInBatch"}),
    ("04-deploymentstarted-2019-04-26.json", "2019.3.0", {}),
    # An edit of 2023, which kept the body of 2020 and put the new names of Type and EmailPriority into it.
    ("05b-docs-2023-edit-of-05.json", "2020.2.2", {}),
]
_NEWER_IN_05B = {"Payload.Subscription.Type", "Payload.Subscription.EventNotificationSubscription.EmailPriority"}


async def webhook_of(version: str) -> dict[str, Any]:
    """The body that a sandbox of this release posts for a deployment's event."""
    settings = Settings(version=version, poll_seconds=3600, public_url="https://octopus.example")
    async with receiving() as receiver, serve(settings) as sandbox:
        await _subscribe(sandbox, receiver.url)
        for batch in (1, 2):  # the second shows the cursor that the first has left
            sandbox.audit.add(deployment(SPACE, "Projects-1", "Environments-1", version=version))
            sandbox.deliveries.look_now()
            await eventually(lambda wanted=batch: len(receiver.bodies) >= wanted)
        return receiver.bodies[-1]


async def _subscribe(sandbox: Sandbox, url: str) -> None:
    body = {"Name": "s", "EventNotificationSubscription": {"WebhookURI": url}}
    async with (
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
        api.post("/api/Spaces-1/subscriptions", json=body) as answer,
    ):
        assert answer.status == 201, await answer.text()


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """The JSON types at every path, lists' indexes left out."""
    here = {path: {type(value).__name__}}
    if isinstance(value, dict):
        for key, item in value.items():
            here = merge(here, shape(item, f"{path}.{key}".removeprefix(".")))
    if isinstance(value, list):
        for item in value:
            here = merge(here, shape(item, f"{path}[]"))
    return here


def merge(one: dict[str, set[str]], other: dict[str, set[str]]) -> dict[str, set[str]]:
    return {path: one.get(path, set()) | other.get(path, set()) for path in one.keys() | other.keys()}


@needs_samples
@pytest.mark.parametrize(("file", "version", "renamed"), WEBHOOKS, ids=[file[:3] for file, _, _ in WEBHOOKS])
async def test_a_webhook_has_the_keys_and_types_of_a_captured_one(
    file: str, version: str, renamed: dict[str, str]
) -> None:
    captured = sample("webhooks", file)
    for wrong, right in renamed.items():
        captured["Payload"][right] = captured["Payload"].pop(wrong)
    real, ours = shape(captured), shape(await webhook_of(version))
    # What a list holds depends on the filter and the event, not on the release.
    keys = {path for path in real if "[]" not in path} ^ {path for path in ours if "[]" not in path}
    assert keys == set()
    excused = _NEWER_IN_05B if file.startswith("05b") else set()
    wrong_types = {
        path: (types, ours[path])
        for path, types in real.items()
        if path in ours and not types & ours[path] and "NoneType" not in types | ours[path] and path not in excused
    }
    assert wrong_types == {}


@needs_samples
async def test_a_webhook_of_a_current_release_reads_as_an_event_of_the_api() -> None:
    captured = sample("webhooks", "21-eventsapi-list-2023.1.9626.json")["Items"][0]
    sent = (await webhook_of("2023.1.9626"))["Payload"]["Event"]
    assert sent.keys() == captured.keys()
    assert {key: type(value) for key, value in sent.items() if value is not None and captured[key] is not None} == {
        key: type(value) for key, value in captured.items() if value is not None and sent[key] is not None
    }


# What answers may have, or lack, against the Swagger of 2026.1. Keys are collections, values the properties and why.
BEYOND_SWAGGER: dict[str, dict[str, str]] = {
    # (?) Step packages put them on actions, and clients send them for templates as well.
    "actiontemplates": {"Inputs": "as on actions", "StepPackageVersion": "as on actions"},
}
BENEATH_SWAGGER: dict[str, dict[str, str]] = {
    "*": {
        "LastModifiedBy": "null or absent on nearly every kind of a real server",
        "LastModifiedOn": "the same",
    },
    "users": {"Password": "is written only"},
    "userroles": {
        "SystemPermissionDescriptions": "texts of the permissions page",
        "SpacePermissionDescriptions": "the same",
        "SupportedRestrictions": "a table of the permissions page",
    },
    "projects": {"ProjectTemplateDetails": "process templates, which the sandbox does not have"},
}
# What stands for a parameter; `{id}` is that of the word before it.
PARAMETERS = {
    "project": "projects",
    "runbook": "runbooks",
    "channel": "channels",
    "feed": "feeds",
    "process": "runbookprocesses",
}
ALIASES = {"triggers": "projecttriggers"}
QUERIES = {
    "retentionpolicies": "?RetentionType=LifecycleRelease",
    "teammembership": "?userId=Users-1",
    "channels/rule-test": "?version=1.0.0",
    "channels/rule-test/v1": "?version=1.0.0",
    "packages/notes": "?packageIds=feeds-builtin:Shop.Web:1.0.0",
}
# Routes that need more than the id of a document, or answer a file. Each is tested with its kind.
ELSEWHERE = {
    "{ref}": "a branch of a version-controlled project",
    "/git/": "the same",
    "/logo": "a picture",
    "/raw": "a file",
    "/export": "a file",
    "{version}": "the number of a version",
    "{tag}": "the name of a tag",
    "events/archives/": "a file",
    "communityactiontemplates/{id}/actiontemplate": "an installed template",
    "environments/ephemeral": "an ephemeral environment",
    "releases/{id}/progression": "a deployment",
    "feeds/{feed}/packages/notes": "a package of the built-in feed",
}


def _routes() -> dict[str, str]:
    """Every GET route that the sandbox and Swagger have: what to ask for, by the route in Swagger's form."""
    routes = {}
    for route in create_app(Store(), Settings(version=SWAGGER_VERSION))[ROUTER]:
        template = route.template
        if route.method != "GET" or any(part in f"/{template}" for part in ELSEWHERE):
            continue
        asked = re.sub(
            r"(\w[\w-]*)/\{id\}", lambda found: f"{found[1]}/{{{ALIASES.get(found[1], found[1])}}}", template
        )
        for name, collection in PARAMETERS.items():
            asked = asked.replace(f"{{{name}}}", f"{{{collection}}}")
        prefix = "" if route.scope == "system" else "/{spaceId}"
        # Swagger lists what lives in spaces and in the system under the system alone, now and then.
        for described in (f"{prefix}/{template}", f"/{template}"):
            if template and answer_schema(described) is not None:
                routes.setdefault(described, f"{prefix}/{asked}{QUERIES.get(template, '')}")
                break
    return routes


@needs_samples
async def test_every_answer_is_what_swagger_says() -> None:
    failures: dict[str, Any] = {}
    asked = 0
    async with (
        serve(Settings(version=SWAGGER_VERSION)) as sandbox,
        aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api,
    ):
        world = await furnish(api)
        ids = {name: next(iter(found)) for name, found in sandbox.store.system.collections.items() if found} | world.ids
        ids["events"] = next(one.id for one in sandbox.audit.newest_first() if one.entry.space_id == SPACE)
        for route, path in _routes().items():
            async with api.get("/api" + path.format(spaceId=SPACE, **ids)) as answer:
                assert answer.status == 200, (path.format(spaceId=SPACE, **ids), await answer.text())
                body = await answer.json()
            asked += 1
            collection = route.removeprefix("/{spaceId}").split("/")[1]
            excused = BEYOND_SWAGGER.get(collection, {})
            wrong = {one for one in violations(route, body) if not any(f"'{name}'" in one for name in excused)}
            if route.endswith(f"{collection}/{{id}}"):
                absent = BENEATH_SWAGGER["*"].keys() | BENEATH_SWAGGER.get(collection, {}).keys()
                wrong |= {f"lacks {name}" for name in properties_missing(route, body) - absent}
            if wrong:
                failures[route] = wrong
    assert failures == {}
    assert asked > 100
    declared = {kind.collection for kind in KINDS.values() if "create" in kind.routes}
    assert declared - {"spaces"} <= world.ids.keys()


@needs_samples
async def test_the_projects_of_a_lifecycle_are_a_bare_list() -> None:
    async with serve() as sandbox, aiohttp.ClientSession(sandbox.url, headers=sandbox.headers) as api:
        world = await furnish(api)
        body = await world.send("GET", f"lifecycles/{world.ids['lifecycles']}/projects")
    assert violations("/{spaceId}/lifecycles/{id}/projects", body) == set()
