"""docs/event-path.md says what the code does: every setting with its default, the numbers, the lines of the log."""

from __future__ import annotations

import re
from datetime import time
from enum import Enum

from config.settings import PREFIX, Settings
from tests.shipping import ROOT
from worker import app
from worker.ledger import budget
from worker.looking import failures, look
from worker.queue import circuits
from worker.sync import catch_up, compare

PAGE = (ROOT / "docs" / "event-path.md").read_text()


def shown(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value.value) if isinstance(value, Enum) else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_is_listed_with_its_default() -> None:
    listed = re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| (?:`(.*?)`)? \| .+ \|$", PAGE, re.M)
    assert [(name.lower(), default) for name, default in listed] == [
        (name, shown(field.default)) for name, field in Settings.model_fields.items()
    ]
    named = set(re.findall(rf"\b{PREFIX}([A-Z_]+)", PAGE)) - {"SECRETS_DIR"}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_the_numbers_are_those_of_the_code() -> None:
    assert (catch_up.OVERLAP.total_seconds(), catch_up.LONGEST_AWAY.days) == (5 * 60, 7)
    assert (catch_up.MOST_EVENTS, compare.CHUNK) == (20_000, 50)
    assert (look.DEADLINE_S, app.SOFT_LIMIT_S, app.HARD_LIMIT_S) == (12 * 60, 13 * 60, 14 * 60)
    assert (look.SLICE_S, look.EVENTS_WAIT_MS) == (60, 10_000)
    assert (look.BUSY_PAUSE_MS, failures.LONGEST_PAUSE_S, circuits.LONGEST_S) == (2_000, 10 * 60, 2 * 60)
    assert (app.app.conf.worker_max_tasks_per_child, app.app.conf.worker_max_memory_per_child) == (200, 400_000)
    assert 0.9 < budget.MARGIN < 1


def test_every_line_of_the_log_that_is_named_is_written() -> None:
    table = PAGE[PAGE.index("## The log") : PAGE.index("## Settings")]
    named = [name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([^`]+)`", row)]
    code = "".join(
        path.read_text() for room in ("worker", "webhook_receiver") for path in sorted((ROOT / room).rglob("*.py"))
    )
    assert len(named) > 8
    assert [name for name in named if name != "debug" and f'"{name}"' not in code] == []


def test_the_readme_leads_there() -> None:
    assert "(docs/event-path.md)" in (ROOT / "README.md").read_text()
