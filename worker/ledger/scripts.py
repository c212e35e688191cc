"""The Lua scripts of the ledger: one file each in ``lua/``, loaded and registered by name.

Redis keeps scripts by their hash, so the first call loads a script and every later one sends the hash alone; a
restarted server is noticed and loaded anew by the client.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript


def names() -> list[str]:
    """Every script by name."""
    files = (entry.name for entry in resources.files(__package__).joinpath("lua").iterdir())
    return sorted(name.removesuffix(".lua") for name in files if name.endswith(".lua"))


@cache
def source(name: str) -> str:
    """The text of a script. Raises FileNotFoundError for a name without a file."""
    return resources.files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")


def register(redis: Redis, name: str) -> AsyncScript:
    return redis.register_script(source(name))
