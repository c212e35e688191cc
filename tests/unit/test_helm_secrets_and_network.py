"""Who sees which secret, and who may speak to whom."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from tests.chart import CASES, Manifest, of_kind, pods, render
from tests.shipping import run_tool

REDIS, WEBHOOK = "octosync_redis_url", "dev_webhook_secret"


def secret_keys(pod: Manifest) -> set[str] | None:
    """The keys of the Secret that are mounted for sure. ``None``: all of them."""
    (volume,) = [one for one in pod["spec"].get("volumes", []) if one["name"] == "secrets"]
    sources = [one["secret"] for one in volume["projected"]["sources"]] if "projected" in volume else [volume["secret"]]
    if any("items" not in one for one in sources):
        return None
    return {item["key"] for one in sources if not one.get("optional") for item in one["items"]}


def test_each_pod_sees_the_secrets_that_it_needs() -> None:
    found = {name: secret_keys(pod) for name, pod in pods(render("routes")).items() if not name.startswith("Pod/")}
    assert found == {
        "Deployment/demo-octosync-receiver": {REDIS, WEBHOOK},
        "Deployment/demo-octosync-beat": {REDIS},
        "StatefulSet/demo-octosync-redis": {REDIS},
        "Deployment/demo-octosync-worker-events": None,
        "Deployment/demo-octosync-worker-bulk": None,
        "Job/demo-octosync-config-check": None,
        "Job/demo-octosync-doctor": None,
    }


def test_a_secret_that_is_being_rotated_is_there_in_both_forms() -> None:
    keys = secret_keys(pods(render("everything"))["Deployment/sync-receiver"])
    assert keys == {REDIS, "dev_webhook_old", "dev_webhook_new"}


def test_keys_can_be_named() -> None:
    assert secret_keys(pods(render("small"))["Deployment/demo-octosync-receiver"]) == {REDIS, WEBHOOK}


@pytest.mark.parametrize("case", CASES)
def test_no_manifest_holds_a_secret(case: str) -> None:
    manifests = render(case)
    assert not of_kind(manifests, "Secret")
    for pod in pods(manifests).values():
        for container in pod["spec"]["containers"]:
            assert not any("secretKeyRef" in one.get("valueFrom", {}) for one in container.get("env", []))


def test_the_external_secret_makes_the_one_that_is_mounted() -> None:
    manifests = render("everything")
    (external,) = of_kind(manifests, "ExternalSecret").values()
    assert external["spec"]["target"]["name"] == "sync-secrets"
    mounted = [
        source["secret"]["name"]
        for volume in pods(manifests)["Deployment/sync-receiver"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
    ]
    assert set(mounted) == {"sync-secrets"}


def test_the_authority_of_a_redis_elsewhere_is_mounted() -> None:
    found = pods(render("everything"))
    for name in ("receiver", "beat", "worker-events", "worker-bulk"):
        spec = found[f"Deployment/sync-{name}"]["spec"]
        assert {"name": "redis-ca", "mountPath": "/etc/redis-ca", "readOnly": True} in spec["containers"][0][
            "volumeMounts"
        ]


def test_redis_keeps_what_it_is_told_and_its_shell_is_sound() -> None:
    (container,) = pods(render("routes"))["StatefulSet/demo-octosync-redis"]["spec"]["containers"]
    script = container["command"][2]
    for option in ("--appendonly yes", "--appendfsync everysec", "--maxmemory 400mb", "--maxmemory-policy noeviction"):
        assert option in script
    for one in (script, *(container[probe]["exec"]["command"][2] for probe in ("readinessProbe", "livenessProbe"))):
        run_tool("shellcheck", "--shell", "sh", "-", text=one)


def test_redis_starts_as_it_does_with_compose() -> None:
    """There a test runs it."""
    (container,) = pods(render("routes"))["StatefulSet/demo-octosync-redis"]["spec"]["containers"]
    compose = json.loads(run_tool("docker-compose", "config", "--format", "json"))["services"]["redis"]
    assert container["command"] == [part.replace("$$", "$") for part in compose["command"]]
    ready = container["readinessProbe"]["exec"]["command"][2]
    assert ready.strip() == compose["healthcheck"]["test"][1].replace("$$", "$").strip()


# ── network ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def policies(case: str, *options: str) -> dict[str, Any]:
    found = of_kind(render(case, *options), "NetworkPolicy")
    return {name.rpartition("-")[2]: one["spec"] for name, one in found.items()}


def blocks(policy: Any) -> dict[int, list[Any]]:
    """Port → the address blocks that may be reached at it."""
    return {
        port["port"]: [peer["ipBlock"] for peer in rule["to"]]
        for rule in policy.get("egress", [])
        for port in rule["ports"]
        if any("ipBlock" in peer for peer in rule.get("to", []))
    }


@pytest.mark.parametrize("case", ["routes", "everything", "openshift"])
def test_every_pod_has_a_policy_for_both_directions(case: str) -> None:
    found = policies(case)
    for name, pod in pods(render(case)).items():
        labels = pod["metadata"]["labels"].items()
        (policy,) = [one for one in found.values() if one["podSelector"]["matchLabels"].items() <= labels]
        assert policy["policyTypes"] == ["Ingress", "Egress"], name


def test_nobody_may_speak_to_whom_nothing_is_to_be_said() -> None:
    found = policies("routes")
    assert "ingress" not in found["beat"]
    assert "ingress" not in found["check"]
    assert "egress" not in found["redis"]
    assert "http" not in {port["port"] for rule in found["worker"]["ingress"] for port in rule["ports"]}


def test_only_workers_and_the_doctor_leave_the_cluster_and_only_for_the_instances() -> None:
    found = policies("routes")
    assert {name for name, policy in found.items() if blocks(policy)} == {"worker", "doctor"}
    assert set(blocks(found["worker"])) == set(blocks(found["doctor"])) == {443}


def test_ports_of_the_instances_come_from_their_addresses() -> None:
    found = policies("everything")
    assert set(blocks(found["worker"])) == {8443, 80, 6380, 443}
    assert blocks(found["worker"])[8443] == [{"cidr": "10.20.0.0/16"}]
    assert blocks(found["worker"])[443] == [{"cidr": "192.0.2.0/24"}], "443 is Sentry's here"
    assert set(blocks(found["receiver"])) == {6380, 443}


@pytest.mark.parametrize("case", ["routes", "everything"])
def test_exceptions_lie_within_what_they_are_taken_from(case: str) -> None:
    for policy in policies(case).values():
        for block in (one for found in blocks(policy).values() for one in found):
            whole = ipaddress.ip_network(block["cidr"])
            for part in block.get("except", []):
                assert ipaddress.ip_network(part).subnet_of(whole)  # type: ignore[arg-type]  # of one family, or it fails


def test_credentials_of_the_cloud_cannot_be_fetched() -> None:
    (v4, _v6) = blocks(policies("routes")["worker"])[443]
    assert any(ipaddress.ip_address("169.254.169.254") in ipaddress.ip_network(one) for one in v4["except"])


def test_webhooks_come_from_where_they_are_allowed_and_the_test_may_ask() -> None:
    (rule,) = [one for one in policies("everything")["receiver"]["ingress"] if one["ports"][0]["port"] == "http"]
    assert [next(iter(peer)) for peer in rule["from"]] == ["namespaceSelector", "podSelector"]


def test_keda_may_count_the_queues_of_the_bundled_redis_where_it_scales_by_them() -> None:
    def askers(case: str) -> list[Any]:
        (rule,) = policies(case)["redis"]["ingress"]
        return [peer for peer in rule["from"] if "namespaceSelector" in peer]

    assert askers("openshift") == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}]
    assert askers("routes") == [], "nobody else"


def test_policies_can_be_left_out() -> None:
    assert policies("small") == {}
