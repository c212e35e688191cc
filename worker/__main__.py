"""``python -m worker``: a Celery worker, or with ``--beat`` the clock, with what must be decided before Celery loads.

``python -m worker [--queues events,bulk,control] [--concurrency N]`` · ``python -m worker --beat``
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence

CLASSES = ("events", "bulk", "control")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--beat", action="store_true", help="run the clock instead; one of it is enough")
    parser.add_argument("--queues", default=",".join(CLASSES), help="classes of work (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=2, help="items at the same time (default: %(default)s)")
    given = parser.parse_args(argv)
    classes = given.queues.split(",")
    if unknown := set(classes) - set(CLASSES):
        parser.error(f"no such class of work: {', '.join(sorted(unknown))} (there are {', '.join(CLASSES)})")

    if given.beat:
        return _celery(["--quiet", "beat"])
    with tempfile.TemporaryDirectory(prefix="octosync-metrics-") as metrics:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", metrics)
        queues = ",".join(f"octosync.{one}" for one in classes)
        return _celery(
            [
                *("--quiet", "worker", "--queues", queues, "--concurrency", str(given.concurrency)),
                *("--without-gossip", "--without-mingle"),
            ]
        )


def _celery(arguments: list[str]) -> int:
    from config.problems import ConfigError

    try:
        from worker.app import app
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        # The status that a worker ended with: one that gave up must not look like one that was asked to stop.
        status: object = app.start(argv=arguments)
    except SystemExit as end:
        status = end.code
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
