"""Load: wrk posts webhooks as Octopus does, each with an event id of its own, and tells how long each took."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import HEADER, SECRET, Served, machine_cpu_s, program

_SCRIPT = Path(__file__).with_name("wrk_webhooks.lua")
_runs = itertools.count(1)
EVENT, PROJECT = "Events-@@@@@@@@@@@@", "Projects-@@@"


@dataclass(frozen=True, slots=True)
class Load:
    """``cpu_us`` of the server's processes per request, ``redis_us`` of its Redis; ``refused`` answers were no 2xx, or
    none came; ``others`` are cores that were busy with neither the server, nor its Redis, nor wrk."""

    per_s: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    cpu_us: float
    redis_us: float
    requests: int
    refused: int
    others: float


def post(server: Served, connections: int, seconds: float, body: Path) -> Load:
    """A closed loop: each connection posts again when it was answered. Raises
    :class:`benchmarks.servers.MissingError`."""
    before, beside_before = server.cpu_s(), server.beside_cpu_s()
    all_before = machine_cpu_s() - beside_before
    children, began = _children_s(), time.monotonic()
    answer = subprocess.run(
        [
            program("wrk"),
            *("-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s"),
            *("-H", f"{HEADER}: {SECRET}", "-H", "Content-Type: application/json"),
            *("-s", str(_SCRIPT), server.url, "--", str(body), str(next(_runs))),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    cpu, beside = server.cpu_s() - before, server.beside_cpu_s()
    others = machine_cpu_s() - beside - all_before - cpu - (_children_s() - children)
    said = json.loads(answer.rpartition("RESULT ")[2])
    return Load(
        per_s=said["requests"] / said["seconds"],
        p50_ms=said["p50_us"] / 1000,
        p90_ms=said["p90_us"] / 1000,
        p99_ms=said["p99_us"] / 1000,
        cpu_us=cpu / max(said["requests"], 1) * 1e6,
        redis_us=(beside - beside_before) / max(said["requests"], 1) * 1e6,
        requests=said["requests"],
        refused=said["refused"],
        others=max(0.0, others / (time.monotonic() - began)),
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_body(folder: Path) -> Path:
    """A webhook as a server of 2024 sends it, with about 3 KB; event and project are filled in for each request."""
    event = {
        "Id": EVENT,
        "RelatedDocumentIds": [f"variableset-{PROJECT}", PROJECT],
        "Category": "Modified",
        "UserId": "Users-1",
        "Username": "someone@example.com",
        "IsService": False,
        "IdentityEstablishedWith": "Session cookie",
        "UserAgent": "OctopusClient-js/2024.1",
        "Occurred": "2026-11-23T01:02:01.000+00:00",
        "Message": "Variable set was changed",
        "MessageHtml": "<a href='#'>Variable set</a> was changed",
        "MessageReferences": [{"ReferencedDocumentId": PROJECT, "StartIndex": 0, "Length": 12}],
        "Comments": None,
        "Details": None,
        "ChangeDetails": {"DocumentContext": {"Id": f"variableset-{PROJECT}"}, "Differences": _differences()},
        "IpAddress": "10.0.0.1",
        "SpaceId": "Spaces-1",
        "Links": {"Self": {}},
    }
    payload = {
        "ServerUri": "https://dev.example.com",
        "ServerAuditUri": "https://dev.example.com/#/configuration/audit",
        "BatchProcessingDate": "2026-11-23T11:02:03+10:00",
        "Subscription": {"Id": "Subscriptions-1", "Name": "Octosync", "Type": 0, "SpaceId": "Spaces-1"},
        "Event": event,
        "BatchId": "0f5b3f0c-2f9d-4a57-9f56-0a4b7e3c9d11",
        "TotalEventsInBatch": 1,
        "EventNumberInBatch": 1,
    }
    path = folder / "webhook.json"
    whole = {"Timestamp": "2026-11-23T01:02:03.1234567+00:00", "EventType": "SubscriptionPayload", "Payload": payload}
    path.write_text(json.dumps(whole, separators=(",", ":")), "utf-8")
    return path


def _differences() -> list[dict[str, str]]:
    return [{"op": "replace", "path": f"/Variables/{number}/Value", "value": "x" * 90} for number in range(10)]
