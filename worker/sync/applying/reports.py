"""Reports: the clean-up entries that a plan states go to the ledger; which of them close by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from worker.kinds import registry
from worker.kinds.kind import Place
from worker.ledger.ledger import Ledger
from worker.plan.values import Action, NamePath

RESTATED = frozenset(
    {
        "ambiguous-rows",
        "blocked",
        "community-version",
        "create-by-hand",
        "deleted-here",
        "deleted-on-source",
        "duplicate-scope",
        "environment-twice",
        "fixed-differs",
        "in-use",
        "kept-apart",
        "left-behind",
        "left-out",
        "left-out-for-release",
        "name-left",
        "name-taken",
        "owned-elsewhere",
        "package-differs",
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


class Reports:
    """Of one run."""

    def __init__(self, ledger: Ledger, route: str, run_id: str) -> None:
        self._ledger = ledger
        self._route = route
        self._run_id = run_id
        self._stated: dict[str | NamePath, set[str]] = {}
        """Subject → keys of the entries that the plan has stated so far."""

    async def forget(self, source_ids: Iterable[str]) -> None:
        """Of items that others have taken the place of: what was to be done for them is said of these, if at all."""
        for source_id in source_ids:
            kind = registry.kind_of(source_id)
            parts = registry.parts_of(kind) if kind is not None else ()
            made = [registry.made_with_owner(one, source_id) for one in parts if one.place is Place.WITH_OWNER]
            for subject in (source_id, *made):
                await self._ledger.clean_ups.settle(self._route, subject, ())

    async def report(self, action: Action, *, whole: bool = True, settles: frozenset[str] = frozenset()) -> None:
        """Opens the new entries, and closes those which a plan would state again. ``whole``: the action says all that
        there is to say of the document, together with those before it. ``settles``: see
        :attr:`worker.sync.world.written.Written.settles`."""
        await self._ledger.clean_ups.report(self._route, action.clean_ups, self._run_id)
        subject = action.source_id or action.path
        stated = self._stated.setdefault(subject, set())
        stated |= {entry.key for entry in action.clean_ups}
        if whole:
            await self._ledger.clean_ups.settle(self._route, subject, stated, RESTATED | settles)
