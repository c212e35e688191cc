"""Somebody who looks at the status page, without a browser: forms, cookies and what browsers send with them."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from tests.page_world import HELD_ROUTE, ROUTE, TOKEN

PRIVATE = (
    "/runs",
    "/runs/run000000001",
    f"/routes/{HELD_ROUTE}",
    "/failures",
    "/dead-letters",
    "/deliveries",
    "/drift",
    f"/drift?route={ROUTE}",
    "/clean-up",
    "/clean-up.csv",
    "/clean-up.json",
)
"""What is shown only to who has signed in. The last two are files to take along."""


class Browser:
    """One that sends what browsers send, and keeps cookies."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.origin: str | None = url
        self.headers: dict[str, str] = {}

    async def get(self, path: str, status: int = 200) -> str:
        async with self.session.get(self.url + path, allow_redirects=False) as answer:
            self.headers = dict(answer.headers)
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def post(self, path: str, fields: Any, status: int = 303, **headers: str) -> str:
        sent = {**({"Origin": self.origin} if self.origin else {}), **headers}
        async with self.session.post(self.url + path, data=fields, headers=sent, allow_redirects=False) as answer:
            self.headers = dict(answer.headers)
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def sign_in(self, token: str = TOKEN, status: int = 303, next_: str = "") -> str:
        return await self.post("/sign-in", {"token": token, "person": "Ada", "next": next_}, status)

    async def csrf(self) -> str:
        [token] = set(re.findall(r'name="csrf" value="([^"]+)"', await self.get("/clean-up")))
        return token

    async def act(self, path: str, *fields: tuple[str, str]) -> str:
        """A form of the page, sent. Returns where it leads."""
        await self.post(path, [("csrf", await self.csrf()), *fields])
        return self.headers["Location"]
