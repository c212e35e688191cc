"""Logs: one line per event, of field names and counts, never of values.

Services write JSON to standard output, where the platform collects it. The command line writes for people, to standard
error, and only what went wrong; with ``--debug`` all. Lines of libraries (Celery, aiohttp) take the same way.

    log = structlog.get_logger(__name__)
    log.info("action.applied", route=route, op="update", item="project/OctoFX", requests=2)

What is bound with ``structlog.contextvars.bind_contextvars`` (the correlation id of a run) stands in every line.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from config import scrub
from config.settings import LogFormat, LogLevel

_CHATTY = ("aiohttp.access", "asyncio", "kombu", "amqp", "sentry_sdk", "urllib3")
"""Libraries whose every step is of interest to themselves only."""


def configure(
    component: str,
    *,
    level: LogLevel = LogLevel.INFO,
    form: LogFormat = LogFormat.JSON,
    stream: TextIO | None = None,
) -> None:
    """Set up logging of this process, once at its start. ``component``: ``worker``, ``receiver`` or ``cli``.

    ``stream``: standard output for JSON, standard error for people, unless given.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _component(component),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    # Scrubbing comes after the traceback has become text, since exceptions quote what they stumbled over.
    if form is LogFormat.JSON:
        traces: Processor = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        renderer: Processor = structlog.processors.JSONRenderer()
    else:
        traces = structlog.processors.format_exc_info
        renderer = structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, traces, harmless, renderer],
    )
    handler = logging.StreamHandler(stream or (sys.stdout if form is LogFormat.JSON else sys.stderr))
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.value.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The line without secrets and without values of documents."""
    return scrub.fields(event)


def _component(component: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("component", component)
        return event

    return add
