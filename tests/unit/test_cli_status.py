"""``octosync status``: what waits, failed and was done, and what holds a route up."""

from __future__ import annotations

from tests.shell import CHANGED, CLEAN_UP, Shell, hold
from worker.ledger.comparisons import Comparisons, Progress
from worker.ledger.connect import open_redis
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Run
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import Source


def test_status_shows_what_waits_failed_and_was_done(shell: Shell) -> None:
    async def work(ledger: Ledger, queue: DirtyQueue) -> None:
        await queue.mark([DirtyKey("test-to-prod", f"Projects-{n}") for n in range(3)], source=Source.CLI)
        await ledger.clean_ups.report("test-to-prod", [CLEAN_UP])
        await ledger.runs.put(
            Run("r1", "test-to-prod", "test-to-prod|*", "2026-11-23T01:00:00+00:00", outcome="changed")
        )

    shell.ledger(work)
    (found,) = shell.json("status")
    assert {name: found[name] for name in ("route", "state", "waiting", "running", "dead_letters", "clean_ups")} == {
        "route": "test-to-prod",
        "state": "write",
        "waiting": 3,
        "running": 0,
        "dead_letters": 0,
        "clean_ups": 1,
    }
    assert found["last_run"] == {"id": "r1", "started": "2026-11-23T01:00:00+00:00", "outcome": "changed"}
    assert "test-to-prod" in shell.run("status").stdout


def test_status_says_how_far_a_comparison_is(shell: Shell) -> None:
    async def work(ledger: Ledger, _: DirtyQueue) -> None:
        client = open_redis(shell.redis_url)
        progress = Progress("2026-11-28T02:00:00+00:00", "f", done=350, of=1000, differing=3)
        await Comparisons(client).note("test-to-prod", progress)
        await client.aclose()

    shell.ledger(work)
    assert "now: 350 of 1000, 3 differ" in shell.run("status").stdout
    [route] = shell.json("status")
    assert route["comparing"] == {"began": "2026-11-28T02:00:00+00:00", "done": 350, "of": 1000, "differing": 3}


def test_status_says_how_far_the_servers_are_apart(shell: Shell) -> None:
    async def work(ledger: Ledger, _: DirtyQueue) -> None:
        await ledger.servers.note("test", "https://test.example.com/", "2023.1.1", "")
        await ledger.servers.note("prod", "https://prod.example.com/", "2023.4.1", "")

    assert shell.json("status")[0]["versions"] is None  # nobody has asked them yet
    shell.ledger(work)

    found = shell.json("status")[0]["versions"]
    assert found["verdict"] == "refused"
    assert "test-to-prod: Octopus 2023.1 → 2023.4: 3 releases apart" in shell.run("status").output


def test_status_of_a_held_route_says_so_until_it_is_approved(shell: Shell) -> None:
    hold(shell)
    answer = shell.run("status")
    assert answer.exit_code == 3
    assert "octosync approve test-to-prod" in answer.stderr
    assert shell.json("status", status=3)[0]["held"]["plan_hash"] == CHANGED.hash
    shell.run("approve", "test-to-prod", CHANGED.hash)
    assert shell.run("status").exit_code == 0


def test_status_shows_a_pause(shell: Shell) -> None:
    shell.ledger(lambda _, queue: queue.pause())
    assert shell.json("status")[0]["state"] == "paused"
