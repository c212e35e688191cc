"""A group of commands about one list: ``octosync runs`` lists, ``octosync runs show X`` shows one of them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_HELP = {"-h", "--help"}


class ListByDefault(TyperGroup):
    """Runs ``list`` where no command is named, with whatever options are given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in _HELP):
            args = ["list", *args]
        return super().parse_args(ctx, args)
