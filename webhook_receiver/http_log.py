"""What the web server itself logs about requests that are no HTTP, or that break off: that, and from where; not what.

It would quote the line that it stumbled over, which may be the one with the secret, and print a traceback for whatever
a stranger sends.
"""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError

LOGGER = logging.getLogger("webhook_receiver.http")


class _WithoutContent(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | ConnectionError):
            record.msg = f"{record.getMessage()}: {type(error).__name__}"
            record.args = ()
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


LOGGER.addFilter(_WithoutContent())
