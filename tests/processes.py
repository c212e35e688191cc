"""The product's own processes, started as a user starts them, and ended whatever happens.

    with Processes(folder, environment) as processes:
        processes.start("worker", "-m", "worker")
        await eventually(lambda: …)

Each is a process group of its own, since a Celery worker has children; what it says goes to a file, which a failing
test shows the end of. Its temporary files are in the test's folder: what is killed cleans nothing up.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
STOP_WITHIN_S = 30.0


class Processes:
    """``environment`` is all that the processes get, besides the path to programs."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        temporary = temporary_folder(folder)
        self.environment = {**kept, "PYTHONPATH": str(ROOT), "TMPDIR": temporary, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str, **more: str) -> None:
        """Runs Python with ``arguments``; ``more`` are variables of the environment."""
        with self.log(name).open("ab") as output:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def tail(self, lines: int = 30) -> str:
        """The last words of each."""
        return "\n".join(
            f"--- {name} ({process.poll()})\n"
            + "\n".join(self.log(name).read_text("utf-8", "replace").splitlines()[-lines:])
            for name, process in self._running.items()
        )

    def kill(self, name: str) -> None:
        """SIGKILL for the whole group, as when a machine loses power."""
        self._signal(name, signal.SIGKILL)
        self._running.pop(name).wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the main process alone."""
        self._running[name].send_signal(number)

    def signal_all(self, name: str, number: signal.Signals) -> None:
        """To the main process and its children."""
        self._signal(name, number)

    def children(self, name: str) -> list[int]:
        """Processes that the main process has started."""
        pid = self._running[name].pid
        try:
            return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []  # it has just ended

    def kill_child(self, name: str, number: int) -> None:
        os.kill(self.children(name)[number], signal.SIGKILL)

    def terminate(self, name: str) -> int:
        """SIGTERM for the main process, as Kubernetes does it, and its exit status."""
        process = self._running.pop(name)
        process.terminate()
        try:
            return process.wait(STOP_WITHIN_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def alive(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def _signal(self, name: str, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self.tail())
        for name in list(self._running):
            self.kill(name)


def temporary_folder(folder: Path) -> str:
    """For ``TMPDIR`` of processes that may be killed: within ``folder``, which goes with the test."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return str(temporary)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]],
    within_s: float = 30.0,
    what: str = "it never came true",
    *,
    every_s: float = 0.05,
) -> Any:
    """The first true value of ``condition``, asked again and again. Fails the test after ``within_s``."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, what
        await asyncio.sleep(every_s)
