"""Items as they are addressed on the command line.

An item is written as a plan prints it, kind and name by turns: ``project/OctoFX/channel/QA``; what has no name of its
own by one word: ``project/OctoFX/variables``. ``everything`` is all that the route includes. Where a kind has parts, a
name that holds a slash would be ambiguous in this form; it is given whole to an option (``--project 'A/B'``), which
takes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config.names import NEVER_KINDS, nearest
from worker.cli.errors import CliError
from worker.kinds import registry
from worker.kinds.kind import Mode
from worker.plan.values import NamePath, printed

EVERYTHING = "everything"


class Selection:
    """What a command is about: some items, or everything that the route includes. False if it is nothing."""

    def __init__(self, items: Iterable[NamePath] = (), *, everything: bool = False) -> None:
        self.items = tuple(dict.fromkeys(items))
        self.everything = everything

    def __bool__(self) -> bool:
        return self.everything or bool(self.items)

    def __str__(self) -> str:
        return EVERYTHING if self.everything else ", ".join(map(printed, self.items))


def selection(
    items: Sequence[str] | None,
    *,
    projects: Sequence[str] | None = None,
    library_sets: Sequence[str] | None = None,
    tenants: Sequence[str] | None = None,
) -> Selection:
    """What the arguments and options of a command name together. Raises :class:`CliError` for what names no item."""
    if EVERYTHING in (items or ()):
        if len(items or ()) > 1 or projects or library_sets or tenants:
            raise CliError("`everything` leaves nothing to add", then="name items, or `everything` alone")
        return Selection(everything=True)
    paths = [parse(item) for item in items or ()]
    for kind, names in (("project", projects), ("library-variable-set", library_sets), ("tenant", tenants)):
        paths += [(kind, _name(kind, name)) for name in names or ()]
    return Selection(paths)


def parse(text: str) -> NamePath:
    """``project/OctoFX/channel/QA`` → ``("project", "OctoFX", "channel", "QA")``. Raises :class:`CliError`."""
    kind, slash, rest = text.partition("/")
    if kind not in _top_kinds():
        raise _unknown_kind(text, kind)
    if not slash:
        raise CliError(f"{text!r} names a kind, but no item", then=f"write {kind}/NAME, or `everything`")
    name, *parts = rest.split("/") if any(_parts_of(kind)) else [rest]
    path: tuple[str, ...] = (kind, _name(kind, name))
    while parts:
        segments, named = _parts_of(kind)
        if len(parts) == 1 and parts[0] in segments:
            return (*path, parts[0])
        if len(parts) >= 2 and parts[0] in named:
            kind, part_name, *parts = parts
            path = (*path, kind, _name(kind, part_name))
        else:
            raise _unknown_part(text, path, parts, [*segments, *(f"{part}/NAME" for part in named)])
    return path


def _name(kind: str, name: str) -> str:
    if not name.strip():
        raise CliError(f"the name of the {kind} is empty", where="the command line", then=f"write {kind}/NAME")
    return name


def _top_kinds() -> list[str]:
    return [kind.name for kind in registry.ALL if not kind.owner_kinds and kind.mode is not Mode.LOOKUP]


def _parts_of(owner: str) -> tuple[list[str], list[str]]:
    """The words for its parts without names, and the kinds of those with names."""
    parts = registry.parts_of(registry.BY_NAME[owner])
    return [part.segment for part in parts if part.segment], [part.name for part in parts if not part.segment]


def _unknown_kind(text: str, kind: str) -> CliError:
    if kind in NEVER_KINDS:
        return CliError(f"{text!r}: items of kind {kind!r} {NEVER_KINDS[kind]}", then="leave it out: it never crosses")
    if kind in registry.BY_NAME and not registry.BY_NAME[kind].owner_kinds:
        what = f"{text!r}: items of kind {kind!r} are only looked up, for those that refer to them"
        return CliError(what, then="name what refers to it")
    known = _top_kinds()
    guess = nearest(kind, [*known, EVERYTHING])
    return CliError(
        f"{text!r} names no item: there is no kind {kind!r}",
        then=f"did you mean {guess!r}?" if guess else f"the kinds are {', '.join(known)}; or write `everything`",
    )


def _unknown_part(text: str, path: NamePath, rest: Sequence[str], known: Sequence[str]) -> CliError:
    owner = printed(path)
    whole = text.partition("/")[2]
    hint = f"known below it: {', '.join(known)}. "
    return CliError(
        f"{text!r}: {'/'.join(rest)!r} is no part of {owner}",
        then=hint + f"If the slash belongs to the name: --{path[0]} {whole!r}"
        if path[0] in _BY_OPTION
        else hint.strip(),
    )


_BY_OPTION = ("project", "library-variable-set", "tenant")
