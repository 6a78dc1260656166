#!/usr/bin/env bash
# How long until the first frame: the program on its demo, and an empty window of the same toolkit, built alike
# and started alternately on one screen.
#
#   tests/window/first-frame.sh [RUNS]
#
# Builds both with the `dist` profile. Needs what the window test needs.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-9}
cargo build --profile dist --bin model-orchestrator --bench empty_window
program=target/dist/model-orchestrator
empty=$(find target/dist/deps -maxdepth 1 -name 'empty_window-*' -executable -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)

home=$(mktemp -d)
display=$home/display
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$display" >/dev/null 2>&1 &
xvfb=$!
trap 'kill "$xvfb" 2>/dev/null; rm -rf "$home"' EXIT
until [ -s "$display" ]; do sleep 0.1; done
DISPLAY=:$(tr -d '[:space:]' <"$display")
export DISPLAY HOME=$home LIBGL_ALWAYS_SOFTWARE=1

# Milliseconds from the start of the process to its line "first frame".
measure() {
    python3 - "$@" <<'PY'
import os, subprocess, sys, time
environment = dict(os.environ, EMPTY_WINDOW="1", RUST_LOG="model_orchestrator::ui=info")
start = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True)
for line in process.stdout:
    if line.strip().endswith("first frame"):
        print(round((time.monotonic() - start) * 1000, 1))
        break
process.terminate()
process.wait()
PY
}

measure "$program" demo >/dev/null
measure "$empty" >/dev/null
for _ in $(seq "$runs"); do
    measure "$program" demo >>"$home/program"
    measure "$empty" >>"$home/empty"
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ours=$(median "$home/program") floor=$(median "$home/empty")
printf 'first frame, median of %s: program %s ms, empty window %s ms, ratio %s\n' \
    "$runs" "$ours" "$floor" "$(awk -v a="$ours" -v b="$floor" 'BEGIN { printf "%.2f", a / b }')"
