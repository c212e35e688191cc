"""Answers to prompted variables: what a trigger enters into the form that a person fills in who deploys. Pure.

What is known, and what is a guess:

* The form of a deployment's or a run's preview calls each of its fields by the *id* of the variable, and ``FormValues``
  of a deployment and of a run hold the answers by these ids: an object of texts (the servers' Swagger of 2021.2, 2023.4
  and 2026.1; public scripts and step templates that fill the form in). Since 2020.2 a server also takes names
  (OctopusDeploy/Issues#6463).
* ``Variables`` of the triggers that deploy is a string (the C# client), and null in every public answer of a server.
* The trigger of a runbook had no answers in 2025.4; a fix was announced in May 2026 (OctopusDeploy/Issues#10057).
* (?) So that a trigger's ``FormValues`` are kept like those of a run, that ``Variables`` is the same as JSON text, and
  that a secret among them is shown as Octopus' SensitiveValue object, is a guess. All that rests on it is here.

Ids of variables are GUIDs. What an answer is known by otherwise (a name) is the same on every server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.kinds.references import GUID, PendingId, PendingText


def names_by_id(key: str) -> bool:
    """Whether what an answer is known by is the id of its variable, rather than a name."""
    return GUID.fullmatch(key) is not None


def opened(value: Any) -> dict[str, Any] | None:
    """The answers by what they are known by, of either form; ``None`` for what is neither (text that is an expression,
    say). Nothing, or empty text, holds no answers."""
    if value is None or value == "":
        return {}
    stand_ins: dict[str, str] = {}
    if isinstance(value, str):
        stand_ins = {str(one): one for one in value.stand_ins} if isinstance(value, PendingText) else {}
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping):
        return None
    found: dict[str, Any] = dict(value)
    return {stand_ins.get(key, key): answer for key, answer in found.items()}


def closed(answers: Mapping[str, Any], form: Any) -> Any:
    """The answers in the form of ``form``: an object, or JSON text, ``None`` where there are none.

    Text in which stand-ins for ids are put is a :class:`worker.kinds.references.PendingText`.
    """
    if isinstance(form, Mapping):
        return dict(answers)
    if not answers:
        return None
    parts: list[str] = []
    for key, answer in answers.items():
        parts.append(", " if parts else "{")
        parts += ['"', key, '"'] if isinstance(key, PendingId) else [json.dumps(key, ensure_ascii=False)]
        parts += [": ", json.dumps(answer, ensure_ascii=False)]
    return PendingText.of([*parts, "}"])
