"""What the commands do and how they end, with a real Redis and an engine that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from config.routes import Route, RoutesFile
from worker.cli import approve as approve_command
from worker.cli.context import House
from worker.cli.main import app
from worker.cli.sync import STATUS
from worker.ledger.comparisons import Comparisons, Progress
from worker.ledger.connect import open_redis
from worker.ledger.drift import Drifted
from worker.ledger.ledger import Ledger
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.plan.values import Action, BothSides, Change, CleanUp, Edit, Finding, Op, Plan
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import Entry, Outcome, Priority, Source
from worker.sync import compare
from worker.sync import run as engine
from worker.sync.planning.items import Items, UnknownItem
from worker.sync.planning.planner import Planned

T = TypeVar("T")

ROUTES = """
instances:
  - {name: test, url: https://test.example.com, api_key: {env: KEY_A}}
  - {name: prod, url: https://prod.example.com, api_key: {env: KEY_B}}
routes:
  - name: test-to-prod
    source: {instance: test}
    destination: {instance: prod}
    include: {project: ["*"]}
"""
SECOND = """
  - name: test-to-other
    source: {instance: test}
    destination: {instance: prod, space: Other}
    include: {project: ["*"]}
"""
ITEM = ("project", "OctoFX")
CLEAN_UP = CleanUp(ITEM, "Variables[Password]", "placeholder-secret", "fill in the [secret]")
CHANGED = Plan(
    "test-to-prod",
    (
        Action(
            Op.UPDATE,
            "project",
            ITEM,
            "Projects-1",
            "Projects-2",
            changes=(Change(Edit.CHANGE, "Description", "old", "new"),),
            clean_ups=(CLEAN_UP,),
            body={"Name": "OctoFX"},
        ),
        Action(Op.LEAVE, "lifecycle", ("lifecycle", "Default"), "Lifecycles-1", "Lifecycles-1"),
    ),
)
BLOCKED = Plan("test-to-prod", (Action(Op.BLOCK, "project", ITEM, "Projects-1", None),))
EMPTY = Plan("test-to-prod", (Action(Op.LEAVE, "project", ITEM, "Projects-1", "Projects-2"),))


@dataclass
class FakeEngine:
    """An open route that knows two projects and gives the answers it was told to give."""

    route: Route
    planned: Plan = EMPTY
    result: engine.Result = engine.Result.UNCHANGED
    message: str = ""
    asked: list[Any] = field(default_factory=list)

    async def everything(self) -> list[str]:
        return ["Projects-1", "Projects-2"]

    async def documents(self, items: Items) -> list[str]:
        known = {ITEM: "Projects-1", ("project", "A/B"): "Projects-2"}
        unknown = [path for path in items.paths if path not in known]
        if unknown:
            raise UnknownItem(f"the source has no project {unknown[0][1]!r}")
        return [known[path] for path in items.paths]

    async def read_in_bulk(self) -> None:
        self.asked.append("read in bulk")

    async def plan(self, document_ids: list[str], *, progress: Callable[[str], None] | None = None) -> Planned:
        self.asked.append(("plan", list(document_ids)))
        if progress is not None:
            progress("looking up [bold]2 things")
        return Planned(self.planned)

    async def sync(self, document_ids: list[str], **options: Any) -> engine.Outcome:
        self.asked.append(("sync", list(document_ids), options["approved_hash"]))
        return engine.Outcome(self.result, self.planned, requests=6, writes=1, message=self.message, run_id="r1")


class Shell:
    """A person at a terminal, with a routes file and a Redis."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.file = folder / "octosync.yaml"
        self.file.write_text(ROUTES)
        self.redis_url = redis_url
        self.engine: FakeEngine | None = None
        self.planned: Plan = EMPTY
        self.result = engine.Result.UNCHANGED
        self.message = ""

    def run(self, *arguments: str) -> Result:
        environment = {"OCTOSYNC_ROUTES": str(self.file), "OCTOSYNC_REDIS_URL": self.redis_url}
        return CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)

    def json(self, *arguments: str, status: int = 0) -> Any:
        answer = self.run(*arguments, "--json")
        assert answer.exit_code == status, answer.output
        return json.loads(answer.stdout)

    def ledger(self, work: Callable[[Ledger, DirtyQueue], Awaitable[T]]) -> T:
        async def worked() -> T:
            client = open_redis(self.redis_url)
            try:
                return await work(Ledger(client), DirtyQueue(client))
            finally:
                await client.aclose()

        return asyncio.run(worked())

    def told(self, queue: str) -> int:
        """How many messages wait in a queue of Celery's."""

        async def count() -> int:
            client = open_redis(self.redis_url)
            try:
                return int(await client.llen(f"octosync:{queue}"))
            finally:
                await client.aclose()

        return asyncio.run(count())

    def waiting(self) -> list[Entry]:
        return self.ledger(lambda _, queue: queue.waiting())


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    shell = Shell(tmp_path, redis_url)

    @asynccontextmanager
    async def open_route(routes: RoutesFile, name: str, **_: Any) -> AsyncIterator[FakeEngine]:
        shell.engine = FakeEngine(routes.route(name), shell.planned, shell.result, shell.message)
        yield shell.engine

    async def forget() -> None:
        client = open_redis(redis_url)
        for pattern in ("{octosync*}:*", "octosync:*", "_kombu*"):  # ours, and Celery's queues
            async for key in client.scan_iter(match=pattern, count=1000):
                await client.delete(key)
        await client.aclose()

    monkeypatch.setattr(engine, "open_route", open_route)
    asyncio.run(forget())
    yield shell
    asyncio.run(forget())


# -- plan --------------------------------------------------------------------------------------------------------------


def test_a_plan_with_differences_is_printed_and_ends_with_2(shell: Shell) -> None:
    shell.planned = CHANGED
    answer = shell.run("plan", "project/OctoFX")
    assert answer.exit_code == 2
    assert '~ update project/OctoFX\n    ~ Description: "old" -> "new"\n' in answer.stdout
    assert answer.stdout.endswith("to finish by hand on the destination\n")
    assert shell.engine is not None
    assert shell.engine.asked == [("plan", ["Projects-1"])]


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


# -- approve -----------------------------------------------------------------------------------------------------------


def hold(shell: Shell, plan: Plan = CHANGED) -> None:
    async def work(ledger: Ledger, queue: DirtyQueue) -> None:
        document = plan_json.as_dict(plan)
        key = "test-to-prod|Projects-1"
        await ledger.held.hold("test-to-prod", "too many updates", plan.hash, plan.summary(), key=key, plan=document)

    shell.ledger(work)


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


# -- looking -----------------------------------------------------------------------------------------------------------


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


# -- steering ----------------------------------------------------------------------------------------------------------


def test_a_pause_is_undone_as_it_was_made(shell: Shell) -> None:
    assert shell.json("pause") == {"everything": True, "routes": []}
    assert shell.json("pause", "-r", "test-to-prod") == {"everything": True, "routes": ["test-to-prod"]}
    assert shell.json("resume") == {"everything": False, "routes": ["test-to-prod"]}
    assert "Paused: route test-to-prod" in shell.run("resume").stderr
    assert shell.json("resume", "-r", "test-to-prod") == {"everything": False, "routes": []}
    assert shell.run("pause", "-r", "nope").exit_code == 1


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


# -- ledger ------------------------------------------------------------------------------------------------------------


def test_a_routes_memory_is_exported_taken_back_and_forgotten(shell: Shell, tmp_path: Path) -> None:
    async def fill(ledger: Ledger, _: DirtyQueue) -> None:
        await ledger.links.add("test-to-prod", "Projects-1", "Projects-9")
        await ledger.baselines.put("test-to-prod", "Projects-1", {"want": {"Name": "OctoFX"}})

    shell.ledger(fill)
    answer = shell.run("ledger", "export", "test-to-prod")
    assert answer.exit_code == 0
    file = tmp_path / "memory.json"
    file.write_text(answer.stdout)

    assert "This would forget 1 links and 1 baselines" in shell.run("ledger", "forget", "test-to-prod").stderr
    assert shell.ledger(lambda ledger, _: ledger.links.all("test-to-prod")) == {"Projects-1": "Projects-9"}
    assert shell.run("ledger", "forget", "test-to-prod", "--yes").exit_code == 0
    assert shell.ledger(lambda ledger, _: ledger.links.all("test-to-prod")) == {}
    assert shell.run("ledger", "export", "test-to-prod").exit_code == 1

    assert shell.run("ledger", "import", str(file), "--route", "second").exit_code == 0
    assert shell.ledger(lambda ledger, _: ledger.baselines.ids("second")) == {"Projects-1"}


@pytest.mark.parametrize(("content", "says"), [("{", "no JSON"), ("{}", "octosync-ledger/1"), (None, "No such file")])
def test_what_is_no_ledger_is_refused(shell: Shell, tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "memory.json"
    if content is not None:
        file.write_text(content)

    answer = shell.run("ledger", "import", str(file))

    assert answer.exit_code == 1
    assert says in answer.stderr
