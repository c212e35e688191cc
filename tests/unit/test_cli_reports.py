"""What a person can read afterwards: ``octosync runs``, ``findings`` and ``drift``."""

from __future__ import annotations

from tests.shell import CHANGED, ITEM, Shell
from worker.ledger.drift import Drifted
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.plan.values import Change, Edit, Finding
from worker.queue.dirty import DirtyQueue


def test_findings_are_shown_as_the_last_comparison_made_them(shell: Shell) -> None:
    answer = shell.run("findings")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "never compared" in answer.stderr

    async def found(ledger: Ledger, _: DirtyQueue) -> None:
        finding = Finding(ITEM, "Steps[[b]Deploy]", "worker-pool-empty", "runs in worker pool 'A'")
        await ledger.findings.begin("test-to-prod", "2026-03-02T03:00:00+00:00")
        await ledger.findings.add("test-to-prod", [finding, finding], ["not checked: targets"])
        await ledger.findings.ended("test-to-prod")

    shell.ledger(found)
    answer = shell.run("findings")
    assert answer.exit_code == 2
    assert answer.stdout == "? project/OctoFX: Steps[[b]Deploy]: runs in worker pool 'A' (worker-pool-empty)\n"
    assert "not checked: targets" in answer.stderr
    (known,) = shell.json("findings", status=2)
    assert (known["total"], known["rules"], len(known["findings"])) == (1, {"worker-pool-empty": 1}, 1)


def test_drift_is_shown_as_the_last_comparison_found_it(shell: Shell) -> None:
    answer = shell.run("drift")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "never compared" in answer.stderr

    async def found(ledger: Ledger, _: DirtyQueue) -> None:
        edit = Change(Edit.CHANGE, "Description", "ours", "[bold]edited")
        await ledger.drift.begin("test-to-prod", "2026-03-02T03:00:00+00:00")
        await ledger.drift.add("test-to-prod", [Drifted("project", ITEM, "Projects-1", "Projects-2", (edit,), 3)])
        await ledger.drift.ended("test-to-prod")

    shell.ledger(found)
    answer = shell.run("drift")
    assert answer.exit_code == 2
    assert answer.stdout == (
        'edited on the destination: project/OctoFX (and 3 more fields)\n    ~ Description: "ours" -> "[bold]edited"\n'
    )
    (known,) = shell.json("drift", status=2)
    assert (known["route"], known["compared"], known["total"]) == ("test-to-prod", "2026-03-02T03:00:00+00:00", 1)
    assert known["items"][0]["name"] == "project/OctoFX"
    assert known["items"][0]["changes"] == [
        {"edit": "change", "where": "Description", "before": "ours", "after": "[bold]edited"}
    ]


def test_runs_are_listed_and_shown_with_their_plan(shell: Shell) -> None:
    async def work(ledger: Ledger, _: DirtyQueue) -> None:
        for n in range(3):
            run = Run(
                id=f"r{n}",
                route="test-to-prod",
                key="test-to-prod|Projects-1",
                started=f"2026-11-23T01:00:0{n}+00:00",
                outcome="changed",
                summary=CHANGED.summary(),
                requests={"test": 2, "prod": 4},
                correlation_id=f"c-{n}",
                correlation_ids=("c-first", f"c-{n}") if n else ("c-0",),
                sources=("webhook",),
                requested_by="Ada" if n == 1 else "",
                reason="INC-1" if n == 1 else "",
                plan=plan_json.render(CHANGED) if n == 1 else None,
            )
            await ledger.runs.put(run)

    assert "no run yet" in shell.run("runs").stderr
    shell.ledger(work)
    assert [run["id"] for run in shell.json("runs", "--limit", "2")] == ["r2", "r1"]
    assert "r0" in shell.run("runs", "list").stdout
    shown = shell.run("runs", "show", "r1")
    assert shown.exit_code == 0
    assert "~ update project/OctoFX" in shown.stdout
    assert "old" in shown.stdout
    assert "new" in shown.stdout
    assert "Ada" in shown.stdout
    assert "INC-1" in shown.stdout
    assert [run["id"] for run in shell.json("runs", "--correlation", "c-first")] == ["r1", "r2"]
    assert shell.json("runs", "show", "r1")["plan"]["schema"] == 1
    assert shell.run("runs", "show", "r2").exit_code == 0
    assert shell.run("runs", "show", "nope").exit_code == 1
