#!/usr/bin/env bash
# Builds the source distribution, and the wheel of it, into build/dist, and lets twine check both strictly.
# Both tools are in an environment of their own: what they need has nothing to do with what Candlewick needs.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/venv.sh dev
tools=.venv/release
[ -x "$tools/bin/python" ] || .venv/bin/python -m venv --without-pip "$tools"
.venv/bin/python -m uv pip install --quiet --python "$tools/bin/python" --require-hashes --only-binary :all: \
    -r requirements-release.lock 2>.venv/release.log || {
    tail -3 .venv/release.log >&2
    echo "build and twine cannot be installed from requirements-release.lock, so the release is not checked" >&2
    exit 1
}
rm -rf build/dist
"$tools/bin/python" -m build --no-isolation --outdir build/dist >.venv/release.log || { cat .venv/release.log >&2; exit 1; }
"$tools/bin/twine" check --strict build/dist/*
