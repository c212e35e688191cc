"""Presets: the defaults that each scenario of several instances needs, in the words of the routes file.

A preset is nothing but rules that need not be written down; ``octosync config show`` prints what one comes to. The
scenarios are those of Octopus' guide "Sync multiple instances".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from config.names import SHARED_NAME_KINDS


class Preset(StrEnum):
    SUBSET_OF_ENVIRONMENTS = "subset-of-environments"
    """The destination has some of the source's environments: Dev/Test/Staging/Production, and Staging/Production.
    What fits crosses as it is; what is only for the environments that are not there stays at home."""
    SEPARATE_ENVIRONMENTS = "separate-environments"
    """The two have no environment in common: Dev/Test, and Staging/Production. What is scoped to an environment stays
    at home, a placeholder keeps its name; accounts are each side's own."""
    TENANT_INSTANCE = "tenant-instance"
    """The same environments, other tenants. What changed on the source follows; an environment that is missing is a
    mistake, and stops the document that names it."""
    MIRROR = "mirror"
    """Two that shall be alike: the source's values win, what it dropped is removed where we wrote it, and the details
    of what else must only exist follow too."""


_EVERYTHING_BY_ENVIRONMENT: Final = "error-unless-exact"

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    Preset.SUBSET_OF_ENVIRONMENTS: {
        "variables": {"value": "keep", "new_rows": "copy", "scopes": {"environment": "skip-unless-partial"}},
        "steps": {"environment": "skip-unless-partial"},
        "infrastructure": {"environment": "skip-unless-partial"},
    },
    Preset.SEPARATE_ENVIRONMENTS: {
        "variables": {"value": "keep", "new_rows": "copy", "scopes": {"environment": "skip-unless-partial"}},
        "steps": {"environment": "skip-unless-partial"},
        "accounts": "none",
    },
    Preset.TENANT_INSTANCE: {
        "variables": {"value": "follow", "scopes": {"environment": _EVERYTHING_BY_ENVIRONMENT}},
        "steps": {"environment": _EVERYTHING_BY_ENVIRONMENT},
        "infrastructure": {"environment": _EVERYTHING_BY_ENVIRONMENT},
    },
    Preset.MIRROR: {
        "variables": {"value": "always", "removed": "remove-ours"},
        "tenants": {"variables": {"value": "always", "removed": "remove-ours"}},
        "removed": "remove-ours",
        "update": list(SHARED_NAME_KINDS),
        "retention": "follow",
        "destructive_updates": "allow",
    },
}


def laid_under(preset: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What was written, and where nothing was, the preset's. Whatever is not a mapping counts as a whole."""
    result = dict(written)
    for name, value in preset.items():
        if name not in result:
            result[name] = value
        elif isinstance(value, Mapping) and isinstance(result[name], Mapping):
            result[name] = laid_under(value, result[name])
    return result
