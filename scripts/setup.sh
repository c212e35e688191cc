#!/usr/bin/env bash
# Makes .venv with exactly what requirements/dev.lock names, and this project on top of it, editable.
# Does nothing when neither the lock nor pyproject.toml changed since the last time.
#
# Needs Python 3.11 or newer and a way to reach a package index. Index, proxy and certificates come from pip's own settings
# (pip.conf, PIP_*); nothing of them is stored here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
lock=requirements/dev.lock
stamp=$venv/.octosync-setup

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

find_python() {
  local name
  for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  die "Python 3.11 or newer is needed. On Debian 12 or newer: apt-get install -y python3 python3-venv"
}

# Debian keeps `ensurepip` in a package of its own, named after the Python's minor version.
provide_venv() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  local package
  package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    die "$1 cannot make virtual environments. On Debian: sudo apt-get install -y $package"
  fi
  say "installing $package, which $1 lacks"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq "$package" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "$package" >/dev/null; } ||
    die "could not install $package; do so by hand, then run this again"
}

# What the environment was made of; it moves with the checkout, since an editable install knows its folder.
fingerprint() {
  { cat "$lock" pyproject.toml scripts/setup.sh; pwd; } | sha256sum | cut -d' ' -f1
}

wanted=$(fingerprint)
if [[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]] && "$venv/bin/python" -c '' 2>/dev/null; then
  exit 0
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  provide_venv "$python"
  say "making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
fi

say "installing what $lock names"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
printf '%s\n' "$wanted" >"$stamp"
say "done"
