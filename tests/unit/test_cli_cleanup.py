"""``octosync cleanup``: the list of what is to be finished by hand."""

from __future__ import annotations

import pytest

from tests.shell import CLEAN_UP, ITEM, Shell
from worker.plan.values import BothSides, CleanUp


def test_clean_up_entries_are_listed_closed_and_reopened(shell: Shell) -> None:
    assert "nothing to finish by hand" in shell.run("cleanup").stderr
    shell.ledger(lambda ledger, _: ledger.clean_ups.report("test-to-prod", [CLEAN_UP]))
    assert "fill in the [secret]" in shell.run("cleanup").stdout
    (entry,) = shell.json("cleanup")
    assert (entry["key"], entry["item"], entry["state"]) == (CLEAN_UP.key, list(ITEM), "open")

    assert shell.run("cleanup", "close", CLEAN_UP.key[:6]).exit_code == 0
    assert shell.json("cleanup", "list") == []
    (entry,) = shell.json("cleanup", "list", "--all")
    assert entry["state"] == "closed"
    assert entry["closed_by"]
    again = shell.run("cleanup", "close", CLEAN_UP.key)
    assert again.exit_code == 1
    assert "closed already" in again.stderr

    assert shell.run("cleanup", "reopen", CLEAN_UP.key).exit_code == 0
    assert len(shell.json("cleanup")) == 1


@pytest.mark.parametrize("key", ["nope", ""])
def test_a_clean_up_entry_that_is_not_there_is_an_error(shell: Shell, key: str) -> None:
    shell.ledger(lambda ledger, _: ledger.clean_ups.report("test-to-prod", [CLEAN_UP]))
    answer = shell.run("cleanup", "close", key)
    assert answer.exit_code == 1
    assert "octosync cleanup list" in answer.stderr


def test_one_clean_up_entry_is_shown_with_both_sides_of_its_conflict(shell: Shell) -> None:
    conflict = CleanUp(ITEM, "Name", "conflict", "both changed it", both=BothSides("a", "[b]", "a", "c"))
    shell.ledger(lambda ledger, _: ledger.clean_ups.report("test-to-prod", [conflict]))

    answer = shell.run("cleanup", "show", conflict.key[:6])

    assert answer.stdout == (
        '* by hand: project/OctoFX: Name: both changed it\n      source: "a" -> "[b]"\n      destination: "a" -> "c"\n'
    )
    assert shell.json("cleanup", "show", conflict.key)["both"]["source"] == {"was": "a", "is": "[b]"}
