"""Between plan and apply: must a person look first?"""

from __future__ import annotations

from typing import Any

from fakeredis import FakeAsyncRedis

from config.route import Endpoint, Route
from worker.ledger.ledger import Ledger
from worker.plan.values import Action, NamePath, Op, Plan
from worker.sync.checks import must_wait
from worker.sync.planning.planner import Planned


def route(**settings: Any) -> Route:
    ends = {"source": Endpoint(instance="dev"), "destination": Endpoint(instance="prod")}
    return Route(**({"name": "dev-to-prod", **ends} | settings))


def updates(count: int, op: Op = Op.UPDATE, **action: Any) -> Plan:
    return Plan(
        "dev-to-prod",
        tuple(
            Action(op, "project", ("project", f"P{n}"), f"Projects-{n}", f"Projects-9{n}", body={"Id": n}, **action)
            for n in range(count)
        ),
    )


def planned(plan: Plan, adopts: list[NamePath] | None = None, conflicts: list[NamePath] | None = None) -> Planned:
    return Planned(plan, [None] * len(plan.actions), adopts or [], conflicts or [])


async def with_memory(ledger: Ledger, documents: int) -> None:
    for number in range(documents):
        await ledger.baselines.put("dev-to-prod", f"Projects-{number}", {})


async def test_a_plan_that_writes_nothing_is_never_stopped(fake_redis: FakeAsyncRedis) -> None:
    nothing = planned(updates(3, Op.LEAVE), adopts=[("project", "P0")])

    for settings in ({}, {"mode": "read-only"}):
        assert await must_wait(route(**settings), Ledger(fake_redis), nothing, None) is None


async def test_read_only(fake_redis: FakeAsyncRedis) -> None:
    stop = await must_wait(route(mode="read-only"), Ledger(fake_redis), planned(updates(1)), None)

    assert stop is not None
    assert (stop.hold, stop.read_only) == (False, True)
    # Approved or not: a read-only route never writes.
    plan = updates(1)
    assert await must_wait(route(mode="read-only"), Ledger(fake_redis), planned(plan), plan.hash) is not None


async def test_first_contact(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    met = planned(updates(1), adopts=[("project", f"P{n}") for n in range(5)])

    stop = await must_wait(route(), ledger, met, None)
    assert stop is not None
    assert "project/P0, project/P1, project/P2 and 2 more" in stop.reason
    assert met.plan.hash in stop.reason
    assert await must_wait(route(first_contact="adopt"), ledger, met, None) is None
    await with_memory(ledger, 1)
    assert await must_wait(route(), ledger, met, None) is not None, "that other items are known says nothing of these"
    await ledger.held.allow_adoption("dev-to-prod")
    assert await must_wait(route(), ledger, met, None) is None


async def test_elements_that_match_nothing_are_for_a_person_whatever_the_route_says(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await with_memory(ledger, 1)

    stop = await must_wait(route(first_contact="adopt"), ledger, planned(updates(1), conflicts=[("a", "b")]), None)

    assert stop is not None
    assert "a/b" in stop.reason


async def test_changed_rules(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await ledger.held.set_fingerprint("dev-to-prod", route().fingerprint)
    plan = planned(updates(1))

    assert await must_wait(route(), ledger, plan, None) is None
    assert await must_wait(route(limits={"updates_percent": 50}), ledger, plan, None) is None
    for changed in (
        {"rules": {"removed": "remove-ours"}},
        {"maps": {"environment": {"A": "B"}}},
        {"include": {"project": ["*"]}},
    ):
        stop = await must_wait(route(**changed), ledger, plan, None)
        assert stop is not None
        assert "changed since it last wrote" in stop.reason


async def test_limits_count_over_all_runs_of_the_window(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await with_memory(ledger, 100)
    limited = route(limits={"updates_percent": 10, "deletes_percent": 1, "minimum_population": 10})

    assert await must_wait(limited, ledger, planned(updates(10)), None) is None
    assert await must_wait(limited, ledger, planned(updates(11)), None) is not None
    await ledger.windows.record("dev-to-prod", 24 * 3600, updates=[f"Projects-{n}" for n in range(50, 58)], deletes=[])
    assert await must_wait(limited, ledger, planned(updates(2)), None) is None
    stop = await must_wait(limited, ledger, planned(updates(3)), None)
    assert stop is not None
    assert "11/100: 3 in this plan, 8 in the 24 h before" in stop.reason


async def test_what_a_write_deletes_elsewhere_counts_as_a_delete(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await with_memory(ledger, 100)
    limited = route(limits={"updates_percent": 100, "deletes_percent": 1, "minimum_population": 10})

    assert await must_wait(limited, ledger, planned(updates(1, destroys=("a",))), None) is None
    assert await must_wait(limited, ledger, planned(updates(1, destroys=("a", "b"))), None) is not None


async def test_creating_is_never_refused(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await with_memory(ledger, 100)
    limited = route(limits={"updates_percent": 1, "deletes_percent": 1, "minimum_population": 10})

    assert await must_wait(limited, ledger, planned(updates(90, Op.CREATE)), None) is None


async def test_while_a_route_is_held_nothing_is_written_but_the_approved_plan(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    plan, other = updates(1), updates(2)
    await ledger.held.hold("dev-to-prod", "because", plan.hash)

    for one in (plan, other):
        stop = await must_wait(route(), ledger, planned(one), None)
        assert stop is not None
        assert "because" in stop.reason
    assert await ledger.held.approve("dev-to-prod", plan.hash)
    assert await must_wait(route(), ledger, planned(plan), None) is None
    assert await must_wait(route(), ledger, planned(other), None) is not None
    assert await must_wait(route(), ledger, planned(other), other.hash) is None


async def test_another_item_of_a_held_route_says_why_it_is_held_and_its_own_way_out(fake_redis: FakeAsyncRedis) -> None:
    ledger = Ledger(fake_redis)
    await with_memory(ledger, 20)
    many = planned(updates(20))
    stop = await must_wait(route(), ledger, many, None)
    assert stop is not None
    await ledger.held.hold("dev-to-prod", stop.reason, many.plan.hash, key="dev-to-prod|*")

    other = planned(updates(1))
    waits = await must_wait(route(), ledger, other, None)
    assert waits is not None
    assert waits.reason == stop.reason.replace(many.plan.hash, other.plan.hash)
    assert waits.reason.count("octosync approve") == 1
