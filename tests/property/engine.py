"""What the tests of the engine's invariants share: how often to try, under which rules, and a sync that a person
looks after."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings

from tests.pair import Document, Pair
from tests.property.portable import Key, differences, portable
from worker.queue.subjects import subject
from worker.sync.run import Outcome, Result

EVERYTHING = {
    kind: ["*"]
    for kind in (
        "environment",
        "lifecycle",
        "project-group",
        "feed",
        "account",
        "worker-pool",
        "library-variable-set",
        "project",
        "tenant",
        "tag-set",
        "script-module",
        "step-template",
        "machine-policy",
        "git-credential",
        "team",
    )
}
MIRROR: dict[str, Any] = {
    "include": EVERYTHING,
    "rules": {"preset": "mirror"},
    "first_contact": "adopt",
}
"""For instances that shall be alike."""

DELETING: dict[str, Any] = {
    "include": {kind: ["*"] for kind in ("project", "library-variable-set", "tenant")},
    "rules": {"deleted": "delete", "removed": "remove-ours"},
}
"""What was deleted on the source goes, as far as it is ours."""

CAREFUL: dict[str, Any] = {"include": {kind: ["*"] for kind in ("project", "library-variable-set", "tenant")}}
"""The defaults, which never overwrite a value and never remove anything."""


def tries(examples: int) -> settings:
    """So many examples: of all invariants 200 in `make test`, and as many in each piece of `make test-long`."""
    return settings(max_examples=examples)


async def sync(both: Pair, **more: Any) -> Outcome:
    """Sync everything. Whatever the route holds for a person to look at is approved."""
    await hear_of_deletions(both)
    outcome = await both.sync("*", **more)
    for _ in range(3):
        if outcome.result is not Result.HELD:
            break
        outcome = await both.sync("*", approved_hash=outcome.plan.hash, **more)
    assert outcome.result not in (Result.HELD, Result.MOVED), outcome.message
    return outcome


async def hear_of_deletions(both: Pair) -> None:
    """As catch-up would: what the audit log of the source calls deleted."""
    log = (await both.source.get("events?take=1000&eventCategories=Deleted"))["Items"]
    found = [one for event in log if (one := subject(event)) is not None and one.is_deletion]
    await both.ledger.deletions.record("dev", "Default", {str(one.document_id): "" for one in found})


def told(outcome: Outcome) -> str:
    """The plan's changes and reasons, for messages."""
    lines = []
    for action in outcome.plan:
        lines.append(f"{action.op} {action.path}")
        lines += [
            f"    {change.edit} {change.where}: {change.before!r} → {change.after!r}" for change in action.changes
        ]
        lines += [f"    {one.rule} {one.where}: {one.text}" for one in action.decisions]
        lines += [f"    to do: {one.reason} {one.where}: {one.text}" for one in action.clean_ups]
    return "\n".join(lines)


def alike(both: Pair, *, stand_ins: bool = False) -> list[str]:
    """Where the two spaces differ, but for what the route may not make the same:

    * a secret that shares its name with other rows is never added, for a placeholder could hide one that works;
    * the scope of a secret does not follow, lest the destination's own come to be used elsewhere;
    * a step with a secret is never removed, nor a template with one as its default;
    * rows that are scoped to a step which the source itself does not have any more do not cross, nor do such rules;
    * a secret of a tenant is never removed, and so neither is the link without which it would be lost;
    * a certificate is never made, and what names one waits empty for it;
    * with ``stand_ins``, there may be rows for the sake of a name of which nothing crosses.
    """
    source, destination = portable(both.source.sandbox), portable(both.destination.sandbox)
    for form in (source, destination):
        for key in (key for key in form if key[0] == "channels"):
            form[key]["Rules"] = [rule for rule in form[key]["Rules"] if "nothing: " not in str(rule["ActionPackages"])]
    for key in (key for key in destination if key[0].endswith("processes") and key in source):
        named = {step["Name"] for step in source[key]["Steps"]}
        steps = destination[key]["Steps"]
        destination[key]["Steps"] = [step for step in steps if step["Name"] in named or not _holds_secret(step)]
    for key in (key for key in destination if "Templates" in destination[key] and key in source):
        named = {template["Name"] for template in source[key]["Templates"]}
        templates = destination[key]["Templates"]
        destination[key]["Templates"] = [
            one for one in templates if one["Name"] in named or not isinstance(one["DefaultValue"], dict)
        ]
    for key in (key for key in destination if key[0] == "values" and key in source):
        _leave_out_secrets(source, destination, key[1])
    for key, rows in source.items():
        if key[0] != "variables":
            continue
        count = Counter(row["Name"].casefold() for row in rows)
        left_out = {row["Name"].casefold() for row in rows if row["IsSensitive"] and count[row["Name"].casefold()] > 1}
        left_out |= {row["Name"].casefold() for row in rows if _dangles(row["Scope"].get("Action", []))}
        if stand_ins:
            destination[key] = [
                row for row in destination.get(key, []) if row["Name"].casefold() in count or row["Scope"]
            ]
        for form in (source, destination):
            form[key] = [
                row | ({"Scope": None} if row["IsSensitive"] else {}) | ({"Value": None} if _waits(row) else {})
                for row in form.get(key, [])
                if row["Name"].casefold() not in left_out
            ]
    return differences(source, destination)


def _leave_out_secrets(source: dict[Key, Any], destination: dict[Key, Any], tenant: str) -> None:
    """What stays of a tenant for the sake of its secrets."""
    here, there = source["values", tenant], destination["values", tenant]
    left = [cell for cell, value in there.items() if isinstance(value, dict) and cell not in here]
    destination["values", tenant] = {cell: value for cell, value in there.items() if cell not in left}
    links = destination["tenants", tenant]["ProjectEnvironments"]
    wanted = source["tenants", tenant]["ProjectEnvironments"]
    for project, environment, _ in left:
        if environment in links.get(project, []) and environment not in wanted.get(project, []):
            links[project].remove(environment)
            if not links[project] and project not in wanted:
                del links[project]


def _waits(row: Document) -> bool:
    return bool(row["Type"] == "Certificate")


def _holds_secret(step: Document) -> bool:
    return any(isinstance(value, dict) for action in step["Actions"] for value in action["Properties"].values())


def _dangles(actions: list[str]) -> bool:
    return not all(action.startswith("<action") for action in actions)
