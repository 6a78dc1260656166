#!/usr/bin/env python3
"""Writes what the fuzzers begin with: the recorded cases of the tests, each in the form its target reads.

    fuzz/seeds.py FOLDER     makes FOLDER/state, FOLDER/frames, FOLDER/answers, FOLDER/times
"""

import json
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"
STATE = TESTS.parent / "state"
MOMENT = "1795420800000"

EXPRESSIONS = """
0 7 * * 1-5
*/15 * * * *
30 */12 * * * *
* * * * * *
0 9 L * *
0 9 13 * 5
@daily
@weekly
@monthly
0 0 30 2 *
0 0 29 2 *
15 30 8 * * *
0 8,20 * * *
0 8 1 */3 *
0 10 * * 6-7
0 9 * * tue
0 9 * * 0-6
0 7 22 * ?
0 8 3 12 *
*/30 9-17 * * *
30 2 * * *
0 7 * * 5#2
0 7 * * 5L
0 7 15W * *
0 */2 * * MON-FRI
0 * * * *~300000
every 600000 1795400000000
every 1 0
every 86400000
at 2026-11-23T18:00:00Z
at 2026-03-29T02:30:00+01:00[Europe/Brussels]
""".strip().splitlines()

PROVIDERS = ["zai", "anthropic", "openai", "gemini", "kimi", "somebody", "minimax"]

PLACES = [
    "- UTC", "Europe/Brussels Europe/Brussels", "America/New_York UTC", "Australia/Lord_Howe Asia/Kolkata",
    "Pacific/Apia UTC", "Asia/Kathmandu Europe/London", "America/Sao_Paulo America/St_Johns",
]

# Around the changes of clocks in Europe, America and Lord Howe, a leap day, the ends of a month and of a year.
MOMENTS = [
    MOMENT, "1774745999000", "1792889999400", "1772953200000", "1793512800000", "1775314800000", "1835481600000",
    "1798761599000", "1796083200123", "1",
]

TOLD = """
Your limit will reset at 2026-11-23 19:12:05
您的限额将在 2026-11-25 10:03:21 重置。
将在2026年11月25日 10:03重置
regain access on 2026-12-01 at 00:00 UTC.
Resets on November 25, 2026 at 3:05 PM UTC
available again 25 Nov 2026 03:05
Please try again in 1m12.3s
retry after 9 seconds
请在30秒后重试
6m0s
1h2m3.5s
23
1.5
1795496400
1795219200000
Fri, 27 Nov 2026 08:01:10 GMT
2026-11-24T08:00:21Z
in 3 hr 12 min
Thu 9:00 AM
11月27日 08:00
tomorrow at noon
3小时12分钟后
in an hour
03:12:45
Nov 30, 9am (Europe/Berlin)
2 days 3 hours
midnight UTC
""".strip().splitlines()


def moments_in_words():
    for path in sorted((TESTS.parent / "src").rglob("*.rs")):
        if path.name in ("when.rs", "moment.rs"):
            for line in path.read_text().split("mod tests")[-1].splitlines():
                if line.strip().startswith("(\""):
                    yield json.loads(json.dumps(line.strip()[2:].split("\"")[0]))


def times():
    told = TOLD + list(moments_in_words())
    count = max(len(EXPRESSIONS), len(told), len(MOMENTS) * len(PLACES))
    for n in range(count):
        moment, place = MOMENTS[n % len(MOMENTS)], PLACES[n % len(PLACES)]
        yield f"{moment} {place} {PROVIDERS[n % len(PROVIDERS)]}\n{EXPRESSIONS[n % len(EXPRESSIONS)]}\n{told[n % len(told)]}"


def answers():
    for path in sorted((TESTS / "providers/cases").rglob("*.json")):
        case = json.loads(path.read_text())
        request, account = case.get("request") or {}, case.get("account") or {}
        status = case.get("status") or (0 if "transport_error" not in case else "-")
        body = case.get("body")
        body = json.dumps(body, ensure_ascii=False) if body not in (None, "") and not isinstance(body, str) else body
        body = body or case.get("body_text") or case.get("transport_error") or ""
        headers = "".join(f"\n{name}: {value}" for name, value in (case.get("headers") or {}).items())
        prior = "\nprior: 1" if case.get("prior_quota") else ""
        words = [case["provider"], account.get("billing") or "-", request.get("kind") or "-", str(status)]
        words += [request["model"]] if request.get("model") else []
        yield f"answer {' '.join(words)}{headers}{prior}\n\n{body}"
        if len(path.read_text()) < 1500:
            yield "document\n\n" + json.dumps({key: case[key] for key in case if key not in ("expect", "case", "source")}, ensure_ascii=False)
    yield 'document\n\n{"provider":"zai","status":"§","headers":"§","body":1}'
    yield "answer openai prepaid_credits job 401\n\n" + '{"error":{"message":"Incorrect API key provided: §. See the docs"}}'
    for path in sorted((TESTS / "providers/dashboards").iterdir()):
        if path.suffix != ".json":
            beside = json.loads(path.with_suffix(".json").read_text()) if path.with_suffix(".json").exists() else {}
            service = beside.get("service") or path.name.split("-")[0]
            yield f"page {service} {beside.get('billing') or '-'}\n\n{path.read_text()}"


def frames():
    for path in sorted((TESTS / "recorded/gateway").glob("*.json")):
        recorded = json.loads(path.read_text())
        found = [entry["frame"] for entry in recorded.get("frames", []) if isinstance(entry.get("frame"), dict)]
        lines = [json.dumps(frame, ensure_ascii=False) for frame in found if frame.get("type") != "req"]
        for n in range(0, len(lines), 6):
            text = "frames\n" + "\n".join(lines[n:n + 6])
            if len(text) < 12000:
                yield text
        for frame in found:
            payload = frame.get("payload")
            parts = [payload] if len(json.dumps(payload)) < 6000 else []
            for key in ("jobs", "entries", "models", "providers"):
                items = payload.get(key) if isinstance(payload, dict) else None
                for item in items[:8] if isinstance(items, list) else []:
                    parts += [item, {key: [item]}]
            yield from (json.dumps(part, ensure_ascii=False) for part in parts if isinstance(part, dict))
        for probe in recorded.get("probes", []):
            yield json.dumps(probe.get("payload"))
    yield '{"jobs":[{"id":"a"},{"id":"b","schedule":{"kind":"every","everyMs":60000},"payload":{"kind":"script"}}],"hasMore":true,"nextOffset":2}'
    yield 'frames\n{"type":"res","id":"r1","ok":false,"error":{"code":"§","message":"token § was refused","details":{"code":"§"}}}'
    for config in (
        {"gateway": {"port": 19000, "auth": {"token": "§"}, "tls": {"enabled": True}}},
        {"gateway": {"mode": "remote", "remote": {"url": "wss://h.example/?token=§", "token": "§", "tlsFingerprint": "aa"}}},
        {"gateway": {"$include": "gateway.json5", "port": 1}, "agents": {"$include": ["a", "b"]}},
    ):
        yield "config\n" + json.dumps(config)
    yield "config\n// a comment\n{gateway: {port: +19_000, auth: {token: '§',},},}\nws://user:§@127.0.0.1\nwss://nas:0/#token=§"


def state():
    files = {path.name: path.read_text() for path in sorted(STATE.iterdir()) if path.suffix in (".json", ".log")}
    variants = [(path.name, path.read_text()) for path in sorted(STATE.rglob("*")) if path.parent != STATE and path.suffix in (".json", ".log")]
    for name, text in [*files.items(), *variants]:
        if len(text) < 12000:
            yield f"{name}\n{text}"
    known = [name for name in files if len(files[name]) < 4000]
    for name in known:
        if name.endswith(".json"):
            yield f"document\n{files[name]}\n=>\n{{\"a\": [1, 2.5e3], \"b\": {{\"c\": \"余\"}}}}"
    for name in known[:3]:
        yield f"folder\n== {name}\n{files[name]}"
    yield "folder\n== settings.json\n{\"accounts\": {\"zai\": {\"key\": \"keychain\", §}}, §, \"checks\": {\"every_minutes\": 5}}"
    yield "folder\n== disabled-tracking.json\n{\"c\": {\"disabledAt\": \"2026-02-13T12:00:00Z\", \"reason\": \"error\"}}\n== ledger.json\n{\"entries\": {}}"
    yield "settings.json\n{\"accounts\": {\"zai\": {\"key\": \"§\", \"service\": \"zai\", \"windows\": []}}, \"automation\": {\"level\": \"§\"}}"
    yield "merge\n{\"a\": 1, \"b\": {\"c\": 1}}\n=>\n{\"a\": 2, \"b\": {\"c\": 1, \"d\": 1}}\n=>\n{\"a\": 1, \"b\": {\"c\": 2}}"
    yield "document\n{\"a\":1,\r\n  \"a\" : 1e3, \"\\u4f59\":[ ],\t\"s\":\"\\ud83d\\ude00\"}\n=>\n{\"a\": [], \"z\": {\"y\": 1.0}}"
    yield (
        "ledger.json\n{\"entries\": {\"c\": {\"name\": \"C\", \"opened_at\": \"2026-11-20T08:00:00Z\", \"why\": \"crisis\", "
        "\"before\": {\"model\": \"a/b\", \"fallbacks\": [\"c/d\"], \"enabled\": true}, \"wrote\": {\"enabled\": false}, "
        "\"later\": 1}, \"bad\": 7}, \"crisis\": {\"mode\": {\"since\": \"2026-11-20T08:00:00Z\", \"by\": \"hand\"}, "
        "\"away\": [\"zai\", 3], \"relapses\": [\"2026-11-20T09:00:00Z\"], \"came_back\": {\"kimi\": \"2026-11-20T09:00:00Z\"}, "
        "\"report\": {\"since\": \"2026-11-20T08:00:00Z\", \"lines\": [{\"cron\": \"c\", \"name\": \"C\", \"back_at\": \"2026-11-20T08:00:00Z\", "
        "\"seal\": \"identical\", \"missed\": {\"n_runs\": 2}}]}, \"new\": true}}"
    )
    yield "owner.json\n{\"folder\": \"f1\", \"place\": 7, \"placed\": {\"folder\": \"f1\", \"host\": \"nas\", \"since\": \"2026-11-23T07:00:00.5Z\"}, \"note\": 1}"
    yield "switches.log\n2026-02-13T12:00:00Z | a \\| b \\u{1b} | x/y -> PAUSED | why\\n"
    yield "kimi-quota.json\n{\"weekly_usage_pct\": 42, \"weekly_reset_in\": \"2 days 3 hours\", \"rate_limit_pct\": \"7%\", \"weekly_reset_hours\": 51, \"checked_at\": \"2026-11-20T08:00:00Z\", \"windows\": [{\"id\": \"5h\", \"used_percent\": 3}]}"


def main():
    out = pathlib.Path(sys.argv[1])
    for target in (state, frames, answers, times):
        folder = out / target.__name__
        folder.mkdir(parents=True, exist_ok=True)
        seeds = list(target())
        for n, text in enumerate(seeds):
            (folder / f"seed-{n:04}").write_text(text)
        print(f"{target.__name__}: {len(seeds)}")


if __name__ == "__main__":
    main()
