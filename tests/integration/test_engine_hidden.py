"""Ids where no declaration looks for them: each is told, and what belongs to one server alone is left to a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

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


VARIABLE = "3f2c9a10-7a51-4c0e-9f0e-0d6f6a3b9c11"
"""Prompted variables are known by their ids, as in the forms of previews."""


@pytest.mark.parametrize("answers", [{VARIABLE: "hunter2"}, {"Region": "Europe"}], ids=["by id", "by name"])
async def test_what_a_trigger_answers_to_prompts_by_id_is_left_to_a_person(answers: dict[str, str]) -> None:
    by_id = VARIABLE in answers
    async with pair() as both:
        here = await both.source.environments("Test")
        await both.destination.environments("Test")
        project = await both.source.project("OctoFX")
        runbook = await both.source.runbook(project, "Restart")
        schedule = {"FilterType": "CronExpressionSchedule", "CronExpression": "0 0 6 * * Mon", "Timezone": "UTC"}
        at = [here["Test"]]
        run = {"ActionType": "RunRunbook", "RunbookId": runbook["Id"], "EnvironmentIds": at, "FormValues": answers}
        deploy = {
            "ActionType": "DeployLatestRelease",
            "SourceEnvironmentIds": at,
            "DestinationEnvironmentId": here["Test"],
            "Variables": json.dumps(answers),
        }
        for name, action in (("Nightly", run), ("Weekly", deploy)):
            body = {"Name": name, "ProjectId": project["Id"], "Filter": schedule, "Action": action}
            await both.source.post("projecttriggers", body)

        outcome = await both.sync("*")

        found = {one["Name"]: one for one in (await both.destination.get("projecttriggers"))["Items"]}
        assert found["Nightly"]["Action"]["FormValues"] == ({} if by_id else answers)
        assert found["Weekly"]["Action"]["Variables"] == (None if by_id else json.dumps(answers))
        left = [one.entry.where for one in await both.clean_ups() if one.entry.reason == "choose-here"]
        assert sorted(left) == (["Action/FormValues", "Action/Variables"] if by_id else [])
        assert not by_id or "hunter2" not in repr([outcome.plan, await both.clean_ups()])
        # What a person enters there is the destination's own.
        mine = {"11111111-7a51-4c0e-9f0e-0d6f6a3b9c11": "ours"}
        action = {**found["Nightly"]["Action"], "FormValues": mine}
        await both.destination.edit(f"projecttriggers/{found['Nightly']['Id']}", Action=action)
        trigger = next(one for one in (await both.source.get("projecttriggers"))["Items"] if one["Name"] == "Nightly")
        changed = {**trigger["Action"], "FormValues": {**answers, "More": "x"}}
        await both.source.edit(f"projecttriggers/{trigger['Id']}", Description="of the night", Action=changed)
        await both.sync("*")
        kept = await both.destination.get(f"projecttriggers/{found['Nightly']['Id']}")
        assert (kept["Description"], kept["Action"]["FormValues"]) == ("of the night", mine)
