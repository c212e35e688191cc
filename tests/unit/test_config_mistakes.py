"""Every file under tests/config is wrong in the way its name says, and its first lines say what a person is told:

# expect LINE KEY | part of the message or the suggestion
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.load import ConfigError, load

FILES = sorted((Path(__file__).parents[1] / "config").glob("*.yaml"))


def expectations(file: Path) -> list[tuple[int, str, str]]:
    lines = re.findall(r"^# expect (\d+) (\S*) ?\| (.+)$", file.read_text(), re.MULTILINE)
    return sorted((int(line), key, text) for line, key, text in lines)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.spacecloner("bug-23")
def test_mistake_is_named_with_file_line_and_key(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file)
    expected = expectations(file)
    assert expected
    problems = caught.value.problems
    assert [(problem.line, problem.key) for problem in problems] == [(line, key) for line, key, _ in expected]
    for problem, (_, _, text) in zip(problems, expected, strict=True):
        assert text in f"{problem.message} ({problem.suggestion})"
        assert problem.file == str(file)
    assert "NOT-TO-BE-SEEN" not in str(caught.value)


def test_all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    file = tmp_path / "octosync.yaml"
    file.write_text(
        "instances:\n  - name: Dev\n    url: nowhere\n    api_key: KEY\n    colour: red\n"
        "routes:\n  - name: a b\n    mode: wirte\n    source: {}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 5, 7, 7, 8, 9]


def test_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: error: cannot be read: No such file"):
        load("nowhere.yaml")


def test_file_that_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "octosync.yaml"
    file.write_text("# nothing yet\n")
    with pytest.raises(ConfigError, match="the file is empty"):
        load(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff\n", r":2:1: error: not UTF-8"),
        (b"a: 1\nb: \x00\n", r":2:4: error: not YAML: the character #x0000"),
    ],
)
def test_file_that_is_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "octosync.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(file)
