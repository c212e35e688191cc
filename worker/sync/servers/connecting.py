"""Connect: a client for an instance, within the budget that all our processes share."""

from __future__ import annotations

from importlib.metadata import version as installed

from config.routes import RoutesFile
from worker.ledger.ledger import Ledger
from worker.octopus.budget import Priority
from worker.octopus.client import OctopusClient
from worker.octopus.transport import Observer


def connect(
    routes: RoutesFile,
    instance_name: str,
    ledger: Ledger,
    priority: Priority = Priority.EVENT,
    observer: Observer | None = None,
    identity: str | None = None,
) -> OctopusClient:
    """A client for an instance of the routes file, within the budget that all processes share.

    ``identity``: of the ledger; the server's audit log shows it as part of our user agent.
    """
    instance = routes.instance(instance_name)
    key = instance.api_key.reveal()
    return OctopusClient(
        instance.url,
        key,
        budget=ledger.budget(instance.url, key, instance.requests_per_minute, instance.name),
        priority=priority,
        timeout=instance.timeout_seconds,
        ca_file=str(instance.ca_file) if instance.ca_file else None,
        verify_tls=instance.verify_tls,
        observer=observer,
        user_agent=f"octosync/{installed('octosync')} ({identity})" if identity else None,
    )
