"""The rules of a route: what happens when source and destination do not fit, or when both have a say.

    Rules
     ├─ VariableRules     whose value counts, what becomes of rows that are new or gone
     │   └─ ScopeRules    one option per dimension of a variable's scope
     ├─ StepRules         the same for the scopes of deployment and runbook steps, and the pins
     └─ removed, on_missing, update, sensitive_placeholder

Every rule holds for ever, not only at first contact. The defaults never overwrite a value of the destination, never
remove anything, and never widen a scope.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_serializer, model_validator

from config.model import Model, refuse
from config.names import SHARED_NAME_KINDS, nearest

PLACEHOLDER = "REPLACE ME"


class ScopeOption(StrEnum):
    """What to do with a row or step whose scope does not fit the destination, per dimension.

    *Exact*: everything it is scoped to exists there. *Partial*: at least one does, and only these are used. *Skip*: do
    not add it, and leave alone what is there; it never deletes.
    """

    ERROR_UNLESS_EXACT = "error-unless-exact"
    SKIP_UNLESS_EXACT = "skip-unless-exact"
    ERROR_UNLESS_PARTIAL = "error-unless-partial"
    SKIP_UNLESS_PARTIAL = "skip-unless-partial"
    IGNORE_MISMATCH = "ignore-mismatch"
    """Use what fits; where nothing does, the scope is empty and so *wider*. Always leaves a clean-up entry."""
    IGNORE_MISMATCH_ON_NEW = "ignore-mismatch-on-new"
    """Like the former when the row or step is new to the destination; what is there already keeps its scope."""


class ValueRule(StrEnum):
    KEEP = "keep"
    """A value on the destination is never overwritten."""
    FOLLOW = "follow"
    """A value that changed on the source crosses, unless it was changed on the destination too."""
    ALWAYS = "always"
    """The source's value always wins."""


class NewRows(StrEnum):
    COPY = "copy"
    PLACEHOLDER = "placeholder"


class Removed(StrEnum):
    KEEP = "keep"
    """What the source dropped stays, with a clean-up entry."""
    REMOVE_OURS = "remove-ours"
    """It is removed, if it was we who wrote it."""


class OnMissing(StrEnum):
    BLOCK = "block"
    """A document that requires something missing waits for it, and says for what."""
    SKIP_ELEMENT = "skip-element"
    """The step, phase or row that requires it is left out; the rest of the document crosses."""


def _shared_name_kind(kind: str) -> str:
    if kind in SHARED_NAME_KINDS:
        return kind
    guess = nearest(kind, SHARED_NAME_KINDS)
    hint = f"did you mean {guess!r}?" if guess else f"`update` is for {', '.join(SHARED_NAME_KINDS)}"
    raise refuse(f"{kind!r} is no kind whose details could follow", hint)


SharedNameKind = Annotated[
    str, AfterValidator(_shared_name_kind), Field(json_schema_extra={"enum": list(SHARED_NAME_KINDS)})
]


class ScopeRules(Model):
    """One option per dimension of a variable's scope. Roles are plain strings and always fit."""

    environment: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    channel: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    process_owner: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    """The deployment process, or runbooks."""
    step: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    target: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    tenant_tag: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL


class Pin(Model):
    """A step that gets a scope of its own on the destination: cross it, but run it there and there.

    All of ``project``, ``runbook`` and ``step`` are name patterns on the source. The environments and channels are the
    destination's names; they replace what the source's step is scoped to, so nothing of it can mismatch.
    """

    project: str = Field(min_length=1)
    step: str = Field(min_length=1)
    runbook: str | None = Field(default=None, min_length=1)
    """Of which runbook the step is. Without: of the deployment process."""
    environments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _pins_something(self) -> Pin:
        if not self.environments and not self.channels:
            raise refuse("a pin names environments, channels or both: an empty one would let the step run everywhere")
        return self


class StepRules(Model):
    """One option per dimension of a step's scope."""

    environment: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    excluded_environment: ScopeOption = ScopeOption.IGNORE_MISMATCH
    """An exclusion of an environment that the destination does not have is satisfied, not mismatched: it is dropped,
    and that widens nothing. So this default is safe, unlike ``ignore-mismatch`` elsewhere."""
    channel: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    tenant_tag: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    pins: tuple[Pin, ...] = ()
    """Steps that get a scope of their own on the destination. The first that matches counts."""


class VariableRules(Model):
    """What happens to the rows of variable sets: a project's, a library variable set's, a tenant's."""

    value: ValueRule = ValueRule.KEEP
    new_rows: NewRows = NewRows.COPY
    """The value of a row that is new to the destination: the source's, or the placeholder."""
    removed: Removed = Removed.KEEP
    scopes: ScopeRules = ScopeRules()
    placeholder: str = Field(default=PLACEHOLDER, min_length=1)


class Rules(Model):
    """All rules of a route. ``preset: mirror`` changes the defaults; what is written beside it still counts."""

    preset: Literal["mirror"] | None = None
    """``mirror``: values always follow, what the source dropped is removed where we wrote it, and the details of every
    shared-name kind follow too. For instances that shall be alike."""
    variables: VariableRules = VariableRules()
    steps: StepRules = StepRules()
    removed: Removed = Removed.KEEP
    """For elements of documents: steps, phases, channels, tags."""
    on_missing: OnMissing = OnMissing.BLOCK
    update: frozenset[SharedNameKind] = frozenset()
    """Shared-name kinds whose details follow the source too."""
    sensitive_placeholder: str = Field(default=PLACEHOLDER, min_length=1)
    """The value of a new secret, until a person fills it in. Secrets cannot be read through the API."""

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_preset(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("preset") != "mirror":
            return data
        variables = data.get("variables", {})
        if isinstance(variables, dict):
            variables = {"value": ValueRule.ALWAYS, "removed": Removed.REMOVE_OURS} | variables
        return {"removed": Removed.REMOVE_OURS, "update": SHARED_NAME_KINDS} | data | {"variables": variables}

    @field_serializer("update")
    def _in_order(self, kinds: frozenset[str]) -> list[str]:
        return sorted(kinds)
