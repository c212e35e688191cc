#!/usr/bin/env bash
# Sees that a Chromium is there for the tests of the status page: one that is on the PATH, or else Debian's own package.
# Does nothing when there is one already.
#
# Exit status 0: it is there. 3: it cannot be had here (no Debian, no index, or no root for what root must do); the tests that
# use it skip, and say so.
set -euo pipefail

say() { printf 'browser: %s\n' "$*" >&2; }
unavailable() { say "$*; the tests of the status page in a browser are skipped"; exit 3; }

# The same names, in the same order, as tests/browser.py looks for.
for program in chromium chromium-browser google-chrome; do
  command -v "$program" >/dev/null && exit 0
done
command -v apt-get >/dev/null || unavailable "there is no Chromium, and no apt-get to get it with"
[[ $(id -u) == 0 ]] || unavailable "there is no Chromium. As root: apt-get install -y chromium"

say "installing Debian's chromium"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -qq --no-install-recommends chromium)
"${install[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}" >/dev/null; } || unavailable "apt-get does not give it"
command -v chromium >/dev/null || unavailable "the package holds no program of this name"
say "done"
