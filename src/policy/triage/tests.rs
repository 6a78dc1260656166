//! What each sentence of the gateway is about, and who comes first.

use jiff::SignedDuration;
use serde_json::Value;

use super::*;
use crate::domain::{
    AgentTurn, AutoDisabled, Breaker, Catalog, Fields, Health, LastRun, LedgerEntry, LedgerReason, Outage, OutageLevel,
    Payload, PlanId, PlanOrigin, Tier, TierEntry, Vital,
};
use crate::providers::{Evidence, diagnose};

const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn at(secs: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(secs)
}

/// A recurring agent turn on MiniMax that failed once, with these words.
fn failed(id: &str, reason: Option<&str>, error: &str) -> Cron {
    let turn = AgentTurn { model: Some("minimax/M3".to_owned()), ..AgentTurn::default() };
    let run = LastRun {
        at: at(-60),
        status: RunStatus::Error,
        error: Some(error.to_owned()),
        error_reason: reason.map(str::to_owned),
        undelivered: false,
        duration: None,
    };
    let every = Schedule::Every { every: SignedDuration::from_mins(5), anchor: None };
    Cron {
        last_run: Some(run),
        consecutive_errors: 1,
        next_run_at: Some(at(60)),
        ..Cron::new(CronId::new(id), id, every, Payload::AgentTurn(turn))
    }
}

fn command(id: &str, reason: Option<&str>, error: &str) -> Cron {
    Cron { payload: Payload::Other("command".to_owned()), ..failed(id, reason, error) }
}

fn said(text: &str) -> Arc<Diagnosis> {
    Arc::new(diagnose(&Evidence::prose("minimax", text, NOW)))
}

fn observed(crons: impl IntoIterator<Item = Cron>) -> Observation {
    Observation {
        at: NOW,
        gateway_reachable: true,
        crons: Arc::new(crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect()),
        catalog: Arc::new(Catalog::default()),
        fleet: Arc::default(),
        tiers: Arc::default(),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: crate::domain::PlanMode::Ordinary,
    }
}

fn no_plan() -> Plan {
    Plan {
        id: PlanId::new("p"),
        at: NOW,
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes: Vec::new(),
        decisions: Vec::new(),
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

fn of(cron: Cron, said: Option<Arc<Diagnosis>>) -> Option<Triage> {
    let said = said.map(|said| (cron.id.clone(), said)).into_iter().collect();
    let mut all = triage(&observed([cron]), &no_plan(), &said);
    assert!(all.len() < 2);
    all.pop()
}

fn kind(cron: Cron, said: Option<Arc<Diagnosis>>) -> TriageKind {
    of(cron, said).expect("it fails").kind
}

#[test]
fn the_gateways_own_sentences_are_about_no_provider() {
    let turn = |reason, error: &str| failed("a", reason, error);
    let script = |reason, error: &str| command("a", reason, error);
    let cases = [
        (turn(None, "cron delivery target is missing"), TriageKind::Delivery),
        (turn(None, "Channel is required when delivery.channel=last has no previous channel."), TriageKind::Delivery),
        (turn(Some("unknown"), "Delivering to WhatsApp requires target <E.164|group JID>"), TriageKind::Delivery),
        (turn(None, "Error: Channel is required (no configured channels detected)."), TriageKind::Delivery),
        (
            turn(
                None,
                "automation model override 'x/y' rejected by agents.defaults.modelPolicy.allow: x/y is not in []",
            ),
            TriageKind::Model,
        ),
        (turn(None, "cron: job execution timed out (last phase: model-call-started)"), TriageKind::Timeout),
        (turn(None, "cron: isolated agent setup timed out before runner start"), TriageKind::Timeout),
        (turn(None, "cron: job interrupted by gateway restart"), TriageKind::Interrupted),
        (turn(Some("timeout"), "session file locked (timeout 10000ms): pid=1 /x.jsonl.lock"), TriageKind::Lock),
        (turn(None, "⚠️ Agent failed before reply: session file locked (timeout 60000ms)"), TriageKind::Lock),
        (
            turn(
                None,
                "EmbeddedAttemptSessionTakeoverError: session file changed while embedded prompt lock was released",
            ),
            TriageKind::Lock,
        ),
        (
            turn(None, "Auth profile \"gamma:manual\" is temporarily unavailable for gamma/g-flash."),
            TriageKind::Cooldown,
        ),
        (turn(None, "No API key found for provider \"zai\"."), TriageKind::Auth),
        (turn(None, "cron trigger evaluation failed (timeout): too slow"), TriageKind::Job),
        (turn(None, "⚠️ 🛠️ Exec failed: open-invoices.csv: No such file or directory"), TriageKind::Job),
        (turn(None, "⚠️ words that nobody has seen"), TriageKind::Unknown),
        (turn(None, "⚠️ 【没有人见过的话】"), TriageKind::Unknown),
        (turn(None, "⚠️ “words that nobody has seen”"), TriageKind::Unknown),
        (script(None, "command exited with code 7"), TriageKind::Job),
        (script(Some("timeout"), "cron: job execution timed out"), TriageKind::Job),
        (script(None, "cron script payload failed (runtime): x is not defined"), TriageKind::Job),
        (script(None, "words that nobody has seen"), TriageKind::Job),
        (turn(None, "command exited with code 7"), TriageKind::Unknown),
        (turn(None, "words that nobody has seen"), TriageKind::Unknown),
        (turn(None, "it says that the channel is required"), TriageKind::Unknown),
    ];
    for (cron, expected) in cases {
        let error = cron.last_run.as_ref().and_then(|run| run.error.clone()).unwrap_or_default();
        assert_eq!(kind(cron, None), expected, "{error}");
    }
}

#[test]
fn a_code_of_the_gateway_counts_before_its_prose() {
    let cases = [
        ("auth", TriageKind::Auth),
        ("auth_permanent", TriageKind::Auth),
        ("session_expired", TriageKind::Auth),
        ("rate_limit", TriageKind::Limit),
        ("billing", TriageKind::Limit),
        ("overloaded", TriageKind::Overload),
        ("server_error", TriageKind::Unreachable),
        ("tls_certificate", TriageKind::Unreachable),
        ("model_not_found", TriageKind::Model),
        ("context_overflow", TriageKind::Job),
    ];
    for (reason, expected) in cases {
        assert_eq!(kind(failed("a", Some(reason), "Channel is required"), None), expected, "{reason}");
    }
}

#[test]
fn a_diagnosis_says_whose_failure_it_is_and_is_kept_only_where_it_counts() {
    let refused = said("401 invalid api key");
    let found = of(failed("a", Some("auth"), "401 invalid api key"), Some(refused.clone())).expect("it fails");
    assert_eq!((found.kind, found.said.as_ref()), (TriageKind::Auth, Some(&refused)));
    assert_eq!(found.account, Some(AccountId::new("minimax")));

    let locked = of(failed("a", None, "session file locked (timeout 10000ms)"), Some(refused)).expect("it fails");
    assert_eq!(
        (locked.kind, locked.said, locked.account),
        (TriageKind::Lock, None, None),
        "no provider had a part in it"
    );
}

#[test]
fn behind_a_cooldown_stands_what_the_account_suffers_from() {
    let text = "Inline API key for provider \"minimax\" is temporarily disabled after a provider auth/billing failure. \
                Retry after about 10 minutes, or switch to a different auth profile/API key.";
    let cron = failed("a", None, text);
    let waits = said(text);
    assert_eq!(kind(cron.clone(), Some(waits.clone())), TriageKind::Cooldown);

    let refused = said("401 invalid api key");
    let vital = |health| Vital { health, breaker: Breaker::default(), said: Some(refused.clone()), ..Vital::default() };
    let known = |health| {
        let mut obs = observed([cron.clone()]);
        Arc::make_mut(&mut obs.fleet).accounts.insert(AccountId::new("minimax"), vital(health));
        triage(&obs, &no_plan(), &BTreeMap::from([(cron.id.clone(), waits.clone())])).remove(0)
    };
    let behind = known(Health::RefusedKey);
    assert_eq!((behind.kind, behind.said.as_ref()), (TriageKind::Auth, Some(&refused)));
    assert_eq!(known(Health::Up).kind, TriageKind::Cooldown, "it has come back since");
}

#[test]
fn only_what_fails_or_was_switched_off_by_the_gateway_is_listed() {
    let off = |cron: Cron| Cron { enabled: false, ..cron };
    let by_gateway =
        |reason: &str| AutoDisabled { at: Some(at(-30)), reason: Some(reason.to_owned()), consecutive_errors: 10 };
    let fails = || failed("a", None, "?");
    let well = || Cron { last_run: None, consecutive_errors: 0, ..fails() };
    let once = || Cron { schedule: Schedule::At { at: at(-90) }, ..fails() };
    let cases = [
        (fails(), Some(SwitchOff::Far), "it fails"),
        (well(), None, "nothing is wrong"),
        (off(fails()), None, "the user switched it off"),
        (
            off(Cron { auto_disabled: Some(by_gateway("consecutive-failures")), ..fails() }),
            Some(SwitchOff::Off { at: Some(at(-30)), failures: Some(10) }),
            "the gateway did",
        ),
        (
            off(Cron { auto_disabled: Some(by_gateway("schedule-errors")), ..well() }),
            Some(SwitchOff::Off { at: Some(at(-30)), failures: None }),
            "for its schedule",
        ),
        (Cron { auto_disabled: Some(by_gateway("schedule-errors")), ..well() }, None, "it is on again"),
        (off(once()), Some(SwitchOff::Over), "a one-shot that failed for good"),
        (off(Cron { schedule: Schedule::At { at: at(90) }, ..fails() }), None, "a one-shot whose time is to come"),
        (Cron { declaration_key: Some("model-orchestrator:owner".to_owned()), ..fails() }, None, "a mark of ours"),
    ];
    for (cron, expected, why) in cases {
        assert_eq!(of(cron, None).map(|found| found.switch_off), expected, "{why}");
    }
    let paused = off(once());
    let mut obs = observed([paused.clone()]);
    let entry = LedgerEntry {
        cron: paused.id.clone(),
        name: paused.name.clone(),
        opened_at: NOW,
        why: LedgerReason::NothingServes,
        before: Fields { enabled: true, ..paused.fields() },
        wrote: paused.fields(),
        revision_before: None,
        definition: Arc::default(),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::default(),
    };
    Arc::make_mut(&mut obs.ledger).insert(paused.id.clone(), entry);
    assert_eq!(triage(&obs, &no_plan(), &BTreeMap::new()), [], "we switched it off");
    let broken = off(Cron { auto_disabled: Some(by_gateway("schedule-errors")), ..fails() });
    assert_eq!(kind(broken, None), TriageKind::Schedule);
}

#[test]
fn an_answer_that_reached_nobody_is_a_matter_of_delivery() {
    let run = |status| LastRun {
        at: at(-60),
        status,
        error: Some("no such room (key=sk-12345678)".to_owned()),
        error_reason: None,
        undelivered: true,
        duration: None,
    };
    let cron = Cron { last_run: Some(run(RunStatus::Ok)), consecutive_errors: 0, ..failed("a", None, "") };
    let found = of(cron.clone(), None).expect("is listed");
    assert_eq!((found.kind, found.error.as_deref()), (TriageKind::Delivery, Some("no such room •••")));
    let refused = LastRun { error_reason: Some("auth".to_owned()), ..run(RunStatus::Error) };
    assert_eq!(
        kind(Cron { last_run: Some(refused), ..cron }, None),
        TriageKind::Auth,
        "there was no answer to deliver"
    );
}

#[test]
fn the_tenth_failure_switches_off_what_recurs() {
    let nine = |cron: Cron| Cron { consecutive_errors: 9, ..cron };
    let fails = || failed("a", None, "?");
    let near = SwitchOff::Near { next_run_at: Some(at(60)) };
    let once = Schedule::At { at: at(60) };
    let cases = [
        (Cron { consecutive_errors: 8, ..fails() }, SwitchOff::Far, "two more may fail"),
        (nine(fails()), near.clone(), "the next is the tenth"),
        (Cron { consecutive_errors: 14, ..fails() }, near, "runs by hand count but switch nothing off"),
        (nine(Cron { schedule: once, ..fails() }), SwitchOff::Far, "a one-shot has no tenth run"),
        (
            nine(Cron { declaration_key: Some("heartbeat:main".to_owned()), ..fails() }),
            SwitchOff::Far,
            "the gateway's own",
        ),
    ];
    for (cron, expected, why) in cases {
        assert_eq!(of(cron, None).expect("it fails").switch_off, expected, "{why}");
    }
}

#[test]
fn what_a_person_must_do_comes_first_and_the_most_urgent_before_the_rest() {
    let nine = |id: &str, secs| Cron { consecutive_errors: 9, next_run_at: Some(at(secs)), ..failed(id, None, "?") };
    let off = AutoDisabled { at: Some(at(-30)), reason: None, consecutive_errors: 10 };
    let crons = [
        failed("limit", Some("rate_limit"), ""),
        failed("limit, critical", Some("rate_limit"), ""),
        failed("model", Some("model_not_found"), ""),
        command("script", None, "command exited with code 1"),
        failed("key", Some("auth"), ""),
        Cron { next_run_at: Some(at(5)), ..failed("key, sooner", Some("auth"), "") },
        nine("ninth", 200),
        nine("ninth, sooner", 100),
        nine("ninth, critical", 300),
        Cron { enabled: false, auto_disabled: Some(off), next_run_at: None, ..failed("off", None, "?") },
    ];
    let mut obs = observed(crons);
    for critical in ["limit, critical", "ninth, critical"] {
        let entry = TierEntry { critical: true, ..TierEntry::new(Tier::T1) };
        Arc::make_mut(&mut obs.tiers).insert(CronId::new(critical), entry);
    }
    let found = triage(&obs, &no_plan(), &BTreeMap::new());
    let order: Vec<_> = found.iter().map(|entry| entry.cron.as_str()).collect();
    let expected = [
        "ninth, critical",
        "off",
        "ninth, sooner",
        "ninth",
        "key, sooner",
        "key",
        "script",
        "model",
        "limit, critical",
        "limit",
    ];
    assert_eq!(order, expected);
    assert_eq!(triage(&obs, &no_plan(), &BTreeMap::new()), found, "the same again");
}

#[test]
fn every_sentence_of_the_gateway_that_was_recorded_is_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/gateway");
    let mut seen = 0;
    for file in ["run-outcomes", "cron-runs-all", "cron-runs-model-not-allowed", "cron-get-one-shot-failed"] {
        let text = std::fs::read_to_string(format!("{folder}/{file}.json")).expect("is recorded");
        let mut errors = Vec::new();
        collect(&serde_json::from_str(&text).expect("is JSON"), &mut errors);
        for (error, reason) in errors {
            let cron = if error.starts_with("command ") { command } else { failed };
            let found = kind(cron("a", reason.as_deref(), &error), Some(said(&error)));
            assert_ne!(found, TriageKind::Unknown, "{file}: {error}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

/// Errors with the gateway's code, of runs and of what crons remember of them.
fn collect(value: &Value, into: &mut Vec<(String, Option<String>)>) {
    let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    for (error, reason) in [("error", "errorReason"), ("lastError", "lastErrorReason")] {
        into.extend(word(error).map(|error| (error, word(reason))));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
        _ => {}
    }
}
