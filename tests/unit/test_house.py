"""The rules of the house that no linter knows: short modules, reasons beside exceptions, nothing of anybody's machine.

(Who may import whom is checked by `lint-imports`, in `make test`.)
"""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("config", "worker", "webhook_receiver", "sandbox", "demo")
LONGEST_MODULE = 400

PRAGMA = re.compile(
    r"#\s*(?:type:\s*ignore(?P<types>\[[\w, -]+\])?|noqa(?P<rules>:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?)", re.IGNORECASE
)
HOME = re.compile(r"(?<![\w.$}~])/(?:home|Users)/[\w.-]+/|(?<![\w.$}~])/root/[\w.-]+")
# Texts of others, kept word for word; the paths in them are of machines long gone.
VERBATIM = "demo/documents/"
# Folders that many machines have and that a text may well mean.
ORDINARY = {"/", "/tmp", "/var/tmp", "/opt", "/srv", "/usr", "/usr/src", "/home", "/root", "/app", "/code", "/src"}


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode(errors="replace")


def reasonless(source: str) -> Iterator[tuple[int, str]]:
    """Line number and comment of every `type: ignore` and `noqa` that names no rule or gives no reason."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        pragmas = list(PRAGMA.finditer(token.string))
        reason = re.findall(r"\w{2,}", PRAGMA.sub("", token.string))
        if pragmas and (len(reason) < 2 or any(not (p["types"] or p["rules"]) for p in pragmas)):
            yield token.start[0], token.string


def machine_paths(text: str, checkout: Path) -> list[str]:
    """Paths in `text` that exist on somebody's machine only: a home folder, or the folder that `checkout` lies in."""
    found = HOME.findall(text)
    parent = checkout.parent if str(checkout.parent) not in ORDINARY else checkout
    if str(parent) not in ORDINARY:
        found += re.findall(rf"(?<![\w.$}}~-]){re.escape(str(parent))}(?=/\w)", text)
    return found


def test_modules_stay_short() -> None:
    modules = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")]
    assert modules
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_exception_to_a_check_has_a_reason() -> None:
    sources = [path for path in tracked() if path.suffix == ".py"]
    assert {
        f"{path.relative_to(ROOT)}:{line}": comment
        for path in sources
        for line, comment in reasonless(path.read_text())
    } == {}


def test_no_file_names_a_machine() -> None:
    files = [path for path in tracked() if not str(path.relative_to(ROOT)).startswith(VERBATIM)]
    found = {str(path.relative_to(ROOT)): machine_paths(text_of(path), ROOT) for path in files}
    assert {name: paths for name, paths in found.items() if paths} == {}


@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_lock_is_hashed_and_names_no_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links|--trusted-host| @ ", text) == []
    assert re.findall(r"^-", text, re.MULTILINE) == []
    pins = re.findall(r"^[a-z].*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(pins) > 20
    assert [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_both_locks_agree() -> None:
    runtime, dev = (
        set(re.findall(r"^([\w.-]+==\S+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE))
        for lock in ("runtime.lock", "dev.lock")
    )
    assert runtime <= dev


@pytest.mark.parametrize(
    ("comment", "accepted"),
    [
        ("# noqa: S603", False),
        ("# noqa  whatever it is", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore  the stubs are wrong", False),
        ("# noqa: S603 - the arguments are ours", True),
        ("# type: ignore[arg-type]  # the stubs say str", True),
        ("# type: ignore[misc]  # noqa: B010 - frozen on purpose", True),
        ("# an ordinary comment", True),
    ],
)
def test_what_counts_as_a_reason(comment: str, accepted: bool) -> None:
    assert (list(reasonless(f"x = 1  {comment}\n")) == []) is accepted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /ho" + "me/ann/notes", True),
        ("/Us" + "ers/ann/x", True),
        ("cat /ro" + "ot/.netrc", True),
        ("cd /builds/octo/config", True),
        ("$HO" + "ME/home/ann/x", False),
        ("https://octopus.example/home/ann/x", False),
        ("GET /api/users/me", False),
        ("rebuilds/octo", False),
    ],
)
def test_what_counts_as_a_machine_path(text: str, found: bool) -> None:
    assert bool(machine_paths(text, Path("/builds/octosync"))) is found
