from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.load import load
from config.secret import Secret, SecretMissingError


def test_secret_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret(env="KEY")
    monkeypatch.setenv("KEY", "first")
    assert secret.reveal() == "first"
    monkeypatch.setenv("KEY", "second")
    assert secret.reveal() == "second"


def test_line_end_of_a_file_is_not_part_of_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("API-KEY\n")
    assert Secret(file=file).reveal() == "API-KEY"


def test_relative_file_is_meant_from_the_routes_file_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("API-KEY")
    (tmp_path / "octosync.yaml").write_text(
        "instances:\n  - {name: dev, url: https://dev.example.com, api_key: {file: key}, ca_file: ca.pem}\nroutes: []\n"
    )
    monkeypatch.chdir("/")
    instance = load(tmp_path / "octosync.yaml").instance("dev")
    assert instance.api_key.reveal() == "API-KEY"
    assert instance.ca_file == tmp_path / "ca.pem"


def test_nothing_that_can_be_printed_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "NOT-TO-BE-SEEN")
    secret = Secret(env="KEY")
    assert secret.reveal() == "NOT-TO-BE-SEEN"
    for shown in (repr(secret), str(secret), secret.model_dump_json()):
        assert "NOT-TO-BE-SEEN" not in shown


def test_missing_secret_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(SecretMissingError, match="variable KEY is not set"):
        Secret(env="KEY").reveal()
    with pytest.raises(SecretMissingError, match="absent cannot be read"):
        Secret(file=tmp_path / "absent").reveal()
    (tmp_path / "blank").write_text("\n")
    with pytest.raises(SecretMissingError, match="blank is not set, or empty"):
        Secret(file=tmp_path / "blank").reveal()


def test_file_that_is_no_text_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"NOT-TO-BE-SEEN\xff")
    with pytest.raises(SecretMissingError) as caught:
        Secret(file=tmp_path / "key").reveal()
    assert "NOT-TO-BE-SEEN" not in str(caught.value)


@pytest.mark.parametrize("value", ["API-KEY", {}, {"env": "A", "file": "b"}, {"env": ""}, {"env": "API-KEY"}, None])
def test_not_a_secret(value: object) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(value)
