#!/usr/bin/env bash
# Opens the real window on the built-in demo, on a screen of its own, and uses it like a person:
# with the mouse, then once more from the start with the keyboard alone.
#
#   tests/window/run.sh BINARY
#
# Needs Xvfb, openbox, xdotool, ImageMagick. Pictures and the log stay in target/window-test.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
binary=$(realpath "${1:-target/release/model-orchestrator}")
out=$PWD/target/window-test
width=1280 height=800

say() { printf 'window test: %s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }

[ -x "$binary" ] || fail "no program at $binary"
for tool in Xvfb openbox xdotool import identify; do
    command -v "$tool" >/dev/null || fail "$tool is missing; .ci/run install brings it"
done

rm -rf "$out"
mkdir -p "$out"
home=$(mktemp -d)
log=$out/log-mouse.txt
pids=()

cleanup() {
    local status=$?
    [ "$status" -eq 0 ] || { picture failed || true; say 'the last lines of the log:'; tail -n 20 "$log" 2>/dev/null || true; }
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Nothing of the person who runs this is read or written, and no desktop service is reached.
# `session` is where one start of the program keeps its files.
session=$home/none
quiet=()
enter_session() {
    session=$home/$1
    mkdir -p "$session/tmp" "$session/run"
    chmod 700 "$session/run"
    quiet=(env -i HOME="$session" PATH="$PATH" TMPDIR="$session/tmp" XDG_RUNTIME_DIR="$session/run" LANG=C.UTF-8
        LIBGL_ALWAYS_SOFTWARE=1 RUST_BACKTRACE=1)
}
enter_session none

picture() { [ -z "${DISPLAY:-}" ] || import -window root "$out/$1.png"; }

# until_true SECONDS COMMAND...: polls; 1 when it never came true.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}

# --- Without a display it says so and names the other way -----------------------------------------
status=0
timeout 20 "${quiet[@]}" "$binary" demo >"$out/no-display.txt" 2>&1 || status=$?
[ "$status" -ne 0 ] && [ "$status" -ne 124 ] || fail "without a display it ended with $status"
grep -qi 'display' "$out/no-display.txt" || fail "without a display it said: $(cat "$out/no-display.txt")"
! grep -q 'panicked' "$out/no-display.txt" || fail 'without a display it panicked'
say "without a display: $(head -n 1 "$out/no-display.txt")"

# --- A screen with a window manager ---------------------------------------------------------------
rm -f "$out/display" # of an earlier run
Xvfb -displayfd 3 -screen 0 "${width}x$((height + 40))x24" -nolisten tcp 3>"$out/display" >"$out/xvfb.txt" 2>&1 &
pids+=($!)
until_true 20 test -s "$out/display" || fail 'Xvfb did not start'
DISPLAY=:$(tr -d '[:space:]' <"$out/display")
export DISPLAY
"${quiet[@]}" DISPLAY="$DISPLAY" openbox >"$out/openbox.txt" 2>&1 &
pids+=($!)

# --- It opens ---------------------------------------------------------------------------------------
alive() { kill -0 "$program" 2>/dev/null; }
find_window() {
    alive || fail "it ended before its window came: $(tail -n 5 "$log")"
    window=$(xdotool search --onlyvisible --pid "$program" 2>/dev/null | tail -n 1)
    [ -n "$window" ]
}
colours() { import -window root "$out/now.png" && identify -format '%k' "$out/now.png"; }
drawn() { alive || fail 'it ended while drawing'; [ "$(colours)" -gt 200 ]; }
tiers() { find "$session" -name cron-tiers.json -print -quit; }
has_tiers() { alive || fail 'it ended before the demo was connected'; [ -n "$(tiers)" ]; }
content() { sha256sum <"$(tiers)"; }
changed() { [ "$(content)" != "$before" ]; }
remember() { cp "$(tiers)" "$out/tiers.json"; before=$(content); }
# Lines of cron-tiers.json that are not as in the copy.
differ() { diff "$out/tiers.json" "$(tiers)" | grep -c '^>' || true; }

# The board is on screen once what is drawn stays the same for a second.
still() { local first; first=$(import -window root rgb:- | sha256sum); sleep 1; [ "$first" = "$(import -window root rgb:- | sha256sum)" ]; }

# open_demo NAME: a fresh demo in a session of its own.
open_demo() {
    enter_session "$1"
    log=$out/log-$1.txt
    "${quiet[@]}" DISPLAY="$DISPLAY" RUST_LOG=info "$binary" demo >"$log" 2>&1 &
    program=$!
    pids+=("$program")
    until_true 30 find_window || fail 'no window came'
    xdotool windowactivate --sync "$window" windowmove "$window" 0 0 windowsize "$window" "$width" "$height"
    until_true 30 drawn || fail 'the window stays empty'
    until_true 30 has_tiers || fail 'the demo has no cron-tiers.json'
    until_true 20 still || say 'the picture does not come to rest'
}

open_demo mouse
picture board
say "a window with $(colours) colours"

# --- A card is dragged from Unsorted to a tier --------------------------------------------------------
drag() {
    xdotool mousemove --window "$window" "$1" "$2" mousedown 1
    local step
    for step in 1 2 3 4 5 6 7 8 9 10; do
        xdotool mousemove --window "$window" $(($1 + ($3 - $1) * step / 10)) $(($2 + ($4 - $2) * step / 10))
        sleep 0.05
    done
    sleep 0.2
    [ -z "${5:-}" ] || picture "$5"
    xdotool mouseup 1
}

before=$(content)
moved=''
# Where exactly the first card lies is the design's business.
for y in 225 265 305 345; do
    drag 300 "$y" 850 "$((y + 150))" drag
    if until_true 3 changed; then moved=$y; break; fi
done
[ -n "$moved" ] || fail 'dragging a card did not change cron-tiers.json'
picture dragged
say "dragging a card changed cron-tiers.json"

# --- The same from the keyboard: undo, then sort the selected card -------------------------------------
before=$(content)
xdotool key ctrl+z
until_true 5 changed || fail 'Ctrl+Z did not take the drag back'
before=$(content)
xdotool mousemove --window "$window" 300 "$moved" click 1
sleep 0.3
xdotool key 3
until_true 5 changed || fail 'the key 3 did not sort the selected card'
until_true 5 still || true
picture keyboard
say 'Ctrl+Z and the key 3 changed it too'

# --- A suggestion is accepted, and two selected cards are dragged at once -------------------------------
sorted() { grep -c '"tier"' "$(tiers)"; }
remember
sorted_before=$(sorted)
# The suggestion stands at the right of the first unsorted card, below its name.
accepted=''
for y in 249 240 258 267 275; do
    xdotool mousemove --window "$window" 358 "$y" click 1
    if until_true 3 changed; then accepted=$y; break; fi
done
[ -n "$accepted" ] || fail 'pressing a suggestion did not sort its card'
until_true 5 still || true
[ "$(sorted)" -eq $((sorted_before + 1)) ] || fail "of $sorted_before sorted cards one suggestion made $(sorted)"
picture suggestion
say 'pressing a suggestion sorted its card'

remember
xdotool mousemove --window "$window" 560 225 click 1
sleep 0.3
xdotool keydown ctrl mousemove --window "$window" 560 305 click 1 keyup ctrl
sleep 0.3
picture selected
drag 560 225 850 400 drag-two
until_true 5 changed || fail 'dragging one of two selected cards did not change cron-tiers.json'
until_true 5 still || true
[ "$(differ)" -eq 2 ] || fail "two selected cards were dragged, and $(differ) lines changed"
picture dragged-two
say 'two selected cards were dragged at once'

# --- The plan is reviewed and applied with the button at the bottom right ----------------------------------
bottom_right() { xdotool mousemove --window "$window" $((width - 70)) $((height - 55)) click 1; }
apply_by_key() { xdotool key --clearmodifiers ctrl+Return; }
# press_until PRESS CONDITION...: the button rests for a moment when the plan has just changed; then once more.
press_until() {
    local press=$1 attempt
    shift
    for attempt in 1 2 3; do
        "$press"
        if until_true 10 "$@"; then return 0; fi
        say "press $attempt led to nothing"
    done
    return 1
}
# How many switches were verified and logged.
switches() { local file; file=$(find "$session" -name switches.log -print -quit); if [ -n "$file" ]; then wc -l <"$file"; else echo 0; fi; }
logged() { [ "$(switches)" -gt 0 ]; }
settled() { local first; first=$(switches); sleep 2; [ "$first" = "$(switches)" ]; }
undone() { [ "$(switches)" -eq $((2 * applied)) ]; }
bottom_right
until_true 10 still || true
# Four lines less: the gateway takes 30 writes a minute, and what is left and its undo fit in.
for y in 147 180 213 246; do xdotool mousemove --window "$window" 213 "$y" click 1; sleep 0.2; done
until_true 5 still || true
picture plan
! logged || fail 'looking at the plan wrote something'
press_until bottom_right logged || fail 'applying the plan verified nothing'
until_true 60 settled || fail 'applying does not end'
until_true 10 still || true
picture applied
applied=$(switches)
say "applied: $applied switches verified and logged"

# --- The plan is taken back with the button beside its results ----------------------------------------------
begun() { [ "$(switches)" -gt "$applied" ]; }
# The results stand below the table, whose height is the design's business.
taken_back=''
for y in 515 500 530 485 545; do
    xdotool mousemove --window "$window" 1100 "$y" click 1
    sleep 1
    until_true 5 still || true
    picture undo
    [ "$(switches)" -eq "$applied" ] || fail 'asking for an undo wrote something'
    bottom_right
    if until_true 10 begun; then taken_back=$y; break; fi
done
[ -n "$taken_back" ] || fail 'the plan could not be taken back by mouse'
until_true 60 undone || fail "of $applied switches $(($(switches) - applied)) were undone"
until_true 10 still || true
picture undone
say "undone: $(($(switches) - applied)) switches more"

# --- Idle costs nothing -----------------------------------------------------------------------------
xdotool mousemove --window "$window" $((width - 5)) 30
sleep 3
ticks() { awk '{ print $14 + $15 }' "/proc/$program/stat"; }
first=$(ticks)
sleep 10
used=$(($(ticks) - first))
hertz=$(getconf CLK_TCK)
say "10 s without input cost $((used * 1000 / hertz)) ms of CPU"
[ "$used" -le $((hertz / 2)) ] || fail 'an idle window works'

# --- It closes when asked ---------------------------------------------------------------------------
gone() { ! alive; }
close_window() {
    xdotool windowactivate --sync "$window" key --clearmodifiers alt+F4
    until_true 15 gone || fail 'it does not close'
    local status=0
    wait "$program" || status=$?
    [ "$status" -eq 0 ] || fail "it ended with $status"
    ! grep -q 'panicked' "$log" || fail 'there was a panic'
    ! grep -q ' ERROR ' "$log" || fail "an error was logged: $(grep -m 1 ' ERROR ' "$log")"
    say 'closed with 0'
}
close_window

# --- From the start with the keyboard alone -----------------------------------------------------------
# keys NAME...: one after the other, as fast as a person.
keys() { local key; for key; do xdotool key --clearmodifiers "$key"; sleep 0.15; done; }

xdotool mousemove "$((width - 1))" "$((height + 39))"
open_demo keyboard
remember
keys Down a
until_true 5 changed || fail 'the key A did not accept the suggestion of the first card'
until_true 5 still || true
picture keys-accepted

remember
keys space Down space 3
until_true 5 changed || fail 'the key 3 did not move two selected cards'
until_true 5 still || true
[ "$(differ)" -eq 2 ] || fail "two selected cards moved, and $(differ) lines changed"
picture keys-moved
say 'keys accepted a suggestion and moved two cards at once'

# Four lines are unticked and the last of them ticked again. The gateway takes 30 writes a minute: what is left and
# its undo fit in.
keys ctrl+5
until_true 10 still || true
keys space Down space Down space Down space
until_true 5 still || true
picture keys-unticked
keys space
press_until apply_by_key logged || fail 'Ctrl+Enter applied nothing'
until_true 60 settled || fail 'applying does not end'
until_true 10 still || true
picture keys-applied
applied=$(switches)
say "keys applied the plan: $applied switches verified and logged"

keys ctrl+7
until_true 10 still || true
picture keys-activity
keys u
until_true 10 still || true
picture keys-undo
[ "$(switches)" -eq "$applied" ] || fail 'asking for an undo wrote something'
press_until apply_by_key begun || fail 'Ctrl+Enter undid nothing'
until_true 60 undone || fail "of $applied switches $(($(switches) - applied)) were undone"
until_true 10 still || true
picture keys-undone
say "keys undid the plan: $(($(switches) - applied)) switches more"
close_window
