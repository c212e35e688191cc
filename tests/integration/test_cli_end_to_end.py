"""The command line as a person uses it: processes, two servers, a Redis."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from person import OCTOSYNC, Person, call

from sandbox.server import serve_in_thread

NAME = "Web [bold]API[/bold] / QA, 🚀"


@pytest.fixture
def person(tmp_path: Path, redis_url: str) -> Iterator[Person]:
    with serve_in_thread() as source, serve_in_thread() as destination:
        group = call(source, "projectgroups", {"Name": "Web"})
        lifecycle = call(source, "lifecycles/all")[0]
        call(source, "projects", {"Name": NAME, "ProjectGroupId": group["Id"], "LifecycleId": lifecycle["Id"]})
        yield Person(tmp_path, redis_url, source, destination)


def test_a_project_is_planned_and_synced(person: Person) -> None:
    planned = person.types("plan", "--project", NAME)
    assert planned.returncode == 2, planned.stderr
    assert f"+ create project/{NAME}\n" in planned.stdout
    assert call(person.destination, "projects/all") == [], "a plan writes nothing"

    synced = person.types("sync", "--project", NAME)
    assert synced.returncode == 0, synced.stdout + synced.stderr
    assert [project["Name"] for project in call(person.destination, "projects/all")] == [NAME]
    (run, *_) = json.loads(person.types("runs", "--json").stdout)
    assert run["outcome"] == "changed"


def test_after_a_sync_there_is_nothing_to_do(person: Person) -> None:
    first = person.types("sync", "--project", NAME)
    assert first.returncode == 0, first.stdout + first.stderr
    again = person.types("plan", "--project", NAME)
    assert again.returncode == 0, again.stdout
    assert person.types("sync", "--project", NAME).returncode == 0
    assert NAME in person.types("plan", "everything", "--all").stdout


def test_a_sync_that_checks_says_what_would_not_work(person: Person) -> None:
    project = call(person.source, "projects/all")[0]
    route = f"deploymentprocesses/deploymentprocess-{project['Id']}"
    properties = {"Octopus.Action.Script.ScriptBody": "#{Nothing}"}
    steps = [{"Name": "Say", "Actions": [{"Name": "Say", "ActionType": "Octopus.Script", "Properties": properties}]}]
    call(person.source, route, {**call(person.source, route), "Steps": steps}, method="PUT")

    synced = person.types("sync", "everything", "--check")

    assert synced.returncode == 2, synced.stdout + synced.stderr
    assert "asks for #{Nothing}" in synced.stdout
    (run, *_) = json.loads(person.types("runs", "--json").stdout)
    assert "asks for #{Nothing}" in person.types("runs", "show", run["id"]).stdout


def test_a_wrong_key_is_explained(person: Person) -> None:
    wrong = "API-WRONGWRONGWRONG"
    answer = person.types("plan", TEST_KEY=wrong)
    assert answer.returncode == 1
    assert "`api_key`" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert wrong not in answer.stderr


def test_the_sandbox_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen([*OCTOSYNC, "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"at (http://\S+) with API key (\S+)", process.stdout.readline())
            assert found is not None
            with urlopen(Request(f"{found[1]}/api", headers={"X-Octopus-ApiKey": found[2]}), timeout=10) as answer:
                assert json.load(answer)["Application"] == "Octopus Deploy"
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
