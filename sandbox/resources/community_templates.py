"""Community step templates: a catalogue of the server, and copies of it in spaces.

A real server fetches the catalogue from the library of its makers; here are three of our own making. A copy is
read-only and has the version of its original (?).
"""

from __future__ import annotations

from sandbox import crud
from sandbox.errors import bad_request, not_found
from sandbox.kind import Field, Kind, declare
from sandbox.resources.step_templates import ACTION_TEMPLATES, version_write
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME
from sandbox.store import Document, Write

__all__ = ["COMMUNITY_TEMPLATES", "add_routes", "catalogue"]

COMMUNITY_TEMPLATES = declare(
    Kind(
        collection="communityactiontemplates",
        prefix="CommunityActionTemplates",
        name="CommunityActionTemplate",
        fields=(NAME, Field("Description"), *(Field(name) for name in ("Author", "Type", "Version", "Website"))),
        scope="system",
        links={"Installation": "communityactiontemplates/{Id}/installation{/spaceId}"},
        routes=("list", "get"),
    )
)

_SITE = "https://templates.example/"
# Name, what it does, its script, its one parameter.
_CATALOGUE = (
    ("File - Write text", "Writes a text to a file.", 'echo "#{Text}" > out.txt', "Text"),
    ("HTTP - Wait until ready", "Asks a URL until it answers.", 'curl --retry 10 -sf "#{Url}"', "Url"),
    ("Service - Restart", "Restarts a service by its name.", 'systemctl restart "#{ServiceName}"', "ServiceName"),
)


def catalogue(call: Call) -> list[Write]:
    """The writes that give a new server its catalogue."""
    writes = []
    for name, description, script, parameter in _CATALOGUE:
        page = name.lower().replace(" - ", "-").replace(" ", "-")
        document: Document = {
            "Id": call.store.next_id(COMMUNITY_TEMPLATES.prefix),
            "Name": name,
            "Description": description,
            "Author": "sandbox",
            "Type": "Octopus.Script",
            "Version": 1,
            "Website": _SITE + page,
            "HistoryUrl": f"{_SITE}{page}/history",
            "Packages": [],
            "Parameters": [
                {
                    "Id": f"{page}-{parameter.lower()}",
                    "Name": parameter,
                    "Label": parameter,
                    "HelpText": None,
                    "DefaultValue": None,
                    "DisplaySettings": {"Octopus.ControlType": "SingleLineText"},
                }
            ],
            "Properties": {
                "Octopus.Action.Script.ScriptSource": "Inline",
                "Octopus.Action.Script.Syntax": "Bash",
                "Octopus.Action.Script.ScriptBody": script,
            },
        }
        writes.append(Write(COMMUNITY_TEMPLATES.collection, None, document, side_effect=True))
    return writes


def add_routes(router: Router) -> None:
    crud.add_routes(router, COMMUNITY_TEMPLATES)
    for suffix in ("", "/{space}"):
        path = "communityactiontemplates/{id}"
        router.add("GET", f"{path}/actiontemplate{suffix}", _installed, scope="system")
        router.add("POST", f"{path}/installation{suffix}", _install, scope="system")
        router.add("PUT", f"{path}/installation{suffix}", _bring_up_to_date, scope="system")


def _original(call: Call) -> Document:
    return crud.find(call, COMMUNITY_TEMPLATES, call.params["id"])


def _in_space(call: Call) -> Call:
    """The call as one in the space that the path or the query names, or in the default one."""
    named = call.params.get("space") or call.argument("actionTemplateSpaceId")
    space = call.store.find_space(named) if named else call.store.default_space()
    if space is None:
        raise not_found(named or "default space")
    call.space_id = space["Id"]
    return call


def _copy_of(call: Call, original: Document) -> Document | None:
    templates = call.scope.collection(ACTION_TEMPLATES.collection).values()
    return next((one for one in templates if one["CommunityActionTemplateId"] == original["Id"]), None)


def _installed(call: Call) -> Answer:
    original = _original(call)
    copy = _copy_of(_in_space(call), original)
    if copy is None:
        raise not_found(original["Id"])
    return Answer(crud.show(call, ACTION_TEMPLATES, copy))


def _copied(original: Document) -> Document:
    """What a copy takes from its original. Its GUIDs stay: templates' values point at parameters' ids."""
    return {
        "Name": original["Name"],
        "Description": original["Description"],
        "ActionType": original["Type"],
        "Version": original["Version"],
        "CommunityActionTemplateId": original["Id"],
        "Properties": original["Properties"],
        "Packages": original["Packages"],
        "Parameters": original["Parameters"],
    }


def _install(call: Call) -> Answer:
    original = _original(call)
    if _copy_of(_in_space(call), original):
        raise bad_request("Action Template already installed.")
    copy = crud.draft(call, ACTION_TEMPLATES, None, {"Name": original["Name"], "ActionType": original["Type"]})
    copy |= _copied(original)
    crud.check_unique(call, ACTION_TEMPLATES, copy)
    call.store.commit(call.space_id, [Write(ACTION_TEMPLATES.collection, None, copy)], call.actor)
    return Answer(crud.show(call, ACTION_TEMPLATES, copy), status=201)


def _bring_up_to_date(call: Call) -> Answer:
    original = _original(call)
    before = _copy_of(_in_space(call), original)
    if before is None:
        raise bad_request("Action template not yet installed.")
    after = {**before, **_copied(original)}
    if after != before:
        writes = [Write(ACTION_TEMPLATES.collection, before, after), version_write(before)]
        call.store.commit(call.space_id, writes, call.actor)
    return Answer(crud.show(call, ACTION_TEMPLATES, after))
