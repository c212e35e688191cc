"""What the queue is given, and what is in it: ``enqueue``, ``reconcile``, ``queue``, ``pause`` and ``dead-letters``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.shell import CHANGED, EMPTY, ITEM, ROUTES, SECOND, Shell
from worker.ledger.ledger import Ledger
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import Outcome, Priority, Source
from worker.sync import compare

# -- enqueue and reconcile ---------------------------------------------------------------------------------------------


def test_enqueued_items_are_marked_at_once_with_who_and_why(shell: Shell) -> None:
    answer = shell.json("enqueue", "project/OctoFX", "--project", "A/B", "--reason", "INC-1")
    assert answer["marked"] == {"test-to-prod": ["Projects-1", "Projects-2"]}
    waiting = shell.waiting()
    assert {str(one.key) for one in waiting} == {"test-to-prod|Projects-1", "test-to-prod|Projects-2"}
    assert {one.sources for one in waiting} == {(Source.CLI,)}
    assert {one.priority for one in waiting} == {Priority.EVENTS}
    assert {one.correlation_ids for one in waiting} == {(answer["correlation_id"],)}
    assert all(one.in_ms <= 0 for one in waiting), "a person who asks does not wait for a debounce"
    assert shell.told("octosync.events") == 2


def test_waiting_gives_up_when_its_time_is_over_and_leaves_the_marks(shell: Shell) -> None:
    answer = shell.json("enqueue", "project/OctoFX", "--wait", "--timeout", "0", status=1)
    assert [(one["document"], one["result"]) for one in answer["items"]] == [("Projects-1", "waiting")]
    assert answer["status"] == 1
    assert len(shell.waiting()) == 1
    spoken = shell.run("reconcile", "--wait", "--timeout", "0")
    assert spoken.exit_code == 1
    assert "everything" in spoken.stdout
    assert "octosync status" in spoken.stderr


def test_everything_is_enqueued_for_every_route_without_asking_a_server(shell: Shell) -> None:
    shell.file.write_text(ROUTES + SECOND)
    assert shell.run("enqueue", "everything").exit_code == 0
    assert shell.engine is None
    assert {(str(one.key), one.priority) for one in shell.waiting()} == {
        ("test-to-prod|*", Priority.BULK),
        ("test-to-other|*", Priority.BULK),
    }


def test_reconcile_has_the_workers_compare_everything(shell: Shell) -> None:
    shell.file.write_text(ROUTES + SECOND)
    assert shell.run("reconcile", "--route", "test-to-other").exit_code == 0
    assert [str(one.key) for one in shell.waiting()] == ["test-to-other|*"]
    assert shell.told("octosync.bulk") == 1


def test_a_dry_reconcile_compares_here_and_marks_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compare.Compared(plans=[EMPTY])

    async def compared(*_: Any, dry_run: bool, progress: Callable[[str], None]) -> compare.Compared:
        assert dry_run
        progress("compared 1 of 2")
        return found

    monkeypatch.setattr(compare, "compare", compared)
    assert shell.run("reconcile", "--dry-run").exit_code == 0
    found.plans = [EMPTY, CHANGED, CHANGED]
    answer = shell.run("reconcile", "-n")
    assert answer.exit_code == 2
    assert answer.stdout.count("~ update project/OctoFX") == 1, "what two chunks require is said once"
    assert [plan["route"] for plan in shell.json("reconcile", "-n", status=2)] == ["test-to-prod"]
    found.failed = ["Projects-7"]
    answer = shell.run("reconcile", "-n")
    assert answer.exit_code == 1
    assert "Projects-7 of test-to-prod" in answer.stderr
    assert shell.waiting() == []


# -- queue -------------------------------------------------------------------------------------------------------------


def test_the_queue_says_what_waits_and_why(shell: Shell) -> None:
    async def work(ledger: Ledger, queue: DirtyQueue) -> None:
        await ledger.names.remember("test-to-prod", {"Projects-1": ITEM})
        blocked, running, due = (DirtyKey("test-to-prod", one) for one in ("Projects-1/*", "Projects-2", "Projects-3"))
        await queue.mark([blocked, running], source=Source.WEBHOOK, debounce_ms=0)
        claim = await queue.claim(blocked, 60_000)
        await queue.done(blocked, claim.token, Outcome.wait_in(900_000, "blocked: lifecycle/Two weeks is missing"))
        await queue.claim(running, 60_000)
        await queue.mark([due], source=Source.NIGHTLY, priority="bulk", debounce_ms=0)

    assert "Nothing is to be done" in shell.run("queue").stderr
    shell.ledger(work)
    lines = shell.run("queue").stdout.splitlines()[1:]
    assert ["running" in lines[0], "due" in lines[1], "waiting" in lines[2]] == [True] * 3
    assert "its lease ends in" in lines[0]
    assert "project/OctoFX/*" in lines[2]
    assert "in 14 min" in lines[2] or "in 15 min" in lines[2]
    assert "lifecycle/Two weeks is missing" in lines[2]
    assert [one["class"] for one in shell.json("queue")] == ["events", "bulk", "events"]
    assert "and more" in shell.run("queue", "--limit", "1").stderr


# -- pause and resume --------------------------------------------------------------------------------------------------


def test_a_pause_is_undone_as_it_was_made(shell: Shell) -> None:
    assert shell.json("pause") == {"everything": True, "routes": []}
    assert shell.json("pause", "-r", "test-to-prod") == {"everything": True, "routes": ["test-to-prod"]}
    assert shell.json("resume") == {"everything": False, "routes": ["test-to-prod"]}
    assert "Paused: route test-to-prod" in shell.run("resume").stderr
    assert shell.json("resume", "-r", "test-to-prod") == {"everything": False, "routes": []}
    assert shell.run("pause", "-r", "nope").exit_code == 1


# -- dead letters ------------------------------------------------------------------------------------------------------


def bury(shell: Shell, *documents: str) -> None:
    async def work(_: Ledger, queue: DirtyQueue) -> None:
        for document in documents:
            key = DirtyKey("test-to-prod", document)
            await queue.mark([key], source=Source.CLI, debounce_ms=0)
            claim = await queue.claim(key, 60_000)
            await queue.bury(key, claim.token, "it was refused", "Name is [required]")

    shell.ledger(work)


def test_dead_letters_are_listed_retried_and_dropped(shell: Shell) -> None:
    assert "no dead letters" in shell.run("dead-letters").stderr
    bury(shell, "Projects-1", "Projects-2", "Projects-3")
    listed = shell.json("dead-letters")
    assert {one["key"] for one in listed} == {f"test-to-prod|Projects-{n}" for n in (1, 2, 3)}
    assert listed[0]["server_words"] == "Name is [required]"
    assert "Name is [required]" in shell.run("dead-letters", "list").stdout

    assert shell.run("dead-letters", "retry", "test-to-prod|Projects-1").exit_code == 0
    assert [str(one.key) for one in shell.waiting()] == ["test-to-prod|Projects-1"]
    assert shell.run("dead-letters", "drop", "test-to-prod|Projects-2").exit_code == 0
    assert [one["document"] for one in shell.json("dead-letters")] == ["Projects-3"]
    assert shell.run("dead-letters", "retry", "--all").exit_code == 0
    assert shell.json("dead-letters") == []


@pytest.mark.parametrize("arguments", [[], ["test-to-prod|Projects-9"], ["nonsense"]])
@pytest.mark.parametrize("command", ["retry", "drop"])
def test_a_dead_letter_must_be_named_rightly(shell: Shell, command: str, arguments: list[str]) -> None:
    bury(shell, "Projects-1")
    answer = shell.run("dead-letters", command, *arguments)
    assert answer.exit_code == 1
    assert "octosync dead-letters" in answer.stderr
    assert len(shell.json("dead-letters")) == 1
