"""Step templates: what becomes of their versions. Pure.

Each server counts the versions of its own templates, so versions do not travel. The ledger remembers which of the
source's is which of the destination's, and a step that was made from a version gets the number of its counterpart:

    this plan writes it       the number that the destination will give it
    the ledger remembers it   that number
    the contents are equal    that number, remembered from now on
    else                      the nearest, and a clean-up entry: the step still runs the script of its own version

So that the last case is rare, a template is written version by version, as far as steps of the source use older ones:
all of them where it is created, later those between the last that crossed and the newest.

One of the community has the versions that its makers gave it, and the destination's server installs the one that its
own catalogue has: what it has there is said on the plan, where it is another than the source's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from config.rules import Rules
from worker.kinds.kind import Kind
from worker.kinds.references import PendingId
from worker.kinds.step_templates import COMMUNITY_ID, COMMUNITY_STEP_TEMPLATE, STEP_TEMPLATE, STEP_TEMPLATE_HISTORY
from worker.plan.values import Action, CleanUp, Decision, Document, NamePath, Op
from worker.sync.merging.merge import Terms, merge
from worker.sync.planning.documents import DocumentPlanner
from worker.sync.world.naming import VERSION
from worker.sync.world.world import Asking, Entry, World, path_of
from worker.sync.world.written import Outcome

Versions = dict[str, tuple[str, bool]]
"""The source's version → the destination's, and whether it is the same or only the nearest."""

NOT_CONTENT = frozenset({"Name", "Description", COMMUNITY_ID})
CONTENT = frozenset({"Name", "Description", "Properties", "Packages", "Parameters"})
"""What the server takes from its catalogue."""

OTHER = "differs from the source's: the destination's catalogue of community step templates has another version of it"


@dataclass(frozen=True, slots=True)
class Version:
    number: str
    """The destination's, or a stand-in for one that the plan makes."""
    same: bool = True


def stand_in(template_id: str, version: str) -> PendingId:
    """For the number that the destination gives to what the source calls ``version``."""
    return PendingId.of(template_id, f"{VERSION}{version}")


class Templates:
    """Of one plan."""

    def __init__(self, world: World, documents: DocumentPlanner) -> None:
        self.world = world
        self.documents = documents
        self.planned: dict[str, Versions] = {}
        """By source id, of the templates that this plan decides on."""
        self.found: dict[str, Versions] = {}
        """What was found by its content: to be remembered."""

    # ── what is written ───────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, kind: Kind, entry: Entry, path: NamePath, document: Document) -> list[Outcome]:
        """The writes, oldest version first; one that comes to nothing where it does not cross."""
        self.world.template_versions()  # what is applied will add to them
        newest = self.documents.create(kind, entry, path, document, None)
        if newest.written is None:
            return [newest]
        if document.get(COMMUNITY_ID):
            return self._noted(entry, [self._installed(newest, newest.action.body or {})], document)
        found: list[Outcome] = []
        pending = PendingId.of(entry.id)
        for version, state in self.states_in_use(entry, document, None):
            if not found:
                outcome = self.documents.create(kind, entry, path, state, None)
            else:
                outcome = self.documents.fill(kind, entry, path, state, pending)
            if outcome.written is not None:
                outcome.written.version = version
                found.append(outcome)
        if found:
            newest = self.documents.fill(kind, entry, path, document, pending)
        return self._noted(entry, [*found, newest], document)

    def update(
        self, kind: Kind, entry: Entry, path: NamePath, document: Document, destination_id: str
    ) -> list[Outcome]:
        """The writes, oldest version first; the last one tells what becomes of the document."""
        self.world.template_versions()  # what is applied will add to them
        newest = self.documents.update(kind, entry, path, document, destination_id)
        if newest.written is None:
            return [newest]
        is_there = self.world.destination.documents.get(destination_id) or {}
        if is_there.get(COMMUNITY_ID):
            newest = self._brought_up_to_date(newest, is_there)
        if newest.written is None or newest.action.op is not Op.UPDATE:
            return [self._left(entry, newest, document, is_there)]
        if is_there.get(COMMUNITY_ID):
            return self._noted(entry, [newest], document)
        found: list[Outcome] = []
        there: Document | None = None
        for version, state in self.states_in_use(entry, document, self._last_crossed(entry.id)):
            outcome = self.documents.update(kind, entry, path, state, destination_id, there=there)
            if outcome.written is not None and outcome.action.op is Op.UPDATE:
                outcome.written.version = version
                there = outcome.action.body
                found.append(outcome)
        if found:
            newest = self.documents.update(kind, entry, path, document, destination_id, there=there)
        return self._noted(entry, [*found, newest], document)

    def _left(self, entry: Entry, outcome: Outcome, document: Document, there: Document) -> Outcome:
        if outcome.written is not None and (not there.get(COMMUNITY_ID) or alike(outcome.written.want, there)):
            outcome.written.version = str(document.get("Version"))
            self.planned[entry.id] = {outcome.written.version: (str(there.get("Version")), True)}
        return outcome

    # ── of the community ──────────────────────────────────────────────────────────────────────────────────────────────

    def _offered(self, template: Document) -> Document | None:
        """What the destination's catalogue has of an installed template, or of one to be installed."""
        found = self.world.destination.document(COMMUNITY_STEP_TEMPLATE, template[COMMUNITY_ID])
        return None if found is None else {**found, "ActionType": found.get("Type"), COMMUNITY_ID: found["Id"]}

    def _installed(self, outcome: Outcome, body: Document) -> Outcome:
        offered = self._offered(body)
        if outcome.written is not None and (offered is None or not alike(outcome.written.want, offered)):
            outcome.written.same_version = False
            outcome.action = told(outcome.action, OTHER)
        return outcome

    def _brought_up_to_date(self, outcome: Outcome, there: Document) -> Outcome:
        """The server can bring it to what its catalogue has, and to nothing else."""
        if outcome.written is None or alike(outcome.written.want, there):
            return outcome
        offered = self._offered(there) if outcome.action.op is Op.UPDATE else None
        if offered is None or alike(offered, there):
            left = replace(outcome.action, op=Op.LEAVE, changes=(), body=None, destroys=())
            outcome.action = told(left, OTHER)
            return outcome
        body = {**there, **{name: value for name, value in offered.items() if name in CONTENT}}
        outcome.action = replace(outcome.action, body=body)
        return self._installed(outcome, body)

    # ── which versions ────────────────────────────────────────────────────────────────────────────────────────────────

    def _noted(self, entry: Entry, outcomes: list[Outcome], document: Document) -> list[Outcome]:
        if outcomes[-1].written is not None:
            outcomes[-1].written.version = str(document.get("Version"))
        for written in [one.written for one in outcomes if one.written is not None]:
            version = written.version or ""
            self.planned.setdefault(entry.id, {})[version] = (stand_in(entry.id, version), written.same_version)
        return outcomes

    def _last_crossed(self, template_id: str) -> int | None:
        known = [int(one) for one, (_, same) in self._remembered(template_id).items() if same and one.isdigit()]
        return max(known, default=None)

    def states_in_use(self, entry: Entry, newest: Document, after: int | None) -> list[tuple[str, Document]]:
        """Older versions that steps of the source use, with what they were; those that are newer than ``after``.

        Of an existing template of which no version is known to have crossed: none. What was there before is unknown,
        and what is older could only be added on top of it.
        """
        if after is None and entry.id in self.world.links:
            return []
        used = self.world.source.document(STEP_TEMPLATE_HISTORY, f"{entry.id}@usage") or {}
        since = -1 if after is None else after
        wanted = [one for one in used.get("Versions") or [] if since < one < newest.get("Version", 0)]
        states = []
        asking = Asking()
        for version in wanted:
            with asking:
                found = self.world.source.document(STEP_TEMPLATE_HISTORY, f"{entry.id}@{version}")
                if found is not None:
                    names: Document = {name: newest[name] for name in ("Name", "Description") if name in newest}
                    states.append((str(version), {**found, **names, "Id": entry.id}))
        asking.done()
        return states

    # ── what a step gets ──────────────────────────────────────────────────────────────────────────────────────────────

    def version(self, template_id: str, version: str, there: str) -> Version:
        """What the destination calls a version of the source's template; ``there``: the template's id on it, or a
        stand-in. Raises :class:`worker.sync.world.world.NotObserved`."""
        planned = self.planned.get(template_id, {})
        known = planned.get(version) or self._remembered(template_id).get(version)
        if known is not None:
            return Version(*known)
        if isinstance(there, PendingId):
            return self._nearest(version, planned, ())
        found = self.found.setdefault(template_id, {})
        if version not in found:
            by_content = self._by_content(template_id, version, there)
            found[version] = (by_content.number, by_content.same)
        return Version(*found[version])

    def _remembered(self, template_id: str) -> Mapping[str, tuple[str, bool]]:
        return self.world.template_versions().get(template_id, {})

    def _by_content(self, template_id: str, version: str, there: str) -> Version:
        asking = Asking()
        want: Document | None = None
        states: list[Document] = []
        with asking:
            want = self._content(template_id, version)
        with asking:
            history = self.world.destination.document(STEP_TEMPLATE_HISTORY, f"{there}@all")
            states = (history or {}).get("Versions") or []
        asking.done()
        equal = [one for one in states if want is not None and alike(want, one)]
        if equal:
            return Version(str(max(one["Version"] for one in equal)))
        known = {**self._remembered(template_id), **self.planned.get(template_id, {})}
        return self._nearest(version, known, [str(one["Version"]) for one in states])

    def _content(self, template_id: str, version: str) -> Document | None:
        """A version of the source's in the destination's terms; ``None`` where it is not there, or does not cross."""
        entry = self.world.source.listed(STEP_TEMPLATE.name, template_id)
        if entry is None:
            return None
        if str(entry.version) == version:
            state = self.world.source.document(STEP_TEMPLATE, template_id)
        else:
            state = self.world.source.document(STEP_TEMPLATE_HISTORY, f"{template_id}@{version}")
        if state is None:
            return None
        path = path_of(self.world.source, STEP_TEMPLATE, template_id, None)
        return self.documents.translate(STEP_TEMPLATE, entry, path, state, create=False).document

    def _nearest(self, version: str, known: Mapping[str, tuple[str, bool]], there: Iterable[str]) -> Version:
        """The newest that is not newer, so that an update is offered where there is one; else the oldest."""
        older = {int(one): number for one, (number, same) in known.items() if same and _at_most(one, version)}
        if older:
            return Version(older[max(older)], same=False)
        numbers = sorted((one for one in there if one.isdigit()), key=int) or [number for number, _ in known.values()]
        return Version(numbers[0] if numbers else "0", same=False)


def told(action: Action, text: str) -> Action:
    """The action, with what a person should know of a template of the community."""
    entry = CleanUp(action.path, "", "community-version", text)
    decision = Decision("community-version", "", text)
    return replace(action, decisions=(*action.decisions, decision), clean_ups=(*action.clean_ups, entry))


def _at_most(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() and int(one) <= int(other)


def alike(want: Document, there: Document) -> bool:
    """Whether two versions do the same, whatever they are called. ``want``: in the destination's terms."""
    if want.get("ActionType") != there.get("ActionType"):
        return False
    content = {name: value for name, value in want.items() if name not in NOT_CONTENT}
    return not merge(STEP_TEMPLATE.shape, content, there, None, Terms((), "", Rules(), exact=True)).changes
