"""The rules of a route: what happens when source and destination do not fit, or when both have a say.

    Rules
     ├─ preset               defaults for a scenario (config.presets); what is written beside it still counts
     ├─ ItemRules            every rule there is:
     │   ├─ VariableRules        whose value counts, what becomes of rows that are new or gone
     │   │   ├─ ScopeRules           one option per dimension of a variable's scope
     │   │   └─ ReferenceRules       values that name an account, a certificate or a worker pool
     │   ├─ StepRules            the scopes of deployment and runbook steps; single steps by name
     │   ├─ InfrastructureRules  the scopes of accounts and certificates
     │   ├─ TenantRules          the links of tenants to projects, and the tenants' values
     │   ├─ PackageRules         which versions of a package
     │   └─ removed, on_missing, update, retention, accounts, runbooks, version_controlled, destructive_updates,
     │       sensitive_placeholder
     └─ overrides            the same rules once more, for some items only: by kind, by project, by name

Every rule holds for ever, not only at first contact. The defaults never overwrite a value of the destination, never
remove anything, and never widen a scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, field_serializer, model_validator

from config.model import Model, refuse
from config.names import PART_KINDS, SHARED_NAME_KINDS, Pattern, nearest
from config.options import Accounts, Deleted, DestructiveUpdates, Retention, Runbooks, VersionControlled
from config.package_rules import PackageRules
from config.presets import PRESETS, Preset, laid_under
from config.selection import Selection

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


class NewValues(StrEnum):
    """What becomes of a tenant's value where the destination has none."""

    COPY = "copy"
    """The source's value is written."""
    PLACEHOLDER = "placeholder"
    """The placeholder is, with a clean-up entry."""
    NONE = "none"
    """Nothing is, with a clean-up entry. Octopus lists the value as missing, and deploys nothing for the tenant yet."""


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


class UnknownReference(StrEnum):
    """What becomes of a variable whose value names something that the destination has not got."""

    ERROR = "error"
    """The whole set is not written."""
    SKIP = "skip"
    """The row is not added, and what is there is left alone."""
    PLACEHOLDER = "placeholder"
    """The row crosses without a value, with a clean-up entry."""


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


class ReferenceRules(Model):
    """Variables whose value is an id: what becomes of one that names nothing on the destination."""

    account: UnknownReference = UnknownReference.PLACEHOLDER
    certificate: UnknownReference = UnknownReference.PLACEHOLDER
    worker_pool: UnknownReference = UnknownReference.PLACEHOLDER


class SomeSteps(Model):
    """Steps by name. All of ``project``, ``runbook`` and ``step`` are name patterns on the source."""

    project: str = Field(min_length=1)
    step: str = Field(min_length=1)
    runbook: str | None = Field(default=None, min_length=1)
    """Of which runbook the step is. Without: of the deployment process."""

    def match(self, project: str, runbook: str | None, step: str) -> bool:
        if (self.runbook is None) != (runbook is None):
            return False
        if self.runbook is not None and runbook is not None and not Pattern(self.runbook).matches(runbook):
            return False
        return Pattern(self.project).matches(project) and Pattern(self.step).matches(step)


class Pin(SomeSteps):
    """A step that gets a scope of its own on the destination: cross it, but run it there and there.

    The environments and channels are the destination's names; they replace what the source's step is scoped to, so
    nothing of it can mismatch.
    """

    environments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _pins_something(self) -> Pin:
        if not self.environments and not self.channels:
            raise refuse(
                "an empty pin would let the step run everywhere", "name environments, channels or both, or take it out"
            )
        return self


class StepScopes(SomeSteps):
    """Steps for which other scope options hold than for the rest. What is left out holds as for the rest."""

    environment: ScopeOption | None = None
    excluded_environment: ScopeOption | None = None
    channel: ScopeOption | None = None
    tenant_tag: ScopeOption | None = None

    @model_validator(mode="after")
    def _says_something(self) -> StepScopes:
        if not self.model_fields_set - {"project", "runbook", "step"}:
            raise refuse("says nothing about a scope", "name environment, excluded_environment, channel or tenant_tag")
        return self


class StepRules(Model):
    """One option per dimension of a step's scope, and what holds for single steps only."""

    environment: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    excluded_environment: ScopeOption = ScopeOption.IGNORE_MISMATCH
    """An exclusion of an environment that the destination does not have is satisfied, not mismatched: it is dropped,
    and that widens nothing. So this default is safe, unlike ``ignore-mismatch`` elsewhere."""
    channel: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    tenant_tag: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    pins: tuple[Pin, ...] = ()
    """Steps that get a scope of their own on the destination. The first that matches counts."""
    scopes: tuple[StepScopes, ...] = ()
    """Steps for which other options hold. The first that matches and names the dimension counts."""
    ignore: tuple[SomeSteps, ...] = ()
    """Steps that do not cross. What the destination has of them is left alone."""

    def option(self, dimension: str, project: str, runbook: str | None, step: str) -> ScopeOption:
        """``dimension``: as a field of this model is called."""
        for some in self.scopes:
            own: ScopeOption | None = getattr(some, dimension)
            if own is not None and some.match(project, runbook, step):
                return own
        general: ScopeOption = getattr(self, dimension)
        return general


class InfrastructureRules(Model):
    """The scopes of accounts and certificates: where they may be used. One that fits nowhere is not created."""

    environment: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    tenant: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    """Tenants and tenant tags: together they say for whom, so one answer counts for both."""

    def option(self, dimension: str) -> ScopeOption:
        found: ScopeOption = getattr(self, dimension)
        return found


class VariableRules(Model):
    """What happens to the rows of variable sets: a project's, a library variable set's."""

    value: ValueRule = ValueRule.KEEP
    new_rows: NewRows = NewRows.COPY
    """The value of a row that is new to the destination: the source's, or the placeholder."""
    removed: Removed = Removed.KEEP
    scopes: ScopeRules = ScopeRules()
    references: ReferenceRules = ReferenceRules()
    placeholder: str = Field(default=PLACEHOLDER, min_length=1)


class TenantValueRules(Model):
    """The values that a tenant has for the variable templates of its projects and of their library sets."""

    value: ValueRule = ValueRule.KEEP
    new: NewValues = NewValues.COPY
    """Where the destination has none. A value for an environment that the destination lacks never crosses."""
    removed: Removed = Removed.KEEP
    placeholder: str = Field(default=PLACEHOLDER, min_length=1)


class TenantRules(Model):
    """The links of tenants to projects, and the tenants' values. A tenant crosses only if it is included by name."""

    environment: ScopeOption = ScopeOption.SKIP_UNLESS_PARTIAL
    """The environments of a link. *Ignore* links a tenant without any environment, where none of them exists."""
    variables: TenantValueRules = TenantValueRules()

    def option(self, dimension: str) -> ScopeOption:
        found: ScopeOption = getattr(self, dimension)
        return found


class ItemRules(Model):
    """Every rule there is. For the whole route (:class:`Rules`), or for some of its items (:class:`Override`)."""

    variables: VariableRules = VariableRules()
    steps: StepRules = StepRules()
    infrastructure: InfrastructureRules = InfrastructureRules()
    tenants: TenantRules = TenantRules()
    packages: PackageRules = PackageRules()
    removed: Removed = Removed.KEEP
    """For elements of documents: steps, phases, channels, tags, links of tenants."""
    deleted: Deleted = Deleted.REPORT
    """For whole items, and for channels, runbooks and triggers of a project."""
    on_missing: OnMissing = OnMissing.BLOCK
    update: frozenset[SharedNameKind] = frozenset()
    """Shared-name kinds whose details follow the source too."""
    retention: Retention = Retention.KEEP
    """Of lifecycles, their phases, and runbooks."""
    accounts: Accounts = Accounts.CREATE
    runbooks: Runbooks = Runbooks.DRAFT
    version_controlled: VersionControlled = VersionControlled.SKIP
    destructive_updates: DestructiveUpdates = DestructiveUpdates.HOLD_BACK
    sensitive_placeholder: str = Field(default=PLACEHOLDER, min_length=1)
    """The value of a new secret, until a person fills it in. Secrets cannot be read through the API."""

    @field_serializer("update")
    def _in_order(self, kinds: frozenset[str]) -> list[str]:
        return sorted(kinds)


class Override(ItemRules):
    """Rules for some items. What it does not say holds as for the route; a list takes the place of the route's list."""

    for_: Selection = Field(alias="for")
    """Kinds and name patterns, as in ``include``. A project stands for itself and all that belongs to it."""

    @model_validator(mode="after")
    def _says_something(self) -> Override:
        if not self.for_.root:
            raise refuse("names no item", 'write for: { project: ["OctoFX*"] }, or another kind')
        if self.model_fields_set == {"for_"}:
            raise refuse("changes no rule", "write one beside `for`, or take the entry out")
        return self

    def concerns(self, path: Sequence[str]) -> bool:
        """``path``: the name path of a document on the source, as ``("project", "OctoFX", "runbook", "Restart")``."""
        if self.for_.matches(path[0], path[1]):
            return True
        return len(path) > 3 and path[2] in PART_KINDS and self.for_.matches(path[2], path[3], path[1])


class Rules(ItemRules):
    """All rules of a route."""

    preset: Preset | None = None
    """Defaults for one of the scenarios that lead to several instances. What is written beside it still counts."""
    overrides: tuple[Override, ...] = ()
    """Where several concern an item and say something about the same rule, the last one counts."""

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_preset(cls, data: Any) -> Any:
        preset = PRESETS.get(str(data.get("preset"))) if isinstance(data, dict) else None
        return data if preset is None else laid_under(preset, data)

    @cached_property
    def _found(self) -> dict[tuple[int, ...], ItemRules]:
        return {(): self}

    def of(self, path: Sequence[str]) -> ItemRules:
        """The rules for the document with this name path on the source."""
        concerned = tuple(at for at, override in enumerate(self.overrides) if override.concerns(path))
        if concerned not in self._found:
            rules: ItemRules = self
            for at in concerned:
                rules = _over(rules, self.overrides[at])
            self._found[concerned] = rules
        return self._found[concerned]


_M = TypeVar("_M", bound=Model)


def _over(below: _M, above: Model) -> _M:
    """``below``, with all that was written down in ``above``."""
    said: dict[str, Any] = {}
    for name in above.model_fields_set & type(below).model_fields.keys():
        value = getattr(above, name)
        said[name] = _over(getattr(below, name), value) if isinstance(value, Model) else value
    return below.model_copy(update=said)
