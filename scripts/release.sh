#!/usr/bin/env bash
# Builds the source distribution, and the wheel of it, into build/dist, and lets twine check both strictly.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/tools.sh release
tools=.venv/release/bin
rm -rf build/dist
"$tools/python" -m build --no-isolation --outdir build/dist >.venv/release.log || { cat .venv/release.log >&2; exit 1; }
"$tools/twine" check --strict build/dist/*
