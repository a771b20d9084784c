#!/usr/bin/env bash
# Resolves requirements.lock (to run) and requirements-dev.lock (to test) from pyproject.toml:
# `name==version --hash=...` lines for every platform, without the address of any index.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
compile=("$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml)
"${compile[@]}" --output-file requirements.lock "$@"
"${compile[@]}" --extra dev --constraint requirements.lock --output-file requirements-dev.lock "$@"
