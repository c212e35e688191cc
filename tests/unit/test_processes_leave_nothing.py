"""The processes that tests start leave nothing behind, even when they are killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.processes import Processes, eventually

KEEPS = "import tempfile, time; print(tempfile.mkdtemp(), flush=True); time.sleep(60)"


def test_what_a_killed_process_leaves_is_in_the_folder_of_the_test(tmp_path: Path) -> None:
    with Processes(tmp_path, {}) as processes:
        processes.start("one", "-c", KEEPS)
        asyncio.run(eventually(lambda: processes.log("one").read_text().strip(), what="it said nothing"))
        left = Path(processes.log("one").read_text().strip())
    assert left.is_dir()
    assert left.is_relative_to(tmp_path)
