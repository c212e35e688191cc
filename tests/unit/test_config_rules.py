from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.names import SHARED_NAME_KINDS
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
