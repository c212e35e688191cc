"""What becomes of a webhook, and what its sender is told."""

from __future__ import annotations

from enum import Enum

from aiohttp import web


class Outcome(Enum):
    """Each with its status, and what it means. The words are also those of ``octosync_webhook_deliveries_total``."""

    _value_: str
    status: int
    meaning: str
    body: bytes

    RECORDED = "recorded", 202, "it is stored, and what it speaks of is looked at"
    DUPLICATE = "duplicate", 202, "the event was stored before"
    UNREADABLE = "unreadable", 202, "that it came is stored; the audit log is read for what it said"
    TOO_LARGE = "too-large", 202, "that it came is stored; the audit log is read for what it said"
    OF_SEVERAL = "of-several", 202, "several instances have this secret; the audit logs of all of them are read"
    INCOMPLETE = "incomplete", 400, "the body did not come to its end"
    REFUSED = "refused", 401, "not a secret of this instance, or no such instance"
    WRONG_ADDRESS = "wrong-address", 403, "the instance is not called for from there"
    UNAVAILABLE = "unavailable", 503, "nothing can be stored now"

    def __init__(self, word: str, status: int, meaning: str) -> None:
        self._value_ = word
        self.status = status
        self.meaning = meaning
        self.body = b'{"outcome":"%b"}' % word.encode()

    def answer(self, *, closing: bool) -> web.Response:
        """``closing``: the sender shall come back over another connection."""
        answer = web.Response(body=self.body, status=self.status, content_type="application/json")
        if self is Outcome.UNAVAILABLE:
            answer.headers["Retry-After"] = "5"
        if closing:
            answer.force_close()
        return answer
