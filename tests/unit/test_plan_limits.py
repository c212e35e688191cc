"""The numbers at which a plan is refused, and what the refusal tells a person."""

from __future__ import annotations

import pytest

from config.limits import Limits
from worker.plan.limits import Refusal, check
from worker.plan.values import Action, Op, Plan


def plan(*, creates: int = 0, updates: int = 0, deletes: int = 0, destroys: int = 0, route: str = "r") -> Plan:
    ops = [Op.CREATE] * creates + [Op.UPDATE] * updates + [Op.DELETE] * deletes
    actions = [Action(op, "project", ("project", str(n)), f"Projects-{n}", None, body={}) for n, op in enumerate(ops)]
    if destroys:
        destroyed = tuple(f"value {n}" for n in range(destroys))
        actions.append(
            Action(Op.UPDATE, "tenant", ("tenant", "t"), "Tenants-1", "Tenants-1", destroys=destroyed, body={})
        )
    return Plan(route, tuple(actions))


def refusal(of: Plan, *, population: int = 20, updates: int = 0, deletes: int = 0, **limits: float) -> Refusal | None:
    return check(
        of,
        population=population,
        updates_in_window=updates,
        deletes_in_window=deletes,
        limits=Limits.model_validate(limits),
    )


@pytest.mark.parametrize(
    ("planned", "before", "refused"),
    [(6, 0, False), (7, 0, True), (1, 5, False), (1, 6, True), (0, 20, False)],
)
def test_updates_are_counted_with_those_of_the_window(planned: int, before: int, refused: bool) -> None:
    assert (refusal(plan(updates=planned), updates=before) is not None) is refused


@pytest.mark.parametrize(("planned", "before", "refused"), [(6, 0, False), (7, 0, True), (1, 6, True)])
def test_deletes_have_a_limit_of_their_own(planned: int, before: int, refused: bool) -> None:
    assert (refusal(plan(deletes=planned), deletes=before) is not None) is refused


def test_what_an_update_deletes_elsewhere_counts_as_deletes() -> None:
    found = refusal(plan(destroys=7))
    assert found is not None
    assert (found.what, found.planned) == ("deletes", 7)


def test_creating_is_never_refused() -> None:
    assert refusal(plan(creates=500)) is None


def test_used_up_deletes_do_not_stop_updates() -> None:
    assert refusal(plan(updates=1), deletes=20) is None


def test_a_small_population_has_no_limits() -> None:
    assert refusal(plan(updates=9, deletes=9), population=9) is None
    assert refusal(plan(updates=9), population=10) is not None


def test_limits_are_the_routes_own() -> None:
    assert refusal(plan(updates=20), updates_percent=100) is None
    assert refusal(plan(deletes=1), deletes_percent=0) is not None
    assert refusal(plan(updates=1), population=3, minimum_population=0, updates_percent=30) is not None


def test_a_population_of_nothing_is_no_division_by_zero() -> None:
    found = refusal(plan(updates=1), population=0, minimum_population=0)
    assert found is not None
    assert found.percent == 100


def test_an_empty_plan_passes() -> None:
    assert refusal(plan(), updates=100, deletes=100) is None


def test_the_message_has_the_numbers_and_the_way_out() -> None:
    of = plan(deletes=4, route="test to prod")
    found = refusal(of, deletes=5)
    assert found is not None
    assert found.message == (
        "Too many deletes: 45.00% is over 30.00% (9/20: 4 in this plan, 5 in the 24 h before). Nothing was written. "
        f"If this is what you want: octosync approve 'test to prod' {of.hash}"
    )
