"""What a comparison keeps of the lists that it read."""

from __future__ import annotations

from typing import Any

import pytest

from worker.sync.servers.spool import NIGHTS, Spool

SHOWN: dict[str, Any] = {
    "VersioningStrategy": {"Template": "1.0.i"},
    "ReleaseNotesTemplate": None,
    "DeploymentChangesTemplate": None,
    "DefaultToSkipIfAlreadyInstalled": False,
    "DefaultGuidedFailureMode": "Off",
    "ProjectConnectivityPolicy": {"SkipMachineBehavior": "None"},
}


def settings(project: dict[str, Any]) -> list[dict[str, Any]]:
    """What the spool says in each of the nights in which it says something."""
    said = [Spool(night).settings("deploymentsettings-Projects-1", project) for night in range(NIGHTS)]
    return [one for one in said if one is not None]


def test_a_document_comes_back_as_it_was_and_is_nobody_else_s() -> None:
    spool = Spool(0)
    document = {"Id": "Projects-1", "Name": "Ünï 🐙 \ud83d", "Steps": [{"Id": "x"}]}
    spool.put([document])
    first = spool.get("Projects-1")
    assert first == document
    first["Steps"].clear()
    assert spool.get("Projects-1") == document
    assert spool.get("Projects-2") is None


def test_settings_are_taken_from_the_project_in_all_nights_but_one() -> None:
    found = settings({"Id": "Projects-1", **SHOWN})
    assert len(found) == NIGHTS - 1
    assert found[0]["ConnectivityPolicy"] == {"SkipMachineBehavior": "None"}
    assert found[0]["ProjectId"] == "Projects-1"
    assert "ForcePackageDownload" not in found[0]
    assert Spool(None).settings("deploymentsettings-Projects-1", {"Id": "Projects-1", **SHOWN}) == found[0]


@pytest.mark.parametrize("missing", sorted(SHOWN))
def test_a_project_that_does_not_show_its_settings_has_them_read(missing: str) -> None:
    shown = {name: value for name, value in SHOWN.items() if name != missing}
    assert settings({"Id": "Projects-1", "ForcePackageDownload": False, **shown}) == []


def test_settings_kept_in_git_are_read() -> None:
    assert settings({"Id": "Projects-1", "IsVersionControlled": True, **SHOWN}) == []


def test_a_list_is_read_when_its_pages_would_have_cost_less() -> None:
    spool = Spool(0)
    assert not spool.is_cheaper("runbook-process", 2, 500)  # three pages
    assert not spool.is_cheaper("runbook-process", 1, 500)
    assert spool.is_cheaper("runbook-process", 1, 500)
    spool.listed.add("runbook-process")
    assert not spool.is_cheaper("runbook-process", 100, 500)
