"""What `docker compose --profile sandbox up` starts, started without an engine: the file's own commands, in the order
of its own conditions, with its own environment, secrets and health checks. Only names of hosts, ports and folders are
replaced, since all of it shares one machine here; and Valkey is the one that the tests use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chart import pods, render
from tests.processes import eventually, temporary_folder
from tests.shipping import ROOT, run_tool
from worker.ledger import embedded

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

LISTENS = {"redis": 6379, "receiver": 8080, "sandbox-source": 8065, "sandbox-destination": 8065}
"""Where each says that it listens."""
INNER = {"receiver": 8081, "worker": 9464}
"""Where each can be asked how it is, besides."""


class Stack:
    """The services of one resolved Compose file, as processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = run_tool("docker-compose", "--profile", "sandbox", "config", "--format", "json")
        project = json.loads(text.replace("$$", "$"))
        self.services: dict[str, dict[str, Any]] = project["services"]
        self.ports = {name: free_port() for name in LISTENS}
        self.inner = {name: free_port() for name in INNER}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name, where in [*project["secrets"].items(), *project["configs"].items()]:
            (folder / name).write_text(self.hosts(Path(where["file"]).read_text()))
        (folder / "data").mkdir()
        programs = folder / "bin"
        programs.mkdir()
        (programs / "python").symlink_to(sys.executable)
        self.wrap("valkey-server", f'exec "{embedded._binary()}" "$@" --bind 127.0.0.1 --port {self.ports["redis"]}')

    def wrap(self, name: str, line: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)

    def hosts(self, text: str) -> str:
        """Addresses of other services, and the mounted files, as they are on this machine."""
        for name, port in LISTENS.items():
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{self.ports[name]}")
        text = re.sub(r"^/tmp\b", f"{self.folder}/tmp", text)
        text = text.replace("/run/secrets", str(self.folder)).replace("/etc/octosync/octosync.yaml", "routes")
        return re.sub(r"(?<= )/data\b", str(self.folder / "data"), text)

    def own(self, name: str, text: str) -> str:
        """The same for what a service says about itself."""
        for ports, moved in ((LISTENS, self.ports), (INNER, self.inner)):
            if name in ports:
                text = re.sub(rf"(?:(?<=127\.0\.0\.1:)|^){ports[name]}\b", str(moved[name]), text)
        return self.hosts(text)

    def environment(self, name: str) -> dict[str, str]:
        given = {key: self.hosts(value) for key, value in self.services[name].get("environment", {}).items()}
        if "OCTOSYNC_ROUTES" in given:
            given |= {"OCTOSYNC_ROUTES": str(self.folder / "routes"), "OCTOSYNC_RECEIVER_HOST": "127.0.0.1"}
            given |= {"OCTOSYNC_RECEIVER_PORT": str(self.ports["receiver"])}
            given |= {"OCTOSYNC_STATUS_PORT": str(self.inner["receiver"])}
            given |= {"OCTOSYNC_METRICS_PORT": str(self.inner["worker"])}
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        temporary = temporary_folder(self.folder)
        return {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TMPDIR": temporary, **given}

    async def up(self, name: str) -> None:
        """The service, once what it depends on is as it wants it."""
        if name in self.running:
            return
        for other, how in self.services[name].get("depends_on", {}).items():
            await self.up(other)
            if how["condition"] == "service_healthy":
                await eventually(lambda other=other: self.healthy(other), 90, f"{other} never became healthy")
            elif how["condition"] == "service_completed_successfully":
                await eventually(lambda other=other: self.ended(other), 90, f"{other} never ended")
        self.start(name)

    def start(self, name: str) -> None:
        command = [self.own(name, part) for part in self.services[name]["command"]]
        with self.log(name).open("ab") as output:
            self.running[name] = subprocess.Popen(
                command if command[0] == "sh" else [sys.executable, *command[1:]],
                cwd=self.folder,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def healthy(self, name: str) -> bool:
        """By the file's own check; but for Redis, whose client is not here: it answers to who knows the password."""
        status = self.running[name].poll()
        assert status is None, f"{name} ended with {status}:\n{self.said(name)}"
        if name == "redis":
            return self.redis_answers()
        how, program, *arguments = self.services[name]["healthcheck"]["test"]
        assert (how, program) == ("CMD", "python")
        check = [sys.executable, *(self.own(name, one) for one in arguments)]
        done = subprocess.run(check, env=self.environment(name), capture_output=True, timeout=20, check=False)
        return done.returncode == 0

    def redis_answers(self) -> bool:
        password = (self.folder / "octosync_redis_url").read_text().split("@")[0].rpartition(":")[2]
        try:
            with socket.create_connection(("127.0.0.1", self.ports["redis"]), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                assert connection.recv(100).startswith(b"-NOAUTH")
                connection.sendall(f"AUTH {password}\r\n".encode())
                return connection.recv(100).startswith(b"+OK")
        except OSError:
            return False

    def ended(self, name: str) -> bool:
        status = self.running[name].poll()
        assert status in (None, 0), f"{name} ended with {status}:\n{self.said(name)}"
        return status == 0

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        return self.log(name).read_text("utf-8", "replace")[-4000:]

    def helm_test(self) -> subprocess.CompletedProcess[bytes]:
        """What `helm test` runs, against the receiver that is there."""
        program = pods(render("routes"))["Pod/demo-octosync-test"]["spec"]["containers"][0]["command"][2]
        address = f"http://127.0.0.1:{self.ports['receiver']}"
        return subprocess.run([sys.executable, "-c", program, address], timeout=60, check=False)

    def down(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    if shutil.which("sh") is None:
        pytest.skip("there is no sh")
    one = Stack(tmp_path)
    try:
        yield one
    finally:
        one.down()


async def test_what_compose_starts_is_the_demo(stack: Stack) -> None:
    for name in stack.services:
        await stack.up(name)
    await eventually(lambda: stack.ended("sandbox-story"), 200, "the story did not end: " + stack.said("sandbox-story"))
    told = stack.said("sandbox-story")
    for line in ("all 15 projects are on the destination", "A step is added in the middle", "A project is renamed"):
        assert line in told, told
    for name in ("redis", "receiver", "worker", "beat"):
        assert stack.running[name].poll() is None, stack.said(name)
    assert '"level": "error"' not in stack.said("worker")
    assert stack.helm_test().returncode == 0
    assert "only-between-two-sandboxes" not in "".join(stack.said(name) for name in stack.services)
