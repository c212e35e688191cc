"""Secrets are found by name, by shape and by value; what is none is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import scrub
from config.load import loads

KEY = "API-ABCDEFGH12345678IJKLMNOP"
ROUTES = """
instances:
  - {name: a, url: https://a.example.com, api_key: {env: KEY_A}, webhook_secrets: [{file: hook}]}
  - {name: b, url: https://b.example.com, api_key: {env: KEY_B}}
routes:
  - name: a-to-b
    source: {instance: a}
    destination: {instance: b}
    include: {project: ["*"]}
"""


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(scrub, "_watched", [])
    monkeypatch.setattr(scrub, "_values", set())
    return


@pytest.mark.parametrize(
    "text",
    [
        f"401 for {KEY}",
        f"X-Octopus-ApiKey: {KEY}",
        "redis://user:hunter2hunter2@redis:6379/0",
        "redis://:hunter2hunter2@redis:6379/0",
        "Authorization: Bearer hunter2hunter2",
        '{"HasValue": true, "NewValue": "hunter2hunter2"}',
        '{\\"NewValue\\": \\"hunter2hunter2\\"}',
        "{'NewValue': 'hunter2\\'hunter2'}",
        "X-Octosync-Token=hunter2hunter2",
        "password: hunter2hunter2",
    ],
)
def test_secrets_are_known_by_their_shape(text: str) -> None:
    clean = scrub.text(text)
    assert KEY not in clean
    assert "hunter2" not in clean
    assert scrub.MASK in clean


@pytest.mark.parametrize(
    "text",
    [
        "project/OctoFX",
        "https://octopus.example.com:8443/app#/Spaces-1",
        "API-First design",
        "GET /api: 404",
        "a token",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrub.text(text) == text


@pytest.mark.parametrize(
    "name",
    ["X-Octopus-ApiKey", "x-octosync-token", "Authorization", "Set-Cookie", "NewValue", "redis_url", "sentry_dsn"],
)
@pytest.mark.parametrize("value", ["opaque", ["opaque"], {"a": {"b": "opaque"}}, b"opaque"])
def test_secrets_are_known_by_their_name(name: str, value: Any) -> None:
    for document in ({name: value}, [[name, value]], {"headers": [(name, value)]}):
        assert "opaque" not in json.dumps(scrub.anything(document), default=repr)


def test_counters_pass_whatever_their_name() -> None:
    assert scrub.anything({"token": 17, "has_password": True, "api_key": None}) == {
        "token": 17,
        "has_password": True,
        "api_key": None,
    }


def test_secrets_of_the_routes_file_are_known_by_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", "plain-looking-words")
    (tmp_path / "hook").write_text("another one\n")
    scrub.watch(loads(ROUTES, "octosync.yaml", base=tmp_path))  # KEY_B is not set: nothing to hide, no error
    assert scrub.text("it said plain-looking-words, and another one.") == f"it said {scrub.MASK}, and {scrub.MASK}."


def test_a_rotated_secret_is_masked_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", "old-words")
    scrub.watch(loads(ROUTES, "octosync.yaml", base=tmp_path))
    monkeypatch.setenv("KEY_A", "new-words")
    scrub.refresh()
    assert scrub.text("old-words new-words") == f"{scrub.MASK} {scrub.MASK}"


def test_a_value_within_another_leaves_no_rest() -> None:
    scrub.remember("horse", "horse-battery")
    assert scrub.text("horse-battery") == scrub.MASK


def test_values_too_short_to_mean_anything_are_not_looked_for() -> None:
    scrub.remember("a", "")
    assert scrub.text("a cat") == "a cat"
