"""Control types: what the value of a variable template or step template parameter means.

A template says in its display settings how its value is entered, and thereby what it is: text, a secret, or the id of
an account. The same holds for the default value of a template, for the values that tenants give, and for the values
that a step gives to the parameters of the step template it uses: these stand among the step's properties under the
parameter's name (Octopus API reference 2026, "Cross-cutting shapes", "Action details").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.kinds.references import Nested, Ref

CONTROL_TYPE = "Octopus.ControlType"

_ACCOUNT = Ref("account", loose=True)

CONTROL_TYPES: Mapping[str, Ref | Nested] = {
    "AmazonWebServicesAccount": _ACCOUNT,
    "AzureAccount": _ACCOUNT,
    "GoogleCloudAccount": _ACCOUNT,
    "GenericOidcAccount": _ACCOUNT,
    "UsernamePasswordAccount": _ACCOUNT,
    "Certificate": Ref("certificate", loose=True),
    "WorkerPool": Ref("worker-pool", loose=True),
    "Package": Nested({"FeedId": Ref("feed", loose=True)}, text=True),
}
"""Those whose values are references. Instead of an id there may stand the name of a variable, or an expression. All
others (SingleLineText, MultiLineText, Select, Checkbox, StepName, Sensitive…) are the same on every server."""


def meaning_of(control_type: str | None) -> Ref | Nested | None:
    """What a value of this control type refers to; ``None`` where it is plain text or a secret."""
    return CONTROL_TYPES.get(control_type or "")


def control_type_of(template: Mapping[str, Any]) -> str | None:
    """Of a variable template or step template parameter. Older servers leave it out: then it is a line of text."""
    settings = template.get("DisplaySettings")
    found = settings.get(CONTROL_TYPE) if isinstance(settings, Mapping) else None
    return found if isinstance(found, str) else None


def control_types(parameters: object) -> dict[str, str]:
    """Name → control type, of a list of parameters, but for those that have none."""
    found: dict[str, str] = {}
    for parameter in parameters if isinstance(parameters, list) else []:
        control_type = control_type_of(parameter)
        if control_type is not None:
            found[str(parameter.get("Name"))] = control_type
    return found


def references(place: str) -> Iterator[tuple[str, Ref]]:
    """Every reference that a value at ``place`` may be, by control type."""
    for control_type, meaning in CONTROL_TYPES.items():
        if isinstance(meaning, Ref):
            yield f"{place} ({control_type})", meaning
        else:
            for below, ref in meaning.references():
                yield f"{place} ({control_type}).{below}", ref
