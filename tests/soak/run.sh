#!/usr/bin/env bash
# A day with a hundred outages, in half an hour: whether the engine without a window, and the demo, stay as
# small as they began.
#
#   tests/soak/run.sh PROGRAM [--hours 24] [--minutes 30] [--outages 100] [--seed 7] [--csv FILE]
#
# PROGRAM is the built model-orchestrator. Needs Linux, python3 and libfaketime (Debian: apt-get install faketime),
# which lets time pass faster for both programs alike: clocks, sleeps and the time-outs of sockets.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
for library in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
    [ ! -e "$library" ] || export SOAK_FAKETIME="$library"
done
[ -n "${SOAK_FAKETIME:-}" ] || { echo 'libfaketime is not installed: apt-get install faketime' >&2; exit 2; }
exec python3 "$(dirname "${BASH_SOURCE[0]}")/soak.py" "$@"
