#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/runtime.lock (what production installs) and requirements/dev.lock
# (the same versions, and what tests, linters and the demo need besides), requirements/build.in into build.lock
# (what builds the image's package) and requirements/tools.in into tools.lock (see scripts/tools.sh).
#
# The locks hold for every platform and Python that pyproject.toml allows, with the hash of every file, and name no
# package index: whoever installs chooses theirs. uv itself is asked for only here; it reads UV_DEFAULT_INDEX, not pip's settings.
# Arguments go to uv: `scripts/lock.sh --upgrade`, `scripts/lock.sh --upgrade-package aiohttp`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv=.venv/bin/uv
[[ -x $uv ]] || .venv/bin/python -m pip install --quiet uv

compile() {
  "$uv" pip compile --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet "$@"
}

mkdir -p requirements
compile pyproject.toml --output-file requirements/runtime.lock "$@"
compile pyproject.toml --extra dev --constraints requirements/runtime.lock --output-file requirements/dev.lock "$@"
compile requirements/build.in --output-file requirements/build.lock "$@"
compile requirements/tools.in --no-deps --output-file requirements/tools.lock "$@"
