"""What is left of a plan, and what is more than that."""

from __future__ import annotations

from dataclasses import replace

from worker.plan.rest import is_rest_of
from worker.plan.values import Action, Change, Edit, Op, Plan

NAME = Change(Edit.CHANGE, "Name", "old", "new")
TEXT = Change(Edit.CHANGE, "Description", "a", ["b"])
UPDATE = Action(
    Op.UPDATE, "project", ("project", "Web"), "Projects-1", "Projects-9", changes=(NAME, TEXT), body={"Name": "new"}
)
CREATE = replace(UPDATE, op=Op.CREATE, source_id="Projects-2", destination_id="new:Projects-2")
DELETE = replace(UPDATE, op=Op.DELETE, source_id="Projects-3", changes=())
BEGUN = Plan("route", (UPDATE, CREATE, DELETE, replace(UPDATE, op=Op.LEAVE, source_id="Projects-4")))


def rest(*actions: Action) -> bool:
    return is_rest_of(Plan("route", actions), BEGUN)


def test_less_of_the_same_is_the_rest() -> None:
    assert rest()
    assert rest(DELETE)
    assert rest(replace(UPDATE, changes=(TEXT,), body={"Description": ["b"]}))


def test_what_was_made_meanwhile_may_be_finished() -> None:
    later = Change(Edit.ADD, "Rules", None, "[1.0,)")
    assert rest(replace(CREATE, op=Op.UPDATE, destination_id="Projects-8", changes=(later,)))


def test_another_item_change_or_end_is_not() -> None:
    assert not rest(replace(UPDATE, source_id="Projects-4")), "it was to be left as it is"
    assert not rest(replace(UPDATE, source_id="Projects-5"))
    assert not rest(replace(UPDATE, kind="channel"))
    assert not rest(replace(UPDATE, changes=(NAME, replace(TEXT, before="edited meanwhile"))))
    assert not rest(replace(UPDATE, op=Op.DELETE))
    assert not rest(replace(DELETE, op=Op.UPDATE))
    assert not rest(replace(UPDATE, destroys=("a tenant's value",)))
