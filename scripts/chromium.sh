#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser tests and the screenshots: Debian's own package, by apt.
# Nothing is done where one is found. Tests without one are skipped and say so, except under CI, where they fail.
set -euo pipefail

if path=$(command -v chromium); then
    echo "Chromium is here: $path"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "Chromium is not here and there is no apt-get to install it with; install a 'chromium' yourself" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "Chromium is not here; install it with: sudo apt-get install chromium" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "Installing Debian's chromium with apt-get ..."
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-liberation
echo "Chromium is here: $(command -v chromium)"
