"""The demo's processes: the same programs that production runs, as children that do not outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

__all__ = ["Process", "ProcessDiedError", "free_port", "python", "until_answers"]

STOP_SECONDS = 15


class ProcessDiedError(Exception):
    """A process ended that should have gone on. Holds the end of what it said."""


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A child in a process group of its own; what it says goes to ``folder/NAME.log``."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.command = list(command)
        self._folder = folder
        # What is killed cleans nothing up: its temporary files go with the folder.
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        self._environment = {**os.environ, "TMPDIR": str(temporary), **environment}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises :class:`ProcessDiedError` if it is not running."""
        if self._child is None or self._child.poll() is None:
            return
        said = self.log.read_text(errors="replace").splitlines()[-15:]
        raise ProcessDiedError("\n".join([f"{self.name} ended with status {self._child.returncode}:", *said]))

    def stop(self) -> None:
        """Asks it to end; after some seconds no longer asks. Safe to call twice."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


async def until_answers(session: aiohttp.ClientSession, url: str, process: Process, seconds: float = 30) -> None:
    """Waits until ``url`` answers with success. Raises :class:`ProcessDiedError`, also when it takes too long."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        process.check()
        with contextlib.suppress(aiohttp.ClientError, OSError):
            async with session.get(url) as answer:
                if answer.status < 400:
                    return
        if asyncio.get_running_loop().time() > deadline:
            raise ProcessDiedError(f"{process.name} did not answer at {url} within {seconds:.0f} s; see {process.log}")
        await asyncio.sleep(0.05)
