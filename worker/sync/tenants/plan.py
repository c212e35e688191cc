"""The values of a tenant: what a plan does about them. Pure.

The source's values in the destination's terms, each at its place there: under the counterpart of the project or library
set, of its template and of the environment. A place of which one is not there does not exist for the value either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from config.rules import ItemRules
from config.versions import ServerVersion
from worker.kinds import registry
from worker.kinds.controls import meaning_of
from worker.kinds.references import PendingId, Ref
from worker.kinds.tenants import TENANT, TENANT_VARIABLES
from worker.plan.values import Action, CleanUp, Decision, Document, NamePath, Op
from worker.sync.merging.recall import Recall
from worker.sync.tenants.cells import EVERYWHERE, Cell, cells_of, same_value
from worker.sync.tenants.merge import Memory, Wanted, applied, merge_values, place
from worker.sync.tenants.places import Places
from worker.sync.tenants.places import Planning as _Planning
from worker.sync.translating.crossing import Resolve
from worker.sync.translating.hidden import identified_on
from worker.sync.translating.referring import translate_value
from worker.sync.translating.resolve import Resolver
from worker.sync.world.baseline import Baseline, Intent
from worker.sync.world.bodies import removed_by
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Asking, Entry
from worker.sync.world.written import OF_ROWS, Outcome, Written

ROWS = ServerVersion(2026, 1)
"""From here on values for library sets can be restricted to environments, for sure; before, a server was asked."""


class Planning(_Planning, Protocol):
    resolver: Resolver
    recall: Recall

    def rules(self, path: NamePath) -> ItemRules: ...
    def resolve_for(self, entry: Entry, project: str | None) -> Resolve: ...
    def lacks(self, entry: Entry) -> set[str]: ...


def plan_values(
    planner: Planning, entry: Entry, path: NamePath, document: Document, destination_id: str, there: Document
) -> Outcome:
    """``there``: ``{}`` for a tenant that the plan creates. Raises :class:`worker.sync.world.world.NotObserved`."""
    new = isinstance(destination_id, PendingId)
    rules = planner.rules(path)
    baseline, memory, intent = (None, Memory(), None) if new else remembered(planner, entry.id, there)
    wanted = _Wanted(planner, entry, path, document, there)
    wanted.find()
    values = {cell: value for cell, value in cells_of(there.get("Values")).items() if wanted.places.may_stay(cell)}
    if not there.get("Whole", True) and memory is not None:
        values |= {cell: value for cell, value in memory.wrote.items() if _is_hidden(cell)}  # as we left it
    names = {key: str(line[0]) for listed in wanted.places.listed.values() for key, line in listed.items()}
    merged = merge_values(
        path,
        wanted.cells,
        values,
        memory,
        rules.tenants.variables,
        rules.sensitive_placeholder,
        complete=wanted.complete,
        names=names,
        hidden=(lambda _: False) if document.get("Whole", True) else _is_hidden,
    )
    write = bool(merged.changes)
    action = Action(
        (Op.CREATE if new else Op.UPDATE) if write else Op.LEAVE,
        TENANT_VARIABLES.name,
        path,
        entry.id,
        destination_id,
        tuple(merged.changes),
        (*wanted.decisions, *merged.decisions),
        (*wanted.clean_ups, *merged.clean_ups, *(intent.clean_ups if intent else ())),
        merged.body if write else None,
        overlay=new,
        destroys=removed_by(merged.changes),
        drift=tuple(merged.drift),
    )
    written = Written(destination_id, rows=merged, before=baseline, intent=intent, settles=OF_ROWS)
    return Outcome(action, written, first_contact=memory is None and bool(values))


def remembered(
    planner: Planning, source_id: str, there: Document
) -> tuple[Baseline | None, Memory | None, Intent | None]:
    """The baseline and what is in it; where a write was begun and nobody heard the answer, what came of it, and the
    intent."""
    baseline = planner.world.baselines.get(source_id)
    if baseline is not None and baseline.destination_id not in {None, there.get("Id")}:
        baseline = None
    baseline = baseline or planner.recall.just_made(TENANT_VARIABLES, source_id)
    memory = Memory.from_json(baseline.rows or {}) if baseline is not None else None
    intent = planner.world.intents.get(source_id)
    if intent is None:
        return baseline, memory, None
    after = Memory.from_json(intent.want.get("rows") or {})
    known, found = applied(memory or Memory(), after, intent.body, cells_of(there.get("Values")))
    return (baseline, known, intent) if found else (baseline, memory, None)


def holds_values(planner: Planning, tenant: Entry, destination_id: str) -> Callable[[str, str], bool]:
    """(project, environment) of the destination → whether the tenant has a value there that is not ours as it stands:
    it would be lost, were the two no longer linked."""
    source_id = registry.made_with_owner(TENANT_VARIABLES, tenant.id)
    there_id = registry.made_with_owner(TENANT_VARIABLES, destination_id)

    def holds(project: str, environment: str) -> bool:
        there = planner.world.destination.document(TENANT_VARIABLES, there_id, destination_id) or {}
        baseline = planner.world.baselines.get(source_id)
        wrote = Memory.from_json((baseline.rows if baseline is not None else None) or {}).wrote
        return any(
            cell[:2] == (project, environment)
            and not (isinstance(value, str) and cell in wrote and same_value(wrote[cell], value))
            for cell, value in cells_of(there.get("Values")).items()
        )

    return holds


class _Wanted:
    """The values of the source at their places on the destination. ``complete``: nothing was left out for not being
    visible."""

    def __init__(self, planner: Planning, entry: Entry, path: NamePath, document: Document, there: Document) -> None:
        self.planner, self.entry, self.path, self.there = planner, entry, path, there
        self.resolve = planner.resolve_for(entry, None)
        self.values: Mapping[str, Mapping[str, Mapping[str, Any]]] = document.get("Values") or {}
        self.templates: Mapping[str, Mapping[str, list[Any]]] = document.get("Templates") or {}
        self.owners = self._owners()
        tenant = planner.resolver.item(TENANT, entry.owner or "")
        self.places = Places(planner, entry.owner or "", tenant.ids[0] if tenant.ids else "", there, self.owners)
        self.cells: dict[Cell, Wanted] = {}
        self.decisions: list[Decision] = []
        self.clean_ups: list[CleanUp] = []
        self.complete = not any(owner.alone for owner in self.owners.values())

    def _owners(self) -> dict[str, Resolved]:
        """The projects and library sets that the source's tenant is linked to, and what they are on the destination."""
        found: dict[str, Resolved] = {}
        asking = Asking()
        for source in sorted({*self.values, *self.templates}):
            kind = registry.kind_of(source)
            with asking:
                if kind is not None:
                    found[source] = self.resolve(kind.name, source, create=False)
        asking.done()
        return found

    def find(self) -> None:
        asking = Asking()
        for source, environments in self.values.items():
            with asking:
                owner = self.owners[source]
                if owner.ids:
                    self.of_owner(source, owner.ids[0], environments)
        asking.done()

    def of_owner(self, source: str, owner: str, environments: Mapping[str, Mapping[str, Any]]) -> None:
        if owner not in self.places.links and owner not in self.places.sets:
            text = "its values do not cross: no project that the tenant is linked to there has it"
            self.decisions.append(Decision("link", owner, text))
            self.planner.lacks(self.entry).update(self.owners)  # a project may come to include the library set
            return
        asking = Asking()
        if owner not in self.places.links and any(environments) and not self.knows_environments():
            self.not_supported(source, owner, environments)
            environments = {EVERYWHERE: environments.get(EVERYWHERE, {})}
        for environment in sorted(environments, key=self.is_namesake):
            with asking:
                found = self.environment(environment)
                self.complete = self.complete and not found.alone
                for there in found.ids:
                    if self.places.has(owner, there):
                        self.at_place(source, owner, there, environments[environment])
                    else:
                        text = "its values do not cross: the tenant is not linked to the project there"
                        self.decisions.append(Decision("link", f"{owner}/{there}", text))
        asking.done()

    def knows_environments(self) -> bool:
        """Whether the destination can restrict values for library sets to environments."""
        if self.there:
            return bool(self.there.get("HasRows"))
        release = self.planner.world.destination.release
        return release is not None and release >= ROWS

    def not_supported(self, source: str, owner: str, environments: Mapping[str, Mapping[str, Any]]) -> None:
        for environment in filter(None, environments):
            found = self.environment(environment)
            for there in found.ids:
                for template in environments[environment]:
                    name, _ = (self.templates.get(source) or {}).get(template, [template, None])
                    text = "is only for some environments, which the destination is too old to know: not written"
                    where = place(Cell(owner, there, template), name)
                    self.clean_ups.append(CleanUp(self.path, where, "not-supported", text))

    def environment(self, source_id: str) -> Resolved:
        return Resolved((EVERYWHERE,)) if source_id == EVERYWHERE else self.resolve("environment", source_id)

    def is_namesake(self, environment: str) -> bool:
        """Of environments that the maps of the route give one name, the first in their order counts."""
        kind = registry.BY_NAME["environment"]
        line = self.planner.world.source.directory(kind.name).by_id.get(environment)
        return line is not None and self.planner.resolver.first_of_its_name(kind, line).id != environment

    def at_place(self, source: str, owner: str, environment: str, values: Mapping[str, Any]) -> None:
        asking = Asking()
        for template, value in values.items():
            name, control = (self.templates.get(source) or {}).get(template, [template, None])
            with asking:
                found = self.places.template(source, owner, template, name)
                where = place(Cell(owner, environment, found or template), name)
                if found is not None:
                    self.value(Cell(owner, environment, found), where, control, value)
                else:
                    self.decisions.append(Decision("template", where, "the destination has no such variable template"))
                    self.planner.lacks(self.entry).add(source)
        asking.done()

    def value(self, cell: Cell, where: str, control: str | None, value: Any) -> None:
        known = self.cells.get(cell)
        if known is not None:
            if known.value != value:
                text = "two environments of the source have one name here, and different values: the first one's counts"
                self.clean_ups.append(CleanUp(self.path, where, "many-to-one", text))
            return
        identify = identified_on(self.planner.world.source)
        translated, out = translate_value(self.path, where, control, value, self.resolve, identify)
        lacks = ""
        if translated is None:
            why = out.blocked or (out.decisions[-1] if out.decisions else None)
            lacks = why.text if why is not None else "it is not known"
        else:
            self.decisions += out.decisions
            self.clean_ups += out.clean_ups
        self.cells[cell] = Wanted(translated, where, lacks, isinstance(meaning_of(control), Ref))


def _is_hidden(cell: Cell) -> bool:
    """The list of all tenants' values does not tell of the environments of those for library sets."""
    owner = PendingId.stands_for(cell.owner) or cell.owner
    return cell.environment != EVERYWHERE and registry.kind_of(owner) is not registry.BY_NAME["project"]
