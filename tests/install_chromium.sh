#!/usr/bin/env bash
# Puts Debian's chromium on the machine for the tests marked `browser`. Where that is not allowed
# it says how to do it by hand; pytest then skips those tests, or fails them under LOTMARK_CI=1.
set -euo pipefail

command -v chromium >/dev/null && exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "chromium is not installed: the browser tests cannot run here. On Debian:"
    echo "    sudo apt-get update && sudo apt-get install chromium"
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
echo "installing chromium for the browser tests"
if ! { apt-get update && apt-get install -y --no-install-recommends chromium; } >"$log" 2>&1; then
    tail -n 20 "$log"
    echo "chromium could not be installed: the browser tests cannot run here"
fi
