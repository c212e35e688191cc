"""The encoding of certificates (DER): a tag, a length, a value. As much of it as `sandbox.x509` reads and writes."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["children", "encode", "integer", "object_id", "parse_object_id", "sequence", "value_of"]

INTEGER, BIT_STRING, OCTET_STRING, OBJECT_ID, UTF8, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x0C, 0x30, 0x31


def _header(data: bytes) -> tuple[int, int, int]:
    """Tag, length of the header, length of the value. Raises ValueError for what is no DER."""
    if len(data) < 2:
        raise ValueError("not DER: too short")
    tag, length = data[0], data[1]
    if length < 0x80:
        return tag, 2, length
    count = length & 0x7F
    if not 1 <= count <= 4 or len(data) < 2 + count:
        raise ValueError("not DER: a length that cannot be")
    return tag, 2 + count, int.from_bytes(data[2 : 2 + count], "big")


def value_of(data: bytes, tag: int) -> bytes:
    """The value of the first element, which must have this tag. Raises ValueError."""
    found, header, length = _header(data)
    if found != tag or len(data) < header + length:
        raise ValueError(f"not DER: {found:#x} where {tag:#x} should be")
    return data[header : header + length]


def children(value: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements of a value: tag, value, and the whole element. Raises ValueError."""
    while value:
        tag, header, length = _header(value)
        if len(value) < header + length:
            raise ValueError("not DER: cut off")
        yield tag, value[header : header + length], value[: header + length]
        value = value[header + length :]


def parse_object_id(value: bytes) -> str:
    """`1.2.840.10045.4.3.2`."""
    numbers, number = [value[0] // 40, value[0] % 40] if value else [], 0
    for byte in value[1:]:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    return ".".join(map(str, numbers))


def encode(tag: int, value: bytes) -> bytes:
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value


def sequence(*elements: bytes) -> bytes:
    return encode(SEQUENCE, b"".join(elements))


def integer(number: int) -> bytes:
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def object_id(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    value = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        value += bytes(reversed(groups))
    return encode(OBJECT_ID, value)
