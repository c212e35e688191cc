"""How long a space keeps releases, files on targets and runbook runs, where nothing else is said.

One document for each type, made with the space. A `Default` strategy elsewhere means these.
"""

from __future__ import annotations

from sandbox import texts
from sandbox.errors import bad_request
from sandbox.kind import Kind, declare
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Write

__all__ = ["DEFAULT_RETENTION", "add_routes", "default_policies"]

# Type: its name (?), what a new space has: of runbooks Octopus' documentation says it; the others (?).
_TYPES: dict[str, tuple[str, str, int | None, str | None]] = {
    "LifecycleRelease": ("Release retention", "Forever", None, None),
    "LifecycleTentacle": ("Tentacle retention", "Forever", None, None),
    "RunbookRetention": ("Runbook retention", "Count", 100, "Items"),
    "MachinePackageCache": ("Package cache retention", "Count", 5, "Items"),
}

DEFAULT_RETENTION = declare(
    Kind(
        collection="retentionpolicies",
        prefix="SpaceDefaultRetentionPolicies",  # (?)
        name="SpaceDefaultRetentionPolicy",
        fields=(),
        unique_name=False,
        routes=(),
    )
)


def default_policies(call: Call) -> list[Write]:
    """The writes that give a new space its policies."""
    return [
        Write(
            DEFAULT_RETENTION.collection,
            None,
            {
                "Id": call.store.next_id(DEFAULT_RETENTION.prefix),
                "SpaceId": call.space_id,
                "Name": name,
                "RetentionType": kind,
                "Strategy": strategy,
                "QuantityToKeep": quantity,
                "Unit": unit,
            },
            side_effect=True,
        )
        for kind, (name, strategy, quantity, unit) in _TYPES.items()
    ]


def add_routes(router: Router) -> None:
    router.add("GET", "retentionpolicies", _get, since="2025.3")
    router.add("PUT", "retentionpolicies/{id}", _put, since="2025.3")


def _type(given: object) -> str:
    if not given:
        raise bad_request(texts.required("RetentionType"))
    found = next((one for one in _TYPES if one.lower() == str(given).lower()), None)
    if found is None:
        raise bad_request(texts.wrong_choice(given, "RetentionType"))
    return found


def _get(call: Call) -> Answer:
    """One object, that of the type which the query must name."""
    wanted = _type(call.argument("retentionType"))
    policies = call.scope.collection(DEFAULT_RETENTION.collection).values()
    return Answer(next(one for one in policies if one["RetentionType"] == wanted))


def _put(call: Call) -> Answer:
    before, body = call.find(DEFAULT_RETENTION.collection, call.params["id"]), call.json()
    if _type(body.get("RetentionType")) != before["RetentionType"]:
        raise bad_request(texts.mismatch("RetentionType", body["RetentionType"], before["RetentionType"]))
    strategy = next((one for one in ("Count", "Forever") if one.lower() == str(body.get("Strategy")).lower()), None)
    if strategy is None:
        raise bad_request(texts.wrong_choice(body.get("Strategy"), "Strategy"))
    after: Document = {**before, "Strategy": strategy, "QuantityToKeep": None, "Unit": None}
    if strategy == "Count":
        quantity, unit = body.get("QuantityToKeep"), body.get("Unit")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise bad_request(texts.required("QuantityToKeep"))
        if unit not in ("Items", "Days"):
            raise bad_request(texts.wrong_choice(unit, "Unit"))
        after |= {"QuantityToKeep": quantity, "Unit": unit}
    call.store.commit(call.space_id, [Write(DEFAULT_RETENTION.collection, before, after)], call.actor)
    return Answer(after)
