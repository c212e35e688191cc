"""All that a sandbox knows, and the one way to change it.

The state is one JSON-serialisable dict: the documents of every space and of the system, each collection a dict from id
to document; the counters that make ids; and the secrets, which live apart from the documents so that no answer can
carry one by accident. A stored document has no secret in it, only `HasValue`.

Documents are never changed in place. Whoever saves builds new ones and hands all of them to `Store.commit`, which
stores them and calls the hooks in the same step: an audit row and its document appear together or not at all, as in a
database transaction. There is no `await` in here; within one event loop a commit cannot be seen half done.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

__all__ = ["SYSTEM", "Actor", "Commit", "Document", "Key", "Scope", "Store", "Write"]

Document = dict[str, Any]
Key = Callable[[Document], Any]
"""What an index is by: a value of a document, None for one that is not to be found by it. A function of a module."""
Category = Literal["Created", "Modified", "Deleted"]

STATE_FORMAT = 1
_GUIDS = uuid.UUID("6f63746f-7379-6e63-2073-616e64626f78")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who saves: the audit log tells of it."""

    user_id: str
    username: str
    user_agent: str = "Server"
    identity: str = ""
    ip_address: str | None = None


SYSTEM = Actor(user_id="users-system", username="system")


@dataclass(frozen=True, slots=True)
class Write:
    """One document of a commit.

    `before` is what was stored (None: the document is new), `after` what shall be (None: it is deleted). `secrets` are
    all secrets of the document by place after the write; None leaves them as they are. `side_effect` marks what the
    server did by itself because of another write of the same commit: the process of a new project, a scope that lost
    its environment. A `silent` one leaves no event at all.
    """

    collection: str
    before: Document | None
    after: Document | None
    secrets: Mapping[str, str] | None = None
    side_effect: bool = False
    silent: bool = False

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError(f"a write of {self.collection} without a document")

    @property
    def document(self) -> Document:
        """The document as it is after the write; the last one, if it is deleted."""
        document = self.after if self.after is not None else self.before
        assert document is not None
        return document

    @property
    def id(self) -> str:
        return str(self.document["Id"])

    @property
    def category(self) -> Category:
        if self.before is None:
            return "Created"
        return "Deleted" if self.after is None else "Modified"


@dataclass(frozen=True, slots=True)
class Commit:
    """What the hooks are told: the writes in their order, after they were stored.

    `space_id` is None for documents of the system. `secrets_changed` holds the ids of the documents in which a secret
    was set, replaced or cleared: the documents themselves do not show it.
    """

    space_id: str | None
    writes: tuple[Write, ...]
    actor: Actor
    occurred: datetime
    secrets_changed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Scope:
    """The collections of one space, or of the system."""

    collections: dict[str, dict[str, Document]]

    def collection(self, name: str) -> Mapping[str, Document]:
        """Documents by id, in the order of their creation. To read only: what is to change goes through `commit`."""
        return self.collections.setdefault(name, {})

    def find(self, name: str, document_id: Any) -> Document | None:
        """A document by id. Ids are compared without regard to case, as Octopus does."""
        if not isinstance(document_id, str):
            return None
        documents = self.collection(name)
        found = documents.get(document_id)
        if found is None:
            wanted = document_id.casefold()
            found = next((document for key, document in documents.items() if key.casefold() == wanted), None)
        return found


@dataclass(slots=True)
class Store:
    """The state of one sandbox.

    `first_id` numbers the first document of each kind; `seed` decides the GUIDs. Both matter to a new store only.
    `clock` says what time it is, for `Date` headers and audit rows alike. `hidden` are ids that the key may not see:
    lists leave them out in silence, and asked for they are not found; it is no part of the saved state.
    """

    first_id: int = 1
    seed: int = 0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    state: Document = field(default_factory=dict)
    before_commit: list[Callable[[str | None, Sequence[Write]], None]] = field(default_factory=list)
    on_commit: list[Callable[[Commit], None]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    _indexes: dict[tuple[str | None, str], dict[Key, dict[Any, dict[str, Document]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.state:
            self.state = {
                "Format": STATE_FORMAT,
                "FirstId": self.first_id,
                "Seed": self.seed,
                "Counters": {},
                "System": {},
                "Spaces": {},
                "Secrets": {},
            }
        self.first_id = int(self.state["FirstId"])
        self.seed = int(self.state["Seed"])

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def system(self) -> Scope:
        """The documents that belong to no space: spaces, users, user roles, system teams."""
        return Scope(self.state["System"])

    def space(self, space_id: str) -> Scope:
        """The documents of one space; a space nobody created has none."""
        return Scope(self.state["Spaces"].setdefault(space_id, {}))

    def scope(self, space_id: str | None) -> Scope:
        """`space(space_id)`, or the system for None."""
        return self.system if space_id is None else self.space(space_id)

    def spaces(self) -> Iterator[Document]:
        """The space documents themselves, oldest first."""
        yield from self.system.collection("spaces").values()

    def default_space(self) -> Document | None:
        return next((space for space in self.spaces() if space.get("IsDefault")), None)

    def find_space(self, id_or_slug: str) -> Document | None:
        wanted = id_or_slug.casefold()
        return next(
            (s for s in self.spaces() if wanted in (s["Id"].casefold(), str(s.get("Slug", "")).casefold())), None
        )

    def lookup(self, space_id: str | None, collection: str, by: Key, value: Any) -> list[Document]:
        """The documents of a collection with this value, oldest first. What finds among thousands must not look at all
        of them: the first call makes an index, commits keep it."""
        indexes = self._indexes.setdefault((space_id, collection), {})
        index = indexes.get(by)
        if index is None:
            index = indexes[by] = {}
            for document in self.scope(space_id).collection(collection).values():
                index.setdefault(by(document), {})[document["Id"]] = document
        return list(index.get(value, {}).values())

    def _reindex(self, space_id: str | None, collection: str, before: Document | None, after: Document | None) -> None:
        for by, index in self._indexes.get((space_id, collection), {}).items():
            old, new = (None if one is None else by(one) for one in (before, after))
            if before is not None and (after is None or old != new):
                index.get(old, {}).pop(before["Id"], None)
            if after is not None:
                index.setdefault(new, {})[after["Id"]] = after

    def secret(self, document_id: str, place: str) -> str | None:
        """One secret, for tests to look at: it never leaves by HTTP. `place` as in `sandbox.secrets`."""
        return self.secrets_of(document_id).get(place)

    def secrets_of(self, document_id: str) -> dict[str, str]:
        """All secrets of a document by place."""
        return dict(self.state["Secrets"].get(document_id, {}))

    @property
    def secrets(self) -> Mapping[str, Mapping[str, str]]:
        """Every secret held, by document id and place."""
        secrets: dict[str, dict[str, str]] = self.state["Secrets"]
        return secrets

    # -- ids ---------------------------------------------------------------------------------------------------------

    def next_number(self, counter: str) -> int:
        """The next number of a counter, from `first_id` on. Numbers are never given twice."""
        counters: dict[str, int] = self.state["Counters"]
        number = counters.get(counter, self.first_id)
        counters[counter] = number + 1
        return number

    def next_id(self, prefix: str) -> str:
        """The next id of a kind: `Projects-1`, `Projects-2`…"""
        return f"{prefix}-{self.next_number(prefix)}"

    def next_guid(self) -> str:
        """The next GUID, the same for the same seed, first id and history."""
        return str(uuid.uuid5(_GUIDS, f"{self.seed}/{self.first_id}/{self.next_number('guid')}"))

    @property
    def installation_id(self) -> str:
        return str(uuid.uuid5(_GUIDS, f"{self.seed}/{self.first_id}/installation"))

    # -- writing -----------------------------------------------------------------------------------------------------

    def commit(self, space_id: str | None, writes: Sequence[Write], actor: Actor) -> Commit:
        """Store the writes, in their order, and call the hooks with them.

        All documents of a commit belong to one space, or (None) to the system. A hook of `before_commit` may raise:
        then nothing was stored. One of `on_commit` that raises is a fault of this program; nothing is rolled back.
        """
        for check in self.before_commit:
            check(space_id, writes)
        collections = self.scope(space_id).collections
        changed: set[str] = set()
        for write in writes:
            documents = collections.setdefault(write.collection, {})
            self._reindex(space_id, write.collection, documents.get(write.id), write.after)
            if write.after is None:
                documents.pop(write.id, None)
                self.state["Secrets"].pop(write.id, None)
                continue
            documents[write.id] = write.after
            if write.secrets is not None and dict(write.secrets) != self.secrets_of(write.id):
                changed.add(write.id)
                self._keep_secrets(write.id, write.secrets)
        commit = Commit(space_id, tuple(writes), actor, self.clock(), frozenset(changed))
        for hook in self.on_commit:
            hook(commit)
        return commit

    def _keep_secrets(self, document_id: str, secrets: Mapping[str, str]) -> None:
        if secrets:
            self.state["Secrets"][document_id] = dict(secrets)
        else:
            self.state["Secrets"].pop(document_id, None)

    def drop_space(self, space_id: str) -> None:
        """Forget all documents of a deleted space, and their secrets. The space document itself goes by `commit`."""
        self._indexes = {key: found for key, found in self._indexes.items() if key[0] != space_id}
        for documents in self.state["Spaces"].pop(space_id, {}).values():
            for document_id in documents:
                self.state["Secrets"].pop(document_id, None)

    # -- files -------------------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Store:
        """A store from a file that `save` wrote. Raises ValueError for a file of another format."""
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(state, dict) or state.get("Format") != STATE_FORMAT:
            raise ValueError(f"{path} is not the state of a sandbox (format {STATE_FORMAT})")
        return cls(state=state)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, whole or not at all. The file holds the secrets."""
        target = Path(path)
        unfinished = target.with_name(target.name + ".tmp")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(self.state, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(target)
