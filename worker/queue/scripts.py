"""The Lua scripts of the queue: one file each in ``lua/``, loaded and registered by name.

A script may begin with ``-- include: queue``; the text of ``lua/queue.lua`` is then put before it. Redis keeps scripts
by their hash, so the first call loads a script and every later one sends the hash alone; a restarted server is noticed
and loaded anew by the client.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

_INCLUDE = "-- include: "


def names() -> list[str]:
    """Every script by name, without those that exist only to be included."""
    files = sorted(
        f.name.removesuffix(".lua") for f in resources.files(__package__).joinpath("lua").iterdir() if f.is_file()
    )
    return [name for name in files if name != "queue"]


@cache
def source(name: str) -> str:
    """The text of a script, its include in place. Raises ``FileNotFoundError`` for a name without a file."""
    text = resources.files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")
    if text.startswith(_INCLUDE):
        included, _, rest = text.removeprefix(_INCLUDE).partition("\n")
        return f"{source(included)}\n{rest}"
    return text


def register(redis: Redis, name: str) -> AsyncScript:
    return redis.register_script(source(name))
