"""`python -m sandbox`: a local Octopus Server in this process, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import errno
import re
import signal
import sys
from collections.abc import Sequence

from sandbox.generator import Sizes, generate
from sandbox.server import open_store, serve
from sandbox.settings import DEFAULT_API_KEY, DEFAULT_VERSION, Settings

__all__ = ["main", "run"]


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve. Returns the exit status; prints where the server listens."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8065, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--api-key", default=DEFAULT_API_KEY)
    parser.add_argument(
        "--version", default=DEFAULT_VERSION, type=_version, help="release to play (default %(default)s)"
    )
    parser.add_argument(
        "--first-id", type=int, default=defaults.first_id, help="number of the first document of a kind"
    )
    parser.add_argument("--seed", type=int, default=defaults.seed, help="decides the GUIDs")
    parser.add_argument("--virtual-directory", default="", help="path under which the server is hosted")
    parser.add_argument("--public-url", default=None, help="the server's own address in webhooks")
    parser.add_argument("--state", default=None, metavar="FILE", help="read at start if it exists, written at stop")
    parser.add_argument(
        "--poll-seconds", type=float, default=defaults.poll_seconds, help="between two looks of a subscription"
    )
    parser.add_argument("--requests-per-minute", type=int, default=0, help="rate limit; 0 for none")
    parser.add_argument("--burst-limit", type=int, default=0, help="how many may come at once; 0: as many as a minute")
    parser.add_argument("--no-retry-after", action="store_true", help="a 429 does not say how long to wait")
    parser.add_argument(
        "--event-retention-days",
        type=int,
        default=defaults.event_retention_days,
        help="how long the API shows an event (default %(default)s)",
    )
    parser.add_argument("--strict", action="store_true", help="refuse bodies with unknown or missing properties")
    parser.add_argument(
        "--generate",
        default=None,
        type=_sizes,
        metavar="SIZES",
        help="fill the default space of a new server: projects=1000,variables=200000,tenants=5000 (sandbox.generator)",
    )
    given = parser.parse_args(argv)
    settings = Settings(
        version=given.version,
        api_key=given.api_key,
        first_id=given.first_id,
        seed=given.seed,
        virtual_directory=given.virtual_directory,
        public_url=given.public_url,
        state_path=given.state,
        poll_seconds=given.poll_seconds,
        requests_per_minute=given.requests_per_minute,
        burst_limit=given.burst_limit,
        retry_after=not given.no_retry_after,
        event_retention_days=given.event_retention_days,
        strict=given.strict,
    )
    return run(settings, host=given.host, port=given.port, sizes=given.generate)


def _version(text: str) -> str:
    if not re.fullmatch(r"\d+\.\d+(\.\d+)*(-\S+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no release of Octopus: write it as in {DEFAULT_VERSION}")
    return text


def _sizes(text: str) -> Sizes:
    try:
        return Sizes.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(settings: Settings, *, host: str = "127.0.0.1", port: int = 8065, sizes: Sizes | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns 0, or 1 if the server could not start. `sizes` fill a new server; one that
    comes from a state file stays as it was."""
    try:
        asyncio.run(_serve(settings, host, port, sizes))
    except OSError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        if error.errno == errno.EADDRINUSE:
            sys.stderr.write("next: name another port with --port, or 0 for a free one\n")
        return 1
    return 0


async def _serve(settings: Settings, host: str, port: int, sizes: Sizes | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    store = open_store(settings)
    if sizes is not None and not store.system.collection("users"):
        generate(store, settings, sizes)
    async with serve(settings, port, host=host, store=store) as sandbox:
        sys.stdout.write(f"Octopus sandbox {settings.version} at {sandbox.url} with API key {settings.api_key}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
