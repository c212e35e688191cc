"""References where they hide: parameters by control type, JSON text, inputs of step packages, undeclared places.

Not here, since nothing hides: ids in fields of their own (:mod:`tests.unit.test_sync_translate`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rules import OnMissing, ScopeOption
from worker.kinds import registry
from worker.kinds.controls import CONTROL_TYPES, control_types
from worker.kinds.kind import Kind
from worker.kinds.library import LIBRARY_VARIABLE_SET
from worker.kinds.processes import DEPLOYMENT_PROCESS
from worker.kinds.references import PendingId, PendingText
from worker.plan.values import Document
from worker.sync.translating.hidden import Known
from worker.sync.translating.referring import translate_value
from worker.sync.translating.translate import Translated, translate
from worker.sync.world.naming import verbatim
from worker.sync.world.resolved import Resolved

PATH = ("project", "OctoFX", "deployment-process")
THERE = {
    "Feeds-1": "Feeds-91",
    "feeds-builtin": "feeds-builtin-91",
    "Accounts-1": "Accounts-91",
    "azureserviceprincipal-azure-spaces-1": "Accounts-92",
    "Certificates-1": "Certificates-91",
    "WorkerPools-1": "WorkerPools-91",
    "Environments-1": "Environments-91",
    "GitCredentials-1": "GitCredentials-91",
}
BACK = {there: here for here, there in THERE.items()}
LACKING = {"Feeds-2", "Accounts-2", "Certificates-2"}
NAMES = {"Feeds-1": Known("feed", "Docker Hub"), "feeds-builtin": Known("feed", "Built-in")}


def resolve_by(ids: Mapping[str, str]) -> Any:
    def resolve(kind: str, source_id: str) -> Resolved:
        if source_id == "Feeds-new":
            return Resolved((PendingId.of(source_id),), source_id)
        if source_id in ids:
            return Resolved((ids[source_id],), source_id)
        return Resolved(name=source_id, item=(kind, source_id), alone=source_id not in LACKING)

    return resolve


def identify(token: str) -> Known | None:
    if token in NAMES:
        return NAMES[token]
    kind = registry.kind_of(token)
    return Known(kind.name, token) if kind is not None and token in {*THERE, *LACKING} else None


def translated(
    document: Document,
    *,
    kind: Kind = DEPLOYMENT_PROCESS,
    parameters: Mapping[str, str] | None = None,
    ids: Mapping[str, str] = THERE,
    on_missing: OnMissing = OnMissing.BLOCK,
) -> Translated:
    return translate(
        kind,
        PATH,
        document,
        resolve_by(ids),
        scope_option=lambda *_: ScopeOption.SKIP_UNLESS_PARTIAL,
        on_missing=on_missing,
        parameters=lambda _: parameters or {},
        identify=identify,
    )


def process(*, properties: Document | None = None, **action: Any) -> Document:
    made = {"Id": "a-A", "Name": "A", "Properties": properties or {}, **action}
    return {"Steps": [{"Id": "s-A", "Name": "A", "Actions": [made]}]}


def action(out: Translated) -> Document:
    assert out.document is not None, out.blocked or out.decisions
    found: Document = out.document["Steps"][0]["Actions"][0]
    return found


def reasons(out: Translated) -> list[tuple[str, str]]:
    return [(entry.where, entry.reason) for entry in out.clean_ups]


HERE = "Steps[A]/Actions[A]"


# ── parameters of step templates ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("control_type", "value", "there"),
    [
        ("AzureAccount", "Accounts-1", "Accounts-91"),
        ("AzureAccount", "azureserviceprincipal-azure-spaces-1", "Accounts-92"),
        ("AmazonWebServicesAccount", "Accounts-1", "Accounts-91"),
        ("GoogleCloudAccount", "Accounts-1", "Accounts-91"),
        ("UsernamePasswordAccount", "Accounts-1", "Accounts-91"),
        ("GenericOidcAccount", "Accounts-1", "Accounts-91"),
        ("AzureAccount", "Azure.Account", "Azure.Account"),
        ("AzureAccount", "#{Azure.Account}", "#{Azure.Account}"),
        ("Certificate", "Certificates-1", "Certificates-91"),
        ("WorkerPool", "WorkerPools-1", "WorkerPools-91"),
        ("Package", '{"PackageId":"Web","FeedId":"Feeds-1"}', '{"PackageId":"Web","FeedId":"Feeds-91"}'),
        ("Package", '{ "FeedId" : "feeds-builtin" }', '{ "FeedId" : "feeds-builtin-91" }'),
        ("Package", '{"PackageId":"#{Web}","FeedId":"#{Feed}"}', '{"PackageId":"#{Web}","FeedId":"#{Feed}"}'),
        ("Package", '{"PackageId":"Web","FeedId":null}', '{"PackageId":"Web","FeedId":null}'),
        ("Package", "#{Package}", "#{Package}"),
        ("SingleLineText", "a feed", "a feed"),
    ],
)
def test_a_parameter_means_what_its_control_type_says(control_type: str, value: str, there: str) -> None:
    out = translated(process(properties={"P": value}), parameters={"P": control_type})

    assert action(out)["Properties"] == {"P": there}
    assert reasons(out) == []


def test_without_its_template_the_same_value_is_told_and_left_alone() -> None:
    out = translated(process(properties={"P": "Feeds-1", "Q": "feeds-builtin"}))

    assert action(out)["Properties"] == {"P": "Feeds-1", "Q": "feeds-builtin"}
    assert reasons(out) == [
        (f"{HERE}/Properties/P={verbatim('Feeds-1')}", "untranslated-id"),
        (f"{HERE}/Properties/Q={verbatim('feeds-builtin')}", "untranslated-id"),
    ]
    assert "the source's id of feed 'Docker Hub'" in out.clean_ups[0].text


def test_what_the_destination_lacks_is_left_empty_and_told() -> None:
    properties = {"Account": "Accounts-2", "Certificate": "Certificates-2", "Package": '{"FeedId":"Feeds-2"}'}
    out = translated(
        process(properties=properties),
        parameters={"Account": "AzureAccount", "Certificate": "Certificate"} | {"Package": "Package"},
    )

    assert action(out)["Properties"] == {"Account": None, "Certificate": None, "Package": '{"FeedId":""}'}
    assert [reason for _, reason in reasons(out)] == ["reference-dropped"] * 3


def test_an_account_that_the_source_does_not_show_blocks() -> None:
    out = translated(process(properties={"P": "Accounts-77"}), parameters={"P": "AzureAccount"})

    assert out.document is None
    assert out.blocked is not None
    assert out.blocked.rule == "not-visible"


def test_the_secret_of_a_parameter_is_left_to_whoever_writes_it() -> None:
    secret = {"HasValue": True, "NewValue": None}
    out = translated(process(properties={"P": secret}), parameters={"P": "Sensitive"})

    assert action(out)["Properties"] == {"P": secret}


@pytest.mark.spacecloner("bug-22")
def test_control_types_of_a_template() -> None:
    parameters = [
        {"Name": "A", "DisplaySettings": {"Octopus.ControlType": "Package"}},
        {"Name": "B", "DisplaySettings": {}},
        {"Name": "C", "DisplaySettings": None},
        {"Name": "D"},
    ]

    assert control_types(parameters) == {"A": "Package"}
    assert control_types(None) == {}


def test_a_parameter_of_a_process_template_that_is_an_id_and_nothing_else() -> None:
    properties = {
        "Octopus.Action.ProcessTemplate.Reference.Slug": "deploy",
        "Pool": "WorkerPools-1",
        "Feed": "feeds-builtin",
        "Where": "Environments-1",
        "Account": "azureserviceprincipal-azure-spaces-1",
        "Text": "use WorkerPools-1",
        "Word": "feeds-none",
    }
    found = action(translated(process(properties=properties)))["Properties"]

    assert {name: value for name, value in found.items() if value != properties[name]} == {
        "Pool": "WorkerPools-91",
        "Feed": "feeds-builtin-91",
        "Where": "Environments-91",
        "Account": "Accounts-92",
    }


# ── defaults and values by control type ───────────────────────────────────────────────────────────────────────────────


def test_the_default_of_a_template_means_what_its_control_type_says() -> None:
    def template(name: str, control_type: str, default: Any) -> Document:
        return {
            "Id": name,
            "Name": name,
            "DisplaySettings": {"Octopus.ControlType": control_type},
            "DefaultValue": default,
        }

    document = {
        "Name": "Shared",
        "Templates": [
            template("Pool", "WorkerPool", "WorkerPools-1"),
            template("Account", "AzureAccount", "Accounts-2"),
            template("Text", "SingleLineText", "WorkerPools 1"),
            template("Secret", "Sensitive", {"HasValue": True, "NewValue": None}),
            {"Id": "Old", "Name": "Old", "DefaultValue": "x"},
        ],
    }
    out = translated(document, kind=LIBRARY_VARIABLE_SET)

    assert out.document is not None
    assert [one["DefaultValue"] for one in out.document["Templates"]] == [
        "WorkerPools-91",
        None,
        "WorkerPools 1",
        {"HasValue": True, "NewValue": None},
        "x",
    ]
    assert reasons(out) == [("Templates[Account]/DefaultValue=Accounts-2", "reference-dropped")]


def test_a_value_by_itself() -> None:
    def value(control_type: str | None, given: Any) -> tuple[Any, Translated]:
        return translate_value(("tenant", "Acme"), "Pool", control_type, given, resolve_by(THERE), identify)

    assert value("WorkerPool", "WorkerPools-1")[0] == "WorkerPools-91"
    assert value("WorkerPool", "#{Pool}")[0] == "#{Pool}"
    assert value("Sensitive", {"HasValue": True})[0] == {"HasValue": True}
    assert value(None, None)[0] is None
    lost, out = value("Certificate", "Certificates-2")
    assert (lost, reasons(out)) == (None, [("Pool=Certificates-2", "reference-dropped")])
    hidden, out = value("SingleLineText", "see Feeds-1")
    assert hidden == "see Feeds-1"
    assert [reason for _, reason in reasons(out)] == ["untranslated-id"]
    unseen, out = value("WorkerPool", "WorkerPools-77")
    assert unseen is None
    assert out.blocked is not None


# ── JSON text and inputs ──────────────────────────────────────────────────────────────────────────────────────────────

CONTAINERS = "Octopus.Action.KubernetesContainers.Containers"


def test_the_feeds_of_containers() -> None:
    text = '[{"Name":"web", "FeedId":"Feeds-1","PackageId":"web"},\n {"FeedId":"feeds-builtin"},{"FeedId":"#{Feed}"}]'
    out = translated(process(properties={CONTAINERS: text}))

    assert action(out)["Properties"][CONTAINERS] == text.replace("Feeds-1", "Feeds-91").replace(
        "feeds-builtin", "feeds-builtin-91"
    )
    assert reasons(out) == []


def test_a_container_without_its_feed_means_nothing() -> None:
    out = translated(process(properties={CONTAINERS: '[{"FeedId":"Feeds-2"}]'}))

    assert out.blocked is not None
    assert out.blocked.where == f"{HERE}/Properties/{CONTAINERS}/[0].FeedId"
    skipped = translated(process(properties={CONTAINERS: '[{"FeedId":"Feeds-2"}]'}), on_missing=OnMissing.SKIP_ELEMENT)
    assert skipped.blocked is None


def test_a_feed_that_this_plan_creates_is_put_in_when_it_exists() -> None:
    out = translated(process(properties={CONTAINERS: '[{"FeedId":"Feeds-new"}]'}))

    text = action(out)["Properties"][CONTAINERS]
    assert isinstance(text, PendingText)
    assert text.bound(lambda part: "Feeds-99" if part == "new:Feeds-new" else part) == '[{"FeedId":"Feeds-99"}]'


def test_other_ids_in_json_are_told_with_their_place() -> None:
    text = '[{"FeedId":"Feeds-1","EnvironmentVariables":[{"key":"pool","value":"WorkerPools-1"}]}]'
    out = translated(process(properties={CONTAINERS: text, "Other": '{"AccountId":"Accounts-1"}'}))

    assert reasons(out) == [
        (
            f"{HERE}/Properties/{CONTAINERS}/[0].EnvironmentVariables[0].value={verbatim('WorkerPools-1')}",
            "untranslated-id",
        ),
        (f"{HERE}/Properties/Other={verbatim('Accounts-1')}", "untranslated-id"),
    ]


def test_json_that_an_expression_breaks_is_left_and_looked_through() -> None:
    text = '[{"FeedId":"Feeds-1", "Ports": #{Ports}}]'
    out = translated(process(properties={CONTAINERS: text}))

    assert action(out)["Properties"][CONTAINERS] == text
    assert [reason for _, reason in reasons(out)] == ["untranslated-id"]


def test_the_inputs_of_a_step_package() -> None:
    image = {"referenceId": "e8ec47ee-474f-4e9f-b145-12130669d3c0", "imageName": "web", "feedId": "Feeds-1"}
    inputs = {
        "containers": [{"containerImageReference": image, "secret": {"HasValue": True, "NewValue": None}}],
        "accountId": "123456789012",
        "task": {"cpu": 256, "role": "#{Role}", "pools": ["WorkerPools-1"]},
        "source": {"gitCredentialId": "GitCredentials-1"},
    }
    before = json.dumps(inputs)
    out = translated(process(Inputs=inputs))

    found = action(out)["Inputs"]
    assert found["containers"][0]["containerImageReference"] == {**image, "feedId": "Feeds-91"}
    assert found["containers"][0]["secret"] == {"HasValue": True, "NewValue": None}
    assert found["accountId"] == "123456789012"
    assert found["source"] == {"gitCredentialId": "GitCredentials-91"}
    assert reasons(out) == [(f"{HERE}/Inputs/task/pools[0]={verbatim('WorkerPools-1')}", "untranslated-id")]
    assert json.dumps(inputs) == before


def test_environments_of_argo_cd() -> None:
    key = "Octopus.Action.ArgoCD.Sync.Environments"
    out = translated(process(properties={key: "Environments-1,#{Other}"}))

    assert action(out)["Properties"] == {key: "Environments-91,#{Other}"}


def test_a_connection_to_github_is_chosen_by_a_person() -> None:
    dependency = {"Name": "", "GitCredentialType": "GitHub", "GitHubConnectionId": "GitHubAppConnections-221"}
    out = translated(process(GitDependencies=[dependency]))

    assert action(out)["GitDependencies"] == [{**dependency, "GitHubConnectionId": None}]
    assert reasons(out) == [(f"{HERE}/GitDependencies[]/GitHubConnectionId", "choose-here")]


def test_steps_of_the_same_process_by_their_ids() -> None:
    key = "Octopus.Action.Docker.RemoveSteps"
    one, other = "2f4c8a1e-9d3b-4f6e-8a7c-1b2d3e4f5a6b", "3f4c8a1e-9d3b-4f6e-8a7c-1b2d3e4f5a6b"
    out = translated(process(properties={key: f"{one}, {other},#{{Step}}"}), ids={one: "there"})

    assert action(out)["Properties"] == {key: f"there,{other},#{{Step}}"}
    assert reasons(out) == [(f"{HERE}/Properties/{key}={verbatim(other)}", "untranslated-id")]


# ── what only looks like an id ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "2f4c8a1e-9d3b-4f6e-8a7c-1b2d3e4f5a6b",
        "tenant 2f4c8a1e-9d3b-4f6e-8a7c-1b2d3e4f5a6b",
        "feeds-of-the-world",
        "teams-meeting",
        "my-feeds-builtin",
        "Feeds-1x",
        "https://example.com/token-refresh",
        "sshkeypair-unknown",
        "",
    ],
)
def test_what_only_looks_like_an_id_is_not_told(text: str) -> None:
    assert reasons(translated(process(properties={"P": text}))) == []


def test_every_kind_and_those_that_never_cross() -> None:
    text = "MachinePolicies-1 Runbooks-2 Users-3 Workers-4 variableset-Projects-5 Lifecycles-6"
    out = translated(process(properties={"P": text}))

    assert [entry.where.rpartition("=")[2].replace("\0", "") for entry in out.clean_ups] == [
        "Lifecycles-6",
        "MachinePolicies-1",
        "Projects-5",
        "Runbooks-2",
        "Users-3",
        "Workers-4",
    ]


# ── there and back ────────────────────────────────────────────────────────────────────────────────────────────────────

IDS = st.sampled_from(sorted(THERE))
FEEDS = st.sampled_from(["Feeds-1", "feeds-builtin", "#{Feed}", ""])
TEXTS = st.text(max_size=8).filter(lambda text: "-" not in text)


@st.composite
def properties_and_parameters(draw: st.DrawFn) -> tuple[Document, dict[str, str]]:
    names = draw(st.lists(TEXTS.filter(lambda name: name and "." not in name), max_size=5, unique=True))
    properties: Document = {}
    parameters: dict[str, str] = {}
    for name in names:
        control = draw(st.sampled_from([*CONTROL_TYPES, "SingleLineText"]))
        parameters[name] = control
        if control == "Package":
            body = {"PackageId": draw(TEXTS), "FeedId": draw(FEEDS), draw(TEXTS): draw(TEXTS)}
            properties[name] = json.dumps(body, indent=draw(st.sampled_from([None, 1, "\t"])))
        elif control == "SingleLineText":
            properties[name] = draw(TEXTS)
        else:
            properties[name] = draw(IDS | TEXTS | st.just("#{Variable}"))
    containers = draw(st.lists(st.fixed_dictionaries({"Name": TEXTS, "FeedId": FEEDS}), max_size=3))
    properties[CONTAINERS] = json.dumps(containers, separators=draw(st.sampled_from([(",", ":"), (" , ", " : ")])))
    return properties, parameters


@given(properties_and_parameters(), st.lists(st.fixed_dictionaries({"feedId": FEEDS, "x": TEXTS}), max_size=2))
def test_there_and_back_is_what_it_was(given: tuple[Document, dict[str, str]], inputs: list[Document]) -> None:
    properties, parameters = given
    document = process(properties=properties, Inputs={"containers": inputs})
    there = translated(document, parameters=parameters)
    assert there.document is not None
    back = translated(there.document, parameters=parameters, ids=BACK)

    assert back.document == document
    same = translated(document, parameters=parameters, ids={one: one for one in THERE})
    assert same.document == document
