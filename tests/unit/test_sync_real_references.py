"""Real step templates, processes and step packages: to another server's ids and back, and each is what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from octopus_samples import SAMPLES, needs_samples

from config.rules import OnMissing, ScopeOption
from worker.kinds import registry
from worker.kinds.controls import control_types
from worker.kinds.kind import Kind
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.step_templates import STEP_TEMPLATE
from worker.plan.values import Document
from worker.sync.translating.hidden import Known
from worker.sync.translating.resolve import Resolved
from worker.sync.translating.translate import translate

pytestmark = [needs_samples, pytest.mark.spacecloner("feature-18", "feature-19", "bug-22")]

AN_ID = re.compile(r"[A-Za-z]+-[A-Za-z0-9-]+")
THERE = "-there"


@cache
def documents() -> tuple[tuple[str, Kind, Document], ...]:
    return tuple(_found())


def _found() -> Iterator[tuple[str, Kind, Document]]:
    for folder in ("step_templates", "community_step_templates", "deployment_processes", "api/deploymentprocesses"):
        for file in sorted((SAMPLES / folder).rglob("*.json")):
            try:
                document = json.loads(file.read_text(encoding="utf-8-sig"))
            except ValueError:
                continue
            if isinstance(document, dict) and isinstance(document.get("Steps"), list):
                yield file.name, DEPLOYMENT_PROCESS, document
            elif isinstance(document, dict) and "ActionType" in document and "Parameters" in document:
                yield file.name, STEP_TEMPLATE, document


def moved(kind: str, source_id: str, /, *, create: bool = True) -> Resolved:
    """Every id has a counterpart; of some that anything may be, what does not look like one names nothing."""
    if kind == "tag" or registry.kind_of(source_id.removesuffix(THERE)) is None:
        return Resolved((source_id,), source_id) if kind in ("tag", "step", "step-slug") else Resolved(alone=True)
    other = source_id.removesuffix(THERE) if source_id.endswith(THERE) else f"{source_id}{THERE}"
    return Resolved((other,), source_id)


def identify(token: str) -> Known | None:
    kind = registry.kind_of(token)
    return Known(kind.name, token) if kind is not None else None


def crossed(kind: Kind, document: Document, parameters: dict[str, str]) -> tuple[Document, list[str]]:
    out = translate(
        kind,
        ("project", "Real", "deployment-process"),
        document,
        moved,
        scope_option=lambda *_: ScopeOption.SKIP_UNLESS_PARTIAL,
        on_missing=OnMissing.BLOCK,
        parameters=lambda _: parameters,
        identify=identify,
    )
    assert out.document is not None, (out.blocked, out.decisions)
    return out.document, [entry.reason for entry in out.clean_ups]


def plain(kind: Kind, document: Document) -> Document:
    """Without what does not cross at all: once there, it cannot come back."""

    def ids(kind: str, source_id: str, /, *, create: bool = True) -> Resolved:
        return Resolved((source_id,), source_id)

    out = translate(
        kind,
        ("project", "Real", "deployment-process"),
        document,
        ids,
        scope_option=lambda *_: ScopeOption.SKIP_UNLESS_PARTIAL,
        on_missing=OnMissing.BLOCK,
    )
    assert out.document is not None, out.blocked
    return out.document


def all_parameters() -> dict[str, str]:
    """Of every real template together: what a parameter of that name means somewhere."""
    found: dict[str, str] = {}
    for _, kind, document in documents():
        if kind is STEP_TEMPLATE:
            found |= control_types(document["Parameters"])
    return found


def test_there_and_back_is_what_it_was() -> None:
    parameters = all_parameters()
    assert {"Package", "AzureAccount", "Certificate"} <= set(parameters.values())
    for name, kind, document in documents():
        there, _ = crossed(kind, document, parameters)
        back, _ = crossed(kind, there, parameters)
        assert back == plain(kind, document), name
    assert len(documents()) > 250


def test_no_id_of_the_source_is_left_without_a_word() -> None:
    silent: list[tuple[str, str]] = []
    for name, kind, document in documents():
        there, reasons = crossed(kind, document, all_parameters())
        content = {
            key: there.get(key) for key in ("Steps", "Properties", "Parameters", "Packages")
        }  # not the database's
        left = sorted({one for one in _strings(content) if _is_left(one)})
        if left and "untranslated-id" not in reasons:
            silent.append((name, left[0]))
    assert silent == [], silent


def _strings(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)
    elif isinstance(value, str) and key != "Id":
        yield value


def _is_left(text: str) -> bool:
    """A value that is an id of the source as a whole."""
    return bool(AN_ID.fullmatch(text)) and not text.endswith(THERE) and registry.kind_of(text) is not None
