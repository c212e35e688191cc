"""Text that is safe to show: names neutralised, secrets masked, values on one line or as lines of a diff.

A name may hold anything that Octopus allows, and much of what is shown here was typed by people on another server: a
terminal, a log or a pull request must not act on it. So every renderer takes its words from here.

A secret never reaches a plan's changes in the clear, since the engine masks it; :func:`masked` is the second lock, for
the forms in which Octopus writes one: the SensitiveValue object ``{"HasValue": …, "NewValue": …}``, a variable row of
the type Sensitive (Octopus API reference, 2026, "Variables"), and an API key that somebody wrote into a plain text.
"""

from __future__ import annotations

import difflib
import json
import unicodedata
from typing import Any

from config.scrub import API_KEY
from worker.plan.outline import outline, said
from worker.plan.values import MASK, Change, Edit

ONE_LINE = 100
"""Characters up to which a value is shown on the line of its field. Longer ones become a block below it."""

LINE_LENGTH = 300
"""Characters of one line of a block that are shown."""

BLOCK_LINES = 80
"""Lines of one block that are shown. The JSON form has the whole."""

EXCERPT = 2_000
"""Characters of a value up to which an excerpt holds all of it."""

DIFF_LINES = 20_000
"""Texts with more lines, both sides together, are not compared line by line: it would take too long."""

_MISLEADING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # change the order in which a text reads
    "\u00ad\u200b\u2060\ufeff"  # cannot be seen. The joiners within emoji and scripts are not among them
)
_HARMFUL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators


def visible(text: str, *, keep: str = "") -> str:
    r"""``text`` on one line, with all that acts on a terminal or hides in it written out: ``\x1b``, ``\u202e``, ``\n``.

    ``keep``: characters that are left as they are nevertheless.
    """
    return "".join(_written_out(char) if char not in keep and _is_harmful(char) else char for char in text)


def masked(value: Any) -> Any:
    """``value`` with every secret in it replaced; keys and shape stay as they are. An empty secret is ``None``."""
    if isinstance(value, dict):
        if "HasValue" in value:
            return MASK if value["HasValue"] or value.get("NewValue") else None
        sensitive = value.get("Type") == "Sensitive" or value.get("IsSensitive") is True
        return {
            key: MASK if sensitive and key == "Value" and inner is not None else masked(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return API_KEY.sub(MASK, value) if isinstance(value, str) else value


def short(value: Any) -> str | None:
    """``value`` as JSON on one line, or ``None`` if it is long and needs a block of its own."""
    safe = masked(value)
    if safe == MASK:
        return MASK
    if isinstance(safe, str) and "\n" in safe.strip():
        return None
    text = json.dumps(safe, ensure_ascii=False, default=str)
    return visible(text) if len(text) <= ONE_LINE else None


def block(change: Change) -> list[str]:
    """The lines below a field whose value is long: a unified diff. Each begins with ``+``, ``-``, ``@`` or a blank."""
    # Of what is new, or goes as a whole, only what says something; of a change all, for it may be from null to "".
    bare = change.edit is not Edit.CHANGE
    before = [] if change.edit is Edit.ADD else _lines(change.before, bare=bare)
    after = [] if change.edit is Edit.REMOVE else _lines(change.after, bare=bare)
    before, after = _without_carriage_returns(before, after)
    if len(before) + len(after) > DIFF_LINES:
        return [f"@@ {len(before)} lines before, {len(after)} lines after @@"]
    diff = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]  # the first two would name files
    if change.edit is not Edit.CHANGE:
        diff = [line for line in diff if not line.startswith("@@")]
    shown = [line[0] + _cut(visible(line[1:], keep="\t")) for line in diff[:BLOCK_LINES]]
    hidden = len(diff) - len(shown)
    return [*shown, f"@@ {hidden} more lines @@"] if hidden else shown


def excerpt(before: Any, after: Any) -> tuple[Any, Any]:
    """Both values where they are short; else, as text, the lines around what differs, with ``…`` for what is left out.

    What is left out is the same in both, but where even the rest is too long for an excerpt.
    """
    if _size(before) <= EXCERPT and _size(after) <= EXCERPT:
        return before, after
    if before is None or after is None:
        return _shortened(before), _shortened(after)
    one, two = _lines(before), _lines(after)
    if len(one) + len(two) > DIFF_LINES:
        return _shortened(before), _shortened(after)
    groups = difflib.SequenceMatcher(None, one, two, autojunk=False).get_grouped_opcodes(2)
    mine: list[str] = []
    theirs: list[str] = []
    for group in groups:
        mine += ["…", *one[group[0][1] : group[-1][2]]]
        theirs += ["…", *two[group[0][3] : group[-1][4]]]
    return _cut_text("\n".join([*mine, "…"])), _cut_text("\n".join([*theirs, "…"]))


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False, default=str))


def _shortened(value: Any) -> Any:
    return value if _size(value) <= EXCERPT else _cut_text("\n".join(_lines(value)))


def _cut_text(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _lines(value: Any, *, bare: bool = False) -> list[str]:
    safe = masked(value)
    if isinstance(safe, str):
        if "\n" in safe or len(safe) <= ONE_LINE or safe[:1] not in {"{", "["}:
            return safe.split("\n")
        try:  # some properties hold JSON in a string: on one line nobody sees what changed in it
            safe = masked(json.loads(safe))
        except ValueError:
            return [str(safe)]
    return outline(said(safe) if bare else safe)


def _without_carriage_returns(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Both without, unless they are all that differs: then they are what there is to see."""
    plain = [line.removesuffix("\r") for line in before], [line.removesuffix("\r") for line in after]
    return (before, after) if plain[0] == plain[1] else plain


def _cut(line: str) -> str:
    return line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]}… ({len(line)} characters)"


def _is_harmful(char: str) -> bool:
    return char in _MISLEADING or unicodedata.category(char) in _HARMFUL_CATEGORIES


def _written_out(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")
