"""The contract check finds what breaks the contract: held here to a Swagger of our own, so that it cannot be idle."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from contract import Contract, ContractPlugin, noted
from swagger import Swagger

ROOT = Path(__file__).parents[2]

_REF = {"schema": {"$ref": "#/definitions/Thing"}}
_SPACE = {"in": "path", "name": "spaceId"}
SWAGGER: dict[str, Any] = {
    "info": {"version": "2026.1.9674"},
    "paths": {
        "/{spaceId}/things": {
            "get": {
                "parameters": [_SPACE, {"in": "query", "name": "skip"}],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Thing"}}}},
            },
            "post": {
                "parameters": [_SPACE, {"in": "body", "schema": {"$ref": "#/definitions/CreateThing"}}],
                "responses": {"201": _REF},
            },
        },
        "/{spaceId}/things/{id}": {"get": {"parameters": [_SPACE], "responses": {"200": _REF}}},
        "/{spaceId}/things/best": {"get": {"parameters": [_SPACE], "responses": {"200": {}}}},
    },
    "definitions": {
        "Thing": {
            "type": "object",
            "properties": {"Id": {"type": "string"}, "Size": {"type": "integer"}},
            "additionalProperties": False,
        },
        "CreateThing": {
            "type": "object",
            "required": ["Size", "SpaceId"],
            "properties": {"Size": {"type": "integer"}},
            "additionalProperties": False,
        },
        "Error": {"type": "object", "properties": {"ErrorMessage": {}}, "additionalProperties": False},
    },
}
THING = {"Id": "Things-1", "Size": 1}


def findings(method: str, path: str, **more: Any) -> list[str]:
    contract = Contract(Swagger(SWAGGER))
    line = {"query": [], "status": 200, "client": True, "version": "2026.1.9674", "sent": None, "got": None}
    contract.check({**line, "method": method, "path": path, **more})
    assert contract.requests == 1
    return [str(one) for one in contract.findings]


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "/Spaces-1/things", {"query": ["Skip"], "got": [THING, {"Id": None}]}),
        ("GET", "/spaces-22/Things/Things-1", {"got": THING}),
        ("POST", "/Spaces-1/things", {"sent": {"Size": 1}, "status": 201, "got": THING}),
        ("POST", "/Spaces-1/things", {"sent": THING, "status": 201}),  # read, and sent back
        ("POST", "/Spaces-1/things", {"sent": {}, "status": 400, "got": {"ErrorMessage": "no size"}}),
    ],
)
def test_what_keeps_the_contract(method: str, path: str, more: dict[str, Any]) -> None:
    assert findings(method, path, **more) == []


@pytest.mark.parametrize(
    ("method", "path", "more", "words"),
    [
        ("GET", "/Spaces-1/thingies", {}, "is no route of Swagger"),
        ("DELETE", "/Spaces-1/things/Things-1", {}, "is no route of Swagger"),
        ("GET", "/default/things", {}, "is no route of Swagger"),
        ("GET", "/Spaces-1/things", {"query": ["tkae"]}, "does not know the parameter tkae"),
        ("POST", "/Spaces-1/things", {"sent": {"Size": "1"}, "status": 201}, "would not take our body: Size"),
        ("POST", "/Spaces-1/things", {"sent": {"Id": "x"}, "status": 201}, "'Size' is a required property"),
        ("POST", "/Spaces-1/things", {"sent": {"Size": 1, "Colour": "red"}, "status": 201}, "Colour"),
        ("GET", "/Spaces-1/things/Things-1", {"got": {"Id": 7}}, "does not answer 200 with Id: 7"),
        ("POST", "/Spaces-1/things", {"status": 200, "got": THING}, "answers [201], not 200"),
        ("GET", "/Spaces-1/things", {"status": 404, "got": {"Oops": 1}}, "does not answer 404 with"),
    ],
)
def test_what_breaks_it(method: str, path: str, more: dict[str, Any], words: str) -> None:
    found = findings(method, path, **more)
    assert len(found) == 1
    assert words in found[0]


def test_answers_of_another_release_are_not_held_to_this_one() -> None:
    assert findings("GET", "/Spaces-1/things", version="2021.2.1290", got=["old"]) == []


def test_words_go_before_parameters() -> None:
    operation = Swagger(SWAGGER).operation("GET", "/Spaces-1/things/BEST")
    assert operation is not None
    assert operation.template.endswith("best")


def test_a_sandbox_that_is_a_process_of_its_own_is_noted_too(tmp_path: Path) -> None:
    plugin = ContractPlugin(tmp_path)
    plugin.pytest_sessionstart()
    try:
        # As a test starts one that wants a bare environment.
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0"],
            cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        plugin.pytest_sessionfinish()
    with process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        url, key = words[words.index("at") + 1], words[-1]
        headers = {"X-Octopus-ApiKey": key, "User-Agent": "octosync/1.0"}
        with urlopen(Request(f"{url}/api/Spaces-1/projects?take=1", headers=headers), timeout=10) as answer:
            json.load(answer)
        process.send_signal(signal.SIGTERM)
    lines = [line for line in noted(tmp_path) if line["path"] == "/Spaces-1/projects"]
    assert [(line["method"], line["query"], line["client"], line["status"]) for line in lines] == [
        ("GET", ["take"], True, 200)
    ]
    assert [file.name.partition("-")[0] for file in tmp_path.glob("*.jsonl")] == ["process"]
