"""Who calls us: a secret in a header is the only proof that Octopus can give (it signs nothing).

Several secrets of an instance may be valid at once, so that one can be rotated without a gap.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping

import structlog

from config.routes import Instance, RoutesFile
from config.secret import SecretMissingError

log = structlog.get_logger(__name__)

BELIEVED_S = 2.0
"""A secret may lie in a file, and one that was rotated counts after so long."""


class Callers:
    """The instances that may call, and their secrets."""

    def __init__(self, routes: RoutesFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._instances = {one.name: one for one in routes.instances if one.webhook_secrets}
        self._clock = clock
        self._known: dict[str, tuple[float, list[bytes]]] = {}

    @property
    def only(self) -> str | None:
        """The name of the only instance that may call; ``None`` if there are several, or none."""
        return next(iter(self._instances)) if len(self._instances) == 1 else None

    def admits(self, name: str | None, headers: Mapping[str, str]) -> bool:
        """Whether a request in the name of an instance carries one of its secrets. Takes as long for each wrong one."""
        instance = self._instances.get(name or "")
        if instance is None:
            return False
        given = headers.get(instance.webhook_header, "").encode("utf-8", "surrogateescape")
        admitted = False
        for secret in self._secrets(instance):
            admitted |= hmac.compare_digest(given, secret)
        return admitted

    def _secrets(self, instance: Instance) -> list[bytes]:
        now = self._clock()
        read, secrets = self._known.get(instance.name, (float("-inf"), []))
        if now - read < BELIEVED_S:
            return secrets
        secrets = []
        for secret in instance.webhook_secrets:
            try:
                secrets.append(secret.reveal().encode())
            except SecretMissingError as error:
                log.error("secret.missing", instance=instance.name, reason=str(error))  # noqa: TRY400 - no traceback
        self._known[instance.name] = (now, secrets)
        return secrets
