#!/usr/bin/env bash
# Makes sure that there is a promtool, which checks the alert rules in deploy/: that of Debian's package, unpacked into
# .venv; no server is installed. Nothing is done where one is found.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v promtool >/dev/null || [ -x .venv/bin/promtool ]; then exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "promtool is not here and there is no apt-get to fetch it with; install Prometheus yourself" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
(cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1) || {
    apt-get update -qq
    (cd "$folder" && apt-get download -qq prometheus)
}
dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
install -m 755 "$folder/usr/bin/promtool" .venv/bin/promtool
