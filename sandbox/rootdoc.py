"""The root document, the root of a space, and who is asking."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from sandbox.errors import not_found
from sandbox.routing import Answer, Call, Router
from sandbox.store import Actor, Document, Store
from sandbox.versions import at_least

__all__ = ["ANONYMOUS", "actor", "add_routes"]

ANONYMOUS = Actor(user_id="", username="")

# Templates of the routes that this server has, by the name under which Octopus links them (root document, 2020.4).
_SPACE_LINKS = {
    "Accounts": "accounts{/id}{?skip,take,ids,partialName,accountType}",
    "ActionTemplates": "actiontemplates{/id}{?skip,take,ids,partialName}",
    "Certificates": "certificates{/id}{?skip,take,search,archived,tenant,firstResult,orderBy,ids,partialName}",
    "Channels": "channels{/id}{?skip,take,ids,partialName}",
    "DeploymentProcesses": "deploymentprocesses{/id}{?skip,take,ids}",
    "Environments": "environments{/id}{?name,skip,ids,take,partialName}",
    "EnvironmentSortOrder": "environments/sortorder",
    "Events": "events{/id}{?skip,regarding,regardingAny,user,users,projects,projectGroups,environments,eventGroups,"
    "eventCategories,eventAgents,tags,tenants,from,to,internal,fromAutoId,toAutoId,documentTypes,asCsv,take,ids,spaces,"
    "includeSystem,excludeDifference}",
    "Feeds": "feeds{/id}{?skip,take,ids,partialName,feedType}",
    "LibraryVariables": "libraryvariablesets{/id}{?skip,contentType,take,ids,partialName}",
    "Lifecycles": "lifecycles{/id}{?skip,take,ids,partialName}",
    "MachinePolicies": "machinepolicies{/id}{?skip,take,ids,partialName}",
    "Machines": "machines{/id}{?skip,take,name,ids,partialName,roles,isDisabled,healthStatuses,commStyles,tenantIds,"
    "tenantTags,environmentIds,thumbprint,deploymentId,shellNames}",
    "ProjectGroups": "projectgroups{/id}{?skip,take,ids,partialName}",
    "Projects": "projects{/id}{?name,skip,ids,clone,take,partialName,clonedFromProjectId}",
    "ProjectTriggers": "projecttriggers{/id}{?skip,take,ids,runbooks}",
    "RunbookProcesses": "runbookProcesses{/id}{?skip,take,ids}",
    "Runbooks": "runbooks{/id}{?skip,take,ids,partialName,clone,projectIds}",
    "Subscriptions": "subscriptions{/id}{?skip,take,ids,partialName,spaces}",
    "TagSets": "tagsets{/id}{?skip,take,ids,partialName}",
    "Teams": "teams{/id}{?skip,take,ids,partialName,spaces,includeSystem}",
    "Tenants": "tenants{/id}{?skip,projectId,name,tags,take,ids,clone,partialName,clonedFromTenantId}",
    "Variables": "variables{/id}{?ids}",
    "WorkerPools": "workerpools{/id}{?skip,take,ids,partialName}",
    "Workers": "workers{/id}{?skip,take,name,ids,partialName,isDisabled,healthStatuses,commStyles,workerPoolIds}",
}
# What lives in the system as well as in spaces is linked there; so are feeds, nobody knows why (the same document).
_OF_THE_SYSTEM = ("Events", "Feeds", "Teams")
_SYSTEM_LINKS = {
    "CurrentUser": "users/me",
    "Spaces": "spaces{/id}{?skip,ids,take,partialName}",
    "SpaceHome": "{spaceId}",
    "Users": "users{/id}{?skip,take,ids,filter}",
    "UserRoles": "userroles{/id}{?skip,take,ids,partialName}",
}


def add_routes(router: Router) -> None:
    router.add("GET", "", _root, scope="system")
    router.add("GET", "", _space_root, scope="named-space")
    router.add("GET", "capabilities", _capabilities, scope="system", since="2023.4")
    router.add("GET", "configuration/feature-toggles", _feature_toggles, scope="system", since="2023.4")


def actor(store: Store, username: str, user_agent: str, ip_address: str | None) -> Actor:
    """The user whose key it is. The audit log names a key by its purpose and the day it was made."""
    user = _user(store, username)
    return Actor(
        user_id=user["Id"],
        username=user["Username"],
        user_agent=user_agent,
        identity=f"API key 'Sandbox' created {format_datetime(datetime.fromisoformat(user['Created']), usegmt=True)}",
        ip_address=ip_address,
    )


def _user(store: Store, username: str) -> Document:
    users = store.system.collection("users").values()
    user = next((user for user in users if user["Username"] == username), None)
    if user is None:
        raise not_found(username)
    return user


def _root(call: Call) -> Answer:
    root = call.settings.api_root
    default = call.store.default_space()
    links = {"Self": root, **{name: f"{root}/{path}" for name, path in _SYSTEM_LINKS.items()}}
    if default:
        links.update({name: f"{root}/{default['Id']}/{path}" for name, path in _SPACE_LINKS.items()})
    links.update({name: f"{root}/{_SPACE_LINKS[name]}" for name in _OF_THE_SYSTEM})
    return Answer(
        {
            "Application": "Octopus Deploy",
            "Version": call.settings.version,
            "ApiVersion": "3.0.0",
            "InstallationId": call.store.installation_id,
            "IsEarlyAccessProgram": False,
            "HasLongTermSupport": True,
            "Links": links,
        }
    )


def _space_root(call: Call) -> Answer:
    links = {"Self": call.link("").rstrip("/"), **{name: call.link(path) for name, path in _SPACE_LINKS.items()}}
    return Answer({"Id": call.space_id, "Links": links})


def _capabilities(call: Call) -> Answer:
    """The commands and requests that the server has, by the names of their classes: those that Octopus' own clients ask
    for, as far as they are here. The others' names nobody has published."""
    return Answer({"Capabilities": ["CreateReleaseCommandV1", "GetAllSpacesRequest"]})


def _feature_toggles(call: Call) -> Answer:
    """Which of the toggles asked for are on: the Terraform provider asks before it uses what may not be there yet.
    Those of what is here are on, all others off."""
    on = {"CommonVariableScopingFeatureToggle"} if at_least(call.settings.version, "2026.1") else set()
    return Answer({"FeatureToggles": [{"Name": one, "IsEnabled": one in on} for one in call.arguments("Name")]})
