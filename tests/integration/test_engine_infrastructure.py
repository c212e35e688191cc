"""What is odd about environments, accounts, certificates, worker pools and machine policies."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox.settings import Settings
from tests.pair import Document, Server, pair, row, script
from tests.worlds import World
from worker.plan.values import Op, printed
from worker.sync.run import Outcome, Result

NEWEST = "2026.3.15581"
SECRET = {"HasValue": True, "NewValue": "of the source"}
SUBJECTS = {"DeploymentSubjectKeys": ["space", "project"]}
ACCOUNTS: dict[str, Document] = {
    "UsernamePassword": {"Username": "u", "Password": SECRET},
    "SshKeyPair": {"Username": "u", "PrivateKeyFile": SECRET, "PrivateKeyPassphrase": SECRET},
    "Token": {"Token": SECRET},
    "AzureSubscription": {"SubscriptionNumber": "n", "CertificateBytes": SECRET, "CertificateThumbprint": "AB12"},
    "AzureServicePrincipal": {"SubscriptionNumber": "n", "ClientId": "c", "TenantId": "Tenants-1", "Password": SECRET},
    "AzureOidc": {"SubscriptionNumber": "n", "TenantId": "t", "Audience": "a", **SUBJECTS},
    "AmazonWebServicesAccount": {"AccessKey": "k", "SecretKey": SECRET, "Region": "r"},
    "AmazonWebServicesOidcAccount": {"RoleArn": "r", "SessionDuration": "3600", **SUBJECTS},
    "GoogleCloudAccount": {"JsonKey": SECRET},
    "GoogleCloudOidcAccount": {"Audience": "a", "TokenLifetimeSeconds": "600", **SUBJECTS},
    "GenericOidcAccount": {"Audience": "a", **SUBJECTS},
}


def of(version: str) -> dict[str, Settings]:
    """Two servers of one release, whose ids have nothing in common."""
    return {
        "source": Settings(version=version, first_id=1, seed=1),
        "destination": Settings(version=version, first_id=5001, seed=7),
    }


def why(outcome: Outcome, path: str) -> str:
    return " ".join(one.text for a in outcome.plan if printed(a.path) == path for one in a.decisions)


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.guide("secret-accounts")
async def test_every_type_of_account_crosses_with_placeholders_that_the_server_takes(kind: str) -> None:
    fields = ACCOUNTS[kind]
    async with pair(**of(NEWEST), include={"account": ["*"]}) as both:
        await both.source.post("accounts", {"Name": "Mine", "AccountType": kind, **fields})

        await both.sync("*")

        there = await both.destination.named("accounts", "Mine")
        assert there["AccountType"] == kind
        for name, value in fields.items():
            if value is not SECRET and name != "CertificateThumbprint":
                assert there[name] == value  # what looks like an id of ours is Entra's
        secrets = sorted(name for name, value in fields.items() if value is SECRET)
        assert await both.reasons() == [f"placeholder-secret {name}" for name in secrets]
        assert (await both.sync("*")).plan.is_empty


async def test_a_placeholder_has_the_form_that_the_server_wants() -> None:
    async with pair(**of(NEWEST), include={"account": ["*"]}, rules={"sensitive_placeholder": "LATER"}) as both:
        for kind in ("SshKeyPair", "GoogleCloudAccount", "AzureSubscription"):
            await both.source.post("accounts", {"Name": kind, "AccountType": kind, **ACCOUNTS[kind]})

        await both.sync("*")

        found = {one["Name"]: one for one in await both.destination.get("accounts/all")}
        store = both.destination.sandbox.store
        key = store.secret(found["SshKeyPair"]["Id"], "PrivateKeyFile")
        assert base64.b64decode(key or "") == b"LATER"
        assert store.secret(found["SshKeyPair"]["Id"], "PrivateKeyPassphrase") == "LATER"
        file = store.secret(found["GoogleCloudAccount"]["Id"], "JsonKey")
        assert json.loads(base64.b64decode(file or "")) == {"placeholder": "LATER"}
        # The server opens a certificate, so nothing can stand in for one; without one it makes its own.
        assert found["AzureSubscription"]["CertificateBytes"]["HasValue"] is False


@pytest.mark.guide("environments-accounts")
async def test_an_account_is_scoped_to_what_is_there_and_one_that_fits_nowhere_stays_at_home() -> None:
    async with pair(include={"account": ["*"]}) as both:
        here = await both.source.environments("Test", "Production")
        there = await both.destination.environments("Production")
        fields = {"AccountType": "UsernamePassword", "Username": "u"}
        await both.source.post("accounts", {"Name": "Both", **fields, "EnvironmentIds": list(here.values())})
        await both.source.post("accounts", {"Name": "Test", **fields, "EnvironmentIds": [here["Test"]]})

        await both.sync("*")

        found = await both.destination.get("accounts/all")
        assert [(one["Name"], one["EnvironmentIds"]) for one in found] == [("Both", [there["Production"]])]


def test_an_account_of_an_old_server_is_known_though_its_id_does_not_say_so() -> None:
    world = World(include={"account": ["*"]})
    world.source("account", "sshkeypair-deploy", "Deploy", Type="SshKeyPair", Username="u")

    actions = world.actions("sshkeypair-deploy")

    assert {path: action.op for path, action in actions.items()} == {"account/Deploy": Op.CREATE}


# ── certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def generate(server: Server, name: str, **more: Any) -> Document:
    """With its private key."""
    return await server.post(
        "certificates/generate",
        {"Name": name, "SubjectCommonName": "x.example", "SelfSignedCertificateCurve": "P256", **more},
    )


async def upload(server: Server, name: str) -> Document:
    """Without one."""
    data = {"HasValue": True, "NewValue": base64.b64encode(b"x").decode()}
    return await server.post("certificates", {"Name": name, "CertificateData": data})


async def values(server: Server) -> list[str]:
    project = await server.named("projects", "OctoFX")
    return [one["Value"] for one in (await server.get(f"variables/variableset-{project['Id']}"))["Variables"]]


@pytest.mark.parametrize("include", [{"project": ["*"], "certificate": ["*"]}, {"project": ["*"]}])
@pytest.mark.guide("data-certificates", "accounts-same-name", "accounts-variables-only")
async def test_a_certificate_is_never_created_and_a_variable_that_names_it_waits_for_it_empty(
    include: Document,
) -> None:
    async with pair(include=include, rules={"variables": {"value": "follow"}}) as both:
        item = await generate(both.source, "Web")
        await both.source.variables(await both.source.project("OctoFX"), row("Cert", item["Id"], Type="Certificate"))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        assert await both.destination.get("certificates/all") == []
        assert await values(both.destination) == [""]
        by_hand = ["create-by-hand"] if "certificate" in include else []
        assert await both.reasons() == [*by_hand, "placeholder-reference Variables[Cert]"]
        assert (await both.sync("*")).plan.is_empty

        there = await generate(both.destination, "Web")
        await both.sync("*")

        assert await values(both.destination) == [there["Id"]]
        assert await both.reasons() == []


@pytest.mark.guide("details-certificates")
async def test_a_certificate_with_a_private_key_is_no_match_for_one_without() -> None:
    async with pair(include={"certificate": ["*"]}) as both:
        await generate(both.source, "Web")
        await upload(both.destination, "Web")

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert "is without a private key on the destination and with a private key" in why(outcome, "certificate/Web")


@pytest.mark.guide("details-certificates")
async def test_of_a_certificate_only_the_scope_and_the_notes_follow_and_never_what_is_in_it() -> None:
    async with pair(include={"certificate": ["*"]}, rules={"preset": "mirror"}, first_contact="adopt") as both:
        here = await both.source.environments("Production")
        there = await both.destination.environments("Production")
        item = await generate(both.source, "Web", Notes="Here")
        await generate(both.destination, "Web", Notes="There")
        await both.sync("*")
        before = await both.destination.named("certificates", "Web")
        await both.source.edit(f"certificates/{item['Id']}", Notes="New", EnvironmentIds=[here["Production"]])

        await both.sync("*")

        after = await both.destination.named("certificates", "Web")
        assert after == before | {"Notes": "New", "EnvironmentIds": [there["Production"]]}
        assert (await both.sync("*")).plan.is_empty


async def test_a_certificate_that_was_replaced_is_the_one_that_took_its_place() -> None:
    """The old one lies in the archive under the same name."""
    async with pair(include={"certificate": ["*"], "project": ["*"]}, first_contact="adopt") as both:
        item = await generate(both.source, "Web")
        there = await generate(both.destination, "Web")
        exported = both.destination.sandbox.store.secret(there["Id"], "CertificateData")
        await both.destination.post(
            f"certificates/{there['Id']}/replace", {"Id": there["Id"], "CertificateData": exported, "Password": None}
        )
        await both.source.variables(await both.source.project("OctoFX"), row("Cert", item["Id"], Type="Certificate"))

        await both.sync("*")

        assert await values(both.destination) == [there["Id"]]


# ── worker pools and machine policies ─────────────────────────────────────────────────────────────────────────────────


async def test_a_pool_of_another_type_is_the_pool_and_its_details_do_not_follow() -> None:
    """A pool of Octopus Cloud's own workers has none elsewhere."""
    include = {"worker-pool": ["Ubuntu"], "project": ["*"]}
    async with pair(include=include, rules={"preset": "mirror"}, first_contact="adopt") as both:
        dynamic = {"WorkerPoolType": "DynamicWorkerPool", "WorkerType": "Ubuntu2204", "Description": "Cloud"}
        pool = await both.source.post("workerpools", {"Name": "Ubuntu", **dynamic})
        await both.destination.post("workerpools", {"Name": "Ubuntu", "WorkerPoolType": "StaticWorkerPool"})
        before = await both.destination.named("workerpools", "Ubuntu")
        await both.source.steps(await both.source.project("OctoFX"), script("Deploy", WorkerPoolId=pool["Id"]))

        outcome = await both.sync("*")

        assert await both.destination.named("workerpools", "Ubuntu") == before
        assert "its details do not follow" in why(outcome, "worker-pool/Ubuntu")
        project = await both.destination.named("projects", "OctoFX")
        process = await both.destination.get(f"deploymentprocesses/deploymentprocess-{project['Id']}")
        assert process["Steps"][0]["Actions"][0]["WorkerPoolId"] == before["Id"]
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.parametrize(
    ("kind", "collection", "fields"),
    [
        ("worker-pool", "workerpools", {"WorkerPoolType": "DynamicWorkerPool", "WorkerType": "Ubuntu2204"}),
        ("machine-policy", "machinepolicies", {"ConnectionRetryCountLimit": 9}),
    ],
)
async def test_which_one_is_the_default_is_each_servers_own(kind: str, collection: str, fields: Document) -> None:
    async with pair(include={kind: ["Mine"]}, rules={"preset": "mirror"}) as both:
        default = [one["Name"] for one in await both.destination.get(f"{collection}/all") if one["IsDefault"]]
        item = await both.source.post(collection, {"Name": "Mine", "IsDefault": True, **fields})

        await both.sync("*")
        await both.source.edit(f"{collection}/{item['Id']}", Description="New")
        await both.sync("*")

        now = [one["Name"] for one in await both.destination.get(f"{collection}/all") if one["IsDefault"]]
        assert now == default
        there = await both.destination.named(collection, "Mine")
        assert {name: there[name] for name in (*fields, "Description")} == {**fields, "Description": "New"}
        assert (await both.sync("*")).plan.is_empty


async def test_a_machine_policy_comes_with_the_account_that_updates_its_tentacles() -> None:
    async with pair(include={"machine-policy": ["Strict"]}) as both:
        account = await both.source.post("accounts", {"Name": "Robot", "AccountType": "Token", "Token": SECRET})
        update = {"TentacleUpdateBehavior": "Update", "TentacleUpdateAccountId": account["Id"]}
        await both.source.post("machinepolicies", {"Name": "Strict", "MachineUpdatePolicy": update})

        await both.sync("*")

        there = await both.destination.named("machinepolicies", "Strict")
        robot = await both.destination.named("accounts", "Robot")
        assert there["MachineUpdatePolicy"]["TentacleUpdateAccountId"] == robot["Id"]
        assert (await both.sync("*")).plan.is_empty


# ── environments ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def parent(server: Server, name: str, **more: Any) -> str:
    space = server.sandbox.store.default_space()
    assert space is not None
    made: Document = await server.post(f"{space['Id']}/parentenvironments", {"Name": name, **more})
    return str(made["Id"])


async def of_all_types(server: Server) -> dict[str, Document]:
    space = server.sandbox.store.default_space()
    assert space is not None
    return {one["Name"]: one for one in (await server.get(f"{space['Id']}/environments/v2"))["Items"]}


async def test_parent_environments_cross_as_such_and_what_is_scoped_to_them_follows() -> None:
    include = {"environment": ["*"], "project": ["*"]}
    async with pair(include=include, rules={"preset": "mirror"}) as both:
        rule = {"ExpiryDays": 2, "ExpiryHours": 0}
        previews = await parent(both.source, "Previews", Description="Short-lived", AutomaticDeprovisioningRule=rule)
        await both.source.environments("Test")
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Url", "https://x", {"Environment": [previews]}))

        await both.sync("*")

        there = await of_all_types(both.destination)
        assert {name: one["Type"] for name, one in there.items()} == {"Previews": "Parent", "Test": "Static"}
        whole = await both.destination.get(f"Spaces-5001/parentenvironments/{there['Previews']['Id']}")
        assert (whole["Description"], whole["AutomaticDeprovisioningRule"]) == ("Short-lived", rule)
        found = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{found['Id']}"))["Variables"]
        assert rows[0]["Scope"] == {"Environment": [there["Previews"]["Id"]]}
        assert (await both.sync("*")).plan.is_empty

        await both.source.edit(f"Spaces-1/parentenvironments/{previews}", Description="New", Name="Renamed")
        await both.sync(previews)
        renamed = (await of_all_types(both.destination))["Renamed"]
        assert (renamed["Id"], renamed["Description"]) == (there["Previews"]["Id"], "New")


async def test_a_static_environment_is_no_match_for_a_parent() -> None:
    async with pair(include={"environment": ["*"]}) as both:
        await parent(both.source, "Previews")
        await both.destination.environments("Previews")

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        assert "is Static on the destination and Parent on the source" in why(outcome, "environment/Previews")


@pytest.mark.guide("data-environments")
async def test_ephemeral_environments_never_cross_nor_what_is_only_for_them() -> None:
    async with pair(include={"environment": ["*"], "project": ["*"]}) as both:
        previews = await parent(both.source, "Previews")
        project = await both.source.project("OctoFX")
        await both.source.post(
            "channels",
            {
                "Name": "Features",
                "ProjectId": project["Id"],
                "Type": "EphemeralEnvironment",
                "ParentEnvironmentId": previews,
                "EphemeralEnvironmentNameTemplate": "x",
            },
        )
        made = await both.source.post(
            f"Spaces-1/projects/{project['Id']}/environments/ephemeral", {"EnvironmentName": "feature-1"}
        )
        await both.source.variables(
            project, row("A", "1", {"Environment": [previews]}), row("A", "2", {"Environment": [made["Id"]]})
        )

        outcome = await both.sync(made["Id"], "*")

        assert why(outcome, "environment/feature-1") == "is ephemeral: such environments come and go with a release"
        assert sorted(await of_all_types(both.destination)) == ["Previews"]
        found = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{found['Id']}"))["Variables"]
        assert [one["Value"] for one in rows] == ["1"]
        assert (await both.sync("*")).plan.is_empty
        assert made["Id"] in {one["Id"] for one in (await of_all_types(both.source)).values()}
        assert (await both.sync(made["Id"])).plan.is_empty
