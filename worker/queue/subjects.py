"""Which document an audit event speaks of.

A webhook and the audit log carry the same events, so both are read here. An event does not name its subject: it names
a *set* of related documents, in no order (OctopusDeploy/Issues#5443), among which the subject is one, and of which some
may be gone. What is known for sure about an edit is its category and, in newer servers, the document as it was
(``ChangeDetails.DocumentContext``). So:

1. The id of ``DocumentContext`` is the subject, if there is one.
2. Else it is the most specific of the related ids: the variable set of a project comes before the project, and that
   before its group.
3. A category that changes no configuration is ignored. A deployment is related to its project, its environment and its
   channel, and has changed none of them.
   The value of a tenant is a document to the server; here all the values of a tenant are one, named for the tenant.
4. Where a project comes or goes, nothing announces its parts: it stands for all that is beneath it (``widen``).
5. What cannot be placed (nothing related, wildcards, kinds unknown) is counted, and left to the next comparison.

An event only says where to look. What it claims is read again from the server before anything is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from worker.queue.keys import EVERYTHING, SUBTREE


class Verdict(StrEnum):
    PLACED = "placed"
    WIDENED = "placed, with all beneath it"
    IMPORT = "import: everything"
    CATEGORY = "ignored: no change of configuration"
    KIND = "ignored: a kind that does not cross"
    SNAPSHOT = "ignored: a frozen snapshot"
    PACKAGE = "a package in the built-in feed: for routes that include packages"
    UNPLACED = "unplaced"


class Subject(NamedTuple):
    """``document_id`` is ``None`` when there is nothing to look at; the verdict says why.

    ``space_id`` is ``None`` for what belongs to the whole server. ``owner_id`` is what the id itself tells of the
    owner: ``Projects-3`` of ``variableset-Projects-3``.
    """

    document_id: str | None
    category: str
    space_id: str | None
    verdict: Verdict
    widen: bool = False
    owner_id: str | None = None

    @property
    def target(self) -> str | None:
        """The document part of a dirty key: ``Projects-3``, ``Projects-3/*`` or ``*``."""
        if self.document_id is None or self.document_id == EVERYTHING or not self.widen:
            return self.document_id
        return self.document_id + SUBTREE

    @property
    def is_deletion(self) -> bool:
        """Whether the document itself is gone. Where a value of a tenant is, the others remain."""
        gone = self.document_id is not None and _plain(self.category) == "deleted"
        return gone and _prefix(self.document_id or "") != _VALUES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ID = re.compile(r"[A-Za-z]+-[A-Za-z0-9-]+")
"""Whatever does not look like this is never made part of a key or a URL. Related ids may be ``projects-*``."""

_FROZEN = re.compile(r"(?:variableset|deploymentprocess|runbookprocess)-.+-s-\d+-[a-z0-9]+", re.IGNORECASE)
"""Snapshots that a release keeps, such as ``variableset-Projects-441-s-15-RGVXK``. They never change."""

_DOCUMENT_CATEGORIES = frozenset({"created", "modified", "deleted"})

# Octopus publishes the labels of these categories, but not their ids (but for ``Imported``, seen in real audit logs),
# so the ids are guesses from the labels. A wrong guess costs time, not correctness: the nightly comparison finds it.
_IMPORTS = frozenset({"imported", "importcomplete", "importcompleted"})
_PROJECT_IMPORTS = frozenset({"projectimportcomplete", "projectimportcompleted", "projectimported"})
_PUSHES = frozenset({"packageaddedtobuiltinfeed", "packagereplaced"})
_EXTRAS = frozenset({"certificatereplaced", "runbooksnapshotpublished"})

_OWNED = frozenset({"variableset", "deploymentprocess", "deploymentsettings", "runbookprocess", "tenantvariables"})
"""Prefixes after which the rest of the id is the owner's. Rescues events without the owner (Issues#7111, #8275)."""

_VALUES = "tenantvariables"

_CONTAINERS = frozenset({"tenants", "projects", "environments", "projectgroups", "spaces"})
"""What nearly everything is related to. Next to an id of unknown kind, such an id is hardly the subject."""

# Most specific first. Prefixes are compared without case: Octopus itself writes ``variableset`` and ``Projects``.
# Seen in real events, ids or URLs, but for those of _IGNORED, of which many are known by their label only.
_IGNORED = _words("""
    apikeys artifacts autodeployqueueitems buildinformation dashboardconfigurations deploymentcompletions
    deploymentenvironments deploymentfreezes deploymenthistory deployments deprecationusages events featuretoggles
    insightsreports interruptions invitations kubernetesmonitors kubernetestaskresourcestatuses machines
    octopusservernodes processexecutions proxies releases runbookruns runbooksnapshots runbookssnapshots
    servertaskapprovals servertasks signingkeys subscriptions users userfavoriteprojects useronboarding usersessions
    workers workertaskleases
    """)
_PLACES: tuple[frozenset[str], ...] = (
    frozenset({"variableset"}),
    frozenset({"deploymentprocess", "runbookprocess"}),
    frozenset({"deploymentsettings"}),
    frozenset({"tenantvariables"}),
    _IGNORED,
    frozenset({"channels", "projecttriggers", "runbooks"}),
    _words("""
        accounts actiontemplates amazonwebservicesaccount azureserviceprincipal azuresubscription certificates
        communityactiontemplates feeds gitcredentials libraryvariablesets lifecycles machinepolicies scopeduserroles
        sshkeypair tagsets teams token usernamepassword userroles workerpools
        """),
    frozenset({"tenants"}),
    frozenset({"projects"}),
    frozenset({"environments"}),
    frozenset({"projectgroups"}),
    frozenset({"spaces"}),
)
_RANK = {prefix: rank for rank, prefixes in enumerate(_PLACES) for prefix in prefixes}
_SERVER_WIDE = frozenset({"users", "userroles", "teams", "scopeduserroles", "spaces"})
"""Kinds whose events may belong to no space, although a subscription in a space delivers them."""


def subject(event: Mapping[str, Any], subscription_space: str | None = None) -> Subject | None:
    """What an event of the audit log (or ``Payload.Event`` of a webhook) speaks of. ``None``: this is no event.

    ``subscription_space``: where the webhook's subscription lives. Old servers leave the space of an event out.
    """
    category = event.get("Category")
    if not isinstance(category, str) or not category:
        return None
    return subject_of(
        category,
        _texts(event.get("RelatedDocumentIds")),
        context=_of_context(event, "Id"),
        tenant=_of_context(event, "TenantId"),
        space=_space(event.get("SpaceId")),
        subscription_space=subscription_space,
    )


def subject_of(
    category: str,
    related: Iterable[str],
    *,
    context: str | None,
    tenant: str | None,
    space: str | None,
    subscription_space: str | None,
) -> Subject:
    """:func:`subject`, of an event that is taken apart already. ``context`` and ``tenant``: ``Id`` and ``TenantId`` of
    its ``DocumentContext``."""

    def answer(verdict: Verdict, document_id: str | None = None, *, widen: bool = False) -> Subject:
        where = space if space is not None and _ID.fullmatch(space) else None
        if where is None and document_id is not None and _prefix(document_id) not in _SERVER_WIDE:
            where = subscription_space
        return Subject(document_id, category, where, verdict, widen, _owner(document_id) if document_id else None)

    plain = _plain(category)
    if plain in _IMPORTS:
        return answer(Verdict.IMPORT, EVERYTHING, widen=True)
    if plain in _PROJECT_IMPORTS:
        projects = [one for one in _valid(related) if _prefix(one) == "projects"]
        if len(projects) == 1:
            return answer(Verdict.WIDENED, projects[0], widen=True)
        return answer(Verdict.IMPORT, EVERYTHING, widen=True)
    if plain in _PUSHES:
        feeds = [one for one in _valid(related) if _prefix(one) == "feeds"]
        return answer(Verdict.PACKAGE, feeds[0] if len(feeds) == 1 else "feeds-builtin", widen=True)
    if plain not in _DOCUMENT_CATEGORIES and plain not in _EXTRAS:
        return answer(Verdict.CATEGORY)

    chosen = context if context is not None and _ID.fullmatch(context) else None
    if chosen is None:
        ids = _valid(related)
        if plain in _EXTRAS:
            # Published snapshots are related to their runbook, and it is that which has changed.
            ids = [one for one in ids if _prefix(one) not in _IGNORED]
        chosen = _most_specific(ids)
    if chosen is None:
        return answer(Verdict.UNPLACED)
    if _FROZEN.fullmatch(chosen):
        return answer(Verdict.SNAPSHOT)
    prefix = _prefix(chosen)
    if prefix == _VALUES:
        owner = _tenant_of(tenant, related)
        return answer(Verdict.PLACED, f"TenantVariables-{owner}") if owner is not None else answer(Verdict.UNPLACED)
    if prefix in _IGNORED:
        return answer(Verdict.KIND)
    if prefix not in _RANK:
        return answer(Verdict.UNPLACED)
    if plain == "created" and chosen.lower() == "feeds-builtin":
        # Until 2025.3 a pushed package looks like the creation of the feed. Which package it is it does not say.
        return answer(Verdict.PACKAGE, chosen, widen=True)
    if prefix == "projects" and plain in ("created", "deleted"):
        return answer(Verdict.WIDENED, chosen, widen=True)
    return answer(Verdict.PLACED, chosen)


def _valid(ids: Iterable[str]) -> list[str]:
    return [one for one in ids if _ID.fullmatch(one)]


def _most_specific(related: Iterable[str]) -> str | None:
    """The one of lowest rank. Among equals the first in the alphabet, so that the order of a set decides nothing."""
    ids = sorted(set(related))
    if any(_prefix(one) == "teams" for one in ids):
        # Adding a user to a team is an event of the user, ``[Users-1, teams-everyone]``, and a change of the team.
        ids = [one for one in ids if _prefix(one) != "users"]
    known = [one for one in ids if _prefix(one) in _RANK]
    if not known:
        return None
    # A snapshot is there because of a release, so it stands no higher than one.
    best = min(known, key=lambda one: _RANK["releases" if _FROZEN.fullmatch(one) else _prefix(one)])
    if len(known) < len(ids) and _prefix(best) in _CONTAINERS:
        return None
    return best


def _of_context(event: Mapping[str, Any], name: str) -> str | None:
    details = event.get("ChangeDetails")
    context = details.get("DocumentContext") if isinstance(details, Mapping) else None
    found = context.get(name) if isinstance(context, Mapping) else None
    return found if isinstance(found, str) else None


def _tenant_of(known: str | None, related: Iterable[str]) -> str | None:
    """The tenant of a value. That it is related to its value is likely, but nowhere shown; in the database the value
    names it (a real export, 2018.3)."""
    found = _valid(related if known is None else [known])
    found = [one for one in found if _prefix(one) == "tenants" or known is not None]
    return found[0] if len(found) == 1 and _prefix(found[0]) == "tenants" else None


def _space(value: Any) -> str | None:
    """A string, or in part of 2021.2 an object ``{"Value": "Spaces-3"}`` (OctopusDeploy/Issues#7013)."""
    if isinstance(value, Mapping):
        value = value.get("Value")
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


@lru_cache(maxsize=1_000)
def _plain(category: str) -> str:
    """The letters alone, small: category ids and their labels then compare (``Certificate replaced``)."""
    return "".join(sign for sign in category.lower() if sign.isalnum())


def _prefix(document_id: str) -> str:
    return document_id.partition("-")[0].lower()


def _owner(document_id: str) -> str | None:
    prefix, _, rest = document_id.partition("-")
    return rest if prefix.lower() in _OWNED and _ID.fullmatch(rest) else None
