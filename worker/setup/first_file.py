"""A routes file to begin with: two instances, one route, and the choices that a person should make, in comments. Pure.

It names secrets and holds none. Everything that it leaves out has a default, which `octosync config example` shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from config.presets import PRESETS

API_KEY, WEBHOOK_SECRET = "api key", "webhook secret"


@dataclass(frozen=True, slots=True)
class Side:
    """One instance, as the file calls it, and the space that is meant."""

    name: str
    url: str
    space: str = "Default"

    def place(self, secret: str, folder: str | None) -> tuple[str, str]:
        """Where its ``api key`` or ``webhook secret`` is: ``env`` or ``file``, and which."""
        name = f"{self.name} {secret}".replace("-", "_").replace(" ", "_")
        return ("env", f"OCTOSYNC_{name.upper()}") if folder is None else ("file", f"{folder.rstrip('/')}/{name}")


def text(
    source: Side,
    destination: Side,
    preset: str | None = None,
    projects: Sequence[str] = (),
    secrets_dir: str | None = None,
) -> str:
    """The file. ``preset`` is one of `config.presets`; raises ValueError for another. ``projects``: names or patterns
    of those that cross; all if there are none. ``secrets_dir``: secrets are files there, else variables."""
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}; there are {', '.join(sorted(PRESETS))}")
    route = f"{source.name}-to-{destination.name}"
    rules = f"    rules: {{ preset: {preset} }}\n" if preset else _NO_PRESET
    same_server = _same_server(source, destination)
    if same_server:  # two spaces of one server are one instance
        destination = Side(source.name, destination.url, destination.space)
        route = _slug(f"{source.space}-to-{destination.space}")
    instances = _source(source, secrets_dir) + ("" if same_server else _destination(destination, secrets_dir))
    return f"""\
# The routes file of Octosync: which Octopus instances there are, and what is kept in step between them.
#
#   octosync config check      says at which line something is wrong
#   octosync config example    every setting that there is, with its default and what it does
#   octosync doctor            whether servers, keys, permissions, Redis and subscription are as they must be

instances:
{instances}
routes:
  - name: {route}
    source: {{ instance: {source.name}, space: {_yaml(source.space)} }}
    destination: {{ instance: {destination.name}, space: {_yaml(destination.space)} }}

    # What crosses in its own right; what it requires (lifecycles, feeds, accounts …) is created with it where missing.
    # Environments and tenants cross only if they are listed by name. Begin small: project: ["OctoFX"]
    include:
      project: [{", ".join(map(_yaml, projects or ["*"]))}]
      library-variable-set: ["*"]
      # script-module: ["*"]
      # step-template: ["*"]
      # tag-set: ["*"]

    # Beats include. A star stands for any run of characters.
    # exclude:
    #   project: ["Sandbox *"]

    # Names that differ: the source's on the left.
    # maps:
    #   environment: {{ Test: Staging }}

    # How the two differ decides the rules. A preset is short for some of them; what stands beside it still counts.
    #   subset-of-environments   Development … Production here, Staging and Production there
    #   separate-environments    Development and Test here, Staging and Production there
    #   tenant-instance          the same environments, other tenants
    #   mirror                   spaces that shall be alike; the source's values win
{rules}
    # read-only makes plans and shows them, and writes nothing: a good first day. Then: write
    mode: write
"""


_NO_PRESET = """\
    # Without one: values on the destination are never overwritten, new ones are copied, secrets become placeholders.
    # rules: { preset: subset-of-environments }
"""


def secrets(source: Side, destination: Side, secrets_dir: str | None = None) -> list[str]:
    """The places where the file looks for secrets: variables, or files."""
    keys = [source] if _same_server(source, destination) else [source, destination]
    return [*(side.place(API_KEY, secrets_dir)[1] for side in keys), source.place(WEBHOOK_SECRET, secrets_dir)[1]]


def _same_server(source: Side, destination: Side) -> bool:
    return source.url.rstrip("/").casefold() == destination.url.rstrip("/").casefold()


def _source(side: Side, folder: str | None) -> str:
    other = "" if folder is not None else f"          # or {{ file: /run/secrets/{side.name}_api_key }}"
    return f"""\
  - name: {side.name}
    url: {_yaml(side.url)}
    # Of a service account that may read the space. Never the key itself: the variable, or the file, that holds it.
    api_key: {_place(side, API_KEY, folder)}{other}
    # What its subscription sends with each webhook: openssl rand -base64 24
    webhook_secrets: [{_place(side, WEBHOOK_SECRET, folder)}]
    # ca_file: company-ca.pem     # for a certificate of your own authority; beside this file

"""


def _destination(side: Side, folder: str | None) -> str:
    return f"""\
  - name: {side.name}
    url: {_yaml(side.url)}
    # Of a service account that may write what the route includes; `octosync doctor` says what it lacks.
    api_key: {_place(side, API_KEY, folder)}
"""


def _place(side: Side, secret: str, folder: str | None) -> str:
    kind, where = side.place(secret, folder)
    return f"{{ {kind}: {where if kind == 'env' else _yaml(where)} }}"


def _yaml(value: str) -> str:
    """In quotes: names may hold anything. JSON's are YAML's, but for halves of characters beyond the 16-bit plane."""
    return json.dumps(value, ensure_ascii=False)


def _slug(name: str) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.casefold())
    return "-".join(part for part in plain.split("-") if part) or "route"
