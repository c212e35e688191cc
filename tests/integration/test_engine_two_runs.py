"""Two runs that write one document: what one of them began and nobody heard of is not forgotten by the other."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault
from tests.pair import ROUTE, pair, row, script
from worker.octopus.errors import OctopusError
from worker.sync.applying.apply import Applier
from worker.sync.run import Result, nobody_minds, open_route
from worker.sync.servers.exchange import Ends
from worker.sync.world.written import Moved


@pytest.mark.parametrize(
    ("path", "prefix"), [("/variables/", "variableset"), ("/deploymentprocesses/", "deploymentprocess")]
)
async def test_a_write_that_another_run_began_is_found_again(path: str, prefix: str) -> None:
    async with pair(rules={"variables": {"value": "follow"}}) as both:
        project = await both.source.project("OctoFX")
        await both.sync("*")
        await both.source.variables(project, row("Url", "https://one"))
        await both.source.steps(project, script("Deploy"))
        part = f"{prefix}-{project['Id']}"
        async with open_route(both.routes, ROUTE, ledger=both.ledger) as slow:
            planned = await slow.plan([part])
            both.destination.sandbox.faults.add(Fault("reset-after", method="PUT", path=path, count=9))
            with pytest.raises(OctopusError):
                await both.sync(part)
            both.destination.sandbox.faults.clear()
            ends = Ends(slow.source.client, slow.destination.client, print)
            with pytest.raises(Moved):
                await Applier(slow.world, ends, both.ledger, guard=nobody_minds, run_id="slow").apply(planned)

        assert (await both.sync(part)).result is Result.UNCHANGED
        await both.source.variables(project, row("Url", "https://two"))
        await both.source.steps(project, script("Deploy", body="echo two"))
        outcome = await both.sync(part)

        assert outcome.result is Result.CHANGED
        assert not outcome.plan.clean_ups
