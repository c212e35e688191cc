"""A routes file to begin with: two instances, one route, and the choices that a person should make, in comments. Pure.

It names secrets and holds none. Everything that it leaves out has a default, which `octosync config example` shows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from config.presets import PRESETS

ENVIRONMENTS = "environments"


@dataclass(frozen=True, slots=True)
class Side:
    """One instance, as the file calls it, and the space that is meant."""

    name: str
    url: str
    space: str = "Default"

    @property
    def key(self) -> str:
        """The variable of its API key."""
        return f"OCTOSYNC_{_variable(self.name)}_API_KEY"

    @property
    def webhook_secret(self) -> str:
        return f"OCTOSYNC_{_variable(self.name)}_WEBHOOK_SECRET"


def text(source: Side, destination: Side, preset: str | None = None) -> str:
    """The file. ``preset`` is one of `config.presets`; raises ValueError for another."""
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}; there are {', '.join(sorted(PRESETS))}")
    route = f"{source.name}-to-{destination.name}"
    rules = f"    rules: {{ preset: {preset} }}\n" if preset else _NO_PRESET
    same_server = source.url.rstrip("/").casefold() == destination.url.rstrip("/").casefold()
    if same_server:  # two spaces of one server are one instance
        destination = Side(source.name, destination.url, destination.space)
        route = _slug(f"{source.space}-to-{destination.space}")
    instances = _source(source) + ("" if same_server else _destination(destination))
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
      project: ["*"]
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


def _source(side: Side) -> str:
    return f"""\
  - name: {side.name}
    url: {_yaml(side.url)}
    # Of a service account that may read the space. Never the key itself: the variable, or the file, that holds it.
    api_key: {{ env: {side.key} }}          # or {{ file: /run/secrets/{side.name}_api_key }}
    # What its subscription sends with each webhook: openssl rand -base64 24
    webhook_secrets: [{{ env: {side.webhook_secret} }}]
    # ca_file: company-ca.pem     # for a certificate of your own authority; beside this file

"""


def _destination(side: Side) -> str:
    return f"""\
  - name: {side.name}
    url: {_yaml(side.url)}
    # Of a service account that may write what the route includes; `octosync doctor` says what it lacks.
    api_key: {{ env: {side.key} }}
"""


def _yaml(value: str) -> str:
    """In quotes: names may hold anything. JSON's are YAML's, but for halves of characters beyond the 16-bit plane."""
    return json.dumps(value, ensure_ascii=False)


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _slug(name: str) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.casefold())
    return "-".join(part for part in plain.split("-") if part) or "route"
