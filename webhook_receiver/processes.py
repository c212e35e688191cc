"""Several receiver processes on one machine: one for each core, say (``OCTOSYNC_RECEIVER_PROCESSES``).

The first process opens the sockets, over which the kernel spreads connections (``SO_REUSEPORT``), and gives a pair of
them to each process that serves. It keeps them open itself, so that what arrives while a process is replaced waits for
the next one and is not refused:

    SIGHUP              one after the other is replaced, by one that has read the routes file anew
    one of them ends    it is replaced; more and more slowly, if it ends again and again
    SIGTERM             all stop in order
    the first is killed those that serve see it, and stop in order, too
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from config.problems import ConfigError
from config.settings import Settings
from webhook_receiver.serving import FINISH_WITHIN_S, Sockets, listen

log = structlog.get_logger(__name__)

METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client shares numbers between processes through files there."""
READY_WITHIN_S = 60.0
STABLE_S = 60.0
"""Who served for so long is replaced at once."""
LONGEST_PAUSE_S = 30.0


class Supervisor:
    """``check`` raises :class:`ConfigError` if a process that is started now could not serve."""

    def __init__(self, settings: Settings, check: Callable[[], object]) -> None:
        self._settings = settings
        self._check = check
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()

    async def run(self) -> None:
        """Raises :class:`OSError` if a port is taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        sockets = [listen(self._settings, shared=True)]
        ports = sockets[0].ports
        for _ in range(self._settings.receiver_processes - 1):
            sockets.append(listen(self._settings, shared=True, ports=ports))
        stop_within_s = self._settings.receiver_drain_seconds + FINISH_WITHIN_S + 5.0
        with tempfile.TemporaryDirectory(prefix="octosync-metrics-") as metrics:
            environment = {**os.environ, METRICS_DIRECTORY: metrics}
            slots = [Slot(n, one, environment, stop_within_s, self._stopping) for n, one in enumerate(sockets)]
            log.info("receiver.processes", webhooks=ports[0], inside=ports[1], processes=len(slots))
            reloads: set[asyncio.Task[None]] = set()

            def reload() -> None:
                task = loop.create_task(self._reload(slots, Path(metrics)))
                reloads.add(task)
                task.add_done_callback(reloads.discard)

            loop.add_signal_handler(signal.SIGHUP, reload)
            serving = [asyncio.create_task(slot.run(), name=f"receiver-{slot.number}") for slot in slots]
            await self._stopping.wait()
            # Those that serve have theirs still. Nobody would take what comes to ours.
            for one in sockets:
                one.close()
            await asyncio.gather(*serving, *reloads)
        log.info("receiver.all-stopped")

    async def _reload(self, slots: list[Slot], metrics: Path) -> None:
        async with self._reloading:
            try:
                self._check()
            except ConfigError as error:
                log.error("receiver.not-reloaded", reason=str(error))  # noqa: TRY400 - the reason is all
                return
            for slot in slots:
                if not await slot.replace():
                    log.error("receiver.not-reloaded", reason="the new process does not serve", slot=slot.number)
                    return
            _forget_gauges(metrics, {slot.pid for slot in slots})
            log.info("receiver.reloaded")


class Slot:
    """One pair of sockets, which somebody always serves."""

    def __init__(
        self,
        number: int,
        sockets: Sockets,
        environment: Mapping[str, str],
        stop_within_s: float,
        stopping: asyncio.Event,
    ) -> None:
        self.number = number
        self._sockets = sockets
        self._environment = environment
        self._stop_within_s = stop_within_s
        self._stopping = stopping
        self._serving: Serving | None = None
        self._asked = asyncio.Event()
        self._replaced: asyncio.Future[bool] | None = None

    @property
    def pid(self) -> int | None:
        return self._serving.process.pid if self._serving is not None else None

    async def replace(self) -> bool:
        """Starts another process, and stops the one there is once the other serves. Whether that came to be."""
        if self._stopping.is_set():
            return False
        self._replaced = asyncio.get_running_loop().create_future()
        self._asked.set()
        return await self._replaced

    async def run(self) -> None:
        """Until ``stopping``."""
        pause = 0.0
        missed = self.number == 0  # nobody served before; one who asks for what was missed is enough
        while not self._stopping.is_set():
            if self._serving is None:
                self._serving = await self._start(missed=missed)
                missed = True
            if self._serving is not None:
                await self._first(self._serving.process.wait(), self._asked.wait(), self._stopping.wait())
                if self._asked.is_set():
                    await self._replace()
                if self._stopping.is_set() or self._serving.process.returncode is None:
                    continue
                pause = 0.0 if time.monotonic() - self._serving.born >= STABLE_S else pause
                status = self._serving.process.returncode
                log.error("receiver.ended", slot=self.number, status=status, again_in_s=pause)
                os.close(self._serving.lifeline)
                self._serving = None
            await self._first(asyncio.sleep(pause), self._stopping.wait())
            pause = min(max(1.0, pause * 2), LONGEST_PAUSE_S)
        if self._serving is not None:
            await self._serving.stop(self._stop_within_s)
        self._answer(False)

    async def _replace(self) -> None:
        self._asked.clear()
        before, after = self._serving, await self._start(missed=False)
        if after is not None and before is not None:
            self._serving = after
            await before.stop(self._stop_within_s)
        self._answer(after is not None)

    def _answer(self, replaced: bool) -> None:
        if self._replaced is not None and not self._replaced.done():
            self._replaced.set_result(replaced)

    async def _start(self, *, missed: bool) -> Serving | None:
        """``None``: it ended before it served, or does not come to it."""
        if self._stopping.is_set():
            return None
        ours, lifeline = os.pipe()
        tell, told = os.pipe()
        given = Inherited(self._sockets, ours, told)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "webhook_receiver", "--serve", str(given), *(["--missed"] if missed else [])),
            pass_fds=given.fds,
            env=self._environment,
        )
        os.close(ours)
        os.close(told)
        one = Serving(process, lifeline)
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                ready = await _read_one(tell)
        except TimeoutError:
            ready = False
        finally:
            os.close(tell)
        if ready:
            return one
        await one.stop(self._stop_within_s)
        return None

    @staticmethod
    async def _first(*things: Coroutine[Any, Any, Any]) -> None:
        tasks = [asyncio.ensure_future(thing) for thing in things]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


@dataclass(eq=False)
class Serving:
    """A process that serves, as the first process sees it."""

    process: asyncio.subprocess.Process
    lifeline: int
    """A pipe that nothing is ever written to: its end tells the process that the first is gone."""
    born: float = field(default_factory=time.monotonic)

    async def stop(self, within_s: float) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(within_s):
                await self.process.wait()
        except TimeoutError:
            log.error("receiver.killed", pid=self.process.pid)  # noqa: TRY400 - there is nothing to trace
            self.process.kill()
            await self.process.wait()
        os.close(self.lifeline)


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a process that serves is given by the first: it is printed as one word of its command line."""

    sockets: Sockets
    lifeline: int
    told: int

    @property
    def fds(self) -> tuple[int, int, int, int]:
        return self.sockets.webhooks.fileno(), self.sockets.inside.fileno(), self.lifeline, self.told

    def __str__(self) -> str:
        return ",".join(map(str, self.fds))

    @classmethod
    def parse(cls, text: str) -> Inherited:
        webhooks, inside, lifeline, told = map(int, text.split(","))
        return cls(Sockets(socket.socket(fileno=webhooks), socket.socket(fileno=inside)), lifeline, told)

    def ready(self) -> None:
        os.write(self.told, b"1")
        os.close(self.told)

    def until_alone(self, stop: asyncio.Event) -> None:
        """Sets ``stop`` when the first process is gone."""
        loop = asyncio.get_running_loop()

        def alone() -> None:
            loop.remove_reader(self.lifeline)
            log.warning("receiver.alone")
            stop.set()

        loop.add_reader(self.lifeline, alone)


async def _read_one(fd: int) -> bool:
    """Whether a byte comes, and not the end."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(fd, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(fd)
    return bool(os.read(fd, 1))


def _forget_gauges(metrics: Path, alive: set[int | None]) -> None:
    """Of processes that are gone. Their counters stay: what they counted has happened."""
    for file in metrics.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdecimal() and int(pid) not in alive:
            file.unlink(missing_ok=True)
