//! What calls do to the world, and what time does.

use model_orchestrator::demo::{Caller, DemoOptions, DemoOutage, Event, Request, World};
use serde_json::{Value, json};

use super::{Stage, id, minutes, of_action, options};

fn model_patch(model: &Value) -> Value {
    json!({ "payload": { "kind": "agentTurn", "model": model } })
}

#[test]
fn pages_of_an_unchanged_list_share_a_revision_and_hold_every_job_once() {
    let mut stage = Stage::new();
    let mut seen = Vec::new();
    let mut revisions = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let page = stage.ok("cron.list", json!({ "includeDisabled": true, "limit": 20, "offset": offset }));
        assert_eq!((&page["total"], &page["hasMore"]), (&json!(50), &json!(!page["nextOffset"].is_null())));
        seen.extend(page["jobs"].as_array().unwrap().iter().map(|job| job["id"].to_string()));
        revisions.push(page["snapshotRevision"].clone());
        offset = page["nextOffset"].clone();
    }
    assert_eq!(revisions.len(), 3);
    revisions.dedup();
    assert_eq!(revisions.len(), 1);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 50);
    stage.ok("cron.update", json!({ "id": id("disk-check").as_str(), "patch": {} }));
    let page = stage.ok("cron.list", json!({ "limit": 1 }));
    assert_ne!(page["snapshotRevision"], revisions[0], "an edit moves it");
}

#[test]
fn a_list_is_filtered_and_sorted_as_asked() {
    let mut stage = Stage::new();
    let cases = [
        (json!({ "enabled": "disabled" }), 3, "auto-disabled, switched off, and the heartbeat"),
        (json!({ "includeDisabled": true, "scheduleKind": "at" }), 2, "one-shots"),
        (json!({ "query": "competitor" }), 1, "text in the name"),
        (json!({ "limit": 0 }), usize::MAX, "a limit below one"),
        (json!({ "offset": -1 }), usize::MAX, "a negative offset"),
        (json!({ "sort": "name" }), usize::MAX, "a parameter nobody knows"),
    ];
    for (params, expected, why) in cases {
        let found = stage.call("cron.list", params).answer;
        let n_jobs = found.map_or(usize::MAX, |page| page["jobs"].as_array().unwrap().len());
        assert_eq!(n_jobs, expected, "{why}");
    }
    let page = stage.ok("cron.list", json!({}));
    let next: Vec<i64> =
        page["jobs"].as_array().unwrap().iter().filter_map(|job| job["nextRunAtMs"].as_i64()).collect();
    assert!(next.is_sorted(), "the next to run comes first");
}

#[test]
fn a_model_is_written_dropped_and_given_back_with_its_old_revision() {
    let mut stage = Stage::new();
    let slug = id("feed-filter");
    let slug = slug.as_str();
    let before = stage.job("feed-filter");
    let revision = before["configRevision"].clone();
    let update = |patch: Value| json!({ "id": slug, "patch": patch });

    let changed = stage.ok("cron.update", update(model_patch(&json!("kimi/kimi-k3"))));
    assert_eq!(changed["payload"]["model"], "kimi/kimi-k3");
    assert_eq!(changed["payload"]["message"], before["payload"]["message"], "the rest of the payload stays");
    assert_eq!(changed["nextRunAtMs"], before["nextRunAtMs"], "and so does the schedule");
    assert_ne!(changed["configRevision"], revision);
    for nothing in [json!(null), json!("")] {
        stage.ok("cron.update", update(model_patch(&json!("nope/none"))));
        let dropped = stage.ok("cron.update", update(model_patch(&nothing)));
        assert!(dropped["payload"].get("model").is_none());
    }
    let back = stage.ok("cron.update", update(model_patch(&before["payload"]["model"])));
    assert_eq!(back["configRevision"], revision, "undoing an edit brings the old value back");
}

#[test]
fn a_guarded_edit_loses_against_somebody_elses() {
    let mut stage = Stage::new();
    let slug = id("price-watch");
    let seen = stage.job("price-watch")["configRevision"].clone();
    stage.ok("cron.update", json!({ "id": slug.as_str(), "patch": { "description": "moved" } }));
    let mine = json!({
        "id": slug.as_str(), "patch": model_patch(&json!("google/gemini-3-flash")), "expectedConfigRevision": seen,
    });
    let fault = stage.refused("cron.update", mine);
    assert_eq!((fault.code, fault.detail_code()), ("INVALID_REQUEST", Some("CRON_JOB_CHANGED")));
    let actual = fault.details.as_deref().unwrap()["actualConfigRevision"].clone();
    assert_eq!(actual, stage.job("price-watch")["configRevision"]);
    let again = json!({
        "id": slug.as_str(), "patch": model_patch(&json!("google/gemini-3-flash")), "expectedConfigRevision": actual,
    });
    assert_eq!(stage.ok("cron.update", again)["payload"]["model"], "google/gemini-3-flash");
}

#[test]
fn switching_a_running_cron_off_kills_its_run_and_counts_an_error() {
    let mut stage = Stage::new();
    let slug = id("research-synthesis");
    let errors = |stage: &Stage| stage.job("research-synthesis")["state"]["consecutiveErrors"].as_u64().unwrap_or(0);
    let before = errors(&stage);
    let reply = stage.call("cron.update", json!({ "id": slug.as_str(), "patch": { "enabled": false } }));
    let actions: Vec<_> = reply.events.iter().map(|event| event.payload["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["finished", "updated"]);
    let job = stage.job("research-synthesis");
    assert!(job["state"].get("runningAtMs").is_none() && job.get("nextRunAtMs").is_none());
    assert_eq!((errors(&stage), &job["state"]["lastRunStatus"]), (before + 1, &json!("error")));
    stage.ok("cron.update", json!({ "id": slug.as_str(), "patch": { "enabled": true } }));
    assert_eq!(errors(&stage), 0, "switching it on again forgets the errors");
    assert!(stage.job("research-synthesis")["nextRunAtMs"].is_i64());
}

#[test]
fn a_declaration_key_makes_adding_an_upsert() {
    let mut stage = Stage::new();
    let job = |at: &str| {
        json!({
            "name": "Wake-up", "declarationKey": "model-orchestrator:wake", "schedule": { "kind": "at", "at": at },
            "sessionTarget": "isolated", "wakeMode": "now", "payload": { "kind": "command", "argv": ["true"] },
            "delivery": { "mode": "none" }, "deleteAfterRun": true,
        })
    };
    let first = stage.ok("cron.add", job("2026-11-23T09:00:00.000Z"));
    let second = stage.ok("cron.add", job("2026-11-23T06:50:00.000Z"));
    assert_eq!(
        (&first["created"], &second["created"], &second["updated"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(first["job"]["id"], second["job"]["id"]);
    let events = stage.pass(minutes(9));
    let own: Vec<_> = events.iter().filter(|event| event.payload["jobId"] == second["job"]["id"]).collect();
    let actions: Vec<_> = own.iter().map(|event| event.payload["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["started", "finished", "removed"], "a one-shot that went well is gone");
}

#[test]
fn of_two_marks_with_one_key_the_first_stays_until_it_is_changed_as_it_was_seen() {
    let mut stage = Stage::new();
    let mark = |host: &str| {
        json!({
            "name": format!("{host} acts"), "declarationKey": "model-orchestrator:owner", "enabled": false,
            "description": host, "schedule": { "kind": "every", "everyMs": 3_153_600_000_000_i64 },
            "sessionTarget": "isolated", "wakeMode": "next-heartbeat",
            "payload": { "kind": "command", "argv": ["true"] }, "delivery": { "mode": "none" },
        })
    };
    let first = stage.ok("cron.add", mark("nas"));
    let second = stage.ok("cron.add", mark("laptop"));
    assert_eq!((&second["created"], &second["updated"]), (&json!(false), &json!(false)), "as the gateway has it");
    assert_eq!((&second["job"]["description"], &second["job"]["name"]), (&json!("nas"), &json!("nas acts")));
    assert!(second["job"].get("nextRunAtMs").is_none(), "it never runs");
    let take = |host: &str| {
        let seen = &first["job"]["configRevision"];
        json!({ "id": first["job"]["id"], "patch": { "description": host }, "expectedConfigRevision": seen })
    };
    assert_eq!(stage.ok("cron.update", take("laptop"))["description"], "laptop");
    let refused = stage.refused("cron.update", take("third")).details.expect("details");
    assert_eq!(refused["code"], "CRON_JOB_CHANGED");
}

#[test]
fn an_upsert_keeps_what_it_does_not_name_and_a_one_shot_is_never_in_the_past() {
    let mut stage = Stage::new();
    let job = |minutes_from_now: i64, enabled: Option<bool>| {
        let at = format!("{:.3}", stage.now + minutes(minutes_from_now));
        let mut job = json!({
            "name": "Wake-up", "declarationKey": "model-orchestrator:wake", "schedule": { "kind": "at", "at": at },
            "sessionTarget": "isolated", "wakeMode": "now", "payload": { "kind": "command", "argv": ["true"] },
            "delivery": { "mode": "none" }, "deleteAfterRun": true,
        });
        if let Some(enabled) = enabled {
            job["enabled"] = enabled.into();
        }
        job
    };
    let [off, moved, on, past, late] =
        [job(60, Some(false)), job(90, None), job(90, Some(true)), job(-2, None), job(0, None)];
    assert_eq!(stage.ok("cron.add", off)["job"]["enabled"], json!(false));
    assert_eq!(stage.ok("cron.add", moved)["job"]["enabled"], json!(false), "moved, and still off");
    assert!(stage.ok("cron.add", on)["job"]["nextRunAtMs"].is_i64());
    assert!(stage.refused("cron.add", past).message.starts_with("schedule.at is in the past"));
    stage.ok("cron.add", late);
    let actions = stage.pass(minutes(1)).into_iter().filter(|event| event.payload["job"]["name"] == "Wake-up");
    let actions: Vec<_> = actions.map(|event| event.payload["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, ["started", "finished", "removed"], "one that is a moment late runs at once");
}

#[test]
fn the_write_limit_counts_by_method_and_caller_in_a_fixed_window() {
    let mut stage = Stage::with(&DemoOptions { write_limit: 3, ..options() });
    let write = || json!({ "id": "no-such-job", "patch": {} });
    for _ in 0..3 {
        assert_eq!(stage.refused("cron.update", write()).code, "INVALID_REQUEST", "invalid calls count too");
    }
    stage.now += jiff::SignedDuration::from_secs(20);
    let fault = stage.refused("cron.update", write());
    assert_eq!((fault.code, fault.retryable, fault.retry_after_ms), ("UNAVAILABLE", true, Some(40_000)));
    assert_eq!(fault.message, "rate limit exceeded for cron.update; retry after 40s");
    assert_eq!(fault.details.as_deref(), Some(&json!({ "method": "cron.update", "limit": "3 per 60s" })));
    assert_eq!(
        stage.refused("cron.remove", json!({ "id": "x" })).code,
        "INVALID_REQUEST",
        "another method has its own"
    );
    let other = Caller::admin("somebody else");
    let reply = stage.world.apply(&other, &Request::new("cron.update", write()), stage.now);
    assert_eq!(reply.answer.unwrap_err().code, "INVALID_REQUEST", "and so has another caller");
    stage.now += jiff::SignedDuration::from_secs(40);
    assert_eq!(stage.refused("cron.update", write()).code, "INVALID_REQUEST", "a new window");
    assert_eq!(stage.world.calls()["cron.update"], 6);
}

#[test]
fn scopes_open_methods() {
    let scopes = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
    let cases = [
        (vec![], "health", None, "health is for everybody"),
        (vec![], "cron.list", Some("operator.read"), "nothing else is"),
        (scopes(&["operator.read"]), "cron.list", None, "a reader reads"),
        (scopes(&["operator.read"]), "cron.update", Some("operator.admin"), "and does not write"),
        (scopes(&["operator.admin"]), "models.list", None, "an admin may do everything"),
    ];
    for (scopes, method, lacks, why) in cases {
        let mut stage = Stage::new();
        stage.caller.scopes = scopes;
        let answer = stage.call(method, json!({})).answer;
        let missing = answer.err().and_then(|fault| fault.details).map(|details| details["missingScope"].clone());
        assert_eq!(missing, lacks.map(Value::from), "{why}");
    }
}

/// A cron on Z.AI that runs by hand and then every minute.
fn on_zai(stage: &mut Stage, fallbacks: &Value) -> String {
    let job = json!({
        "name": "Z", "schedule": { "kind": "every", "everyMs": 60_000 }, "sessionTarget": "isolated", "wakeMode": "now",
        "delivery": { "mode": "none" },
        "payload": { "kind": "agentTurn", "message": "Hi.", "model": "glm-5.2", "fallbacks": fallbacks },
    });
    stage.ok("cron.add", job)["id"].as_str().unwrap().to_owned()
}

fn finished_of<'a>(events: &'a [Event], id: &str) -> Vec<&'a Value> {
    of_action(events, "finished").into_iter().filter(|payload| payload["jobId"] == id).collect()
}

#[test]
fn fallbacks_answer_after_a_billing_error_and_never_after_a_timeout() {
    let cases = [
        (DemoOutage::OutOfCredits, Some("google"), "money is out at once"),
        (DemoOutage::RefusedKey, Some("google"), "so is a refused key"),
        (DemoOutage::QuotaExhausted, Some("google"), "so is a limit"),
        (DemoOutage::Overloaded, None, "overload is retried until the time is up"),
        (DemoOutage::RateLimited, None, "and so is a plain rate limit"),
    ];
    for (outage, answers, why) in cases {
        let mut stage = Stage::new();
        stage.world.set_outage("zai", outage);
        let id = on_zai(&mut stage, &json!(["flash"]));
        stage.ok("cron.run", json!({ "id": id }));
        let events = stage.pass(jiff::SignedDuration::from_secs(30));
        let [run] = finished_of(&events, &id)[..] else { panic!("{why}: one run") };
        let answered = (run["status"] == "ok").then(|| run["provider"].as_str().unwrap());
        assert_eq!(answered, answers, "{why}");
        if answers.is_none() {
            assert_eq!((&run["errorReason"], &run["provider"]), (&json!("timeout"), &json!("zai")));
            assert!(run["durationMs"].as_i64() >= Some(10_000));
        }
    }
}

#[test]
fn a_cooldown_refuses_runs_without_a_reason_until_it_is_over() {
    let mut stage = Stage::new();
    stage.world.set_outage("zai", DemoOutage::OutOfCredits);
    let id = on_zai(&mut stage, &json!([]));
    let mut reasons = Vec::new();
    let mut available = Vec::new();
    for _ in 0..2 {
        stage.ok("cron.run", json!({ "id": id }));
        let events = stage.pass(jiff::SignedDuration::from_secs(10));
        reasons.extend(finished_of(&events, &id).iter().map(|run| run.get("errorReason").cloned()));
        let models = stage.ok("models.list", json!({ "provider": "zai" }));
        available.push(models["models"][0]["available"].clone());
    }
    assert_eq!(reasons, [Some(json!("billing")), None]);
    assert_eq!(available, [false, false]);
    stage.world.set_outage("zai", DemoOutage::Serving);
    stage.pass(minutes(11));
    let models = stage.ok("models.list", json!({ "provider": "zai" }));
    assert_eq!(models["models"][0]["available"], true, "ten minutes later");
    stage.ok("cron.run", json!({ "id": id }));
    let events = stage.pass(minutes(1));
    assert_eq!(finished_of(&events, &id)[0]["status"], "ok");
}

#[test]
fn ten_failures_in_a_row_switch_a_recurring_cron_off() {
    let mut stage = Stage::new();
    stage.world.set_outage("zai", DemoOutage::RefusedKey);
    let id = on_zai(&mut stage, &json!([]));
    let events = stage.pass(minutes(8 * 60));
    assert_eq!(finished_of(&events, &id).len(), 10, "it backs off, and after the tenth it is off");
    let job = stage.world.job(&id).unwrap();
    assert_eq!((&job["enabled"], &job["state"]["autoDisabled"]["consecutiveErrors"]), (&json!(false), &json!(10)));
}

#[test]
fn crons_run_when_they_are_due_and_only_if_they_should() {
    let mut stage = Stage::new();
    let due = stage.job("uptime-probe")["nextRunAtMs"].as_i64().unwrap();
    let events = stage.pass(minutes(15));
    let started = of_action(&events, "started");
    let probe = started.iter().find(|payload| payload["jobId"] == id("uptime-probe").as_str()).unwrap();
    assert_eq!(probe["runAtMs"].as_i64(), Some(due));
    let off = id("incident-retrospective");
    assert!(started.iter().all(|payload| payload["jobId"] != off.as_str()), "nobody runs what is off");

    let mut still = Stage::with(&DemoOptions { run_jobs: false, ..options() });
    assert_eq!(still.pass(minutes(600)), [], "without due runs the world stands still");
    assert_eq!(still.world.next_due(), None, "and has nothing to wake up for");
}

#[test]
fn quotas_fill_with_runs_and_empty_at_their_reset() {
    let mut stage = Stage::new();
    let window = |stage: &mut Stage, provider: &str, label: &str| {
        let usage = stage.ok("usage.status", json!({}));
        let report =
            usage["providers"].as_array().unwrap().iter().find(|report| report["provider"] == provider).cloned();
        let report = report.unwrap();
        let windows = report["windows"].as_array().unwrap().clone();
        windows.into_iter().find(|window| window["label"] == label).unwrap()
    };
    assert_eq!(window(&mut stage, "google", "Daily")["usedPercent"], json!(98.0), "its end is near");
    let before = window(&mut stage, "google", "Daily")["resetAt"].as_i64().unwrap();
    stage.pass(minutes(60));
    assert!(window(&mut stage, "google", "Daily")["usedPercent"].as_f64() > Some(98.0), "runs use it up");
    stage.now = jiff::Timestamp::from_millisecond(before).unwrap();
    let after = window(&mut stage, "google", "Daily");
    assert!(after["usedPercent"].as_f64() < Some(50.0) && after["resetAt"].as_i64() > Some(before));
    stage.world.set_outage("kimi", DemoOutage::QuotaExhausted);
    assert_eq!(window(&mut stage, "kimi", "Week")["usedPercent"], json!(100.0));
    assert!(window(&mut stage, "kimi", "5h")["usedPercent"].as_f64() < Some(100.0), "the others go on");
}

#[test]
fn google_counts_its_days_from_midnight_in_los_angeles() {
    let resets = |now: &str| {
        let now: jiff::Timestamp = now.parse().unwrap();
        let mut stage = Stage { now, world: World::new(&options(), now), ..Stage::new() };
        let usage = stage.ok("usage.status", json!({}));
        let google = usage["providers"].as_array().unwrap().iter().find(|report| report["provider"] == "google");
        let reset = google.unwrap()["windows"][1]["resetAt"].as_i64().unwrap();
        jiff::Timestamp::from_millisecond(reset).unwrap().to_string()
    };
    let cases = [
        ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z", "a second before"),
        ("2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z", "on the stroke"),
        ("2026-10-31T12:00:00Z", "2026-11-01T07:00:00Z", "into the day with an hour more"),
        ("2026-11-01T12:00:00Z", "2026-11-02T08:00:00Z", "out of it"),
    ];
    for (now, reset, why) in cases {
        assert_eq!(resets(now), reset, "{why}");
    }
}
