"""What is installed into an application besides the documents: the audit log and its subscribers, and
what reaches from one space into the system.

An extension is a function that is called once per application. It may add routes, register a hook in
`store.on_commit`, and append to `app.cleanup_ctx` what must run beside the server.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from sandbox import subscriptions
from sandbox.resources import deployment_freezes
from sandbox.routing import Router
from sandbox.settings import Settings
from sandbox.store import Store

__all__ = ["EXTENSIONS", "Extension"]

Extension = Callable[[web.Application, Router, Store, Settings], None]

EXTENSIONS: tuple[Extension, ...] = (subscriptions.install, deployment_freezes.install)
