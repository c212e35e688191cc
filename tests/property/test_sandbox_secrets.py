"""No answer of the sandbox carries a secret that was put in, whatever is saved, in whatever order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.server import serve

# Where a secret can be put, and how a body that carries it there looks. {n} tells one document from the next.
SENSITIVE = {"HasValue": True, "NewValue": "{secret}", "Hint": None}
LOWER = {"newValue": "{secret}"}
_STEP = {"Name": "S", "Actions": [{"ActionType": "Octopus.Script", "Properties": {"pw": SENSITIVE}}]}
_TEMPLATE = {"Name": "t", "DisplaySettings": {"Octopus.ControlType": "Sensitive"}, "DefaultValue": "{secret}"}
_EMPTY = {"Name": "t", "DisplaySettings": {"Octopus.ControlType": "Sensitive"}}
_HOOK = {"WebhookURI": "http://127.0.0.1:9/", "WebhookHeaderKey": "k", "WebhookHeaderValue": SENSITIVE, "Filter": {}}
PLACES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "account": ("POST", "accounts", {"Name": "a{n}", "AccountType": "Token", "Token": SENSITIVE}),
    "account in lower case": ("POST", "accounts", {"name": "b{n}", "AccountType": "Token", "Token": LOWER}),
    "account, wrong shape": ("POST", "accounts", {"Name": "c{n}", "AccountType": "Token", "Token": "{secret}"}),
    "account, wrong type": (
        "POST",
        "accounts",
        {"Name": "d{n}", "AccountType": "Token", "Token": {"NewValue": ["{secret}"]}},
    ),
    "feed": (
        "POST",
        "feeds",
        {"Name": "f{n}", "FeedType": "NuGet", "FeedUri": "https://f.example", "Password": SENSITIVE},
    ),
    "certificate": ("POST", "certificates", {"Name": "g{n}", "CertificateData": SENSITIVE, "Password": SENSITIVE}),
    "certificate, replaced": (
        "POST",
        "certificates/{certificate}/replace",
        {"CertificateData": "{secret}", "Password": "{secret}"},
    ),
    "account, changed": ("PUT", "accounts/{account}", {"Name": "Kept", "AccountType": "Token", "Token": SENSITIVE}),
    "library set's value of a tenant": (
        "PUT",
        "tenants/{tenant}/commonvariables",
        {"Variables": [{"LibraryVariableSetId": "{library}", "TemplateId": "{common}", "Value": SENSITIVE}]},
    ),
    "git credential": (
        "POST",
        "Spaces-1/git-credentials",
        {"Name": "h{n}", "Details": {"Type": "UsernamePassword", "Username": "u", "Password": SENSITIVE}},
    ),
    "library template": ("POST", "libraryvariablesets", {"Name": "i{n}", "Templates": [_TEMPLATE]}),
    "step template": (
        "POST",
        "actiontemplates",
        {"Name": "j{n}", "ActionType": "Octopus.Script", "Properties": {"pw": SENSITIVE}, "Parameters": [_TEMPLATE]},
    ),
    "machine": (
        "POST",
        "machines",
        {
            "Name": "k{n}",
            "Roles": ["r"],
            "EnvironmentIds": ["{environment}"],
            "Endpoint": {"AadUserCredentialPassword": LOWER},
        },
    ),
    "variable": (
        "PUT",
        "variables/{variables}",
        {"Variables": [{"Id": "v", "Name": "pw", "Type": "Sensitive", "Value": "{secret}"}]},
    ),
    "variable, by flag": (
        "PUT",
        "variables/{variables}",
        {"Variables": [{"Id": "v", "Name": "pw", "IsSensitive": True, "Value": "{secret}"}]},
    ),
    "variable, refused": (
        "PUT",
        "variables/{variables}",
        {"Variables": [{"Name": "pw", "Type": "Sensitive", "Value": ["{secret}"]}]},
    ),
    "variable, made plain": ("PUT", "variables/{variables}", {"Variables": [{"Id": "v", "Name": "pw", "Value": None}]}),
    "variables by project": (
        "PUT",
        "Spaces-1/projects/{project}/variables",
        {"Variables": [{"Name": "pw", "Type": "Sensitive", "Value": "{secret}"}]},
    ),
    "action property": ("PUT", "deploymentprocesses/{process}", {"Version": "{version}", "Steps": [_STEP]}),
    "runbook's action property": (
        "PUT",
        "runbookprocesses/{runbook process}",
        {"Version": "{runbook version}", "Steps": [_STEP]},
    ),
    "proxy": ("POST", "proxies", {"Name": "m{n}", "Host": "h", "Port": 1, "Password": SENSITIVE}),
    "tenant's value": (
        "PUT",
        "tenants/{tenant}/variables",
        {
            "ProjectVariables": {
                "{project}": {"ProjectId": "{project}", "Variables": {"{environment}": {"{template}": SENSITIVE}}}
            },
            "LibraryVariables": {},
        },
    ),
    "tenant's value, newer form": (
        "PUT",
        "tenants/{tenant}/projectvariables",
        {
            "Variables": [
                {
                    "ProjectId": "{project}",
                    "TemplateId": "{template}",
                    "Value": SENSITIVE,
                    "Scope": {"EnvironmentIds": ["{environment}"]},
                }
            ]
        },
    ),
    "project's template": (
        "POST",
        "projects",
        {"Name": "n{n}", "LifecycleId": "{lifecycle}", "ProjectGroupId": "{group}", "Templates": [_TEMPLATE]},
    ),
    "clone of a project": (
        "POST",
        "projects",
        {"Name": "o{n}", "LifecycleId": "{lifecycle}", "ProjectGroupId": "{group}", "Clone": "{project}"},
    ),
    "password of a user": ("POST", "users", {"Username": "p{n}", "DisplayName": "p", "Password": "{secret}"}),
    "release": ("POST", "releases", {"ProjectId": "{project}", "Version": "1.{n}"}),
    "repository": (
        "POST",
        "projects/{other}/git/convert",
        {
            "ChangeDescription": "c",
            "VersionControlSettings": {
                "Type": "VersionControlled",
                "Url": "https://git.example/x",
                "BasePath": ".octopus",
                "DefaultBranch": "main",
                "Credentials": {"Type": "UsernamePassword", "Username": "u", "Password": SENSITIVE},
            },
        },
    ),
    "action property on a branch": (
        "PUT",
        "projects/{other}/main/deploymentprocesses",
        {"Version": "{branch version}", "Steps": [_STEP]},
    ),
    "key of another user": ("POST", "sandbox/keys", {"ApiKey": "{secret}", "Username": "user{n}"}),
    "subscription": ("POST", "subscriptions", {"Name": "l{n}", "EventNotificationSubscription": _HOOK}),
}
# Those that bring no secret of their own, are refused (in the end, or the second time), or whose secret nothing keeps.
KEEP_NOTHING = {
    "account, wrong shape", "account, wrong type", "action property on a branch", "clone of a project",
    "key of another user", "password of a user", "release", "repository", "variable, made plain", "variable, refused",
}  # fmt: skip
# What else a document has, by the property with its id.
PARTS = {
    "VariableSetId": "variables", "DeploymentProcessId": "deploymentprocesses",
    "ProjectVariableSetSnapshotId": "variables", "ProjectDeploymentProcessSnapshotId": "deploymentprocesses",
}  # fmt: skip
LISTS = [
    "releases",
    "accounts", "feeds", "certificates", "Spaces-1/git-credentials", "libraryvariablesets", "actiontemplates",
    "machines", "subscriptions", "deploymentprocesses", "runbookprocesses", "projects", "proxies", "tenants",
    "runbooks", "users", "events?take=1000", "events?take=1000&skip=1&includeSystem=true", "sandbox/requests",
    "sandbox/keys", "sandbox/events", "sandbox/deliveries",
]  # fmt: skip
# What is no JSON.
FILES = ["events?asCsv=true"]


def _filled(value: Any, words: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, words): _filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    if not isinstance(value, str):
        return value
    if value in ("{version}", "{runbook version}", "{branch version}"):
        return words[value.strip("{}")]
    for name, word in words.items():
        value = value.replace(f"{{{name}}}", str(word))
    return value


async def _leaks(writes: list[str]) -> list[str]:
    """Which answers, of the writes themselves and of reading everything back, had a secret in them."""
    seen: list[tuple[str, str]] = []
    async with serve() as sandbox, aiohttp.ClientSession(headers=sandbox.headers) as session:

        async def request(method: str, path: str, body: Any = None) -> Any:
            async with session.request(method, f"{sandbox.url}/api/{path}", json=body) as response:
                text = await response.text()
                seen.append((f"{method} {path}", text))
                assert response.status < 500, (path, text)
                return json.loads(text) if text and response.content_type == "application/json" else None

        lifecycle = (await request("GET", "lifecycles/all"))[0]["Id"]
        group = (await request("GET", "projectgroups/all"))[0]["Id"]
        token = {"HasValue": True, "NewValue": "t"}
        account = await request("POST", "accounts", {"Name": "Kept", "AccountType": "Token", "Token": token})
        certificate = await request("POST", "certificates", {"Name": "Kept", "CertificateData": token})
        library = await request("POST", "libraryvariablesets", {"Name": "Kept", "Templates": [_EMPTY]})
        project = await request(
            "POST", "projects", {"Name": "P", "LifecycleId": lifecycle, "ProjectGroupId": group, "Templates": [_EMPTY],
                                 "IncludedLibraryVariableSetIds": [library["Id"]],
                                 "TenantedDeploymentMode": "TenantedOrUntenanted"},
        )  # fmt: skip
        other = await request("POST", "projects", {"Name": "Q", "LifecycleId": lifecycle, "ProjectGroupId": group})
        environment = await request("POST", "environments", {"Name": "E"})
        links = {project["Id"]: [environment["Id"]]}
        tenant = await request("POST", "tenants", {"Name": "T", "ProjectEnvironments": links})
        retention = {"QuantityToKeep": 1}
        runbook = await request(
            "POST", "runbooks", {"Name": "R", "ProjectId": project["Id"], "RunRetentionPolicy": retention}
        )
        versions = {"action property": 0, "runbook's action property": 0}
        for number, place in enumerate(writes):
            method, path, body = PLACES[place]
            words = {
                "n": number,
                "secret": f"SECRET-{number}-",
                "environment": environment["Id"],
                "project": project["Id"],
                "other": other["Id"],
                "account": account["Id"],
                "certificate": certificate["Id"],
                "library": library["Id"],
                "common": library["Templates"][0]["Id"],
                "lifecycle": lifecycle,
                "group": group,
                "branch version": 0,
                "variables": project["VariableSetId"],
                "process": project["DeploymentProcessId"],
                "version": versions["action property"],
                "runbook version": versions["runbook's action property"],
                "runbook process": runbook["RunbookProcessId"],
                "tenant": tenant["Id"],
                "template": project["Templates"][0]["Id"],
            }
            answer = await request(method, _filled(path, words), _filled(body, words))
            if place in versions:
                versions[place] = answer["Version"]
            if place not in KEEP_NOTHING:
                assert f"SECRET-{number}-" in json.dumps(sandbox.store.state["Secrets"]), place
        values = [
            f"variables/{project['VariableSetId']}",
            f"projects/{other['Id']}/main/deploymentprocesses",
            f"{project['Links']['DeploymentProcess'].removeprefix('/api/')}/template",
            "spaces/Spaces-1/search?keyword=e",
            *(f"tenants/{tenant['Id']}/{form}" for form in ("variables", "projectvariables", "commonvariables")),
        ]
        for path in [*LISTS, *values, *FILES]:
            page = await request("GET", path)
            for item in page.get("Items", []) if isinstance(page, dict) else []:
                await request("GET", item["Links"]["Self"].removeprefix("/api/"))
                for name in PARTS.keys() & item.keys():
                    await request("GET", f"{PARTS[name]}/{item[name]}")
    return [where for where, text in seen if "SECRET-" in text]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=12))
def test_no_answer_has_a_secret(writes: list[str]) -> None:
    assert asyncio.run(_leaks(writes)) == []


def test_every_place_is_tried_at_least_once() -> None:
    """Twice in turn: some need what another has made."""
    assert asyncio.run(_leaks(sorted(PLACES) * 2)) == []
