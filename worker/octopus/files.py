"""Files that travel by the API, as the one part of a form: logos; and of packages, which may be of any size, the form
without the file."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes
    content_type: str


def multipart(file: File) -> tuple[bytes, str]:
    """The file as the one part of a ``multipart/form-data`` body, and the ``Content-Type`` that goes with it.

    Made here, since aiohttp's form can be sent only once and a request may have to be repeated.
    """
    boundary = uuid.uuid4().hex
    head, tail = _around(file.name, file.content_type, boundary)
    return head + file.content + tail, f"multipart/form-data; boundary={boundary}"


def form_around(name: str, boundary: str, length: int | None) -> tuple[bytes, bytes, dict[str, str]]:
    """What stands before and after the content of a file, and the headers. ``length``: of the content, where it is
    known: then the form has one too, and need not be sent in chunks, which some proxies do not take."""
    head, tail = _around(name, "application/octet-stream", boundary)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    if length is not None:
        headers["Content-Length"] = str(len(head) + length + len(tail))
    return head, tail, headers


def _around(name: str, content_type: str, boundary: str) -> tuple[bytes, bytes]:
    name = name.translate({ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"})
    kind = content_type if content_type.isprintable() else "application/octet-stream"
    head = f'Content-Disposition: form-data; name="fileToUpload"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return b"--%b\r\n%b" % (boundary.encode(), head.encode()), b"\r\n--%b--\r\n" % boundary.encode()
