//! How jobs are read, from recorded answers and from damaged ones.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Page, cron_from, crons_from, patch_to};
use crate::domain::{Cron, MadeBy, Owner, Patch, Payload, RunStatus, Schedule};

fn recorded_list() -> Page {
    let text = include_str!("../../../../tests/recorded/gateway/cron-list-page.json");
    let file: Value = serde_json::from_str(text).expect("is JSON");
    crons_from(file["frames"][1]["frame"]["payload"].clone(), 0).expect("is a list")
}

fn named<'a>(page: &'a Page, name: &str) -> &'a Cron {
    page.crons.iter().find(|cron| cron.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// A job with everything a cron needs, and `more` laid over it.
fn job(more: Value) -> Value {
    let mut job = json!({
        "id": "j1", "name": "Job", "enabled": true,
        "schedule": { "kind": "every", "everyMs": 60_000 },
        "payload": { "kind": "agentTurn", "message": "hi" },
    });
    let (Value::Object(fields), Value::Object(more)) = (&mut job, more) else { panic!("objects") };
    fields.extend(more);
    job
}

fn cron(more: Value) -> Cron {
    cron_from(job(more)).expect("is a cron")
}

#[test]
fn every_job_of_a_real_gateway_is_read() {
    let page = recorded_list();
    assert_eq!((page.crons.len(), page.unreadable.len(), page.next_offset), (43, 0, None));
    let kind = |name| match &named(&page, name).payload {
        Payload::AgentTurn(_) => "agentTurn",
        Payload::Other(kind) => kind,
    };
    assert_eq!(kind("Nightly backup check"), "command");
    assert_eq!(kind("Queue depth script"), "script");
    assert_eq!(kind("Stretch reminder"), "systemEvent");
    assert_eq!(kind("heartbeat-main"), "heartbeat");
    assert_eq!(named(&page, "heartbeat-main").owner(), Owner::Gateway);
    assert_eq!(named(&page, "skill-collection-review-main").owner(), Owner::Gateway);

    let brief = named(&page, "Morning brief");
    assert!(brief.running_since.is_some() && brief.last_run.is_none() && brief.revision.is_some());
    assert_eq!(brief.fields().fallbacks, Some([].into()), "no fallbacks is not the same as the usual ones");
    assert_eq!(named(&page, "Podcast summary").fields().fallbacks, Some(["alpha/a-small".to_owned()].into()));
    assert!(named(&page, "Board pack, one shot").one_shot());
    let failed = named(&page, "Security advisory scan");
    assert!(matches!(&failed.schedule, Schedule::Cron { stagger: Some(zero), zone: Some(zone), .. }
        if zero.is_zero() && zone == "America/New_York"));
    let run = failed.last_run.as_ref().expect("has run");
    assert_eq!((run.status, run.error_reason.as_deref()), (RunStatus::Error, Some("timeout")));
    assert_eq!(failed.made_by, MadeBy::Operator);
}

#[test]
fn a_definition_is_what_the_user_wrote_in_one_order() {
    let page = recorded_list();
    for cron in &page.crons {
        let keys: Vec<_> = cron.definition.as_object().expect("an object").keys().map(String::as_str).collect();
        let runtime = keys
            .iter()
            .find(|key| key.starts_with("last") || key.ends_with("AtMs") || ["state", "configRevision"].contains(key));
        assert_eq!(runtime, None, "{}", cron.name);
        assert!(keys.is_sorted(), "{keys:?}");
        for key in ["id", "name", "schedule", "payload", "enabled"] {
            assert!(keys.contains(&key), "{} lost its {key}", cron.name);
        }
    }
    let one = cron(json!({ "state": { "x": 1 }, "pacing": { "b": 1, "a": 2 }, "lastly": "kept", "lastRunAtMs": 1 }));
    let kept = r#"{"enabled":true,"id":"j1","lastly":"kept","name":"Job","pacing":{"a":2,"b":1}"#;
    assert!(one.definition.to_string().starts_with(kept), "{}", one.definition);
}

#[test]
fn what_this_version_does_not_know_survives() {
    let odd = cron(json!({
        "schedule": { "kind": "lunar", "phase": "full" }, "payload": { "kind": "dance" }, "mood": ["new"],
    }));
    assert_eq!(odd.schedule, Schedule::Event { kind: "lunar".into() });
    assert_eq!(odd.payload, Payload::Other("dance".into()));
    assert!(!odd.routable());
    assert_eq!(odd.definition["mood"], json!(["new"]));
    let event = cron(json!({ "schedule": { "kind": "on-exit", "pid": 4 } }));
    assert_eq!(event.schedule, Schedule::Event { kind: "on-exit".into() });
}

#[test]
fn numbers_may_be_floats_and_state_may_be_missing() {
    let bare = cron(json!({}));
    assert_eq!((bare.next_run_at, bare.last_run, bare.consecutive_errors), (None, None, 0));
    let floats = cron(json!({
        "state": { "nextRunAtMs": 1_795_417_200_000.0, "consecutiveErrors": 3.0, "lastRunAtMs": 1.5e12,
            "lastStatus": "skipped", "lastDurationMs": 407.9 },
        "schedule": { "kind": "every", "everyMs": 60_000.0, "anchorMs": 1.0e12 },
        "payload": { "kind": "agentTurn", "timeoutSeconds": 1.5 },
    }));
    assert_eq!(floats.next_run_at.map(jiff::Timestamp::as_millisecond), Some(1_795_417_200_000));
    assert_eq!(floats.consecutive_errors, 3);
    let run = floats.last_run.as_ref().expect("has run");
    assert_eq!((run.status, run.duration.map(|span| span.as_millis())), (RunStatus::Skipped, Some(407)));
    assert_eq!(floats.turn().and_then(|turn| turn.timeout).map(|span| span.as_millis()), Some(1500));
}

#[test]
fn an_unreadable_job_is_named_and_costs_no_other() {
    let answer = json!({ "jobs": [
        job(json!({})), 7, {"name": "no id"}, job(json!({"id": "j2", "schedule": {"kind": "cron"}})),
        job(json!({"id": "j3", "schedule": {"kind": "at", "at": "soon"}})), job(json!({"id": "j4", "payload": null})),
        job(json!({"id": "j5", "enabled": "yes"})), job(json!({"id": "j6", "schedule": {"kind": "every", "everyMs": 0}})),
        job(json!({"id": "j7"})),
    ], "hasMore": true, "nextOffset": null, "snapshotRevision": "r" });
    let page = crons_from(answer, 200).expect("is a list");
    assert_eq!(page.crons.iter().map(|cron| cron.id.as_str()).collect::<Vec<_>>(), ["j1", "j7"]);
    let wanted = [
        ("#202", "it is not an object"),
        ("#203", "it has no id"),
        ("j2", "its schedule has no expression"),
        ("j3", "its schedule has no time"),
        ("j4", "its payload has no kind"),
        ("j5", "enabled is neither true nor false"),
        ("j6", "its schedule has no interval"),
    ];
    assert_eq!(page.unreadable, wanted.map(|(id, why)| (id.to_owned(), why.to_owned())));
    assert_eq!(page.next_offset, Some(209), "the next page follows this one when the gateway does not say");
    for wrong in [json!(null), json!([]), json!({"jobs": {}})] {
        crons_from(wrong.clone(), 0).expect_err(&wrong.to_string());
    }
}

#[test]
fn when_in_doubt_an_agent_made_it() {
    let cases = [
        (json!({}), MadeBy::Operator, "no policy, as on commands"),
        (json!({"scheduledToolPolicy": {"mode": "trusted"}}), MadeBy::Operator, "an operator's"),
        (json!({"scheduledToolPolicy": {"mode": "requester"}}), MadeBy::Agent, "another mode"),
        (json!({"scheduledToolPolicy": {}}), MadeBy::Agent, "a policy without a mode"),
        (json!({"owner": {"channel": "x"}}), MadeBy::Agent, "it has an owner"),
        (json!({"sessionKey": "agent:ops:main"}), MadeBy::Agent, "it belongs to a session"),
        (json!({"owner": null, "sessionKey": null}), MadeBy::Operator, "null is nothing"),
    ];
    for (more, expected, why) in cases {
        assert_eq!(cron(more).made_by, expected, "{why}");
    }
}

#[test]
fn a_cron_has_the_same_agent_wherever_it_is_read() {
    assert_eq!(cron(json!({"effectiveAgentId": "main"})).agent, None, "only lists carry this");
    assert_eq!(cron(json!({"agentId": "ops", "effectiveAgentId": "ops"})).agent.as_deref(), Some("ops"));
    assert_eq!(cron(json!({"sessionKey": "agent:ops:main"})).agent.as_deref(), Some("ops"));
}

#[test]
fn an_answer_that_reached_nobody_is_told_from_one_that_was_held_back() {
    let state = |more: serde_json::Value| {
        let mut state = json!({ "lastRunAtMs": 1_795_386_079_690_i64, "lastRunStatus": "ok" });
        state.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        state
    };
    let missed = json!({ "lastDeliveryStatus": "not-delivered", "lastDeliveryError": "Target is required" });
    let held_back = json!({ "lastDeliveryStatus": "not-delivered", "deliverySuppressionReason": "silent" });
    let cases = [
        (json!({ "state": state(missed.clone()) }), true, Some("Target is required"), "missed"),
        (json!({ "state": state(json!({ "lastDeliveryStatus": "not-delivered" })) }), true, None, "nobody says why"),
        (json!({ "state": state(missed), "delivery": { "bestEffort": true } }), false, None, "it need not arrive"),
        (json!({ "state": state(held_back) }), false, None, "there was nothing to say"),
        (json!({ "state": state(json!({ "lastDeliveryStatus": "delivered" })) }), false, None, "it arrived"),
        (json!({ "state": state(json!({})) }), false, None, "an older gateway"),
    ];
    for (more, undelivered, error, why) in cases {
        let read = cron(more);
        assert_eq!(read.failing(), undelivered, "{why}");
        let run = read.last_run.expect("has run");
        assert_eq!((run.undelivered, run.error.as_deref()), (undelivered, error), "{why}");
    }
}

#[test]
fn the_gateway_says_when_it_switched_a_cron_off() {
    let off = json!({ "enabled": false, "state": { "autoDisabled": {
        "reason": "consecutive-errors", "atMs": 1_795_386_079_690_i64, "consecutiveErrors": 10 } } });
    let off = cron(off).auto_disabled.expect("is said");
    assert_eq!((off.reason.as_deref(), off.consecutive_errors), (Some("consecutive-errors"), 10));
    assert!(off.at.is_some());
    assert_eq!(cron(json!({"enabled": false})).auto_disabled, None);
}

#[test]
fn a_patch_names_the_kind_of_payload_and_drops_with_null() {
    let spread = Schedule::Cron {
        expr: "30 7 * * *".to_owned(),
        zone: Some("Asia/Tokyo".to_owned()),
        stagger: Some(SignedDuration::from_mins(10)),
    };
    let cases = [
        (Patch::default(), json!({})),
        (Patch { enabled: Some(false), ..Patch::default() }, json!({"enabled": false})),
        (
            Patch { model: Some(Some("a/b".into())), ..Patch::default() },
            json!({"payload": {"kind": "agentTurn", "model": "a/b"}}),
        ),
        (
            Patch { model: Some(None), fallbacks: Some(None), enabled: Some(true), schedule: None },
            json!({"enabled": true, "payload": {"kind": "agentTurn", "model": null, "fallbacks": null}}),
        ),
        (
            Patch { schedule: Some(spread), ..Patch::default() },
            json!({"schedule": {"kind": "cron", "expr": "30 7 * * *", "tz": "Asia/Tokyo", "staggerMs": 600_000}}),
        ),
        (
            Patch { fallbacks: Some(Some([].into())), ..Patch::default() },
            json!({"payload": {"kind": "agentTurn", "fallbacks": []}}),
        ),
    ];
    for (patch, wire) in cases {
        assert_eq!(patch_to(&patch), wire, "{patch:?}");
    }
}
