//! Every key of a recorded answer is in the demo's answer to the same question.

use std::path::PathBuf;

use model_orchestrator::demo::DemoOutage;
use serde_json::{Map, Value, json};

use super::{Stage, id, minutes, of_action};

/// The frames of a recorded exchange, each with who sent it.
fn entries(name: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let file: Value = serde_json::from_str(&text).unwrap();
    file["frames"].as_array().unwrap().clone()
}

fn recorded(name: &str) -> Vec<Value> {
    let frames = entries(name).into_iter();
    frames.filter(|frame| frame["from"] == "gateway").map(|frame| frame["frame"].clone()).collect()
}

fn answer(name: &str, nth: usize) -> Value {
    recorded(name).into_iter().filter(|frame| frame["type"] == "res").nth(nth).unwrap()
}

/// The keys of `wanted` that `found` lacks or holds with another type, as paths. Of lists only the
/// first entries are compared, since their lengths differ.
fn missing(wanted: &Value, found: &Value, path: &str, except: &[&str]) -> Vec<String> {
    if except.contains(&path) {
        return Vec::new();
    }
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => missing_keys(wanted, found, path, except),
        (Value::Array(wanted), Value::Array(found)) => match (wanted.first(), found.first()) {
            (Some(wanted), Some(found)) => missing(wanted, found, &format!("{path}[]"), except),
            (Some(_), None) => vec![format!("{path}[] (empty)")],
            _ => Vec::new(),
        },
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        _ if std::mem::discriminant(wanted) == std::mem::discriminant(found) => Vec::new(),
        _ => vec![format!("{path} (another type)")],
    }
}

fn missing_keys(wanted: &Map<String, Value>, found: &Map<String, Value>, path: &str, except: &[&str]) -> Vec<String> {
    let mut gaps = Vec::new();
    for (key, wanted) in wanted {
        let path = format!("{path}/{key}");
        match found.get(key) {
            Some(found) => gaps.extend(missing(wanted, found, &path, except)),
            None if except.contains(&path.as_str()) => {}
            None => gaps.push(path),
        }
    }
    gaps
}

#[track_caller]
fn same_shape(name: &str, wanted: &Value, found: &Value, except: &[&str]) {
    assert_eq!(missing(wanted, found, "", except), Vec::<String>::new(), "{name} lacks what was recorded: {found}");
}

#[test]
fn reads_have_the_recorded_shape() {
    let thinking = &["/models[]/thinkingLevels", "/providerOutcomes", "/refreshFailed"][..];
    let cases: [(&str, &str, Value, &[&str]); 9] = [
        (
            "cron-list-middle-page",
            "cron.list",
            json!({"includeDisabled": true, "limit": 3, "offset": 3, "sortBy": "name"}),
            &["/deliveryPreviews"],
        ),
        ("cron-list-compact", "cron.list", json!({"compact": true, "limit": 3}), &[]),
        ("cron-status", "cron.status", json!({}), &[]),
        ("models-list", "models.list", json!({}), thinking),
        ("models-auth-status", "models.authStatus", json!({}), &["/providerCapabilities"]),
        ("models-probe", "models.probe", json!({"provider": "google"}), &[]),
        (
            "usage-status",
            "usage.status",
            json!({}),
            &["/providers[]/billing", "/providers[]/summary", "/providers[]/plan"],
        ),
        ("health", "health", json!({}), &["/agents", "/sessions", "/eventLoop"]),
        ("config-get", "config.get", json!({}), &["/config/gateway", "/config/models/providers"]),
    ];
    let mut stage = Stage::new();
    for (name, method, params, except) in cases {
        let mut wanted = answer(name, 0)["payload"].clone();
        let mut found = stage.ok(method, params);
        if name == "models-list" {
            wanted["models"].as_array_mut().unwrap().retain(|model| model["available"] == false);
            found["models"].as_array_mut().unwrap().retain(|model| model["available"] == false);
        }
        if name == "cron-list-middle-page" {
            // A failed job is what was recorded first.
            found["jobs"].as_array_mut().unwrap().retain(|job| job["state"].get("lastError").is_some());
            found["jobs"] = if found["jobs"].as_array().unwrap().is_empty() {
                json!([listed_failure(&mut stage)])
            } else {
                found["jobs"].clone()
            };
        }
        let varying = [
            "/jobs[]/description",
            "/jobs[]/schedule",
            "/jobs[]/payload/thinking",
            "/jobs[]/payload/timeoutSeconds",
            "/jobs[]/state/scheduleErrorCount",
            "/jobs[]/state/scheduleActivatedAtMs",
            "/jobs[]/lastDelivered",
            "/jobs[]/lastDeliveryStatus",
            "/jobs[]/lastFailureNotificationDeliveryStatus",
        ];
        same_shape(name, &wanted, &found, &[except, &varying].concat());
    }
}

#[test]
fn a_probe_says_what_a_real_gateway_says_of_each_outage() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway/models-probe-outcomes.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let probes = file["probes"].as_array().unwrap();
    let cases = [
        ("zai", DemoOutage::Serving, "ok"),
        ("zai", DemoOutage::RefusedKey, "unauthorized"),
        ("zai", DemoOutage::OutOfCredits, "insufficient_balance"),
        ("zai", DemoOutage::RateLimited, "rate_limit, no retry-after"),
        ("zai", DemoOutage::Overloaded, "overloaded"),
        ("kimi", DemoOutage::QuotaExhausted, "zai_1308"),
        ("openai", DemoOutage::QuotaExhausted, "quota_exhausted"),
        ("nowhere", DemoOutage::Serving, "no such provider"),
    ];
    for (provider, outage, recorded) in cases {
        let mut stage = Stage::new();
        stage.world.set_outage(provider, outage);
        let found = stage.ok("models.probe", json!({ "provider": provider }));
        let wanted = probes.iter().find(|probe| probe["mockOutcome"] == recorded).unwrap();
        let wanted = &wanted["payload"];
        same_shape(recorded, wanted, &found, &[]);
        same_shape(recorded, &found, wanted, &[]);
        let says = |answer: &Value| ["status", "error"].map(|key| answer[key].clone());
        assert_eq!(says(&found), says(wanted), "{recorded}");
        assert_eq!(says(&found["results"][0]), says(&wanted["results"][0]), "{recorded}");
    }
    let label = Stage::new().ok("models.probe", json!({"provider": "anthropic"}))["results"][0]["label"].clone();
    assert_eq!(label, "Configured credential · anthropic/claude-sonnet-5", "the default model is asked first");
}

fn listed_failure(stage: &mut Stage) -> Value {
    let jobs = stage.jobs();
    jobs.into_iter().find(|job| job["state"]["lastErrorReason"] == "billing").unwrap()
}

#[test]
fn a_job_added_changed_run_and_removed_looks_as_recorded() {
    let mut stage = Stage::new();
    let request = recorded_request("cron-add");
    let mut params = request["params"].clone();
    params["payload"]["model"] = "google/gemini-3-flash".into();
    params["payload"]["fallbacks"] = json!(["kimi/kimi-k3"]);
    let added = stage.call("cron.add", params);
    let job = added.answer.unwrap();
    same_shape("cron-add", &answer("cron-add", 0)["payload"], &job, &[]);
    let id = job["id"].clone();

    let off = stage.ok("cron.update", json!({ "id": id, "patch": { "enabled": false } }));
    same_shape("cron-update-enabled, off", &answer("cron-update-enabled", 0)["payload"], &off, &[]);
    let on = stage.ok("cron.update", json!({ "id": id, "patch": { "enabled": true } }));
    same_shape("cron-update-enabled, on", &answer("cron-update-enabled", 1)["payload"], &on, &[]);
    let got = stage.ok("cron.get", json!({ "id": id }));
    same_shape("cron-get", &answer("cron-get", 0)["payload"], &got, &[]);

    let run = stage.ok("cron.run", json!({ "id": id }));
    same_shape("cron-run", &answer("cron-run", 0)["payload"], &run, &[]);
    let events = stage.pass(minutes(1));
    let finished = of_action(&events, "finished").into_iter().find(|payload| payload["jobId"] == id).unwrap().clone();
    let wanted = recorded("cron-events");
    let wanted = wanted.iter().map(|frame| &frame["payload"]).find(|payload| payload["action"] == "finished").unwrap();
    same_shape("cron-events, finished", wanted, &finished, &[]);
    let runs = stage.ok("cron.runs", json!({ "id": id, "runId": run["runId"] }));
    same_shape(
        "cron-runs-run-id",
        &answer("cron-runs-run-id", 0)["payload"],
        &runs,
        &["/entries[]/error", "/entries[]/errorReason", "/entries[]/diagnostics"],
    );
    let due = stage.ok("cron.run", json!({ "id": id, "mode": "due" }));
    same_shape("cron-run-not-run", &answer("cron-run-not-run", 0)["payload"], &due, &[]);
    let removed = stage.ok("cron.remove", json!({ "id": id }));
    same_shape("cron-remove", &answer("cron-remove", 0)["payload"], &removed, &[]);
}

fn recorded_request(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway").join(format!("{name}.json"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["frames"][0]["frame"].clone()
}

#[test]
fn events_carry_a_job_without_revision_in_the_recorded_shape() {
    let mut stage = Stage::new();
    let patch = json!({ "payload": { "kind": "agentTurn", "model": "kimi/kimi-k3" } });
    let reply = stage.call("cron.update", json!({ "id": id("feed-filter").as_str(), "patch": patch }));
    let [updated] = reply.events.as_slice() else { panic!("one event, not {:?}", reply.events) };
    assert_eq!(updated.payload["action"], "updated");
    for absent in ["configRevision", "effectiveAgentId"] {
        assert!(updated.payload["job"].get(absent).is_none(), "{absent}");
    }
    let wanted = recorded("cron-events");
    let wanted = wanted.iter().map(|frame| &frame["payload"]).find(|payload| payload["action"] == "updated").unwrap();
    same_shape("cron-events, updated", wanted, &updated.payload, &["/job/payload/fallbacks", "/job/schedule"]);
}

#[test]
fn refusals_are_worded_as_recorded() {
    let flash = json!({ "kind": "agentTurn", "model": "google/gemini-3-flash" });
    let feed = id("feed-filter").as_str().to_owned();
    let cases = [
        ("error-list-limit", 0, "cron.list", json!({ "limit": 500 })),
        ("error-unknown-method", 0, "cron.bulkUpdate", json!({})),
        ("error-job-not-found", 0, "cron.get", json!({ "id": "no-such-job" })),
        ("error-job-not-found", 1, "cron.update", json!({ "id": "no-such-job", "patch": { "enabled": false } })),
        ("error-update-no-kind", 0, "cron.update", json!({ "id": feed, "patch": { "payload": { "model": "a/b" } } })),
        ("error-update-unknown-field", 0, "cron.update", json!({ "id": feed, "patch": { "model": "a/b" } })),
        (
            "error-update-wrong-kind",
            0,
            "cron.update",
            json!({ "id": id("nightly-backup").as_str(), "patch": { "payload": flash } }),
        ),
        (
            "error-update-wrong-kind",
            1,
            "cron.update",
            json!({ "id": id("heartbeat-main").as_str(), "patch": { "payload": flash } }),
        ),
        (
            "error-update-system-owned",
            0,
            "cron.update",
            json!({ "id": id("skill-collection-review-main").as_str(), "patch": { "payload": flash } }),
        ),
    ];
    let mut stage = Stage::new();
    for (name, nth, method, params) in cases {
        let wanted = &answer(name, nth)["error"];
        let fault = stage.refused(method, params);
        assert_eq!(
            (fault.code, fault.message.as_str()),
            (wanted["code"].as_str().unwrap(), wanted["message"].as_str().unwrap())
        );
        assert_eq!(
            fault.details.map(|details| *details).unwrap_or_default(),
            wanted.get("details").cloned().unwrap_or_default(),
            "{name}"
        );
        assert!(!fault.retryable, "{name}");
    }
}

#[test]
fn every_outage_ends_a_run_as_recorded() {
    use model_orchestrator::demo::DemoOutage;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway/run-outcomes.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = [
        (DemoOutage::OutOfCredits, "insufficient_balance"),
        (DemoOutage::QuotaExhausted, "zai_1308"),
        (DemoOutage::Overloaded, "overloaded"),
        (DemoOutage::RateLimited, "rate_limit"),
        (DemoOutage::RefusedKey, "unauthorized"),
        (DemoOutage::Serving, "ok"),
    ];
    for (outage, recorded) in cases {
        let run = file["runs"].as_array().unwrap().iter().find(|run| run["mockOutcome"] == recorded).unwrap();
        let mut stage = Stage::new();
        stage.world.set_outage("zai", outage);
        let added = stage.ok("cron.add", json!({
            "name": "One of these", "schedule": { "kind": "cron", "expr": "0 7 * * *" }, "sessionTarget": "isolated",
            "wakeMode": "now", "delivery": { "mode": "none" },
            "payload": { "kind": "agentTurn", "message": "Say hi.", "model": "zai/glm-5.2", "fallbacks": [] },
        }));
        stage.ok("cron.run", json!({ "id": added["id"] }));
        stage.pass(minutes(1));
        let runs = stage.ok("cron.runs", json!({ "id": added["id"] }));
        let entry = &runs["entries"][0];
        same_shape(recorded, &run["entry"], entry, &[]);
        for key in ["status", "completionStatus", "errorReason"] {
            assert_eq!(entry.get(key), run["entry"].get(key), "{recorded}: {key}");
        }
        let after = stage.world.job(added["id"].as_str().unwrap()).unwrap()["state"].clone();
        same_shape(recorded, &run["state"], &after, &[]);
    }
}

#[test]
fn a_one_shot_of_the_program_lives_as_recorded() {
    let file = entries("cron-own-one-shot");
    let file: Vec<&Value> = file.iter().map(|entry| &entry["frame"]).collect();
    let asked = file.iter().filter(|frame| frame["method"] == "cron.add");
    let told = |action: &str| file.iter().find(|frame| frame["payload"]["action"] == action).unwrap();
    let mut stage = Stage::new();
    for (nth, sent) in asked.enumerate() {
        let mut params = sent["params"].clone();
        // Two for an hour from now, the third for a few minutes.
        let at = if nth < 2 { minutes(60) } else { minutes(5) };
        params["schedule"]["at"] = format!("{:.3}", stage.now + at).into();
        let reply = stage.call("cron.add", params);
        let (wanted, found) = (&answer("cron-own-one-shot", nth)["payload"], reply.answer.unwrap());
        same_shape("cron.add", wanted, &found, &[]);
        assert_eq!((&found["created"], &found["updated"]), (&wanted["created"], &wanted["updated"]), "call {nth}");
        let actions: Vec<_> = reply.events.iter().map(|event| event.payload["action"].as_str().unwrap()).collect();
        assert_eq!(actions, [&["added"][..], &[], &["updated"]][nth]);
        for event in &reply.events {
            same_shape("its event", &told(actions[0])["payload"], &event.payload, &[]);
        }
    }
    let events = stage.pass(minutes(6));
    for action in ["started", "finished", "removed"] {
        let key = &told(action)["payload"]["job"]["declarationKey"];
        let found =
            of_action(&events, action).into_iter().find(|event| event["job"]["declarationKey"] == *key).unwrap();
        let except = ["/diagnostics", "/job/state/lastDiagnostics", "/job/state/lastDiagnosticSummary"];
        same_shape(action, &told(action)["payload"], found, &except);
        assert!(["model", "provider", "usage", "sessionKey"].iter().all(|key| found.get(key).is_none()), "{found}");
    }
}
