"""How items are addressed on the command line, and what a person is told of an address that names none."""

from __future__ import annotations

import pytest

from worker.cli.errors import CliError
from worker.cli.items import parse, selection
from worker.kinds import registry
from worker.kinds.kind import Mode
from worker.plan.values import NamePath, printed


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("project/OctoFX", ("project", "OctoFX")),
        ("project/Web [Prod], v2 🚀", ("project", "Web [Prod], v2 🚀")),
        ("project/variables", ("project", "variables")),
        ("project/OctoFX/variables", ("project", "OctoFX", "variables")),
        ("project/OctoFX/deployment-process", ("project", "OctoFX", "deployment-process")),
        ("project/OctoFX/channel/QA", ("project", "OctoFX", "channel", "QA")),
        ("project/OctoFX/runbook/Restart/process", ("project", "OctoFX", "runbook", "Restart", "process")),
        ("library-variable-set/Shared", ("library-variable-set", "Shared")),
        ("library-variable-set/Shared/variables", ("library-variable-set", "Shared", "variables")),
        ("environment/Production", ("environment", "Production")),
        ("feed/nuget.org/v3", ("feed", "nuget.org/v3")),
        ("step-template/Acme / Deploy/variables", ("step-template", "Acme / Deploy/variables")),
    ],
)
def test_an_item_is_written_as_a_plan_prints_it(text: str, path: NamePath) -> None:
    assert parse(text) == path
    assert printed(path) == text


WRITTEN = [kind.name for kind in registry.ALL if not kind.owner_kinds and kind.mode is not Mode.LOOKUP]


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_that_stands_by_itself_is_addressed_so(kind: str) -> None:
    assert parse(f"{kind}/Acme Ltd.") == (kind, "Acme Ltd.")


@pytest.mark.parametrize(
    ("text", "what", "then"),
    [
        ("projct/OctoFX", "no kind 'projct'", "did you mean 'project'?"),
        ("Project/OctoFX", "no kind 'Project'", "did you mean 'project'?"),
        ("everythin", "no kind 'everythin'", "did you mean 'everything'?"),
        ("OctoFX", "no kind 'OctoFX'", "write `everything`"),
        ("project", "names a kind, but no item", "project/NAME"),
        ("project/", "the name of the project is empty", "project/NAME"),
        ("project/OctoFX/channel/", "the name of the channel is empty", "channel/NAME"),
        ("project/A/B", "'B' is no part of project/A", "--project 'A/B'"),
        ("project/A/", "is no part of project/A", "variables"),
        ("environment/", "the name of the environment is empty", "environment/NAME"),
        ("channel/QA", "no kind 'channel'", ""),
        ("release/1.0", "are history", "never cross"),
        ("machine/web-01", "belong to one instance", "never cross"),
        ("community-step-template/Slack", "are only looked up", "what refers to it"),
        ("", "no kind ''", "the kinds are"),
    ],
)
def test_what_names_no_item_is_explained(text: str, what: str, then: str) -> None:
    with pytest.raises(CliError) as caught:
        parse(text)
    assert what in caught.value.what
    assert then in caught.value.then


def test_names_in_options_are_taken_as_they_are() -> None:
    chosen = selection(["project/OctoFX"], projects=["A/B", "everything"], library_sets=["C/variables"], tenants=["-x"])
    assert chosen.items == (
        ("project", "OctoFX"),
        ("project", "A/B"),
        ("project", "everything"),
        ("library-variable-set", "C/variables"),
        ("tenant", "-x"),
    )
    assert not chosen.everything


def test_an_item_named_twice_counts_once() -> None:
    assert selection(["project/A", "project/A"], projects=["A"]).items == (("project", "A"),)


def test_everything_stands_alone() -> None:
    assert selection(["everything"]).everything
    assert not selection([])
    with pytest.raises(CliError, match="leaves nothing to add"):
        selection(["everything", "project/A"])
    with pytest.raises(CliError, match="leaves nothing to add"):
        selection(["everything"], tenants=["A"])
