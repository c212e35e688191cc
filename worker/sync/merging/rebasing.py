"""Rebasing: a baseline from before an upgrade, as it would be had the servers known then what they know now. Pure.

An upgraded server shows fields that it did not show before, each with what stands for nothing. Neither did the source
ask for that, nor did anybody on the destination do it. So a field that the release of then did not know is taken to
have been there, with its default:

    ``want``    else an edit made on the destination, after its upgrade, would be overwritten by a default of the source
    ``wrote``   else what is ours would look edited, and would never be removed

Where the default of a field is not known, what is there now is taken for it: then nothing is done, and a later edit is
seen. Of a field that the source knew all the time and the destination has come to know, ``want`` is left alone unless
its default is known: what the source says of it may now cross.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from config.versions import ServerVersion
from worker.kinds.kind import Kind
from worker.kinds.processes import PROPERTY_DEFAULTS
from worker.kinds.releases import Fields, Releases, Span, fields_of
from worker.kinds.shape import Shape
from worker.plan.values import Document
from worker.sync.merging.elements import objects, same_element
from worker.sync.world.baseline import Baseline
from worker.sync.world.fields import MISSING

_NOTHING: Any = object()
"""No value is known for a field: it stays out of the baseline."""


def rebased(kind: Kind, baseline: Baseline, want: Document, there: Document, releases: Releases) -> Baseline:
    """``want`` and ``there`` as they are now. The same baseline where neither server has another release."""
    then = _parsed(baseline.versions)
    now = releases.source, releases.destination
    if then is not None and [_line(one) for one in then] == [_line(one) for one in now]:
        return baseline
    fields = fields_of(kind.name)
    asked = _Side(fields, then[0] if then else None, releases.source, then[1] if then else None, releases.destination)
    written = _Side(fields, then[1] if then else None, releases.destination)
    return replace(
        baseline,
        want=asked.filled(kind.shape, "", baseline.want, want),
        wrote=written.filled(kind.shape, "", baseline.wrote, there) if baseline.wrote is not None else None,
    )


def _parsed(versions: tuple[str, str] | None) -> tuple[ServerVersion, ServerVersion] | None:
    return (ServerVersion.parse(versions[0]), ServerVersion.parse(versions[1])) if versions is not None else None


def _line(version: ServerVersion) -> tuple[int, int]:
    return version.year, version.release


@dataclass(frozen=True, slots=True)
class _Side:
    """``then`` and ``now``: of the server whose document it is. ``there_then``, ``there_now``: of the destination, for
    what the source asks of it."""

    fields: Fields
    then: ServerVersion | None
    now: ServerVersion
    there_then: ServerVersion | None = None
    there_now: ServerVersion | None = None

    def filled(self, shape: Shape, above: str, remembered: Any, current: Any) -> Any:
        """What is remembered, with what was new since."""
        if not isinstance(remembered, dict) or not isinstance(current, dict):
            return remembered
        result = dict(remembered)
        for name, value in current.items():
            path = f"{above}{name}"
            if name not in remembered:
                span = self.fields.span(above, name, current)
                default = PROPERTY_DEFAULTS.get(name, _NOTHING) if shape.free else self.default(path, value, span)
                if default is not _NOTHING:
                    result[name] = default
            elif name in shape.elements:
                result[name] = self.elements(shape, name, f"{path}[].", remembered[name], value)
            elif isinstance(value, dict):
                result[name] = self.filled(shape.children.get(name, _DATA), f"{path}.", remembered[name], value)
        return result

    def elements(self, shape: Shape, name: str, above: str, remembered: Any, current: Any) -> Any:
        inner = shape.elements[name]
        among = objects(current)
        found = []
        for element in objects(remembered):
            now = same_element(element, among, inner.identity)
            found.append(self.filled(inner.shape, above, element, now) if now is not MISSING else element)
        return found

    def default(self, path: str, value: Any, span: Span | None) -> Any:
        """What a field is taken to have been; :data:`_NOTHING` where it was known, or may only now be said."""
        if span is None:
            return _NOTHING
        if span.came(self.then, self.now):
            return self.fields.defaults.get(path, value)
        if self.there_now is not None and span.came(self.there_then, self.there_now):
            return self.fields.defaults.get(path, _NOTHING)
        return _NOTHING


_DATA = Shape(server=frozenset())
