"""What was edited on a destination, as the night found it."""

from __future__ import annotations

from typing import Any

from fakeredis import FakeAsyncRedis

from worker.ledger.drift import MOST_CHANGES, MOST_ITEMS, Drift, Drifted
from worker.plan.values import MASK, Change, Edit

MONDAY, TUESDAY = "2026-03-02T03:00:00+00:00", "2026-03-03T03:00:00+00:00"


def drifted(number: int, *changes: Change) -> Drifted:
    edits = changes or (Change(Edit.CHANGE, "Description", "as we wrote it", f"edited {number}"),)
    return Drifted("project", ("project", f"P{number}"), f"Projects-{number}", f"Projects-9{number}", edits)


async def night(drift: Drift, began: str, *items: Drifted) -> None:
    await drift.begin("r", began)
    await drift.add("r", items)
    await drift.ended("r")


async def test_the_report_of_a_night_takes_the_place_of_the_last(fake_redis: FakeAsyncRedis) -> None:
    drift = Drift(fake_redis)
    assert await drift.report("r") is None
    await night(drift, MONDAY, drifted(2), drifted(1))
    await drift.begin("r", TUESDAY)
    await drift.add("r", [drifted(3)])

    report = await drift.report("r")
    assert report is not None
    assert (report.at, [one.path[1] for one in report.items], report.total) == (MONDAY, ["P1", "P2"], 2)
    assert report.items[0] == drifted(1)
    assert await drift.total("r") == 2

    await drift.ended("r")
    report = await drift.report("r")
    assert report is not None
    assert (report.at, [one.path[1] for one in report.items]) == (TUESDAY, ["P3"])

    await night(drift, "2026-03-04T03:00:00+00:00")
    report = await drift.report("r")
    assert report is not None
    assert (report.items, report.total, await drift.total("r")) == ((), 0, 0)
    assert await drift.report("other") is None


async def test_a_comparison_that_was_cut_off_goes_on_and_counts_nothing_twice(fake_redis: FakeAsyncRedis) -> None:
    drift = Drift(fake_redis)
    await drift.begin("r", MONDAY)
    await drift.add("r", [drifted(1)])
    await drift.begin("r", MONDAY)
    await drift.add("r", [drifted(1), drifted(2)])
    await drift.ended("r")
    report = await drift.report("r")
    assert report is not None
    assert report.total == 2

    await drift.begin("r", TUESDAY)
    await drift.add("r", [drifted(5)])
    await drift.begin("r", "2026-03-04T03:00:00+00:00")
    await drift.ended("r")
    report = await drift.report("r")
    assert report is not None
    assert report.total == 0, "what another comparison had begun is forgotten"


async def test_a_report_is_bounded(fake_redis: FakeAsyncRedis) -> None:
    drift = Drift(fake_redis)
    lines = [f"line {number}" for number in range(5_000)]
    text = Change(Edit.CHANGE, "Script", "\n".join(lines), "\n".join([*lines[:4_000], "new", *lines[4_000:]]))
    many = [Change(Edit.CHANGE, f"Field {number}", 1, 2) for number in range(MOST_CHANGES + 7)]
    items = [drifted(number) for number in range(MOST_ITEMS + 20)]
    await night(drift, MONDAY, drifted(7_001, text), drifted(7_002, *many), *items)

    report = await drift.report("r")

    assert report is not None
    assert (len(report.items), report.total) == (MOST_ITEMS, MOST_ITEMS + 22)
    by_id: dict[str, Any] = {one.source_id: one for one in report.items}
    (cut,) = by_id["Projects-7001"].changes
    assert cut.before == "…\nline 3998\nline 3999\nline 4000\nline 4001\n…"
    assert cut.after == "…\nline 3998\nline 3999\nnew\nline 4000\nline 4001\n…"
    assert (len(by_id["Projects-7002"].changes), by_id["Projects-7002"].left_out) == (MOST_CHANGES, 7)


async def test_no_secret_is_kept(fake_redis: FakeAsyncRedis) -> None:
    drift = Drift(fake_redis)
    secret = {"HasValue": True, "NewValue": "s3cret"}
    await night(drift, MONDAY, drifted(1, Change(Edit.CHANGE, "Password", None, secret)))

    report = await drift.report("r")

    assert report is not None
    assert report.items[0].changes == (Change(Edit.CHANGE, "Password", None, MASK),)


async def test_what_is_forgotten_of_a_route_is_forgotten_here(fake_redis: FakeAsyncRedis) -> None:
    drift = Drift(fake_redis)
    await night(drift, MONDAY, drifted(1))

    await drift.clear("r")

    assert await drift.report("r") is None
