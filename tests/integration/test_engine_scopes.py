"""The guide's options for scopes that do not fit, each on two servers: what is written, left alone, and told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pair import Document, Pair, pair, row, script
from worker.sync.run import Result

EVERYWHERE: dict[str, list[str]] = {}
FITS, IN_PART, NOWHERE = "fits", "in part", "nowhere"


async def scoped_rows(both: Pair) -> dict[str, str]:
    """Three rows, of which the destination has all, one, and none of the environments. Returns the destination's."""
    here = await both.source.environments("Test", "Staging", "Production")
    there = await both.destination.environments("Staging", "Production")
    project = await both.source.project("OctoFX")
    await both.source.variables(
        project,
        row("A", FITS, {"Environment": [here["Staging"], here["Production"]]}),
        row("B", IN_PART, {"Environment": [here["Test"], here["Production"]]}),
        row("C", NOWHERE, {"Environment": [here["Test"]]}),
        row("B", "else"),
        row("C", "else", {"Role": ["web"]}),
    )
    return there


async def crossed(both: Pair, there: dict[str, str]) -> dict[str, list[str]]:
    """Value → names of the environments of its row on the destination."""
    rows = await both.destination.rows("OctoFX")
    names = {environment: name for name, environment in there.items()}
    found = {one["Value"]: sorted(names[one_id] for one_id in one["Scope"].get("Environment", [])) for one in rows}
    found.pop("else", None)
    return found


WHOLE = ["Production", "Staging"]


@pytest.mark.parametrize(
    ("option", "expected", "to_do"),
    [
        pytest.param(
            "skip-unless-exact",
            {FITS: WHOLE},
            [],
            marks=pytest.mark.guide("scoping-exact"),
        ),
        pytest.param(
            "skip-unless-partial",
            {FITS: WHOLE, IN_PART: ["Production"]},
            [],
            marks=pytest.mark.guide("scoping-partial"),
        ),
        pytest.param(
            "ignore-mismatch",
            {FITS: WHOLE, IN_PART: ["Production"], NOWHERE: []},
            ["scope-widened"],
            marks=pytest.mark.guide("scoping-ignore"),
        ),
        pytest.param(
            "ignore-mismatch-on-new",
            {FITS: WHOLE, IN_PART: ["Production"], NOWHERE: []},
            ["scope-widened"],
            marks=pytest.mark.guide("scoping-ignore-new"),
        ),
        ("error-unless-exact", {}, ["blocked"]),
        ("error-unless-partial", {}, ["blocked"]),
    ],
)
async def test_an_option_decides_about_a_row_whose_environments_are_not_all_there(
    option: str, expected: dict[str, list[str]], to_do: list[str]
) -> None:
    async with pair(rules={"variables": {"scopes": {"environment": option}}}) as both:
        there = await scoped_rows(both)

        outcome = await both.sync("*")

        assert (outcome.result is Result.BLOCKED) == option.startswith("error")
        assert await crossed(both, there) == expected
        assert [one.entry.reason for one in await both.clean_ups()] == to_do
        again = await both.sync("*")
        assert not again.plan.writes


@pytest.mark.guide("scoping-ignore-new")
async def test_ignored_on_new_only_leaves_alone_what_is_there() -> None:
    """ "If the variable is new, ignore the mismatch; otherwise, leave everything as is." """
    rules = {"variables": {"value": "follow", "scopes": {"environment": "ignore-mismatch-on-new"}}}
    async with pair(rules=rules) as both:
        there = await scoped_rows(both)
        await both.sync("*")
        project = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{project['Id']}"))["Variables"]
        for one in rows:
            if one["Value"] == NOWHERE:
                one["Scope"] = {"Environment": [there["Staging"]]}  # a person has seen to it
        await both.destination.variables(project, *rows)
        before = await crossed(both, there)
        here = await both.source.named("projects", "OctoFX")
        ours = (await both.source.get(f"variables/variableset-{here['Id']}"))["Variables"]
        await both.source.variables(
            here, *({**one, "Value": f"{one['Value']}, edited", "Description": "edited"} for one in ours)
        )

        await both.sync("*")

        # Only what fits follows the source.
        after = {f"{FITS}, edited": WHOLE, IN_PART: ["Production"], NOWHERE: ["Staging"], "else, edited": []}
        assert before == {FITS: WHOLE, IN_PART: ["Production"], NOWHERE: ["Staging"]}
        assert await crossed(both, there) == after
        told = {one["Value"]: one["Description"] for one in await both.destination.rows("OctoFX")}
        assert (told[IN_PART], told[NOWHERE]) == ("", "")


@pytest.mark.guide("scoping-tenant-tags")
async def test_rows_scoped_to_tenant_tags_cross_with_those_that_are_there() -> None:
    async with pair(exclude={"tag-set": ["*"]}) as both:
        tags = [{"Name": name, "Color": "#333333"} for name in ("North", "East")]
        await both.source.post("tagsets", {"Name": "Region", "Tags": tags})
        await both.destination.post("tagsets", {"Name": "Region", "Tags": tags[:1]})
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Url", "both", {"TenantTag": ["Region/North", "Region/East"]}),
            row("Url", "east", {"TenantTag": ["Region/East"]}),
            row("Url", "all"),
        )

        await both.sync("*")

        rows = await both.destination.rows("OctoFX")
        assert {one["Value"]: one["Scope"] for one in rows} == {"both": {"TenantTag": ["Region/North"]}, "all": {}}


@pytest.mark.guide("scoping-name")
async def test_a_name_that_others_refer_to_is_there_though_none_of_its_rows_fits() -> None:
    async with pair(rules={"variables": {"placeholder": "Replace Me"}}) as both:
        here = await both.source.environments("Development", "Test")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project,
            row("Database", "OctoFx-Dev", {"Environment": [here["Development"]]}),
            row("Database", "OctoFX-Test", {"Environment": [here["Test"]]}),
            row("Connection", "Database=#{Database}"),
        )

        await both.sync("*")

        rows = await both.destination.rows("OctoFX")
        found: list[tuple[str, Any, Document]] = [(one["Name"], one["Value"], one["Scope"]) for one in rows]
        assert found == [("Database", "Replace Me", EVERYWHERE), ("Connection", "Database=#{Database}", EVERYWHERE)]
        assert [one.entry.reason for one in await both.clean_ups()] == ["placeholder-value"]


@pytest.mark.spacecloner("feature-12")
async def test_value_scope_type_prompt_and_description_of_a_row_follow_each_by_its_rule() -> None:
    """It changed the value of a row that was there, and nothing else of it."""
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        await both.source.variables(
            project, row("Url", "a", {"Environment": [here["Staging"]]}), row("Key", "plain"), row("Own", "1")
        )
        await both.sync("*")
        ids = {one["Name"]: one["Id"] for one in await both.destination.rows("OctoFX")}
        rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
        url, key, own = (next(one for one in rows if one["Name"] == name) for name in ("Url", "Key", "Own"))
        prompt = {"Label": "Where to", "Description": "The address", "Required": True}
        await both.source.variables(
            project,
            url
            | {"Value": "b", "Scope": {"Environment": [here["Production"]]}, "Prompt": prompt, "Description": "New"},
            key | {"Type": "Sensitive", "IsSensitive": True, "Value": "of the source"},
            own | {"Name": "Renamed"},
        )

        await both.sync("*")

        found = {one["Name"]: one for one in await both.destination.rows("OctoFX")}
        assert {name: one["Id"] for name, one in found.items()} == {
            "Url": ids["Url"], "Key": ids["Key"], "Renamed": ids["Own"],
        }  # fmt: skip
        changed = found["Url"]
        assert (changed["Value"], changed["Description"]) == ("b", "New")
        assert changed["Scope"] == {"Environment": [there["Production"]]}
        assert {name: changed["Prompt"][name] for name in prompt} == prompt
        assert (found["Key"]["Type"], found["Key"]["IsSensitive"]) == ("Sensitive", True)
        # The secret is unknown, so the destination keeps what it had, and hides it.
        assert "of the source" not in repr(both.destination.sandbox.store.state)
        assert (await both.sync("*")).plan.is_empty


# ── every dimension ───────────────────────────────────────────────────────────────────────────────────────────────────

DIMENSIONS = {
    "channel": "Channel",
    "process_owner": "ProcessOwner",
    "step": "Action",
    "target": "Machine",
    "tenant_tag": "TenantTag",
}
"""All but the environments, which are above. As the rules call them, and as Octopus does."""
HALF: dict[str, Any] = {
    "exclude": {"channel": ["QA"], "runbook": ["Clean up"], "tag-set": ["*"]},
    "include": {"project": ["*"]},
}
IGNORED = [{"project": "*", "step": "Load data"}]


async def half_there(both: Pair) -> None:
    """In each dimension a row scoped to two things, of which the destination will have one, and one to the other."""
    tags = [{"Name": name, "Color": "#333333"} for name in ("North", "East")]
    await both.source.post("tagsets", {"Name": "Region", "Tags": tags})
    await both.destination.post("tagsets", {"Name": "Region", "Tags": tags[:1]})
    for server, names in ((both.source, ("web", "db")), (both.destination, ("web",))):
        at = (await server.environments("Production"))["Production"]
        policy = (await server.get("machinepolicies/all"))[0]["Id"]
        endpoint = {"CommunicationStyle": "None"}
        for name in names:
            machine = {"Name": name, "Roles": ["r"], "EnvironmentIds": [at], "MachinePolicyId": policy}
            await server.post("machines", {**machine, "Endpoint": endpoint})
    project = await both.source.project("OctoFX")
    quality = await both.source.post("channels", {"Name": "QA", "ProjectId": project["Id"]})
    default = next(one for one in await both.source.get("channels/all") if one["Name"] == "Default")
    steps = (await both.source.steps(project, script("Deploy"), script("Load data")))["Steps"]
    runbooks = [await both.source.runbook(project, name) for name in ("Restart", "Clean up")]
    machines = {one["Name"]: one["Id"] for one in await both.source.get("machines/all")}
    both_of = {
        "Channel": [default["Id"], quality["Id"]],
        "ProcessOwner": [one["Id"] for one in runbooks],
        "Action": [step["Actions"][0]["Id"] for step in steps],
        "Machine": [machines["web"], machines["db"]],
        "TenantTag": ["Region/North", "Region/East"],
    }
    rows = [row(name, "else", {"Role": ["web"]}) for name in DIMENSIONS]
    for name, field in DIMENSIONS.items():
        rows += [row(name, IN_PART, {field: both_of[field]}), row(name, NOWHERE, {field: both_of[field][1:]})]
    await both.source.variables(project, *rows)


@pytest.mark.parametrize(
    ("option", "expected", "widened"),
    [
        ("skip-unless-exact", {}, 0),
        ("skip-unless-partial", {IN_PART: 1}, 0),
        ("ignore-mismatch", {IN_PART: 1, NOWHERE: 0}, len(DIMENSIONS)),
        ("ignore-mismatch-on-new", {IN_PART: 1, NOWHERE: 0}, len(DIMENSIONS)),
    ],
)
@pytest.mark.guide(
    "scoping-channels", "scoping-process-owners", "scoping-steps", "scoping-targets", "scoping-tenant-tags"
)
async def test_an_option_decides_alike_in_every_dimension(option: str, expected: dict[str, int], widened: int) -> None:
    """``expected``: value → how many things its row is scoped to on the destination."""
    rules = {"variables": {"scopes": dict.fromkeys(DIMENSIONS, option)}, "steps": {"ignore": IGNORED}}
    async with pair(rules=rules, **HALF) as both:
        await half_there(both)

        await both.sync("*")

        found: dict[str, dict[str, int]] = {name: {} for name in DIMENSIONS}
        for one in await both.destination.rows("OctoFX"):
            if one["Value"] != "else":
                found[one["Name"]][one["Value"]] = len(one["Scope"].get(DIMENSIONS[one["Name"]], []))
        assert found == dict.fromkeys(DIMENSIONS, expected)
        assert [one.entry.reason for one in await both.clean_ups()].count("scope-widened") == widened
        assert (await both.plan("*")).plan.is_empty


@pytest.mark.guide("scoping-several")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"fits": 3}),
        ({"channel": "ignore-mismatch"}, {"fits": 3, "no channel": 2}),
        ({"environment": "ignore-mismatch"}, {"fits": 3, "no environment": 2}),
        (
            {"environment": "ignore-mismatch", "channel": "ignore-mismatch"},
            {"fits": 3, "no channel": 2, "no environment": 2, "neither": 1},
        ),
    ],
)
async def test_a_row_that_is_scoped_in_several_ways_must_fit_in_each(
    options: dict[str, str], expected: dict[str, int]
) -> None:
    """ "A variable can be scoped to 0 to N of these items." ``expected``: value → in how many ways it is scoped."""
    async with pair(rules={"variables": {"scopes": options}}, exclude={"channel": ["QA"]}) as both:
        here = await both.source.environments("Test", "Production")
        await both.destination.environments("Production")
        project = await both.source.project("OctoFX")
        channels = {
            "QA": await both.source.post("channels", {"Name": "QA", "ProjectId": project["Id"]}),
            "Default": (await both.source.get("channels/all"))[0],
        }
        cases = {
            "fits": ("Production", "Default"),
            "no channel": ("Production", "QA"),
            "no environment": ("Test", "Default"),
            "neither": ("Test", "QA"),
        }
        rows = [
            row("Url", value, {"Environment": [here[where]], "Channel": [channels[channel]["Id"]], "Role": ["web"]})
            for value, (where, channel) in cases.items()
        ]
        await both.source.variables(project, *rows, row("Url", "else"))

        await both.sync("*")

        found = {one["Value"]: len(one["Scope"]) for one in await both.destination.rows("OctoFX")}
        assert found == {**expected, "else": 0}
        widened = [one for one in await both.clean_ups() if one.entry.reason == "scope-widened"]
        assert len(widened) == len(expected) - 1
        assert (await both.sync("*")).plan.is_empty


@pytest.mark.guide(
    "scoping-channels",
    "scoping-process-owners",
    "scoping-steps",
    "scoping-targets",
    "targets-variables",
    "scoping-tenant-tags",
)
@pytest.mark.spacecloner("bug-7")
async def test_an_error_in_any_dimension_stops_the_set() -> None:
    async with pair(rules={"steps": {"ignore": IGNORED}}, **HALF) as both:
        await half_there(both)
        for option in ("error-unless-exact", "error-unless-partial"):
            for name in DIMENSIONS:
                rules = {"variables": {"scopes": {name: option}}, "steps": {"ignore": IGNORED}}
                planned = await both.with_route(rules=rules, **HALF).plan("*")
                [blocked] = planned.plan.blocked
                assert blocked.path == ("project", "OctoFX", "variables")
