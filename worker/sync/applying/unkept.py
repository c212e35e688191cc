"""Unkept: what was sent to a server and is not in its answer.

A server takes a field that its release does not know, and says nothing of it. The plan leaves out what it knows to be
so (:mod:`worker.sync.translating.fitting`); whatever else is lost this way is found here, and told to a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog

from worker.kinds.kind import Kind
from worker.kinds.releases import Releases
from worker.kinds.shape import Shape
from worker.plan.values import Action, CleanUp, Document, printed
from worker.sync.translating.fitting import says_something

log = structlog.get_logger(__name__)

REASON = "not-kept"


def with_unkept(kind: Kind, action: Action, sent: Document, answer: Document, releases: Releases | None) -> Action:
    """The action, with a clean-up entry for each field that was lost. Servers of one release keep all that the other
    one says."""
    lost = sorted(set(_lost(kind.shape, sent, answer, ""))) if releases is not None and releases.differ else []
    if releases is None or not lost:
        return action
    log.warning("not-kept", item=printed(action.path), fields=lost)
    line = releases.destination.line
    text = f"was sent, and Octopus {line} did not keep it: its release may not know it. Set by hand what stands for it"
    entries = (CleanUp(action.path, where, REASON, text) for where in lost)
    return replace(action, clean_ups=(*action.clean_ups, *entries))


def _lost(shape: Shape, sent: Document, answer: Document, above: str) -> Iterator[str]:
    """The places below ``above`` at which something was said that is not there any more."""
    for name, value in sent.items():
        path = f"{above}{name}"
        if name == "Id" or name in shape.server or shape.free:
            continue
        if name not in answer:
            if says_something(value):
                yield path
        else:
            yield from _below(shape, name, value, answer[name], path)


def _below(shape: Shape, name: str, sent: Any, answer: Any, path: str) -> Iterator[str]:
    if name in shape.children and isinstance(sent, dict) and isinstance(answer, dict):
        yield from _lost(shape.children[name], sent, answer, f"{path}.")
    if name in shape.elements and isinstance(sent, list) and isinstance(answer, list) and len(sent) == len(answer):
        for one, other in zip(sent, answer, strict=True):
            if isinstance(one, dict) and isinstance(other, dict):
                yield from _lost(shape.elements[name].shape, one, other, f"{path}[].")
