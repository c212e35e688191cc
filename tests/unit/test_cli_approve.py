"""``octosync approve``: exactly the plan that was shown, and no other."""

from __future__ import annotations

import pytest

from tests.shell import CHANGED, Shell, hold
from worker.cli import approve as approve_command
from worker.cli.context import House


def test_nothing_to_approve_is_no_error(shell: Shell) -> None:
    assert shell.run("approve", "test-to-prod").exit_code == 0
    assert shell.json("approve", "test-to-prod") is None


def test_a_held_plan_is_shown_with_the_way_out(shell: Shell) -> None:
    hold(shell)
    answer = shell.run("approve", "test-to-prod")
    assert answer.exit_code == 3
    assert "~ update project/OctoFX" in answer.stdout
    assert "too many updates" in answer.stderr
    assert f"octosync approve test-to-prod {CHANGED.hash}" in answer.stderr


def test_a_worker_that_is_quicker_than_the_answer_changes_nothing_about_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(shell)

    async def woken(house: House, *_: object) -> None:
        await house.ledger.held.release("test-to-prod")

    monkeypatch.setattr(approve_command, "wake", woken)
    answer = shell.run("approve", "test-to-prod", CHANGED.hash)
    assert answer.exit_code == 0
    assert f"Plan {CHANGED.hash} of route test-to-prod is approved" in answer.stderr


def test_an_approved_plan_is_taken_up_by_the_workers(shell: Shell) -> None:
    hold(shell)
    assert shell.run("approve", "test-to-prod", CHANGED.hash).exit_code == 0
    assert shell.ledger(lambda ledger, _: ledger.held.is_approved("test-to-prod", CHANGED.hash))
    assert [str(one.key) for one in shell.waiting()] == ["test-to-prod|Projects-1"]


def test_another_plan_than_the_one_shown_is_not_approved(shell: Shell) -> None:
    hold(shell)
    answer = shell.run("approve", "test-to-prod", "0123456789ab")
    assert answer.exit_code == 3
    assert CHANGED.hash in answer.stderr
    assert not shell.ledger(lambda ledger, _: ledger.held.is_approved("test-to-prod", "0123456789ab"))
    assert shell.waiting() == []
