"""From an edit on a real Octopus Server to the write: its webhooks, a worker that is killed, a receiver that is away.

    OCTOPUS_URL=http://localhost:8090 OCTOPUS_API_KEY=API-... OCTOPUS_REACHES=host.docker.internal \
        python -m pytest -n 0 tests/real_octopus

Each scene has two spaces and a subscription of its own, and deletes them, as in test_real_octopus.py. Without an
address the server is a sandbox.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from demo.scenes import script, variable
from tests.real_octopus.edits import new_project, new_runbook, set_variables
from tests.real_octopus.running import NEVER, OFTEN, running
from tests.real_octopus.spaces import MARKS, ROUTE

pytestmark = MARKS


async def test_what_people_do_arrives_by_webhook(redis_url: str, tmp_path: Path) -> None:
    async with running(redis_url, tmp_path) as one:
        await one.open()
        source, destination = one.source, one.destination

        project = await new_project(source, "OctoFX", script("Deploy", "Write-Host 1"))
        await set_variables(source, project, variable("Url", "https://one"), variable("Port", "80"))
        await new_runbook(source, project, "Restart", script("Stop", "Stop-Service"), script("Start", "Start-Service"))
        archive = await new_project(source, "Archive 2025", script("Deploy", "Write-Host 2"))
        await one.in_step()
        copy = await destination.named("projects", "OctoFX")

        await source.edit(f"projects/{project['Id']}", Name="OctoFX 2")
        await one.in_step()
        assert (await destination.named("projects", "OctoFX 2"))["Id"] == copy["Id"], "renamed, not made anew"

        await set_variables(source, project, variable("Url", "https://two"), variable("Port", "80"))
        await one.in_step()
        assert "webhook" in await one.told_by(f"variableset-{project['Id']}")

        await source.call("DELETE", f"projects/{project['Id']}")
        await source.call("DELETE", f"projects/{archive['Id']}")

        async def deletions_done() -> bool:
            entries = await one.state.ledger.clean_ups.entries(ROUTE)
            reported = any("Archive 2025" in found.entry.item for found in entries)
            return reported and "OctoFX 2" not in (await destination.names("projects")).values()

        await one.until(deletions_done, "one should be deleted by the route's rule, and one reported")
        await one.ends_right()
        assert list((await destination.names("projects")).values()) == ["Archive 2025"]


async def test_a_worker_killed_amid_many_edits_ends_right(redis_url: str, tmp_path: Path) -> None:
    async with running(redis_url, tmp_path) as one:
        await one.open()
        source, destination = one.source, one.destination
        projects = [await new_project(source, f"Shop {n}", script("Deploy", f"Write-Host {n}")) for n in range(5)]
        for project in projects:
            await set_variables(source, project, variable("Build", "0"))
        await one.in_step()
        copy = await destination.named("projects", "Shop 0")
        builds = itertools.count(1)

        async def edit(project: dict[str, str]) -> None:
            build = next(builds)
            await set_variables(source, project, variable("Build", str(build)))
            process = f"deploymentprocesses/{project['DeploymentProcessId']}"
            await source.edit(process, Steps=[script("Deploy", f"Write-Host {build}")])

        async def edited_until_one_arrives() -> bool:
            await edit(projects[next(turns) % len(projects)])
            rows = (await destination.get(f"variables/{copy['VariableSetId']}"))["Variables"]
            return bool(rows[0]["Value"] != "0")

        turns = itertools.count()
        await one.until(edited_until_one_arrives, "no edit arrived")
        one.processes.kill("worker")
        for project in projects[:4]:
            await edit(project)
        await source.edit(f"projects/{projects[1]['Id']}", Name="Shop 1, renamed")
        await new_project(source, "Shop 5", script("Deploy", "Write-Host 5"))
        one.start_worker("worker")
        await one.in_step()
        await one.ends_right()


async def test_what_no_webhook_told_is_found_in_the_audit_log(redis_url: str, tmp_path: Path) -> None:
    async with running(redis_url, tmp_path) as one:
        await one.open()
        project = await new_project(one.source, "OctoFX", script("Deploy", "Write-Host 1"))
        await one.in_step()

        one.processes.kill("beat")
        one.start_beat(**OFTEN)
        one.processes.kill("receiver")
        await set_variables(one.source, project, variable("Url", "https://unheard"))
        await new_project(one.source, "Unheard", script("Deploy", "Write-Host 2"))
        await one.in_step()
        assert "catch-up" in await one.told_by(f"variableset-{project['Id']}")

        one.processes.kill("beat")
        one.start_beat(**NEVER)
        one.start_receiver()
        await one.receiver_ready()
        await one.subscribe("--prove")
        await set_variables(one.source, project, variable("Url", "https://heard again"))
        await one.in_step()
        await one.ends_right()
