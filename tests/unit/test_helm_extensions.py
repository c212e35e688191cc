"""What the chart makes for operators of others, which no schema of Kubernetes knows: every field is one of theirs.

The shapes are those of the operators' own API references, as far as the chart makes use of them: Prometheus operator
(monitoring.coreos.com/v1), KEDA (keda.sh/v1alpha1, scaler "redis"), External Secrets (external-secrets.io/v1).
"""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.chart import CASES, EXTENSIONS, of_kind, render

Shape = dict[str, Any]

TEXT: Shape = {"type": "string", "minLength": 1}
NUMBER: Shape = {"type": "integer", "minimum": 0}
LABELS: Shape = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION: Shape = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d|w|y))+$"}
"""Prometheus'; Go's, of which External Secrets takes one, has no days and more."""


def one_of(*words: str) -> Shape:
    return {"enum": list(words)}


def listed(shape: Shape) -> Shape:
    return {"type": "array", "minItems": 1, "items": shape}


def closed(required: str = "", **properties: Shape) -> Shape:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


REMOTE = closed("key", key=TEXT, property=TEXT, version=TEXT)

SPECS: dict[tuple[str, str], Shape] = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): closed(
        "selector endpoints",
        selector=closed("matchLabels", matchLabels=LABELS),
        endpoints=listed(closed("port", port=TEXT, path=TEXT, interval=DURATION, honorLabels={"type": "boolean"})),
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): closed(
        "groups",
        groups=listed(
            closed(
                "name rules",
                name=TEXT,
                rules=listed(
                    closed("alert expr", alert=TEXT, expr=TEXT, labels=LABELS, annotations=LABELS, **{"for": DURATION})
                ),
            )
        ),
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): closed(
        "scaleTargetRef triggers",
        scaleTargetRef=closed("name", name=TEXT),
        minReplicaCount=NUMBER,
        maxReplicaCount=NUMBER,
        triggers=listed(
            closed(
                "type metadata",
                type=one_of("redis"),
                # All of it is text, numbers and truth values, too.
                metadata=closed(
                    "address listName listLength",
                    address={"type": "string", "pattern": r"^[^:/]+:[0-9]+$"},
                    listName=TEXT,
                    listLength={"type": "string", "pattern": "^[1-9][0-9]*$"},
                    enableTLS=one_of("true", "false"),
                    databaseIndex={"type": "string", "pattern": "^[0-9]+$"},
                ),
                authenticationRef=closed("name", name=TEXT),
            )
        ),
    ),
    ("external-secrets.io/v1", "ExternalSecret"): closed(
        "secretStoreRef target",
        refreshInterval={"type": "string", "pattern": r"^([0-9]+(s|m|h))+$"},
        secretStoreRef=closed("name", name=TEXT, kind=one_of("SecretStore", "ClusterSecretStore")),
        target=closed("name", name=TEXT, creationPolicy=one_of("Owner", "Orphan", "Merge", "None")),
        data=listed(closed("secretKey remoteRef", secretKey=TEXT, remoteRef=REMOTE)),
        dataFrom=listed(closed("extract", extract=REMOTE)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_field_is_one_that_the_operator_knows(case: str) -> None:
    for one in render(case):
        shape = SPECS.get((one["apiVersion"], one["kind"]))
        if shape is not None:
            wrong = [
                f"{error.json_path}: {error.message}" for error in Draft202012Validator(shape).iter_errors(one["spec"])
            ]
            assert wrong == [], f"{one['kind']}/{one['metadata']['name']}"


def test_no_kind_is_left_unlooked_at() -> None:
    """What the check against the schemas of Kubernetes leaves out is looked at here, and some case makes each."""
    made = {(one["apiVersion"], one["kind"]) for case in CASES for one in render(case)}
    of_others = {one for one in made if "." in one[0] and not one[0].partition("/")[0].endswith("k8s.io")}
    assert of_others == SPECS.keys()
    assert {kind for _, kind in SPECS} == EXTENSIONS


def test_a_field_that_is_none_would_be_found() -> None:
    (monitor,) = of_kind(render("everything"), "ServiceMonitor").values()
    shape = Draft202012Validator(SPECS["monitoring.coreos.com/v1", "ServiceMonitor"])
    assert shape.is_valid(monitor["spec"])
    assert not shape.is_valid({**monitor["spec"], "endpoint": []})
    assert not shape.is_valid({**monitor["spec"], "endpoints": [{"port": "metrics", "interval": "often"}]})
