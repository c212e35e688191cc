"""Servers as processes of their own: what is measured, and what it is measured against."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from worker.ledger.embedded import EmbeddedRedis

ROOT = Path(__file__).parents[1]
SECRET = "correct-horse-battery-staple"
HEADER = "X-Octosync-Token"
PATH = "/webhooks/dev"
_TICK = os.sysconf("SC_CLK_TCK")


class MissingError(RuntimeError):
    """A program that is needed is not installed. ``str`` says which, and how to get it."""


@dataclass(frozen=True, slots=True)
class Served:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    beside: int | None = None
    """The process of its Redis."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def cpu_s(self) -> float:
        """User and system time so far, of the process and its children, ended ones included."""
        return sum(cpu_s(pid) for pid in (self.process.pid, *_children(self.process.pid)))

    def beside_cpu_s(self) -> float:
        return cpu_s(self.beside) if self.beside is not None else 0.0


def machine_cpu_s() -> float:
    """Time that the cores of the machine have worked so far, together."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle, waiting, guest = fields[3], fields[4], sum(fields[8:10])  # guests are counted as users, too
    return (sum(fields) - idle - waiting - guest) / _TICK


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, package: str | None = None) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MissingError(f"{name} is not installed (apt-get install {package or name})")
    return found


@contextmanager
def bare(folder: Path) -> Iterator[Served]:
    port = free_port()
    with started("bare aiohttp", port, folder, [sys.executable, "-m", "benchmarks.bare", str(port)]) as served:
        yield served


@contextmanager
def receiver(folder: Path, redis: EmbeddedRedis, name: str, processes: int = 1) -> Iterator[Served]:
    """``python -m webhook_receiver``, as it is deployed."""
    port, inside = free_port(), free_port()
    routes = folder / f"{name}.yaml"
    routes.write_text(json.dumps(_ROUTES), "utf-8")
    environment = {
        "OCTOSYNC_ROUTES": str(routes),
        "OCTOSYNC_REDIS_URL": redis.url,
        "OCTOSYNC_RECEIVER_PORT": str(port),
        "OCTOSYNC_RECEIVER_HOST": "127.0.0.1",
        "OCTOSYNC_STATUS_PORT": str(inside),
        "OCTOSYNC_NAMESPACE": name,
        "OCTOSYNC_RECEIVER_PROCESSES": str(processes),
        "BENCH_KEY": "API-0",
        "BENCH_SECRET": SECRET,
    }
    with started(name, port, folder, [sys.executable, "-m", "webhook_receiver"], environment) as served:
        yield replace(served, beside=redis.pid)


@contextmanager
def nginx(folder: Path) -> Iterator[Served]:
    """One worker process that returns 202. Raises :class:`MissingError`."""
    binary, port = program("nginx", "nginx-light"), free_port()
    home = folder / "nginx"
    home.mkdir(exist_ok=True)
    config = home / "nginx.conf"
    temporary = "".join(f"{kind}_temp_path {home};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(
        f"worker_processes 1; pid {home}/pid; error_log {home}/error.log; daemon off;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ return 202; }} }} }}\n",
        "utf-8",
    )
    with started("nginx 202", port, folder, [binary, "-p", str(home), "-c", str(config)]) as served:
        yield served


@contextmanager
def adnanh_webhook(folder: Path) -> Iterator[Served]:
    """Debian's ``webhook``, which runs ``/bin/true`` for each; it answers before the program ends. Raises
    :class:`MissingError`."""
    binary, port = program("webhook"), free_port()
    hooks = folder / "hooks.json"
    secret = {"match": {"type": "value", "value": SECRET, "parameter": {"source": "header", "name": HEADER}}}
    hooks.write_text(json.dumps([{"id": "dev", "execute-command": "/bin/true", "trigger-rule": secret}]), "utf-8")
    command = [binary, "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port), "-urlprefix", "webhooks"]
    with started("webhook /bin/true", port, folder, command) as served:
        yield served


@contextmanager
def started(
    name: str,
    port: int,
    folder: Path,
    command: list[str],
    environment: Mapping[str, str] | None = None,
    within_s: float = 20.0,
) -> Iterator[Served]:
    """A process that serves ``port`` after so long at most; 0: none."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    log = folder / f"{name.replace('/', '-')}.log"
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if port:
            _wait_for(port, process, log, within_s)
        yield Served(name, port, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while True:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not serve: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICK


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


_ROUTES = {
    "instances": [
        {
            "name": "dev",
            "url": "https://dev.example.com",
            "api_key": {"env": "BENCH_KEY"},
            "webhook_secrets": [{"env": "BENCH_SECRET"}],
        },
        {"name": "prod", "url": "https://prod.example.com", "api_key": {"env": "BENCH_KEY"}},
    ],
    "routes": [{"name": "dev-to-prod", "source": {"instance": "dev"}, "destination": {"instance": "prod"}}],
}
