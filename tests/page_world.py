"""A status page with something on it: two routes, one held, with runs, failures, deliveries, drift and a clean-up list.

Names hold what people type: markup, quotes, emoji, signs that turn the reading direction, and very long words.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from config.routes import RoutesFile
from config.settings import Settings
from tests.receiver import Quiet, Told, routes_file
from webhook_receiver.app import create_app, create_inside_app
from worker.ledger.comparisons import Progress
from worker.ledger.drift import Drifted
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.plan.values import Action, BothSides, Change, CleanUp, Decision, Edit, Finding, Op, Plan
from worker.queue.inbox import Delivery, Unparsable
from worker.queue.keys import DirtyKey
from worker.queue.values import Outcome, Source
from worker.state import State, state_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

TOKEN = "a-token-that-nobody-guesses"
ROUTE, HELD_ROUTE = "dev-route", "other-route"
NASTY = '<script>alert(1)</script> "O\'Brien" & \u202egnp.exe 🦑'
LONG = "Extraordinarily-long-name-without-a-single-place-where-a-line-could-be-broken-" * 2
NAMES = {
    "Projects-1": ("project", "OctoFX"),
    "variableset-Projects-1": ("project", "OctoFX", "variables"),
    "Projects-2": ("project", NASTY),
    "Projects-3": ("project", LONG),
    "LibraryVariableSets-1": ("library-variable-set", "Notifications"),
}
SCRIPT = "\n".join(f'Write-Host "step {number}"' for number in range(12))


def plan() -> Plan:
    return Plan(
        ROUTE,
        (
            Action(
                Op.UPDATE,
                "project",
                ("project", "OctoFX"),
                "Projects-1",
                "Projects-21",
                changes=(
                    Change(Edit.CHANGE, "Description", "Trades currencies.", "Trades currencies, quickly."),
                    Change(Edit.ADD, "IncludedLibraryVariableSets[Notifications]", None, "Notifications"),
                    Change(Edit.REMOVE, "Templates[Region]", {"Name": "Region"}, None),
                ),
                decisions=(Decision("structure", "Description", "changed on the source only"),),
                clean_ups=(CleanUp(("project", "OctoFX"), "Variables[Password]", "placeholder-secret", "Fill it in."),),
            ),
            Action(
                Op.UPDATE,
                "deployment-process",
                ("project", "OctoFX", "process"),
                "deploymentprocess-Projects-1",
                "deploymentprocess-Projects-21",
                changes=(
                    Change(
                        Edit.CHANGE,
                        "Steps[Deploy]/Properties[Octopus.Action.Script.ScriptBody]",
                        SCRIPT,
                        SCRIPT.replace("step 7", "step seven"),
                    ),
                ),
                destroys=("3 values of tenant Acme",),
            ),
            Action(Op.CREATE, "project", ("project", NASTY), "Projects-2", None, changes=()),
            Action(
                Op.BLOCK,
                "channel",
                ("project", LONG, "channel", "QA"),
                "Channels-4",
                None,
                waits_for=(("lifecycle", "Two-phase"),),
            ),
        ),
        findings=(Finding(("project", NASTY), "Steps[Deploy]", "role-without-target", "no target has the role <web>"),),
    )


@dataclass
class World:
    """``url`` of the page. ``told``: what workers would have been told."""

    url: str
    state: State
    told: Told
    routes: RoutesFile


async def fill(state: State, *, entries: int = 60) -> None:
    """Puts all of it into an empty ledger."""
    now = datetime.now(UTC)
    shown = plan()
    for route in (ROUTE, HELD_ROUTE):
        await state.ledger.names.remember(route, NAMES)
    outcomes = ["changed", "unchanged", "blocked", "error", "changed", "held"]
    for number in range(60):
        started = now - timedelta(minutes=7 * number + 1)
        outcome = outcomes[number % len(outcomes)]
        await state.ledger.runs.put(
            Run(
                id=f"run{number:09}",
                route=ROUTE if number % 3 else HELD_ROUTE,
                key=f"{ROUTE if number % 3 else HELD_ROUTE}|{list(NAMES)[number % len(NAMES)]}",
                started=started.isoformat(),
                finished=(started + timedelta(seconds=2)).isoformat(),
                outcome=outcome,
                correlation_id=f"hook-{number:012x}",
                sources=("webhook",),
                requested_by="Ada <ada>" if number == 0 else "",
                reason="INC-42 & more" if number == 0 else "",
                summary=shown.summary(),
                requests={"dev": 3, "prod": 4},
                plan_hash=shown.hash,
                error="Conflict: PUT /api/projects answered 409: The name is taken." if outcome == "error" else None,
                plan=plan_json.render(shown, indent=None) if outcome != "error" else None,
            )
        )
    await state.ledger.held.hold(
        HELD_ROUTE,
        "Too many updates: 41.00% is over 30.00% (41/100)",
        shown.hash,
        shown.summary(),
        key=f"{HELD_ROUTE}|Projects-1",
        plan=json.loads(plan_json.render(shown)),
    )
    await _queue(state)
    await _deliveries(state)
    await _drift(state)
    await _clean_ups(state, entries)
    await state.ledger.cursors.compared(ROUTE, now - timedelta(hours=9))
    compared = Progress((now - timedelta(minutes=2)).isoformat(), "f", done=350, of=1000, differing=3)
    await state.comparisons.note(ROUTE, compared)
    await state.circuits.open("prod", "PUT /api/Spaces-1/projects: no route to host", 60)


async def _queue(state: State) -> None:
    for number in range(3):
        key = DirtyKey(ROUTE, f"Projects-{number + 1}")
        await state.queue.mark([key], source=Source.WEBHOOK, debounce_ms=0, correlation_id="hook-1")
        claim = await state.queue.claim(key, 60_000)
        words = "The lifecycle 'Two-phase' cannot be found." if number else f"Not allowed: {NASTY}"
        await state.queue.bury(key, claim.token, "PUT /api/projects answered 400", words)
    waiting = DirtyKey(ROUTE, "LibraryVariableSets-1")
    await state.queue.mark([waiting], source=Source.WEBHOOK, debounce_ms=0)
    claim = await state.queue.claim(waiting, 60_000)
    await state.queue.done(waiting, claim.token, Outcome.retry_in(45_000, "PUT /api/libraryvariablesets answered 503"))
    await state.queue.mark([DirtyKey(HELD_ROUTE, "Projects-1")], source=Source.WEBHOOK)
    running = DirtyKey(ROUTE, "variableset-Projects-1")
    await state.queue.mark([running], source=Source.WEBHOOK, debounce_ms=0)
    await state.queue.claim(running, 60_000)


async def _deliveries(state: State) -> None:
    documents = list(NAMES)
    await state.inbox.record(
        [
            Delivery(
                source="dev",
                event_id=f"Events-{number}",
                document_id=documents[number % len(documents)],
                category="Modified",
                occurred="2026-11-23T01:02:01.000+00:00",
                keys=[DirtyKey(ROUTE, "variableset-Projects-1")] if number % 4 else [],
                verdict="placed" if number % 4 else "ignored: no change of configuration",
                correlation_id=f"hook-{number}",
            )
            for number in range(55)
        ]
    )
    await state.inbox.refuse(Unparsable("dev", 812, "0" * 64, "the event has no category", "hook-99"))


async def _drift(state: State) -> None:
    began = datetime.now(UTC).isoformat()
    await state.ledger.drift.begin(ROUTE, began)
    await state.ledger.drift.add(
        ROUTE,
        [
            Drifted(
                "project",
                NAMES[source],
                source,
                source.replace("-", "-2"),
                (Change(Edit.CHANGE, "Description", "as we wrote it", "as it is <b>now</b>"),),
            )
            for source in ("Projects-1", "Projects-2")
        ],
    )
    await state.ledger.drift.ended(ROUTE)
    await state.ledger.findings.begin(ROUTE, began)
    amiss = Finding(("project", NASTY), "Steps[Deploy]", "worker-pool-empty", "runs in worker pool '<b>Big</b>'")
    await state.ledger.findings.add(ROUTE, [amiss], ["not checked: targets"])
    await state.ledger.findings.ended(ROUTE)


async def _clean_ups(state: State, entries: int) -> None:
    reasons = ("placeholder-secret", "scope-dropped", "conflict")
    some = [
        CleanUp(
            ("project", f"Project {number // 5:04}", "variables"),
            f"Variables[Name{number % 5}]",
            reasons[number % 3],
            "Fill in the secret: the destination got a placeholder, since secrets never cross.",
            both=BothSides("was", "is", "was", "is otherwise") if number % 3 == 2 else None,
        )
        for number in range(entries)
    ]
    for start in range(0, len(some), 500):
        await state.ledger.clean_ups.report(ROUTE, some[start : start + 500], "run000000001")
    nasty = CleanUp(("project", NASTY), f"Variables[{LONG}]", "scope-dropped", f'=HYPERLINK("x") {NASTY}')
    await state.ledger.clean_ups.report(HELD_ROUTE, [nasty])


@asynccontextmanager
async def world(redis: Redis, *, token: str | None = TOKEN, **settings: object) -> AsyncIterator[World]:
    """The page on a port of its own, over ``redis``. ``token``: ``None`` for one that nobody can sign in to."""
    given = Settings(status_token=token, debounce_seconds=0, **settings)
    told, routes = Told(), routes_file()
    state = state_of(redis, given)
    outside = create_app(routes, given, state=state, publisher=Quiet(told))
    runner = web.AppRunner(create_inside_app(outside), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield World(f"http://127.0.0.1:{runner.addresses[0][1]}", state, told, routes)
    finally:
        await runner.cleanup()
