"""The `/v1` and `/v2` forms of routes: the same answer in an envelope that names what is in it.

Octopus gave routes whose answer was a bare list, a bare document or nothing at all a second form, which answers an
object: `GET environments/all` a list, `GET environments/all/v1` `{"Environments": [...]}`, a deletion `{}`. Which
routes have one, and what their envelopes are called, is the server Swagger of 2026.1. That of 2021.2 has none; the
last column is the first Swagger that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.routing import Answer, Call, Handler, Router, RouteScope

__all__ = ["add_routes"]

Envelope = Callable[[Call, Any], Any]
"""What a form answers, of the request and of what the plain route answers to it."""


def _within(name: str) -> Envelope:
    return lambda _call, body: {name: body}


def _only(*names: str) -> Envelope:
    return lambda _call, body: {name: body[name] for name in names}


def _nothing(_call: Call, _body: Any) -> Any:
    return {}


def _same(_call: Call, body: Any) -> Any:
    return body


def _file_name(call: Call, _body: Any) -> Any:
    return {"FileName": call.params["name"]}


# Method and template of the plain route, the word that its form adds, the envelope, the first release.
_FORMS: tuple[tuple[str, str, str, Envelope, str], ...] = (
    ("DELETE", "accounts/{id}", "v1", _nothing, "2023.4"),
    ("GET", "actiontemplates/{id}", "v1", _within("ActionTemplate"), "2023.4"),
    ("DELETE", "actiontemplates/{id}", "v1", _nothing, "2023.4"),
    ("POST", "certificates/{id}/archive", "v1", _nothing, "2023.4"),
    ("POST", "certificates/{id}/unarchive", "v1", _nothing, "2023.4"),
    ("GET", "channels/rule-test", "v1", _same, "2023.4"),
    ("POST", "channels/rule-test", "v1", _same, "2023.4"),
    ("GET", "environments", "v1", _within("Environments"), "2023.4"),
    ("GET", "environments/all", "v1", _within("Environments"), "2023.4"),
    ("GET", "events/archives", "v1", _within("ArchivedFiles"), "2023.4"),
    ("DELETE", "events/archives/{name}", "v1", _file_name, "2023.4"),
    ("GET", "git-credentials", "v1", _within("GitCredentials"), "2023.4"),
    ("POST", "git-credentials", "v1", _same, "2023.4"),
    ("GET", "git-credentials/{id}", "v1", _within("GitCredential"), "2023.4"),
    ("PUT", "git-credentials/{id}", "v1", _nothing, "2023.4"),
    ("DELETE", "git-credentials/{id}", "v1", _nothing, "2023.4"),
    ("GET", "git-credentials/{id}/usage", "v1", _same, "2023.4"),
    ("GET", "libraryvariablesets/all", "v1", _within("LibraryVariableSets"), "2023.4"),
    ("DELETE", "machinepolicies/{id}", "v1", _nothing, "2023.4"),
    ("GET", "machineroles/all", "v1", _within("MachineRoles"), "2023.4"),
    ("GET", "machines/all", "v1", _within("DeploymentTargets"), "2023.4"),
    ("PUT", "maintenanceconfiguration", "v1", _within("Resource"), "2023.4"),
    ("DELETE", "packages/bulk", "v1", _nothing, "2023.4"),
    ("DELETE", "packages/{id}", "v1", _nothing, "2023.4"),
    ("DELETE", "projects/{project}/channels/{id}", "v2", _nothing, "2023.4"),
    ("POST", "projects/{project}/git/branches", "v2", _same, "2023.4"),
    ("POST", "projects/{project}/runbooks", "v2", _only("Id", "Name", "ProjectId", "Slug"), "2026.1"),
    ("GET", "projects/{project}/runbooks/all", "v2", _within("Runbooks"), "2023.4"),
    ("POST", "projects/{project}/runbooksnapshots/{id}/snapshot-variables", "v1", _within("Resource"), "2023.4"),
    ("POST", "spaces", "v1", _within("Space"), "2023.4"),
    ("DELETE", "spaces/{id}", "v1", _nothing, "2023.4"),
)

# Plain routes that are there for the default space, too, while their form is not.
_NAMED_SPACE = {"projects/{project}/runbooks"}


def add_routes(router: Router) -> None:
    """Serve the forms. After all plain routes, from which they are made."""
    plain = {(route.method, route.template): route for route in router}
    for method, template, word, envelope, since in _FORMS:
        route = plain[method, template]
        scope: RouteScope = "named-space" if template in _NAMED_SPACE else route.scope
        router.add(method, f"{template}/{word}", _enveloped(route.handler, envelope), scope=scope, since=since)
    # The same list by POST, for more ids than an address can hold (?).
    library = plain["GET", "libraryvariablesets/all"].handler
    form = _enveloped(library, _within("LibraryVariableSets"))
    router.add("POST", "libraryvariablesets/all/v1", form, since="2023.4")


def _enveloped(handler: Handler, envelope: Envelope) -> Handler:
    def answer(call: Call) -> Answer:
        plain = handler(call)
        return replace(plain, body=envelope(call, plain.body))

    return answer
