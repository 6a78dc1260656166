#!/usr/bin/env bash
# Reads the quota from a usage page that was saved or copied, and keeps it in the state folder.
# Usage: scrape-quota.sh PROVIDER [PAGE|-] [option of model-orchestrator scrape-quota]…
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: scrape-quota.sh PROVIDER [PAGE]" >&2
    exit 2
fi
provider=$1
shift
page=-
if [ $# -gt 0 ] && { [ "$1" = - ] || [ "${1#-}" = "$1" ]; }; then
    page=$1
    shift
fi
exec "${MODEL_ORCHESTRATOR:-model-orchestrator}" scrape-quota "$provider" --from "$page" --write "$@"
