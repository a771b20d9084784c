#!/usr/bin/env bash
# Resolves requirements.lock (to run), requirements-record.lock (to record only), requirements-dev.lock (to test),
# requirements-build.lock, requirements-node.lock and requirements-release.lock (to make the package), and
# requirements-lint-sql.lock (to look at the SQL), from
# pyproject.toml: `name==version --hash=...` lines for every platform, without the address of any index.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
compile=("$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate)
"${compile[@]}" pyproject.toml --output-file requirements.lock "$@"
# The tests run with the very versions that users run with, but for certifi, which dbt-snowflake pins to an old one.
same=$(mktemp)
trap 'rm -f "$same"' EXIT
grep -E '^[a-zA-Z0-9]' requirements.lock | sed 's/ *\\$//' | grep -v '^certifi==' >"$same"
"${compile[@]}" pyproject.toml --extra dev --constraint "$same" --output-file requirements-dev.lock "$@"
"${compile[@]}" --python-version 3.11 --group record --constraint "$same" --output-file requirements-record.lock "$@"
# Both are in one environment with what the package is made with.
for group in build node release lint-sql; do
    "${compile[@]}" --python-version 3.11 --group "$group" --constraint "$same" --output-file "requirements-$group.lock" "$@"
done
