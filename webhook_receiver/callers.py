"""Who calls us: a secret in a header is the only proof that Octopus can give (it signs nothing).

Several secrets of an instance may be valid at once, so that one can be rotated without a gap. Which instance calls is
said by the path (``/webhooks/dev``), or where that is left out (``/webhooks``) by the secret itself, in the header that
the routes file names for the instance. An instance may also be bound to the addresses that it calls from.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping

import structlog

from config.routes import Instance, RoutesFile
from config.secret import SecretMissingError
from webhook_receiver.addresses import Address, within
from webhook_receiver.answers import Outcome

log = structlog.get_logger(__name__)

BELIEVED_S = 2.0
"""A secret may lie in a file, and one that was rotated counts after so long."""


class Callers:
    """The instances that may call, and their secrets."""

    def __init__(
        self,
        routes: RoutesFile,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[str, int], None] = lambda _instance, _place: None,
    ) -> None:
        """``used`` is told which secret of an instance was used, by its place in the routes file."""
        self._instances = {one.name: one for one in routes.instances if one.webhook_secrets}
        self._clock = clock
        self._used = used
        self._known: dict[str, tuple[float, list[tuple[int, bytes]]]] = {}

    def admit(
        self, name: str | None, headers: Mapping[str, str], address: Callable[[], Address | None]
    ) -> tuple[str, ...] | Outcome:
        """The instance that calls; ``name`` is the one that the path names, if it does. Several only if none is named,
        and several have the same secret in the same header. Who is refused does not learn which instances there are."""
        if name is not None:
            asked = self._instances.get(name)
            candidates = [asked] if asked is not None else []
        else:
            candidates = list(self._instances.values())
        near = [one for one in candidates if self._may_come_from_there(one, address)]
        if candidates and not near:
            return Outcome.WRONG_ADDRESS
        return tuple([one.name for one in near if self._has_a_secret(one, headers)]) or Outcome.REFUSED

    def _may_come_from_there(self, instance: Instance, address: Callable[[], Address | None]) -> bool:
        if not instance.webhook_from:
            return True
        there = address()
        return there is not None and within(there, instance.webhook_from)

    def _has_a_secret(self, instance: Instance, headers: Mapping[str, str]) -> bool:
        """Takes as long for each wrong one."""
        given = headers.get(instance.webhook_header, "").encode("utf-8", "surrogateescape")
        found = -1
        for place, secret in self._secrets(instance):
            if hmac.compare_digest(given, secret):
                found = place
        if found >= 0:
            self._used(instance.name, found)
        return found >= 0

    def _secrets(self, instance: Instance) -> list[tuple[int, bytes]]:
        now = self._clock()
        read, secrets = self._known.get(instance.name, _NEVER)
        if now - read < BELIEVED_S:
            return secrets
        secrets = []
        for place, secret in enumerate(instance.webhook_secrets):
            try:
                secrets.append((place, secret.reveal().encode()))
            except SecretMissingError as error:
                log.error("secret.missing", instance=instance.name, reason=str(error))  # noqa: TRY400 - no traceback
        self._known[instance.name] = (now, secrets)
        return secrets


_NEVER: tuple[float, list[tuple[int, bytes]]] = (float("-inf"), [])
