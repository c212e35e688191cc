"""``octosync sandbox``: a local Octopus Server, to try things and to test against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox import __main__ as server
from sandbox.settings import DEFAULT_API_KEY, DEFAULT_VERSION
from worker.cli.options import Generate


def sandbox(
    port: Annotated[int, typer.Option("--port", "-p", help="Where it listens; 0 takes a free port.")] = 8065,
    host: Annotated[str, typer.Option("--host", help="On which address.")] = "127.0.0.1",
    api_key: Annotated[str, typer.Option("--api-key", help="The key that it accepts.")] = DEFAULT_API_KEY,
    version: Annotated[str, typer.Option("--version", help="The release of Octopus that it plays.")] = DEFAULT_VERSION,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="Read at start if it is there, written at the end.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse bodies with unknown or missing properties, as newer servers may.")
    ] = False,
    generate: Generate = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides the GUIDs, and what is generated.")] = 0,
) -> None:
    """Run a local Octopus Server until it is interrupted. `python -m sandbox --help` lists all that it can do."""
    arguments = ["--port", str(port), "--host", host, "--api-key", api_key, "--version", version, "--seed", str(seed)]
    if state is not None:
        arguments += ["--state", str(state)]
    if strict:
        arguments.append("--strict")
    if generate is not None:
        arguments += ["--generate", generate]
    raise typer.Exit(server.main(arguments))
