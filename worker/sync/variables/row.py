"""One source row and the destination row that it belongs to: field by field, what becomes of the latter.

Every field has its own rule (``want``: what the source asks for, now and in the baseline; ``d`` and ``wrote``: what the
destination has, and what we last wrote):

    value         keep: never touched · follow: three-way, a conflict stays the destination's · always: the source wins
    scope         follows only while the value is ours, untouched, and the same as the source's: else a rescope would
                  carry the destination's own staging secret into production
    type          String becomes Sensitive: the destination's own value is kept, and made a secret. Nothing else follows
    name          follows a rename, unless the destination renamed the row too
    description,  follow three-way; in a conflict the source wins
    prompt

A field that had to be left for a person keeps the ``want`` it had. So every later plan comes to the same result and
says it again, until the destination's row is as the source wants it, or the source takes its change back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from config.rules import NewRows, ValueRule, VariableRules
from worker.plan.values import MASK, BothSides, Change, Document, Edit
from worker.sync.variables.baseline import RowBaseline, remembered
from worker.sync.variables.matching import REASONS, Rank
from worker.sync.variables.rows import (
    REMEMBERED,
    SENSITIVE,
    STRING,
    Scope,
    is_reference,
    is_sensitive,
    label,
    name_of,
    plain,
    same_field,
    scope_document,
    scope_of,
    type_class,
    value_of,
)
from worker.sync.world.outcome import shown


@dataclass(frozen=True, slots=True)
class WantedRow:
    """A row of the source in the destination's terms.

    ``row``: ids in its scope, and a value that is a reference, are the destination's; no ``Id``. ``skip``: why the
    scope rules keep it from being added (``"<rule>: <text>"``). ``on_new_only``: an existing row is left alone
    entirely. ``widened``: scope dimensions that an *ignore* option has widened. ``unresolved_value``: the value is a
    reference that cannot be translated, and which. ``partly``: it is skipped although some of its scope exists on the
    destination (*skip-unless-exact*), so it has not left the destination's world. ``source_scope``: its scope in the
    source's own terms; tells rows of one scope that the source itself has from such as only the translation has made
    equal. ``hidden``: of each id of the source in its value, what is to be told if the value crosses. ``namesake``: it
    is for what has its name on the destination only after another item, by the maps of the route.
    """

    source_id: str
    row: Document
    skip: str | None = None
    on_new_only: bool = False
    widened: tuple[str, ...] = ()
    unresolved_value: str | None = None
    partly: bool = False
    source_scope: Document | None = None
    hidden: tuple[str, ...] = ()
    namesake: bool = False

    def is_twin_of(self, other: WantedRow) -> bool:
        """Whether the source itself has both rows in one scope."""
        if self.source_scope is None or other.source_scope is None:
            return False
        return scope_of({"Scope": self.source_scope}) == scope_of({"Scope": other.source_scope})


@dataclass(frozen=True, slots=True)
class Note:
    """A decision or clean-up entry before it knows its item: a stable code, and a text."""

    code: str
    text: str
    both: BothSides | None = None


@dataclass(slots=True)
class MergedRow:
    """``row``: as it is to be sent. ``want``: per field, what the source asked for when it was last settled."""

    row: Document
    want: Document
    placeholder: bool
    written: set[str] = field(default_factory=set)
    decisions: list[Note] = field(default_factory=list)
    clean_ups: list[Note] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """Whether name or scope change, so that the row might come to stand beside an equal one."""
        return not self.written.isdisjoint({"Name", "Scope"})


def wanted_fields(wanted: WantedRow) -> Document:
    """What a source row asks for, as the baseline remembers it."""
    want = remembered(wanted.row)
    if wanted.unresolved_value is not None:
        want.pop("Value", None)
    return want


def merge_row(
    wanted: WantedRow,
    row: Document,
    baseline: RowBaseline | None,
    rank: Rank,
    rules: VariableRules,
    *,
    stay: bool = False,
) -> MergedRow:
    """Merges one pair. ``stay``: name and scope cannot follow, for they would make the row equal to another."""
    return _RowMerge(wanted, row, baseline, rank, rules, stay=stay).run()


class _RowMerge:
    def __init__(
        self,
        wanted: WantedRow,
        row: Document,
        baseline: RowBaseline | None,
        rank: Rank,
        rules: VariableRules,
        *,
        stay: bool,
    ) -> None:
        self.wanted, self.row, self.rank, self.rules, self.stay = wanted, row, rank, rules, stay
        self.baseline = baseline
        self.base = baseline.want if baseline is not None and not baseline.stands_in else None
        self.wrote: Document = (baseline.wrote if baseline is not None else None) or {}
        self.want = wanted_fields(wanted)
        placeholder = baseline.placeholder if baseline is not None else _looks_like_placeholder(row, rules)
        self.merged = MergedRow(row=dict(row), want=dict(self.want), placeholder=placeholder)

    def run(self) -> MergedRow:
        if self.rank is not Rank.LINK:
            self._decide("match", f"taken for the source's {label(self.wanted.row)}: {self._evidence()}")
        if self.wanted.on_new_only:
            self._decide("scope=ignore-mismatch-on-new", "exists on the destination, and is left alone")
        else:
            self._name()
            if self._type():
                self._value()
                self._scope()
                self._text("Description")
                self._text("Prompt")
        self._stand()
        return self.merged

    def _evidence(self) -> str:
        """Of what could not be compared, or differs, a reader must not think that it is equal."""
        if is_sensitive(self.row):
            rank = Rank.SCOPE if self.rank is Rank.SCOPE_AND_VALUE else self.rank
            return f"{REASONS[rank]}; the secret stays as it is here"
        differs = value_of(self.row) != value_of(self.want) and self.rules.value is not ValueRule.ALWAYS
        return REASONS[self.rank] + ("; the value stays as it is here" if differs and self.base is None else "")

    def _name(self) -> None:
        base, want = self.base, self.want
        if base is None or same_field("Name", base, want) or same_field("Name", self.row, want):
            return
        if name_of(self.row) == name_of(base) and not self.stay:
            self._write("Name", want["Name"])
            return
        reason = "another row of that name and scope is there" if self.stay else "the destination renamed it too"
        self._leave("Name", "name-left", f"renamed to {want['Name']!r} on the source; not here: {reason}")

    def _type(self) -> bool:
        """Whether the other fields of the row may be merged too."""
        wanted, existing = type_class(self.want), type_class(self.row)
        before = None if self.baseline is None else type_class(self.baseline.want)
        if wanted == existing or before is None:
            return wanted == existing
        if wanted == before:  # it was the destination that changed it
            return {wanted, existing} == {STRING, SENSITIVE}
        if (wanted, existing) == (SENSITIVE, STRING):
            self._write("Type", SENSITIVE)
            self._write("IsSensitive", True)
            self.merged.written.add("Value")
            self._decide("type", "is a secret on the source now: the destination's own value is kept, and made one")
            return True
        code = "no-longer-secret" if existing == SENSITIVE else "type-changed"
        self._leave("Type", code, f"has the type {wanted} on the source and {existing} here")
        self._settle_as_before("IsSensitive")
        return existing == SENSITIVE

    def _value(self) -> None:
        merged, want = self.merged, self.want
        if is_sensitive(merged.row) or is_sensitive(want) or "Value" not in want:
            if "Value" not in want and self.base is not None:
                self._settle_as_before("Value")
            return
        if same_field("Value", self.row, want):
            return
        untouched = "Value" in self.wrote and same_field("Value", self.row, self.wrote)
        if merged.placeholder:
            empty = is_reference(self.row) and not value_of(self.row)
            fills = untouched and (empty or self.rules.value is ValueRule.FOLLOW)
            if self.rules.new_rows is NewRows.COPY and (fills or self.rules.value is ValueRule.ALWAYS):
                self._write("Value", want["Value"])
                merged.placeholder = False
            return
        if self.rules.value is ValueRule.ALWAYS:
            self._write("Value", want["Value"])
            return
        if self.base is None or "Value" not in self.base or same_field("Value", self.base, want):
            return
        if self.rules.value is ValueRule.KEEP:
            self._decide("value=keep", "changed on the source; the destination keeps its own")
        elif untouched:
            self._write("Value", want["Value"])
        else:
            self._leave("Value", "value-conflict", "changed on the source and here: the destination's value stays")

    def _scope(self) -> None:
        want, row = scope_of(self.want), scope_of(self.row)
        if want == row:
            return
        if self.base is None:
            self._scope_at_first_contact(want, row)
            return
        if want == scope_of(self.base):
            return
        if obstacle := self._obstacle():
            self._leave(
                "Scope", "scope-left", f"has another scope on the source: {_in_words(want)}; not here: {obstacle}"
            )
        else:
            self._write("Scope", scope_document(want))

    def _scope_at_first_contact(self, want: Scope, row: Scope) -> None:
        """An equal value that can be read takes on the dimensions it lacks: narrower, never wider."""
        taken = {dimension for dimension, _ in row}
        lacking = frozenset(entry for entry in want if entry[0] not in taken)
        if self.rank is not Rank.VALUE or not lacking or self.merged.placeholder:
            self._decide("first-contact", "its scope remains the destination's own")
        elif self.stay:
            self._leave("Scope", "scope-left", "another row of that name and scope is there")
            self.merged.want["Scope"] = scope_document(row)  # so that the next plan still sees a difference
        else:
            self._write("Scope", scope_document(row | lacking))
            self._decide("first-contact", "the same value: takes the scope that it did not have")

    def _obstacle(self) -> str | None:
        """Why the scope does not follow the source's. ``None``: it does."""
        row, written = self.merged.row, self.merged.written
        if self.stay:
            return "another row of that name and scope is there"
        if is_sensitive(row) or is_sensitive(self.want):
            return "it is a secret"
        if self.merged.placeholder:
            return "its value is still a placeholder, or was filled in here"
        if "Value" not in written and not ("Value" in self.wrote and same_field("Value", self.row, self.wrote)):
            return "its value is the destination's own"
        if "Value" not in self.want or not same_field("Value", row, self.want):
            return "its value is not the source's"
        if not same_field("Scope", self.row, self.wrote if "Scope" in self.wrote else self.base or {}):
            return "its scope was edited here"
        return None

    def _text(self, name: str) -> None:
        want = plain(self.want.get(name))
        if same_field(name, self.row, self.want):
            return
        if self.base is None:
            if want is not None:  # what only the destination has stays
                self._write(name, self.wanted.row.get(name))
            return
        if same_field(name, self.base, self.want):
            return
        if not same_field(name, self.row, self.wrote if name in self.wrote else self.base):
            text = f"{name} changed on the source and here: it is the source's now"
            self._finish("text-overwritten", text, self._both(name))
        self._write(name, self.wanted.row.get(name))

    def _stand(self) -> None:
        """What remains to be done by hand for as long as the row is as it is."""
        merged, wanted = self.merged, self.wanted
        unresolved = wanted.unresolved_value is not None and not is_sensitive(merged.row)
        missing = unresolved and (not value_of(merged.row) or self.rules.value is not ValueRule.KEEP)
        if missing or is_still_placeholder(merged.row, merged.placeholder, self.wrote, self.rules):
            merged.clean_ups.append(placeholder_note(merged.row, wanted.unresolved_value))
        if wanted.hidden and same_field("Value", merged.row, wanted.row):
            merged.clean_ups += hidden_notes(wanted)
        ours = "Scope" in merged.written or ("Scope" in self.wrote and same_field("Scope", self.wrote, merged.row))
        if wanted.widened and ours and same_field("Scope", merged.row, wanted.row):
            merged.clean_ups.append(widened_note(wanted))

    def _write(self, name: str, value: object) -> None:
        self.merged.row[name] = value
        self.merged.written.add(name)

    def _leave(self, name: str, code: str, text: str) -> None:
        self._finish(code, text, self._both(name))
        self._settle_as_before(name)

    def _both(self, name: str) -> BothSides | None:
        """What the field was and is on both sides; nothing of a secret's."""
        if self.base is None:
            return None
        if name == "Value" and any(is_sensitive(row) for row in (self.want, self.base, self.row)):
            return BothSides(hidden=True)
        wrote = self.wrote if name in self.wrote else self.base
        return shown(*(_shown(name, row) for row in (self.base, self.want, wrote, self.row)))

    def _settle_as_before(self, name: str) -> None:
        before = self.baseline.want if self.baseline is not None else {}
        self.merged.want.pop(name, None)
        if name in before:
            self.merged.want[name] = before[name]

    def _finish(self, code: str, text: str, both: BothSides | None = None) -> None:
        self.merged.clean_ups.append(Note(code, text, both))

    def _decide(self, rule: str, text: str) -> None:
        self.merged.decisions.append(Note(rule, text))


def _shown(name: str, row: Document) -> object:
    return scope_document(scope_of(row)) if name == "Scope" else row.get(name)


def changes_of(before: Document, after: Document, written: set[str]) -> list[Change]:
    """The fields written, with what they were and are. Values of secrets are masked."""
    secret = is_sensitive(before) or is_sensitive(after)
    changes = []
    for name in REMEMBERED:
        if name not in written or name == "IsSensitive" or before.get(name) == after.get(name):
            continue
        hidden = secret and name == "Value"
        shown = (MASK, MASK) if hidden else (before.get(name), after.get(name))
        changes.append(Change(Edit.CHANGE, f"{label(before)}/{name}", *shown))
    return changes


def is_still_placeholder(row: Document, placeholder: bool, wrote: Document, rules: VariableRules) -> bool:
    """Whether a person has yet to fill it in. That a secret was filled in cannot be seen, only said by a person."""
    if not placeholder or is_sensitive(row):
        return placeholder
    if is_reference(row):
        return not value_of(row)
    return value_of(row) == rules.placeholder or ("Value" in wrote and same_field("Value", wrote, row))


def placeholder_note(row: Document, unresolved: str | None = None) -> Note:
    if unresolved is not None:
        return Note("placeholder-reference", f"its value names something that is not here: {unresolved}")
    if is_sensitive(row):
        return Note("placeholder-secret", "a secret cannot be read from the source: fill it in")
    if is_reference(row):
        return Note("placeholder-reference", "has no value here: choose one")
    return Note("placeholder-value", "its value is a placeholder: fill it in")


def hidden_notes(wanted: WantedRow) -> list[Note]:
    return [Note("untranslated-id", text) for text in wanted.hidden]


def widened_note(wanted: WantedRow) -> Note:
    return Note("scope-widened", f"applies wider than on the source, which restricts it by {', '.join(wanted.widened)}")


def _looks_like_placeholder(row: Document, rules: VariableRules) -> bool:
    return type_class(row) == STRING and value_of(row) == rules.placeholder


def _in_words(scope: Scope) -> str:
    return "; ".join(f"{name}: {', '.join(ids)}" for name, ids in scope_document(scope).items()) or "none"
