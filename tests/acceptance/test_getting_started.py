"""docs/getting-started.md, typed as it stands there by somebody who has just cloned this."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.processes import temporary_folder
from tests.shipping import ROOT
from tests.transcript import Shell, commands

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PAGE = ROOT / "docs" / "getting-started.md"
PORTS = ("6379", "8065", "8066", "8080", "8081", "9464")


def free_ports(number: int) -> list[str]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in probes]


def test_the_first_hour_goes_as_it_is_written(tmp_path: Path) -> None:
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": temporary_folder(tmp_path),
        # What the page leaves at its default, where other tests may want the same ports.
        "OCTOSYNC_REDIS_URL": f"redis://127.0.0.1:{ports['6379']}/0",
        "OCTOSYNC_RECEIVER_HOST": "127.0.0.1",
        "OCTOSYNC_RECEIVER_PORT": ports["8080"],
        "OCTOSYNC_STATUS_PORT": ports["8081"],
        "OCTOSYNC_METRICS_PORT": ports["9464"],
    }
    with closing(Shell(tmp_path, environment, ports)) as shell:
        for command in commands(PAGE):
            shell.types(command)
