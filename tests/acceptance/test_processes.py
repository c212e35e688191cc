"""Each process, started by its command alone: it serves, it says what is wrong, it stops when asked."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest

from tests.house import HEADER, SECRET, House, house
from tests.processes import eventually, free_port
from tests.receiver import webhook
from worker.publisher import new_app

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


async def text_of(session: aiohttp.ClientSession, url: str) -> str | None:
    """``None`` while nobody answers, or not well."""
    try:
        async with session.get(url) as answer:
            return await answer.text() if answer.status == 200 else None
    except aiohttp.ClientError:
        return None


async def test_the_receiver_serves_and_stops_in_order(redis_url: str, tmp_path: Path) -> None:
    outside, inside = free_port(), free_port()
    async with house(redis_url, tmp_path, receiver_port=str(outside), status_port=str(inside)) as one:
        one.processes.start("receiver", "-m", "webhook_receiver")
        url = f"http://127.0.0.1:{outside}"
        await eventually(lambda: text_of(one.session, f"{url}/readyz"))
        body = json.dumps(webhook("Events-1", "Projects-1")).encode()
        async with one.session.post(f"{url}/webhooks/dev", data=body, headers={HEADER: SECRET}) as answer:
            assert answer.status == 202
        metrics = await eventually(lambda: text_of(one.session, f"http://127.0.0.1:{inside}/metrics"))
        assert 'octosync_webhook_deliveries_total{instance="dev",verdict="recorded"} 1.0' in metrics
        assert await one.state.inbox.seen("dev", ["Events-1"])
        assert await asyncio.to_thread(one.processes.terminate, "receiver") == 0
        logged = [json.loads(line) for line in one.processes.log("receiver").read_text().splitlines()]
        assert {"receiver.listening", "webhooks.recorded"} <= {line["event"] for line in logged}
        assert all(line["component"] == "receiver" for line in logged)


@pytest.mark.parametrize("module", ["webhook_receiver", "worker"])
async def test_wrong_settings_are_named_and_end_the_process(redis_url: str, tmp_path: Path, module: str) -> None:
    async with house(redis_url, tmp_path) as one:
        one.processes.start("wrong", "-m", module, OCTOSYNC_MAX_ATTEMPTS="many", OCTOSYNC_REDIS_URL="http://x")
        await eventually(lambda: not one.processes.alive("wrong"))
        said = one.processes.log("wrong").read_text()
        assert "OCTOSYNC_MAX_ATTEMPTS" in said
        assert "OCTOSYNC_REDIS_URL" in said
        assert "Traceback" not in said


async def test_a_worker_counts_what_all_its_processes_do(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with house(redis_url, tmp_path, metrics_port=str(port)) as one:
        one.start_worker()
        one.start_beat()
        await one.settled_after_first_comparison()

        async def counted() -> str | None:
            # A run is counted when all is done: a moment after nothing is left to do.
            metrics = await text_of(one.session, f"http://127.0.0.1:{port}/metrics")
            # Two may have been asked for at once: for the log that was never read, and for the night that was missed.
            last = r'octosync_reconcile_total\{kind="everything",result="unchanged"\} [12]\.0'
            return metrics if metrics and re.search(last, metrics) else None

        metrics = await eventually(counted, 30, "the comparison was never counted")
        assert 'octosync_runs_total{result="compared",route="dev-to-prod"}' in metrics
        assert 'octosync_octopus_requests_total{instance="dev"' in metrics
        for probe in ("healthz", "readyz"):
            assert await text_of(one.session, f"http://127.0.0.1:{port}/{probe}"), probe
        await logs_are_json(one)


async def test_a_worker_that_is_alive_and_takes_nothing_is_not_ready(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with house(redis_url, tmp_path, canary_seconds="0.5") as one:
        one.processes.start("bulk", "-m", "worker", "--queues", "bulk", OCTOSYNC_METRICS_PORT=str(port))
        one.start_worker("events", "--queues", "events,control")
        one.start_beat()
        ready = f"http://127.0.0.1:{port}/readyz"
        await eventually(lambda: text_of(one.session, ready), 60, "it was never ready")
        app = new_app(one.settings)
        try:

            async def refused() -> str | None:
                # Again and again: a worker that is ready may not listen to broadcasts yet.
                await asyncio.to_thread(app.control.cancel_consumer, "octosync.bulk")
                async with one.session.get(ready) as answer:
                    return await answer.text() if answer.status == 503 else None

            assert "canary" in await eventually(refused, 30, "it went on being ready")
            [bulk] = [canary for canary in await one.state.canaries.look() if canary.queue == "octosync.bulk"]
            assert bulk.waiting_ms > 1_000

            async def again() -> str | None:
                await asyncio.to_thread(app.control.add_consumer, "octosync.bulk")
                return await text_of(one.session, ready)

            await eventually(again, 30, "it is not ready again")
        finally:
            app.close()


async def logs_are_json(one: House) -> None:
    lines = [line for line in one.processes.log("worker").read_text().splitlines() if line.startswith("{")]
    assert any(json.loads(line)["event"] == "looked" for line in lines)


async def test_workers_by_class_of_work(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as one:
        one.start_worker("events", "--queues", "events,control")
        one.start_worker("bulk", "--queues", "bulk", "--concurrency", "1")
        one.start_beat()
        await one.settled_after_first_comparison()
        assert "compared" in one.processes.log("bulk").read_text()
        assert '"looked"' not in one.processes.log("events").read_text()
