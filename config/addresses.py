"""Addresses and networks, as people write them: ``10.1.2.3``, ``10.0.0.0/8``, ``2001:db8::/32``."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from config.model import refuse


def _network(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return ip_network(given.strip())
    except ValueError:
        try:
            whole = ip_network(given.strip(), strict=False)
        except ValueError:
            raise refuse(f"{given!r} is no address and no network", "for example 10.1.2.3 or 10.0.0.0/8") from None
        raise refuse(f"{given!r} is a host within a network", f"write {str(whole)!r}, or the address alone") from None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), WithJsonSchema({"type": "string"})]
