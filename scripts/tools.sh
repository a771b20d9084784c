#!/usr/bin/env bash
# Makes .venv/NAME of requirements-NAME.lock: tools whose own needs have nothing to do with what Candlewick needs.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/venv.sh dev
name=$1
[ -x ".venv/$name/bin/python" ] || .venv/bin/python -m venv --without-pip ".venv/$name"
.venv/bin/python -m uv pip install --quiet --python ".venv/$name/bin/python" --require-hashes --only-binary :all: \
    -r "requirements-$name.lock" 2>".venv/$name.log" || {
    tail -3 ".venv/$name.log" >&2
    echo "requirements-$name.lock cannot be installed, so what its tools check is not checked" >&2
    exit 1
}
