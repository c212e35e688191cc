"""What a sandbox can do and Octopus cannot. All routes need the API key; none of them is logged.

| route | what it does |
|---|---|
| `GET /api/sandbox/requests` | `{Total, Writes, Counts: {"GET projects/{id}": 3}, Requests: [{Method, Path, At, …}]}` |
| `DELETE /api/sandbox/requests` | forgets them |
| `GET /api/sandbox/faults` | the faults that wait |
| `POST /api/sandbox/faults` | adds one, as `sandbox.faults` describes it |
| `DELETE /api/sandbox/faults`, `…/faults/{id}` | removes all, or one |
| `PUT /api/sandbox/hidden` | `{"Ids": [...]}`: the key may not see these documents any more, but all others |
| `POST /api/sandbox/state` | saves the state, to `{"Path": ...}` or to the file named at start |
"""

from __future__ import annotations

from typing import Any

from sandbox.errors import bad_request, not_found
from sandbox.faults import Fault, Faults
from sandbox.requestlog import RequestLog
from sandbox.routing import Answer, Call, Router

__all__ = ["ADMIN_PREFIX", "add_routes"]

ADMIN_PREFIX = "sandbox"


def add_routes(router: Router, faults: Faults, requests: RequestLog) -> None:
    def list_requests(call: Call) -> Answer:
        recent: list[dict[str, Any]] = [
            {
                "Method": r.method,
                "Path": r.path,
                "Route": r.route,
                "Status": r.status,
                "UserAgent": r.user_agent,
                "At": r.at,
            }
            for r in requests
        ]
        return Answer(
            {"Total": len(requests), "Writes": requests.writes, "Counts": dict(requests.counts), "Requests": recent}
        )

    def forget_requests(call: Call) -> Answer:
        requests.clear()
        return Answer()

    def list_faults(call: Call) -> Answer:
        return Answer([fault.to_json() for fault in faults])

    def add_fault(call: Call) -> Answer:
        try:
            fault = Fault.from_json(call.json())
        except ValueError as error:
            raise bad_request(str(error)) from error
        return Answer(faults.add(fault).to_json(), status=201)

    def clear_faults(call: Call) -> Answer:
        faults.clear()
        return Answer()

    def remove_fault(call: Call) -> Answer:
        if not faults.remove(call.params["id"]):
            raise not_found(call.params["id"])
        return Answer()

    def hide(call: Call) -> Answer:
        call.store.hidden.clear()
        call.store.hidden.update(map(str, call.json().get("Ids") or []))
        return Answer({"Ids": sorted(call.store.hidden)})

    def save_state(call: Call) -> Answer:
        path = (call.json() if call.raw_body.strip() else {}).get("Path") or call.settings.state_path
        if not path:
            raise bad_request("The sandbox was started without a state file; send its Path.")
        call.store.save(str(path))
        return Answer({"Path": str(path)})

    router.add("GET", "sandbox/requests", list_requests, scope="system")
    router.add("DELETE", "sandbox/requests", forget_requests, scope="system")
    router.add("GET", "sandbox/faults", list_faults, scope="system")
    router.add("POST", "sandbox/faults", add_fault, scope="system")
    router.add("DELETE", "sandbox/faults", clear_faults, scope="system")
    router.add("DELETE", "sandbox/faults/{id}", remove_fault, scope="system")
    router.add("PUT", "sandbox/hidden", hide, scope="system")
    router.add("POST", "sandbox/state", save_state, scope="system")
