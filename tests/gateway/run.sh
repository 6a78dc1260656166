#!/usr/bin/env bash
# Runs the tests that need a real OpenClaw gateway, on gateways of their own.
#
#   tests/gateway/run.sh [FILTER]   FILTER: only tests whose name begins with it
#
# The program is tested as it is shipped, optimised; PROFILE=dev builds faster and is slower.
#
# Installs OpenClaw into a cache once (see start.sh), starts it on loopback with
# mock model providers, runs the ignored tests one by one, and stops it. The
# exit code is that of the tests. To run them against a gateway that is already
# there, set MO_GATEWAY_URL, MO_GATEWAY_TOKEN and MO_MOCK_URL: nothing is
# started or stopped then. Never point them at a gateway whose crons matter.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
filter=${1:-}
profile=${PROFILE:-release}
state=''
pids=()

cleanup() {
    local status=$?
    [ ${#pids[@]} -eq 0 ] || "$here/start.sh" stop "${pids[@]}"
    if [ -n "$state" ]; then
        [ "$status" -eq 0 ] || tail -20 "$state/gateway.out" >&2 || true
        rm -rf "$state"
    fi
}
trap cleanup EXIT
# A stopped script still stops what it started.
trap 'exit 130' INT TERM

field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }

# start [OPTION...]: a fresh gateway, with the variables the tests read.
start() {
    local started
    started=$("$here/start.sh" start "$@")
    pids=("$(field "$started" pid)" "$(field "$started" mockPid)")
    state=$(field "$started" stateDir)
    MO_GATEWAY_URL=$(field "$started" url)
    MO_GATEWAY_TOKEN=$(field "$started" token)
    MO_MOCK_URL=$(field "$started" mockUrl)
    MO_OPENCLAW_CLI=$(field "$started" cli)
    export MO_GATEWAY_URL MO_GATEWAY_TOKEN MO_MOCK_URL MO_OPENCLAW_CLI
}

stop() {
    "$here/start.sh" stop "${pids[@]}"
    rm -rf "$state"
    pids=()
    state=''
    unset MO_GATEWAY_URL MO_GATEWAY_TOKEN MO_MOCK_URL MO_OPENCLAW_CLI
}

ignored() { cargo test "$@" -- --ignored --test-threads=1 --nocapture; }
real() { ignored --profile "$profile" --test real "$1$filter"; }

# Compiled first: a gateway takes 1 GB of memory that the linker may want.
cargo test --no-run --test it
cargo test --no-run --profile "$profile" --test real

if [ -n "${MO_GATEWAY_URL:-}" ]; then
    : "${MO_GATEWAY_TOKEN:?set it beside MO_GATEWAY_URL}" "${MO_MOCK_URL:?set it beside MO_GATEWAY_URL}"
    ignored --test it "wire::real$filter"
    real stock::
    exit
fi

echo '== a stock gateway'
start
ignored --test it wire::real
real stock::
real checks::
real secrets::
real owner::
real fires::
real speed::
stop

# What earlier tests did to the providers would be remembered.
echo '== a gateway in a crisis'
start
real crisis::
real serve::
stop

echo '== a gateway with a single model provider'
start --only minimax
real single::
stop
