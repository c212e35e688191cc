"""What a certificate says of itself, as far as the standard library allows.

PEM and DER are read; PKCS #12 is not, since it is encrypted. What cannot be read gets a thumbprint all the same, the
hash of the data, so that equal uploads have equal thumbprints.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox import der

__all__ = ["Certificate", "Upload", "pem", "private_key", "read"]

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")
_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "E",
}
_SIGNATURES = {
    "1.2.840.113549.1.1.5": "sha1RSA",
    "1.2.840.113549.1.1.11": "sha256RSA",
    "1.2.840.113549.1.1.12": "sha384RSA",
    "1.2.840.113549.1.1.13": "sha512RSA",
    "1.2.840.10045.4.3.2": "sha256ECDSA",
    "1.2.840.10045.4.3.3": "sha384ECDSA",
    "1.2.840.10045.4.3.4": "sha512ECDSA",
}
_ALTERNATIVE_NAMES = "2.5.29.17"
_DNS, _EXTENSIONS, _VERSION = 0x82, 0xA3, 0xA0


def _sha1(data: bytes) -> str:
    """A name that all the world knows a certificate by, no safeguard."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Names are lists of (short name, value) in the order of the data."""

    der: bytes
    version: int
    serial: str
    signature: str
    issuer: tuple[tuple[str, str], ...]
    subject: tuple[tuple[str, str], ...]
    not_before: datetime
    not_after: datetime
    alternative_names: tuple[str, ...]

    @property
    def thumbprint(self) -> str:
        return _sha1(self.der)


@dataclass(frozen=True, slots=True)
class Upload:
    """What was in the data of an upload. `format` is Pkcs12, Der, Pem or Unknown; the first certificate is the one."""

    data: bytes
    format: str
    certificates: tuple[Certificate, ...]
    has_private_key: bool

    @property
    def thumbprint(self) -> str:
        return self.certificates[0].thumbprint if self.certificates else _sha1(self.data)


def read(text: str) -> Upload:
    """The content of base64 text. Never raises: what cannot be read is Unknown."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = text.encode()  # some clients send PEM as it is
    blocks = [(label, _decoded(body)) for label, body in _PEM.findall(data)]
    if blocks:
        found = tuple(one for label, body in blocks if label.endswith(b"CERTIFICATE") and (one := _parsed(body)))
        has_key = any(label.endswith(b"PRIVATE KEY") for label, _ in blocks)
        return Upload(data, "Pem" if found else "Unknown", found, has_key)
    certificate = _parsed(data)
    if certificate:
        return Upload(data, "Der", (certificate,), has_private_key=False)
    is_pfx = _is_pfx(data)
    return Upload(data, "Pkcs12" if is_pfx else "Unknown", (), has_private_key=is_pfx)


def pem(label: str, data: bytes) -> str:
    """A PEM block."""
    text = base64.b64encode(data).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def private_key(data: bytes) -> bytes:
    """The private key of PEM data as its blocks."""
    keys = [(label, _decoded(body)) for label, body in _PEM.findall(data) if label.endswith(b"PRIVATE KEY")]
    return "".join(pem(label.decode(), body) for label, body in keys).encode()


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return b""


def _is_pfx(data: bytes) -> bool:
    """A PKCS #12 file is a sequence that begins with the number 3."""
    try:
        tag, value, _ = next(der.children(der.value_of(data, der.SEQUENCE)))
    except (ValueError, StopIteration):
        return False
    return tag == der.INTEGER and value == b"\x03"


def _parsed(data: bytes) -> Certificate | None:
    try:
        return _parse(data)
    except (ValueError, IndexError, StopIteration, UnicodeDecodeError):
        return None


def _parse(data: bytes) -> Certificate:
    body = list(der.children(der.value_of(der.value_of(data, der.SEQUENCE), der.SEQUENCE)))
    version = 1
    if body[0][0] == _VERSION:
        version = int.from_bytes(der.value_of(body[0][1], der.INTEGER), "big") + 1
        body = body[1:]
    serial, signature, issuer, validity, subject = (value for _, value, _ in body[:5])
    start, end = (_time(tag, value) for tag, value, _ in der.children(validity))
    algorithm = der.parse_object_id(der.value_of(signature, der.OBJECT_ID))
    return Certificate(
        der=data,
        version=version,
        serial=serial.hex().upper().removeprefix("00"),
        signature=_SIGNATURES.get(algorithm, algorithm),
        issuer=_name(issuer),
        subject=_name(subject),
        not_before=start,
        not_after=end,
        alternative_names=_alternative_names(next((value for tag, value, _ in body if tag == _EXTENSIONS), b"")),
    )


def _time(tag: int, value: bytes) -> datetime:
    """UTCTime has two digits of a year, from 1950 to 2049; GeneralizedTime has four."""
    text = value.decode("ascii")
    if tag == 0x17:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _name(value: bytes) -> tuple[tuple[str, str], ...]:
    found = []
    for _, group, _ in der.children(value):
        for _, pair, _ in der.children(group):
            (_, key, _), (_, text, _) = der.children(pair)
            dotted = der.parse_object_id(key)
            found.append((_NAMES.get(dotted, dotted), text.decode("utf-8", "replace")))
    return tuple(found)


def _alternative_names(value: bytes) -> tuple[str, ...]:
    if not value:
        return ()
    for _, extension, _ in der.children(der.value_of(value, der.SEQUENCE)):
        parts = list(der.children(extension))
        if der.parse_object_id(parts[0][1]) == _ALTERNATIVE_NAMES:
            names = der.children(der.value_of(parts[-1][1], der.SEQUENCE))
            return tuple(name.decode("ascii", "replace") for tag, name, _ in names if tag == _DNS)
    return ()
