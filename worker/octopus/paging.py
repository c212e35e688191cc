"""Reading a collection to its end.

Octopus answers a page as ``{Items, TotalResults, ItemsPerPage, …}`` and a ``…/all`` route as a bare array. Collections
move while they are read: what arrives pushes items to a later page, so they come twice; what leaves pulls them to an
earlier one, so they would be missed. The first is recognised by id, the second by a total that shrinks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from worker.octopus.answers import Answer
from worker.octopus.errors import Misunderstood, NotFound

Document = dict[str, Any]
Documents = list[Document]

ReadPage = Callable[[int, int], Awaitable[tuple[Any, Answer]]]
"""``(skip, take)`` to the JSON of a page and its answer."""

PAGE = 200
"""Items asked for at once. Octopus gives 30 by default (environments 10), and no fewer than it is asked for."""

LONGEST_URL = 2_000
"""Characters. Some servers and proxies refuse longer ones (IIS by default: 2,048 in the query)."""


@dataclass(frozen=True, slots=True)
class Listing:
    items: Documents
    first: Answer
    """The first answer, whose ``Date`` is the moment up to which the listing can be complete."""
    complete: bool


async def read_all(read_page: ReadPage, take: int, *, at_most: int | None = None) -> Listing:
    """Every item once, in the server's order; those without an ``Id`` as they come. Stops early at ``at_most`` items.

    Raises `Misunderstood` for an answer that is no list.
    """
    page, first = await read_page(0, take)
    if isinstance(page, list):
        return Listing(page, first, complete=True)
    items: Documents = []
    seen: set[str] = set()
    skip = 0
    got, total = _items_and_total(page, first)
    while True:
        for item in got:
            identifier = item.get("Id")
            if identifier is None:
                items.append(item)
            elif identifier not in seen:
                seen.add(identifier)
                items.append(item)
        skip += len(got)
        ended = not got or skip >= total
        if at_most is not None and (len(items) > at_most or (len(items) == at_most and not ended)):
            return Listing(items[:at_most], first, complete=False)
        if ended:
            return Listing(items, first, complete=True)
        page, answer = await read_page(skip, take)
        got, now = _items_and_total(page, answer)
        while now < total:
            # What left may have pulled unread items to places that we have passed: step back as far, read again.
            skip, total = max(0, skip - (total - now)), now
            page, answer = await read_page(skip, take)
            got, now = _items_and_total(page, answer)
        total = now


async def read_around(read_page: ReadPage, take: int) -> tuple[Documents, int]:
    """What can be read of a collection that answers 404 because of single documents, and how many these are.

    A step that was deleted while versioning named it makes every list that its project is in answer so
    (OctopusDeploy/Issues#7521). A page that does not come is halved until the document is found: some sixteen requests
    for each. Raises `NotFound` where it is the collection that is not there.
    """
    _, total = _items_and_total(*await read_page(_BEYOND, 1))
    spans = [(skip, min(take, total - skip)) for skip in range(0, total, take)]
    found: dict[str, Document] = {}
    broken = 0
    while spans:
        skip, count = spans.pop()
        try:
            items, _ = _items_and_total(*await read_page(skip, count))
        except NotFound:
            if count == 1:
                broken += 1
            else:
                half = count // 2
                spans += [(skip + half, count - half), (skip, half)]
            continue
        found |= {item["Id"]: item for item in items}
    return list(found.values()), broken


_BEYOND = 2_000_000_000
"""To skip so many leaves nothing to show: the server tells the total, and no document can break its answer."""


def chunks(ids: Iterable[str], room: int) -> Iterator[list[str]]:
    """The different ``ids`` in their order, as many at a time as fit into ``room`` characters, joined by commas."""
    chunk: list[str] = []
    used = 0
    for identifier in dict.fromkeys(ids):
        cost = len(quote(identifier, safe="")) + 1
        if chunk and used + cost > room:
            yield chunk
            chunk, used = [], 0
        chunk.append(identifier)
        used += cost
    if chunk:
        yield chunk


def _items_and_total(page: Any, answer: Answer) -> tuple[Documents, int]:
    items = page.get("Items") if isinstance(page, dict) else None
    total = page.get("TotalResults") if isinstance(page, dict) else None
    if isinstance(items, list) and isinstance(total, int):
        return items, total
    raise Misunderstood(
        "expected a list, or a page with Items and TotalResults", url_path=answer.url_path, status=answer.status
    )
