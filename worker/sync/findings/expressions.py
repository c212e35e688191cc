"""Expressions: which variables a text asks for, as Octopus' template language (Octostache) reads it. Pure.

    #{Url}   #{Url | ToLower}                    asks for Url
    #{Endpoints[#{Octopus.Environment.Name}]}    asks for something among Endpoints[…, and what stands within for itself
    #{each one in Endpoints}#{one.Url}#{/each}   `one` belongs to the loop
    #{if Debug}…#{/if}   #{each one in Extra}    may name what is not there: then it is false, or there is nothing to do
    #{calc Instances * 2}                        asks for Instances
    ##{Url}                                      is text

What cannot be a name is no expression (other languages write ``#{…}`` as well), and what only Octopus knows
(``Octopus.…``, ``env:…``) is not asked for. Where there is doubt, nothing is found: whoever is told that a variable is
missing must be able to trust it. Source: the Octostache grammar (OctopusDeploy/Octostache, ``TemplateParser``) and
Octopus' page "Variable substitutions".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NESTED = "\0"
"""Stands for an expression within an expression."""
_SEPARATORS = ".[:"
"""A name may go on after one of these: with a property of the value, an element of it, a part of its JSON."""

_NAME = re.compile(r"[\w(~][\w \t\-:/~()]*(?:\.[\w \t\-:/~()]+|\[[^\[\]]*\])*")
_EACH = re.compile(r"each\s+(?P<local>\w+)\s+in\s+(?P<name>.+)", re.DOTALL)
_CONDITION = re.compile(r"(?:if|unless)\s+(?P<condition>.+)", re.DOTALL)
_OPERATORS = re.compile(r"==|!=|&&|\|\||\band\b|\bor\b")
_QUOTED = re.compile(r"\\?\"[^\"]*\"|'[^']*'")
_CALC = re.compile(r"calc\s+(?P<sum>.+)", re.DOTALL)
_TERM = re.compile(r"\{([^{}]*)\}|([^+\-*/()\s{}]+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OURS = re.compile(r"octopus|env:", re.IGNORECASE)
DEEPEST = 20
"""Expressions within expressions. What goes deeper is left alone."""


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A variable that is asked for. ``open``: ``name`` is only how it begins; the rest only a deployment knows."""

    name: str
    open: bool = False


def references(text: str) -> list[Reference]:
    """The variables that a text asks for, each once, in order of their names. Never raises."""
    if "#{" not in text:
        return []
    found: set[Reference] = set()
    optional: set[str] = set()
    for body in _bodies(text):
        _read(body, found, optional)
    return sorted(one for one in found if not {stem(one.name), one.name.casefold()} & optional)


def stem(name: str) -> str:
    """``endpoints`` of ``Endpoints[0].Url``."""
    cut = min((at for at in map(name.find, _SEPARATORS) if at >= 0), default=len(name))
    return name[:cut].strip().casefold()


def is_known(reference: Reference, names: Collection[str]) -> bool:
    """Whether one of ``names`` (case-folded) may be what is asked for: the name itself, a value of which it names a
    part, or a collection of which it names the whole."""
    name = reference.name.casefold()
    if name in names or any(name[:at] in names for at, char in enumerate(name) if char in _SEPARATORS):
        return True
    beginnings = (name,) if reference.open else tuple(f"{name}{separator}" for separator in _SEPARATORS)
    return any(known.startswith(beginnings) for known in names)


def _bodies(text: str, depth: int = 0) -> Iterator[str]:
    """What stands between ``#{`` and its ``}``, with a mark where an expression stands within; these come as well."""
    at = 0
    while depth < DEEPEST and (begin := text.find("#{", at)) >= 0:
        at = begin + 2
        if begin > 0 and text[begin - 1] == "#":
            continue
        end = _end(text, at)
        if end is None:
            continue
        inner = text[at:end]
        if "#{" in inner:
            yield from _bodies(inner, depth + 1)
            inner = _without_nested(inner)
        yield inner.strip()
        at = end + 1


def _end(text: str, at: int) -> int | None:
    """Where the expression that begins before ``at`` ends; its braces may be nested."""
    depth = 1
    for place in range(at, min(len(text), at + 2_000)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    return None


def _without_nested(body: str) -> str:
    parts: list[str] = []
    at = 0
    while (begin := body.find("#{", at)) >= 0 and (end := _end(body, begin + 2)) is not None:
        parts += [body[at:begin], _NESTED]
        at = end + 1
    return "".join([*parts, body[at:]])


def _read(body: str, found: set[Reference], optional: set[str]) -> None:
    if (each := _EACH.fullmatch(body)) is not None:
        optional |= {each["local"].casefold(), *_either(each["name"])}
    elif (condition := _CONDITION.fullmatch(body)) is not None:
        for operand in _OPERATORS.split(_QUOTED.sub(" ", condition["condition"])):
            optional |= _either(operand)
    elif (calc := _CALC.fullmatch(body)) is not None:
        for braced, plain in _TERM.findall(calc["sum"]):
            _add(braced or plain, found)
    elif body != "else" and not body.startswith("/"):
        _add(body.partition("|")[0], found)


def _either(text: str) -> set[str]:
    name = text.partition("|")[0].strip().casefold()
    return {name, stem(name)} - {""}


def _add(text: str, found: set[Reference]) -> None:
    name, nested, _ = text.partition(_NESTED)
    name = name.strip()
    fits = _NAME.fullmatch(name + ("]" if name.endswith("[") else "") if nested else name)
    if fits is None or _OURS.match(name) or _NUMBER.fullmatch(name):
        return
    found.add(Reference(name, bool(nested)))
