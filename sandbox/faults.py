"""Faults: what can go wrong between a client and a server, on request.

A fault waits for requests that it fits, hits the next `Count` of them (0: all, until removed) and is then spent. As
JSON, with its defaults:

    {"Kind": "status", "Method": "", "Path": "", "Count": 1, "Status": 503, "Message": "...", "Errors": [],
     "Headers": {}, "Seconds": 0.0, "Document": "", "Name": ""}

`Kind` is one of

- `status`: answer `Status` with an error body, and do nothing else. 429 takes `Headers: {"Retry-After": "1"}`.
- `maintenance`: 503, as a server in maintenance mode gives it, to administrators too.
- `latency`: wait `Seconds`, then go on.
- `reset-before`: drop the connection before anything was done.
- `reset-after`: do what was asked, then drop the connection: the client cannot know.
- `out-of-date`: check everything, and refuse the write at the last moment with the 400 of Octopus' optimistic lock.
- `truncated`: do what was asked, send half of the answer, drop the connection.
- `slow-body`: do what was asked, and send the answer in pieces over `Seconds`.
- `wrong-content-type`: do what was asked, and answer a page of HTML with status 200, as a proxy or login page does.
- `broken`: every answer that would show `Document` is 404, lists included (OctopusDeploy/Issues#7521).
- `vanish`: after the answer `Document` is deleted by somebody else; if something holds on to it, it is out of sight.
- `rename`: after the answer `Document` is called `Name` (or its name with " (renamed)") by somebody else.

`Method` is compared as it is ("" = any); `Path` is a regular expression searched for in path and query, in any case.
How each acts is in `sandbox.fault_effects`; what goes wrong with webhooks is set at another route (`sandbox.delivery`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

__all__ = ["Fault", "FaultKind", "Faults"]

FaultKind = Literal[
    "status",
    "maintenance",
    "latency",
    "reset-before",
    "reset-after",
    "out-of-date",
    "truncated",
    "slow-body",
    "wrong-content-type",
    "broken",
    "vanish",
    "rename",
]
_ABOUT_A_DOCUMENT = ("broken", "vanish", "rename")


@dataclass(slots=True)
class Fault:
    kind: FaultKind
    method: str = ""
    path: str = ""
    count: int = 1
    status: int = 503
    message: str = "The sandbox was asked to fail here."
    errors: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    document: str = ""
    name: str = ""
    id: str = ""
    hits: int = 0

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Fault:
        """A fault from its JSON. Raises ValueError for one that could never hit, or hit as nobody meant."""
        known = {name[0].upper() + name[1:]: name for name in cls.__slots__ if name not in ("id", "hits")}
        unknown = sorted(set(body) - set(known))
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        if body.get("Kind") not in get_args(FaultKind):
            raise ValueError(f"Kind must be one of {', '.join(get_args(FaultKind))}")
        default = cls("status")
        for name, value in body.items():
            wanted = getattr(default, known[name])
            if not isinstance(value, (int, float) if isinstance(wanted, float) else type(wanted)):
                raise ValueError(f"{name} cannot be {value!r}")  # noqa: TRY004 - the caller answers ValueError
        fault = cls(**{known[name]: value for name, value in body.items()})
        if fault.kind in _ABOUT_A_DOCUMENT and not fault.document:
            raise ValueError(f"{fault.kind} needs the id of a Document")
        try:
            re.compile(fault.path)
        except re.error as error:
            raise ValueError(f"Path is no regular expression: {error}") from error
        return fault

    def to_json(self) -> dict[str, Any]:
        return {name[0].upper() + name[1:]: getattr(self, name) for name in self.__slots__}

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("", method) and re.search(self.path, path, re.IGNORECASE) is not None

    @property
    def spent(self) -> bool:
        return self.count > 0 and self.hits >= self.count


class Faults:
    """The faults that wait. Iterating gives them in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, fault: Fault) -> Fault:
        fault.id = f"Faults-{next(self._numbers)}"
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def remove(self, fault_id: str) -> bool:
        kept = [fault for fault in self._faults if fault.id != fault_id]
        removed = len(kept) < len(self._faults)
        self._faults = kept
        return removed

    def hit(self, method: str, path: str) -> list[Fault]:
        """The faults that this request meets: every latency, and the first of the others. Counts them."""
        hit: list[Fault] = []
        for fault in self._faults:
            stops = fault.kind != "latency"
            if fault.fits(method, path) and not (stops and any(other.kind != "latency" for other in hit)):
                fault.hits += 1
                hit.append(fault)
        self._faults = [fault for fault in self._faults if not fault.spent]
        return hit
