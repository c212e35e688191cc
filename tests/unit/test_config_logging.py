"""Log lines are JSON for machines, short for people, and hold neither secrets nor values."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from config import scrub
from config.logging import configure
from config.scrub import NOT_TOLD
from config.settings import LogFormat, LogLevel

KEY = "API-ABCDEFGH12345678IJKLMNOP"


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(scrub, "_values", set())
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure("worker", stream=stream)
    return stream


def only_line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_line_says_what_where_and_when(stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(correlation_id="c1")
    structlog.get_logger("worker.sync").info("action.applied", route="a-to-b", item="project/OctoFX", requests=2)
    line = only_line(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "action.applied",
        "level": "info",
        "logger": "worker.sync",
        "component": "worker",
        "correlation_id": "c1",
        "route": "a-to-b",
        "item": "project/OctoFX",
        "requests": 2,
    }


def test_lines_of_libraries_have_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("celery.worker").warning("lost %s", "connection", extra={"queue": "octosync.events"})
    line = only_line(stream)
    assert (line["event"], line["level"], line["queue"]) == ("lost connection", "warning", "octosync.events")


def test_neither_values_nor_secrets_are_logged(stream: io.StringIO) -> None:
    structlog.get_logger("x").info(
        "saw", before="opaque", after={"Value": "opaque"}, document=["opaque"], api_key="opaque", text=f"with {KEY}"
    )
    assert "opaque" not in stream.getvalue()
    assert KEY not in stream.getvalue()
    assert only_line(stream)["before"] == NOT_TOLD


def test_tracebacks_are_scrubbed_and_show_no_variables(stream: io.StringIO) -> None:
    local_variable = "opaque" + str(len(KEY))
    try:
        int(KEY)  # the error quotes it
    except ValueError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("y").exception("failed %s", KEY)
    text = stream.getvalue()
    assert text.count("ValueError") >= 2
    assert KEY not in text
    assert local_variable not in text


def test_the_level_counts_for_libraries_too() -> None:
    stream = io.StringIO()
    configure("cli", level=LogLevel.WARNING, form=LogFormat.CONSOLE, stream=stream)
    structlog.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    structlog.get_logger("x").warning("loud", route="a-to-b")
    text = stream.getvalue()
    assert "quiet" not in text
    assert "loud" in text
    assert "a-to-b" in text
    assert "\x1b" not in text, "no colours where there is no terminal"


def test_to_configure_again_does_not_double_lines() -> None:
    stream = io.StringIO()
    configure("worker", stream=stream)
    configure("worker", stream=stream)
    structlog.get_logger("x").info("once")
    assert stream.getvalue().count("once") == 1
