"""The guide's variables: its tables, values filled in on the destination, and secrets."""

from __future__ import annotations

import fakeredis
import pytest

from tests.guide import assert_settled, open_reasons, table
from tests.pair import Document, Pair, pair, row
from worker.ledger.ledger import Ledger
from worker.sync.run import Result

# ── the variable tables ───────────────────────────────────────────────────────────────────────────────────────────────

NAME, CONNECTION = "Application.Database.Name", "ConnectionString"
SQL, ORACLE = "Database=#{Application.Database.Name}", "Data Source=#{Application.Database.Name}"
DESIRED = [(CONNECTION, SQL, {"Role": ["SQL-Server"]}), (CONNECTION, ORACLE, {"Role": ["Oracle"]})]


async def first_table(both: Pair) -> Document:
    here = await both.source.environments("Development", "Test")
    await both.destination.environments("Staging", "Production")
    project = await both.source.project("OctoFX")
    await both.source.variables(
        project,
        row(NAME, "OctoFx-Dev", {"Environment": [here["Development"]]}),
        row(NAME, "OctoFX-Test", {"Environment": [here["Test"]]}),
        row(CONNECTION, SQL),
    )
    return project


async def second_table(both: Pair, project: Document, ids: str) -> None:
    rows = (await both.source.get(f"variables/variableset-{project['Id']}"))["Variables"]
    kept = {one["Name"]: one["Id"] for one in rows} if ids == "kept" else {}

    def known(name: str) -> dict[str, str]:
        return {"Id": kept[name]} if name in kept else {}

    await both.source.variables(
        project,
        row(NAME, "OctoFx-#{Octopus.Environment.Name}", **known(NAME)),
        row(CONNECTION, SQL, {"Role": ["SQL-Server"]}, **known(CONNECTION)),
        row(CONNECTION, ORACLE, {"Role": ["Oracle"]}),
    )


async def forget_everything(both: Pair) -> None:
    """The ledger is lost."""
    both.ledger = Ledger(fakeredis.FakeAsyncRedis())


IGNORE = {"variables": {"scopes": {"environment": "ignore-mismatch"}}}
FIRST = {
    "by default": [(NAME, "REPLACE ME", {}), (CONNECTION, SQL, {})],
    "ignoring": [(NAME, "OctoFx-Dev", {}), (NAME, "OctoFX-Test", {}), (CONNECTION, SQL, {})],
}


@pytest.mark.parametrize("rules", ["by default", "ignoring"])
@pytest.mark.parametrize("ids", ["kept", "regenerated", "ledger lost"])
@pytest.mark.guide(
    "scoping-recurring", "scoping-rescoped", "scoping-replace", "scoping-copy", "scoping-unscoped", "scoping-roles"
)
async def test_the_variable_tables(rules: str, ids: str) -> None:
    async with pair(rules=IGNORE if rules == "ignoring" else {}, first_contact="adopt") as both:
        project = await first_table(both)
        await both.sync("*")
        assert await table(both.destination, "OctoFX") == FIRST[rules]
        await assert_settled(both)
        if ids == "ledger lost":
            await forget_everything(both)

        await second_table(both, project, "kept" if ids == "kept" else "regenerated")
        outcome = await both.sync("*")
        if outcome.result is Result.HELD:  # without a memory it cannot tell which of two equal rows is meant, and asks
            assert (rules, ids) == ("ignoring", "ledger lost")
            await both.sync("*", approved_hash=outcome.plan.hash)

        # Application.Database.Name is left alone, and ConnectionString gets its role and a second row.
        left_alone = [one for one in FIRST[rules] if one[0] == NAME]
        assert await table(both.destination, "OctoFX") == left_alone + DESIRED
        await assert_settled(both)


@pytest.mark.guide("scoping-overwrite", "truth-differences", "clean-up-existing")
async def test_values_filled_in_on_the_destination_stay() -> None:
    async with pair() as both:
        project = await first_table(both)
        await both.sync("*")
        there = await both.destination.get("environments/all")
        ids = {one["Name"]: one["Id"] for one in there}
        copy = await both.destination.named("projects", "OctoFX")
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        filled = {**rows[0], "Value": "OctoFx-Staging", "Scope": {"Environment": [ids["Staging"]]}}
        second = row(NAME, "OctoFx", {"Environment": [ids["Production"]]})
        await both.destination.variables(copy, filled, second, rows[1])

        await second_table(both, project, "kept")
        await both.sync("*")

        assert await table(both.destination, "OctoFX") == [
            (NAME, "OctoFx-Staging", {"Environment": [ids["Staging"]]}),
            (NAME, "OctoFx", {"Environment": [ids["Production"]]}),
            *DESIRED,
        ]


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.guide("clean-up-dummy", "clean-up-listed", "clean-up-existing", "secret-variables")
async def test_a_new_secret_gets_a_dummy_is_listed_and_is_never_touched_again() -> None:
    async with pair() as both:
        project = await both.source.project("OctoFX")
        await both.source.variables(project, row("Db.Password", "dev-secret", Type="Sensitive"))

        await both.sync("*")

        assert ("project/OctoFX/variables", "placeholder-secret") in await open_reasons(both)
        copy = await both.destination.named("projects", "OctoFX")
        store = both.destination.sandbox.store
        rows = (await both.destination.get(f"variables/variableset-{copy['Id']}"))["Variables"]
        assert rows[0]["Type"] == "Sensitive"
        assert "REPLACE ME" in repr(store.state)
        await both.destination.variables(copy, {**rows[0], "Value": "prod-secret"})
        assert "prod-secret" in repr(store.state)

        await both.source.variables(project, row("Db.Password", "dev-secret 2", Type="Sensitive"), row("New", "1"))
        await both.sync("*")

        assert "New" in [name for name, *_ in await table(both.destination, "OctoFX")]
        assert "prod-secret" in repr(store.state)
        assert "dev-secret" not in repr(store.state)


@pytest.mark.guide("clean-up-existing", "secret-variables", "scoping-rescoped")
async def test_what_is_there_and_does_not_match_is_left_alone_and_listed() -> None:
    """ "Any existing data where it can't match and sync exactly should be left alone." Whatever else follows."""
    async with pair(rules={"variables": {"value": "follow", "removed": "remove-ours"}}) as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        staging, production = ({"Environment": [here[name]]} for name in ("Staging", "Production"))
        await both.source.variables(
            project,
            row("Key", "of the source", staging, Type="Sensitive"),
            row("Old", "of the source", Type="Sensitive"),
            row("Url", "a", staging),
            row("Port", "80", staging),
            row("Dropped", "1"),
        )
        await both.sync("*")
        copy = await both.destination.named("projects", "OctoFX")
        filled = {"Key": "real key", "Old": "real old", "Url": "mine"}
        await both.destination.variables(
            copy,
            *({**one, "Value": filled.get(one["Name"], one["Value"])} for one in await both.destination.rows("OctoFX")),
        )
        kept = {one["Name"]: one for one in (await both.source.rows("OctoFX"))}
        await both.source.variables(
            project,
            {**kept["Key"], "Scope": production},
            row("Key", "another", Type="Sensitive"),
            {**kept["Url"], "Scope": production},
            {**kept["Port"], "Scope": production},
        )

        await both.sync("*")

        found = await table(both.destination, "OctoFX")
        in_staging, in_production = ({"Environment": [there[name]]} for name in ("Staging", "Production"))
        assert sorted(found, key=str) == sorted(
            [
                ("Key", None, in_staging),  # nobody can see whose it is, so it is not moved, and nothing hides it
                ("Old", None, {}),
                ("Url", "mine", in_staging),  # a value of Staging's is not carried into Production
                ("Port", "80", in_production),
            ],
            key=str,
        )
        state = repr(both.destination.sandbox.store.state)
        assert "real key" in state
        assert "real old" in state
        assert {reason for _, reason in await open_reasons(both)} >= {
            "scope-left", "secret-not-added", "removed-on-source",
        }  # fmt: skip
        await assert_settled(both)


@pytest.mark.guide("clean-up-existing", "scoping-rescoped")
async def test_at_first_contact_a_row_that_is_there_becomes_no_wider() -> None:
    """With an equal value it takes the scope that it lacks, and keeps the one that it has."""
    async with pair(first_contact="adopt") as both:
        here = await both.source.environments("Staging", "Production")
        there = await both.destination.environments("Staging", "Production")
        project = await both.source.project("OctoFX")
        copy = await both.destination.project("OctoFX")
        await both.source.variables(project, row("Url", "same", {"Environment": list(here.values()), "Role": ["web"]}))
        await both.destination.variables(copy, row("Url", "same", {"Environment": [there["Staging"]]}))

        await both.sync("*")

        narrower = {"Environment": [there["Staging"]], "Role": ["web"]}
        assert await table(both.destination, "OctoFX") == [("Url", "same", narrower)]
        await assert_settled(both)
