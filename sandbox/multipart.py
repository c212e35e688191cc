"""The file in a `multipart/form-data` body (RFC 7578): packages and logos are sent so."""

from __future__ import annotations

import re
from urllib.parse import unquote

from sandbox.errors import bad_request

__all__ = ["File", "file_of"]

File = tuple[str, bytes]
_FILE_NAME = re.compile(rb'filename="([^"]*)"', re.IGNORECASE)


def file_of(body: bytes) -> File:
    """The name and content of the first file. Raises ApiError 400 without one.

    The boundary is the body's own first line, so the header that repeats it is not needed.
    """
    boundary, _, _ = body.lstrip(b"\r\n").partition(b"\r\n")
    if not boundary.startswith(b"--"):
        raise bad_request("The request body must be multipart/form-data with a file.")
    for part in body.split(boundary)[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        name = _FILE_NAME.search(head)
        if separator and name:
            return unquote(name[1].decode("utf-8", "replace")), content.removesuffix(b"\r\n")
    raise bad_request("The request body has no file.")
