"""A baseline from before an upgrade."""

from __future__ import annotations

from config.versions import ServerVersion
from worker.kinds.library import TAG_SET
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.projects import PROJECT
from worker.kinds.releases import Releases
from worker.plan.values import Document
from worker.sync.merging.rebasing import rebased
from worker.sync.world.baseline import SCHEMA, Baseline

NOW = Releases(ServerVersion.parse("2026.1.9674"), ServerVersion.parse("2026.1.9674"))
OLD = ("2023.4.8290", "2023.4.8290")


def test_versions_are_kept_with_the_baseline_and_a_baseline_without_them_is_read() -> None:
    baseline = Baseline({"a": 1}, versions=OLD)

    assert baseline.to_json()["schema"] == SCHEMA == 2
    assert Baseline.from_json(baseline.to_json()) == baseline
    old = {name: value for name, value in baseline.to_json().items() if name != "versions"} | {"schema": 1}
    assert Baseline.from_json(old) == Baseline({"a": 1})


def test_of_the_same_release_nothing_is_touched() -> None:
    baseline = Baseline({"Name": "x"}, {"Name": "x"}, versions=("2026.1.1", "2026.1.2"))
    assert rebased(PROJECT, baseline, {"Name": "x", "AllowIgnoreChannelRules": False}, {}, NOW) is baseline


def test_what_the_upgrade_brought_is_taken_to_have_been_there() -> None:
    baseline = Baseline({"Name": "x"}, {"Name": "x"}, versions=OLD)
    want = {"Name": "x", "AllowIgnoreChannelRules": False, "DefaultPowerShellEdition": "Core", "Description": "d"}
    there = {"Name": "x", "AllowIgnoreChannelRules": False, "DefaultPowerShellEdition": "Desktop", "IsDisabled": False}

    found = rebased(PROJECT, baseline, want, there, NOW)

    # A known default, else what is there now; what was known all the time is as it was.
    assert found.want == {"Name": "x", "AllowIgnoreChannelRules": True, "DefaultPowerShellEdition": "Core"}
    assert found.wrote == {"Name": "x", "AllowIgnoreChannelRules": True, "DefaultPowerShellEdition": "Desktop"}


def test_what_was_left_out_for_the_destination_is_still_to_be_said() -> None:
    baseline = Baseline({"Name": "x"}, {"Name": "x"}, versions=("2026.1.1", "2023.4.1"))
    want = {"Name": "x", "DefaultPowerShellEdition": "Core", "AllowIgnoreChannelRules": False}

    found = rebased(PROJECT, baseline, want, {"Name": "x", "AllowIgnoreChannelRules": True}, NOW)

    assert found.want == {"Name": "x", "AllowIgnoreChannelRules": True}
    assert found.wrote == {"Name": "x", "AllowIgnoreChannelRules": True}


def steps(*actions: Document) -> Document:
    return {"Steps": [{"Id": f"s{one['Id']}", "Name": one["Name"], "Actions": [one]} for one in actions]}


def test_elements_are_known_by_their_ids_and_a_document_never_written_stays_so() -> None:
    before = steps({"Id": "1", "Name": "A"}, {"Id": "2", "Name": "B"})
    want = steps({"Id": "2", "Name": "renamed", "Container": {"Dockerfile": "D"}}, {"Id": "3", "Name": "new"})
    found = rebased(DEPLOYMENT_PROCESS, Baseline(before, None, versions=OLD), want, {}, NOW)

    assert found.wrote is None
    assert found.want == before
    new = steps({"Id": "2", "Name": "renamed", "EnvironmentsVariable": "E"})
    found = rebased(DEPLOYMENT_PROCESS, Baseline(before, None, versions=OLD), new, {}, NOW)
    assert found.want["Steps"][1]["Actions"][0] == {"Id": "2", "Name": "B", "EnvironmentsVariable": "E"}


def test_what_a_server_puts_among_properties_by_itself() -> None:
    before = steps({"Id": "1", "Name": "A", "Properties": {"P": "1"}})
    now = steps({"Id": "1", "Name": "A", "Properties": {"P": "1", "OctopusUseBundledTooling": "False", "Q": "2"}})
    found = rebased(DEPLOYMENT_PROCESS, Baseline(before, before, versions=OLD), now, now, NOW)

    assert found.want["Steps"][0]["Actions"][0]["Properties"] == {"P": "1", "OctopusUseBundledTooling": "False"}


def test_where_nobody_knows_the_versions_only_what_no_release_always_had() -> None:
    want = {"Name": "x", "Type": "SingleSelect", "Scopes": ["Tenant"], "Description": "d"}
    found = rebased(TAG_SET, Baseline({"Name": "x"}, {"Name": "x"}), want, want, NOW)

    assert found.want == {"Name": "x", "Type": "MultiSelect", "Scopes": ["Tenant"]}
