"""Unknown and missing properties: tolerated, or refused by a strict server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from octopus_samples import SWAGGER_VERSION, needs_samples, swagger_of
from sandbox_http import Http, action, http

from sandbox import strictness
from sandbox.kind import KINDS, Kind
from sandbox.settings import Settings


@pytest.fixture
async def strict() -> AsyncIterator[Http]:
    async with http(Settings(strict=True)) as client:
        yield client


async def test_a_tolerant_server_takes_what_it_knows() -> None:
    async with http() as octopus:
        environment = await octopus.post("environments", {"Name": "Dev", "Colour": "red"})
        assert "Colour" not in environment
        assert await octopus.put(f"environments/{environment['Id']}", {"Name": "Dev"})


async def test_every_kind_can_be_read_and_sent_back(strict: Http) -> None:
    """What a strict server gives, it takes: else nobody could change anything."""
    project = await strict.project(Templates=[{"Name": "t", "DisplaySettings": {}}])
    await strict.environment()
    await strict.post("tagsets", {"Name": "Region", "Tags": [{"Name": "North"}]})
    await strict.post("tenants", {"Name": "Acme", "TenantTags": ["Region/North"]})
    await strict.post("feeds", {"Name": "F", "FeedType": "NuGet", "FeedUri": "https://f.example"})
    secret = {"HasValue": True, "NewValue": "x"}
    await strict.post("accounts", {"Name": "A", "AccountType": "UsernamePassword", "Username": "u", "Password": secret})
    await strict.post("libraryvariablesets", {"Name": "L", "Templates": [{"Name": "t", "DisplaySettings": {}}]})
    retention = {"QuantityToKeep": 1}
    await strict.post("runbooks", {"Name": "R", "ProjectId": project["Id"], "RunRetentionPolicy": retention})
    await strict.save_steps(project, [action("Say", Packages=[{"Name": "p", "PackageId": "p", "FeedId": None}])])
    await strict.save_variables(project, [{"Name": "x", "Value": "1", "Scope": {}}])
    for collection in (
        "accounts", "channels", "environments", "feeds", "libraryvariablesets", "lifecycles", "machinepolicies",
        "projectgroups", "projects", "runbooks", "tagsets", "teams", "tenants", "workerpools",
    ):  # fmt: skip
        documents = await strict.get(f"{collection}/all")
        assert documents or collection == "teams", collection
        for document in documents:
            if not str(document["Id"]).startswith(("teams-", "feeds-")):
                await strict.put(f"{collection}/{document['Id']}", document)
    for path in (
        f"variables/{project['VariableSetId']}",
        f"deploymentprocesses/{project['DeploymentProcessId']}",
        f"projects/{project['Id']}/deploymentsettings",
    ):
        await strict.put(path, await strict.get(path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Colour": "red"}, "member 'Colour' on object of type 'Project'"),
        ({"Templates": [{"Name": "t", "DisplaySettings": {}, "Colour": "red"}]}, "member 'Templates.Colour'"),
    ],
)
async def test_an_unknown_property_is_refused(strict: Http, change: dict[str, Any], words: str) -> None:
    project = await strict.project()
    assert words in await strict.refused("PUT", f"projects/{project['Id']}", {**project, **change})
    body = {key: project[key] for key in ("LifecycleId", "ProjectGroupId")} | {"Name": "Other"} | change
    assert words in await strict.refused("POST", "projects", body)
    assert [one["Name"] for one in await strict.get("projects/all")] == ["Shop"]


async def test_a_missing_property_is_refused_in_a_full_replace_only(strict: Http) -> None:
    environment = await strict.environment()  # a POST may leave out what has a default
    words = await strict.refused("PUT", f"environments/{environment['Id']}", {"Name": "Dev"})
    assert "Required property 'Description' not found in JSON." in words
    project = await strict.project()
    words = await strict.refused("PUT", f"variables/{project['VariableSetId']}", {"Variables": []})
    assert "'Version'" in words


async def test_what_came_later_is_unknown_to_an_older_server() -> None:
    async with http(Settings(strict=True, version="2023.4.8290")) as octopus:
        words = await octopus.refused("POST", "tagsets", {"Name": "T", "Scopes": ["Tenant"]})
        assert "'Scopes'" in words
        environment = await octopus.environment()
        assert await octopus.put(f"environments/{environment['Id']}", environment)


async def test_what_swagger_requires_of_a_new_one_must_be_there(strict: Http) -> None:
    project = await strict.project()
    body = {"Name": "R", "ProjectId": project["Id"], "RunRetentionPolicy": {"QuantityToKeep": 1}}
    runbook = await strict.post("runbooks", body)
    words = await strict.refused("POST", "runbooksnapshots", {"Name": "First", "RunbookId": runbook["Id"]})
    assert "Required property 'ProjectId' not found in JSON." in words
    named = {"Name": "First", "RunbookId": runbook["Id"], "ProjectId": project["Id"]}
    assert await strict.post("runbooksnapshots", named)


async def test_a_body_may_ask_for_a_clone(strict: Http) -> None:
    project = await strict.project()
    body = {key: project[key] for key in ("LifecycleId", "ProjectGroupId")}
    assert await strict.post("projects", {**body, "Name": "Copy", "Clone": project["Id"]})


def _commands() -> list[tuple[str, Kind, Any]]:
    """The bodies that Swagger describes: method, kind, schema."""
    swagger = swagger_of(SWAGGER_VERSION)
    found = []
    for kind in KINDS.values():
        prefix = "" if kind.scope == "system" else "/{spaceId}"
        path = f"{prefix}/{kind.collection}"
        for method, template in (("POST", path), ("PUT", f"{path}/{{id}}")):
            operation = swagger.of_template(method, template)
            if operation and operation.body:
                found.append((method, kind, swagger.resolved(operation.body)))
    assert len(found) > 50
    return found


def _own_id(kind: Kind) -> str:
    """The name of the parameter in the path, which some commands have as a property."""
    return f"{kind.collection.rstrip('s')}id"


@needs_samples
def test_a_strict_server_knows_every_property_that_swagger_has() -> None:
    elsewhere = {
        "Details": "of accounts and git credentials: in an account the server has its parts beside the others",
        "OctopusBuildInformation": "a body that is not the document",
        "OverwriteMode": "the same",
        "Replace": "the same",
        "PackageId": "the same",
        "Version": "a counter, which the server keeps",
        "Steps": "has a module of its own",
        "Variables": "the same",
        "Assembled": "of a release: when it was made",
        "VersionControlReference": "of a release: where its process came from",
        "CommunityActionTemplateId": "given by an installation",
        "PersistenceSettings": "changed by the conversion of a project",
        "OwnerId": "of what belongs to another document: shown, and so it may come back",
        "ProjectId": "the same",
        "RunbookId": "the same",
        "RetentionType": "the same",
    }
    unknown = {
        f"{method} {kind.collection}: {name}"
        for method, kind, schema in _commands()
        for name in schema.get("properties", {})
        if name.lower() not in strictness.tolerated(kind, SWAGGER_VERSION) | {"id", "slug"}
        and name not in elsewhere
        and name.lower() != _own_id(kind)
    }
    assert unknown == set()


@needs_samples
def test_a_strict_server_requires_what_swagger_requires() -> None:
    given = {"Id", "SpaceId", "Details", "Slug"}  # in the path, or in parts
    elsewhere = {
        "build-information": "a body that is not the document",
        "feeds": "its type decides what a feed needs",
        "spaces": "every server refuses one without managers",
        "teams": "every server refuses one without members",
    }
    lax = {
        f"{method} {kind.collection}: {name}"
        for method, kind, schema in _commands()
        for name in set(schema.get("required", ())) - given
        if kind.collection not in elsewhere
        and name.lower() != _own_id(kind)
        and name not in strictness.required(method, kind, SWAGGER_VERSION)
        and not any(field.name == name and field.required for field in kind.fields)
    }
    assert lax == set()
