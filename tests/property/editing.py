"""Edits as plain values, so that hypothesis can draw and shrink them, and the hand that makes one through the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.pair import Document, Server

VALUES = ("v", "w", "", "a,b")
"""What a variable may say."""


@dataclass(frozen=True)
class Edit:
    what: str
    pick: int = 0
    other: int = 0
    text: str = "x"


class NothingThere(Exception):  # noqa: N818  (it is no error)
    """There is nothing that could be edited so."""


def is_no_module(document: Document) -> bool:
    """Script modules lie among the library sets; what holds the script is edited otherwise."""
    return document.get("ContentType") != "ScriptModule"


@dataclass
class Hand:
    """``mark`` stands in what it adds, so that one can tell whose it is."""

    server: Server
    mark: str = ""

    async def save(self, method: str, route: str, body: Document | None) -> Document | None:
        sandbox = self.server.sandbox
        async with self.server.session.request(
            method, f"{sandbox.url}/api/{route}", json=body, headers=sandbox.headers
        ) as answer:
            assert answer.status < 500, await answer.text()
            return await answer.json(content_type=None) if answer.status < 400 else None

    async def one(self, collection: str, pick: int, which: Callable[[Document], bool] = is_no_module) -> Document:
        return self.pick([item for item in await self.server.get(f"{collection}/all") if which(item)], pick)

    def pick(self, among: list[Document], pick: int) -> Document:
        if not among:
            raise NothingThere
        return among[pick % len(among)]

    async def named(self, project: Document) -> set[str]:
        """What versioning, release creation and rules call the steps that they depend on.

        A versioning donor that is gone makes every list with its project answer 404 (OctopusDeploy/Issues#7521); what
        becomes of the others, a person would find out before.
        """
        channels = [one for one in await self.server.get("channels/all") if one["ProjectId"] == project["Id"]]
        triggers = (await self.server.get(f"projects/{project['Id']}/triggers?take=1000"))["Items"]
        packages = [package for one in channels for rule in one["Rules"] for package in rule["ActionPackages"]]
        packages += [package for one in triggers for package in one["Filter"].get("Packages", [])]
        packages += [
            named for one in channels for rule in one["GitResourceRules"] for named in rule["GitDependencyActions"]
        ]
        packages.append(project["VersioningStrategy"]["DonorPackage"] or {})
        packages.append(project["ReleaseCreationStrategy"]["ReleaseCreationPackage"] or {})
        return {package.get("DeploymentAction") or package["DeploymentActionSlug"] for package in packages if package}
