"""Keys and what they permit: `/users/{id}/permissions`, `/permissions/all`, and the admin routes for further keys.

| route | what it does |
|---|---|
| `GET /api/sandbox/keys` | who has a key, and what it may do |
| `POST /api/sandbox/keys` | adds one, as `sandbox.access.Access` describes it, and its user |
| `DELETE /api/sandbox/keys/{username}` | takes it away; the user stays |
"""

from __future__ import annotations

from sandbox import crud
from sandbox.access import Access, Keys, permission_set
from sandbox.errors import bad_request, forbidden, not_found
from sandbox.permissions import SPACE_LEVEL, SYSTEM_LEVEL, permissions_of
from sandbox.resources.people import USERS
from sandbox.routing import Answer, Call, Router
from sandbox.settings import Settings
from sandbox.store import SYSTEM, Store, Write

__all__ = ["add_routes", "ensure_user"]


def add_routes(router: Router, keys: Keys) -> None:
    def list_keys(_: Call) -> Answer:
        return Answer([access.to_json() for access in keys])

    def add_key(call: Call) -> Answer:
        try:
            access = Access.from_json(call.json())
            keys.add(access)
        except ValueError as error:
            raise bad_request(str(error)) from error
        ensure_user(call.store, call.settings, access.username)
        return Answer(access.to_json(), status=201)

    def remove_key(call: Call) -> Answer:
        if not keys.remove(call.params["username"]):
            raise not_found(call.params["username"])
        return Answer()

    def permissions(call: Call) -> Answer:
        user = crud.find(_of_system(call), USERS, call.params["id"])
        if user["Id"] != call.actor.user_id and not call.access.is_administrator:
            raise forbidden("UserView")
        access = keys.of_user(user["Username"]) or Access(spaces=frozenset())
        spaces = [space["Id"] for space in call.store.spaces() if call.space_id in (None, space["Id"])]
        teams = [team for team in call.store.system.collection("teams").values() if user["Id"] in team["MemberUserIds"]]
        granted = permission_set(access, spaces, teams, call.settings.version)
        if (call.argument("includeSystem") or "true").lower() != "true":
            granted["SystemPermissions"] = []
        return Answer({"Id": user["Id"], **granted, "Links": {}})

    router.add("GET", "users/{id}/permissions", permissions, scope="mixed")
    router.add("GET", "permissions/all", _all_permissions, scope="system")
    router.add("GET", "sandbox/keys", list_keys, scope="system")
    router.add("POST", "sandbox/keys", add_key, scope="system")
    router.add("DELETE", "sandbox/keys/{username}", remove_key, scope="system")


def _all_permissions(call: Call) -> Answer:
    """Descriptions and restrictions are those of the permissions page, which the sandbox does not have."""
    return Answer(
        {
            name: {
                "Description": "",
                "SupportedRestrictions": [],
                "CanApplyAtSystemLevel": name in SYSTEM_LEVEL,
                "CanApplyAtSpaceLevel": name in SPACE_LEVEL,
            }
            for name in sorted(permissions_of(call.settings.version))
        }
    )


def _of_system(call: Call) -> Call:
    return Call(
        call.method, call.store, call.settings, None, call.params, call.query, call.raw_body, call.actor, call.access
    )


def ensure_user(store: Store, settings: Settings, username: str) -> None:
    """Make a user of this name, if there is none: a person without any team but Everyone."""
    if any(user["Username"] == username for user in store.system.collection("users").values()):
        return
    call = Call("POST", store, settings, None, {}, {}, b"", SYSTEM)
    user = crud.draft(call, USERS, None, {"Username": username, "DisplayName": username})
    user["Created"] = store.clock().isoformat(timespec="milliseconds")
    everyone = store.system.collection("teams")["teams-everyone"]
    members = {**everyone, "MemberUserIds": [*everyone["MemberUserIds"], user["Id"]]}
    store.commit(None, [Write("users", None, user), Write("teams", everyone, members, side_effect=True)], SYSTEM)
