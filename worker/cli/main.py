"""The command line: ``octosync``. One small module per command; how each ends is in :mod:`worker.cli.errors`."""

from __future__ import annotations

import io
import sys
from importlib.metadata import version as installed
from typing import Annotated

import typer

from config import logging
from config.settings import LogFormat, LogLevel
from worker.cli import (
    approve,
    cleanup,
    config,
    dead_letters,
    deliveries,
    demo,
    doctor,
    drift,
    enqueue,
    explain,
    findings,
    init,
    ledger,
    pause,
    plan,
    queue,
    reconcile,
    runs,
    sandbox,
    simulate,
    status,
    subscribe,
    sync,
)
from worker.cli.errors import Commands

app = typer.Typer(
    name="octosync",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"octosync {installed('octosync')}")
        raise typer.Exit


@app.callback()
def octosync(
    debug: Annotated[
        bool, typer.Option("--debug", help="Log everything to standard error, and show the traceback of an error.")
    ] = False,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Keep two or more Octopus Deploy instances in step.

    Exit status 0: nothing to do, or done. 2: there are differences. 3: refused by a limit, or held. 1: error.
    """
    logging.configure("cli", level=LogLevel.DEBUG if debug else LogLevel.ERROR, form=LogFormat.CONSOLE)


for command in (
    plan.plan,
    explain.explain,
    sync.sync,
    enqueue.enqueue,
    reconcile.reconcile,
    approve.approve,
    status.status,
):
    app.command()(command)
app.command()(queue.queue)
app.add_typer(runs.app, name="runs")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(cleanup.app, name="cleanup")
app.command()(drift.drift)
app.command()(findings.findings)
app.add_typer(ledger.app, name="ledger")
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(pause.pause)
app.command()(pause.resume)
app.add_typer(config.app, name="config")
app.command()(init.init)
app.command()(doctor.doctor)
app.command()(subscribe.subscribe)
app.command()(simulate.simulate)
app.command()(sandbox.sandbox)
app.command()(demo.demo)


def main() -> None:
    """The entry point that is installed as ``octosync``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without UTF-8 gets escapes rather than an error
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="octosync")
