"""``python -m benchmarks [--quick] [NAME...]``: run all benchmarks, or those named."""

from __future__ import annotations

import argparse
import importlib
import logging
import time

import structlog

from benchmarks import report

ALL = {
    "requests_per_job": "what a sync costs the servers",
    "receiver": "what a webhook costs its sender",
    "arrival": "from a webhook to the write on the destination",
    "engine": "milliseconds and memory of comparing",
    "budget": "what a limit of requests does to a reconciliation and to events",
    "fleet": "a model of fleets of routes, fitted to the others",
}
ASKED = {"plan_of_one": "octosync plan --json on a large space, one project changed"}
"""Run only if they are named."""


def main() -> None:
    known = ALL | ASKED
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=", ".join(f"{n} ({what})" for n, what in known.items())
    )
    parser.add_argument("--quick", action="store_true", help="smaller worlds and fewer repeats: under two minutes")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began = time.monotonic()
    for name in options.names or ALL:
        start = time.monotonic()
        found = importlib.import_module(f"benchmarks.{name}").run(quick=options.quick)
        report.write(name, {"quick": options.quick, "took_s": round(time.monotonic() - start), **found})
    report.say(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
