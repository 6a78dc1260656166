#!/usr/bin/env bash
# Looks at one provider now: its state in one word on standard output, in sentences on standard error.
# Usage: check-provider.sh PROVIDER [option of model-orchestrator check-provider]…
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: check-provider.sh PROVIDER" >&2
    exit 2
fi

code=0
document=$("${MODEL_ORCHESTRATOR:-model-orchestrator}" check-provider "$@" --json) || code=$?
if [ -z "$document" ]; then
    # Why not is on standard error already.
    exit "$code"
fi

# The value of a key of the account; keys of its windows and models come later in the document.
value() {
    sed -n '/"accounts": \[/,$ { s/,$//; s/^ *"'"$1"'": "\{0,1\}\(.*[^"]\)"\{0,1\}$/\1/p; }' <<<"$document" | sed -n 1p
}

case "$(value set_up) $(value health)" in
    "false unknown") word=no_key ;;
    *" up") word=up ;;
    *" rate_limited" | *" quota_exhausted") word=rate_limited ;;
    *" overloaded") word=overloaded ;;
    *" auth") word=session_expired ;;
    *" no_key") word=no_key ;;
    *" down" | *" model_unavailable") word=unreachable ;;
    *" balance_empty" | *" plan_inactive" | *" blocked" | *" misconfigured") word=down ;;
    *) word=unknown ;;
esac
echo "$word"

for key in headline advice; do
    said=$(value "$key")
    if [ -n "$said" ] && [ "$said" != null ]; then
        echo "$said" >&2
    fi
done
exit "$code"
