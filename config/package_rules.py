"""The rules for packages of the built-in feed."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from config.model import Model, refuse

LATEST: Final = "latest"


def _version_patterns(versions: Any) -> Any:
    if isinstance(versions, str) and versions != LATEST:
        raise refuse("version patterns come in a list, one to an entry", f"write [{versions!r}], or {LATEST}")
    if isinstance(versions, list | tuple) and not all(isinstance(one, str) and one.strip() for one in versions):
        raise refuse("a version pattern is text, and not empty", 'write "1.0.*" in quotes')
    return versions


class PackageRules(Model):
    """Packages of the built-in feed. None crosses unless the route includes it, not even where a step needs it."""

    versions: Annotated[
        Literal["latest"] | Annotated[tuple[str, ...], Field(min_length=1)], BeforeValidator(_version_patterns)
    ] = LATEST
    """``latest``: the source's latest, unless the destination has a later one. Or patterns: all versions that match."""
