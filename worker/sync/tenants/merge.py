"""The three-way merge of the values of a tenant, cell by cell. Pure.

    wanted (the source's values, translated)  ┐
    there (the destination's)                 ├─▶ per cell: keep, write, take away, or tell a person
    memory (want and wrote, as we left it)    ┘

A value of the destination is never overwritten unless the route says ``value: follow`` (and nobody has edited it) or
``always``; a secret never. Where the destination has none, the source's is written (``new: copy``), the placeholder, or
nothing. For a secret it is a placeholder; but not for some environments where a value for all of them is there, which
the placeholder would hide. What the source has no more goes only if we wrote it, and the route says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from config.rules import NewValues, Removed, TenantValueRules, ValueRule
from worker.kinds.references import is_secret
from worker.plan.values import MASK, BothSides, Change, CleanUp, Decision, Document, Edit, NamePath
from worker.sync.tenants.cells import EVERYWHERE, Cell, Cells, cells_of, nested, remembered_value, same_value
from worker.sync.world.naming import verbatim
from worker.sync.world.outcome import plain
from worker.sync.world.written import Bind


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value of the source in the destination's terms. ``value`` is ``None`` where it names what is not there:
    ``lacks`` says what."""

    value: Any
    where: str
    lacks: str = ""
    is_id: bool = False


@dataclass(slots=True)
class Memory:
    """What the ledger remembers. ``want``: what the source asked for; ``wrote``: what we wrote; ``placeholders``: where
    it was a placeholder; ``dropped``: what the source has no more and the route keeps."""

    want: Cells = field(default_factory=dict)
    wrote: Cells = field(default_factory=dict)
    placeholders: set[Cell] = field(default_factory=set)
    dropped: dict[Cell, str] = field(default_factory=dict)
    """With where it stands, for people."""

    def to_json(self) -> Document:
        return {
            "want": nested(self.want),
            "wrote": nested(self.wrote),
            "placeholders": nested(dict.fromkeys(self.placeholders, True)),
            "dropped": nested(self.dropped),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Memory:
        want, wrote, placeholders, dropped = (
            cells_of(data.get(name)) for name in ("want", "wrote", "placeholders", "dropped")
        )
        return cls(want, wrote, set(placeholders), dropped)


@dataclass(slots=True)
class MergedValues:
    """``sets`` and ``unsets``: the cells to write. ``memory``: as it is to be, but for what the server answers."""

    there: Cells
    memory: Memory
    sets: Cells = field(default_factory=dict)
    unsets: set[Cell] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    clean_ups: list[CleanUp] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)

    @property
    def body(self) -> Document:
        """What to write, and what it rests on. See :mod:`worker.sync.servers.tenant_forms`."""
        changed = {*self.sets, *self.unsets}
        return {
            "Set": nested(self.sets),
            "Unset": nested(dict.fromkeys(self.unsets)),
            "Expect": nested({cell: remembered_value(self.there.get(cell)) for cell in changed}),
        }

    def remember(self, answer: Document, bind: Bind, *, heard: bool) -> Document:
        """See :class:`worker.sync.world.written.Rows`."""
        memory = Memory.from_json(bind(self.memory.to_json()))
        sets, now = cells_of(bind(nested(self.sets))), cells_of(answer.get("Values")) if heard else {}
        for cell, value in sets.items():
            if not heard or cell in now:  # one that equals the template's default is not kept by the server
                memory.wrote[cell] = remembered_value(now.get(cell, value))
        return memory.to_json()


def merge_values(
    item: NamePath,
    wanted: Mapping[Cell, Wanted],
    there: Cells,
    memory: Memory | None,
    rules: TenantValueRules,
    secret_placeholder: str,
    *,
    complete: bool = True,
    names: Mapping[str, str] = MappingProxyType({}),
    hidden: Callable[[Cell], bool] = lambda _: False,
) -> MergedValues:
    """``item``: what clean-up entries are filed under. ``complete``: ``wanted`` is all that the source has, as far as
    we know; else nothing counts as dropped. ``names``: of the destination's templates. ``hidden``: which cells were not
    looked at: they count as unchanged. Changes no argument."""
    seen = {cell: want for cell, want in wanted.items() if not hidden(cell)}
    merge = _Merge(item, seen, there, memory, rules, secret_placeholder, names)
    return merge.run(lambda cell: complete and not hidden(cell))


class _Merge:
    def __init__(
        self,
        item: NamePath,
        wanted: Mapping[Cell, Wanted],
        there: Cells,
        memory: Memory | None,
        rules: TenantValueRules,
        secret_placeholder: str,
        names: Mapping[str, str],
    ) -> None:
        self.item, self.wanted, self.there, self.rules, self.names = item, wanted, there, rules, names
        self.secret_placeholder = secret_placeholder
        self.before = memory or Memory()
        self.out = MergedValues(there, Memory())

    def run(self, is_dropped: Callable[[Cell], bool]) -> MergedValues:
        """``is_dropped``: of a cell that is not wanted, whether the source really has no value there."""
        for cell, want in self.wanted.items():
            if cell in self.before.wrote:
                self.out.memory.wrote[cell] = self.before.wrote[cell]
            if cell in self.there:
                self.out.memory.placeholders |= self.before.placeholders & {cell}
                self.both(cell, want)
            elif cell in self.before.wrote and self.rules.value is not ValueRule.ALWAYS:
                self.deleted_here(cell, want)
            elif cell not in self.before.wrote and self.settled(cell, want):
                self.out.memory.want[cell] = self.before.want[cell]
            else:
                self.new(cell, want)
        for cell in sorted(self.before.want.keys() | self.before.dropped.keys()):
            if cell in self.wanted:
                continue
            if not is_dropped(cell):
                self.as_before(cell)
            elif cell in self.there:
                self.dropped(cell)
        return self.out

    def settled(self, cell: Cell, want: Wanted) -> bool:
        """We have decided on just this value before, and yet none is there: it equals the template's default, or was
        the destination's own and somebody has taken it away."""
        return cell in self.before.want and same_value(self.before.want[cell], want.value)

    def as_before(self, cell: Cell) -> None:
        before, after = self.before, self.out.memory
        for known, kept in ((before.want, after.want), (before.wrote, after.wrote), (before.dropped, after.dropped)):
            if cell in known:
                kept[cell] = known[cell]
        if cell in before.placeholders:
            after.placeholders.add(cell)

    # ── a value is there ──────────────────────────────────────────────────────────────────────────────────────────────

    def both(self, cell: Cell, want: Wanted) -> None:
        there = self.there[cell]
        base, wrote = self.before.want.get(cell), self.before.wrote.get(cell)
        untouched = cell in self.before.wrote and same_value(there, wrote)
        if want.value is None:  # it names what is not there; what is there stays
            if cell in self.before.want:
                self.out.memory.want[cell] = base
            return
        self.out.memory.want[cell] = remembered_value(want.value)
        if is_secret(there) or is_secret(want.value):
            self.secret_there(cell, want)
            return
        if same_value(there, want.value):
            self.out.memory.placeholders.discard(cell)
            return
        changed = cell in self.before.want and not same_value(base, want.value)
        if cell in self.before.placeholders and untouched:
            self.placeholder_there(cell, want)
            return
        self.out.memory.placeholders.discard(cell)  # a person has entered something
        if self.rules.value is ValueRule.ALWAYS:
            self.write(cell, want.value, want.where)
        elif cell not in self.before.want:
            self.decide("first-contact", want.where, "the destination has a value of its own, which stays")
        elif not changed:
            if cell in self.before.wrote and not untouched:
                self.out.drift.append(Change(Edit.CHANGE, want.where, plain(wrote), plain(there)))
        elif self.rules.value is ValueRule.KEEP:
            self.decide("tenants.value=keep", want.where, "changed on the source; the destination keeps its own")
        elif untouched:
            self.write(cell, want.value, want.where)
        else:
            # What it wanted before stays: so every plan says so again, until the two agree.
            self.out.memory.want[cell] = base
            both = BothSides(plain(base), plain(want.value), plain(wrote), plain(there))
            text = "changed on the source and here: the destination's value stays"
            self.out.clean_ups.append(CleanUp(self.item, want.where, "value-conflict", text, both=both))

    def secret_there(self, cell: Cell, want: Wanted) -> None:
        if cell in self.before.placeholders and is_secret(self.there[cell]):
            self.tell("placeholder-secret", want.where, SECRET)

    def placeholder_there(self, cell: Cell, want: Wanted) -> None:
        if self.rules.value is not ValueRule.KEEP and self.rules.new is NewValues.COPY:
            self.write(cell, want.value, want.where)
            self.out.memory.placeholders.discard(cell)
        else:
            self.tell("placeholder-value", want.where, PLACEHOLDER)

    # ── none is there ─────────────────────────────────────────────────────────────────────────────────────────────────

    def new(self, cell: Cell, want: Wanted) -> None:
        """A value that is not written is not remembered either: so the next plan says so again."""
        if is_secret(want.value):
            self.new_secret(cell, want)
        elif self.rules.new is NewValues.NONE:
            self.tell("value-missing", want.where, "has a value on the source, and none here: enter it")
        elif want.value is None:
            self.tell("placeholder-reference", want.where, f"its value names something that is not here: {want.lacks}")
        elif self.rules.new is NewValues.COPY:
            self.write(cell, want.value, want.where)
            self.out.memory.want[cell] = remembered_value(want.value)
        elif want.is_id:
            self.tell("placeholder-reference", want.where, "has no value here: choose one")
        else:
            self.write(cell, self.rules.placeholder, want.where)
            self.out.memory.want[cell] = remembered_value(want.value)
            self.out.memory.placeholders.add(cell)
            self.tell("placeholder-value", want.where, PLACEHOLDER)

    def new_secret(self, cell: Cell, want: Wanted) -> None:
        if not want.value.get("HasValue"):
            return
        if cell.environment != EVERYWHERE and cell._replace(environment=EVERYWHERE) in self.there:
            text = "not added: a placeholder would hide the value that the destination has for all environments"
            self.tell("secret-not-added", want.where, text)
        elif self.rules.new is NewValues.NONE:
            self.tell("value-missing", want.where, "is a secret on the source, and has no value here: enter it")
        else:
            self.write(cell, {"HasValue": True, "NewValue": self.secret_placeholder}, want.where)
            self.out.memory.want[cell] = remembered_value(want.value)
            self.out.memory.placeholders.add(cell)
            self.tell("placeholder-secret", want.where, SECRET)

    def deleted_here(self, cell: Cell, want: Wanted) -> None:
        self.out.memory.want[cell] = self.before.want.get(cell)
        self.out.drift.append(Change(Edit.REMOVE, want.where, plain(self.before.wrote[cell]), None))
        self.tell("deleted-here", want.where, "its value was deleted on the destination, and stays so")

    # ── the source has none any more ──────────────────────────────────────────────────────────────────────────────────

    def dropped(self, cell: Cell) -> None:
        there = self.there[cell]
        where = self.before.dropped.get(cell) or place(cell, self.names.get(cell.template, cell.template))
        ours = cell in self.before.wrote and same_value(there, self.before.wrote[cell]) and not is_secret(there)
        if self.rules.removed is Removed.REMOVE_OURS and ours:
            self.out.unsets.add(cell)
            self.out.changes.append(Change(Edit.REMOVE, where, plain(there), None))
            return
        if cell in self.before.wrote:
            self.out.memory.wrote[cell] = self.before.wrote[cell]
        self.out.memory.dropped[cell] = where
        self.tell("removed-on-source", where, "the source has no such value any more; it is kept here")

    # ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, cell: Cell, value: Any, where: str) -> None:
        there = self.there.get(cell)
        self.out.sets[cell] = value
        shown = MASK if is_secret(value) else value
        edit = Edit.ADD if there is None else Edit.CHANGE
        self.out.changes.append(Change(edit, where, plain(there), shown))

    def decide(self, rule: str, where: str, text: str) -> None:
        self.out.decisions.append(Decision(rule, where, text))

    def tell(self, reason: str, where: str, text: str) -> None:
        self.out.clean_ups.append(CleanUp(self.item, where, reason, text))


SECRET = "a secret cannot be read from the source: enter it"  # noqa: S105  (a sentence, not a secret)
PLACEHOLDER = "its value is a placeholder: enter the real one"


def place(cell: Cell, name: str) -> str:
    """Where a value stands, for people: ``OctoFX/Production[Connection string]``, once the ids in it are names."""
    owner = f"{cell.owner}/{cell.environment}" if cell.environment else cell.owner
    return f"{owner}[{verbatim(name)}]"


def applied(memory: Memory, written: Memory, sent: Document, there: Cells) -> tuple[Memory, bool]:
    """What is to be remembered after a write whose answer nobody heard, and whether any of it was carried out.

    ``memory``: before it; ``written``: as it would be after it; ``sent``: its body. A server that knows the halves of a
    tenant's values apart may have carried out one of the two.
    """
    known = Memory(dict(memory.want), dict(memory.wrote), set(memory.placeholders), dict(memory.dropped))
    expected = cells_of(sent["Expect"])
    found = False
    for cell in _carried_out(sent, there, expected):
        found = True
        for before, after in ((known.want, written.want), (known.wrote, written.wrote)):
            before.pop(cell, None)
            if cell in after:
                before[cell] = after[cell]
        known.placeholders = known.placeholders - {cell} | (written.placeholders & {cell})
        known.dropped.pop(cell, None)
    return known, found


def _carried_out(sent: Document, there: Cells, expected: Cells) -> Iterator[Cell]:
    for cell, value in cells_of(sent["Set"]).items():
        as_sent = cell in there and same_value(there[cell], value)
        if as_sent and (expected.get(cell) is None or not same_value(expected[cell], there[cell])):
            yield cell
    for cell in cells_of(sent["Unset"]):
        if cell not in there:
            yield cell
