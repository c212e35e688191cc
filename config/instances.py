"""An instance: one Octopus Server, how to reach it, and how it proves itself when it calls us."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from config.addresses import Network
from config.model import Model, refuse
from config.secret import Secret, beside_the_routes_file

_SLUG = re.compile(r"[a-z0-9-]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _slug(name: str) -> str:
    if _SLUG.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    raise refuse(
        f"{name!r} may hold small letters, digits and dashes only: it becomes part of keys, metrics and commands",
        f"for example {plain or 'dev'!r}",
    )


Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": "^[a-z0-9-]+$"})]


def base_url(url: str) -> str:
    """Where a server is, without a path within it. Raises :class:`config.model.Refused` for what is no such address."""
    try:
        parts = urlsplit(url.strip())
        hostname, _ = parts.hostname, parts.port
    except ValueError as error:
        raise refuse(f"{url!r} is not a URL: {error}", "write it as in https://octopus.example.com:8080") from None
    if parts.scheme not in {"http", "https"} or not hostname:
        raise refuse("a URL starts with https:// or http:// and names a host", "as https://octopus.example.com")
    if parts.username is not None or parts.password is not None:
        raise refuse("a URL holds no credentials", "the key belongs in `api_key`")
    path = parts.path.rstrip("/")
    for end in ("/api", "/app"):
        if path.casefold().endswith(end) or f"{end}/" in path.casefold():
            plain = f"{parts.scheme}://{parts.netloc}{path[: path.casefold().index(end)]}"
            raise refuse("this is an address within Octopus", f"write {plain!r}")
    if parts.query or parts.fragment:
        raise refuse("a URL of an instance has no ? or #", f"write '{parts.scheme}://{parts.netloc}{path}'")
    return f"{parts.scheme}://{parts.netloc}{path}"


class Instance(Model):
    name: Slug
    """How routes call it. Not a name that Octopus knows."""
    url: Annotated[str, AfterValidator(base_url)]
    """Where people open it: ``https://octopus.example.com``, or with a virtual directory."""
    api_key: Secret
    webhook_secrets: tuple[Secret, ...] = ()
    """What the instance's subscription sends us in ``webhook_header``. All are valid, so that one can be rotated.
    None: no webhook is taken from this instance, and changes are found by catch-up only."""
    webhook_header: str = "X-Octosync-Token"
    webhook_from: tuple[Network, ...] = ()
    """Addresses or networks that its webhooks may come from. None: from anywhere, if only the secret is right. Behind a
    proxy, the setting `trusted_proxies` says whose word on the address counts."""
    requests_per_minute: int = Field(default=180, ge=1)
    """Shared by all our processes. A server of 2026.3 allows 200 to one user and node."""
    ca_file: Path | None = None
    """Certificates to trust, PEM. Without: those that the system trusts."""
    verify_tls: bool = True
    timeout_seconds: float = Field(default=30.0, gt=0)
    """For one request, from connecting to the last byte."""

    @field_validator("webhook_header")
    @classmethod
    def _header_name(cls, header: str) -> str:
        if not _HEADER.fullmatch(header):
            raise refuse(f"{header!r} cannot be the name of an HTTP header", "letters, digits and dashes only")
        return header

    @field_validator("ca_file")
    @classmethod
    def _beside_the_routes_file(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return beside_the_routes_file(file, info)

    @model_validator(mode="after")
    def _one_way_of_trust(self) -> Instance:
        if self.ca_file is not None and not self.verify_tls:
            raise refuse("`ca_file` has no use when `verify_tls` is false", "take `verify_tls: false` out")
        return self

    @property
    def server(self) -> str:
        """What makes two entries the same server, whatever credentials they use."""
        parts = urlsplit(self.url)
        default_port = {"http": 80, "https": 443}[parts.scheme]
        return f"{parts.hostname}:{parts.port or default_port}{parts.path.casefold()}"
