"""The world as a plan sees it: what was observed on both sides, and what the ledger remembers.

Planning is pure. What it wants to know and nobody has looked up yet, it says by raising :class:`NotObserved`; the
driver (:mod:`worker.sync.servers.observe`) looks it up and plans again, until nothing is missing. So no request is
spent on what no plan needs, and everything between the two ends can be tested without a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from config.names import name_key
from config.routes import Route
from config.versions import ServerVersion
from worker.kinds import registry
from worker.kinds.kind import Kind
from worker.kinds.releases import Releases
from worker.plan.values import Document, NamePath
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.compared import Compared, Tell, say_nothing


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """Something to look up: one document, or with ``document_id`` empty the name directory of a kind."""

    side: str
    kind: str
    document_id: str = ""
    owner_id: str = ""
    anew: bool = False
    """Of a directory: one from the cache will not do."""


REMAINS = "what remains of it"
"""Asked for instead of a kind: see :attr:`worker.kinds.kind.Kind.keeps`. The kind stands in ``owner_id``."""


FORMER_NAMES = "what it was called"
"""Asked for instead of a kind: see :meth:`Side.former_names`."""


class NotObserved(Exception):  # noqa: N818  (it is a question, not an error)
    """What a plan needs to know. The driver answers and plans again."""

    def __init__(self, needs: Iterable[Need]) -> None:
        self.needs = frozenset(needs)
        super().__init__(", ".join(f"{need.side} {need.kind} {need.document_id}" for need in sorted(self.needs)))


class Asking:
    """Goes on after a question, and asks all of them together at the end: each saves a round of looking things up.

    asking = Asking()
    for item in items:
        with asking:
            …what may raise NotObserved…
    asking.done()
    """

    def __init__(self) -> None:
        self.needs: set[Need] = set()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, NotObserved):
            self.needs |= error.needs
            return True
        return False

    def done(self) -> None:
        """Raises :class:`NotObserved` for all that was asked."""
        if self.needs:
            raise NotObserved(self.needs)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a name directory."""

    id: str
    name: str
    owner: str | None = None
    type: str | None = None
    version: int | None = None
    default: bool = False


class Directory:
    """id ↔ name of all items of one kind in a space, but for ``hidden`` many that break every list they are in."""

    def __init__(self, entries: Iterable[Entry], hidden: int = 0) -> None:
        self.hidden = hidden
        self.by_id: dict[str, Entry] = {}
        self._by_name: dict[tuple[str | None, str], list[Entry]] = {}
        self._by_owner: dict[str | None, list[Entry]] = {}
        self._ids: dict[str, str] = {}
        for entry in entries:
            self.by_id[entry.id] = entry
            self._ids[entry.id.casefold()] = entry.id
            self._by_name.setdefault((entry.owner, name_key(entry.name)), []).append(entry)
            self._by_owner.setdefault(entry.owner, []).append(entry)

    def get(self, item_id: str) -> Entry | None:
        """By id. Servers compare ids without regard to case: what was imported before 3.0 is spelt either way."""
        found = self.by_id.get(item_id)
        return found if found is not None else self.by_id.get(self._ids.get(item_id.casefold(), ""))

    def named(self, name: str, owner: str | None = None) -> list[Entry]:
        """The entries with that name (see :func:`config.names.name_key`); one that is spelt just so comes first."""
        found = self._by_name.get((owner, name_key(name)), [])
        return sorted(found, key=lambda entry: entry.name != name)

    def of(self, owner: str | None) -> list[Entry]:
        return self._by_owner.get(owner, [])

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)


@dataclass(slots=True)
class Side:
    """What was observed of one space. A document that is known to be absent (or not visible) is held as ``None``."""

    name: str
    documents: dict[str, Document | None] = field(default_factory=dict)
    directories: dict[str, Directory] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)
    """Item → what :meth:`remains` of it."""
    called: dict[str, list[str]] = field(default_factory=dict)
    """Item → its :meth:`former_names`."""
    partial: set[str] = field(default_factory=set)
    """Documents of which only a part was read, as far as another document shows it: what they lack may be there."""
    from_cache: set[str] = field(default_factory=set)
    """Kinds whose directory was read by somebody else, some seconds ago."""
    release: ServerVersion | None = None
    """Of the server; ``None`` where nobody has asked."""
    without: set[str] = field(default_factory=set)
    """Kinds that the server is too old to have."""
    refused: dict[str, Exception] = field(default_factory=dict)
    """Kinds of which the credential may see none, with what the server said."""

    def listed(self, kind_name: str, item_id: str) -> Entry | None:
        """The directory's line of an item. Before the answer is no, a directory from the cache is read anew: what
        somebody made a moment ago must not pass for something that does not exist. Raises :class:`NotObserved`."""
        entry = self.directory(kind_name).get(item_id)
        if entry is None and kind_name in self.from_cache:
            raise NotObserved([Need(self.name, kind_name, anew=True)])
        return entry

    def called_now(self, kind_name: str, name: str, owner: str | None) -> list[Entry]:
        """The items of a name. As with :meth:`listed`, none is believed only of a directory that was just read."""
        found = self.directory(kind_name).named(name, owner)
        if not found and kind_name in self.from_cache:
            raise NotObserved([Need(self.name, kind_name, anew=True)])
        return found

    def document(self, kind: Kind, document_id: str, owner_id: str | None = None) -> Document | None:
        """Raises :class:`NotObserved`."""
        if document_id not in self.documents:
            raise NotObserved([Need(self.name, kind.name, document_id, owner_id or "")])
        return self.documents[document_id]

    def remains(self, kind: Kind, item_id: str) -> list[str]:
        """What the server has made with an item, in words: ``3 releases``. Raises :class:`NotObserved`."""
        if not kind.keeps:
            return []
        if item_id not in self.kept:
            raise NotObserved([Need(self.name, REMAINS, item_id, kind.name)])
        return self.kept[item_id]

    def former_names(self, item_id: str) -> list[str]:
        """What the item was called before, newest first, as far as the audit log tells. Raises :class:`NotObserved`."""
        if item_id not in self.called:
            raise NotObserved([Need(self.name, FORMER_NAMES, item_id)])
        return self.called[item_id]

    def directory(self, kind_name: str) -> Directory:
        """Raises :class:`NotObserved`."""
        if kind_name not in self.directories:
            raise NotObserved([Need(self.name, kind_name)])
        return self.directories[kind_name]


@dataclass(slots=True)
class Memory:
    """Baselines, by source id. There is one per document, so they are asked for like documents."""

    known: dict[str, Baseline | None] = field(default_factory=dict)

    def get(self, source_id: str) -> Baseline | None:
        """Raises :class:`NotObserved`."""
        if source_id not in self.known:
            raise NotObserved([Need("ledger", "baseline", source_id)])
        return self.known[source_id]


@dataclass(slots=True)
class Deletions:
    """Source ids of which the audit log has said whether they were deleted. Asked for like documents."""

    known: dict[str, bool] = field(default_factory=dict)

    def holds(self, source_id: str) -> bool:
        """Raises :class:`NotObserved`."""
        known = self.known.get(source_id)
        if known is None:
            raise NotObserved([Need("ledger", "deletion", source_id)])
        return known


@dataclass(slots=True)
class World:
    """Everything that a plan depends on."""

    route: Route
    source: Side = field(default_factory=lambda: Side("source"))
    destination: Side = field(default_factory=lambda: Side("destination"))
    links: dict[str, str] = field(default_factory=dict)
    """Source id → destination id, as the ledger remembers."""
    baselines: Memory = field(default_factory=lambda: Memory())
    intents: Mapping[str, Intent] = field(default_factory=dict)
    """Source id → a write that was begun and of which nobody knows whether it was applied."""
    deleted: Deletions = field(default_factory=Deletions)
    neighbours: Mapping[str, Route] = field(default_factory=dict)
    """The other routes that lead into the destination's space, by name."""
    foreign: Mapping[str, str] = field(default_factory=dict)
    """Destination id → the neighbour that it belongs to."""
    handed_over: set[str] = field(default_factory=set)
    """Of these, what the neighbour has come to exclude: it is anybody's who wants it."""
    versions: dict[str, dict[str, tuple[str, bool]]] | None = None
    """Of step templates, by source id: what the ledger remembers; ``None``: not looked up yet."""
    doubts: Callable[[str], bool] = lambda _: False
    """Source id of a document → whether it is looked at though nothing shows that it has changed."""
    alone: str | None = None
    """The one document that is asked for: nobody does so without a reason."""
    clinging: set[str] = field(default_factory=set)
    """Destination documents from which the server has refused to remove something, in this run."""

    explained: dict[str, list[Compared]] | None = None
    """Source id of a document → what was compared in it; ``None``: nobody asks."""

    _linked: dict[str, str] | None = None

    def tell(self, source_id: str) -> Tell:
        """To be told what is compared in a document. It is planned again in every round: the last one counts."""
        if self.explained is None:
            return say_nothing
        found: list[Compared] = []
        self.explained[source_id] = found
        return found.append

    def template_versions(self) -> dict[str, dict[str, tuple[str, bool]]]:
        """Source id → version of the source → the destination's, and whether it is the same or only the nearest.

        Raises :class:`NotObserved`.
        """
        if self.versions is None:
            raise NotObserved([Need("ledger", "versions")])
        return self.versions

    def kind_of(self, source_id: str) -> Kind | None:
        """The kind of a source document. Of two that share an id prefix the one that lists it; of an item that is gone,
        the one that lists its counterpart. Raises :class:`NotObserved`."""
        kinds = registry.kinds_of(source_id)
        for side, item_id in ((self.source, source_id), (self.destination, self.links.get(source_id))):
            for kind in kinds if len(kinds) > 1 and item_id is not None else ():
                if item_id in side.directory(kind.name).by_id:
                    return kind
        return next(iter(kinds), None)

    @property
    def releases(self) -> Releases | None:
        """Of the two servers; ``None`` where nobody has asked."""
        source, destination = self.source.release, self.destination.release
        return Releases(source, destination) if source is not None and destination is not None else None

    def linked_to(self, destination_id: str) -> str | None:
        """The source item that a destination item is linked to."""
        if self._linked is None or len(self._linked) != len(self.links):
            self._linked = {there: source for source, there in self.links.items()}
        return self._linked.get(destination_id)


def project_of(side: Side, entry: Entry) -> str | None:
    """The project in which a document stands. Raises :class:`NotObserved`."""
    owner: str | None = entry.owner if entry.owner is not None else entry.id
    while owner is not None:
        kind = registry.kind_of(owner)
        if kind is None or kind.name == "project":
            return owner if kind is not None else None
        if not kind.owner_kinds:
            return None
        line = side.directory(kind.name).by_id.get(owner)
        owner = line.owner if line else None
    return None


def path_of(side: Side, kind: Kind, document_id: str, owner_id: str | None) -> NamePath:
    """The name path of a document, by the directories of ``side``. Raises :class:`NotObserved`.

    An id that the directory does not list stands for itself.
    """
    if kind.owner_kinds:
        owner_kind = registry.kind_of(owner_id or "")
        if owner_id is None or owner_kind is None:
            return (kind.name, document_id)
        entry = side.directory(owner_kind.name).by_id.get(owner_id)
        above = path_of(side, owner_kind, owner_id, entry.owner if entry else None)
        if kind.segment is not None:
            return (*above, kind.segment)
        found = side.directory(kind.name).by_id.get(document_id)
        return (*above, kind.name, _called(side, kind, found) if found else document_id)
    found = side.directory(kind.name).by_id.get(document_id)
    return (kind.name, found.name if found else document_id)


def _called(side: Side, kind: Kind, entry: Entry) -> str:
    """The name of an item for people; of one without a name, that of what tells it apart, if it is known."""
    ref = kind.shape.refs.get(kind.called_by)
    known = side.directories.get(ref.kind) if ref is not None else None
    other = known.get(entry.name) if known is not None else None
    return other.name if other is not None else entry.name
