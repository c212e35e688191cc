"""A source document with no more than the destination's release knows."""

from __future__ import annotations

from typing import Any

import pytest

from config.versions import ServerVersion
from worker.kinds.infrastructure import ACCOUNT, ENVIRONMENT
from worker.kinds.kind import Kind
from worker.kinds.library import TAG_SET
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import PROJECT, RUNBOOK
from worker.kinds.releases import Releases
from worker.plan.values import Document
from worker.sync.translating.fitting import Fitted, demanded, fitted


def between(source: str, destination: str) -> Releases:
    return Releases(ServerVersion.parse(source), ServerVersion.parse(destination))


def fit(kind: Kind, document: Document, source: str, destination: str, *seen: Document) -> Fitted:
    return fitted(kind, document, between(source, destination), seen)


def test_servers_of_one_release_lose_nothing() -> None:
    document = {"Name": "x", "Colour": "red", "EnvironmentTags": ["Region/North"]}
    assert fit(ENVIRONMENT, document, "2023.4.1", "2023.4.2").document is document


def test_what_is_not_known_is_left_out_and_told() -> None:
    document = {"Id": "Environments-1", "Name": "x", "Slug": "x", "EnvironmentTags": ["Region/North"]}
    releases = between("2026.1.1", "2025.4.1")
    found = fitted(ENVIRONMENT, document, releases, [])

    assert found.document == {"Id": "Environments-1", "Name": "x", "Slug": "x"}
    assert [(one.rule, one.where, one.text) for one in found.decisions(releases)] == [
        ("release", "EnvironmentTags", "Octopus 2025.4 does not know it: left out")
    ]


@pytest.mark.parametrize(("name", "value"), [("EnvironmentTags", []), ("EnvironmentTags", None)])
def test_what_says_nothing_is_left_out_without_a_word(name: str, value: Any) -> None:
    found = fit(ENVIRONMENT, {"Name": "x", name: value}, "2026.1.1", "2025.4.1")

    assert found.document == {"Name": "x"}
    assert found.lost == {}


def test_a_default_says_nothing() -> None:
    document = {"Name": "x", "Type": "MultiSelect", "Scopes": ["Tenant"]}
    assert fit(TAG_SET, document, "2026.1.1", "2025.4.1").lost == {}
    assert fit(TAG_SET, {**document, "Type": "FreeText"}, "2026.1.1", "2025.4.1").lost == {"Type": 1}


def test_what_the_destination_returned_outranks_the_table() -> None:
    document = {"Name": "x", "EnvironmentTags": ["Region/North"]}
    found = fit(ENVIRONMENT, document, "2025.4.1", "2025.3.1", {"Name": "other", "EnvironmentTags": []})

    assert found.document == document
    assert found.lost == {}


def process(**action: Any) -> Document:
    return {"Steps": [{"Name": "A", "Type": "Step", "Actions": [{"Name": "A", "Properties": {"P": "1"}, **action}]}]}


def test_deep_inside_and_each_place_once() -> None:
    dependency = {"Name": "", "RepositoryUri": "https://git.example", "Colour": "red"}
    document = process(GitDependencies=[dependency], Notes="n")
    document["Steps"] += document["Steps"]
    found = fit(DEPLOYMENT_PROCESS, document, "2023.4.1", "2023.3.1")

    assert found.lost == {"Steps[].Actions[].GitDependencies": 2}
    assert found.vital == {"Steps[].Actions[].GitDependencies"}
    assert found.document["Steps"][0]["Actions"][0] == {"Name": "A", "Properties": {"P": "1"}, "Notes": "n"}
    (entry,) = found.clean_ups(between("2023.4.1", "2023.3.1"), ("project", "P"))
    assert entry.reason == "left-out-for-release"
    shown = process(GitDependencies=[], Notes=None)
    assert fit(DEPLOYMENT_PROCESS, document, "2023.4.1", "2023.3.1", shown).vital == frozenset()


def test_properties_are_data_and_no_release_is_asked_about_them() -> None:
    document = process(Properties={"Some.New.Property": "1"}, Inputs={"a": {"b": 1}})
    assert fit(DEPLOYMENT_PROCESS, document, "2026.2.1", "2026.1.1").document == document


def test_news_is_left_out_only_on_the_way_to_an_older_server() -> None:
    document = {"Name": "x", "Colour": "red"}
    assert fit(PROJECT, document, "2026.4.1", "2026.3.1", {"Name": "other"}).lost == {"Colour": 1}
    unshown = fit(PROJECT, document, "2026.4.1", "2026.3.1")
    assert (unshown.document, unshown.doubtful) == (document, True)
    assert fit(PROJECT, document, "2026.3.1", "2026.4.1", {"Name": "other"}).document == document
    account = {"Name": "x", "AccountType": "NewCloud", "CloudKey": "k"}  # each type has fields of its own
    assert fit(ACCOUNT, account, "2026.4.1", "2026.3.1", {"Name": "other"}).document == account


def test_what_a_new_document_must_have_is_added_and_told() -> None:
    body, decisions = demanded(RUNBOOK, {"Name": "R"}, between("2026.1.1", "2026.1.2"))

    assert body["RunRetentionPolicy"] == {"QuantityToKeep": 100, "ShouldKeepForever": False}
    assert [(one.rule, one.where) for one in decisions] == [("release", "RunRetentionPolicy")]
    whole = {"Name": "R", "RunRetentionPolicy": {"QuantityToKeep": 7}}
    assert demanded(RUNBOOK, whole, between("2026.1.1", "2026.1.2")) == (whole, [])
