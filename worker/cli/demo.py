"""``octosync demo``: two local servers, kept in step before your eyes."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import Generate


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running at the end, to look around, until interrupted.")
    ] = False,
    generate: Generate = None,
) -> None:
    """Start two local Octopus Servers, a Redis, a receiver and a worker, fill one, and watch the other follow."""
    from demo import run  # it starts half the product, which the other commands need not load

    raise typer.Exit(run.main(keep=keep, sizes=generate))
