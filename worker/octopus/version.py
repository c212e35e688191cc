"""Which server it is, as ``GET /api`` tells."""

from __future__ import annotations

from dataclasses import dataclass

from config.versions import ServerVersion

__all__ = ["ServerInfo", "ServerVersion"]


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """``installation_id`` tells two servers apart whatever their URLs; empty on servers that do not give it."""

    version: ServerVersion
    installation_id: str
