"""`octosync sandbox` and `octosync demo`: what is asked of them reaches the server and the story."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo import run as story
from sandbox import __main__ as server
from sandbox.generator import Sizes
from sandbox.settings import DEFAULT_API_KEY, DEFAULT_VERSION, Settings
from worker.cli.main import app


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the server was started with, by each call."""
    found: list[dict[str, object]] = []
    monkeypatch.setattr(server, "run", lambda settings, **more: found.append({"settings": settings, **more}) or 0)
    return found


def octosync(*arguments: str) -> int:
    answer = CliRunner().invoke(app, arguments)
    return answer.exit_code


def test_without_options_the_sandbox_is_an_empty_lenient_server(started: list[dict[str, object]]) -> None:
    assert octosync("sandbox") == 0
    plain = Settings(version=DEFAULT_VERSION, api_key=DEFAULT_API_KEY)
    assert started == [{"settings": plain, "host": "127.0.0.1", "port": 8065, "sizes": None}]


def test_every_option_of_the_sandbox_reaches_it(started: list[dict[str, object]], tmp_path: Path) -> None:
    given: Sequence[str] = ("--port", "0", "--host", "::1", "--api-key", "API-X", "--version", "2021.2.1290")
    state = str(tmp_path / "server.json")
    more = ("--state", state, "--strict", "--generate", "projects=7, tenants=3", "--seed", "5")
    assert octosync("sandbox", *given, *more) == 0
    settings = Settings(version="2021.2.1290", api_key="API-X", state_path=state, strict=True, seed=5)
    assert started == [{"settings": settings, "host": "::1", "port": 0, "sizes": Sizes(projects=7, tenants=3)}]


def test_the_process_takes_more_than_the_command(started: list[dict[str, object]]) -> None:
    given = ["--requests-per-minute", "200", "--burst-limit", "50", "--no-retry-after", "--event-retention-days", "7"]
    given += [
        "--first-id",
        "1001",
        "--virtual-directory",
        "octopus",
        "--public-url",
        "https://o",
        "--poll-seconds",
        "1",
    ]
    assert server.main(given) == 0
    assert started[0]["settings"] == Settings(
        requests_per_minute=200,
        burst_limit=50,
        retry_after=False,
        event_retention_days=7,
        first_id=1001,
        virtual_directory="octopus",
        public_url="https://o",
        poll_seconds=1,
    )


def test_a_release_that_is_none_is_refused(
    started: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        server.main(["--version", "newest"])
    assert "write it as in 2026.1" in capsys.readouterr().err
    for release in ("2021.2", "2026.1.9674", "0.0.0-local", "2026.4.1-beta.2"):
        assert server.main(["--version", release]) == 0
    assert len(started) == 4


def test_a_port_that_is_taken_is_told_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert server.main(["--port", str(taken.getsockname()[1])]) == 1
    assert "next: name another port with --port" in capsys.readouterr().err


def test_sizes_reach_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[dict[str, object]] = []
    monkeypatch.setattr(story, "main", lambda **options: played.append(options) or 0)
    assert octosync("demo", "--keep", "--generate", "projects=7") == 0
    assert octosync("demo") == 0
    assert played == [{"keep": True, "sizes": "projects=7"}, {"keep": False, "sizes": None}]


@pytest.mark.parametrize("command", ["sandbox", "demo"])
@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ("cats=1", "there is no size cats; there are projects"),
        ("projects=many", "projects must be a whole number, not 'many'"),
        ("projects=1,environments=0", "projects need at least one environment"),
    ],
)
def test_sizes_that_cannot_be_are_a_usage_error(command: str, sizes: str, why: str) -> None:
    answer = CliRunner().invoke(app, [command, "--generate", sizes])
    assert answer.exit_code != 0
    assert "--generate" in answer.output
    assert why in answer.output
