"""The example is the reference of the routes file: it loads, is complete, and the defaults in it are the defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, RootModel

from config import schema
from config.load import check
from config.names import INCLUDABLE_KINDS
from config.presets import Preset
from config.routes import Instance, Route, RoutesFile
from config.rules import Rules

TEXT = schema.EXAMPLE.read_text(encoding="utf-8")


def models(annotation: Any, found: set[type[BaseModel]]) -> set[type[BaseModel]]:
    for inner in get_args(annotation):
        models(inner, found)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
        found.add(annotation)
        for field in annotation.model_fields.values():
            models(field.annotation, found)
    return found


def settings_of_the_routes_file() -> Iterator[str]:
    for model in models(RoutesFile, set()):
        if not issubclass(model, RootModel):
            yield from (f"{model.__name__}.{field.alias or name}" for name, field in model.model_fields.items())


def test_example_loads_without_a_doubt() -> None:
    routes, warnings = check(schema.EXAMPLE)
    assert [route.name for route in routes.routes] == ["dev-to-prod", "tools", "watch-archive"]
    assert warnings == []


def test_models_are_all_looked_at() -> None:
    assert {"Pin.step", "ScopeRules.process_owner", "Secret.file", "Selector.project"} <= {
        *settings_of_the_routes_file()
    }


@pytest.mark.parametrize("setting", sorted(settings_of_the_routes_file()))
def test_every_setting_stands_in_the_example(setting: str) -> None:
    assert re.search(rf"\b{setting.rpartition('.')[2]}:", TEXT)


@pytest.mark.parametrize("kind", INCLUDABLE_KINDS)
def test_every_kind_stands_in_the_example(kind: str) -> None:
    assert re.search(rf"\b{kind}\b", TEXT)


def test_first_route_spells_out_the_defaults() -> None:
    [first, *_] = check(schema.EXAMPLE)[0].routes
    plain = Route.model_validate({"name": "plain", "source": {"instance": "dev"}, "destination": {"instance": "prod"}})
    kept = {"rules", "limits", "mode", "first_contact", "source", "destination"}
    assert first.model_dump(include=kept) == plain.model_dump(include=kept)
    written = yaml.safe_load(TEXT)["routes"][0]
    for part in ("rules", "limits"):
        assert unwritten(getattr(plain, part), written[part]) <= {"preset"}


def unwritten(model: BaseModel, written: dict[str, Any]) -> set[str]:
    missing = set(type(model).model_fields) - set(written)
    for name in set(written):
        if isinstance(inner := getattr(model, name), BaseModel):
            missing |= unwritten(inner, written[name])
    return missing


def test_first_instance_spells_out_the_defaults() -> None:
    [first, *_] = check(schema.EXAMPLE)[0].instances
    for name in ("webhook_header", "requests_per_minute", "verify_tls", "timeout_seconds"):
        assert getattr(first, name) == Instance.model_fields[name].default


@pytest.mark.parametrize("preset", list(Preset))
def test_preset_is_explained_as_it_is(preset: Preset) -> None:
    [block] = re.findall(rf"^ +#   {preset} .*\n((?: +#     .*\n)+)", TEXT, re.MULTILINE)
    written = yaml.safe_load(re.sub(r"^ +#     ", "", block, flags=re.MULTILINE))
    meant = Rules.model_validate({"preset": preset})
    assert meant.model_copy(update={"preset": None}) == Rules.model_validate(written)


def test_exported_schema_is_the_schema() -> None:
    assert schema.EXPORTED.read_text(encoding="utf-8") == schema.text(), (
        "octosync config schema > config/octosync.schema.json"
    )


def test_schema_takes_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())
    jsonschema.validate(yaml.safe_load(TEXT), schema.schema())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("include",), {"projects": ["*"]}),
        (("include",), {"machine": ["*"]}),
        (("include",), {"project": "*"}),
        (("mode",), "wirte"),
        (("maps",), {"environment": {"Test": []}}),
        (("rules",), {"update": ["project"]}),
        (("colour",), "red"),
    ],
)
def test_schema_refuses(path: tuple[str], value: Any) -> None:
    content = yaml.safe_load(TEXT)
    content["routes"][0][path[0]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema.schema())
