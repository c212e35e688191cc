"""Subscriptions: their routes, and the audit log and delivery as one extension of the server.

| route | what it does |
|---|---|
| `subscriptions`, `/all`, `/{id}` | as every kind; `WebhookLastProcessed…` are read-only |
| `GET sandbox/deliveries` | `[{SubscriptionId, EventId, Outcome, Status, ...}]`, oldest first |
| `POST sandbox/deliveries` | lets the scheduler look at once |
| `DELETE sandbox/deliveries` | forgets the list |
| `GET`, `PUT sandbox/deliveries/faults` | `{Fail, Hang, Lose, Double, Reorder, Quote}`, see `sandbox.delivery` |
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from sandbox import event_archives, event_routes, texts
from sandbox.audit import AuditLog
from sandbox.delivery import Deliveries, DeliveryFaults
from sandbox.errors import bad_request
from sandbox.paging import page
from sandbox.routing import Answer, Call, Router
from sandbox.settings import Settings
from sandbox.store import Document, Store, Write
from sandbox.subscription_resource import HEADER_PLACE, subscription_from_body, subscription_resource

__all__ = ["AUDIT", "DELIVERIES", "install"]

AUDIT = web.AppKey("audit", AuditLog)
DELIVERIES = web.AppKey("deliveries", Deliveries)

_COLLECTION = "subscriptions"


def install(app: web.Application, router: Router, store: Store, settings: Settings) -> None:
    """The extension: audits what the store commits, serves the log, and tells the subscribers while the server runs."""
    audit = app[AUDIT] = AuditLog(store, settings.version, settings.event_retention_days)
    deliveries = app[DELIVERIES] = Deliveries(store, audit, settings)
    event_routes.add_routes(router, audit)
    event_archives.add_routes(router, audit)
    _add_routes(router, deliveries)
    _add_admin_routes(router, deliveries)

    async def scheduler(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(deliveries.run(), name="subscriptions")
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    app.cleanup_ctx.append(scheduler)


def _add_routes(router: Router, deliveries: Deliveries) -> None:
    def resource(call: Call, document: Document) -> Document:
        return subscription_resource(
            document,
            deliveries.progress(document["Id"]),
            call.store.secret(document["Id"], HEADER_PLACE),
            call.settings.version,
            api_root=call.settings.api_root,
        )

    def save(call: Call, before: Document | None) -> Document:
        assert call.space_id is not None  # subscriptions are a kind of a space
        body = call.json()
        subscription_id = call.store.next_id("Subscriptions") if before is None else before["Id"]
        secret = call.store.secret(subscription_id, HEADER_PLACE)
        document, header = subscription_from_body(body, subscription_id, call.space_id, secret)
        name = document["Name"].casefold()
        for other in call.scope.collection(_COLLECTION).values():
            if other["Id"] != subscription_id and other["Name"].casefold() == name:
                raise bad_request(texts.name_taken("subscription"))
        secrets = {} if header is None else {HEADER_PLACE: header}
        write = Write(_COLLECTION, before, document, secrets=secrets)
        call.store.commit(call.space_id, [write], call.actor)
        return document

    def create(call: Call) -> Answer:
        document = save(call, None)
        deliveries.watch(document["Id"])
        return Answer(resource(call, document), status=201)

    def modify(call: Call) -> Answer:
        return Answer(resource(call, save(call, call.find(_COLLECTION, call.params["id"]))))

    def delete(call: Call) -> Answer:
        document = call.find(_COLLECTION, call.params["id"])
        call.store.commit(call.space_id, [Write(_COLLECTION, document, None)], call.actor)
        deliveries.forget(document["Id"])
        return Answer()

    def get(call: Call) -> Answer:
        return Answer(resource(call, call.find(_COLLECTION, call.params["id"])))

    def get_all(call: Call) -> Answer:
        return Answer([resource(call, document) for document in _selected(call)])

    def get_page(call: Call) -> Answer:
        return page(call, "Subscription", _COLLECTION, _selected(call), show=lambda one: resource(call, one))

    router.add("GET", "subscriptions", get_page)
    router.add("GET", "subscriptions/all", get_all)
    router.add("POST", "subscriptions", create)
    router.add("GET", "subscriptions/{id}", get)
    router.add("PUT", "subscriptions/{id}", modify)
    router.add("DELETE", "subscriptions/{id}", delete)


def _selected(call: Call) -> list[Document]:
    ids = {one.casefold() for one in call.arguments("ids")}
    part = (call.argument("partialName") or "").casefold()
    documents = [
        document
        for document in call.scope.collection(_COLLECTION).values()
        if (not ids or document["Id"].casefold() in ids) and part in document["Name"].casefold()
    ]
    return sorted(documents, key=lambda document: document["Name"].casefold())


def _add_admin_routes(router: Router, deliveries: Deliveries) -> None:
    def list_deliveries(_: Call) -> Answer:
        return Answer([delivery.to_json() for delivery in deliveries])

    def look_now(_: Call) -> Answer:
        deliveries.look_now()
        return Answer()

    def forget(_: Call) -> Answer:
        deliveries.clear()
        return Answer()

    def get_faults(_: Call) -> Answer:
        return Answer(deliveries.faults.to_json())

    def set_faults(call: Call) -> Answer:
        try:
            deliveries.faults = DeliveryFaults.from_json(call.json())
        except ValueError as error:
            raise bad_request(str(error)) from error
        return Answer(deliveries.faults.to_json())

    router.add("GET", "sandbox/deliveries", list_deliveries, scope="system")
    router.add("POST", "sandbox/deliveries", look_now, scope="system")
    router.add("DELETE", "sandbox/deliveries", forget, scope="system")
    router.add("GET", "sandbox/deliveries/faults", get_faults, scope="system")
    router.add("PUT", "sandbox/deliveries/faults", set_faults, scope="system")
