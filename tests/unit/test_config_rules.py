from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.names import SHARED_NAME_KINDS
from config.presets import PRESETS
from config.rules import NewRows, OnMissing, Removed, Rules, ScopeOption, ValueRule


def test_defaults_overwrite_nothing_remove_nothing_and_widen_nothing() -> None:
    rules = Rules()
    assert rules.variables.value is ValueRule.KEEP
    assert rules.variables.removed is rules.removed is Removed.KEEP
    assert rules.update == frozenset()
    assert rules.on_missing is OnMissing.BLOCK
    assert set(rules.variables.scopes.model_dump().values()) == {ScopeOption.SKIP_UNLESS_PARTIAL}
    assert rules.steps.environment is rules.steps.channel is rules.steps.tenant_tag is ScopeOption.SKIP_UNLESS_PARTIAL


def test_exclusion_of_what_is_not_there_is_dropped() -> None:
    assert Rules().steps.excluded_environment is ScopeOption.IGNORE_MISMATCH


def test_mirror_follows_the_source_in_everything() -> None:
    rules = Rules.model_validate({"preset": "mirror"})
    assert rules.variables.value is ValueRule.ALWAYS
    assert rules.variables.removed is rules.removed is Removed.REMOVE_OURS
    assert rules.update == set(SHARED_NAME_KINDS)


def test_what_stands_beside_a_preset_counts() -> None:
    written = {"preset": "mirror", "removed": "keep", "update": ["feed"], "variables": {"new_rows": "placeholder"}}
    rules = Rules.model_validate(written)
    assert rules.removed is Removed.KEEP
    assert rules.update == {"feed"}
    assert rules.variables.new_rows is NewRows.PLACEHOLDER
    assert rules.variables.value is ValueRule.ALWAYS


def test_preset_does_not_hide_a_mistake() -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        Rules.model_validate({"preset": "mirror", "variables": ["keep"]})


def test_placeholder_is_never_empty() -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate({"sensitive_placeholder": ""})


@pytest.mark.guide("rules-per-project")
def test_override_holds_for_a_project_and_all_that_belongs_to_it() -> None:
    rules = Rules.model_validate(
        {"overrides": [{"for": {"project": ["Octo*"]}, "variables": {"value": "follow"}, "removed": "remove-ours"}]}
    )
    for path in (("project", "OctoFX"), ("project", "octofx", "variables"), ("project", "OctoFX", "runbook", "R")):
        assert rules.of(path).variables.value is ValueRule.FOLLOW
        assert rules.of(path).removed is Removed.REMOVE_OURS
    assert rules.of(("project", "Other")) is rules
    assert rules.of(("library-variable-set", "OctoFX", "variables")) is rules


def test_override_of_a_part_names_its_project_or_means_all() -> None:
    rules = Rules.model_validate(
        {
            "overrides": [
                {"for": {"runbook": ["Restart*"]}, "removed": "remove-ours"},
                {"for": {"runbook": [{"project": "B", "name": "Restart it"}]}, "removed": "keep"},
            ]
        }
    )
    assert rules.of(("project", "A", "runbook", "Restart it", "process")).removed is Removed.REMOVE_OURS
    assert rules.of(("project", "B", "runbook", "Restart it", "process")).removed is Removed.KEEP
    assert rules.of(("project", "A", "deployment-process")).removed is Removed.KEEP


@pytest.mark.guide("rules-per-project")
def test_override_changes_only_what_it_says_and_the_last_one_counts() -> None:
    rules = Rules.model_validate(
        {
            "preset": "mirror",
            "variables": {"new_rows": "placeholder"},
            "overrides": [
                {
                    "for": {"project": ["*"]},
                    "variables": {"value": "keep", "scopes": {"channel": "error-unless-exact"}},
                },
                {"for": {"project": ["OctoFX"]}, "variables": {"value": "follow"}},
            ],
        }
    )
    found = rules.of(("project", "OctoFX", "variables")).variables
    assert (found.value, found.new_rows, found.removed) == (ValueRule.FOLLOW, NewRows.PLACEHOLDER, Removed.REMOVE_OURS)
    assert found.scopes.channel is ScopeOption.ERROR_UNLESS_EXACT
    assert found.scopes.environment is ScopeOption.SKIP_UNLESS_PARTIAL


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"for": {}, "removed": "keep"}, "names no item"),
        ({"for": {"project": ["*"]}}, "changes no rule"),
        ({"removed": "keep"}, "for"),
        ({"for": {"project": ["*"]}, "preset": "mirror"}, "preset"),
        ({"for": {"machine": ["*"]}, "removed": "keep"}, "machine"),
    ],
)
def test_override_that_means_nothing_is_refused(written: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Rules.model_validate({"overrides": [written]})


def test_a_single_step_can_have_another_option() -> None:
    steps = Rules.model_validate(
        {
            "steps": {
                "environment": "skip-unless-exact",
                "scopes": [
                    {"project": "*", "step": "Approve*", "channel": "ignore-mismatch"},
                    {"project": "Octo*", "step": "Approve", "environment": "ignore-mismatch"},
                    {"project": "*", "runbook": "*", "step": "Approve", "environment": "error-unless-exact"},
                ],
            }
        }
    ).steps
    assert steps.option("environment", "OctoFX", None, "Approve") is ScopeOption.IGNORE_MISMATCH
    assert steps.option("environment", "OctoFX", None, "Deploy") is ScopeOption.SKIP_UNLESS_EXACT
    assert steps.option("environment", "OctoFX", "Restart", "Approve") is ScopeOption.ERROR_UNLESS_EXACT
    assert steps.option("channel", "Other", None, "approve it") is ScopeOption.IGNORE_MISMATCH


def test_a_step_scope_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="says nothing about a scope"):
        Rules.model_validate({"steps": {"scopes": [{"project": "*", "step": "*"}]}})


@pytest.mark.parametrize("preset", list(PRESETS))
def test_what_stands_beside_any_preset_counts_at_every_depth(preset: str) -> None:
    rules = Rules.model_validate({"preset": preset, "variables": {"scopes": {"environment": "ignore-mismatch"}}})
    assert rules.variables.scopes.environment is ScopeOption.IGNORE_MISMATCH
    assert rules.variables.value == Rules.model_validate({"preset": preset}).variables.value
