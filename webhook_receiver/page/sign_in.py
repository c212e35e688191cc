"""Signing in, with the status token and a name to be remembered by; and signing out."""

from __future__ import annotations

import structlog
from aiohttp import web

from webhook_receiver.page import security
from webhook_receiver.page.pages import Page, see_other
from webhook_receiver.page.visits import Visit
from worker.desk.times import span
from worker.ledger.sessions import LASTS_S

log = structlog.get_logger(__name__)

LONGEST_NAME = 60


async def sign_in(page: Page, visit: Visit) -> web.Response:
    """The form."""
    if visit.session is not None:
        return see_other(security.local_path(visit.asked("next")))
    return _form(page, visit, next_=visit.asked("next"))


async def signing_in(page: Page, visit: Visit) -> web.StreamResponse:
    """The form, sent. Whoever tries too often is not heard for a while, with the right token neither."""
    if not page.token:
        raise web.HTTPNotFound
    form = await page.form(visit.request)
    given = dict(form)
    address = visit.request.remote or ""
    next_, person = given.get("next", ""), " ".join(given.get("person", "").split())[:LONGEST_NAME]
    sessions = page.state.ledger.sessions
    if wait_s := await sessions.locked_s(address):
        log.warning("page.locked", remote=address)
        words = f"Too many wrong tokens came from there. Try again in {span(wait_s)}."
        response = _form(page, visit, status=429, problem=words, person=person, next_=next_)
        response.headers["Retry-After"] = str(wait_s)
        return response
    token = given.get("token", "").strip()[: security.LONGEST_TOKEN]
    if not security.same_token(token, page.token):
        await sessions.failed(address)
        log.warning("page.refused", remote=address)
        return _form(page, visit, status=403, problem="That is not the token.", person=person, next_=next_)
    session_id = await sessions.open(page.token, person)
    log.info("page.signed-in", remote=address, person=person)
    response = see_other(security.local_path(next_))
    security.set_session(response, visit.request, session_id, LASTS_S)
    return response


async def sign_out(page: Page, visit: Visit) -> web.Response:
    await page.state.ledger.sessions.close(visit.request.cookies.get(security.COOKIE, ""))
    response = see_other("/")
    security.end_session(response)
    return response


def _form(
    page: Page, visit: Visit, *, status: int = 200, problem: str = "", person: str = "", next_: str = ""
) -> web.Response:
    return page.render(visit, "sign_in.html", status=status, problem=problem, person=person, next=next_)
