from __future__ import annotations

import os
from datetime import time
from pathlib import Path

import pytest

from config import settings
from config.problems import ConfigError


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


def test_defaults() -> None:
    read = settings.read()
    assert read.redis_url == "redis://localhost:6379/0"
    assert (read.debounce_seconds, read.debounce_max_seconds, read.catch_up_seconds) == (3, 30, 60)
    assert (read.nightly_at, read.zone.key) == (time(2, 0), "UTC")
    assert read.body_limit_bytes == 64 * 1024 * 1024


def test_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_NIGHTLY_AT", "23:30")
    monkeypatch.setenv("OCTOSYNC_TIMEZONE", "Europe/Vienna")
    monkeypatch.setenv("OCTOSYNC_LOG_LEVEL", "debug")
    read = settings.read()
    assert (read.nightly_at, read.timezone, read.log_level) == (time(23, 30), "Europe/Vienna", "debug")


def test_a_list_has_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.7.1,2001:db8::/32,")
    assert [str(one) for one in settings.read().trusted_proxies] == ["10.0.0.0/8", "192.168.7.1/32", "2001:db8::/32"]


def test_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_SENTRY_DSN", "")
    monkeypatch.setenv("OCTOSYNC_METRICS_PORT", "")
    assert settings.read().sentry_dsn is None
    assert settings.read().metrics_port == 9464


def test_mounted_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "octosync_redis_url").write_text("redis://:s3cret@redis/0\n")
    monkeypatch.setenv("OCTOSYNC_SECRETS_DIR", str(tmp_path))
    assert settings.read().redis_url == "redis://:s3cret@redis/0"


def test_directory_of_secrets_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_SECRETS_DIR", "/nowhere/at/all")
    with pytest.raises(ConfigError, match="OCTOSYNC_SECRETS_DIR: there is no directory"):
        settings.read()


def test_what_may_hold_a_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_REDIS_URL", "redis://:NOT-TO-BE-SEEN@redis/0")
    monkeypatch.setenv("OCTOSYNC_SENTRY_DSN", "https://NOT-TO-BE-SEEN@sentry.example.com/1")
    monkeypatch.setenv("OCTOSYNC_STATUS_TOKEN", "NOT-TO-BE-SEEN-BY-ANYBODY")
    assert "NOT-TO-BE-SEEN" not in repr(settings.read())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("REDIS_URL", "http://:NOT-TO-BE-SEEN@redis", "starts with redis://"),
        ("LEASE_SECONDS", "long", "valid number"),
        ("TIMEZONE", "Europe/Viena", "did you mean 'Europe/Vienna'?"),
        ("NIGHTLY_AT", "25:00", "time"),
        ("DEBOUNCE_MAX_SECONDS", "1", "debounce_max_seconds is less"),
        ("NAMESPACE", "a b", "pattern"),
        ("STATUS_TOKEN", "NOT-TO-BE-SEEN", "fewer than 16 characters"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 10.1.2.3/16", "write '10.1.0.0/16'"),
        ("TRUSTED_PROXIES", "the-proxy", "no address and no network"),
        ("RECEIVER_PROCESSES", "0", "greater than or equal to 1"),
    ],
)
def test_variable_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(f"OCTOSYNC_{name}", value)
    with pytest.raises(ConfigError) as caught:
        settings.read()
    [problem] = caught.value.problems
    assert message in f"{problem.message} ({problem.suggestion})"
    assert problem.suggestion
    assert problem.key in {f"OCTOSYNC_{name}", ""}
    assert "NOT-TO-BE-SEEN" not in str(caught.value)


def test_mistyped_variable_is_found_but_not_a_secret_of_the_routes_file() -> None:
    environ = {"OCTOSYNC_REDISURL": "x", "OCTOSYNC_DEV_KEY": "x", "OCTOSYNC_ROUTES": "x", "PATH": "x"}
    [problem] = settings.unknown(environ, {"OCTOSYNC_DEV_KEY"})
    assert problem.key == "OCTOSYNC_REDISURL"
    assert problem.suggestion == "did you mean OCTOSYNC_REDIS_URL?"
    assert problem.severity == "warning"


def test_what_begins_as_all_settings_do_looks_like_none_of_them() -> None:
    [problem] = settings.unknown({"OCTOSYNC_QQQ": "x"})
    assert "did you mean" not in problem.suggestion
    assert "docs/settings.md" in problem.suggestion
