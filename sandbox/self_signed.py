"""A self-signed certificate with a real key and a real signature, from the standard library alone.

ECDSA on the curve P-256 (FIPS 186-5); the key and the signature's nonce come from a seed, so that the same sandbox
makes the same certificate again. Good for tests, and for nothing else: this arithmetic hides nothing from a watch.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from sandbox import der
from sandbox.x509 import pem

__all__ = ["self_signed"]

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int] | None

_ECDSA_SHA256, _EC_KEY, _P256 = "1.2.840.10045.4.3.2", "1.2.840.10045.2.1", "1.2.840.10045.3.1.7"
_NAMES = {"C": "2.5.4.6", "O": "2.5.4.10", "CN": "2.5.4.3"}
_YEARS = 10


def self_signed(subject: dict[str, str], seed: str, now: datetime) -> str:
    """PEM of a certificate and its private key. `subject` has any of C, O and CN."""
    private = _number(f"{seed}/key")
    point = _times(private, _G)
    assert point is not None
    public = b"\x04" + b"".join(one.to_bytes(32, "big") for one in point)
    algorithm = der.sequence(der.object_id(_ECDSA_SHA256))
    name = der.sequence(
        *(
            der.encode(der.SET, der.sequence(der.object_id(dotted), der.encode(der.UTF8, subject[key].encode())))
            for key, dotted in _NAMES.items()
            if subject.get(key)
        )
    )
    start = now.astimezone(UTC).replace(microsecond=0)
    key_info = der.sequence(
        der.sequence(der.object_id(_EC_KEY), der.object_id(_P256)), der.encode(der.BIT_STRING, b"\0" + public)
    )
    body = der.sequence(
        der.encode(0xA0, der.integer(2)),
        der.integer(_number(f"{seed}/serial") >> 128),
        algorithm,
        name,
        der.sequence(_time(start), _time(start + timedelta(days=365 * _YEARS))),
        name,
        key_info,
    )
    certificate = der.sequence(body, algorithm, der.encode(der.BIT_STRING, b"\0" + _signature(body, private, seed)))
    key = der.sequence(
        der.integer(1),
        der.encode(der.OCTET_STRING, private.to_bytes(32, "big")),
        der.encode(0xA0, der.object_id(_P256)),
    )
    return pem("CERTIFICATE", certificate) + pem("EC PRIVATE KEY", key)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % (_N - 1) + 1


def _time(moment: datetime) -> bytes:
    return der.encode(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _signature(body: bytes, private: int, seed: str) -> bytes:
    digest = int.from_bytes(hashlib.sha256(body).digest(), "big")
    nonce = _number(f"{seed}/{digest:x}")
    point = _times(nonce, _G)
    assert point is not None
    r = point[0] % _N
    s = pow(nonce, -1, _N) * (digest + r * private) % _N
    return der.sequence(der.integer(r), der.integer(s))


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % _P == 0:
        return None
    rise, run = (3 * x1 * x1 - 3, 2 * y1) if one == other else (y2 - y1, x2 - x1)
    slope = rise * pow(run, -1, _P) % _P
    x3 = (slope * slope - x1 - x2) % _P
    return x3, (slope * (x1 - x3) - y1) % _P


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total
