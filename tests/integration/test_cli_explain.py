"""Why a plan is as it is, and what would not work, as a person asks: processes, two servers, a Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from person import Person, call

from sandbox.server import Sandbox, serve_in_thread

RULES = '{preset: tenant-instance, overrides: [{for: {project: ["Octo*"]}, variables: {value: keep}}]}'
SECRET = "hunter2-hunter2"


@pytest.fixture
def person(tmp_path: Path, redis_url: str) -> Iterator[Person]:
    with serve_in_thread() as source, serve_in_thread() as destination:
        group = call(source, "projectgroups", {"Name": "Web"})
        lifecycle = call(source, "lifecycles/all")[0]
        call(source, "projects", {"Name": "OctoFX", "ProjectGroupId": group["Id"], "LifecycleId": lifecycle["Id"]})
        yield Person(tmp_path, redis_url, source, destination, rules=RULES)


def project(server: Sandbox) -> dict[str, Any]:
    (found,) = call(server, "projects/all")
    return dict(found)


def edit(server: Sandbox, path: str, **fields: Any) -> None:
    call(server, path, {**call(server, path), **fields}, method="PUT")


def variables(server: Sandbox, **values: str) -> None:
    rows = [{"Name": name, "Value": value, "Type": "String", "Scope": {}} for name, value in values.items()]
    rows.append({"Name": "Key", "Value": SECRET, "Type": "Sensitive", "IsSensitive": True, "Scope": {}})
    edit(server, f"variables/variableset-{project(server)['Id']}", Variables=rows)


def test_what_was_compared_and_who_set_the_rules(person: Person) -> None:
    edit(person.source, f"projects/{project(person.source)['Id']}", Description="first")
    variables(person.source, Port="80")
    assert person.types("sync", "project/OctoFX").returncode == 0
    edit(person.source, f"projects/{project(person.source)['Id']}", Description="second")
    edit(person.destination, f"projects/{project(person.destination)['Id']}", Description="edited")
    variables(person.source, Port="8080")

    answer = person.types("explain", "project/OctoFX")
    assert answer.returncode == 0, answer.stderr
    assert "    Description: changed on both sides since the last sync: the source's is taken\n" in answer.stdout
    assert '      source: "first" -> "second"\n      destination: "first" -> "edited"\n' in answer.stdout
    assert "Variables[Port]/Value: changed on the source; a rule keeps it from crossing" in answer.stdout
    assert "8080" not in answer.stdout, "values are the destination's own under this rule"
    assert SECRET not in answer.stdout + answer.stderr
    rules = {" ".join(line.split()) for line in answer.stdout.splitlines()}
    assert "variables.value = keep octosync.yaml:10 (overrides)" in rules
    assert "variables.scopes.environment = error-unless-exact preset tenant-instance" in rules
    assert "removed = keep default" in rules

    assert "= leave project/OctoFX/channel/Default\n~ update project/OctoFX\n" in answer.stdout, "nothing to say of it"

    one = person.types("explain", "project/OctoFX", "--field", "description", "--json")
    items = {item["name"]: item for item in json.loads(one.stdout)["items"]}
    (place,) = items["project/OctoFX"]["compared"]
    assert (place["where"], place["verdict"]) == ("Description", "conflict")
    assert [each["where"] for each in items["project/OctoFX/variables"]["compared"]] == [
        "Variables[Port]/Description",
        "Variables[Key]/Description",
    ]
    assert place["source"] == {"was": "first", "is": "second"}
    assert project(person.destination)["Description"] == "edited", "to explain writes nothing"


def test_of_a_project_in_git_the_rule_that_keeps_it_at_home_is_named(person: Person) -> None:
    settings = {"Url": "https://git.example/octofx", "DefaultBranch": "main", "BasePath": ".octopus"}
    body = {"VersionControlSettings": settings, "ChangeDescription": "to Git"}
    call(person.source, f"projects/{project(person.source)['Id']}/git/convert", body)
    answer = person.types("explain", "project/OctoFX/variables")
    rules = {" ".join(line.split()) for line in answer.stdout.splitlines()}
    assert "version_controlled = skip default" in rules, answer.stdout


def test_what_cannot_be_explained_says_so(person: Person) -> None:
    nothing = person.types("explain")
    assert (nothing.returncode, "which item" in nothing.stderr) == (1, True)
    unknown = person.types("explain", "project/Nobody")
    assert (unknown.returncode, "no project 'Nobody'" in unknown.stderr) == (1, True)
    none = person.types("explain", "project/OctoFX", "--field", "no such place")
    assert (none.returncode, none.stdout) == (0, "")
    assert "no place that was compared has 'no such place' in its name" in none.stderr


def test_a_plan_is_checked_when_it_is_asked_for(person: Person) -> None:
    variables(person.source, Url="http://#{Host}")
    assert person.types("sync", "project/OctoFX").returncode == 0
    assert person.types("plan", "project/OctoFX").returncode == 0
    checked = person.types("plan", "project/OctoFX", "--check")
    assert checked.returncode == 2, checked.stderr
    assert "? project/OctoFX/variables: Variables[Url]: asks for #{Host}" in checked.stdout
    (finding,) = json.loads(person.types("plan", "--check", "--json").stdout)["findings"]
    assert finding["rule"] == "unknown-variable"
