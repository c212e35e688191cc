"""Reading a collection to its end while it moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from worker.octopus.answers import Answer
from worker.octopus.errors import Misunderstood, NotFound
from worker.octopus.paging import chunks, read_all, read_around

ANSWER = Answer("GET", "/api/Spaces-1/projects", 200, {}, b"")


class Collection:
    """What a server has; ``meanwhile`` runs after each page that it gave."""

    def __init__(self, count: int, meanwhile: Callable[[list[str]], None] = lambda ids: None) -> None:
        self.ids = [f"Projects-{n}" for n in range(count)]
        self.pages = 0
        self._meanwhile = meanwhile

    async def __call__(self, skip: int, take: int) -> tuple[Any, Answer]:
        self.pages += 1
        page = {"Items": [{"Id": i} for i in self.ids[skip : skip + take]], "TotalResults": len(self.ids)}
        self._meanwhile(self.ids)
        return page, ANSWER


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 60, 61])
@pytest.mark.spacecloner("bug-9", "feature-7")
async def test_everything_comes_once_and_in_order(count: int) -> None:
    server = Collection(count)
    listing = await read_all(server, 30)
    assert [item["Id"] for item in listing.items] == server.ids
    assert listing.complete
    assert server.pages == max(1, -(-count // 30))


@pytest.mark.parametrize("take", [1, 3, 30])
async def test_what_leaves_while_we_read_hides_nothing_else(take: int) -> None:
    server = Collection(100, lambda ids: ids.pop(0) if len(ids) > 90 else None)
    listing = await read_all(server, take)
    assert set(server.ids) <= {item["Id"] for item in listing.items}


async def test_what_arrives_while_we_read_makes_nothing_come_twice() -> None:
    server = Collection(100, lambda ids: ids.insert(0, f"New-{len(ids)}") if len(ids) < 110 else None)
    found = [item["Id"] for item in (await read_all(server, 10)).items]
    assert len(found) == len(set(found))
    assert {f"Projects-{n}" for n in range(100)} <= set(found)


async def test_a_collection_that_vanishes_ends_the_reading() -> None:
    assert len((await read_all(Collection(100, lambda ids: ids.clear()), 10)).items) == 10


async def test_it_stops_at_the_limit_and_says_so() -> None:
    server = Collection(100)
    listing = await read_all(server, 10, at_most=25)
    assert (len(listing.items), listing.complete, server.pages) == (25, False, 3)
    assert (await read_all(Collection(20), 10, at_most=20)).complete
    within_one_page = await read_all(Collection(20), 30, at_most=5)
    assert (len(within_one_page.items), within_one_page.complete) == (5, False)


async def test_a_bare_array_is_taken_as_it_is() -> None:
    async def all_of_them(skip: int, take: int) -> tuple[Any, Answer]:
        return [{"Id": "Projects-1"}, {"Name": "no id"}], ANSWER

    assert len((await read_all(all_of_them, 30)).items) == 2


async def test_items_without_an_id_are_not_taken_for_each_other() -> None:
    async def page(skip: int, take: int) -> tuple[Any, Answer]:
        return {"Items": [{"Name": "a"}, {"Name": "a"}], "TotalResults": 2}, ANSWER

    assert len((await read_all(page, 30)).items) == 2


@pytest.mark.parametrize("page", [{}, {"Items": None, "TotalResults": 0}, {"Items": []}, "x", None, 7])
async def test_what_is_no_list_is_misunderstood(page: Any) -> None:
    async def read(skip: int, take: int) -> tuple[Any, Answer]:
        return page, ANSWER

    with pytest.raises(Misunderstood, match="expected a list"):
        await read_all(read, 30)


def test_ids_are_cut_so_that_they_fit() -> None:
    ids = [f"variableset-Projects-{n}" for n in range(500)]
    cut = list(chunks([*ids, ids[0]], 300))
    assert [i for chunk in cut for i in chunk] == ids
    assert all(len(",".join(chunk)) <= 300 for chunk in cut)
    assert len(cut) < 60, "and not smaller than need be"
    assert list(chunks(["x" * 999], 300)) == [["x" * 999]], "one at least, or it would never end"
    assert list(chunks([], 300)) == []


class Broken(Collection):
    """Answers 404 for every page in which one of these stands."""

    def __init__(self, count: int, *broken: int) -> None:
        super().__init__(count)
        self.broken = {f"Projects-{n}" for n in broken}

    async def __call__(self, skip: int, take: int) -> tuple[Any, Answer]:
        page, answer = await super().__call__(skip, take)
        if self.broken & set(self.ids[skip : skip + take]):
            raise NotFound("The resource 'Run a Script' was not found.")
        return page, answer


@pytest.mark.parametrize("broken", [(0,), (99,), (41, 42), (0, 50, 99)])
async def test_documents_that_break_the_list_are_read_around(broken: tuple[int, ...]) -> None:
    server = Broken(100, *broken)
    items, hidden = await read_around(server, 40)
    assert {item["Id"] for item in items} == set(server.ids) - server.broken
    assert hidden == len(broken)
    assert server.pages <= 4 + 14 * len(broken)


async def test_a_list_of_nothing_but_broken_documents_is_empty() -> None:
    assert await read_around(Broken(1, 0), 40) == ([], 1)


async def test_a_collection_that_is_not_there_is_not_there() -> None:
    async def nowhere(skip: int, take: int) -> tuple[Any, Answer]:
        raise NotFound("no such route")

    with pytest.raises(NotFound):
        await read_around(nowhere, 40)
