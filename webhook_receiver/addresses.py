"""From which address a request comes, as far as that can be believed.

Between Octopus and us there may be proxies, and then the connection's other end is the last of them. Each adds the
address that it was called from to the end of ``X-Forwarded-For``; what stands before that, the caller may have made up.
So the header is read from its end, and only as far as proxies that we trust wrote it: the first address that is not one
of theirs is the caller's. Without trusted proxies the header is not read at all. RFC 7239's ``Forwarded`` is not known
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web

from config.addresses import Network

Address = IPv4Address | IPv6Address

HEADER = "X-Forwarded-For"


def caller_of(request: web.BaseRequest, trusted: Sequence[Network]) -> Address | None:
    """``None``: it cannot be known. A request over a unix socket comes from a proxy of this machine."""
    peer = _address(request.remote) if request.remote else None
    if not trusted or (peer is not None and not within(peer, trusted)):
        return peer
    for entry in reversed(",".join(request.headers.getall(HEADER, ())).split(",")):
        if not entry.strip():
            continue
        peer = _address(entry)
        if peer is None or not within(peer, trusted):
            return peer
    return peer


def within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=1_000)
def _address(text: str) -> Address | None:
    """Some proxies write a port behind it. An IPv4 address may come in the form of an IPv6 one."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
