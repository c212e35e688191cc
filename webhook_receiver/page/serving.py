"""Every address of the page."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from webhook_receiver.page import clean_up, deliveries, drift, failures, routes, runs, sign_in
from webhook_receiver.page.pages import Page, send_static


def add_page(app: web.Application, page: Page) -> None:
    """Adds the page to an application that has other addresses, too; every answer of it gets the page's headers."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await page.guarded(request, handler)

    app.middlewares.append(guarded)
    app.router.add_get("/", page.public(routes.Glance(page).overview))
    app.router.add_get("/sign-in", page.public(sign_in.sign_in))
    app.router.add_post("/sign-in", page.public(sign_in.signing_in))
    app.router.add_get("/static/{name}", send_static)
    for address, view in (
        ("/routes/{route}", routes.route),
        ("/runs", runs.runs),
        ("/runs/{run}", runs.run),
        ("/failures", failures.failures),
        ("/dead-letters", failures.dead_letters),
        ("/deliveries", deliveries.deliveries),
        ("/drift", drift.drift),
        ("/clean-up", clean_up.clean_up),
        (r"/clean-up.{form:csv|json}", clean_up.export),
    ):
        app.router.add_get(address, page.private(view))
    for address, act in (
        ("/sign-out", sign_in.sign_out),
        ("/routes/{route}/approve", routes.approving),
        ("/dead-letters", failures.deciding),
        ("/deliveries/replay", deliveries.replaying),
        ("/clean-up", clean_up.closing),
    ):
        app.router.add_post(address, page.act(act))
