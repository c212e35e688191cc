"""``octosync plan`` and ``sync``: of what, for which route, and how they end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.shell import BLOCKED, CHANGED, CLEAN_UP, EMPTY, ROUTES, SECOND, Shell
from worker.cli.sync import STATUS, meant
from worker.plan.values import Op, Plan
from worker.sync import run as engine

# -- plan --------------------------------------------------------------------------------------------------------------


def test_a_plan_with_differences_is_printed_and_ends_with_2(shell: Shell) -> None:
    shell.planned = CHANGED
    answer = shell.run("plan", "project/OctoFX")
    assert answer.exit_code == 2
    assert '~ update project/OctoFX\n    ~ Description: "old" -> "new"\n' in answer.stdout
    assert answer.stdout.endswith("to finish by hand on the destination\n")
    assert shell.engine is not None
    assert shell.engine.asked == [("plan", ["Projects-1"])]


def test_what_is_on_the_clean_up_list_already_is_counted_and_not_said_again(shell: Shell) -> None:
    shell.planned = Plan("test-to-prod", (replace(EMPTY.actions[0], clean_ups=(CLEAN_UP,)),))
    assert "  * by hand: Variables[Password]: fill in the [secret]\n" in shell.run("plan").stdout
    shell.ledger(lambda ledger, _: ledger.clean_ups.report("test-to-prod", [CLEAN_UP]))
    unchanged = "0 to create, 0 to update, 0 to delete, 1 unchanged\n"
    standing = "nothing new to finish by hand on the destination; 1 is on the list already: octosync cleanup list\n"
    assert shell.run("plan").stdout == unchanged + standing
    assert shell.run("sync", "everything").stdout == unchanged + standing
    assert "fill in the [secret]" in shell.run("plan", "--all").stdout
    assert "fill in" not in shell.run("plan", "--format", "markdown").stdout
    assert len(shell.json("plan")["actions"][0]["clean_ups"]) == 1, "programs see all"
    shell.planned = Plan("test-to-prod", (replace(EMPTY.actions[0], op=Op.SKIP, clean_ups=(CLEAN_UP,)),))
    assert "skip project/OctoFX" not in shell.run("plan").stdout, "why it is skipped stands on the list"
    shell.planned = Plan("test-to-prod", (replace(EMPTY.actions[0], clean_ups=(CLEAN_UP,)),))
    shell.ledger(lambda ledger, _: ledger.clean_ups.close("test-to-prod", CLEAN_UP.key, "me"))
    assert shell.run("plan").stdout == unchanged, "a person said that it is done"


def test_a_plan_without_differences_ends_with_0(shell: Shell) -> None:
    answer = shell.run("plan", "project/OctoFX")
    assert answer.exit_code == 0
    assert answer.stdout == "0 to create, 0 to update, 0 to delete, 1 unchanged\n"
    assert "= leave project/OctoFX" in shell.run("plan", "--all").stdout


def test_what_should_cross_and_cannot_is_a_difference(shell: Shell) -> None:
    shell.planned = BLOCKED
    assert shell.run("plan", "project/OctoFX").exit_code == 2


def test_a_plan_without_items_is_of_everything(shell: Shell) -> None:
    shell.run("plan")
    assert shell.engine is not None
    assert shell.engine.asked == ["read in bulk", ("plan", ["Projects-1", "Projects-2"])]


def test_a_name_with_a_slash_is_given_to_an_option(shell: Shell) -> None:
    shell.run("plan", "--project", "A/B")
    assert shell.engine is not None
    assert shell.engine.asked == [("plan", ["Projects-2"])]


def test_a_plan_has_three_forms(shell: Shell) -> None:
    shell.planned = CHANGED
    assert shell.json("plan", status=2)["hash"] == CHANGED.hash
    assert json.loads(shell.run("plan", "--format", "json").stdout)["schema"] == 1
    assert shell.run("plan", "--format", "markdown").stdout.startswith("### Plan of route `test-to-prod`")


def test_a_name_that_the_source_does_not_have_is_an_error(shell: Shell) -> None:
    answer = shell.run("plan", "project/Nobody")
    assert answer.exit_code == 1
    assert "the source has no project 'Nobody'" in answer.stderr
    assert "`octosync plan --all` lists them" in " ".join(answer.stderr.split())
    assert "route test-to-prod, source test/Default" in answer.stderr


# -- sync --------------------------------------------------------------------------------------------------------------


def test_every_result_of_the_engine_has_an_exit_status() -> None:
    assert set(STATUS) == set(engine.Result)


@pytest.mark.parametrize(
    ("result", "plan", "status"),
    [
        (engine.Result.UNCHANGED, EMPTY, 0),
        (engine.Result.CHANGED, CHANGED, 0),
        (engine.Result.BLOCKED, BLOCKED, 1),
        (engine.Result.MOVED, CHANGED, 1),
        (engine.Result.HELD, CHANGED, 3),
        (engine.Result.READ_ONLY, CHANGED, 3),
    ],
)
def test_a_sync_ends_as_its_result_says(shell: Shell, result: engine.Result, plan: Plan, status: int) -> None:
    shell.result, shell.planned, shell.message = result, plan, "because of [this]"
    answer = shell.run("sync", "project/OctoFX")
    assert answer.exit_code == status
    assert f"{result}: because of [this] (6 requests, 1 of them writes)" in answer.stderr
    assert plan.summary() in answer.stdout
    document = shell.json("sync", "project/OctoFX", status=status)
    assert (document["result"], document["requests"], document["run"]) == (result, 6, "r1")


def test_the_approved_hash_reaches_the_engine(shell: Shell) -> None:
    shell.run("sync", "project/OctoFX", "--approved", "abc123")
    assert shell.engine is not None
    assert shell.engine.asked == [("sync", ["Projects-1"], "abc123")]


def test_a_sync_is_known_by_the_key_that_workers_have_for_the_same() -> None:
    assert meant(["Runbooks-1"]) == "Runbooks-1"
    assert meant(["Channels-1", "Projects-1", "deploymentprocess-Projects-1"]) == "Projects-1/*"
    assert meant(["Projects-1", "Projects-2"]) == "*"
    assert meant(["Channels-1", "Channels-2"]) == "*"


def test_nothing_is_synced_unless_it_is_named(shell: Shell) -> None:
    answer = shell.run("sync")
    assert answer.exit_code == 1
    assert shell.engine is None


# -- which route -------------------------------------------------------------------------------------------------------


def test_a_route_must_be_named_where_there_are_several(shell: Shell) -> None:
    shell.file.write_text(ROUTES + SECOND)
    answer = shell.run("plan")
    assert answer.exit_code == 1
    assert "which route?" in answer.stderr
    assert "test-to-prod, test-to-other" in answer.stderr
    assert shell.run("plan", "-r", "test-to-other").exit_code == 0
    assert shell.engine is not None
    assert shell.engine.route.name == "test-to-other"


def test_an_unknown_route_is_guessed(shell: Shell) -> None:
    answer = shell.run("plan", "-r", "test-to-pro")
    assert answer.exit_code == 1
    assert "did you mean 'test-to-prod'?" in answer.stderr
