"""Secrets put everywhere in a report arrive nowhere. The reports go over real HTTP to a server of the test's."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import sentry_sdk

from config import scrub
from config.telemetry import clean, init_sentry
from tests.ingest import Ingest

KEY = "API-ABCDEFGH12345678IJKLMNOP"
SECRET = "entirely-opaque-words"
HIDDEN = tuple(f"{n}-hidden-words" for n in range(5))
"""For places by which a secret is known. Reports quote source lines, so that the test must not spell them out."""


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    monkeypatch.setattr(scrub, "_values", {SECRET})
    ingest = Ingest()
    yield ingest
    sentry_sdk.get_client().close(timeout=5)
    sentry_sdk.init()
    ingest.stop()


def fail(document: dict[str, object]) -> None:
    raise ValueError(f"{KEY} and {SECRET} and {len(document)}")


def test_nothing_happens_without_a_dsn() -> None:
    assert init_sentry(None, "worker") is False
    assert init_sentry("", "worker") is False
    assert not sentry_sdk.is_initialized()


def test_a_report_arrives_without_any_secret(ingest: Ingest) -> None:
    assert init_sentry(ingest.dsn, "worker", environment="test")
    sentry_sdk.add_breadcrumb(message=f"GET with {KEY}", data={"X-Octopus-ApiKey": HIDDEN[0], "url": SECRET})
    sentry_sdk.set_context("octopus", {"api_key": HIDDEN[1], "note": f"said {SECRET}"})
    sentry_sdk.set_extra("headers", [["X-Octosync-Token", HIDDEN[2]]])
    sentry_sdk.set_tag("note", KEY)
    try:
        fail({"Variables": [{"Name": "Password", "Value": HIDDEN[3]}]})
    except ValueError:
        sentry_sdk.capture_exception()
    sentry_sdk.capture_message(f"redis://:{HIDDEN[4]}@host/0 {SECRET}")
    text = ingest.text()
    assert "ValueError" in text
    assert '"component":"worker"' in text.replace(": ", ":")
    for secret in (KEY, SECRET, *HIDDEN):
        assert secret not in text, secret


def test_requests_are_reported_without_body_cookies_query_and_unknown_headers() -> None:
    event = {
        "request": {
            "url": "https://host/hook",
            "method": "POST",
            "data": {"Payload": "body-words"},
            "cookies": {"session": "cookie-words"},
            "query_string": "q=query-words",
            "env": {"REMOTE_ADDR": "203.0.113.9"},
            "headers": {"Content-Type": "application/json", "X-Chosen-By-A-Person": "header-words"},
        },
        "exception": {"values": [{"stacktrace": {"frames": [{"function": "f", "vars": {"x": "variable-words"}}]}}]},
    }
    assert clean(event) == {
        "request": {"url": "https://host/hook", "method": "POST", "headers": {"Content-Type": "application/json"}},
        "exception": {"values": [{"stacktrace": {"frames": [{"function": "f"}]}}]},
    }


def test_a_line_of_the_log_is_reported_by_what_it_says_and_without_values_of_documents(ingest: Ingest) -> None:
    assert init_sentry(ingest.dsn, "receiver")
    log = logging.getLogger("octosync.test")
    log.setLevel(logging.INFO)  # whatever another test has made of the root
    log.warning({"event": "looked", "body": HIDDEN[0], "requests": 7, "level": "warning"})  # as structlog hands it on
    log.error({"event": "page.bug", "document": {"Value": HIDDEN[1]}, "item": "project/OctoFX", "level": "error"})
    sentry_sdk.add_breadcrumb(message="by hand", data={"document": {"Value": HIDDEN[2]}})
    sentry_sdk.set_context("octopus", {"value": HIDDEN[3]})
    sentry_sdk.capture_message("bye")
    text = ingest.text().replace(": ", ":").replace(", ", ",")
    assert '"logentry":{"message":"page.bug"}' in text
    assert '"item":"project/OctoFX"' in text
    assert '"message":"looked"' in text
    assert '"requests":7' in text
    for hidden in HIDDEN:
        assert hidden not in text
