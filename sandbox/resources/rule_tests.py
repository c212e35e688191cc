"""`channels/rule-test`: whether a version passes a rule of a channel, before there is one."""

from __future__ import annotations

import re

from sandbox import texts
from sandbox.errors import ApiError, bad_request
from sandbox.resources.packages import in_range
from sandbox.routing import Answer, Call, Router

__all__ = ["add_routes"]


def add_routes(router: Router) -> None:
    for method in ("GET", "POST"):
        router.add(method, "channels/rule-test", _test)


def _test(call: Call) -> Answer:
    """The rule stands in the query, of a POST too, and what is wrong with it in the answer (server Swagger 2026.1).
    (?) A range is one of NuGet's whatever the feed, a tag a regular expression."""
    version = call.argument("version")
    if not version:
        raise bad_request(texts.required("Version"))
    limits, tag = call.argument("versionRange") or "", call.argument("preReleaseTag") or ""
    errors: list[str] = []
    in_limits = tagged = True
    try:
        in_limits = not limits or in_range(version, limits)
    except ApiError as refused:
        in_limits = False
        errors += refused.errors
    try:
        tagged = re.search(tag, version.partition("-")[2].partition("+")[0]) is not None
    except re.error as wrong:
        tagged = False
        errors.append(f"'{tag}' is not a regular expression: {wrong}.")
    return Answer({"SatisfiesVersionRange": in_limits, "SatisfiesPreReleaseTag": tagged, "Errors": errors})
