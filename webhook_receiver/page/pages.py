"""The page as a whole: which address is which view, who may see it, and how each answer goes out."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from config.routes import Route, RoutesFile
from config.settings import Settings
from webhook_receiver.page import security
from webhook_receiver.page.rendering import environment, static
from webhook_receiver.page.visits import Visit
from worker.desk.names import named
from worker.ledger.connect import FAILED
from worker.publisher import Publisher
from worker.queue.keys import DirtyKey
from worker.queue.values import Due, Priority
from worker.state import State

log = structlog.get_logger(__name__)

View = Callable[["Page", Visit], Awaitable[web.StreamResponse]]
KEPT_S = 365 * 24 * 3600

SAYS = {
    401: ("Sign in", "This needs the status token."),
    403: ("Refused", "The form did not come from this page, or the session has ended. Go back, reload, and try again."),
    404: ("Not found", "There is nothing at this address. It may have been forgotten: only the newest are kept."),
    400: ("Not understood", "The form asks for something that this page does not know. Reload it, and try again."),
    405: ("Not like this", "This address is not there to be opened."),
    413: ("Too much", "The form is larger than this page takes."),
    500: ("A bug", "This page met a case that it does not handle. The receiver's log holds it."),
    503: (
        "Redis does not answer",
        "Or it takes nothing, since it is full. Nothing can be shown or done until it does.",
    ),
}


class Page:
    """``publisher`` tells workers what there is to look at."""

    def __init__(self, state: State, routes: RoutesFile, settings: Settings, publisher: Publisher) -> None:
        self.state = state
        self.routes = routes
        self.settings = settings
        self.publisher = publisher
        self.token = settings.status_token.get_secret_value() if settings.status_token is not None else ""

    def route(self, name: str) -> Route:
        """Raises 404."""
        try:
            return self.routes.route(name)
        except KeyError:
            raise web.HTTPNotFound from None

    @property
    def route_names(self) -> list[str]:
        return [route.name for route in self.routes.routes]

    @staticmethod
    def keys(texts: Iterable[str]) -> list[DirtyKey]:
        """Those of the texts that are dirty keys."""
        found = []
        for text in texts:
            with contextlib.suppress(ValueError):
                found.append(DirtyKey.parse(text))
        return found

    async def names(self, keys: Iterable[DirtyKey | str]) -> dict[str, str]:
        """What the keys mean, by their text, for people."""
        wanted = [key for one in keys for key in ([one] if isinstance(one, DirtyKey) else self.keys([one]))]
        return {str(key): name for key, name in (await named(self.state, wanted)).items()}

    # ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def public(self, view: View) -> Handler:
        """Anybody may see it."""

        async def handler(request: web.Request) -> web.StreamResponse:
            return await view(self, await self._visit(request))

        return handler

    def private(self, view: View) -> Handler:
        """Whoever is signed in may see it; anybody else is led to where one signs in."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request)
            if visit.session is None:
                return see_other(f"/sign-in?{urlencode({'next': request.path_qs})}")
            return await view(self, visit)

        return handler

    def act(self, view: View) -> Handler:
        """Whoever is signed in may do it, with a form of ours."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, await self.form(request))
            sent = visit.sent(security.CSRF)
            if visit.session is None or not security.same_token(sent, visit.session.csrf):
                raise web.HTTPForbidden
            return await view(self, visit)

        return handler

    async def form(self, request: web.Request) -> list[tuple[str, str]]:
        """Names and values. Raises 403 for what another site had a browser send."""
        if not security.from_here(request):
            log.warning("page.foreign-form", remote=request.remote)
            raise web.HTTPForbidden
        return [(name, value) for name, value in (await request.post()).items() if isinstance(value, str)]

    async def _visit(self, request: web.Request, form: Iterable[tuple[str, str]] = ()) -> Visit:
        session_id = request.cookies.get(security.COOKIE, "")
        session = await self.state.ledger.sessions.get(session_id, self.token) if session_id and self.token else None
        return Visit(request, session, datetime.now(self.settings.zone), tuple(form))

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def render(self, visit: Visit, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """``context``: what the template needs besides what all of them know."""
        known: Mapping[str, Any] = {
            "session": visit.session,
            "can_sign_in": bool(self.token),
            "address": visit.request.path,
            "address_with_query": visit.request.path_qs,
            "now": visit.now,
            "note": _note(visit),
        }
        html = environment().get_template(template).render({**known, **context})
        return web.Response(text=html, content_type="text/html", status=status)

    def says(self, visit: Visit, status: int) -> web.Response:
        """A page that says why there is none."""
        title, words = SAYS.get(status, SAYS[500])
        return self.render(visit, "message.html", status=status, title=title, words=words)

    @staticmethod
    def done(visit: Visit, otherwise: str, what: str, count: int = 1) -> web.Response:
        """After an act: back to where it was asked for, where a line says what was done."""
        back = security.local_path(visit.sent("back") or otherwise)
        path, _, asked = back.partition("?")
        kept = "&".join(part for part in asked.split("&") if part and not part.startswith(("done=", "count=")))
        return see_other(f"{path}?{kept}{'&' if kept else ''}done={what}&count={count}")

    async def wake(self, keys: Iterable[DirtyKey] | Mapping[DirtyKey, Priority]) -> None:
        """Nothing is lost if nobody can be told: the marks stand, and are swept."""
        priorities = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, Priority.EVENTS)
        if priorities:
            await self.publisher.wake(Due(key, priority) for key, priority in priorities.items())

    @staticmethod
    def correlation_id() -> str:
        return f"page-{secrets.token_hex(6)}"

    # ── around every answer ───────────────────────────────────────────────────────────────────────────────────────────

    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The answer of the handler, or a page that says why there is none; with the headers that every one gets."""
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = await self._problem(request, error.status)
        except (*FAILED, TimeoutError):
            response = await self._problem(request, 503)
        except Exception:
            log.exception("page.bug", path=request.path)
            response = await self._problem(request, 500)
        if not response.prepared:
            response.headers.update(security.HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    async def _problem(self, request: web.Request, status: int) -> web.Response:
        visit = Visit(request, None, datetime.now(self.settings.zone))
        if status != 503:
            with contextlib.suppress(*FAILED, TimeoutError):
                visit = await self._visit(request)
        return self.says(visit, status)


def see_other(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address})


async def send_static(request: web.Request) -> web.Response:
    """A style sheet or script of ours."""
    found = static().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    body, content_type = found
    headers = {"Cache-Control": f"public, max-age={KEPT_S}, immutable"}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


DONE = {
    "approved": "Approved. The workers apply exactly this plan.",
    "other-plan": "Not approved: the route is held for another plan by now. Look at that one.",
    "closed": "{count} closed.",
    "reopened": "{count} open again.",
    "retried": "{count} to be tried again.",
    "dropped": "{count} dropped.",
    "replayed": "{count} to be looked at again.",
    "nothing": "Nothing was chosen.",
    "no-time": "That is no time. Write it as the example shows.",
}
"""What a line may say after an act; nothing that comes in an address is ever shown."""


def _note(visit: Visit) -> str:
    words = DONE.get(visit.asked("done"), "")
    return words.format(count=visit.number("count"))
