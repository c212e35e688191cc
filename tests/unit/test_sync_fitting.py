"""A source document with no more than the destination's release knows."""

from __future__ import annotations

from typing import Any

import pytest

from config.versions import ServerVersion
from worker.kinds.infrastructure import ACCOUNT, ENVIRONMENT
from worker.kinds.kind import Kind
from worker.kinds.library import FEED, GIT_CREDENTIAL, TAG_SET
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import CHANNEL, PROJECT, RUNBOOK
from worker.kinds.releases import Releases
from worker.kinds.triggers import TRIGGER
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


@pytest.mark.guide("version-fields")
def test_what_a_new_document_must_have_is_added_and_told() -> None:
    body, decisions = demanded(RUNBOOK, {"Name": "R"}, between("2026.1.1", "2026.1.2"))

    assert body["RunRetentionPolicy"] == {"QuantityToKeep": 100, "ShouldKeepForever": False}
    assert [(one.rule, one.where) for one in decisions] == [("release", "RunRetentionPolicy")]
    whole = {"Name": "R", "RunRetentionPolicy": {"QuantityToKeep": 7}}
    assert demanded(RUNBOOK, whole, between("2026.1.1", "2026.1.2")) == (whole, [])


# ── objects of types ──────────────────────────────────────────────────────────────────────────────────────────────────


def docker(**more: Any) -> Document:
    return {"Name": "Hub", "FeedType": "Docker", "FeedUri": "https://hub.example", "DownloadAttempts": 9, **more}


def test_a_field_of_one_type_that_the_destination_does_not_know_for_it_is_left_out() -> None:
    feed = docker()
    assert fit(FEED, feed, "2025.4.1", "2025.3.1").lost == {"DownloadAttempts": 1}
    assert fit(FEED, feed, "2025.4.2", "2025.4.1").document == feed
    nuget = {**feed, "FeedType": "NuGet"}
    assert fit(FEED, nuget, "2025.4.1", "2025.3.1").document == nuget
    # A NuGet feed that has it says nothing of those of Docker; one of Docker does.
    assert fit(FEED, feed, "2025.4.1", "2025.3.1", nuget).lost == {"DownloadAttempts": 1}
    assert fit(FEED, feed, "2025.4.1", "2025.3.1", {**feed, "Name": "Other"}).lost == {}


def test_news_of_a_type_is_left_out_once_the_destination_has_shown_that_type() -> None:
    feed = docker(Colour="red")
    older = {name: value for name, value in feed.items() if name != "Colour"}
    assert fit(FEED, feed, "2026.2.1", "2026.1.1", older).lost == {"Colour": 1}
    assert fit(FEED, feed, "2026.1.1", "2026.2.1", older).document == feed
    unshown = fit(FEED, feed, "2026.2.1", "2026.1.1", {"Name": "x", "FeedType": "Helm", "FeedUri": "https://x"})
    assert (unshown.document, unshown.doubtful) == (feed, True)


def trigger(filter_type: str, **more: Any) -> Document:
    return {"Name": "T", "Filter": {"FilterType": filter_type, **more}, "Action": {"ActionType": "AutoDeploy"}}


@pytest.mark.parametrize(
    ("kind", "document", "place"),
    [
        (FEED, {"Name": "x", "FeedType": "PyPi"}, "FeedType"),
        (ACCOUNT, {"Name": "x", "AccountType": "GoogleCloudOidcAccount"}, "AccountType"),
        (GIT_CREDENTIAL, {"Name": "x", "Details": {"Type": "SshKey"}}, "Details.Type"),
        (TRIGGER, trigger("WebhookFilter"), "Filter.FilterType"),
    ],
)
def test_what_is_of_a_type_that_the_destination_does_not_have_is_refused(
    kind: Kind, document: Document, place: str
) -> None:
    releases = between("2026.2.1", "2026.1.1")
    refusal = fitted(kind, document, releases, []).refusal(releases)

    assert refusal is not None
    assert (refusal.rule, refusal.where) == ("release", place)
    assert "Octopus 2026.1 does not have" in refusal.text
    later = between("2026.3.1", "2026.2.1")  # that one may have it: its server will say
    assert fitted(kind, document, later, []).refusal(later) is None
    assert fitted(kind, document, releases, [document]).refusal(releases) is None, "it has shown one"


def test_a_channel_for_ephemeral_environments_is_no_ordinary_channel() -> None:
    channel = {"Name": "Preview", "Type": "EphemeralEnvironment", "ParentEnvironmentId": "Environments-1"}
    releases = between("2025.4.1", "2025.3.1")

    assert fitted(CHANNEL, channel, releases, []).refusal(releases) is not None
    assert fitted(CHANNEL, {**channel, "Type": "Lifecycle"}, releases, []).refusal(releases) is None


@pytest.mark.parametrize(
    ("kind", "document", "place"),
    [
        (CHANNEL, {"Name": "x", "GitReferenceRules": ["refs/heads/main"]}, "GitReferenceRules"),
        (
            DEPLOYMENT_PROCESS,
            process(EnvironmentsVariable="Where"),
            "Steps[].Actions[].EnvironmentsVariable",
        ),
    ],
)
def test_a_limit_that_is_left_out_is_told_to_a_person(kind: Kind, document: Document, place: str) -> None:
    releases = between("2025.4.1", "2025.3.1")
    (entry,) = fitted(kind, document, releases, []).clean_ups(releases, ("project", "P"))
    assert (entry.where, entry.reason) == (place, "left-out-for-release")
