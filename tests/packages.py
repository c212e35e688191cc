"""What the tests of packages share: pushing some, and what a feed has."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import aiohttp

from tests.pair import Pair, Server

LATEST: dict[str, Any] = {"include": {"package": ["OctoFX.*"]}}


async def push(server: Server, name: str, version: str, content: bytes = b"content") -> None:
    """As a build server does."""
    form = aiohttp.FormData()
    form.add_field(
        "file", io.BytesIO(content), filename=f"{name}.{version}.zip", content_type="application/octet-stream"
    )
    url = f"{server.sandbox.url}/api/packages/raw"
    async with server.session.post(url, data=form, headers=server.sandbox.headers) as answer:
        assert answer.status < 400, await answer.text()


async def packages(server: Server) -> dict[str, str]:
    """``OctoFX.Web 1.0.0`` → SHA-1."""
    found = await server.get("packages?take=1000")
    return {f"{one['PackageId']} {one['Version']}": one["Hash"] for one in found["Items"]}


async def package_ids(server: Server) -> dict[str, str]:
    found = await server.get("packages?take=1000")
    return {f"{one['PackageId']} {one['Version']}": str(one["Id"]) for one in found["Items"]}


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


async def three(both: Pair) -> None:
    for version in ("1.0.0", "1.1.0", "1.10.0", "2.0.0-beta"):
        await push(both.source, "OctoFX.Web", version, f"web {version}".encode())
    await push(both.source, "OctoFX.Db", "3.0.0", b"db")
    await push(both.source, "Other", "1.0.0")
