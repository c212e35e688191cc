"""Whatever is created, changed and deleted, in whatever order: what the server then holds, it would take again.

A reference that dangles would be refused when its document is sent back. The one that Octopus itself leaves dangling is
that of a step, or a step template, to a deleted feed (OctopusDeploy/Issues#669).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.app import ROUTER, create_app
from sandbox.errors import ApiError
from sandbox.indexes import by_name, by_project, by_slug
from sandbox.kind import KINDS, values_at
from sandbox.routing import Call
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Store
from sandbox.tags import TAGS

SPACE = "Spaces-1"
LEFT_DANGLING = {"feeds"}
# Collections whose documents are saved whole by PUT of what GET gave.
EDITABLE = (
    "accounts", "actiontemplates", "certificates", "channels", "deploymentprocesses", "environments", "feeds",
    "git-credentials", "libraryvariablesets", "lifecycles", "machinepolicies", "machines", "projectgroups", "projects",
    "projecttriggers", "proxies", "releases", "runbookprocesses", "runbooks", "runbooksnapshots", "scopeduserroles",
    "subscriptions", "tagsets", "teams", "tenants", "variables", "workerpools", "workers",
)  # fmt: skip
# What projects and library sets ask of tenants.
TEMPLATES = [
    {"Name": control, "DisplaySettings": {"Octopus.ControlType": control}}
    for control in ("AzureAccount", "Certificate", "SingleLineText")
]


class Server:
    """A server without a socket: requests go straight to the routes."""

    def __init__(self) -> None:
        self.settings, self.store = Settings(), Store()
        self._router = create_app(self.store, self.settings)[ROUTER]
        self._number = 0

    def send(self, method: str, path: str, body: Any = None, query: dict[str, list[str]] | None = None) -> Any:
        """The answer's body. A path that begins with a slash is one of the system. Raises ApiError for a refusal."""
        whole = path[1:] if path.startswith("/") else f"{SPACE}/{path}"
        match = self._router.match(method, whole, self.store, self.settings)
        raw = b"" if body is None else json.dumps(body).encode()
        call = Call(method, self.store, self.settings, match.space_id, match.params, query or {}, raw, SYSTEM)
        return json.loads(json.dumps(match.route.handler(call).body))

    def try_to(self, method: str, path: str, body: Any = None) -> None:
        """A request that may be refused; 405 is for what goes with its owner only."""
        try:
            self.send(method, path, body)
        except ApiError as refused:
            if refused.status not in (400, 404, 405):
                raise

    def ids(self, collection: str) -> list[str]:
        return list(self.store.space(SPACE).collection(collection))

    def of(self, collection: str) -> list[dict[str, Any]]:
        return list(self.store.space(SPACE).collection(collection).values())

    def name(self) -> str:
        self._number += 1
        return f"Name {self._number}"


def pick(server: Server, collection: str, choice: int) -> str | None:
    ids = server.ids(collection)
    return ids[choice % len(ids)] if ids else None


def body_of(server: Server, collection: str, choice: int) -> dict[str, Any] | None:
    """A document that names others, whichever the choice falls on. None: this kind is not made by itself."""

    def one(kind: str) -> str | None:
        return pick(server, kind, choice)

    environment, project, tag = one("environments"), one("projects"), _tag(server, choice)
    environments = [environment] if environment else []
    projects = [project] if project else []
    details = {"Type": "UsernamePassword", "Username": "u", "Password": {"NewValue": "p"}}
    hook = {"WebhookURI": "http://127.0.0.1:9/", "Filter": {"Projects": projects, "Environments": environments}}
    bodies: dict[str, dict[str, Any]] = {
        "actiontemplates": {"ActionType": "Octopus.Script", "Packages": _packages(server, choice)},
        "certificates": {"CertificateData": {"NewValue": "c"}, "EnvironmentIds": environments, "TenantTags": tag},
        "git-credentials": {"Details": details},
        "machinepolicies": {},
        "proxies": {"Host": "h", "Port": 1},
        "releases": {"ProjectId": project, "ChannelId": _of(server, "channels", project), "Version": f"1.{choice}"},
        "runbooksnapshots": {"ProjectId": _project_of(server, one("runbooks")), "RunbookId": one("runbooks")},
        "scopeduserroles": {
            "TeamId": one("teams"),
            "UserRoleId": "userroles-projectviewer",
            "ProjectIds": projects if choice % 2 else [],
            "EnvironmentIds": environments if choice % 3 else [],
            "TenantIds": [one("tenants")] if one("tenants") else [],
        },
        "subscriptions": {"EventNotificationSubscription": hook},
        "teams": {"MemberUserIds": ["Users-1"], "ExternalSecurityGroups": []},
        "workers": {
            "WorkerPoolIds": [one("workerpools")],
            "MachinePolicyId": one("machinepolicies"),
            "Endpoint": {"CommunicationStyle": "TentaclePassive", "Uri": "https://w:1", "ProxyId": one("proxies")},
            "IsDisabled": False,
        },
        "accounts": {"AccountType": "Token", "Token": {"NewValue": "t"}, "EnvironmentIds": environments},
        "channels": {"ProjectId": project, "LifecycleId": one("lifecycles"), "TenantTags": tag},
        "environments": {},
        "feeds": {"FeedType": "NuGet", "FeedUri": "https://f.example"},
        "libraryvariablesets": {"ContentType": "ScriptModule"} if choice % 4 == 3 else {"Templates": TEMPLATES},
        "lifecycles": {"Phases": [{"Name": "P", "OptionalDeploymentTargets": environments}]},
        "machines": {
            "EnvironmentIds": environments,
            "Roles": ["r"],
            "TenantTags": tag,
            "Endpoint": {"AccountId": one("accounts")},
        },
        "projectgroups": {},
        "projects": {
            "Templates": TEMPLATES,
            "ProjectGroupId": one("projectgroups"),
            "LifecycleId": one("lifecycles"),
            "IncludedLibraryVariableSetIds": [one("libraryvariablesets")] if one("libraryvariablesets") else [],
        },
        "projecttriggers": {"ProjectId": project, **_trigger(server, project, environments, tag, choice)},
        "runbooks": {"ProjectId": project, "RunRetentionPolicy": {"QuantityToKeep": 1}, "Environments": environments},
        "tagsets": {"Tags": [{"Name": "One"}, {"Name": "Two"}]},
        "tenants": {"TenantTags": tag, "ProjectEnvironments": {project: environments} if project else {}},
        "workerpools": {"WorkerPoolType": "StaticWorkerPool"},
    }
    return {"Name": server.name(), **bodies[collection]} if collection in bodies else None


def create(server: Server, collection: str, choice: int) -> None:
    body = body_of(server, collection, choice)
    if body:
        server.try_to("POST", collection, body)


def edit(server: Server, collection: str, choice: int) -> None:
    """Another body in place of what a document said, with other references; what it belongs to stays."""
    document_id, body = pick(server, collection, choice // 2), body_of(server, collection, choice)
    if document_id and body:
        path = f"{collection}/{document_id}"
        try:
            before = server.send("GET", path)
        except ApiError:
            return  # a parent or ephemeral environment, which lives by other routes
        kept = {name: before[name] for name in ("ProjectId", "RunbookId", "Version") if name in before}
        server.try_to("PUT", path, {**before, **body, **kept})


def say(server: Server, choice: int) -> None:
    """What a tenant says for the templates of its projects and library sets, in the newer form."""
    tenant = pick(server, "tenants", choice)
    if tenant is None:
        return
    account, certificate = (pick(server, kind, choice) for kind in ("accounts", "certificates"))
    for half, owner in (("projectvariables", "ProjectId"), ("commonvariables", "LibraryVariableSetId")):
        asked = server.send("GET", f"tenants/{tenant}/{half}", query={"includemissingvariables": ["true"]})
        rows = []
        for row in [*asked["Variables"], *asked["MissingVariables"]]:
            control = row["Template"]["DisplaySettings"]["Octopus.ControlType"]
            value = {"AzureAccount": account, "Certificate": certificate}.get(control) or "#{Nothing}"
            rows.append({owner: row[owner], "TemplateId": row["TemplateId"], "Scope": row["Scope"], "Value": value})
        server.try_to("PUT", f"tenants/{tenant}/{half}", {"Variables": rows[choice % 2 :]})


def publish(server: Server, choice: int) -> None:
    """A snapshot of a runbook becomes the published one."""
    snapshot = pick(server, "runbooksnapshots", choice)
    if snapshot:
        runbook = server.send("GET", f"runbooksnapshots/{snapshot}")["RunbookId"]
        whole = server.send("GET", f"runbooks/{runbook}")
        server.try_to("PUT", f"runbooks/{runbook}", {**whole, "PublishedRunbookSnapshotId": snapshot})


def passing(server: Server, choice: int) -> None:
    """Environments that come and go with a pull request, their parent, and the channel that makes them."""
    project = pick(server, "projects", choice)
    server.try_to("POST", "parentenvironments", {"Name": server.name()})
    parents = [one["Id"] for one in server.of("environments") if one.get("Type") == "Parent"]
    if project and parents:
        parent = parents[choice % len(parents)]
        channel = {"Name": server.name(), "ProjectId": project, "Type": "EphemeralEnvironment"}
        server.try_to("POST", "channels", {**channel, "ParentEnvironmentId": parent})
        server.try_to("POST", f"projects/{project}/environments/ephemeral", {"EnvironmentName": server.name()})
        if choice % 3 == 0:
            server.try_to("DELETE", f"parentenvironments/{parent}")


def of_the_system(server: Server, choice: int) -> None:
    """Users, roles and freezes, which spaces' documents name and which name those."""
    name = server.name()
    server.try_to("POST", "/users", {"Username": name, "DisplayName": name})
    server.try_to("POST", "/userroles", {"Name": name, "GrantedSpacePermissions": ["ProjectView"]})
    users, roles = (list(server.store.system.collection(kind)) for kind in ("users", "userroles"))
    team, project, environment = (pick(server, kind, choice) for kind in ("teams", "projects", "environments"))
    if team:
        body = {"Name": name, "MemberUserIds": users[-1:], "ExternalSecurityGroups": []}
        server.try_to("PUT", f"teams/{team}", {**server.send("GET", f"teams/{team}"), **body})
        server.try_to("POST", "scopeduserroles", {"TeamId": team, "UserRoleId": roles[-1]})
    if project and environment:
        times = {"Start": "2027-01-01T00:00:00Z", "End": "2027-01-02T00:00:00Z"}
        scope = {"ProjectEnvironmentScope": {project: [environment]}}
        server.try_to("POST", "/deploymentfreezes", {"Name": name, **times, **scope})
    if choice % 2:
        server.try_to("DELETE", f"/users/{users[choice % len(users)]}")
        server.try_to("DELETE", f"/userroles/{roles[-1]}")


def _trigger(
    server: Server, project: str | None, environments: list[str], tag: list[str], choice: int
) -> dict[str, Any]:
    daily = {"FilterType": "OnceDailySchedule", "StartTime": "2027-01-01T00:00:00Z"}
    environment = environments[0] if environments else None
    tenants = [one] if (one := pick(server, "tenants", choice)) else []
    whom = {"ChannelId": _of(server, "channels", project), "TenantIds": tenants, "TenantTags": tag}
    runbook = {"RunbookId": _of(server, "runbooks", project), "EnvironmentIds": environments}
    return (
        {
            "Filter": {"FilterType": "MachineFilter", "EnvironmentIds": environments},
            "Action": {"ActionType": "AutoDeploy"},
        },
        {"Filter": daily, "Action": {"ActionType": "DeployNewRelease", "EnvironmentId": environment, **whom}},
        {"Filter": daily, "Action": {"ActionType": "RunRunbook", **runbook, "TenantIds": tenants}},
        {
            "Filter": daily,
            "Action": {
                "ActionType": "DeployLatestRelease",
                "DestinationEnvironmentId": environment,
                "SourceEnvironmentIds": environments,
                **whom,
            },
        },
    )[choice % 4]


def _of(server: Server, collection: str, project: str | None) -> str | None:
    documents = server.store.space(SPACE).collection(collection).values()
    return next((str(one["Id"]) for one in documents if one["ProjectId"] == project), None)


def _project_of(server: Server, runbook: str | None) -> str | None:
    found = server.store.space(SPACE).find("runbooks", runbook)
    return str(found["ProjectId"]) if found else None


def _packages(server: Server, choice: int) -> list[dict[str, Any]]:
    feed = pick(server, "feeds", choice)
    return [{"Name": "p", "PackageId": "p", "FeedId": feed}] if feed else []


def _tag(server: Server, choice: int) -> list[str]:
    tag_set = pick(server, "tagsets", choice)
    return [f"{server.store.space(SPACE).collection('tagsets')[tag_set]['Name']}/Two"] if tag_set else []


def fill(server: Server, collection: str, choice: int) -> None:
    """A process or variable set that names what there is."""
    document_id = pick(server, collection, choice)
    if document_id is None:
        return
    document = server.send("GET", f"{collection}/{document_id}")
    environment = pick(server, "environments", choice)
    if collection == "variables":
        scope = {"Environment": [environment]} if environment else {}
        channel, machine = pick(server, "channels", choice), pick(server, "machines", choice)
        rows = [{"Name": "a", "Value": "1", "Scope": scope}, {"Name": "b", "Value": pick(server, "accounts", choice)}]
        rows += [{"Name": "c", "Value": "1", "Scope": {"Channel": [channel]}}] if channel else []
        rows += [{"Name": "d", "Value": "1", "Scope": {"Machine": [machine], **scope}}] if machine else []
        rows += [{"Name": "e", "Value": "1", "Scope": {"TenantTag": _tag(server, choice)}}]
        rows += [{"Name": "f", "Type": "Certificate", "Value": pick(server, "certificates", choice)}]
        rows += [{"Name": "g", "Type": "WorkerPool", "Value": pick(server, "workerpools", choice)}]
        for number in range(len(rows)):
            server.try_to("PUT", f"variables/{document_id}", {**document, "Variables": rows[: len(rows) - number]})
    elif "Steps" in document:
        action: dict[str, Any] = {"Name": "Do", "ActionType": "Octopus.Script", "Environments": [environment or ""]}
        action["Packages"] = _packages(server, choice)
        action["Channels"] = [pick(server, "channels", choice)] if choice % 3 == 0 and server.ids("channels") else []
        action["WorkerPoolId"] = pick(server, "workerpools", choice)
        action["TenantTags"] = _tag(server, choice)
        template = pick(server, "actiontemplates", choice)
        named = {"Octopus.Action.Template.Id": template, "Octopus.Action.Template.Version": "0"} if template else {}
        account, certificate = pick(server, "accounts", choice), pick(server, "certificates", choice)
        action["Properties"] = {**named, "Octopus.Action.Azure.AccountId": account or "", "Certificate": certificate}
        steps = [{"Name": "Do", "Actions": [action]}]
        server.try_to("PUT", f"{collection}/{document_id}", {**document, "Steps": steps})


def clone(server: Server, choice: int) -> None:
    """A project, a runbook or a tenant like one that there is."""
    collection = ("projects", "runbooks", "tenants")[choice % 3]
    original = pick(server, collection, choice)
    if original:
        whole = server.send("GET", f"{collection}/{original}")
        body = {**whole, "Id": None, "Slug": None, "Name": server.name(), "Clone": original}
        server.try_to("POST", collection, body | {"RetainTenantConnections": choice % 2 == 0})


def watch(server: Server, choice: int) -> None:
    """What a user wants to see on the dashboard."""
    names = ("ProjectGroup", "Project", "Environment", "Tenant")
    body = {f"Included{name}Ids": [one] for name in names if (one := pick(server, f"{name.lower()}s", choice))}
    server.try_to("PUT", "dashboardconfiguration", {**body, "IncludedTenantTags": _tag(server, choice)})


def dangling(server: Server) -> list[tuple[str, str, Any]]:
    """Every reference, of the space or the system, that names nothing."""
    space, system = server.store.space(SPACE), server.store.system
    tags = {tag["Id"] for one in server.of("tagsets") for tag in one["Tags"]}
    found = []
    for kind in KINDS.values():
        # A property may hold the id of one of several kinds.
        by_path: dict[str, set[str]] = {}
        for reference in kind.references:
            by_path.setdefault(reference.path, set()).add(reference.collection)
        for document in [one for scope in (space, system) for one in scope.collection(kind.collection).values()]:
            for path, collections in by_path.items():
                for value in values_at(document, path):
                    if value == "" or "#{" in str(value) or collections & LEFT_DANGLING:
                        continue
                    known = any(scope.find(name, value) for scope in (space, system) for name in collections - {TAGS})
                    if not known and not (TAGS in collections and value in tags):
                        found.append((document["Id"], path, value))
    for one in server.of("tenantvariables"):
        for name, known in (("TenantId", "tenants"), ("EnvironmentIds", "environments")):
            named = one[name] if isinstance(one[name], list) else [one[name]]
            found += [(one["Id"], name, value) for value in named if space.find(known, value) is None]
    return found


def lost(server: Server) -> list[tuple[str, str]]:
    """What the indexes do not find, or find though it is gone."""
    found = []
    for collection in (*EDITABLE, "deploymentsettings"):
        documents = server.store.space(SPACE).collection(collection)
        for by in (by_name, by_slug, by_project):
            for value in {by(document) for document in documents.values()} | {"gone"}:
                looked_up = server.store.lookup(SPACE, collection, by, value)
                if looked_up != [document for document in documents.values() if by(document) == value]:
                    found.append((collection, f"{by.__name__} {value}"))
    return found


def refused(server: Server) -> dict[str, str]:
    """What the server would not take back as it gave it."""
    found = {}
    for collection in EDITABLE:
        for document_id in server.ids(collection):
            path = f"{collection}/{document_id}"
            kind = server.store.space(SPACE).collection(collection)[document_id].get("Type")
            if collection == "environments" and kind == "Ephemeral":
                continue  # nobody edits one
            if collection == "environments" and kind == "Parent":
                path = f"parentenvironments/{document_id}"
            try:
                server.send("PUT", path, server.send("GET", path))
            except ApiError as error:
                found[path] = f"{error.message} {error.errors}"
    return found


DEEDS: dict[str, Callable[[Server, int], None]] = {
    "clone": clone,
    "watch": watch,
    "say": say,
    "publish": publish,
    "passing": passing,
    "of the system": of_the_system,
}
_step = st.tuples(
    st.sampled_from(["create", "create", "edit", "fill", "delete", *DEEDS]),
    st.sampled_from(EDITABLE),
    st.integers(0, 11),
)


def run(steps: list[tuple[str, str, int]]) -> Server:
    server = Server()
    for collection in ("environments", "tagsets", "libraryvariablesets", "feeds", "projects", "channels", "tenants"):
        create(server, collection, 0)
    for verb, collection, choice in steps:
        if verb in ("create", "edit"):
            {"create": create, "edit": edit}[verb](server, collection, choice)
        elif verb in DEEDS:
            DEEDS[verb](server, choice)
        elif verb == "fill":
            fill(server, ("variables", "deploymentprocesses", "runbookprocesses")[choice % 3], choice)
        elif document_id := pick(server, collection, choice):
            server.try_to("DELETE", f"{collection}/{document_id}")
    return server


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_step, min_size=1, max_size=40))
def test_nothing_dangles_and_everything_is_taken_back(steps: list[tuple[str, str, int]]) -> None:
    server = run(steps)
    assert dangling(server) == []
    assert lost(server) == []
    feeds = server.store.space(SPACE).collection("feeds")
    excused = {
        f"{kind}/{document['Id']}"
        for kind, path in (
            ("deploymentprocesses", "Steps[].Actions[].Packages[].FeedId"),
            ("runbookprocesses", "Steps[].Actions[].Packages[].FeedId"),
            ("actiontemplates", "Packages[].FeedId"),
        )
        for document in server.store.space(SPACE).collection(kind).values()
        for feed in values_at(document, path)
        if feed not in feeds
    }
    assert {path: words for path, words in refused(server).items() if path not in excused} == {}


def test_the_steps_reach_what_they_should() -> None:
    """The property would hold of a server that refuses everything."""
    steps = [("create", collection, choice) for collection in EDITABLE for choice in (0, 1)]
    steps += [("edit", collection, 3) for collection in EDITABLE]
    steps += [(deed, "projects", choice) for choice in (0, 1, 2) for deed in DEEDS]
    server = run([*steps, *(("fill", "variables", choice) for choice in range(12))])
    counts = {collection: len(server.ids(collection)) for collection in EDITABLE}
    assert all(counts.values()), counts
    assert any(server.store.space(SPACE).collection("variables")[one]["Variables"] for one in server.ids("variables"))
    assert any(one["Steps"] for one in server.of("deploymentprocesses"))
    assert {one.get("Type") for one in server.of("environments")} >= {"Parent", "Ephemeral"}
    assert any(str(one["Value"]).startswith("Accounts-") for one in server.of("tenantvariables"))
    assert any(one["PublishedRunbookSnapshotId"] for one in server.of("runbooks"))
    assert {one["Action"]["ActionType"] for one in server.of("projecttriggers")} >= {"AutoDeploy", "DeployNewRelease"}
    assert server.store.system.collection("deploymentfreezes")
    assert any(one["MemberUserIds"] not in ([], ["Users-1"]) for one in server.of("teams"))
