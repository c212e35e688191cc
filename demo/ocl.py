"""Reads OCL, the language in which Octopus keeps a project in Git.

A file is a body; a body holds attributes and blocks; a block has a name, labels and a body of its own:

    step "deploy-web" {                       block `step`, label "deploy-web"
        name = "Deploy web"                   attribute: string, number, boolean, list or map
        properties = {
            Octopus.Action.Script.ScriptBody = <<-EOT      text up to EOT, less the indentation its lines share
                    echo hello
                EOT
        }
    }

The shape is HCL's without expressions and comments (OctopusDeploy/Ocl, README). Only reading is needed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Block", "OclError", "parse"]

_WORD = re.compile(r"[^\s=\"{}\[\],]+")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_HEREDOC = re.compile(r"<<(-?)(\w+)[ \t]*\n(.*?)\n?[ \t]*\2[ \t]*(?=\n|\Z)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class OclError(ValueError):
    """The text is not OCL; the message names the line."""


@dataclass(slots=True)
class Block:
    """A block: its labels, its attributes and the blocks in it, in order. The file itself is one without a name."""

    name: str = ""
    labels: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def all(self, *names: str) -> list[Block]:
        """The blocks directly in this one that have one of these names."""
        return [block for block in self.blocks if block.name in names]

    def one(self, name: str) -> Block:
        """The first block of that name, or an empty one."""
        return next(iter(self.all(name)), Block(name))

    def get(self, *names: str, default: Any = None) -> Any:
        """The first of these attributes that is there: OCL has renamed some over the years."""
        return next((self.attributes[name] for name in names if name in self.attributes), default)


def parse(text: str) -> Block:
    """The file's body. Raises OclError for text that is not OCL."""
    reader = _Reader(text.replace("\r\n", "\n").removeprefix("\ufeff"))
    root = reader.body(Block())
    if not reader.at_end():
        raise reader.error("a closing brace too many")
    return root


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def error(self, what: str) -> OclError:
        line = self.text.count("\n", 0, self.position) + 1
        return OclError(f"line {line}: {what}")

    def skip_space(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def at_end(self) -> bool:
        self.skip_space()
        return self.position >= len(self.text)

    def peek(self, token: str) -> bool:
        self.skip_space()
        return self.text.startswith(token, self.position)

    def take(self, token: str) -> bool:
        if not self.peek(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.error(f"expected {token!r}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip_space()
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def body(self, block: Block) -> Block:
        while not self.at_end() and not self.peek("}"):
            name = self.name()
            if self.take("="):
                block.attributes[name] = self.value()
                continue
            labels = []
            while not self.peek("{"):
                labels.append(self.name())
            self.expect("{")
            block.blocks.append(self.body(Block(name, tuple(labels))))
            self.expect("}")
        return block

    def name(self) -> str:
        if quoted := self.match(_STRING):
            return _unescape(quoted[1])
        if word := self.match(_WORD):
            return word[0]
        raise self.error("expected a name")

    def value(self) -> Any:
        if heredoc := self.match(_HEREDOC):
            return _unindent(heredoc[3]) if heredoc[1] else heredoc[3]
        if quoted := self.match(_STRING):
            return _unescape(quoted[1])
        if self.take("["):
            return self.sequence()
        if self.take("{"):
            return self.mapping()
        word = self.match(_WORD)
        if word and word[0] in ("true", "false"):
            return word[0] == "true"
        if word and re.fullmatch(r"-?\d+", word[0]):
            return int(word[0])
        raise self.error("expected a value")

    def sequence(self) -> list[Any]:
        items = []
        while not self.take("]"):
            items.append(self.value())
            self.take(",")
        return items

    def mapping(self) -> dict[str, Any]:
        entries = {}
        while not self.take("}"):
            name = self.name()
            self.expect("=")
            entries[name] = self.value()
        return entries


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _unindent(text: str) -> str:
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return "\n".join(line[min(indents, default=0) :] for line in lines)
