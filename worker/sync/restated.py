"""Which clean-up entries close by themselves."""

from __future__ import annotations

RESTATED = frozenset(
    {
        "ambiguous-rows",
        "blocked",
        "community-version",
        "create-by-hand",
        "deleted-here",
        "deleted-on-source",
        "duplicate-scope",
        "fixed-differs",
        "left-behind",
        "left-out",
        "left-out-for-release",
        "name-left",
        "name-taken",
        "not-supported",
        "placeholder-reference",
        "placeholder-value",
        "reference-dropped",
        "removed-on-source",
        "scope-left",
        "scope-widened",
        "secret-not-added",
        "still-in-use",
        "template-version",
        "type-changed",
        "untranslated-id",
        "would-destroy",
        "value-conflict",
        "value-missing",
    }
)
"""Reasons that every plan states for as long as they hold. One that is no longer stated is settled. The others stay
until a person closes them: that a secret was filled in cannot be seen."""
