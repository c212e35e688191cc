"""Spaces, and what the server puts into a new one.

A new space has a team of managers, a default lifecycle, project group, machine policy and worker pool, and the two
feeds that are built in. To delete one, its task queue must have been stopped; the default space stays.
"""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Save, declare, own
from sandbox.resources.community_templates import catalogue
from sandbox.resources.feeds import FEEDS
from sandbox.resources.infrastructure import MACHINE_POLICIES, MACHINE_POLICY_TEMPLATE, WORKER_POOLS
from sandbox.resources.lifecycles import LIFECYCLES
from sandbox.resources.people import SYSTEM_TEAMS, USERS, built_in_team
from sandbox.resources.projects import PROJECT_GROUPS
from sandbox.resources.retention import default_policies
from sandbox.resources.roles import first_roles, first_scoped_roles, managers_role, scopes_of
from sandbox.routing import Answer, Call, Router
from sandbox.settings import Settings
from sandbox.shapes import require, retention
from sandbox.store import SYSTEM, Document, Store, Write

__all__ = ["SPACES", "add_routes", "furnish"]


def _managers_team(space_id: str) -> str:
    return f"teams-spacemanagers-{space_id}"


def _prepare(save: Save) -> None:
    space = save.after
    require(save.body, "SpaceManagersTeams", "SpaceManagersTeamMembers")
    own_team = _managers_team(space["Id"])
    others = [team for team in space["SpaceManagersTeams"] if team != own_team]
    if save.before is None and not others and not space["SpaceManagersTeamMembers"]:
        raise bad_request("At least one team or team member must be a space manager.")
    _check_managers(save.call, others, space["SpaceManagersTeamMembers"])
    space["SpaceManagersTeams"] = [*others, own_team]
    if save.before is None:
        space["IsDefault"] = False
    else:
        for name in ("IsDefault", "TaskQueueStopped"):
            if not isinstance(save.body.get(name), bool):
                raise bad_request(texts.required(name))


def _check_managers(call: Call, teams: list[str], members: list[str]) -> None:
    """Teams of the system or of any space, and users. Raises ApiError 400 for one that is not there."""
    scopes = [call.store.scope(scope) for scope in scopes_of(call.store)]
    no_teams = [one for one in teams if not any(scope.find("teams", one) for scope in scopes)]
    no_users = [one for one in members if not call.store.system.find("users", one)]
    for missing, name in ((no_teams, "SpaceManagersTeams"), (no_users, "SpaceManagersTeamMembers")):
        if missing:
            raise bad_request(texts.missing_references([str(one) for one in missing], name))


def _deleting(_call: Call, space: Document) -> list[Write]:
    if space["IsDefault"]:
        raise bad_request("The default space cannot be deleted.")
    if not space["TaskQueueStopped"]:
        raise bad_request("The task queue of the space must be stopped before the space can be deleted.")
    return []


SPACES = declare(
    Kind(
        collection="spaces",
        prefix="Spaces",
        name="Space",
        fields=(
            Field("Name", required=True, max_length=50),
            Field("Description"),
            Field("IsDefault", False),
            own("IsPrivate", False),
            Field("TaskQueueStopped", False),
            Field("SpaceManagersTeams", []),
            Field("SpaceManagersTeamMembers", []),
            own("Icon"),
            own("ExtensionSettings", []),
        ),
        scope="system",
        slug=True,
        links={"SpaceHome": "{Id}", "Search": "spaces/{Id}/search{?keyword}", "Logo": "spaces/{Id}/logo"},
        routes=("list", "all", "get", "update"),
        prepare=_prepare,
        deleting=_deleting,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, SPACES)
    router.add("POST", "spaces", _create, scope="system")
    router.add("DELETE", "spaces/{id}", _delete, scope="system")


def _create(call: Call) -> Answer:
    space = crud.create(call, SPACES, call.json())
    _furnish_space(call.store, call.settings, space["Id"], space["SpaceManagersTeamMembers"], is_default=False)
    return Answer(crud.show(call, SPACES, space), status=201)


def _delete(call: Call) -> Answer:
    space = crud.find(call, SPACES, call.params["id"])
    crud.delete(call, SPACES, space)
    call.store.drop_space(space["Id"])
    return Answer()


def furnish(store: Store, settings: Settings) -> None:
    """Give a new store what a new server has: a first user, the system's teams and a default space."""
    if store.system.collection("users"):
        return
    call = _server_call(store, settings, None)
    user = crud.draft(call, USERS, None, {"Username": settings.username, "DisplayName": "Sandbox Administrator"})
    user.update(IsRequestor=True, Created=store.clock().isoformat(timespec="milliseconds"))
    teams = [built_in_team(team, name, None, [user["Id"]]) for team, name in SYSTEM_TEAMS]
    space = crud.draft(call, SPACES, None, {"Name": "Default", "IsDefault": True})
    space.update(Slug="default", SpaceManagersTeams=["teams-administrators", _managers_team(space["Id"])])
    writes = [Write("users", None, user), *first_roles(settings.version), Write("spaces", None, space)]
    writes += catalogue(call)
    store.commit(None, [*writes, *(Write("teams", None, team) for team in teams)], SYSTEM)
    store.commit(None, first_scoped_roles(call), SYSTEM)
    _furnish_space(store, settings, space["Id"], [], is_default=True)


def _furnish_space(store: Store, settings: Settings, space_id: str, managers: list[str], *, is_default: bool) -> None:
    call = _server_call(store, settings, space_id)
    keep_for_ever = retention(None, "")
    lifecycle = crud.draft(call, LIFECYCLES, None, {"Name": "Default Lifecycle"})
    lifecycle.update(
        Slug="default-lifecycle", ReleaseRetentionPolicy=keep_for_ever, TentacleRetentionPolicy=keep_for_ever
    )
    group = crud.draft(call, PROJECT_GROUPS, None, {"Name": "Default Project Group"})
    policy = crud.draft(call, MACHINE_POLICIES, None, {"Name": "Default Machine Policy", "IsDefault": True})
    policy.update(MACHINE_POLICY_TEMPLATE)
    pool = crud.draft(
        call,
        WORKER_POOLS,
        None,
        {"Name": "Default Worker Pool", "IsDefault": True, "WorkerPoolType": "StaticWorkerPool"},
    )
    writes = [
        Write("teams", None, built_in_team(_managers_team(space_id), "Space Managers", space_id, managers)),
        managers_role(call, _managers_team(space_id)),
        Write("lifecycles", None, lifecycle),
        Write("projectgroups", None, {**group, "Slug": "default-project-group"}),
        Write("machinepolicies", None, policy),
        Write("workerpools", None, {**pool, "Slug": "default-worker-pool"}),
        *default_policies(call),
        *(Write("feeds", None, feed) for feed in _built_in_feeds(call, is_default=is_default)),
    ]
    store.commit(space_id, [Write(w.collection, None, w.after, side_effect=True) for w in writes], SYSTEM)


def _built_in_feeds(call: Call, *, is_default: bool) -> list[Document]:
    """In the default space their ids are words, elsewhere numbers."""
    feeds = []
    for feed_type, feed_id, name in (
        ("BuiltIn", "feeds-builtin", "Octopus Server (built-in)"),
        ("OctopusProject", "feeds-builtin-releases", "Octopus Server Releases (built-in)"),
    ):
        feed = crud.draft(call, FEEDS, None, {"Name": name})
        if is_default:
            feed["Id"] = feed_id
        feed.update(Slug=name.lower().replace(" ", "-").replace("(", "").replace(")", ""), FeedType=feed_type)
        feeds.append(feed)
    feeds[0].update(
        DeleteUnreleasedPackagesAfterDays=None,
        IsBuiltInRepoSyncEnabled=False,
        DeletePackagesAssociatedWithReleases=False,
    )
    return feeds


def _server_call(store: Store, settings: Settings, space_id: str | None) -> Call:
    """A call that nobody made: the server acts for itself."""
    return Call(
        method="POST",
        store=store,
        settings=settings,
        space_id=space_id,
        params={},
        query={},
        raw_body=b"",
        actor=SYSTEM,
    )
