"""Maintenance mode: the server answers 503 to everybody but administrators, until it is switched off.

It is switched by Octopus' own route, `PUT /api/maintenanceconfiguration {"IsInMaintenanceMode": true}`. The fault
`maintenance` (`sandbox.faults`) refuses administrators, too: as a node does while it starts.
"""

from __future__ import annotations

from sandbox import texts
from sandbox.access import Access
from sandbox.errors import ApiError, bad_request
from sandbox.routing import Answer, Call, Router
from sandbox.store import Document, Store

__all__ = ["add_routes", "check", "refusal"]

_KEY = "IsInMaintenanceMode"


def refusal() -> ApiError:
    return ApiError(503, texts.MAINTENANCE)


def check(store: Store, access: Access) -> None:
    """Raises ApiError 503 for those whom maintenance keeps out."""
    if store.state.get(_KEY) and not access.is_administrator:
        raise refusal()


def add_routes(router: Router) -> None:
    router.add("GET", "maintenanceconfiguration", lambda call: Answer(_resource(call)), scope="system")
    router.add("PUT", "maintenanceconfiguration", _put, scope="system")


def _resource(call: Call) -> Document:
    links = {"Self": f"{call.settings.api_root}/maintenanceconfiguration"}
    return {"Id": "maintenance", _KEY: bool(call.store.state.get(_KEY)), "Links": links}


def _put(call: Call) -> Answer:
    wanted = call.json().get(_KEY)
    if not isinstance(wanted, bool):
        raise bad_request(texts.required(_KEY))
    call.store.state[_KEY] = wanted
    return Answer(_resource(call))
