#!/usr/bin/env bash
# Makes .venv from the lock and installs Candlewick into it, editable.
#   scripts/venv.sh run    what Candlewick needs to run          (requirements.lock)
#   scripts/venv.sh dev    the same, and what its tests need     (requirements-dev.lock)
# Nothing is done where the lock and pyproject.toml have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-run}
lock=requirements.lock
[ "$kind" = dev ] && lock=requirements-dev.lock

inputs=$(find requirements*.lock pyproject.toml hatch_build.py src/candlewick/dashboard/frontend -type f -not -path '*/node_modules/*' | sort)
hash=$(cat $inputs | sha256sum | cut -c1-16)
stamp=.venv/.installed-$kind-$hash
if [ -e "$stamp" ] || [ -e ".venv/.installed-dev-$hash" ]; then exit 0; fi

started=$(date +%s)
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Candlewick needs Python 3.11 or newer, found $("$python" --version 2>&1); set PYTHON=/path/to/python3.11" >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv

# Whatever is installed is one of the locks' files, by its hash; building fetches nothing by itself.
install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
echo "Installing the pinned packages of $lock into .venv ..."
"${install[@]}" --require-hashes --only-binary :all: -r requirements-build.lock
# uv installs the same locked packages about ten times faster than pip; where it cannot, pip does it.
if ! .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" 2>.venv/uv.log; then
    "${install[@]}" --require-hashes -r "$lock"
fi
if ! .venv/bin/python -c 'import sys, hatch_build; sys.exit(hatch_build.system_node() is None)'; then
    "${install[@]}" --require-hashes --only-binary :all: -r requirements-node.lock
fi
echo "Building the chart and installing Candlewick ..."
"${install[@]}" --no-deps --no-build-isolation --editable .
rm -f .venv/.installed-*
touch "$stamp"
echo "Ready after $(($(date +%s) - started)) s."
