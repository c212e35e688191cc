"""What must exist on both sides under one name, and may differ in its details: what holds for every such kind.

Each kind is a :class:`Case`: how one is made, what of it an edit changes, what a project has that refers to it. What is
odd about a kind stands in ``test_engine_infrastructure`` and ``test_engine_library``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.settings import Settings
from tests.pair import Document, Server, pair, row, script
from worker.plan.values import Op, printed
from worker.sync.run import Outcome, Result

SECRET = {"HasValue": True, "NewValue": "of the source"}
Refer = Callable[[Server, Document, Document], Awaitable[Any]]
"""Makes something of a project refer to an item."""


def variable(kind: str) -> Refer:
    async def refer(server: Server, project: Document, item: Document) -> None:
        await server.variables(project, row("Uses", item["Id"], Type=kind))

    return refer


def step(**fields: Any) -> Refer:
    def filled(value: Any, item: Document) -> Any:
        if isinstance(value, dict):
            return {key: filled(one, item) for key, one in value.items()}
        if isinstance(value, list):
            return [filled(one, item) for one in value]
        return item["Id"] if value == "<id>" else value

    async def refer(server: Server, project: Document, item: Document) -> None:
        await server.steps(project, script("Uses", **{name: filled(value, item) for name, value in fields.items()}))

    return refer


def project_field(name: str) -> Refer:
    async def refer(server: Server, project: Document, item: Document) -> None:
        await server.edit(f"projects/{project['Id']}", **{name: item["Id"]})

    return refer


@dataclass(frozen=True)
class Case:
    kind: str
    collection: str
    fields: Document = field(default_factory=dict)
    edited: str = "Description"
    """A field that an edit gives another text."""
    refer: Refer | None = None
    other: Document | None = None
    """Of another type, so that it is no match."""
    secret: tuple[str, ...] = ()
    """Where its secret stands, if it has one."""
    listed: str = "/all"
    versions: tuple[str, ...] = ("2021.2.1290", "2023.4.8290")

    def made(self, name: str, **more: Any) -> Document:
        return {"Name": name, **self.fields, **more}


FEED = {"FeedType": "NuGet", "FeedUri": "https://feed.example", "Username": "me", "Password": SECRET}
ACCOUNT = {"AccountType": "UsernamePassword", "Username": "me", "Password": SECRET}
GIT = {"Details": {"Type": "UsernamePassword", "Username": "me", "Password": SECRET}}

CASES = (
    Case(
        "account",
        "accounts",
        ACCOUNT,
        edited="Username",
        refer=variable("UsernamePasswordAccount"),
        other={"AccountType": "Token", "Token": SECRET},
        secret=("Password",),
    ),
    Case(
        "feed",
        "feeds",
        FEED,
        edited="FeedUri",
        refer=step(Packages=[{"Name": "", "PackageId": "Acme.Web", "FeedId": "<id>"}]),
        other={"FeedType": "Docker", "FeedUri": "https://feed.example"},
        secret=("Password",),
    ),
    Case("worker-pool", "workerpools", {"WorkerPoolType": "StaticWorkerPool"}, refer=step(WorkerPoolId="<id>")),
    Case("machine-policy", "machinepolicies"),
    Case(
        "git-credential",
        "git-credentials",
        GIT,
        refer=step(
            GitDependencies=[
                {
                    "Name": "",
                    "RepositoryUri": "https://git.example/a.git",
                    "DefaultBranch": "main",
                    "GitCredentialType": "Library",
                    "GitCredentialId": "<id>",
                }
            ]
        ),
        secret=("Details", "Password"),
        listed="",
        versions=("2023.4.8290",),
    ),
    Case("lifecycle", "lifecycles", refer=project_field("LifecycleId")),
    Case("project-group", "projectgroups", refer=project_field("ProjectGroupId")),
    Case("environment", "environments"),
)
BY_CLOSURE = tuple(case for case in CASES if case.refer is not None)
WITH_SECRET = tuple(case for case in CASES if case.secret)
WITH_TYPE = tuple(case for case in CASES if case.other is not None)


def each(cases: tuple[Case, ...]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case.kind for case in cases])


async def all_of(server: Server, case: Case) -> list[Document]:
    found = await server.get(f"{spaced(server, case)}{case.listed}")
    return list(found["Items"]) if isinstance(found, dict) else list(found)


def spaced(server: Server, case: Case) -> str:
    """The newer routes are there for a named space only."""
    space = server.sandbox.store.default_space()
    assert space is not None
    return f"{space['Id']}/{case.collection}"


async def named(server: Server, case: Case, name: str) -> Document:
    found = [one for one in await all_of(server, case) if one["Name"] == name]
    assert found, f"no {name!r} among {[one['Name'] for one in await all_of(server, case)]}"
    return found[0]


async def make(server: Server, case: Case, name: str, **more: Any) -> Document:
    made = await server.post(spaced(server, case), case.made(name, **more))
    return await named(server, case, name) if "Name" not in made else made


async def change(server: Server, case: Case, item: Document, **fields: Any) -> None:
    await server.edit(f"{spaced(server, case)}/{item['Id']}", **fields)


def secret_of(server: Server, case: Case, item: Document) -> str | None:
    secret = server.sandbox.store.secret(item["Id"], ".".join(case.secret))
    return secret or server.sandbox.store.secret(item["Id"], "/".join(case.secret))


def ops(outcome: Outcome, kind: str) -> dict[str, Op]:
    return {printed(action.path): action.op for action in outcome.plan if action.kind == kind}


@each(CASES)
@pytest.mark.guide(
    "data-environments", "data-project-groups", "data-accounts", "data-feeds", "data-lifecycles", "data-worker-pools",
    "details-machine-policies",
)  # fmt: skip
@pytest.mark.spacecloner("feature-24")
async def test_a_missing_one_that_is_included_is_created(case: Case) -> None:
    async with pair(include={case.kind: ["Mine*"]}) as both:
        await make(both.source, case, "Mine [1], A/B", **{case.edited: "https://x"})
        await make(both.source, case, "Other")

        outcome = await both.sync("*")

        assert ops(outcome, case.kind) == {f"{case.kind}/Mine [1], A/B": Op.CREATE}
        assert (await named(both.destination, case, "Mine [1], A/B")).get(case.edited, "https://x") == "https://x"
        assert "Other" not in [one["Name"] for one in await all_of(both.destination, case)]
        assert await both.reasons() == ([f"placeholder-secret {'/'.join(case.secret)}"] if case.secret else [])
        assert (await both.sync("*")).plan.is_empty


@each(BY_CLOSURE)
async def test_what_a_project_refers_to_is_created_for_it(case: Case) -> None:
    assert case.refer is not None
    async with pair(include={"project": ["*"]}) as both:
        item = await make(both.source, case, "Mine")
        await case.refer(both.source, await both.source.project("OctoFX"), item)

        outcome = await both.sync("*")

        assert outcome.result is Result.CHANGED
        there = (await named(both.destination, case, "Mine"))["Id"]
        assert there in repr(
            {
                name: dict(both.destination.sandbox.store.space("Spaces-5001").collection(name))
                for name in ("projects", "variables", "deploymentprocesses")
            }
        )
        assert (await both.sync("*")).plan.is_empty


@each(CASES)
async def test_an_excluded_one_is_not_created_not_even_by_closure(case: Case) -> None:
    include = {"project": ["*"], case.kind: ["*"]}
    async with pair(include=include, exclude={case.kind: ["Mine"]}) as both:
        item = await make(both.source, case, "Mine")
        if case.refer is not None:
            await case.refer(both.source, await both.source.project("OctoFX"), item)

        await both.sync("*")

        assert "Mine" not in [one["Name"] for one in await all_of(both.destination, case)]


@each(CASES)
@pytest.mark.guide("details-machine-policies", "details-project-groups", "details-lifecycles", "accounts-same-name")
async def test_the_details_of_one_that_is_there_are_its_own(case: Case) -> None:
    async with pair(include={case.kind: ["*"]}, first_contact="adopt") as both:
        item = await make(both.source, case, "Mine", **{case.edited: "https://here"})
        await make(both.destination, case, "mine", **{case.edited: "https://there"})
        before = await named(both.destination, case, "mine")

        for _ in range(2):
            outcome = await both.sync("*")
            assert outcome.plan.is_empty
            await change(both.source, case, item, **{case.edited: "https://edited"})

        assert await named(both.destination, case, "mine") == before
        assert await both.reasons() == []


@pytest.mark.guide("details-worker-pools", "details-machine-policies")
@pytest.mark.parametrize(
    "case", [one for one in CASES if one.kind in {"worker-pool", "machine-policy"}], ids=lambda case: case.kind
)
async def test_which_one_is_the_default_each_server_says_for_itself(case: Case) -> None:
    async with pair(include={case.kind: ["Mine*"]}, rules={"preset": "mirror"}, first_contact="adopt") as both:
        item = await make(both.source, case, "Mine")
        await make(both.source, case, "Mine too", IsDefault=True)
        await both.sync("*")
        await change(both.source, case, item, IsDefault=True, **{case.edited: "new"})

        await both.sync("*")

        assert (await named(both.destination, case, "Mine"))[case.edited] == "new"
        defaults = [one["Name"] for one in await all_of(both.destination, case) if one["IsDefault"]]
        assert len(defaults) == 1
        assert not defaults[0].startswith("Mine")


@each(WITH_TYPE)
@pytest.mark.guide("details-accounts", "details-feeds")
async def test_one_of_the_same_name_and_another_type_is_no_match_but_a_finding(case: Case) -> None:
    assert case.other is not None
    assert case.refer is not None
    async with pair(include={"project": ["*"], case.kind: ["*"]}) as both:
        item = await make(both.source, case, "Mine")
        await both.destination.post(spaced(both.destination, case), {"Name": "Mine", **case.other})
        await case.refer(both.source, await both.source.project("OctoFX"), item)

        outcome = await both.sync("*")

        assert outcome.result is Result.BLOCKED
        blocked = {printed(action.path): action.decisions[-1].text for action in outcome.plan.blocked}
        assert "on the destination and" in blocked[f"{case.kind}/Mine"]
        assert len([one for one in await all_of(both.destination, case) if one["Name"] == "Mine"]) == 1


@each(CASES)
async def test_a_renamed_one_is_known_by_its_link(case: Case) -> None:
    async with pair(include={"project": ["*"], case.kind: ["*"]}) as both:
        item = await make(both.source, case, "Mine")
        await both.sync("*")
        there = await named(both.destination, case, "Mine")
        await change(both.source, case, item, Name="Renamed")
        if case.refer is not None:
            await case.refer(both.source, await both.source.project("OctoFX"), item)

        outcome = await both.sync("*")

        assert ops(outcome, case.kind)[f"{case.kind}/Renamed"] is Op.LEAVE
        assert (await named(both.destination, case, "Mine"))["Id"] == there["Id"]
        assert "Renamed" not in [one["Name"] for one in await all_of(both.destination, case)]


@each(CASES)
@pytest.mark.spacecloner("feature-25")
async def test_a_mapped_one_has_its_own_name_there(case: Case) -> None:
    async with pair(include={case.kind: ["*"]}, maps={case.kind: {"Mine": "Theirs", "There": "Same"}}) as both:
        await make(both.source, case, "Mine")
        await make(both.source, case, "There")
        await make(both.destination, case, "Same")

        outcome = await both.sync("*")

        names = [one["Name"] for one in await all_of(both.destination, case)]
        assert names.count("Theirs") == names.count("Same") == 1
        assert not {"Mine", "There"} & set(names)
        assert ops(outcome, case.kind)[f"{case.kind}/There"] is Op.LEAVE
        assert (await both.sync("*")).plan.is_empty


@each(CASES)
async def test_in_a_mirror_the_details_follow_three_ways(case: Case) -> None:
    rules = {"preset": "mirror"}
    async with pair(include={case.kind: ["*"]}, rules=rules, first_contact="adopt") as both:
        item = await make(both.source, case, "Mine")
        await both.sync("*")
        await change(both.source, case, item, Name="Renamed", **{case.edited: "https://new"})

        await both.sync("*")

        there = await named(both.destination, case, "Renamed")
        assert there[case.edited] == "https://new"
        await change(both.destination, case, there, **{case.edited: "https://theirs"})
        assert (await both.sync("*")).plan.is_empty
        assert (await named(both.destination, case, "Renamed"))[case.edited] == "https://theirs"


@each(WITH_SECRET)
@pytest.mark.parametrize("preset", [None, "mirror"])
@pytest.mark.guide("secret-feeds", "secret-accounts")
@pytest.mark.spacecloner("feature-20")
async def test_a_secret_that_was_filled_in_is_never_touched(case: Case, preset: str | None) -> None:
    async with pair(include={case.kind: ["*"]}, rules={"preset": preset}, first_contact="adopt") as both:
        item = await make(both.source, case, "Mine")
        await both.sync("*")
        there = await named(both.destination, case, "Mine")
        assert secret_of(both.destination, case, there) == "REPLACE ME"
        filled: Any = {"HasValue": True, "NewValue": "the real one"}
        for part in reversed(case.secret[1:]):
            filled = {**there[case.secret[0]], part: filled}
        await change(both.destination, case, there, **{case.secret[0]: filled})

        await change(both.source, case, item, **{case.edited: "https://new"})
        outcome = await both.sync("*")

        assert outcome.plan.is_empty == (preset is None)
        assert secret_of(both.destination, case, there) == "the real one"
        assert "of the source" not in repr(both.destination.sandbox.store.state)


@pytest.mark.parametrize(
    ("case", "version"),
    [pytest.param(case, version, id=f"{case.kind}-{version}") for case in CASES for version in case.versions],
)
async def test_on_older_servers(case: Case, version: str) -> None:
    settings = [Settings(version=version, first_id=first, seed=first) for first in (1, 5001)]
    route: Document = {"include": {case.kind: ["*"]}, "rules": {"preset": "mirror"}, "first_contact": "adopt"}
    async with pair(source=settings[0], destination=settings[1], **route) as both:
        item = await make(both.source, case, "Mine")
        await both.sync("*")
        assert (await both.sync("*")).plan.is_empty
        await change(both.source, case, item, **{case.edited: "https://new"})

        await both.sync("*")

        assert (await named(both.destination, case, "Mine"))[case.edited] == "https://new"
        assert (await both.sync("*")).plan.is_empty
