"""`python -m demo`: the demo, and its options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from config import logging
from config.settings import LogFormat, LogLevel
from demo.run import main as play
from sandbox.generator import Sizes

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and play. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Two local Octopus Servers, kept in step.")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end, until interrupted")
    parser.add_argument(
        "--generate",
        type=_sizes,
        metavar="SIZES",
        help="play it in a large space: projects=200,variables=5000,tenants=50 (sandbox.generator)",
    )
    given = parser.parse_args(argv)
    logging.configure("cli", level=LogLevel.ERROR, form=LogFormat.CONSOLE)
    return play(keep=given.keep, sizes=given.generate)


def _sizes(text: str) -> str:
    try:
        Sizes.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


if __name__ == "__main__":
    sys.exit(main())
