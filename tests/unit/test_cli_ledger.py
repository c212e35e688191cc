"""``octosync ledger``: a route's memory, taken along, taken back and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell import Shell
from worker.ledger.ledger import Ledger
from worker.queue.dirty import DirtyQueue


def test_a_routes_memory_is_exported_taken_back_and_forgotten(shell: Shell, tmp_path: Path) -> None:
    async def fill(ledger: Ledger, _: DirtyQueue) -> None:
        await ledger.links.add("test-to-prod", "Projects-1", "Projects-9")
        await ledger.baselines.put("test-to-prod", "Projects-1", {"want": {"Name": "OctoFX"}})

    shell.ledger(fill)
    answer = shell.run("ledger", "export", "test-to-prod")
    assert answer.exit_code == 0
    file = tmp_path / "memory.json"
    file.write_text(answer.stdout)

    assert "This would forget 1 link and 1 baseline " in shell.run("ledger", "forget", "test-to-prod").stderr
    assert shell.ledger(lambda ledger, _: ledger.links.all("test-to-prod")) == {"Projects-1": "Projects-9"}
    assert shell.run("ledger", "forget", "test-to-prod", "--yes").exit_code == 0
    assert shell.ledger(lambda ledger, _: ledger.links.all("test-to-prod")) == {}
    assert shell.run("ledger", "export", "test-to-prod").exit_code == 1

    assert shell.run("ledger", "import", str(file), "--route", "second").exit_code == 0
    assert shell.ledger(lambda ledger, _: ledger.baselines.ids("second")) == {"Projects-1"}


@pytest.mark.parametrize(("content", "says"), [("{", "no JSON"), ("{}", "octosync-ledger/1"), (None, "No such file")])
def test_what_is_no_ledger_is_refused(shell: Shell, tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "memory.json"
    if content is not None:
        file.write_text(content)

    answer = shell.run("ledger", "import", str(file))

    assert answer.exit_code == 1
    assert says in answer.stderr
