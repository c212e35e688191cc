"""Templates, and what they know besides what a view gives them."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from worker.desk.times import span
from worker.plan.text import visible
from worker.plan.values import printed


class Static:
    """The files beside the templates, by name. Their address holds what they hold, so a browser may keep them."""

    def __init__(self) -> None:
        folder = resources.files(__package__).joinpath("static")
        self._files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
        self._versions = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()}

    def address(self, name: str) -> str:
        return f"/static/{name}?v={self._versions[name]}"

    def get(self, name: str) -> tuple[bytes, str] | None:
        """Content and type."""
        body = self._files.get(name)
        return (body, mimetypes.guess_type(name)[0] or "application/octet-stream") if body is not None else None


@cache
def static() -> Static:
    return Static()


@cache
def environment() -> Environment:
    found = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {"plain": plain, "breakable": breakable, "path": path, "ago": ago, "moment": moment, "span": span}
    found.globals |= {"static": static().address, "query": query}
    return found


def plain(text: object) -> str:
    """Text as it is, with what would hide in it or change how it reads written out."""
    return visible(str(text), keep="\n\t")


def breakable(text: object) -> Markup:
    """:func:`plain`, and a line may be broken after each slash."""
    return Markup("/<wbr>").join(plain(text).split("/"))


def path(names: Iterable[str]) -> str:
    return visible(printed(tuple(names)))


def ago(instant: str | datetime | int | None, now: datetime, otherwise: str = "never") -> Markup:
    """How long ago that was, as an element that tells the instant itself, too. Numbers are milliseconds since 1970."""
    found = _datetime(instant)
    if found is None:
        return Markup("<span class=muted>{}</span>").format(otherwise)
    seconds = (now - found).total_seconds()
    words = "now" if -1 < seconds < 1 else f"in {span(-seconds)}" if seconds < 0 else f"{span(seconds)} ago"
    exact = found.astimezone(now.tzinfo).isoformat(" ", "seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(found.isoformat(), exact, words)


def moment(instant: str | datetime | int | None, now: datetime, otherwise: str = "never") -> Markup:
    """The instant by the clock of ``now``, to the second."""
    found = _datetime(instant)
    if found is None:
        return Markup("<span class=muted>{}</span>").format(otherwise)
    there = found.astimezone(now.tzinfo)
    return Markup('<time datetime="{}">{}</time>').format(found.isoformat(), there.strftime("%Y-%m-%d %H:%M:%S %Z"))


def query(**wanted: Any) -> str:
    """``?a=b&c=d``, without what is empty; empty if nothing is left."""
    kept = {name: str(value) for name, value in wanted.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else ""


def _datetime(instant: str | datetime | int | None) -> datetime | None:
    if instant is None or instant == "":
        return None
    if isinstance(instant, int):
        return datetime.fromtimestamp(instant / 1000, UTC)
    try:
        found = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:  # of a source, which may write them as it likes
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
