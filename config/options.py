"""The options of those rules that are about a document or an item as a whole: see :mod:`config.rules`."""

from __future__ import annotations

from enum import StrEnum


class Deleted(StrEnum):
    """What becomes of an item of the destination whose source was deleted, as the source's audit log says."""

    IGNORE = "ignore"
    """It stays, and nobody is told."""
    REPORT = "report"
    """It stays, with a clean-up entry."""
    DISABLE = "disable"
    """A project, a trigger or a tenant is disabled, once; what cannot be disabled stays. With a clean-up entry."""
    DELETE = "delete"
    """It is deleted, within the limits, if we made it and all that belongs to it, nobody has edited any of it since,
    and the destination has nothing of it: no releases, no runs, no secrets. Else it stays, with a clean-up entry."""


class Retention(StrEnum):
    KEEP = "keep"
    """How long releases and runs are kept is the destination's own, once the item exists."""
    FOLLOW = "follow"
    """It follows the source, three ways."""


class Accounts(StrEnum):
    CREATE = "create"
    """What refers to an account that the destination lacks has it created, with placeholders for its secrets."""
    NONE = "none"
    """No account crosses. Variables that name one do, and get a value only where the destination has its account."""


class Runbooks(StrEnum):
    """What becomes of a runbook whose process was written. Triggers, and most people, run what is published."""

    DRAFT = "draft"
    """It is left as a draft: somebody on the destination publishes it."""
    PUBLISH = "publish"
    """A new snapshot is made there, with the newest packages, and published."""


class VersionControlled(StrEnum):
    """Projects whose process is kept in a Git repository. What lives in Git never crosses: that is what Git is for."""

    SKIP = "skip"
    SETTINGS_ONLY = "settings-only"
    """What lives in the database crosses: name, group, lifecycle, channels, triggers, secrets among the variables,
    links of tenants; variables and runbooks as far as they were not moved to Git."""


class DestructiveUpdates(StrEnum):
    """Updates after which Octopus deletes something elsewhere, without a word: another lifecycle of a project, say,
    purges what tenants have entered for the environments that it lacks."""

    HOLD_BACK = "hold-back"
    """The field is not written; a clean-up entry says what to do by hand."""
    ALLOW = "allow"
    """It is written. The plan lists what goes, and it counts as a delete."""
