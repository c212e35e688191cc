"""What keeps the page from being used by anybody but the person before it.

* *Headers*: nothing from elsewhere is loaded, nothing inline is run, no other site may frame the page or read it.
* *Cookie*: out of reach of scripts, not sent along when another site leads here.
* *Forms*: must come from a page of this very host, and bring the token of the session.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from aiohttp import web

COOKIE = "octosync_session"
CSRF = "csrf"
LONGEST_TOKEN = 1_000

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with that, browsers hide the origin of a form, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def same_token(given: str, wanted: str) -> bool:
    """Takes as long for each wrong one, however long it is."""
    return hmac.compare_digest(_digest(given), _digest(wanted))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def from_here(request: web.Request) -> bool:
    """Whether a form was sent by a page of this host, as far as a browser tells. All current ones do.

    A proxy may call us by another name than the browser calls it: then it says so in ``X-Forwarded-Host``, a header
    that no other site can make a browser send.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    hosts = {request.headers.get("Host"), request.headers.get("X-Forwarded-Host")} - {None, ""}
    return urlsplit(origin).netloc in hosts


def set_session(response: web.StreamResponse, request: web.Request, session_id: str, lasts_s: int) -> None:
    response.set_cookie(
        COOKIE, session_id, max_age=lasts_s, path="/", httponly=True, samesite="Strict", secure=_encrypted(request)
    )


def end_session(response: web.StreamResponse) -> None:
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")


def local_path(path: str) -> str:
    """``path`` if it leads to a page of ours, else the first one: a link must not lead elsewhere after signing in."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain else "/"


def _encrypted(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto", "").casefold() == "https"
