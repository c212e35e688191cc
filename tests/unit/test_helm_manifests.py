"""What the chart makes: valid for three releases of Kubernetes, restricted, in step with the code that it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from aiohttp import web

from config.load import load
from config.settings import Settings
from tests.chart import CASES, CHART, EXTENSIONS, Manifest, containers, of_kind, pods, render, text_of
from tests.shipping import ROOT, SETTINGS, module_of, run_tool
from webhook_receiver.app import create_app, create_inside_app
from webhook_receiver.serving import EMPTIED_WITHIN_S, FINISH_WITHIN_S
from worker import health
from worker.__main__ import main as worker_main
from worker.app import app as celery
from worker.heartbeat import main as heartbeat_main

KUBERNETES = ["1.29", "1.34", "1.37"]
RESTRICTED_VOLUMES = {
    "configMap",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}

JOBS = [["octosync", "config", "check", "--secrets"], ["sh", "-c", "octosync doctor --warnings-pass || true"]]

every_case = pytest.mark.parametrize("case", CASES)


def ours(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {name: one for name, one in containers(manifests).items() if not name.endswith("/redis")}


@every_case
def test_helm_lint_finds_nothing(case: str) -> None:
    run_tool("helm", "lint", "--strict", CHART, "--values", CHART / "ci" / f"{case}-values.yaml")


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(version: str, tmp_path: Path) -> None:
    files = []
    for case in CASES:
        known = [
            one for one in yaml.safe_load_all(text_of(case, f"{version}.0")) if one and one["kind"] not in EXTENSIONS
        ]
        files.append(tmp_path / f"{case}.yaml")
        files[-1].write_text(yaml.safe_dump_all(known))
    run_tool("kubernetes-validate", "--kubernetes-version", version, "--strict", *files)


def test_the_oldest_release_is_the_one_that_the_chart_claims() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"] == f">={KUBERNETES[0]}.0-0"


@every_case
def test_pods_are_restricted(case: str) -> None:
    """Pod Security Standards, "Restricted", and what this house asks for besides."""
    for name, pod in pods(render(case)).items():
        spec = pod["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"].get("runAsUser", 1) > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= RESTRICTED_VOLUMES, name


@every_case
def test_containers_are_restricted(case: str) -> None:
    for name, container in containers(render(case)).items():
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert not security.get("privileged"), name
        assert not any("hostPort" in port for port in container.get("ports", [])), name
        assert container["resources"]["limits"]["memory"], name
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name


@every_case
def test_what_runs_can_write_to_tmp_and_to_data_only(case: str) -> None:
    for name, container in containers(render(case)).items():
        writable = {mount["mountPath"] for mount in container.get("volumeMounts", []) if not mount.get("readOnly")}
        assert writable <= {"/tmp", "/data"}, name


@every_case
def test_every_mount_has_its_volume(case: str) -> None:
    for name, pod in pods(render(case)).items():
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])} | {"data"}
        for container in pod["spec"]["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes, name


@every_case
def test_every_command_exists_and_takes_its_arguments(case: str) -> None:
    seen = set()
    for name, container in ours(render(case)).items():
        command = container["command"]
        module = module_of(command)
        seen.add(module)
        if module == "worker":
            with pytest.raises(SystemExit) as ended:  # --help ends it once it has understood what stands before
                worker_main([*command[3:], "--help"])
            assert ended.value.code == 0, name
        elif module is None:
            assert command[:2] == ["python", "-c"] or command in JOBS, name
        else:
            assert (ROOT / module / "__main__.py").is_file(), name
    assert {"webhook_receiver", "worker"} <= seen


@every_case
def test_every_variable_is_a_setting(case: str) -> None:
    for name, container in ours(render(case)).items():
        given = [one["name"] for one in container.get("env", [])]
        assert len(given) == len(set(given)), name
        assert {one for one in given if one.startswith("OCTOSYNC_")} <= SETTINGS, name


def test_settings_arrive_as_the_process_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    container = containers(render("everything"))["Deployment/sync-worker-events/worker"]
    for one in container["env"]:
        monkeypatch.setenv(one["name"], one["value"])
    settings = Settings()
    assert settings.log_level.value == "debug"
    assert settings.timezone == "Europe/Vienna"
    assert settings.nightly_at.isoformat() == "03:30:00"
    assert settings.catch_up_seconds == 30


@every_case
def test_the_routes_file_is_where_the_processes_look_for_it(case: str) -> None:
    for name, container in ours(render(case)).items():
        environment = {one["name"]: one.get("value") for one in container.get("env", [])}
        if "OCTOSYNC_ROUTES" in environment:
            mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
            assert str(Path(str(environment["OCTOSYNC_ROUTES"])).parent) in mounts, name
            assert environment["OCTOSYNC_SECRETS_DIR"] in mounts, name


@pytest.mark.parametrize("case", ["routes", "everything", "openshift"])
def test_the_routes_file_crosses_unchanged(case: str, tmp_path: Path) -> None:
    (config,) = [one for one in render(case) if one["kind"] == "ConfigMap" and "octosync.yaml" in one["data"]]
    values = yaml.safe_load((CHART / "ci" / f"{case}-values.yaml").read_text())
    assert config["data"]["octosync.yaml"].strip() == values["routes"].strip()
    (tmp_path / "octosync.yaml").write_text(config["data"]["octosync.yaml"])
    assert load(tmp_path / "octosync.yaml").routes


def test_a_changed_routes_file_replaces_the_pods() -> None:
    def sums(*options: str) -> set[str]:
        found = pods(render("routes", *options))
        return {p["metadata"]["annotations"]["checksum/config"] for n, p in found.items() if n.startswith("Deployment")}

    before, after = sums(), sums("--set", "routes=instances: []")
    assert len(before) == len(after) == 1
    assert before != after


def test_an_upgrade_replaces_no_pod_that_it_does_not_change() -> None:
    """Labels of a pod hold nothing that every release changes; Redis is not restarted for a new chart."""
    for name, pod in pods(render("routes")).items():
        if not name.startswith("Pod/"):
            assert "helm.sh/chart" not in pod["metadata"]["labels"], name
            assert "app.kubernetes.io/version" not in pod["metadata"]["labels"], name


async def paths(app: web.Application) -> set[str]:
    return {route.resource.canonical for route in app.router.routes() if route.resource is not None}


@every_case
async def test_probes_ask_what_is_served(case: str, tmp_path: Path) -> None:
    (tmp_path / "octosync.yaml").write_text(yaml.safe_load((CHART / "ci" / "routes-values.yaml").read_text())["routes"])
    outside = create_app(load(tmp_path / "octosync.yaml"), Settings())
    served = {"http": await paths(outside), "status": await paths(create_inside_app(outside)), "metrics": health.PATHS}
    for name, container in containers(render(case)).items():
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(probe, {}).get("httpGet")
            if asked:
                assert asked["port"] in ports, name
                assert asked["path"] in served[asked["port"]], name


@every_case
def test_services_and_policies_find_their_pods(case: str) -> None:
    manifests = render(case)
    found = pods(manifests)
    for service in of_kind(manifests, "Service").values():
        targets = [
            container
            for pod in found.values()
            if service["spec"]["selector"].items() <= pod["metadata"].get("labels", {}).items()
            for container in pod["spec"]["containers"]
        ]
        assert targets, service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            assert all(port["targetPort"] in {p["name"] for p in container["ports"]} for container in targets)
    for one in manifests:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()


@every_case
def test_selectors_tell_the_parts_apart(case: str) -> None:
    manifests = [one for one in render(case) if one["kind"] in {"Deployment", "StatefulSet"}]
    for one in manifests:
        selected = one["spec"]["selector"]["matchLabels"].items()
        matching = [m for m in manifests if selected <= m["spec"]["template"]["metadata"]["labels"].items()]
        assert matching == [one]


def test_there_is_one_beat_and_never_two() -> None:
    beat = of_kind(render("everything"), "Deployment")["sync-beat"]
    assert beat["spec"]["replicas"] == 1
    assert beat["spec"]["strategy"] == {"type": "Recreate"}


def test_beat_is_asked_about_the_file_that_it_writes() -> None:
    beat = containers(render("everything"))["Deployment/sync-beat/beat"]
    (file,) = [one["value"] for one in beat["env"] if one["name"] == "OCTOSYNC_BEAT_FILE"]
    asked = {name: beat[name]["exec"]["command"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    alive = ["python", "-m", "worker.heartbeat", file]
    assert asked == {"startupProbe": alive, "livenessProbe": alive, "readinessProbe": [*alive, "--sends"]}
    assert heartbeat_main([file, "--sends"]) == 1, "it takes these arguments"


@every_case
def test_whatever_runs_for_good_is_watched(case: str) -> None:
    for name, container in containers(render(case)).items():
        if name.startswith(("Deployment/", "StatefulSet/")):
            assert {"livenessProbe", "readinessProbe"} <= container.keys(), name


def test_receivers_are_never_fewer_than_wanted() -> None:
    manifests = render("routes")
    receiver = of_kind(manifests, "Deployment")["demo-octosync-receiver"]["spec"]
    assert receiver["replicas"] == 2
    assert receiver["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert of_kind(manifests, "PodDisruptionBudget")
    assert not of_kind(render("small"), "PodDisruptionBudget"), "with one, it would keep the node from being drained"


def test_processes_get_the_time_that_they_take_to_stop() -> None:
    found = pods(render("routes"))
    receiver = found["Deployment/demo-octosync-receiver"]["spec"]
    (container,) = receiver["containers"]
    waits = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    stops = Settings().receiver_drain_seconds + EMPTIED_WITHIN_S + FINISH_WITHIN_S
    assert receiver["terminationGracePeriodSeconds"] > waits + stops
    worker = found["Deployment/demo-octosync-worker-events"]["spec"]
    assert worker["terminationGracePeriodSeconds"] > Settings().stop_seconds + 10


def test_what_scales_by_itself_is_given_no_number() -> None:
    manifests = render("everything")
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for one in of_kind(manifests, kind).values()
    }
    assert scaled == {"sync-receiver", "sync-worker-events", "sync-worker-bulk"}
    deployments = of_kind(manifests, "Deployment")
    assert {name for name, one in deployments.items() if "replicas" not in one["spec"]} == scaled


def test_keda_counts_the_lists_that_celery_keeps() -> None:
    (scaled,) = of_kind(render("openshift"), "ScaledObject").values()
    triggers = [one["metadata"] for one in scaled["spec"]["triggers"]]
    prefix = celery.conf.broker_transport_options["global_keyprefix"]
    assert [one["listName"] for one in triggers] == [f"{prefix}octosync.events", f"{prefix}octosync.control"]
    assert {one["address"] for one in triggers} == {"demo-octosync-redis.octo.svc:6379"}


def test_keda_reaches_a_redis_of_ones_own_as_it_is_to_be_reached() -> None:
    (scaled,) = of_kind(render("everything"), "ScaledObject").values()
    for one in scaled["spec"]["triggers"]:
        assert (one["metadata"]["enableTLS"], one["metadata"]["databaseIndex"]) == ("true", "3")
        assert one["authenticationRef"] == {"name": "redis"}


def test_the_ingress_lets_webhooks_in_and_nothing_else() -> None:
    ingress = of_kind(render("everything"), "Ingress")["sync-receiver"]
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["backend"]["service"]["port"]["name"]) == ("/webhooks", "http")
    assert ingress["spec"]["tls"] == [{"hosts": ["octosync.example.com"], "secretName": "octosync-tls"}]


def test_the_status_page_has_a_door_of_its_own_which_is_shut_unless_opened() -> None:
    everything = render("everything")
    ingress = of_kind(everything, "Ingress")["sync-status"]
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert rule["host"] == "octosync-status.example.com"
    assert path["backend"]["service"] == {"name": "sync-status", "port": {"name": "status"}}
    assert of_kind(everything, "Service")["sync-status"]["spec"].get("type", "ClusterIP") == "ClusterIP"
    assert not of_kind(render("routes"), "Ingress")


def test_the_image_is_named_by_digest_where_there_is_one() -> None:
    images = {one["image"] for one in ours(render("everything")).values()}
    assert images == {f"registry.example.com/octosync@sha256:{'a' * 64}"}


def test_the_check_after_an_install_is_a_hook_that_stays_when_it_fails() -> None:
    jobs = of_kind(render("routes"), "Job")
    assert set(jobs) == {"demo-octosync-config-check", "demo-octosync-doctor"}
    for job in jobs.values():
        annotations = job["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "post-install,post-upgrade"
        assert "hook-failed" not in annotations["helm.sh/hook-delete-policy"]


def test_the_test_is_python_that_compiles() -> None:
    (pod,) = of_kind(render("routes"), "Pod").values()
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    program, address = pod["spec"]["containers"][0]["command"][2:]
    compile(program, "helm test", "exec")
    assert address == "http://demo-octosync-receiver:80"


def test_notes_tell_what_to_do_next() -> None:
    for case, wanted in (
        ("routes", "octosync_redis_url = redis://"),
        ("everything", "https://octosync.example.com/webhooks"),
    ):
        values = CHART / "ci" / f"{case}-values.yaml"
        said = run_tool("helm", "install", "demo", CHART, "--dry-run=client", "--namespace", "octo", "--values", values)
        assert wanted in said.partition("NOTES:")[2]


def test_the_doctor_is_asked_after_the_file_was_checked() -> None:
    jobs = of_kind(render("routes"), "Job")
    weights = {name: int(job["metadata"]["annotations"].get("helm.sh/hook-weight", 0)) for name, job in jobs.items()}
    assert weights["demo-octosync-config-check"] < weights["demo-octosync-doctor"]
    assert "demo-octosync-doctor" not in of_kind(render("small"), "Job")


def test_a_doctor_who_only_tells_keeps_the_log() -> None:
    job = of_kind(render("routes"), "Job")["demo-octosync-doctor"]
    assert job["metadata"]["annotations"]["helm.sh/hook-delete-policy"] == "before-hook-creation"
    run_tool("shellcheck", "--shell", "sh", "-", text=asks(job)[2])


def test_a_doctor_who_is_required_lets_the_release_fail() -> None:
    job = of_kind(render("routes", "--set", "doctor.required=true"), "Job")["demo-octosync-doctor"]
    assert asks(job) == ["octosync", "doctor", "--warnings-pass"]
    assert "hook-succeeded" in job["metadata"]["annotations"]["helm.sh/hook-delete-policy"]


def asks(job: Manifest) -> list[str]:
    return [str(one) for one in job["spec"]["template"]["spec"]["containers"][0]["command"]]
