"""A plan as JSON, for other programs. Its form is stable: a change that could break a reader raises ``SCHEMA``.

    {"schema": 1, "route": str, "hash": str, "empty": bool, "counts": {op: int}, "notes": [str],
     "findings": [{"item": [str], "where": str, "rule": str, "text": str}],
     "actions": [{"op", "kind", "path": [str], "name": str, "source_id", "destination_id",
                  "changes": [{"edit", "where", "before", "after"}], "decisions": [{"rule", "where", "text", "both"?}],
                  "clean_ups": [{"key", "item": [str], "where", "reason", "text", "about", "place"?,
                                 "both"?}],
                  "destroys": [str], "waits_for": [[str]],
                  "drift": [{"edit", "where", "before", "after"}]}]}

``both`` is there only of a conflict: ``{"source": {"was", "is"}, "destination": {"was", "is"}, "hidden": bool}``.
``findings``: what the check after the plan found, where it was asked for.
``drift`` is what was edited on the destination since it was written, and stays; ``changes`` is what is pending.

The documents to be sent are left out: they are large, and hold what only the destination may see. Secrets are masked.
Names are as Octopus gives them; JSON written by :func:`render` is ASCII, so nothing in it acts on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.plan.text import masked
from worker.plan.values import Action, BothSides, Change, CleanUp, Decision, Edit, Finding, Op, Plan, printed

SCHEMA = 1


def as_dict(plan: Plan) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "route": plan.route,
        "hash": plan.hash,
        "empty": plan.is_empty,
        "counts": {str(op): count for op, count in plan.counts().items()},
        "notes": list(plan.notes),
        "findings": [finding_as_dict(one) for one in plan.findings],
        "actions": [_action(action) for action in plan],
    }


def render(plan: Plan, *, indent: int | None = 2) -> str:
    return json.dumps(as_dict(plan), indent=indent, default=str)


def _action(action: Action) -> dict[str, Any]:
    return {
        "op": str(action.op),
        "kind": action.kind,
        "path": list(action.path),
        "name": printed(action.path),
        "source_id": action.source_id,
        "destination_id": action.destination_id,
        "changes": [change_as_dict(change) for change in action.changes],
        "decisions": [
            {"rule": one.rule, "where": one.where, "text": one.text, **_with_both(one.both)} for one in action.decisions
        ],
        "clean_ups": [
            {
                "key": one.key,
                "item": list(one.item),
                "where": one.where,
                "reason": one.reason,
                "text": one.text,
                "about": one.about,
                **({"place": one.place} if one.place else {}),
                **_with_both(one.both),
            }
            for one in action.clean_ups
        ],
        "destroys": list(action.destroys),
        "waits_for": [list(path) for path in action.waits_for],
        "drift": [change_as_dict(change) for change in action.drift],
    }


def _with_both(both: BothSides | None) -> dict[str, Any]:
    return {"both": both_as_dict(both)} if both is not None else {}


def both_as_dict(both: BothSides) -> dict[str, Any]:
    return {
        "source": {"was": masked(both.source_was), "is": masked(both.source_is)},
        "destination": {"was": masked(both.destination_was), "is": masked(both.destination_is)},
        "hidden": both.hidden,
    }


def _both_from(known: Mapping[str, Any] | None) -> BothSides | None:
    if not known:
        return None
    source, destination = known["source"], known["destination"]
    return BothSides(source["was"], source["is"], destination["was"], destination["is"], bool(known["hidden"]))


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    return {"item": list(finding.item), "where": finding.where, "rule": finding.rule, "text": finding.text}


def change_as_dict(change: Change) -> dict[str, Any]:
    return {
        "edit": str(change.edit),
        "where": change.where,
        "before": masked(change.before),
        "after": masked(change.after),
    }


def from_dict(document: Mapping[str, Any]) -> Plan:
    """A plan to look at, from what :func:`as_dict` gave. It has no bodies, so it cannot be applied and its hash is not
    that of the plan: ``document["hash"]`` is. Raises :class:`ValueError` for another form or a later schema.
    """
    if document.get("schema") != SCHEMA:
        raise ValueError(f"expected a plan of schema {SCHEMA}, found {document.get('schema')!r}")
    try:
        return Plan(
            str(document["route"]),
            tuple(_action_from(one) for one in document["actions"]),
            tuple(document.get("notes", ())),
            tuple(
                Finding(tuple(one["item"]), one["where"], one["rule"], one["text"])
                for one in document.get("findings", ())
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a plan: {type(error).__name__} {error}") from None


def _action_from(one: Mapping[str, Any]) -> Action:
    return Action(
        op=Op(one["op"]),
        kind=one["kind"],
        path=tuple(one["path"]),
        source_id=one["source_id"],
        destination_id=one["destination_id"],
        changes=tuple(_change_from(c) for c in one["changes"]),
        decisions=tuple(
            Decision(d["rule"], d["where"], d["text"], _both_from(d.get("both"))) for d in one["decisions"]
        ),
        clean_ups=tuple(CleanUp.from_dict({**e, "both": None}, _both_from(e.get("both"))) for e in one["clean_ups"]),
        destroys=tuple(one["destroys"]),
        waits_for=tuple(tuple(path) for path in one["waits_for"]),
        drift=tuple(_change_from(c) for c in one.get("drift", ())),
    )


def _change_from(one: Mapping[str, Any]) -> Change:
    return Change(Edit(one["edit"]), one["where"], one["before"], one["after"])
