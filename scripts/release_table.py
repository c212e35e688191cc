"""Writes worker/kinds/releases.json: which release of Octopus knows which field of which kind.

    python scripts/release_table.py FOLDER           FOLDER holds the descriptions that servers give of themselves
    python scripts/release_table.py FOLDER --check   says whether the file is what this makes of them, exit status 1

An Octopus Server describes its API at ``/api/swagger.json``. Those of three releases are public; they are not part of
this repository. From each is taken what a document of a kind may hold: as it is answered, and as it is created and
modified; and of which types feeds, accounts and the like may be. What is known besides, by the API reference (2026),
stands below, and of types in ``release_types.py``.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from release_types import TYPES, Typed

TARGET = Path(__file__).resolve().parents[1] / "worker" / "kinds" / "releases.json"

KINDS = {
    "account": "accounts",
    "certificate": "certificates",
    "channel": "channels",
    "deployment-process": "deploymentprocesses",
    "deployment-settings": "deploymentsettings",
    "environment": "environments",
    "feed": "feeds",
    "git-credential": "git-credentials",
    "library-variable-set": "libraryvariablesets",
    "lifecycle": "lifecycles",
    "machine-policy": "machinepolicies",
    "project": "projects",
    "project-group": "projectgroups",
    "runbook": "runbooks",
    "runbook-process": "runbookprocesses",
    "scoped-user-role": "scopeduserroles",
    "script-module": "libraryvariablesets",
    "step-template": "actiontemplates",
    "tag-set": "tagsets",
    "team": "teams",
    "tenant": "tenants",
    "trigger": "projecttriggers",
    "user-role": "userroles",
    "worker-pool": "workerpools",
}
"""Kind → its collection. Variables are not among them: the engine knows their rows field by field."""

OPEN = {
    "AccountDetailsResource", "AccountResource", "EndpointResource", "FeedResource", "GitCredentialDetailsResource",
    "PersistenceSettingsResource", "TriggerActionResource", "TriggerFilterResource", "WorkerPoolResource",
    "AccountDetails", "FeedDetails",
}  # fmt: skip
"""Described by the base class of their variants alone; each variant has fields of its own."""

LEAVES = {"SensitiveValue", "PropertyValueResource", "LinkCollection"}
"""Described by the server's class. On the wire they are something else, and the same in all releases."""

DATA = {"ClientVersion", "Inputs", "Links", "CommunityActionTemplateSnapshot"}
"""Fields below which there is nothing of which a release could know or not know."""

OF_ALL = {"Id", "LastModifiedBy", "LastModifiedOn", "Links", "SpaceId"}
"""What every document has, whether or not it is described."""

SINCE = {
    # Releases between those described: the reference's section 6.2.
    ("project-group", "Slug"): "2025.3",
    ("machine-policy", "MachinePackageCacheRetentionPolicy"): "2025.3",
    **{
        ("lifecycle", f"{owner}{policy}.Strategy"): "2025.3"
        for owner in ("", "Phases[].")
        for policy in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy")
    },
    # Later than all that are described: 6.1. In which release after it is not known.
    **{
        (kind, field): "2026.2"
        for kind in ("deployment-settings", "runbook")
        for field in ("CancelQueuedTasks", "CancelRunningTasks")
    },
    ("channel", "Rules[].VersioningStrategy"): "2026.2",
    ("channel", "Rules[].VersionTagRegex"): "2026.2",
    ("project", "ExecuteDeploymentsOnEventBasedPipeline"): "2026.2",
    ("project", "IsBadgesEnabled"): "2026.2",
    ("tag-set", "IsSystem"): "2026.2",
}
"""(kind, field) → the first release that knows it, where the reference says it better than the descriptions do."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "channel": {"Type": "Lifecycle"},
    "lifecycle": {
        f"{owner}{policy}.Strategy": "Default"
        for owner in ("", "Phases[].")
        for policy in ("ReleaseRetentionPolicy", "TentacleRetentionPolicy")
    },
    "project": {"AllowIgnoreChannelRules": True},
    "runbook": {"RunRetentionPolicy.Strategy": "Default", "RunRetentionPolicy.Unit": "Items"},
    "tag-set": {"Type": "MultiSelect", "Scopes": ["Tenant"]},
    "deployment-process": {"Steps[].Type": "Step"},
    "runbook-process": {"Steps[].Type": "Step"},
}
"""What a server gives a field that nobody has said anything about, where that is more than nothing, false or zero."""

REQUIRED: dict[str, dict[str, Any]] = {
    "runbook": {"RunRetentionPolicy": {"QuantityToKeep": 100, "ShouldKeepForever": False}},
    "team": {"ExternalSecurityGroups": [], "MemberUserIds": []},
    "worker-pool": {"WorkerPoolType": "StaticWorkerPool"},
}
"""What a create must have and not every release shows, with what stands for nothing (the reference's section 3). All
else that is required is in every document of the kind, in all releases."""


class Description:
    """What one server says of its API, whichever form it has (Swagger 2.0 or OpenAPI 3.1)."""

    def __init__(self, raw: dict[str, Any]) -> None:
        year, minor, *_ = str(raw["info"]["version"]).split(".")
        self.release = f"{year}.{minor}"
        self.schemas = raw.get("definitions") or raw["components"]["schemas"]
        self.paths = {_shape(path): methods for path, methods in raw["paths"].items()}

    def schema(self, method: str, collection: str, item: bool, *, answer: bool) -> dict[str, Any] | None:
        operation = self.paths.get(f"{collection}/{{}}" if item else collection, {}).get(method)
        if operation is None:
            return None
        if answer:
            described = next((one for status, one in operation["responses"].items() if status in ("200", "201")), {})
        else:
            body = next((one for one in operation.get("parameters", []) if one.get("in") == "body"), None)
            described = body or operation.get("requestBody", {})
        found: dict[str, Any] | None = described.get("schema")
        for content_type, content in described.get("content", {}).items():
            found = found or (content.get("schema") if "json" in content_type else None)
        return found

    def types(self, typed: Typed) -> set[str]:
        """Of which types an object may be; none where the release has no such object."""
        schema = self.schemas.get(typed.schema, {}).get("properties", {}).get(typed.by, {})
        return set(self.resolved(schema)[1].get("enum", [])) - {"None", "NotSpecified"}

    def resolved(self, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The name of a schema, and what it says; without a name what is said in place."""
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            schema = self.schemas.get(name, {})
        parts = [self.resolved(part)[1] for part in schema.get("allOf", [])]
        if parts:
            properties = {key: value for part in (*parts, schema) for key, value in part.get("properties", {}).items()}
            schema = {**schema, "properties": properties}
        return name, schema

    def fields(self, schema: dict[str, Any], path: str = "", above: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
        """Every field at or below a schema, and whether what is below it may have fields that nobody describes."""
        name, found = self.resolved(schema)
        if name in above or name in LEAVES:
            return
        for key, value in found.get("properties", {}).items():
            where = f"{path}{key}"
            inner = value
            while (known := self.resolved(inner)[1]).get("type") in ("array", ["array", "null"]):
                inner, where = known.get("items", {}), f"{where}[]"
            if key in OF_ALL:
                continue
            inner_name = self.resolved(inner)[0]
            yield where, inner_name in OPEN
            if key not in DATA:
                yield from self.fields(inner, f"{where}.", (*above, name))


def _shape(path: str) -> str:
    """``/{spaceId}/projects/{id}`` and ``/projects/{id}`` are one: ``projects/{}``."""
    words = [word for word in path.strip("/").split("/") if word.casefold() not in ("{spaceid}", "{basespaceid}")]
    return "/".join("{}" if word.startswith("{") else word.casefold() for word in words)


def descriptions(folder: Path) -> list[Description]:
    """Oldest first. Raises :class:`SystemExit` where there are none."""
    found = []
    for file in sorted(folder.glob("*.json*")):
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        found.append(Description(json.loads(raw)))
    if not found:
        raise SystemExit(f"{folder} holds no description of an API (*.json, *.json.gz)")
    return sorted(found, key=lambda one: [int(number) for number in one.release.split(".")])


def table(known: list[Description]) -> dict[str, Any]:
    return {
        "releases": [one.release for one in known],
        "kinds": {kind: _kind(kind, collection, known) for kind, collection in KINDS.items()},
    }


def _kind(kind: str, collection: str, known: list[Description]) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    opened: set[str] = set()
    required: dict[str, dict[str, Any]] = {}
    having: list[str] = []
    for one in known:
        schemas = [
            one.schema("get", collection, True, answer=True),
            one.schema("post", collection, False, answer=False),
            one.schema("put", collection, True, answer=False),
        ]
        if not any(schemas):
            continue
        having.append(one.release)
        for schema in filter(None, schemas):
            if one.resolved(schema)[0] in OPEN:
                opened.add("")
            for where, is_open in one.fields(schema):
                path = where.removesuffix("[]")
                fields.setdefault(path, [])
                if one.release not in fields[path]:
                    fields[path].append(one.release)
                opened |= {f"{where}."} if is_open else set()
        if (demanded := _required(one, kind, schemas[1])) != {}:
            required[one.release] = demanded
    releases = [one.release for one in known]
    for (of, path), since in SINCE.items():
        if of == kind:
            fields[path] = [since, *(release for release in fields.get(path, []) if release > since)]
    return {
        "since": having[0] if having and having[0] != releases[0] else "",
        "fields": _by_span({path: _span(found, having) for path, found in fields.items()}),
        "open": sorted(opened),
        "required": required,
        "defaults": DEFAULTS.get(kind, {}),
        "types": {above: _types(typed, known) for above, typed in TYPES.get(kind, {}).items()},
    }


def _types(typed: Typed, known: list[Description]) -> dict[str, Any]:
    """``lacking``: the last release known not to have a type → those types."""
    offered = {one.release: one.types(typed) for one in known}
    last = dict(typed.newer)
    for release, types in offered.items():
        later = {name for other, names in offered.items() if other > release for name in names}
        last |= dict.fromkeys(later - types, release) if types else {}
    return {
        "by": typed.by,
        "lacking": {release: " ".join(sorted(n for n in last if last[n] == release)) for release in {*last.values()}},
        "fields": typed.fields,
    }


def _required(one: Description, kind: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    demanded = one.resolved(schema)[1].get("required", []) if schema is not None else []
    return {name: value for name, value in REQUIRED.get(kind, {}).items() if name in demanded}


def _by_span(spans: dict[str, str]) -> dict[str, str]:
    return {span: " ".join(sorted(path for path in spans if spans[path] == span)) for span in sorted({*spans.values()})}


def _span(found: list[str], having: list[str]) -> str:
    """``""`` always, ``2023.4`` since, ``..2021.2`` until, ``2021.2..2023.4`` from and until."""
    first = "" if found[0] == having[0] else found[0]
    last = "" if found[-1] >= having[-1] else f"..{found[-1]}"
    return f"{first}{last}"


def main(arguments: list[str]) -> int:
    made = json.dumps(table(descriptions(Path(arguments[0]))), indent=1, sort_keys=True) + "\n"
    if "--check" not in arguments:
        TARGET.write_text(made, encoding="utf-8")
        return 0
    if TARGET.read_text(encoding="utf-8") == made:
        return 0
    sys.stderr.write(f"{TARGET} is not what the descriptions say: run this without --check\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
