"""docker-compose.yml as Docker Compose itself resolves it, profile by profile. Nothing is started here."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from config.load import load
from sandbox.settings import DEFAULT_API_KEY
from tests.shipping import ROOT, SETTINGS, module_of, run_tool, try_tool
from worker.__main__ import main as worker_main
from worker.heartbeat import main as heartbeat_main

Service = dict[str, Any]

OURS = {"receiver", "worker", "beat"}
DEMO = {"sandbox-source", "sandbox-destination", "sandbox-fill", "sandbox-story"}
OCTOPUS = {"octopus", "octopus-database"}
ONE_SHOT = {"sandbox-fill", "sandbox-story"}
HOME = ROOT / "demo" / "compose"


def resolved(*profiles: str, **environment: str) -> dict[str, Any]:
    chosen = [argument for profile in profiles for argument in ("--profile", profile)]
    found: dict[str, Any] = json.loads(run_tool("docker-compose", *chosen, "config", "--format", "json", **environment))
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    found: dict[str, Service] = resolved("sandbox", "octopus")["services"]
    return found


@pytest.mark.parametrize(
    ("profiles", "wanted"),
    [((), set()), (("sandbox",), DEMO), (("octopus",), OCTOPUS), (("sandbox", "octopus"), DEMO | OCTOPUS)],
    ids=["none", "sandbox", "octopus", "both"],
)
def test_each_profile_adds_its_services(profiles: tuple[str, ...], wanted: set[str]) -> None:
    assert set(resolved(*profiles)["services"]) == {"redis"} | OURS | wanted


def test_a_key_that_compose_does_not_know_would_be_found() -> None:
    text = (ROOT / "docker-compose.yml").read_text().replace("read_only:", "readonly:")
    done = try_tool("docker-compose", "--file", "-", "--project-directory", ROOT, "config", "--quiet", text=text)
    assert done.returncode != 0
    assert "readonly" in done.stderr


def test_all_that_is_ours_is_hardened(services: dict[str, Service]) -> None:
    for name in {"redis"} | OURS | DEMO:
        service = services[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service["user"].startswith("0"), name
        assert not service.get("privileged"), name
        assert not service.get("cap_add"), name


def test_every_service_has_limits_and_bounded_or_default_logs(services: dict[str, Service]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert float(limits["cpus"]) > 0, name
        assert int(limits["memory"]) > 0, name


def test_every_service_says_how_it_is_doing(services: dict[str, Service]) -> None:
    without = {name for name, service in services.items() if "test" not in service.get("healthcheck", {})}
    # What runs once ends; Octopus' image has a check of its own.
    assert without == {"octopus"} | ONE_SHOT


def test_beat_is_asked_about_the_file_that_it_writes(services: dict[str, Service]) -> None:
    beat = services["beat"]
    file = beat["environment"]["OCTOSYNC_BEAT_FILE"]
    assert beat["healthcheck"]["test"] == ["CMD", "python", "-m", "worker.heartbeat", file, "--sends"]
    assert heartbeat_main([file, "--sends"]) == 1, "it takes these arguments"
    assert file.startswith("/tmp/"), "it can write there"


def test_nobody_waits_for_what_never_comes(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = how["condition"]
            assert other in services, name
            assert (wanted == "service_completed_successfully") == (other in ONE_SHOT), name
            if wanted == "service_healthy":
                assert "test" in services[other]["healthcheck"], f"{name} waits for {other}"


def test_production_depends_on_no_profile() -> None:
    depending = resolved()["services"]["worker"]["depends_on"]
    assert depending["sandbox-fill"]["required"] is False
    assert depending["redis"]["required"] is True


def test_redis_keeps_what_it_is_told(services: dict[str, Service]) -> None:
    command = " ".join(services["redis"]["command"])
    for option in ("--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"):
        assert option in command
    assert [volume["target"] for volume in services["redis"]["volumes"]] == ["/data"]
    assert "ports" not in services["redis"]


def test_redis_cannot_be_reached_from_outside() -> None:
    project = resolved("sandbox", "octopus")
    assert project["networks"]["inside"]["internal"] is True
    assert set(project["services"]["redis"]["networks"]) == {"inside"}
    assert set(project["services"]["octopus-database"]["networks"]) == {"octopus"}


def test_only_loopback_is_published_unless_asked_for() -> None:
    for service in resolved("sandbox", "octopus")["services"].values():
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}
    published = resolved(SYNC_LISTEN="0.0.0.0")["services"]["receiver"]["ports"]
    assert {port["target"]: port["host_ip"] for port in published} == {8080: "0.0.0.0", 8081: "127.0.0.1"}, (
        "webhooks come in; the status page is for this machine"
    )


def test_no_secret_is_in_an_environment(services: dict[str, Service]) -> None:
    for name in {"redis"} | OURS | DEMO:
        given = services[name].get("environment", {})
        assert set(given) <= SETTINGS, name
        assert [key for key in given if re.search(r"URL|DSN|TOKEN|KEY|PASSWORD", key)] == []


def test_the_receiver_gets_no_api_key_and_beat_gets_redis_only(services: dict[str, Service]) -> None:
    given = {name: {one["source"] for one in services[name].get("secrets", [])} for name in services}
    assert given["receiver"] == {"octosync_redis_url", "octosync_status_token", "dev_webhook_secret"}
    assert given["beat"] == given["redis"] == {"octosync_redis_url"}
    assert given["sandbox-source"] == given["sandbox-destination"] == set()


def test_every_command_exists(services: dict[str, Service]) -> None:
    for name in OURS | DEMO:
        module = module_of(services[name]["command"])
        assert module, name
        parts = module.split(".")
        assert (ROOT.joinpath(*parts, "__main__.py")).is_file() or ROOT.joinpath(*parts).with_suffix(".py").is_file()


def test_the_workers_options_are_those_of_the_program(services: dict[str, Service]) -> None:
    for name in ("worker", "beat"):
        with pytest.raises(SystemExit) as ended:  # --help ends it once it has understood what stands before
            worker_main([*services[name]["command"][3:], "--help"])
        assert ended.value.code == 0


def test_health_checks_compile(services: dict[str, Service]) -> None:
    for service in services.values():
        test = service.get("healthcheck", {}).get("test", [])
        if test[:3] == ["CMD", "python", "-c"]:
            compile(test[3], "health check", "exec")


def test_the_shell_in_it_is_sound(services: dict[str, Service]) -> None:
    scripts = [services["redis"]["command"][2]]
    checks = [service.get("healthcheck", {}).get("test", [""]) for service in services.values()]
    scripts += [check[1] for check in checks if check[0] == "CMD-SHELL"]
    for script in scripts:
        run_tool("shellcheck", "--shell", "sh", "-", text=script.replace("$$", "$"))


def test_a_home_of_ones_own_replaces_every_file_of_the_demo() -> None:
    project = resolved("sandbox", SYNC_HOME="/srv/octosync")
    files = [one["file"] for one in [*project["secrets"].values(), *project["configs"].values()]]
    assert len(files) == 6
    assert {file.rpartition("/")[0] for file in files} == {"/srv/octosync", "/srv/octosync/secrets"}


def test_the_demos_routes_file_names_what_compose_provides() -> None:
    project = resolved("sandbox")
    routes = load(HOME / "octosync.yaml")
    assert {str(instance.url).split("/")[2].split(":")[0] for instance in routes.instances} <= set(project["services"])
    named = {str(one.file) for i in routes.instances for one in (i.api_key, *i.webhook_secrets)}
    mounted = {one["target"] for one in project["services"]["worker"]["secrets"]}
    assert named <= mounted


def test_the_demos_secrets_open_nothing_but_a_sandbox() -> None:
    secrets = {path.name: path.read_text().strip() for path in (HOME / "secrets").iterdir()}
    assert set(secrets) == set(resolved("sandbox")["secrets"])
    assert secrets["dev_api_key"] == secrets["prod_api_key"] == DEFAULT_API_KEY


def test_octopus_accepts_nobodys_licence_for_them() -> None:
    services = resolved("octopus")["services"]
    assert {services[name]["environment"]["ACCEPT_EULA"] for name in OCTOPUS} == {"N"}
    text = (ROOT / "docker-compose.yml").read_text()
    for name in (
        "OCTOPUS_EULA",
        "SQL_EULA",
        "OCTOPUS_LICENSE",
        "OCTOPUS_MASTER_KEY",
        "OCTOPUS_API_KEY",
        "OCTOPUS_PASSWORD",
    ):
        assert re.search(rf"^  # .*{name}\b", text, re.MULTILINE), f"{name} is not explained"


def test_octopus_reaches_a_receiver_on_this_machine_under_the_name_that_is_documented() -> None:
    given = resolved("octopus")["services"]["octopus"]["extra_hosts"]
    assert "host.docker.internal" in str(given)
    assert "OCTOPUS_REACHES=host.docker.internal" in (ROOT / "docker-compose.yml").read_text()
