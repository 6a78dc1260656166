#!/usr/bin/env bash
# Runs the fuzzers. Needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz).
#
#   fuzz/run.sh TARGET [SECONDS]     fuzzes state, frames, answers or times; 900 s without a number
#   fuzz/run.sh keep TARGET          keeps what leads everywhere, small, under tests/fuzz/corpus
#
# Works in fuzz/target, or in FUZZ_DIR. What breaks a law is left in crashes/TARGET there: put it under
# tests/fuzz/corpus/TARGET, and `cargo test --test it corpora` fails until it is mended.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
dir=${FUZZ_DIR:-$PWD/fuzz/target}
# Of the files up to this size so many are kept, small and large ones alike.
longest=1500 most=400

built() {
    cp Cargo.lock fuzz/Cargo.lock
    cargo +nightly fuzz build --sanitizer none --target-dir "$dir" "$1"
    program="$dir/$(rustc +nightly --print host-tuple)/release/$1"
}

keep() {
    local kept=tests/fuzz/corpus/$1 small merged from every
    small=$(mktemp -d) merged=$(mktemp -d)
    mkdir -p "$kept"
    for from in "$kept" "$dir/corpus/$1"; do
        find "$from" -type f -not -name 'found-*' -size -"$((longest + 1))"c -exec cp -t "$small" {} +
    done
    "$program" -set_cover_merge=1 "$merged" "$small"
    # Findings stay, whatever else leads where they lead.
    find "$kept" -type f -not -name 'found-*' -delete
    every=$((($(find "$merged" -type f | wc -l) + most - 1) / most))
    find "$merged" -type f -printf '%s %p\n' | sort -n | awk "NR % $every == 0 { print \$2 }" | xargs cp -t "$kept"
    rm -r "$small" "$merged"
    echo "$(find "$kept" -type f | wc -l) files, $(cat "$kept"/* | wc -c) bytes"
}

case "${1:-}" in
    keep) built "${2:?which target?}"; keep "$2" ;;
    state | frames | answers | times)
        built "$1"
        python3 fuzz/seeds.py "$dir/seeds"
        mkdir -p "$dir/corpus/$1" "$dir/crashes/$1"
        "$program" "$dir/corpus/$1" "tests/fuzz/corpus/$1" "$dir/seeds/$1" -fork=1 -ignore_crashes=1 \
            -ignore_timeouts=1 -max_total_time="${2:-900}" -timeout=5 -max_len=8192 -artifact_prefix="$dir/crashes/$1/"
        found=$(find "$dir/crashes/$1" -type f | wc -l)
        [ "$found" -eq 0 ] || { echo "$found findings in $dir/crashes/$1" >&2; exit 1; }
        ;;
    *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
esac
