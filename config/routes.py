"""The routes file: the instances, and the routes between their spaces.

    RoutesFile
     ├─ Instance          one Octopus Server and our credential for it
     └─ Route             source Endpoint → destination Endpoint
         ├─ Selection     include, exclude
         ├─ maps          names that differ
         ├─ Rules         what happens when the two do not fit
         └─ Limits        how much may change before a person is asked

Read one with :func:`config.load.load`, which says at which line something is wrong.
"""

from __future__ import annotations

from pydantic import model_validator

from config.checks import errors
from config.instances import Instance
from config.model import Model, Refused
from config.names import name_key
from config.route import Endpoint, FirstContact, Mode, Route
from config.secret import Secret, SecretMissingError
from config.selection import Selection, Selector

__all__ = [
    "Endpoint",
    "FirstContact",
    "Instance",
    "Mode",
    "Route",
    "RoutesFile",
    "Secret",
    "SecretMissingError",
    "Selection",
    "Selector",
]


class RoutesFile(Model):
    instances: tuple[Instance, ...]
    routes: tuple[Route, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> RoutesFile:
        wrong = errors(self.instances, self.routes)
        if wrong:
            raise Refused(*wrong)
        return self

    def route(self, name: str) -> Route:
        """Raises :class:`KeyError`."""
        for route in self.routes:
            if route.name == name:
                return route
        raise KeyError(name)

    def instance(self, name: str) -> Instance:
        """Raises :class:`KeyError`."""
        for instance in self.instances:
            if instance.name == name:
                return instance
        raise KeyError(name)

    def sources(self) -> dict[Endpoint, tuple[Route, ...]]:
        """Every space that is a source, with the routes that it feeds. One entry per space, however it is spelt."""
        fed: dict[tuple[str, str], list[Route]] = {}
        for route in self.routes:
            fed.setdefault(route.source.key, []).append(route)
        return {routes[0].source: tuple(routes) for routes in fed.values()}

    def fed_by(self, instance: str, space: str) -> tuple[Route, ...]:
        """The routes that a space feeds; none if it is no source."""
        return tuple(route for route in self.routes if route.source.key == (instance, name_key(space)))
