"""The sandbox' store: one way to write, seen by every hook, with the secrets apart."""

from __future__ import annotations

import json

import pytest

from sandbox.indexes import by_name
from sandbox.store import SYSTEM, Commit, Store, Write


def test_a_commit_stores_first_and_then_tells_the_hooks() -> None:
    store, told = Store(), list[Commit]()
    seen_by_hook = []

    def hook(commit: Commit) -> None:
        told.append(commit)
        seen_by_hook.append(store.space("Spaces-1").find("projects", "Projects-1"))

    store.on_commit.append(hook)
    first = {"Id": "Projects-1", "Name": "One"}
    second = {"Id": "Projects-1", "Name": "Two"}
    store.commit("Spaces-1", [Write("projects", None, first)], SYSTEM)
    store.commit("Spaces-1", [Write("projects", first, second)], SYSTEM)
    store.commit("Spaces-1", [Write("projects", second, None)], SYSTEM)
    assert seen_by_hook == [first, second, None]
    assert [commit.writes[0].category for commit in told] == ["Created", "Modified", "Deleted"]
    assert told[2].writes[0].document == second


def test_secrets_live_apart_and_go_with_their_document() -> None:
    store, changed = Store(), list[frozenset[str]]()
    store.on_commit.append(lambda commit: changed.append(commit.secrets_changed))
    account = {"Id": "Accounts-1", "Token": {"HasValue": True}}
    store.commit("Spaces-1", [Write("accounts", None, account, {"Token": "hush"})], SYSTEM)
    store.commit("Spaces-1", [Write("accounts", account, account, {"Token": "hush"})], SYSTEM)
    store.commit("Spaces-1", [Write("accounts", account, account)], SYSTEM)
    assert changed == [{"Accounts-1"}, frozenset(), frozenset()]
    assert store.secret("Accounts-1", "Token") == "hush"
    assert "hush" not in json.dumps(store.state["Spaces"])
    store.commit("Spaces-1", [Write("accounts", account, None)], SYSTEM)
    assert store.secrets == {}


def test_ids_are_counted_per_kind_from_the_first() -> None:
    store = Store(first_id=1001)
    assert [store.next_id("Projects"), store.next_id("Projects"), store.next_id("Channels")] == [
        "Projects-1001",
        "Projects-1002",
        "Channels-1001",
    ]
    assert store.next_guid() != store.next_guid()
    assert Store(seed=1).next_guid() != Store(seed=2).next_guid()


def test_ids_are_found_in_any_case() -> None:
    store = Store()
    store.commit("Spaces-1", [Write("feeds", None, {"Id": "Feeds-1"})], SYSTEM)
    assert store.space("Spaces-1").find("feeds", "feeds-1") == {"Id": "Feeds-1"}
    assert store.space("Spaces-1").find("feeds", None) is None
    assert store.space("Spaces-2").find("feeds", "Feeds-1") is None


def test_a_write_without_a_document_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="without a document"):
        Write("feeds", None, None)


def test_an_index_follows_every_commit() -> None:
    store = Store()

    def names(value: str) -> list[str]:
        return [one["Id"] for one in store.lookup("Spaces-1", "projects", by_name, value)]

    one, two = {"Id": "Projects-1", "Name": "Same"}, {"Id": "Projects-2", "Name": "same"}
    store.commit("Spaces-1", [Write("projects", None, one)], SYSTEM)
    assert names("same") == ["Projects-1"]
    store.commit("Spaces-1", [Write("projects", None, two), Write("projects", one, {**one, "Size": 1})], SYSTEM)
    assert names("same") == ["Projects-1", "Projects-2"]  # a change does not move it
    store.commit("Spaces-1", [Write("projects", one, {**one, "Name": "Other"}), Write("projects", two, None)], SYSTEM)
    assert (names("same"), names("other")) == ([], ["Projects-1"])
    assert store.lookup("Spaces-2", "projects", by_name, "other") == []
    store.drop_space("Spaces-1")
    assert names("other") == []
