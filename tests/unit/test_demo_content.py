"""The demo's space: complete, consistent, and honest about whence its documents come."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.content import DemoProject, DemoSpace, space
from demo.from_ocl import Slugs, steps, variables
from demo.ocl import OclError, parse
from demo.references import ref, references, resolve

DOCUMENTS = Path(__file__).parents[2] / "demo" / "documents"
# What every server brings itself.
BUILT_IN = {("feeds", "Octopus Server (built-in)"), ("workerpools", "Default Worker Pool")}


@pytest.fixture(scope="module")
def content() -> DemoSpace:
    return space()


def shared_names(content: DemoSpace) -> set[tuple[str, str]]:
    documents = {
        "environments": content.environments,
        "lifecycles": content.lifecycles,
        "projectgroups": content.project_groups,
        "feeds": content.feeds,
        "accounts": content.accounts,
        "workerpools": content.worker_pools,
        "teams": content.teams,
        "actiontemplates": content.step_templates,
        "actiontemplateversions": content.step_templates,
        "libraryvariablesets": [library.document for library in content.library_sets],
    }
    return BUILT_IN | {(kind, one["Name"]) for kind, listed in documents.items() for one in listed}


def own_names(project: DemoProject) -> set[tuple[str, str]]:
    return (
        {("channels", "Default"), ("projects", project.name)}
        | {("channels", channel["Name"]) for channel in project.channels}
        | {("actions", action["Name"]) for step in project.steps for action in step["Actions"]}
        | {("runbooks", runbook.name) for runbook in project.runbooks}
    )


def rows(content: DemoSpace) -> Iterator[dict[str, Any]]:
    for owner in (*content.library_sets, *content.projects):
        yield from owner.variables


def test_there_is_enough_to_show(content: DemoSpace) -> None:
    assert len(content.projects) >= 10
    assert len(content.library_sets) >= 3
    assert [one["Name"] for one in content.environments] == ["Development", "Test", "Staging", "Production"]
    included = Counter(
        name
        for project in content.projects
        for _, name in references(project.document["IncludedLibraryVariableSetIds"])
    )
    assert max(included.values()) >= 3
    assert sum(bool(project.runbooks) for project in content.projects) >= 3
    assert {"Octopus.Manual", "Octopus.Script", "Octopus.TentaclePackage"} <= {
        action["ActionType"] for project in content.projects for step in project.steps for action in step["Actions"]
    }


def test_every_reference_names_something_that_is_created(content: DemoSpace) -> None:
    shared = shared_names(content)
    for project in content.projects:
        assert references(dataclasses.asdict(project)) - shared - own_names(project) == set(), project.name
    rest = dataclasses.replace(content, projects=())
    assert references(dataclasses.asdict(rest)) - shared == set()


def test_no_id_of_another_server_is_left(content: DemoSpace) -> None:
    left = r"\b(?:Environments|Feeds|ActionTemplates|Teams|Lifecycles|ProjectGroups|Channels)-\d+|\bfeeds-[a-z]"
    for project in content.projects:
        assert re.findall(left, repr(dataclasses.asdict(project))) == [], project.name


def test_names_are_unique_where_the_server_wants_them_so(content: DemoSpace) -> None:
    assert len({project.name.casefold() for project in content.projects}) == len(content.projects)
    for project in content.projects:
        for listed in (project.steps, *(runbook.steps for runbook in project.runbooks)):
            names = [action["Name"].casefold() for step in listed for action in step["Actions"]]
            assert len(set(names)) == len(names), project.name


def test_octofx_is_the_guides_project(content: DemoSpace) -> None:
    octofx = content.project("OctoFX")
    guide = [
        (row["Value"], row["Scope"])
        for row in octofx.variables
        if row["Name"] in ("Application.Database.Name", "ConnectionString")
    ]
    assert guide == [
        ("OctoFx-Dev", {"Environment": [ref("environments", "Development")]}),
        ("OctoFX-Test", {"Environment": [ref("environments", "Test")]}),
        ("Database=#{Application.Database.Name}", {}),
    ]
    assert {key for row in octofx.variables for key in row["Scope"]} == {
        "Environment",
        "Role",
        "Action",
        "Channel",
        "ProcessOwner",
    }


def test_all_secrets_are_made_up(content: DemoSpace) -> None:
    secrets = [row["Value"] for row in rows(content) if row["IsSensitive"]]
    assert len(secrets) > 10
    assert [secret for secret in secrets if "made-up" not in secret] == []
    for listed in (content.accounts, content.feeds):
        for value in (value for one in listed for value in one.values() if isinstance(value, dict)):
            assert "made-up" in value["NewValue"]


def test_an_unknown_project_is_an_error(content: DemoSpace) -> None:
    with pytest.raises(KeyError):
        content.project("no such project")


def test_every_document_has_a_source_with_a_licence_that_allows_it() -> None:
    with (DOCUMENTS / "SOURCES.tsv").open(newline="") as file:
        sources = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
    files = {str(path.relative_to(DOCUMENTS)) for path in DOCUMENTS.rglob("*") if path.suffix in (".ocl", ".json")}
    assert set(sources) == files
    assert {row["licence"] for row in sources.values()} == {"MIT", "Apache-2.0"}
    assert all(row["repository"].count("/") == 1 and "@" in row["path@commit"] for row in sources.values())


def test_step_templates_are_filled_in(content: DemoSpace) -> None:
    (step,) = [
        action
        for step in content.project("Trident Training").steps
        for action in step["Actions"]
        if action["Name"] == "Notify Everyone of Failure"
    ]
    name = "Slack - Send Simple Notification - Bash"
    assert step["Properties"]["Octopus.Action.Template.Id"] == ref("actiontemplates", name)
    assert "get_octopusvariable" in step["Properties"]["Octopus.Action.Script.ScriptBody"]
    assert step["Properties"]["ssn_Channel"] == "trident-deployment-notifications"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('process_template "x" {}', "process_template"),
        ('step "x" { action { inputs {} } }', "inputs"),
        ('step "x" { action { environments = ["moon"] } }', "environments/moon"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(text: str, message: str) -> None:
    with pytest.raises(OclError, match=message):
        steps(parse(text), Slugs({}))


def test_a_variable_of_a_kind_that_names_something_refers_to_it() -> None:
    (row,) = variables(
        parse('variable "a" { type = "AzureAccount" \n value "slug" { role = ["web"] } }'),
        Slugs({("accounts", "slug"): "An account"}),
    )
    assert (row["Value"], row["Scope"]) == (ref("accounts", "An account"), {"Role": ["web"]})


def test_references_are_found_in_keys_lists_and_longer_texts() -> None:
    document = {ref("projects", "A/B"): [1, None, f"x,{ref('teams', 'Ops, [EU]')},#{{y}}"]}
    assert references(document) == {("projects", "A/B"), ("teams", "Ops, [EU]")}
    assert resolve(document, lambda kind, name: f"{kind}:{name}") == {
        "projects:A/B": [1, None, "x,teams:Ops, [EU],#{y}"]
    }
