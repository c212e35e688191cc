"""Which release knows which field: the table, and what it is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from octopus_samples import SAMPLES, needs_samples

from config.versions import ServerVersion
from worker.kinds import registry
from worker.kinds.kind import Mode
from worker.kinds.releases import NOTHING_KNOWN, Releases, fields_of

ROOT = Path(__file__).resolve().parents[2]
V2021, V2023, V2024, V2025, V2026, LOCAL = (
    ServerVersion.parse(text)
    for text in ("2021.2.1290", "2023.4.8290", "2024.2.1", "2025.3.14000", "2026.1.9674", "0.0.0-local")
)


@needs_samples
def test_the_table_is_what_the_servers_say_of_themselves() -> None:
    script = [sys.executable, "scripts/release_table.py", str(SAMPLES / "swagger"), "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("kind", "path", "known_by", "unknown_to"),
    [
        ("environment", "Name", (V2021, V2023, V2026, LOCAL), ()),
        ("environment", "EnvironmentTags", (V2026, LOCAL), (V2021, V2023, V2024, V2025)),
        ("project", "ForcePackageDownload", (V2023, V2024, V2026), (V2021,)),
        ("deployment-process", "Steps[].Actions[].GitDependencies", (V2023, V2024), (V2021,)),
        ("deployment-process", "Steps[].Actions[].Container.Dockerfile", (V2026,), (V2025,)),
        ("lifecycle", "Phases[].ReleaseRetentionPolicy.Strategy", (V2025, V2026), (V2024,)),
        ("deployment-settings", "CancelQueuedTasks", (LOCAL,), (V2026,)),
        ("machine-policy", "PollingRequestMaximumMessageProcessingTimeout", (V2021, V2023, V2025), (V2026, LOCAL)),
    ],
)
def test_a_release_knows_what_the_nearest_older_one_knew(
    kind: str, path: str, known_by: tuple[ServerVersion, ...], unknown_to: tuple[ServerVersion, ...]
) -> None:
    fields = fields_of(kind)
    assert all(fields.knows(path, release) for release in known_by)
    assert [fields.knows(path, release) for release in unknown_to] == [False] * len(unknown_to)


def test_of_what_nobody_described_nothing_is_known() -> None:
    assert fields_of("environment").knows("Colour", V2026) is None
    assert fields_of("no-such-kind") is NOTHING_KNOWN
    assert not fields_of("account").describes("")  # each type of account has fields of its own
    assert fields_of("deployment-process").describes("Steps[].Actions[].")
    assert not fields_of("deployment-process").describes("Steps[].Actions[].Properties.")


def test_what_a_create_must_have() -> None:
    assert fields_of("team").demanded_by(V2026) == {"ExternalSecurityGroups": [], "MemberUserIds": []}
    assert fields_of("runbook").demanded_by(V2024)["RunRetentionPolicy"]["QuantityToKeep"] == 100
    assert fields_of("runbook").demanded_by(V2021) == {}


def test_what_is_new_since() -> None:
    fields = fields_of("tag-set")
    since = fields.span("", "Type", {})
    assert since is not None
    assert since.came(V2023, V2026)
    assert not since.came(V2026, LOCAL)
    assert not since.came(V2021, V2023)
    assert since.came(None, V2026)  # nobody remembers what it was
    always = fields.span("", "Name", {})
    assert always is not None
    assert not always.came(None, V2026)
    assert fields.defaults == {"Type": "MultiSelect", "Scopes": ["Tenant"]}


def test_a_type_has_fields_of_its_own() -> None:
    fields = fields_of("feed")
    docker, nuget = (fields.span("", "DownloadAttempts", {"FeedType": one}) for one in ("Docker", "NuGet"))
    assert docker is not None
    assert nuget is not None
    assert [nuget.holds(V2025), docker.holds(V2025), docker.holds(V2026)] == [True, False, True]
    assert fields.span("", "DownloadAttempts", {"FeedType": "Helm"}) is None
    assert fields.span("", "Name", {"FeedType": "Nothing known"}) is not None


def test_of_a_type_a_release_is_only_denied_what_it_is_known_not_to_have() -> None:
    types = fields_of("feed").types[""]
    assert [types.lacks("Npm", release) for release in (V2021, V2023, V2024, V2026)] == [True, True, False, False]
    assert [types.lacks("PyPi", release) for release in (V2026, LOCAL)] == [True, False]
    assert not types.lacks("Nothing known", V2021)


def test_builds_of_one_release_have_one_form() -> None:
    assert not Releases(V2026, ServerVersion.parse("2026.1.11111")).differ
    assert Releases(V2026, ServerVersion.parse("2026.2.1")).differ


WITHOUT_A_SHAPE = {"logo", "package", "published-snapshot", "tenant-variables", "variable-set"}


def test_every_kind_that_is_written_is_described() -> None:
    written = {kind.name for kind in registry.ALL if kind.mode is not Mode.LOOKUP} - WITHOUT_A_SHAPE
    assert {name for name in written if fields_of(name) is NOTHING_KNOWN} == set()
