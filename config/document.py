"""A YAML file as plain values, with the place of every key and value.

Differs from ``yaml.safe_load`` where that would let a mistake pass, or make one:

* A key that is given twice is an error; YAML libraries silently keep the last.
* Every scalar is text, but for ``null``. It is the field that says whether ``30`` is a number, so a project may be
  called ``2024``, ``No`` or ``1e3`` without quotes, which YAML 1.1 would read as numbers and a truth value.
* No tags. Anchors, aliases and ``<<`` work, for rules that several routes share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.model import Where

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_YAML_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset({"str", "null", "bool", "int", "float", "timestamp", "merge", "value", "seq", "map"})
"""What YAML itself finds in untagged nodes; written out (``!!str``) they do no harm."""


@dataclass(frozen=True, slots=True)
class Place:
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """``keys`` and ``values`` have the place of the key, or list dash, and of what it holds."""

    content: Any
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)

    def place(self, where: Where) -> Place:
        """The place of a key, or of the nearest thing around it that the file has."""
        while where and where not in self.keys:
            where = where[:-1]
        return self.keys.get(where, Place(1, 1))


class DocumentError(Exception):
    """The file is no YAML, or more YAML than a routes file may be."""

    def __init__(self, place: Place, where: Where, message: str, suggestion: str) -> None:
        self.place, self.where, self.message, self.suggestion = place, where, message, suggestion
        super().__init__(message)


def parse(text: str) -> Document:
    """Raises :class:`DocumentError`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        context = f"{error.context}: " if error.context else ""
        raise DocumentError(place, (), f"not YAML: {context}{error.problem}", _likely(context, error)) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        message = f"not YAML: the character #x{error.character:04x} is not allowed"
        raise DocumentError(place, (), message, "take it out, and save the file as UTF-8 text") from None
    document = _Reader()
    content = None if root is None else document.read(root, ())
    return Document(content, document.keys, document.values)


def _likely(context: str, error: yaml.MarkedYAMLError) -> str:
    """What was most likely meant, where it is not YAML."""
    problem = error.problem or ""
    if "alias" in context:
        return 'what begins with a * stands in quotes: "*"'
    if "\\t" in problem:
        return "indent with blanks: YAML takes no tabs"
    if "another document" in problem:
        return "take the line of three dashes out, and what follows it elsewhere"
    return "see there, and in the line above, for a quote, bracket, comma or colon too few or too many"


class _Reader:
    def __init__(self) -> None:
        self.keys: dict[Where, Place] = {}
        self.values: dict[Where, Place] = {}
        self._open: list[Node] = []

    def read(self, node: Node, where: Where) -> Any:
        place = _place(node)
        self.values[where] = place
        if isinstance(node, ScalarNode):
            self._no_tag(node, where, place)
            return None if node.style is None and node.value in _NULLS else node.value
        if node in self._open:
            raise DocumentError(place, where, "an alias that holds itself", "write out what is meant")
        self._open.append(node)
        try:
            self._no_tag(node, where, place)
            if isinstance(node, SequenceNode):
                return [self._entry(child, (*where, at)) for at, child in enumerate(node.value)]
            return self._mapping(node, where)
        finally:
            self._open.pop()

    def _entry(self, node: Node, where: Where) -> Any:
        self.keys[where] = _place(node)
        return self.read(node, where)

    def _mapping(self, node: Node, where: Where) -> dict[str, Any]:
        own: dict[str, tuple[Place, Node]] = {}
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node)
            if not isinstance(key_node, ScalarNode):
                raise DocumentError(
                    place, where, "a key is a plain name", "put it in quotes, or take the ? or bracket out"
                )
            key = key_node.value
            if key in own:
                message = f"the key {key!r} is given twice, first in line {own[key][0].line}"
                raise DocumentError(place, (*where, key), message, "keep one of them")
            own[key] = place, value_node
        if "<<" in own:
            for base in _merged(own.pop("<<")[1], where):
                content |= self.read(base, where)
        for key, (place, value_node) in own.items():
            self.keys[(*where, key)] = place
            content[key] = self.read(value_node, (*where, key))
        return content

    def _no_tag(self, node: Node, where: Where, place: Place) -> None:
        if node.tag.removeprefix(_YAML_TAG) not in _PLAIN_TAGS:
            message = f"the tag {node.tag} is not used here"
            raise DocumentError(place, where, message, "write the value itself; a secret is named: {env: NAME}")


def _merged(node: Node, where: Where) -> Iterator[Node]:
    """The mappings to merge, the weakest first: where a list of them has a key twice, the earlier one counts."""
    for base in reversed(node.value) if isinstance(node, SequenceNode) else [node]:
        if not isinstance(base, MappingNode):
            message = "`<<` takes a mapping, or a list of them"
            raise DocumentError(_place(base), where, message, "name an anchor of keys with values: <<: *name")
        yield base


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
