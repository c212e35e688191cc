"""Options that several commands share, declared once so that they are called and explained the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.generator import Sizes


def _check_sizes(text: str | None) -> str | None:
    try:
        Sizes.parse(text or "")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def route_names(incomplete: str) -> list[str]:
    """For completion in the shell: the routes of the file that the settings name. Nothing is said where it cannot be
    read, since a person is about to type."""
    from config import load
    from config.problems import ConfigError
    from config.settings import read

    try:
        return [one.name for one in load.check(read().routes)[0].routes if one.name.startswith(incomplete)]
    except (ConfigError, OSError):
        return []


Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The routes file. Default: OCTOSYNC_ROUTES, or octosync.yaml."),
]
Redis = Annotated[
    str | None,
    typer.Option("--redis", metavar="URL", help="The Redis that the workers use. Default: OCTOSYNC_REDIS_URL."),
]
Route = Annotated[
    str | None,
    typer.Option(
        "--route",
        "-r",
        metavar="NAME",
        autocompletion=route_names,
        help="Which route. Not needed where the file has only one.",
    ),
]
Check = Annotated[
    bool,
    typer.Option("--check", help="Also look for pools without workers, roles without targets, unknown variables."),
]
AnyRoute = Annotated[
    str | None,
    typer.Option(
        "--route",
        "-r",
        metavar="NAME",
        autocompletion=route_names,
        help="Only this route. Default: all routes of the file.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Items = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ITEM",
        help="What: project/OctoFX, project/OctoFX/variables, library-variable-set/Shared, or everything. "
        "For a name with a slash in it use --project and its like.",
    ),
]
Projects = Annotated[
    list[str] | None, typer.Option("--project", metavar="NAME", help="A project, its name taken as it is. Repeatable.")
]
LibrarySets = Annotated[
    list[str] | None,
    typer.Option("--library-variable-set", metavar="NAME", help="A library variable set, likewise. Repeatable."),
]
Tenants = Annotated[list[str] | None, typer.Option("--tenant", metavar="NAME", help="A tenant, likewise. Repeatable.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record of runs.")]
Generate = Annotated[
    str | None,
    typer.Option(
        "--generate",
        metavar="SIZES",
        callback=_check_sizes,
        help="Fill a new server with a large space: projects=1000,variables=200000,tenants=5000.",
    ),
]
