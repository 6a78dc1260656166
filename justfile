# Shortcuts; every recipe is a plain command that works without `just`.

_default:
    @just --list

# The window on the built-in demo
demo:
    cargo run --release -- demo

# What CI runs, without a window, npm or a release build
check:
    .ci/run tests format clippy docs licences one-egui

# All stages of CI; or only those named
ci *stages:
    .ci/run {{stages}}

# The window under Xvfb
window:
    cargo build --release
    tests/window/run.sh target/release/model-orchestrator

# The ignored tests, against a real gateway
gateway *filter:
    tests/gateway/run.sh {{filter}}

bench *args:
    cargo bench {{args}}

# A Debian package (needs cargo-deb)
deb:
    cargo deb --profile dist
