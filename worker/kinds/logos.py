"""Logos: an icon with a colour, or a picture of one's own, beside a project or a tenant.

Octopus keeps them apart from the document that they belong to, so here they are a small document of their own::

    {"Id": "logo-Projects-1", "Symbol": {"Name": "rocket", "Color": "#227647"}, "Picture": None}
    {"Id": "logo-Projects-2", "Symbol": None, "Picture": "sha256:9f86d081…"}

As long as nothing has changed, no more is read of one than its owner shows: the ``Icon``, and the link to the logo,
whose ``cb`` is there to make browsers forget an old picture. Of an owner without a picture of its own it is the version
of the server; SpaceCloner tells the two apart by this, and so do links of 2018 to 2024 in public documents. (?) That
``cb`` is another one for each picture nobody has published; so a comparison doubts it now and then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from worker.kinds.kind import Kind, Mode, Place
from worker.kinds.shape import Shape

_VERSION = re.compile(r"\d+\.\d+\.\d+.*")
PLAIN = "plain"


def sign_of(owner: Mapping[str, Any]) -> str:
    """What its owner shows of a logo: as long as this stays, the logo has not changed. :data:`PLAIN`: there is none."""
    icon = owner.get("Icon")
    if icon:
        return f"icon {icon.get('Id')} {icon.get('Color')}"
    link = str((owner.get("Links") or {}).get("Logo") or "")
    stamp = parse_qs(urlsplit(link).query).get("cb", [""])[0]
    return PLAIN if not stamp or _VERSION.fullmatch(stamp) else f"picture {stamp}"


def shown_by(owner: Mapping[str, Any], logo_id: str) -> dict[str, Any] | None:
    """The logo, as far as its owner shows it; ``None`` where the picture must be looked at."""
    sign = sign_of(owner)
    if sign.startswith("picture "):
        return None
    icon = owner.get("Icon") or {}
    symbol = {"Name": icon.get("Id"), "Color": icon.get("Color")} if icon else None
    return {"Id": logo_id, "Symbol": symbol, "Picture": None}


LOGO = Kind(
    name="logo",
    prefix="logo",
    route="logo",
    mode=Mode.MERGE,
    owner_kinds=("project", "tenant"),
    place=Place.WITH_OWNER,
    segment="logo",
    shape=Shape(
        # Where both sides have one of their own, each keeps it.
        values=frozenset({"Symbol", "Picture"}),
        children={"Symbol": Shape(server=frozenset(), whole=True)},
    ),
    sign=sign_of,
    shown_by_owner=shown_by,
)

KINDS = (LOGO,)


def is_plain(logo: Mapping[str, Any]) -> bool:
    """Whether there is nothing of one's own to lose."""
    return not logo.get("Symbol") and not logo.get("Picture")
