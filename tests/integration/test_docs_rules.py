"""The pages on rules and merging say what happens: every example is played, and every rule and option is explained."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from config.rules import ItemRules, ScopeOption
from tests.doc_examples import Example, examples, play

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLAYED = [*examples(DOCS / "rules.md"), *examples(DOCS / "merge.md")]
TEXT = (DOCS / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "example", [*examples(DOCS / "rules.md"), *examples(DOCS / "merge.md")], ids=lambda example: example.where
)
@pytest.mark.guide("rules-per-project", "scenario-separate")
async def test_what_the_rules_reference_says_is_what_happens(example: Example) -> None:
    played = await play(example.play)
    assert played.result == example.play["result"]
    assert played.to_do == sorted(example.play.get("to_do") or [])
    assert played.outcome == example.play.get("outcome", played.outcome if played.outcome != "blocked" else "changed")


def settings(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every rule, with its options."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings(kind, f"{above}{name}.")
        else:
            yield f"{above}{name}", list(kind) if isinstance(kind, type) and issubclass(kind, enum.Enum) else []


@pytest.mark.parametrize(("setting", "options"), list(settings(ItemRules)), ids=str)
def test_every_rule_has_its_section(setting: str, options: list[str]) -> None:
    dimension_of = next((one for one in ("variables.scopes", "variables.references") if setting.startswith(one)), None)
    heading = dimension_of or setting
    [section] = re.findall(rf"^### `{re.escape(heading)}`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    if dimension_of is not None:
        assert f"`{setting.rpartition('.')[2]}`" in section
    if not heading.endswith(".placeholder"):
        assert "```yaml play" in section or "|---|" in section, "an example says more than a sentence"
    if options and set(options) != set(ScopeOption):
        assert [one for one in options if f"`{one}`" not in section] == []


@pytest.mark.parametrize("option", list(ScopeOption))
def test_every_scope_option_is_explained(option: ScopeOption) -> None:
    assert f"`{option}`" in TEXT
