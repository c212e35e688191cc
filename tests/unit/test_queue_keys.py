"""Dirty keys: what may be marked, and how it is written."""

from __future__ import annotations

import pytest

from worker.queue.keys import DirtyKey


@pytest.mark.parametrize(
    "document",
    ["Projects-3", "Projects-3/*", "*", "variableset-LibraryVariableSets-141", "feeds-psgallery", "teams-everyone"],
)
def test_there_and_back(document: str) -> None:
    key = DirtyKey("north to south: Größe/1", document)
    assert DirtyKey.parse(str(key)) == key


def test_a_subtree() -> None:
    key = DirtyKey("r", "Projects-3/*")
    assert key.is_subtree
    assert not key.is_everything
    assert key.document_id == "Projects-3"


def test_everything() -> None:
    assert DirtyKey("r", "*").is_everything
    assert not DirtyKey("r", "*").is_subtree


@pytest.mark.parametrize(
    "document", ["", "projects-*", "Projects-3/../secrets", "3", "Projects 3", "Projects-3/*/x", "/*"]
)
def test_what_is_no_id_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="not a document id"):
        DirtyKey("r", document)


@pytest.mark.parametrize("route", ["", "a|b", "a\nb"])
def test_what_is_no_route_is_refused(route: str) -> None:
    with pytest.raises(ValueError, match="not a route's name"):
        DirtyKey(route, "Projects-3")


@pytest.mark.parametrize("text", ["", "r", "|Projects-3", "r|"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        DirtyKey.parse(text)
