"""Files that travel by the API: logos. Not packages, which may be of any size."""

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
    name = file.name.translate({ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"})
    kind = file.content_type if file.content_type.isprintable() else "application/octet-stream"
    head = f'Content-Disposition: form-data; name="fileToUpload"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    body = b"--%b\r\n%b%b\r\n--%b--\r\n" % (boundary.encode(), head.encode(), file.content, boundary.encode())
    return body, f"multipart/form-data; boundary={boundary}"
