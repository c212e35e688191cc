"""One document: what a plan does about it. Pure.

Three ways to write one. *Create*: the whole document, but for what can only be said later. *Update*: what the
destination has, with the merge laid over it. *Overlay*: a document that the server has just made together with its
owner, or the rest of a new one; what is there is read when the plan is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from config.names import name_key
from config.options import Retention
from config.rules import ItemRules
from worker.kinds import registry
from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.packages import PACKAGE
from worker.kinds.references import ANSWERS, OWN_STEP, PendingId
from worker.kinds.tenants import TENANT, TENANT_VARIABLES
from worker.kinds.variables import VARIABLE_SET
from worker.plan.values import Action, CleanUp, Decision, Document, NamePath, Op
from worker.sync.merging.fresh import Fresh, seen_done
from worker.sync.merging.lists import STILL_IN_USE
from worker.sync.merging.merge import Terms, merge
from worker.sync.merging.rebasing import rebased
from worker.sync.merging.recall import Recall
from worker.sync.planning.destroys import destructive_updates
from worker.sync.planning.in_use import in_use
from worker.sync.planning.new_documents import of_new
from worker.sync.planning.old_names import renamed_actions
from worker.sync.planning.package_choice import plan_package
from worker.sync.planning.prompted import Prompted
from worker.sync.planning.renamed_steps import RenamedSteps
from worker.sync.tenants.plan import holds_values, plan_values
from worker.sync.translating.crossing import SCOPE_WIDENED, Resolve, Translated
from worker.sync.translating.fitting import demanded, fit
from worker.sync.translating.hidden import identified_on
from worker.sync.translating.parameters import control_types_of
from worker.sync.translating.resolve import Resolver
from worker.sync.translating.retention import retold
from worker.sync.translating.translate import translate
from worker.sync.variables.merge import VariablesBaseline, merge_variables
from worker.sync.variables.scopes import ignores, pinned_scopes, scope_option
from worker.sync.variables.source_rows import translate_rows
from worker.sync.world.bodies import drift_seen, pending_elements, removed_by, says_something
from worker.sync.world.in_git import moved
from worker.sync.world.resolved import Resolved
from worker.sync.world.world import Entry, World, project_of
from worker.sync.world.written import OF_ROWS, Outcome, Renamed, Written, left_for_its_phases, left_for_its_type


class Plans(Protocol):
    names: dict[str, Renamed]
    pending: dict[str, PendingId]
    lacking: dict[str, set[str]]
    planned: dict[str, dict[str, str]]
    bodies: dict[str, Document]
    renamed_steps: RenamedSteps
    unfinished: set[str]
    """Source ids of documents of which something can only be written once they are."""

    def version(self, template_id: str, version: str, there: str) -> tuple[str, bool]: ...


class DocumentPlanner:
    def __init__(self, world: World, resolver: Resolver, plans: Plans) -> None:
        self.world = world
        self.resolver = resolver
        self.plans = plans
        self.recall = Recall(world, plans)
        self.prompted = Prompted(world, resolver, plans)

    def rules(self, path: NamePath) -> ItemRules:
        return self.world.route.rules.of(path)

    # ── translation ───────────────────────────────────────────────────────────────────────────────────────────────────

    def translate(
        self,
        kind: Kind,
        entry: Entry,
        path: NamePath,
        document: Document,
        there: Document | None = None,
        *,
        create: bool = True,
    ) -> Translated:
        """``there``: as the destination has it, if it does. ``create``: whether what it refers to may be created for
        its sake."""
        rules = self.rules(path)
        document, told = retold(kind, document, self.world.releases)
        fitting = fit(self.world, kind, document, there)
        refusal = fitting.refusal(self.world.releases) if self.world.releases is not None else None
        if refusal is not None:
            return Translated(blocked=refusal)
        project = project_of(self.world.source, entry)
        out = translate(
            kind,
            path,
            fitting.document,
            self.resolve_for(entry, project, may_create=create),
            scope_option=lambda dimension, step: scope_option(kind, rules, dimension, path, step),
            on_missing=rules.on_missing,
            pinned=lambda step: self.pinned(path, project, step),
            ignored=lambda step: ignores(rules, path, step),
            parameters=lambda properties: control_types_of(self.world.source, properties),
            identify=identified_on(self.world.source),
            version=self.plans.version,
        )
        if self.world.releases is not None:
            # Of a document that keeps a retention of its own there is nothing to tell.
            out.decisions += told if there is None or rules.retention is Retention.FOLLOW else []
            out.decisions += fitting.decisions(self.world.releases)
            out.clean_ups += fitting.clean_ups(self.world.releases, path)
        if out.document is not None and kind.segment is None:
            names = self.world.route.mapped(kind.name, entry.name)
            if names is not None and "Name" in out.document:
                out.document["Name"] = names[0]
        return out

    def resolve_for(self, entry: Entry, project: str | None, *, may_create: bool = True) -> Resolve:
        """Resolves what a document refers to, and remembers what of it the destination lacks."""
        lacking = self.lacks(entry)

        def resolve(kind: str, source_id: str, /, *, create: bool = True) -> Resolved:
            if kind == OWN_STEP:
                found = self.resolver.actions.own_step(entry.id, source_id)
                self.plans.unfinished |= {entry.id} if found.may_come else set()
                return found
            if kind == ANSWERS:
                found = self.prompted.variable(source_id, project)
            else:
                found = self.resolver.resolve(kind, source_id, project=project, create=create and may_create)
            if not found.ids and not found.alone:
                lacking.add(found.lacks or source_id)
            return found

        return resolve

    def lacks(self, entry: Entry) -> set[str]:
        """Source ids of what the document does without until it is there."""
        return self.plans.lacking.setdefault(entry.id, set())

    def changed_to(self, source_id: str) -> Document | None:
        """What the plan makes of the counterpart of a source document; ``None`` where it leaves it as it is."""
        return self.plans.bodies.get(source_id)

    def elements_of(self, source_id: str) -> Mapping[str, str]:
        """Source id → destination id, or a stand-in, of the elements of a document."""
        if source_id in self.plans.planned:
            return self.plans.planned[source_id]
        baseline = self.world.baselines.get(source_id)
        return baseline.elements if baseline is not None else {}

    def environment_called(self, environment_id: str) -> str:
        known = self.world.destination.directory("environment").by_id.get(environment_id)
        return known.name if known is not None else environment_id

    def pinned(self, path: NamePath, project: str | None, step: str) -> dict[str, list[str]]:
        pins = self.rules(path).steps.pins
        if not pins or project is None:
            return {}
        return pinned_scopes(self.world, pins, path, step, lambda name: self.channel_called(name, project))

    def channel_called(self, name: str, project: str) -> str | None:
        """A channel by the destination's name: one that is there, or one that this plan creates."""
        found = self.resolver.resolve("project", project)
        there = self.world.destination.directory("channel").named(name, found.ids[0] if found.ids else None)
        if there:
            return there[0].id
        for channel in self.world.source.directory("channel").of(project):
            called = (self.world.route.mapped("channel", channel.name) or [channel.name])[0]
            if channel.id in self.plans.pending and name_key(called) == name_key(name):
                return self.plans.pending[channel.id]
        return None

    # ── new ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def create(
        self, kind: Kind, entry: Entry, path: NamePath, document: Document, server_made: PendingId | None
    ) -> Outcome:
        """``server_made``: the stand-in of a document that the server makes by itself and that takes this one's
        place."""
        if kind is PACKAGE:
            return plan_package(self.world, self.rules(path), entry, path, None)
        bare = {name: value for name, value in document.items() if name not in kind.shape.late}
        out = self.translate(kind, entry, path, bare)
        if out.document is None:
            return Outcome(self.not_crossing(kind, entry, path, out), None)
        fresh = Fresh(path, entry.id, self.rules(path).sensitive_placeholder)
        body = fresh.document(kind, out.document)
        above = registry.kind_of(entry.owner or "")
        if server_made is None and kind.owner_field is not None and above is not None and entry.owner is not None:
            body[kind.owner_field] = self.resolver.item(above, entry.owner).ids[0]
        if server_made is None and self.world.releases is not None:
            body, added_for_it = demanded(kind, body, self.world.releases)
            out.decisions += added_for_it
        pending = server_made or PendingId.of(entry.id)
        action = of_new(kind, entry, path, pending, body, out, fresh, overlay=server_made is not None)
        return Outcome(action, Written(pending, want=out.document))

    def late(self, kind: Kind, entry: Entry, path: NamePath, document: Document) -> Outcome | None:
        """What was left out of a new document, or ``None`` where nothing of it crosses."""
        said = {name: value for name, value in document.items() if name in kind.shape.late}
        out = self.translate(kind, entry, path, said)
        if out.document is None:
            return Outcome(self.not_crossing(kind, entry, path, out), None)
        pending = self.plans.pending[entry.id]
        fresh = Fresh(path, entry.id, self.rules(path).sensitive_placeholder)
        if not says_something(kind.shape, out.document):
            if not out.clean_ups and not out.decisions:
                return None
            return Outcome(of_new(kind, entry, path, pending, {}, out, fresh, overlay=True, op=Op.LEAVE), None)
        body = fresh.value(kind.shape, out.document, "")
        action = of_new(kind, entry, path, pending, body, out, fresh, overlay=True)
        return Outcome(action, Written(pending, want=out.document, adds=True))

    def fill(self, kind: Kind, entry: Entry, path: NamePath, document: Document, pending: PendingId) -> Outcome:
        """A document that the server makes together with a new owner."""
        if kind is VARIABLE_SET:
            return self.variables(entry, path, document, pending, {})
        if kind is TENANT_VARIABLES:
            return plan_values(self, entry, path, document, pending, {})
        out = self.translate(kind, entry, path, document)
        if out.document is None:
            return Outcome(self.not_crossing(kind, entry, path, out), None)
        fresh = Fresh(path, entry.id, self.rules(path).sensitive_placeholder)
        body = fresh.value(kind.shape, out.document, "")
        elements = {
            source: PendingId.of(entry.id, source)
            for name in kind.shape.elements
            for source in pending_elements(body.get(name))
        }
        op = Op.CREATE if any(body.values()) else Op.LEAVE
        action = of_new(kind, entry, path, pending, body, out, fresh, overlay=True, op=op)
        return Outcome(action, Written(pending, want=out.document, elements=dict(elements)))

    # ── existing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def update(
        self,
        kind: Kind,
        entry: Entry,
        path: NamePath,
        document: Document,
        destination_id: str,
        *,
        there: Document | None = None,
        defers: bool = False,
    ) -> Outcome:
        """``there``: what the destination will have by then, where a write of the same plan comes before. ``defers``:
        what is to be removed is left to a second write."""
        if isinstance(destination_id, PendingId):
            return self.fill(kind, entry, path, document, destination_id)
        if kind is PACKAGE:
            return plan_package(self.world, self.rules(path), entry, path, destination_id)
        owner = destination_id.partition("-")[2] if kind.place is Place.WITH_OWNER else None
        there = there or self.recall.there(kind, destination_id, owner)
        if there is None:
            decision = Decision("not-visible", "", "is listed by the destination but cannot be read")
            return Outcome(Action(Op.BLOCK, kind.name, path, entry.id, destination_id, (), (decision,)), None)
        if kind is VARIABLE_SET:
            return self.variables(entry, path, document, destination_id, there)
        if kind is TENANT_VARIABLES:
            return plan_values(self, entry, path, document, destination_id, there)
        baseline, intent = self.recall.baseline(kind, entry.id, there)
        out = self.translate(kind, entry, path, document, there)
        if out.document is None:
            return Outcome(self.not_crossing(kind, entry, path, out, known=baseline is not None), None)
        if (left := left_for_its_type(kind, path, entry.id, out.document, there)) is not None:
            return left
        if len(self.world.route.mapped(kind.name, entry.name) or ()) > 1:
            out.document.pop("Name", None)  # it has one of several names, and keeps it
        created = intent is not None and intent.op == "create"
        if baseline is not None and self.world.releases is not None:
            baseline = rebased(kind, baseline, out.document, there, self.world.releases)
        terms = Terms(
            path,
            entry.id,
            self.rules(path),
            leave=out.leave,
            skipped=out.skipped,
            precious=holds_values(self, entry, destination_id) if kind is TENANT else lambda _key, _id: True,
            in_use=lambda step: kind.name == "deployment-process" and in_use(self.world, str(owner), step),
            owed=kind.put_only if created else frozenset(),
            exact=kind.mode is Mode.EXACT,
            clings=destination_id in self.world.clinging,
            steps=self.plans.renamed_steps.of(entry),
            tell=self.world.tell(entry.id),
            defers=defers,
        )
        wanted = out.document | (dict(kind.pristine) if created else {})
        merged = merge(kind.shape, wanted, there, baseline, terms)
        if (
            left := left_for_its_phases(kind, path, entry.id, there, merged.document, self.environment_called)
        ) is not None:
            return left
        # Where the destination has a scope of its own, nothing applies everywhere.
        told = (one for one in out.clean_ups if one.reason != SCOPE_WIDENED or one.where not in merged.scoped)
        rule = self.rules(path).destructive_updates
        destructive = destructive_updates(kind.name, path, merged.changes, there, rule)
        merged.document |= destructive.held
        changes = tuple(change for change in merged.changes if change.where not in destructive.held)
        action = Action(
            Op.UPDATE if changes else Op.LEAVE,
            kind.name,
            path,
            entry.id,
            destination_id,
            changes,
            (*out.decisions, *merged.decisions, *destructive.decisions),
            (*told, *merged.clean_ups, *destructive.clean_ups, *(intent.clean_ups if intent else ())),
            merged.document if changes else None,
            destroys=(*removed_by(changes), *destructive.destroys),
            drift=drift_seen(merged.drift, partly=destination_id in self.world.destination.partial),
        )
        new = {source: PendingId.of(entry.id, source) for source in pending_elements(merged.document)}
        want = out.document | destructive.held  # asked for again by the next plan
        written = Written(destination_id, want, {**merged.elements, **new}, merged.kept, before=baseline, intent=intent)
        written.settles = seen_done(kind, there)
        return Outcome(
            action,
            written,
            baseline is None,
            baseline is None and merged.contact_conflict,
            merged.deferred,
            any(entry.reason == STILL_IN_USE for entry in merged.clean_ups),
            renamed_actions(there, merged.document) if changes else [],
        )

    def variables(
        self, entry: Entry, path: NamePath, document: Document, destination_id: str, there: Document
    ) -> Outcome:
        project = project_of(self.world.source, entry)
        rules = self.rules(path)
        wanted, out = translate_rows(
            path, document, self.resolve_for(entry, project), rules, identified_on(self.world.source)
        )
        if out.blocked is not None:
            return Outcome(self.not_crossing(VARIABLE_SET, entry, path, out), None)
        new = isinstance(destination_id, PendingId)
        baseline, intent = (None, None) if new else self.recall.baseline(VARIABLE_SET, entry.id, there)
        remembered = VariablesBaseline.from_json(baseline.rows) if baseline and baseline.rows else None
        if remembered is None and (new or (baseline is not None)):
            remembered = VariablesBaseline()
        tell = self.world.tell(entry.id)
        partly = project is not None and "variables" in moved(self.world.source, project)
        rows = there.get("Variables") or []
        merged = merge_variables(path, wanted, rows, remembered, rules.variables, tell, partly=partly)
        self.prompted.rows[entry.id] = merged.counterparts(entry.id)
        write = bool(merged.changes)
        body = {**there, "Variables": merged.rows} if not new else {"Variables": merged.rows}
        action = Action(
            (Op.CREATE if new else Op.UPDATE) if write else Op.LEAVE,
            VARIABLE_SET.name,
            path,
            entry.id,
            destination_id,
            tuple(merged.changes),
            (*out.decisions, *merged.decisions),
            (*out.clean_ups, *merged.clean_ups, *(intent.clean_ups if intent else ())),
            body if write else None,
            overlay=new,
            destroys=removed_by(merged.changes),
            drift=merged.drift,
        )
        written = Written(destination_id, rows=merged, before=baseline, intent=intent, settles=OF_ROWS)
        contact = baseline is None and not new
        return Outcome(action, written, contact, contact and merged.contact_conflict)

    def not_crossing(self, kind: Kind, entry: Entry, path: NamePath, out: Translated, *, known: bool = False) -> Action:
        """``known``: it has crossed before."""
        if out.blocked is None:
            left = (CleanUp(path, "", "left-behind", f"stays as it is: {out.decisions[-1].text}"),) if known else ()
            clean_ups = (*out.clean_ups, *left)
            return Action(Op.SKIP, kind.name, path, entry.id, None, (), tuple(out.decisions), clean_ups)
        blocked = CleanUp(path, out.blocked.where, "blocked", out.blocked.text)
        return Action(
            Op.BLOCK,
            kind.name,
            path,
            entry.id,
            None,
            (),
            (*out.decisions, out.blocked),
            (*out.clean_ups, blocked),
            waits_for=out.waits_for,
        )
