"""Which audit events a write leaves, and what each says: one row per document type.

A document's type is the prefix of its id: `variableset-Projects-1` is a `variableset`. The row says what the
event's sentence calls it, which other documents the event names as related, and what is written besides. Evidence
for the rows, unless a row says otherwise: audit exports of servers 3.7 to 2018.3 and the OctopusDeploy/Issues
numbers named beside them. Of rows marked (?) no public capture shows more than document type and category.

Not every write is audited: what a server makes or removes together with its owner (a project's process, variable
set and first channel; a library set's variable set) leaves no event of its own (OctopusDeploy/Issues#7056).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.event_dialect import has
from sandbox.event_entry import Entry, Part
from sandbox.store import Commit, Document, Write

__all__ = ["SHAPES", "Lookup", "Shape", "entries_for"]

# A document of the commit's space (or, for None, of the system) by its id.
Lookup = Callable[[str | None, str], Document | None]


def _no_more(_: Write) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Shape:
    """How a document type is audited.

    `related` names properties of the document that hold further related ids (a list gives all of its ids).
    `of_owner`: the sentence speaks of the owner ("Variables for X were changed"), and only changes are audited.
    `besides` gives the categories of further events for the same write; those of an `internal` type were added for
    triggers, and a list can leave them out (server Swagger 2026.1).
    """

    noun: str
    related: tuple[str, ...] = ()
    of_owner: bool = False
    besides: Callable[[Write], Iterable[str]] = _no_more
    internal: bool = False


def _machine_categories(write: Write) -> Iterable[str]:
    """A target leaves a second event beside the document's own (Issues#4820)."""
    if write.before is None:
        return ["MachineAdded"]
    if write.after is None:
        return ["MachineDeleted"]
    if write.before.get("IsDisabled") != write.after.get("IsDisabled"):
        return ["MachineDisabled" if write.after.get("IsDisabled") else "MachineEnabled"]
    return ["MachineDeploymentRelatedPropertyWasUpdated"]


def _certificate_categories(write: Write) -> Iterable[str]:
    """Replaced: the same id has another thumbprint. (?) That the document's own event stays beside it."""
    if write.before and write.after and write.before.get("Thumbprint") != write.after.get("Thumbprint"):
        return ["CertificateReplaced"]
    return []


def _runbook_categories(write: Write) -> Iterable[str]:
    """Another snapshot is published. (?) That the event is the runbook's."""
    published = write.after and write.after.get("PublishedRunbookSnapshotId")
    if write.before and published and write.before.get("PublishedRunbookSnapshotId") != published:
        return ["RunbookSnapshotPublished"]
    return []


# Keys are id prefixes in lower case: servers are not consistent in their casing.
SHAPES: dict[str, Shape] = {
    "accounts": Shape("Account"),
    "actiontemplates": Shape("ActionTemplate"),
    "certificates": Shape("Certificate", besides=_certificate_categories),
    "channels": Shape("Channel", ("ProjectId",)),  # with the project since Issues#5796
    "dashboardconfigurations": Shape("Dashboard configuration"),  # (?)
    "deploymentfreezes": Shape("Deployment freeze"),  # (?)
    "deploymentprocess": Shape("Deployment process", ("ProjectId", "OwnerId"), of_owner=True),
    "deploymentsettings": Shape("Deployment settings", ("ProjectId",), of_owner=True),  # (?) related
    "environments": Shape("Environment"),
    "feeds": Shape("Feed"),
    "gitcredentials": Shape("Git credential"),
    "libraryvariablesets": Shape("Library Variable Set"),
    "lifecycles": Shape("Lifecycle"),
    "machinepolicies": Shape("Machine policy"),
    "machines": Shape("Machine", ("EnvironmentIds",), besides=_machine_categories, internal=True),
    "projectgroups": Shape("Project Group"),
    "projects": Shape("Project"),
    "projecttriggers": Shape("Project trigger", ("ProjectId",)),  # (?) related
    "proxies": Shape("Proxy"),
    "releases": Shape("Release", ("ProjectId",)),
    "runbookprocess": Shape("Runbook process", ("ProjectId",), of_owner=True),  # (?) related: the runbook, too?
    "runbooks": Shape("Runbook", ("ProjectId",), besides=_runbook_categories),  # (?) related
    "runbooksnapshots": Shape("Runbook snapshot", ("RunbookId", "ProjectId")),  # (?) all of it
    "scopeduserroles": Shape("Scoped user role", ("TeamId", "UserRoleId")),  # (?) related
    "spacedefaultretentionpolicies": Shape("Default retention policy"),  # (?)
    "spaces": Shape("Space"),
    "subscriptions": Shape("Subscription"),
    "tagsets": Shape("TagSet"),
    "targettags": Shape("Target tag"),  # (?)
    "teams": Shape("Team"),
    "tenants": Shape("Tenant"),
    "tenantvariables": Shape("Tenant variable", ("TenantId",)),  # (?) project, library set and environment, too?
    "userroles": Shape("User role"),
    "users": Shape("User"),
    "variableset": Shape("Variables", ("OwnerId",), of_owner=True),
    "workerpools": Shape("Worker pool"),
    "workers": Shape("Worker", ("WorkerPoolIds",)),
}

# What the server keeps for itself, by id prefix, and what nobody saw in an audit log.
_UNAUDITED = {"actiontemplateversions", "buildinformation", "bytes", "logo"}

_VERBS = {"Created": "was created", "Modified": "was modified", "Deleted": "was deleted"}


def entries_for(commit: Commit, lookup: Lookup, version: str) -> list[Entry]:
    """The audit entries of one commit, in the order of its writes.

    A document type without a row is audited under its prefix, so that a new kind is never silently unaudited.
    """
    removes = any(write.category == "Deleted" for write in commit.writes)
    entries: list[Entry] = []
    for write in commit.writes:
        prefix = _type(write)
        if prefix == "packages":
            entries += _package_entries(write, commit.space_id, version)
            continue
        shape = SHAPES.get(prefix) or Shape(write.id.split("-", 1)[0])
        if _is_silent(write, prefix, shape, version):
            continue
        entry = Entry(
            category=write.category,
            related=(
                *_joined(commit, write),
                *_related(write, prefix, shape, cascade=removes and write.side_effect, version=version),
            ),
            parts=_sentence(write, shape, commit.space_id, lookup),
            space_id=commit.space_id,
            before=write.before,
            after=write.after,
            secret_changed=write.id in commit.secrets_changed,
        )
        twice = prefix == "projects" and write.category == "Created" and has(version, "project created twice")
        entries += [entry, entry] if twice else [entry]
        entries += [
            Entry(category, entry.related, entry.parts, commit.space_id, internal=shape.internal)
            for category in shape.besides(write)
        ]
    return entries


def _package_entries(write: Write, space_id: str | None, version: str) -> list[Entry]:
    """A push is told of as if the feed were created, which it names; other writes of packages (?) are not."""
    if write.after is None or write.side_effect:
        return []
    own = has(version, "package pushed has its own category")
    package = write.after
    parts = (Part(f"Package {package['PackageId']} version {package['Version']} was added to the built-in repository"),)
    return [Entry("PackageAddedToBuiltInFeed" if own else "Created", (package["FeedId"],), parts, space_id)]


def _type(write: Write) -> str:
    """The prefix of the id; a runbook on a branch has none (`sandbox.resources.git_runbooks`)."""
    if write.collection.startswith("git/") and "RunbookProcessId" in write.document:
        return "runbooks"
    return write.id.split("-", 1)[0].casefold()


def _is_silent(write: Write, prefix: str, shape: Shape, version: str) -> bool:
    """Whether this write leaves no event: the document came or went together with its owner."""
    if write.silent or prefix in _UNAUDITED:
        return True
    if write.category == "Modified":
        return prefix == "certificates" and _only_archived(write) and has(version, "archiving unaudited")
    if prefix == "deploymentsettings" and write.category == "Created" and has(version, "project created twice"):
        return False
    return write.side_effect or shape.of_owner


def _only_archived(write: Write) -> bool:
    before, after = write.before or {}, write.after or {}
    return before.get("Archived") != after.get("Archived") and {**before, "Archived": None} == {
        **after,
        "Archived": None,
    }


def _related(write: Write, prefix: str, shape: Shape, *, cascade: bool, version: str) -> tuple[str, ...]:
    if prefix == "variableset":
        of_library = write.id.casefold().startswith("variableset-libraryvariablesets-")
        if of_library and has(version, "library variables without owner"):
            return (write.id,)
        if cascade and has(version, "cascade without owner"):
            return (write.id,)
    if prefix == "deploymentprocess" and has(version, "process without project"):
        return (write.id,)
    ids = [write.id]
    for key in shape.related:
        value = write.document.get(key)
        ids += value if isinstance(value, list) else [value] if value else []
    return tuple(dict.fromkeys(ids))


def _joined(commit: Commit, write: Write) -> list[str]:
    """The new users of a commit, when what is written is the team that they are put into: both are named then."""
    if not (write.side_effect and write.collection == "teams"):
        return []
    return [other.id for other in commit.writes if other.collection == "users" and other.category == "Created"]


def _sentence(write: Write, shape: Shape, space_id: str | None, lookup: Lookup) -> tuple[Part, ...]:
    document = write.document
    if not shape.of_owner:
        name = Part(str(document.get("Name") or document.get("DisplayName") or write.id), write.id)
        return (Part(f"{shape.noun} "), name, Part(f" {_VERBS[write.category]}"))
    owner_id = str(document.get("OwnerId") or document.get("RunbookId") or document.get("ProjectId") or write.id)
    owner = lookup(space_id, owner_id) or {}
    were = "were" if shape.noun.endswith("s") else "was"
    return (Part(f"{shape.noun} for "), Part(str(owner.get("Name") or owner_id), owner_id), Part(f" {were} changed"))
