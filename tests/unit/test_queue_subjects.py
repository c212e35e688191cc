"""Which document an audit event speaks of."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from worker.queue.keys import DirtyKey
from worker.queue.subjects import Subject, Verdict, subject


def event(category: str, *related: str, **more: Any) -> dict[str, Any]:
    return {"Id": "Events-1", "Category": category, "RelatedDocumentIds": list(related), "SpaceId": "Spaces-1", **more}


def read(*args: Any, **more: Any) -> Subject:
    found = subject(event(*args, **more))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("related", "expected"),
    [
        (["deploymentprocess-Projects-3", "Projects-3"], "deploymentprocess-Projects-3"),
        (["variableset-Projects-3", "Projects-3"], "variableset-Projects-3"),
        (["variableset-LibraryVariableSets-41", "LibraryVariableSets-41"], "variableset-LibraryVariableSets-41"),
        (["RunbookProcess-Runbooks-8", "Runbooks-8", "Projects-3"], "RunbookProcess-Runbooks-8"),
        (["deploymentsettings-Projects-3", "Projects-3"], "deploymentsettings-Projects-3"),
        (["TenantVariables-761", "Tenants-1", "Projects-3", "Environments-1"], "TenantVariables-Tenants-1"),
        (["Channels-4", "Projects-3"], "Channels-4"),
        (["ProjectTriggers-4", "Projects-3"], "ProjectTriggers-4"),
        (["Runbooks-4", "Projects-3"], "Runbooks-4"),
        (["Projects-3", "ProjectGroups-1"], "Projects-3"),
        (["Tenants-1", "Projects-3"], "Tenants-1"),
        (["Users-1", "teams-everyone"], "teams-everyone"),
        (["ActionTemplateVersions-9", "ActionTemplates-2"], "ActionTemplates-2"),
        (["feeds-psgallery"], "feeds-psgallery"),
        (["azuresubscription-exampleorganisation"], "azuresubscription-exampleorganisation"),
        (["VariableSet-Projects-3", "projects-3"], "VariableSet-Projects-3"),
    ],
)
def test_the_most_specific_id_in_whatever_order(related: list[str], expected: str) -> None:
    for order in permutations(related):
        found = read("Modified", *order)
        assert (found.document_id, found.verdict, found.widen) == (expected, Verdict.PLACED, False)
        DirtyKey("route", found.target or "")


class TestTenantVariables:
    """The server keeps each value as a document; a tenant's values are read and written together."""

    def test_the_values_of_a_tenant_stand_for_each_of_them(self) -> None:
        for category in ("Created", "Modified", "Deleted"):
            found = read(category, "TenantVariables-761", "Tenants-1")
            assert (found.target, found.owner_id) == ("TenantVariables-Tenants-1", "Tenants-1")
            assert not found.is_deletion

    def test_the_tenant_is_told_by_the_document_too(self) -> None:
        details = {"DocumentContext": {"Id": "TenantVariables-761", "TenantId": "Tenants-9"}}
        assert read("Modified", ChangeDetails=details).target == "TenantVariables-Tenants-9"

    @pytest.mark.parametrize("related", [["TenantVariables-761"], ["TenantVariables-761", "Tenants-1", "Tenants-2"]])
    def test_without_a_tenant_it_is_left_to_the_next_comparison(self, related: list[str]) -> None:
        found = read("Modified", *related)
        assert (found.target, found.verdict) == (None, Verdict.UNPLACED)


@pytest.mark.parametrize(
    ("document_id", "owner"),
    [
        ("variableset-Projects-3", "Projects-3"),
        ("variableset-LibraryVariableSets-41", "LibraryVariableSets-41"),
        ("deploymentprocess-Projects-3", "Projects-3"),
        ("deploymentsettings-Projects-3", "Projects-3"),
        ("RunbookProcess-Runbooks-8", "Runbooks-8"),
        ("Projects-3", None),
        ("teams-spacemanagers-Spaces-1", None),
        ("feeds-builtin", None),
    ],
)
def test_the_id_tells_the_owner(document_id: str, owner: str | None) -> None:
    assert read("Modified", document_id).owner_id == owner


class TestDocumentContext:
    def test_it_outranks_what_is_related(self) -> None:
        found = read("Modified", "Projects-3", ChangeDetails={"DocumentContext": {"Id": "Channels-4", "Name": "QA"}})
        assert found.document_id == "Channels-4"

    def test_a_release_is_ignored_though_its_project_comes_first(self) -> None:
        context = {"DocumentContext": {"Id": "Releases-63"}, "Differences": []}
        assert read("Modified", "Projects-7", ChangeDetails=context).verdict is Verdict.KIND

    @pytest.mark.parametrize(
        "details",
        [
            None,
            "text",
            {},
            {"DocumentContext": None, "Differences": None},
            {"DocumentContext": {"Id": None}},
            {"DocumentContext": {"Id": 3}},
            {"DocumentContext": {"Id": "../../users"}},
            {"DocumentContext": []},
        ],
    )
    def test_it_may_be_absent_or_odd(self, details: object) -> None:
        assert read("Modified", "Projects-3", ChangeDetails=details).document_id == "Projects-3"


class TestIgnored:
    @pytest.mark.parametrize(
        "category",
        ["DeploymentSucceeded", "DeploymentQueued", "MachineHealthy", "LoginFailed", "Exported", "TaskCanceled", "New"],
    )
    def test_categories_that_change_no_configuration(self, category: str) -> None:
        found = read(category, "Deployments-1", "Projects-3", "Environments-1", "Channels-4")
        assert (found.document_id, found.target, found.verdict) == (None, None, Verdict.CATEGORY)

    @pytest.mark.parametrize(
        "related",
        [
            ["Projects-7", "Releases-63"],
            ["Machines-1", "Environments-1"],
            ["ServerTasks-1", "projects-*", "Environments-1", "tenants-*"],
            ["Users-1"],
            ["Subscriptions-1"],
        ],
    )
    def test_kinds_that_do_not_cross(self, related: list[str]) -> None:
        for order in permutations(related):
            assert read("Created", *order).verdict is Verdict.KIND

    @pytest.mark.parametrize(
        "related",
        [
            ["variableset-Projects-441-s-15-RGVXK"],
            ["deploymentprocess-Projects-441-s-3-D8UD8", "Projects-441"],
        ],
    )
    def test_frozen_snapshots(self, related: list[str]) -> None:
        assert read("Created", *related).verdict is Verdict.SNAPSHOT

    def test_a_living_process_beside_a_frozen_variable_set(self) -> None:
        found = read("Modified", "variableset-Projects-4-s-1-RGVXK", "deploymentprocess-Projects-4", "Projects-4")
        assert found.document_id == "deploymentprocess-Projects-4"

    def test_a_package_in_the_built_in_feed_is_no_new_feed(self) -> None:
        assert read("Created", "feeds-builtin").verdict is Verdict.PACKAGE
        assert read("Modified", "feeds-builtin").document_id == "feeds-builtin"


class TestWiden:
    @pytest.mark.parametrize("category", ["Created", "Deleted"])
    def test_a_project_stands_for_all_beneath_it(self, category: str) -> None:
        found = read(category, "Projects-3", "ProjectGroups-1")
        assert (found.target, found.widen, found.verdict) == ("Projects-3/*", True, Verdict.WIDENED)
        assert found.is_deletion == (category == "Deleted")

    def test_an_edit_of_a_project_does_not(self) -> None:
        assert read("Modified", "Projects-3").target == "Projects-3"

    def test_deleting_something_else_does_not(self) -> None:
        found = read("Deleted", "Channels-4", "Projects-3")
        assert (found.target, found.is_deletion) == ("Channels-4", True)

    def test_an_import_stands_for_everything(self) -> None:
        found = read("Imported")
        assert (found.target, found.verdict) == ("*", Verdict.IMPORT)

    @pytest.mark.parametrize("category", ["ProjectImportComplete", "Project import complete"])
    def test_the_import_of_a_project(self, category: str) -> None:
        assert read(category, "Projects-3").target == "Projects-3/*"
        assert read(category).target == "*"
        assert read(category, "Projects-3", "Projects-4").target == "*"

    def test_a_replaced_certificate(self) -> None:
        assert read("CertificateReplaced", "Certificates-3").target == "Certificates-3"

    def test_a_published_runbook_snapshot_is_a_change_of_the_runbook(self) -> None:
        found = read("RunbookSnapshotPublished", "RunbookSnapshots-9", "Runbooks-8", "Projects-3")
        assert found.target == "Runbooks-8"


class TestUnplaced:
    @pytest.mark.parametrize(
        "related",
        [
            [],
            ["projects-*"],
            ["Gizmos-1"],
            ["Gizmos-1", "Projects-3", "Environments-1"],
            ["../Projects-3", "Projects-3?x=1", "", "Projects"],
        ],
    )
    def test_what_cannot_be_placed_is_said_so(self, related: list[str]) -> None:
        found = read("Modified", *related)
        assert (found.document_id, found.verdict) == (None, Verdict.UNPLACED)

    @pytest.mark.parametrize("related", [None, "Projects-3", {"Projects-3": 1}, [None, 3, {"Id": "Projects-3"}]])
    def test_related_ids_of_the_wrong_type(self, related: object) -> None:
        found = subject({"Category": "Modified", "RelatedDocumentIds": related})
        assert found is not None
        assert found.verdict is Verdict.UNPLACED

    def test_ids_of_the_wrong_type_among_good_ones(self) -> None:
        found = subject({"Category": "Modified", "RelatedDocumentIds": [None, 3, "Projects-3"]})
        assert found is not None
        assert found.document_id == "Projects-3"

    @pytest.mark.parametrize("body", [{}, {"Category": None}, {"Category": 3}, {"RelatedDocumentIds": ["Projects-3"]}])
    def test_what_is_no_event(self, body: dict[str, Any]) -> None:
        assert subject(body) is None


class TestSpace:
    @pytest.mark.parametrize("value", ["Spaces-3", {"Value": "Spaces-3"}])
    def test_a_string_or_an_object(self, value: object) -> None:
        assert read("Modified", "Projects-3", SpaceId=value).space_id == "Spaces-3"

    @pytest.mark.parametrize("value", [None, "", 3, {}, {"Value": None}, ["Spaces-3"]])
    def test_the_subscription_answers_where_the_event_does_not(self, value: object) -> None:
        found = subject(event("Modified", "Projects-3", SpaceId=value), "Spaces-9")
        assert found is not None
        assert found.space_id == "Spaces-9"

    @pytest.mark.parametrize("document_id", ["UserRoles-1", "teams-administrators"])
    def test_but_not_for_what_belongs_to_the_server(self, document_id: str) -> None:
        found = subject(event("Modified", document_id, SpaceId=None), "Spaces-9")
        assert found is not None
        assert found.space_id is None


EXPECTED = {
    "30": "deploymentprocess-",
    "31": "variableset-Projects-",
    "32": "LibraryVariableSets-",
    "33": "variableset-LibraryVariableSets-",
    "34": "Projects-",
    "35": "Projects-",
    "36": "Projects-",
    "37": "Environments-",
    "38": "Lifecycles-",
    "39": "Channels-",
    "40": "Tenants-",
    "41": "TagSets-",
    "42": "feeds-",
    "43": "Teams-",
    "44": "ProjectGroups-",
    "45": Verdict.KIND,
    "46": Verdict.KIND,
    "47": Verdict.UNPLACED,
    "48": "teams-",
    "49": "ActionTemplates-",
    "50": Verdict.PACKAGE,
    "51": Verdict.KIND,
    "52": Verdict.CATEGORY,
    "53": "Channels-",
}


class TestRealEvents:
    @pytest.mark.parametrize(("number", "expected"), EXPECTED.items())
    def test_edits(self, number: str, expected: str | Verdict, samples: Path) -> None:
        [path] = (samples / "webhooks").glob(f"{number}-*.json")
        found = subject(json.loads(path.read_text("utf-8-sig")))
        assert found is not None
        if isinstance(expected, Verdict):
            assert found.verdict is expected
        else:
            assert (found.document_id or "").startswith(expected)
            assert found.widen == (number in ("35", "36"))

    def test_every_sample_is_answered_and_no_deployment_is_placed(self, samples: Path) -> None:
        seen = 0
        for path in sorted([*(samples / "webhooks").glob("*.json"), *(samples / "events").glob("*.json")]):
            try:
                body = json.loads(path.read_text("utf-8-sig"))
            except ValueError:
                continue
            for one in events_in(body):
                found = subject(one)
                if found is None:
                    continue
                seen += 1
                if found.target is not None:
                    DirtyKey("route", found.target)
                if one["Category"].startswith(("Deployment", "Machine", "Login")):
                    assert found.verdict is Verdict.CATEGORY
        assert seen > 80


def events_in(body: Any) -> list[dict[str, Any]]:
    """The events of a webhook, of an answer of the API, or the audit event itself."""
    if not isinstance(body, dict):
        return []
    payload = body.get("Payload")
    if isinstance(payload, dict):
        return [payload["Event"]] if isinstance(payload.get("Event"), dict) else payload.get("Events", [])
    return body["Items"] if isinstance(body.get("Items"), list) else [body]
