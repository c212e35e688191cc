"""Observe: look up what a plan needs to know, in as few requests as the API allows.

Name directories are cached in the ledger for all workers, and kept true by the audit logs of both sides: whoever needs
one makes sure that the log of its space was asked lately.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from worker.kinds import registry
from worker.kinds.kind import Kind, Place
from worker.kinds.projects import PROJECT, type_of
from worker.ledger.ledger import Ledger
from worker.octopus.client import SpaceClient
from worker.octopus.errors import Forbidden, InGit, NotFound, ServerFault
from worker.plan.values import Document
from worker.queue.subjects import subject
from worker.sync.servers.exchange import exchange_of
from worker.sync.servers.remains import remains_of
from worker.sync.servers.spool import Spool
from worker.sync.translating.tags import TAGS, tag_entries
from worker.sync.world.former_names import names_in
from worker.sync.world.world import FORMER_NAMES, REMAINS, Directory, Entry, Need, Side

log = structlog.get_logger(__name__)

BULK_FROM = 2
"""From so many documents of one kind on, a list that takes ids is cheaper than one request for each."""

EVENTS = 500
"""More than so many events since directories were last looked after, and it is cheaper to read these anew."""

LOOKED_BACK = 200
"""So many changes of an item are looked through for a name that it had."""
OVERLAP = timedelta(seconds=10)
"""Events may be committed late, and the Date header knows whole seconds."""

SET_BACK = timedelta(minutes=1)
"""So far behind what it told before, a server's clock was set back. Nodes of one server differ by less."""


_HIDDEN = ""
"""In a directory that is cached, where no id can stand: how many documents could not be listed."""


class SideObserver:
    """Looks things up on one side. ``instance`` and ``space`` name the side in the ledger."""

    def __init__(self, side: Side, client: SpaceClient, ledger: Ledger, instance: str, space: str) -> None:
        self.side = side
        self.client = client
        self.ledger = ledger
        self.instance = instance
        self.space = space
        self.spool: Spool | None = None
        """What a comparison has read already. Whoever writes has none."""

    async def freshen(self, *, force: bool = False) -> None:
        """Make sure that cached directories are true: ask the audit log what changed since it was asked last."""
        directories = self.ledger.directories
        if force:
            await self.distrust()
            return
        if await directories.checked_within(self.instance, self.space):
            return
        try:
            since = await self.ledger.cursors.get(self.instance, f"{self.space} directories")
            begin = since - OVERLAP if since else None
            page = await self.client.events(from_=begin, take=EVENTS, at_most=EVENTS if since else 1)
            set_back = since is not None and page.server_date is not None and since - page.server_date > SET_BACK
            if set_back:
                await self.ledger.cursors.forget(self.instance, f"{self.space} directories")
            if since is None or set_back or not page.complete:
                await self.distrust()
            else:
                # Our own writes are in the directories already (`keep`).
                ours = await self.ledger.identity()
                others = [event for event in page.events if ours not in (event.get("UserAgent") or "")]
                if kinds := kinds_changed(others):
                    await directories.invalidate(self.instance, self.space, *sorted(kinds))
            if page.server_date is not None:
                await self.ledger.cursors.advance(self.instance, f"{self.space} directories", page.server_date)
            await directories.checked(self.instance, self.space)
        except BaseException:
            await directories.gave_up(self.instance, self.space)
            raise

    async def distrust(self) -> None:
        """Forget all directories, but for which space this is: its id is not what the audit log could not tell."""
        kinds = await self.ledger.directories.kinds(self.instance, self.space) - {"space"}
        if kinds:
            await self.ledger.directories.invalidate(self.instance, self.space, *sorted(kinds))

    async def look_up(self, needs: Iterable[Need]) -> None:
        wanted: dict[str, list[Need]] = defaultdict(list)
        names: dict[str, bool] = {}
        jobs: list[Any] = []
        for need in needs:
            log.debug("lookup", side=need.side, kind=need.kind, document=need.document_id)
            if need.kind == REMAINS:
                jobs.append(self.remains(registry.BY_NAME[need.owner_id], need.document_id))
            elif need.kind == FORMER_NAMES:
                jobs.append(self.former_names(need.document_id))
            elif need.document_id:
                wanted[need.kind].append(need)
            else:
                names[need.kind] = need.anew or names.get(need.kind, False)
        jobs += [self.directories(of_one_list) for of_one_list in _by_list(names)]
        jobs += [self.documents(registry.BY_NAME[kind], found) for kind, found in wanted.items()]
        await asyncio.gather(*jobs)

    # ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def documents(self, kind: Kind, needs: list[Need]) -> None:
        missing = {need.document_id: need for need in needs}
        if kind.never_changes:
            await self.unchanged(kind, missing)
        if self.spool is not None:
            await self.spooled(kind, missing, self.spool)
        if len(missing) >= BULK_FROM:
            try:
                found = await exchange_of(kind).read_many(self.client, kind, sorted(missing))
            except (ServerFault, NotFound, InGit):
                found = []  # one broken document breaks a list; asked for one by one, the others come
            for document in found:
                if missing.pop(document["Id"], None) is not None:
                    self.note(kind, document["Id"], document)
        await asyncio.gather(*(self.document(kind, need) for need in missing.values()))
        if kind.never_changes and missing:
            read = {one: self.side.documents[one] for one in missing if self.side.documents[one] is not None}
            epoch = await self.ledger.directories.epoch(self.instance, self.space, kind.name)
            known = await self.ledger.directories.get(self.instance, self.space, kind.name) or {}
            await self.ledger.directories.put(self.instance, self.space, kind.name, known | read, epoch)

    async def unchanged(self, kind: Kind, missing: dict[str, Need]) -> None:
        """Takes out of ``missing`` what the ledger has of a kind whose documents never change."""
        known = await self.ledger.directories.get(self.instance, self.space, kind.name) or {}
        for document_id in [one for one in missing if one in known]:
            self.note(kind, document_id, known[document_id])
            del missing[document_id]

    async def spooled(self, kind: Kind, missing: dict[str, Need], spool: Spool) -> None:
        """Takes out of ``missing`` what the spool knows, and has it read a whole list where that is cheaper."""
        if kind.bulk is not None and not kind.bulk_by_ids:
            owners = self.side.directories.get(kind.owner_kinds[0])
            if owners is not None and spool.is_cheaper(kind.name, len(missing), len(owners)):
                spool.listed.add(kind.name)
                with contextlib.suppress(ServerFault, NotFound):  # one broken document breaks the list
                    spool.put(await exchange_of(kind).read_all(self.client, kind))
        for document_id, need in list(missing.items()):
            found = spool.get(document_id)
            if kind.name == "deployment-settings" and (project := spool.get(need.owner_id)) is not None:
                found = spool.settings(document_id, project)
                self.side.partial |= {document_id} if found is not None else set()
            if found is not None and not found.get("Whole", True) and spool.is_turn_of(document_id):
                continue
            if found is not None:
                self.note(kind, document_id, found)
                del missing[document_id]

    async def document(self, kind: Kind, need: Need) -> None:
        owner = self.side.documents.get(need.owner_id) if kind.shown_by_owner is not None else None
        if owner is not None and kind.shown_by_owner is not None:
            shown = kind.shown_by_owner(owner, need.document_id)
            if shown is not None:
                self.note(kind, need.document_id, shown)
                return
        try:
            found: Document | None = await exchange_of(kind).read(self.client, kind, need.document_id, need.owner_id)
        except (NotFound, InGit):  # the latter: its project was put under version control a moment ago
            found = None
            await self.doubt(kind, need.owner_id)
        self.note(kind, need.document_id, found)

    async def doubt(self, kind: Kind, owner_id: str) -> None:
        """A document is not there although a directory lists it, or its owner: one from the cache is read anew."""
        listing = registry.kind_of(owner_id) if kind.place is Place.WITH_OWNER else kind
        while listing is not None and listing.listed_by is not None:
            if listing.name in self.side.from_cache:
                await self.directory(listing.name, cached=False)
            listing = registry.BY_NAME.get(listing.owner_kinds[0]) if listing.owner_kinds else None

    def note(self, kind: Kind, document_id: str, document: Document | None) -> None:
        """Remember a document, and what it says of its own name: the directory may be older than it."""
        self.side.documents[document_id] = document
        directory = self.side.directories.get(kind.name)
        if document is None or directory is None or kind.place is not Place.COLLECTION:
            return
        entry = entry_of(kind, document)
        if directory.by_id.get(entry.id) != entry:
            others = [known for known in directory if known.id != entry.id]
            self.side.directories[kind.name] = Directory([*others, entry], directory.hidden)

    async def former_names(self, item_id: str) -> None:
        log = await self.client.get("events", regarding=item_id, eventCategories="Modified", take=LOOKED_BACK)
        self.side.called[item_id] = names_in(log["Items"], item_id)

    async def remains(self, kind: Kind, item_id: str) -> None:
        self.side.kept[item_id] = await remains_of(self.client, kind, item_id)

    # ── directories ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def directories(self, of_one_list: Mapping[str, bool]) -> None:
        """Kinds that one list gives, and whether each must be read anew: the first that is read brings the others."""
        for kind_name, anew in of_one_list.items():
            if await self.directory(kind_name, cached=not anew):
                return

    async def directory(self, kind_name: str, *, cached: bool = True) -> bool:
        """Whether it was read from the server; then those of the same list were, too."""
        kind = registry.BY_NAME[TAGS.listed_with if kind_name == TAGS.name else kind_name]
        if kind.of_server or kind.never_cached:
            cached = False  # no audit log of the space tells that it is true
        if self.spool is not None and kind_name not in self.spool.named:
            cached = False  # what the cache holds another run has read, and kept but the names
        if cached and (found := await self.ledger.directories.get(self.instance, self.space, kind_name)) is not None:
            hidden = found.pop(_HIDDEN, 0)
            self.side.directories[kind_name] = Directory((Entry(*line) for line in found.values()), hidden)
            self.side.from_cache.add(kind_name)
            return False
        hidden = 0
        names = [one.name for one in registry.listed_with(kind)]
        names += [TAGS.name] if kind.name == TAGS.listed_with else []
        epochs = {name: await self.ledger.directories.epoch(self.instance, self.space, name) for name in names}
        try:
            documents = await exchange_of(kind).list_all(self.client, kind)
        except Forbidden as error:
            if not kind.of_server:
                raise
            self.side.refused[kind.name] = error
            self.side.directories[kind.name] = Directory(())
            return True
        except NotFound:
            if kind.since:
                self.side.without.add(kind.name)
                self.side.directories[kind.name] = Directory(())
                return True
            documents, hidden = await self.client.list_around(kind.route)
            log.warning("list.broken", side=self.side.name, kind=kind.name, hidden=hidden)
        for one in registry.listed_with(kind):
            mine = [document for document in documents if one.lists(document)]
            if self.spool is not None and one.listed_whole:
                self.spool.put(mine)
            await self.learn(one.name, [entry_of(one, document) for document in mine], epochs[one.name], hidden)
        if kind.name == TAGS.listed_with:
            await self.learn(TAGS.name, tag_entries(documents), epochs[TAGS.name])
        return True

    async def learn(self, kind_name: str, entries: list[Entry], epoch: int, hidden: int = 0) -> None:
        """A directory that was just read, in this epoch of the cache."""
        self.side.directories[kind_name] = Directory(entries, hidden)
        self.side.from_cache.discard(kind_name)
        if self.spool is not None:
            self.spool.named.add(kind_name)
        await self.store(kind_name, epoch)

    async def find(self, document_id: str) -> None:
        """Make sure that the directories know an id, if its space does: one from the cache is read anew before the
        answer is no."""
        kinds = [kind for kind in registry.kinds_of(document_id) if kind.listed_by is not None]
        for kind in kinds:
            if kind.name not in self.side.directories:
                await self.directory(kind.name)
            if document_id in self.side.directories[kind.name].by_id:
                return
        for kind in kinds:
            if kind.name not in self.side.from_cache:
                continue
            await self.directory(kind.name, cached=False)
            # What the cache did not know has parts that it does not know either.
            parts = [part.name for part in registry.parts_of(kind) if part.place is Place.COLLECTION]
            for name in parts:
                self.side.directories.pop(name, None)
            if parts:
                await self.ledger.directories.invalidate(self.instance, self.space, *parts)

    async def keep(self, written: Iterable[tuple[Kind, Document]]) -> None:
        """We have written these ourselves. What is new or has a new name makes the cached directory of its kind untrue;
        it is not ours to write, since others may have read it later than we did."""
        changed = set()
        for kind, document in written:
            if kind.place is not Place.COLLECTION:
                continue
            directory = self.side.directories.get(kind.name)
            if directory is None or directory.by_id.get(document["Id"]) != entry_of(kind, document):
                changed.add(kind.name)
            if kind.name == TAGS.listed_with:
                changed.add(TAGS.name)
                self.side.directories.pop(TAGS.name, None)
            self.note(kind, document["Id"], document)
        if changed:
            await self.ledger.directories.invalidate(self.instance, self.space, *sorted(changed))

    async def drop(self, deleted: Iterable[tuple[Kind, str]]) -> None:
        """We have deleted these ourselves: with their parts they are in no directory any more."""
        kinds = {kind.name for kind, _ in deleted}
        kinds |= {part.name for name in kinds for part in registry.parts_of(registry.BY_NAME[name])}
        if kinds:
            await self.forget(sorted(kinds))

    async def store(self, kind_name: str, epoch: int) -> None:
        entries = self.side.directories[kind_name]
        lines: dict[str, Any] = {e.id: [e.id, e.name, e.owner, e.type, e.version, e.default] for e in entries}
        if entries.hidden:
            lines[_HIDDEN] = entries.hidden
        await self.ledger.directories.put(self.instance, self.space, kind_name, lines, epoch)

    async def forget(self, kind_names: Iterable[str]) -> None:
        """Something did not fit what we believed: read these anew."""
        self.side.documents.clear()
        for name in kind_names:
            self.side.directories.pop(name, None)
        await self.ledger.directories.invalidate(self.instance, self.space, *kind_names)


def entry_of(kind: Kind, document: Document) -> Entry:
    kind_type = type_of(document) if kind is PROJECT else kind.type_in(document)
    version = document.get("Version") if kind.history else None
    return Entry(
        document["Id"],
        str(document.get(kind.called_by or "Name") or document.get("Username") or document["Id"]),
        document.get(kind.owner_field) if kind.owner_field else None,
        kind_type,
        version if isinstance(version, int) else None,
        bool(document.get("IsDefault")),
    )


def kinds_changed(events: Iterable[Document]) -> set[str]:
    """The kinds whose directories the events make untrue: of what was created, renamed or deleted, and its parts."""
    kinds: set[str] = set()
    for event in events:
        found = subject(event)
        kind = registry.kind_of(found.document_id) if found is not None and found.document_id else None
        if kind is None or kind.place is Place.WITH_OWNER:
            continue
        kinds |= {one.name for one in registry.listed_with(kind)}
        kinds |= {part.name for part in registry.parts_of(kind) if part.place is Place.COLLECTION}
        kinds |= {TAGS.name} if kind.name == TAGS.listed_with else set()
    return kinds


def _by_list(kind_names: Mapping[str, bool]) -> list[dict[str, bool]]:
    """The same, apart by the list that each is read from."""
    lists: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, anew in kind_names.items():
        kind = registry.BY_NAME[TAGS.listed_with if name == TAGS.name else name]
        lists[kind.listed_by or kind.name][name] = anew
    return list(lists.values())
