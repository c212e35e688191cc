"""What can be wrong with a routes file although each of its entries is right: names, directions, owners.

``errors`` are part of reading the file. ``warnings`` are doubts, for ``octosync config check``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from config.instances import Instance
from config.model import Finding
from config.names import name_key, nearest
from config.overlap import UndecidedError, overlaps
from config.route import Endpoint, Route

Space = tuple[str, str]
"""Server and name key of the space: equal for one space, under whatever entry of `instances` it is reached."""


def errors(instances: Sequence[Instance], routes: Sequence[Route]) -> list[Finding]:
    found = [
        *_named_once("instances", instances),
        *_named_once("routes", routes),
        *_unknown_instances(instances, routes),
    ]
    if found:
        return found  # the rest would speak of spaces that nobody can place
    servers = {instance.name: instance.server for instance in instances}
    return [*_loops(routes, servers), *(f for f in _two_owners(routes, servers) if f.severity == "error")]


def warnings(instances: Sequence[Instance], routes: Sequence[Route]) -> list[Finding]:
    """Of a file without errors."""
    servers = {instance.name: instance.server for instance in instances}
    used = {endpoint.instance for route in routes for endpoint in (route.source, route.destination)}
    return [
        *(
            Finding(
                ("instances", at, "name"),
                f"no route uses the instance {instance.name!r}",
                "name it in a route, or take it out",
                "warning",
            )
            for at, instance in enumerate(instances)
            if instance.name not in used
        ),
        *(
            Finding(
                ("instances", at, "verify_tls"),
                "anybody in between can read the API key",
                "trust its certificate with `ca_file` instead",
                "warning",
            )
            for at, instance in enumerate(instances)
            if not instance.verify_tls
        ),
        *(
            Finding(("routes", at), f"route {route.name!r} includes nothing", "list kinds under `include`", "warning")
            for at, route in enumerate(routes)
            if not any(route.include.selectors(kind) for kind in route.include.kinds)
        ),
        *(f for f in _two_owners(routes, servers) if f.severity == "warning"),
    ]


def _named_once(key: str, entries: Sequence[Instance] | Sequence[Route]) -> Iterator[Finding]:
    names = [entry.name for entry in entries]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Finding((key, at, "name"), f"{name!r} is the name of two {key}", "give one of them another")


def _unknown_instances(instances: Sequence[Instance], routes: Sequence[Route]) -> Iterator[Finding]:
    known = [instance.name for instance in instances]
    for at, route in enumerate(routes):
        for side, endpoint in (("source", route.source), ("destination", route.destination)):
            if endpoint.instance not in known:
                guess = nearest(endpoint.instance, known)
                yield Finding(
                    ("routes", at, side, "instance"),
                    f"there is no instance {endpoint.instance!r}",
                    f"did you mean {guess!r}?" if guess else f"known are {', '.join(known) or 'none'}",
                )


def _space(endpoint: Endpoint, servers: dict[str, str]) -> Space:
    return servers[endpoint.instance], name_key(endpoint.space)


def _loops(routes: Sequence[Route], servers: dict[str, str]) -> Iterator[Finding]:
    """Routes that lead back to where they come from, each circle reported once, at the route that closes it."""
    leads: dict[Space, list[tuple[Space, str]]] = {}
    for at, route in enumerate(routes):
        source, destination = _space(route.source, servers), _space(route.destination, servers)
        if source == destination:
            yield Finding(
                ("routes", at, "destination"),
                f"route {route.name!r} leads into its own source",
                "name another instance, or another space of it",
            )
            continue
        way = _way(destination, source, leads)
        if way is not None:
            circle = " → ".join([*way, route.name])
            yield Finding(
                ("routes", at, "destination"),
                f"routes in a circle: {circle}",
                "one of the spaces has to be the source of truth",
            )
        leads.setdefault(source, []).append((destination, route.name))


def _way(start: Space, end: Space, leads: dict[Space, list[tuple[Space, str]]]) -> list[str] | None:
    """The names of the routes from one space to another, or ``None``."""
    ways: dict[Space, list[str]] = {start: []}
    pending = [start]
    while pending:
        here = pending.pop()
        if here == end:
            return ways[here]
        for there, name in leads.get(here, []):
            if there not in ways:
                ways[there] = [*ways[here], name]
                pending.append(there)
    return None


def _two_owners(routes: Sequence[Route], servers: dict[str, str]) -> Iterator[Finding]:
    """An item of a destination belongs to one route."""
    for (_, one), (at, other) in combinations(enumerate(routes), 2):
        if _space(one.destination, servers) != _space(other.destination, servers):
            continue
        try:
            found = overlaps(one, other)
        except UndecidedError:
            message = (
                f"routes {one.name!r} and {other.name!r} write to one space, and whether they overlap cannot be decided"
            )
            yield Finding(("routes", at, "include"), message, "use fewer wildcards", "warning")
            continue
        for overlap in found:
            yield Finding(
                ("routes", at, "include", overlap.kind),
                f"routes {one.name!r} and {other.name!r} would both write {overlap.kind} {overlap.name!r} "
                f"in {other.destination}",
                "exclude it from one of them",
            )
