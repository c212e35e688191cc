"""What an answer means: its JSON, or the error it stands for.

Octopus reports an error as ``{ErrorMessage, Errors[], HelpText, FullException, …}``, every part of it optional. The
kind of a 400 can be told from its text only; the texts that we rest on are gathered here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.octopus import errors
from worker.octopus.retry import retry_after_seconds

STALE = re.compile(
    # Variable sets and processes, which carry a Version (OctopusDeploy/Issues, server Swagger 2026.1)…
    r"another user has made changes|changed while you were editing"
    # …and any document since 2024 (OctopusDeploy/Issues#9559, terraform-provider-octopusdeploy#907).
    r"|submitted data was out of date",
    re.IGNORECASE,
)

NAME_TAKEN = re.compile(
    # A guess as to the exact words, which differ by kind: "A project with this name already exists. Please choose a
    # different name." Names of packages and actions inside a document are another matter: they are not adopted.
    r"(?<!reference )with (?:this|that|the|the same) name(?: ['\"].*?['\"])? already exists"
    r"|(?:choose|enter|use|pick|provide) (?:a different|another) name",
    re.IGNORECASE,
)

IN_GIT = re.compile(r"version-controlled resource on a non-version control route", re.IGNORECASE)
"""Of a process, settings or runbooks, asked for without a branch (OctopusDeploy/Issues#9292)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``headers`` are looked up without regard to case."""

    method: str
    url_path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        kind = self.content_type
        return kind in ("", "application/json", "text/json") or kind.endswith("+json")


def value_of(answer: Answer) -> Any:
    """The JSON of a good answer. An empty body is good for a write (``{}``), some of which answer nothing.

    Raises `NotOctopus` for another content type and `Misunderstood` for what is not JSON.
    """
    write = answer.method != "GET"
    where: dict[str, Any] = {
        "method": answer.method,
        "url_path": answer.url_path,
        "status": answer.status,
        "maybe_applied": write,
    }
    if write and not answer.body.strip():
        return {}
    if not answer.is_json:
        raise errors.NotOctopus(
            f"answered {answer.content_type} instead of JSON; is this the Octopus base URL, and is there a login page "
            "or a proxy in front of it?",
            **where,
        )
    problem = "not JSON"
    try:
        return json.loads(answer.body)  # Takes a byte order mark, and UTF-16 too.
    except UnicodeDecodeError as error:
        problem = f"not text: {error.reason} at byte {error.start}"
    except json.JSONDecodeError as error:
        problem = f"not JSON: {error.msg} at character {error.pos} of {len(answer.body)} bytes"
    except RecursionError:
        problem = "JSON that is nested too deeply"
    raise errors.Misunderstood(f"the answer is {problem}", **where)


def error_of(answer: Answer) -> errors.OctopusError:
    """The error that an answer of status 400 or more stands for."""
    words = words_of(answer)
    status = answer.status
    where: dict[str, Any] = {"method": answer.method, "url_path": answer.url_path, "status": status}
    write = answer.method != "GET"
    retry_after = retry_after_seconds(answer.headers.get("Retry-After"))
    match status:
        case 401:
            return errors.Unauthorized(words, **where)
        case 403:
            return errors.Forbidden(words, **where)
        case 404:
            return errors.NotFound(words, **where)
        case 400 | 409:
            if STALE.search(words):
                return errors.StaleVersion(words, **where)
            if IN_GIT.search(words):
                return errors.InGit(words, **where)
            return (errors.NameTaken if NAME_TAKEN.search(words) else errors.BadRequest)(words, **where)
        case 429:
            return errors.RateLimited(words, retry_after=retry_after, **where)
        case 503:
            return errors.Maintenance(words, retry_after=retry_after, **where)
        case 408 | 502 | 504:
            return errors.Unreachable(words, retry_after=retry_after, maybe_applied=write, **where)
        case _ if status >= 500:
            return errors.ServerFault(words, retry_after=retry_after, maybe_applied=write, **where)
    return errors.Refused(words, **where)


def words_of(answer: Answer) -> str:
    """``ErrorMessage`` and ``Errors`` in one line; for a body without them, what kind of answer it was."""
    document: Any = None
    if answer.is_json:
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict):
        what = f"{answer.content_type or 'no content type'}, {len(answer.body)} bytes"
        return f"({what}: not an answer of Octopus; is this its base URL?)"
    found = [document.get("ErrorMessage")]
    details = document.get("Errors")
    found += details if isinstance(details, list) else [details]
    return " ".join(dict.fromkeys(" ".join(str(word).split()) for word in found if word))
