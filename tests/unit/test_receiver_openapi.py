"""The description of the receiver's routes is one of the routes that exist, and of the answers that they give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis
from jsonschema import Draft202012Validator

from tests.receiver import SECRET, Running, go_away, receiver, routes_file, webhook
from webhook_receiver.answers import Outcome
from webhook_receiver.app import RECEPTION
from webhook_receiver.openapi import describe

DOCUMENT = describe()
METHODS = {"get", "post"}


pytestmark = pytest.mark.usefixtures("receiver_secrets")


def described() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, one in DOCUMENT["paths"].items() for method in one if method in METHODS}


async def test_every_route_is_described_and_no_other(running: Running) -> None:
    routes = {
        (route.method, route.resource.canonical)
        for route in running.client.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert described() == routes


async def test_it_is_served(running: Running) -> None:
    async with running.client.get("/openapi.json") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert await answer.json() == DOCUMENT
    assert SECRET not in json.dumps(DOCUMENT)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": DOCUMENT["components"]}  # what references lead to
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


async def test_each_answer_is_as_described(fake_redis: FakeAsyncRedis) -> None:
    seen = set()
    async with receiver(fake_redis, routes_file(dev={"webhook_from": ["127.0.0.1"]})) as one:
        for path, method in (("/webhooks/{instance}", "post"), ("/readyz", "get"), ("/healthz", "get")):
            operation = DOCUMENT["paths"][path][method]
            for gone in (False, True):
                go_away(fake_redis, gone)
                for secret in (SECRET, "wrong"):
                    address = path.format(instance="dev")
                    headers = {"X-Octosync-Token": secret}
                    async with one.client.request(method, address, headers=headers, json=webhook()) as answer:
                        said = operation["responses"][str(answer.status)]
                        schema = said["content"][answer.content_type]["schema"]
                        validator(schema).validate(await answer.json())
                        assert set(said.get("headers", {})) <= set(answer.headers)
                        seen.add(answer.status)
            go_away(fake_redis, gone=False)
    assert seen == {200, 202, 401, 503}


def test_every_outcome_is_described() -> None:
    text = json.dumps(DOCUMENT["paths"]["/webhooks"]["post"]["responses"])
    assert all(f"`{one.value}`" in text for one in Outcome)


def test_a_webhook_as_octopus_sends_it_fits_the_schema() -> None:
    check = validator({"$ref": "#/components/schemas/Webhook"})
    check.validate(webhook())
    assert not check.is_valid({"Payload": {"Event": {"Id": 7, "Category": "Modified"}}})


async def test_a_receiver_that_stops_is_not_ready_and_sends_callers_elsewhere(running: Running) -> None:
    assert running.client.app is not None
    running.client.app[RECEPTION].leaving = True
    async with running.client.get("/readyz") as answer:
        assert answer.status == 503
    async with running.client.post("/webhooks/dev", json=webhook(), headers={"X-Octosync-Token": SECRET}) as answer:
        assert (answer.status, answer.headers["Connection"]) == (202, "close")
