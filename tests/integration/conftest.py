"""Fixtures that the tests of the client share (:mod:`tests.octopus_server`).

``server``   a small server that answers as it is told
``octopus``  the client of it
``space``    the client of its default space
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.octopus_server import Server
    from worker.octopus.client import OctopusClient, SpaceClient


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    from tests.octopus_server import Server, serving

    one = Server()
    async with serving(one.handle) as one.url:
        yield one


@pytest.fixture
async def octopus(server: Server) -> AsyncIterator[OctopusClient]:
    from tests.octopus_server import client_of

    async with client_of(server.url) as client:
        yield client


@pytest.fixture
async def space(octopus: OctopusClient) -> SpaceClient:
    return await octopus.space("Default")
