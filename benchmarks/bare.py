"""The least that an aiohttp server can do for a webhook: 202, without reading it. The bound of the receiver.

``python -m benchmarks.bare PORT``
"""

from __future__ import annotations

import sys

from aiohttp import web


async def accept(_: web.Request) -> web.Response:
    return web.Response(status=202)


def main() -> None:
    app = web.Application()
    app.router.add_post("/webhooks/{instance}", accept)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
