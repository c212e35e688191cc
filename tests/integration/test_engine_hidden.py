"""Ids where no declaration looks for them: each is told, and what belongs to one server alone is left to a person."""

from __future__ import annotations

from typing import Any

from tests.pair import Document, Pair, pair
from worker.sync.run import Result

EVERYTHING: dict[str, Any] = {
    "include": {kind: ["*"] for kind in ("project", "script-module", "machine-policy", "account", "feed")}
}
SERVICE_NOW = "servicenow-integration"


async def told(both: Pair) -> list[tuple[str, str]]:
    """Items, and the place of each id that was left."""
    entries = [one.entry for one in await both.clean_ups() if one.entry.reason == "untranslated-id"]
    return sorted(("/".join(one.item), one.where) for one in entries)


async def test_ids_in_any_text_are_told() -> None:
    async with pair(**EVERYTHING) as both:
        hub = await both.source.post("feeds", {"Name": "Hub", "FeedType": "Docker", "FeedUri": "https://f.example"})
        found = hub["Id"]
        module = await both.source.post("libraryvariablesets", {"Name": "Tools", "ContentType": "ScriptModule"})
        body = {"Name": "Octopus.Script.Module[Tools]", "Value": f"Get-Feed {found}", "Type": "String", "Scope": {}}
        await both.source.variables(module, body)
        check = {"RunType": "Inline", "ScriptBody": f"ping {found}"}
        health = {"MachineHealthCheckPolicy": {"BashHealthCheckPolicy": check}}
        await both.source.post("machinepolicies", {"Name": "Mine", **health})
        project = await both.source.project("OctoFX", Description=f"of {found}: prose names nothing")
        await both.source.edit(
            f"projects/{project['Id']}/deploymentsettings", ReleaseNotesTemplate=f"https://o.example/{found}"
        )

        await both.sync("*")

        assert await told(both) == [
            ("machine-policy/Mine", f"MachineHealthCheckPolicy/BashHealthCheckPolicy/ScriptBody={found}"),
            ("project/OctoFX/deployment-settings", f"ReleaseNotesTemplate={found}"),
            ("script-module/Tools", f"ScriptBody={found}"),
        ]
        assert not (await both.sync("*")).plan.writes


async def test_ids_of_entra_are_none_of_octopus() -> None:
    """However much they look like them."""
    async with pair(**EVERYTHING) as both:
        await both.source.post("tenants", {"Name": "Internal"})
        entra = {"TenantId": "Tenants-1", "ClientId": "Accounts-1", "SubscriptionNumber": "Projects-1"}
        await both.source.post("accounts", {"Name": "Azure", "AccountType": "AzureServicePrincipal", **entra})
        opened = {"OidcAuthentication": {"ClientId": "Accounts-1", "TenantId": "Tenants-1", "Audience": "a"}}
        uri = "https://f.example"
        await both.source.post(
            "feeds", {"Name": "Registry", "FeedType": "AzureContainerRegistry", "FeedUri": uri, **opened}
        )

        await both.sync("*")

        there = await both.destination.named("accounts", "Azure")
        assert {name: there[name] for name in entra} == entra
        feed = await both.destination.named("feeds", "Registry")
        assert feed["OidcAuthentication"] == opened["OidcAuthentication"] | feed["OidcAuthentication"]
        assert await told(both) == []


async def test_a_connection_of_the_source_is_left_to_a_person_and_then_stays() -> None:
    def settings(connection: str | None, change: str = "Normal") -> list[Document]:
        values = {"ServiceNowChangeControlled": True, "StandardChangeTemplateName": change}
        return [{"ExtensionId": SERVICE_NOW, "Values": {**values, "ServiceNowConnectionId": connection}}]

    async with pair() as both:
        project = await both.source.project("OctoFX", ExtensionSettings=settings("Connections-7"))

        await both.sync("*")

        there = await both.destination.named("projects", "OctoFX")
        [values] = [one["Values"] for one in there["ExtensionSettings"]]
        assert (values["ServiceNowChangeControlled"], values["ServiceNowConnectionId"]) == (True, None)
        place = f"ExtensionSettings[{SERVICE_NOW}]/Values/ServiceNowConnectionId"
        assert await both.reasons() == [f"choose-here {place}"]
        # A person chooses one. The source goes on, and takes another one for itself.
        await both.destination.edit(f"projects/{there['Id']}", ExtensionSettings=settings("Connections-1"))
        await both.source.edit(f"projects/{project['Id']}", ExtensionSettings=settings("Connections-8", "Standard"))

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        there = await both.destination.named("projects", "OctoFX")
        [values] = [one["Values"] for one in there["ExtensionSettings"]]
        assert (values["StandardChangeTemplateName"], values["ServiceNowConnectionId"]) == ("Standard", "Connections-1")
