"""The soak: starts the demo and the engine in faster time, makes outages, measures, and judges. See run.sh."""

import argparse
import csv
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

# What each provider of the demo can suffer from.
KINDS = {
    "anthropic": ["spend-limit", "overloaded", "refused-key", "server-error", "unreachable", "rate-limit"],
    "google": ["quota", "overloaded", "server-error", "unreachable", "rate-limit", "refused-key"],
    "kimi": ["quota", "overloaded", "refused-key", "server-error", "unreachable"],
    "minimax": ["credits", "overloaded", "server-error", "unreachable", "rate-limit"],
    "openai": ["spend-limit", "server-error", "unreachable", "refused-key"],
    "zai": ["quota", "money-words", "overloaded", "unreachable"],
}
# Those that the chains of the demo use: two of them down are a crisis.
CHAINED = ["anthropic", "google", "kimi", "minimax"]

# Growth that is no leak: what the allocator keeps, pages of the history's cache.
RSS_GROWTH_KB = 16 * 1024
SAMPLE_SECONDS = 5


# When outages come, as parts of the day, and which part of them: a short crisis, then two long ones. Each relapse
# doubles the wait before a crisis is left, up to four hours, so as much time without outages follows each.
BLOCKS = ((0.02, 0.05, 0.05), (0.12, 0.375, 0.48), (0.58, 0.77, 0.47))


def outages(hours, count, rng):
    """(moment in simulated seconds, provider, kind), in order: some fail together and come back together."""
    day, plan, made, due = hours * 3600, [], 0, 0.0
    for begins, ends, share in BLOCKS:
        due += share * count
        episodes = max(1, round(share * count / 2.5))
        length = (ends - begins) * day / episodes
        for episode in range(episodes):
            at = begins * day + episode * length
            n = (round(due) - made) / (episodes - episode)
            n = round(n) if episode + 1 == episodes else round(n + rng.choice([-1, 0, 0, 1]))
            n = min(len(KINDS), max(1, n))
            # Two of those that the chains use are a crisis.
            chained = rng.sample(CHAINED, min(n, 2))
            others = [provider for provider in KINDS if provider not in chained]
            for provider in chained + rng.sample(others, n - len(chained)):
                plan.append((at + rng.uniform(0, 0.1) * length, provider, rng.choice(KINDS[provider])))
                plan.append((at + rng.uniform(0.7, 0.8) * length, provider, "serving"))
                made += 1
    return sorted(plan)


class Clock:
    """Simulated time: real time from its start, so many times faster."""

    def __init__(self, speed):
        self.speed, self.began = speed, time.time()

    def seconds(self):
        return (time.time() - self.began) * self.speed

    def environment(self):
        # A process that starts later begins with what the others have gained by then.
        gained = (time.time() - self.began) * (self.speed - 1)
        fake = {"LD_PRELOAD": os.environ["SOAK_FAKETIME"], "FAKETIME": f"+{gained:.3f} x{self.speed:g}"}
        return {**os.environ, **fake, "NO_FAKE_STAT": "1"}


def measured(pid):
    """Resident memory in KB, threads, open files, sockets."""
    proc = pathlib.Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line)
    files = []
    for entry in (proc / "fd").iterdir():
        try:
            files.append(os.readlink(entry))
        except OSError:
            pass
    sockets = sum(file.startswith("socket:") for file in files)
    return int(status["VmRSS"].split()[0]), len(list((proc / "task").iterdir())), len(files), sockets


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crisis_of(state):
    """Whether crisis mode is on, and how many crons are owed."""
    try:
        ledger = json.loads((state / "ledger.json").read_text())
    except (OSError, ValueError):
        return False, 0
    return bool((ledger.get("crisis") or {}).get("mode")), len(ledger.get("entries") or {})


def allow_everything(state):
    """Crises are entered and left without anybody."""
    path = state / "settings.json"
    settings = json.loads(path.read_text())
    settings["automation"] = {"level": "act_within_limits", "max_percent_of_crons": 100, "max_crons": 10000}
    settings.setdefault("checks", {})["every_minutes"] = 5
    path.write_text(json.dumps(settings, indent=2))


def judge(rows, name):
    """What grew between the first hours and the last."""
    def part(begin, end):
        return rows[int(begin * len(rows)):max(int(end * len(rows)), int(begin * len(rows)) + 1)]

    faults = []
    print(f"\n{name:8} {'RSS KB':>9} {'threads':>8} {'files':>6} {'sockets':>8}   medians, and the most in brackets")
    table = {}
    for label, begin, end in (("start", 0.08, 0.2), ("middle", 0.45, 0.55), ("end", 0.9, 1.0)):
        found = part(begin, end)
        columns = [[row[f"{name}_{what}"] for row in found] for what in ("rss_kb", "threads", "files", "sockets")]
        table[label] = [statistics.median(column) for column in columns]
        print(f"{label:8} " + " ".join(f"{statistics.median(c):>9.0f} ({max(c)})" for c in columns))
    for what, at, more in (("memory", 0, RSS_GROWTH_KB), ("threads", 1, 0), ("files", 2, 4), ("sockets", 3, 4)):
        if table["end"][at] > table["start"][at] + more:
            faults.append(f"{name}: {what} grew from {table['start'][at]:.0f} to {table['end'][at]:.0f}")
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--csv", type=pathlib.Path)
    arguments = parser.parse_args()
    speed = arguments.hours * 60 / arguments.minutes
    plan = outages(arguments.hours, arguments.outages, random.Random(arguments.seed))

    with tempfile.TemporaryDirectory(prefix="model-orchestrator-soak-") as folder:
        folder = pathlib.Path(folder)
        state, home = folder / "state", folder / "home"
        home.mkdir()
        clock = Clock(speed)
        logs = {name: open(folder / f"{name}.log", "w+") for name in ("demo", "engine")}
        demo = subprocess.Popen(
            [arguments.program, "demo", "--headless", "--json", "--state-dir", state],
            env={**clock.environment(), "HOME": str(home)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=logs["demo"], text=True,
        )
        engine = None
        try:
            text = demo.stdout.readline()
            while text.count("{") != text.count("}"):
                text += demo.stdout.readline()
            document = json.loads(text)
            # What it says later is of no interest, and must not fill the pipe.
            threading.Thread(target=lambda: [None for _ in demo.stdout], daemon=True).start()
            allow_everything(state)
            engine = subprocess.Popen(
                [arguments.program, "--url", document["url"], "--token-file", document["token_file"],
                 "--state-dir", state, "serve"],
                env={**clock.environment(), "HOME": str(home), "OPENCLAW_CONFIG_PATH": document["config_file"]},
                stdin=subprocess.DEVNULL, stdout=logs["engine"], stderr=subprocess.STDOUT,
            )
            rows, counts = soak(arguments, clock, plan, demo, engine, state)
            used = {"engine": cpu_seconds(engine.pid), "demo": cpu_seconds(demo.pid)}
            began = time.time()
            engine.send_signal(signal.SIGTERM)
            ended = engine.wait(timeout=30)
            took = time.time() - began
        finally:
            for process in (engine, demo):
                if process and process.poll() is None:
                    process.kill()
        print(f"\n{arguments.hours:g} h in {arguments.minutes:g} min (x{speed:g}); outages {counts['outages']}, crises "
              f"entered {counts['entered']}, left {counts['left']}, most owed {counts['owed']}, owed at the end {counts['owes']}")
        print(f"CPU seconds: engine {used['engine']:.1f}, demo {used['demo']:.1f}; history "
              f"{sum(path.stat().st_size for path in state.glob('history.db*')) // 1024} KB, "
              f"switches {len((state / 'switches.log').read_text().splitlines()) if (state / 'switches.log').exists() else 0}")
        faults = judge(rows, "engine") + judge(rows, "demo")
        if ended != 0 or took > 6:
            faults.append(f"the engine ended with {ended} after {took:.1f} s")
        for name, log in logs.items():
            log.seek(0)
            text = log.read()
            # An outage that the demo does not know is none.
            if name == "demo" and "has no" in text:
                faults.append(f"the demo refused a line: {text[text.index('has no'):][:200]}")
            if "panicked" in text:
                faults.append(f"{name} panicked: {text[text.index('panicked'):][:300]}")
        if counts["outages"] < arguments.outages:
            faults.append(f"{counts['outages']} outages, not {arguments.outages}")
        if counts["left"] == 0 or counts["owes"]:
            faults.append("a crisis was not entered, or not left with everything given back")
        if faults:
            logs["engine"].seek(0)
            sys.stderr.write(logs["engine"].read()[-4000:])
    for fault in faults:
        print(f"FAULT {fault}")
    print("flat" if not faults else "not flat")
    return 1 if faults else 0


def soak(arguments, clock, plan, demo, engine, state):
    rows, counts = [], {"outages": 0, "entered": 0, "left": 0, "owed": 0, "owes": 0}
    was_crisis, upcoming, ends = False, list(plan), arguments.hours * 3600
    next_sample = time.time()
    writer = None
    while clock.seconds() < ends:
        if demo.poll() is not None or engine.poll() is not None:
            raise SystemExit(f"ended early: demo {demo.poll()}, engine {engine.poll()}")
        while upcoming and upcoming[0][0] <= clock.seconds():
            _, provider, kind = upcoming.pop(0)
            demo.stdin.write(f"{provider}={kind}\n")
            demo.stdin.flush()
            counts["outages"] += kind != "serving"
        is_crisis, owed = crisis_of(state)
        counts["entered"] += is_crisis and not was_crisis
        counts["left"] += was_crisis and not is_crisis
        counts["owed"], counts["owes"], was_crisis = max(counts["owed"], owed), owed, is_crisis
        if time.time() >= next_sample:
            next_sample += SAMPLE_SECONDS
            row = {"hour": round(clock.seconds() / 3600, 3), "crisis": int(is_crisis), "owed": owed, "outages": counts["outages"]}
            for name, process in (("engine", engine), ("demo", demo)):
                for what, value in zip(("rss_kb", "threads", "files", "sockets"), measured(process.pid)):
                    row[f"{name}_{what}"] = value
            rows.append(row)
            if arguments.csv:
                with open(arguments.csv, "a" if writer else "w", newline="") as file:
                    table = csv.DictWriter(file, row.keys())
                    if not writer:
                        table.writeheader()
                    table.writerow(row)
                    writer = True
        time.sleep(0.25)
    return rows, counts


if __name__ == "__main__":
    sys.exit(main())
