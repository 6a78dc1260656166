//! Debts come back as they were written, and nothing drops one.

use super::*;

fn entry(id: &str) -> LedgerEntry {
    LedgerEntry {
        cron: CronId::new(id),
        name: format!("{id} 余"),
        opened_at: "2026-11-23T07:00:00Z".parse().unwrap(),
        why: LedgerReason::PinnedOnDeadRoute,
        before: Fields { model: Some("a/b".into()), fallbacks: Some(["c/d".into()].into()), enabled: true },
        wrote: Fields { model: Some("a/b".into()), fallbacks: None, enabled: false },
        revision_before: Some(Revision::new("r1")),
        definition: Arc::new(json!({"id": id, "payload": {"kind": "agentTurn"}})),
        confirmed: false,
        held: None,
        unknown: Map::new(),
    }
}

fn ledger(entries: &[LedgerEntry]) -> Ledger {
    entries.iter().map(|entry| (entry.cron.clone(), entry.clone())).collect()
}

#[test]
fn every_debt_comes_back_as_it_was_written() {
    let mut strange = entry("b");
    strange.unknown.insert("later_field".to_owned(), json!([1, {"x": 2}]));
    strange.held = Some(Fields { model: Some("e/f".into()), fallbacks: None, enabled: true });
    let whole = ledger(&[entry("a"), strange]);
    let written = patched(&json!({"x": 1}), &Ledger::new(), &whole);
    assert_eq!(read(&written), (whole.clone(), vec![]));
    let fewer = ledger(&[entry("a")]);
    let after = patched(&written, &whole, &fewer);
    assert_eq!(read(&after).0, fewer);
    assert_eq!(after["x"], 1);
}

#[test]
fn a_write_on_its_way_is_told_and_forgotten() {
    let still = ledger(&[entry("a")]);
    let mut moving = entry("a");
    moving.held = Some(moving.wrote.clone());
    let moving = ledger(&[moving]);
    let first = patched(&json!({}), &Ledger::new(), &still);
    let second = patched(&first, &still, &moving);
    assert_eq!(second["entries"]["a"]["held"], second["entries"]["a"]["wrote"]);
    assert_eq!(read(&second), (moving.clone(), vec![]), "held is a field like the others");
    let third = patched(&second, &moving, &still);
    assert_eq!((read(&third).0, &third["entries"]["a"]["held"]), (still, &Value::Null));
    let mut root = second;
    root["entries"]["a"]["held"] = json!("half");
    let (kept, bad) = read(&root);
    assert_eq!((kept.len(), &*bad[0].path), (1, "entries.a.held"), "what is bad of it costs no debt");
}

#[test]
fn a_change_of_an_entry_leaves_what_a_later_version_says_of_it() {
    let mut root = patched(&json!({}), &Ledger::new(), &ledger(&[entry("a")]));
    let fields = &mut root["entries"]["a"];
    fields["why"] = json!("the_moon");
    fields["before"]["thinking"] = json!("high");
    fields["wrote"]["thinking"] = json!("low");
    fields["proof"] = json!({"of": "later"});
    let (before, bad) = read(&root);
    assert_eq!(bad, vec![]);
    let mut after = before.clone();
    let changed = after.get_mut("a").unwrap();
    changed.confirmed = true;
    changed.wrote.model = Some("g/h".into());
    let written = patched(&root, &before, &after);
    let mut expected = root.clone();
    expected["entries"]["a"]["confirmed"] = json!(true);
    expected["entries"]["a"]["wrote"]["model"] = json!("g/h");
    assert_eq!(written.to_string(), expected.to_string(), "nor does it move a key");
}

#[test]
fn an_empty_ledger_says_nothing() {
    assert_eq!(patched(&json!({"x": 1}), &Ledger::new(), &Ledger::new()), json!({"x": 1}));
}

#[test]
fn a_bad_entry_is_reported_and_stays_in_the_file() {
    let root = json!({"entries": {"a": {"opened_at": "soon"}, "b": 7}});
    let (read_back, bad) = read(&root);
    assert!(read_back.is_empty());
    assert_eq!(bad.iter().map(|bad| &*bad.path).collect::<Vec<_>>(), ["entries.a.opened_at", "entries.b"]);
    let after = patched(&root, &read_back, &ledger(&[entry("c")]));
    assert_eq!((&after["entries"]["a"], &after["entries"]["b"]), (&root["entries"]["a"], &root["entries"]["b"]));
}

#[test]
fn older_pauses_are_taken_over_once_and_the_users_own_never() {
    let now = "2026-11-23T07:00:00Z".parse().unwrap();
    let older = json!({
        "p": {"disabledAt": "2026-03-01T10:00:00Z", "reason": "provider_down", "provider": "kimi", "tier": 2, "lastError": "429"},
        "e": {"disabledAt": 1_772_359_200_000_i64, "reason": "error", "tier": 1},
        "m": {"disabledAt": "2026-03-01T10:00:00Z", "reason": "manual"}
    });
    let first = with_imported(&json!({}), &older, now).expect("two are new");
    let (taken, bad) = read(&first);
    assert_eq!((taken.keys().map(CronId::as_str).collect::<Vec<_>>(), bad), (vec!["e", "p"], vec![]));
    assert_eq!(taken["p"].why, LedgerReason::Imported);
    assert_eq!(taken["p"].opened_at.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!(taken["p"].unknown["provider"], "kimi");
    assert_eq!((taken["e"].before.enabled, taken["e"].wrote.enabled), (true, false));

    let given_back = patched(&first, &taken, &Ledger::new());
    assert_eq!(with_imported(&given_back, &older, now), None, "not again after it was given back");

    let mut again = older.clone();
    again["p"]["disabledAt"] = json!("2026-04-01T10:00:00Z");
    let second = with_imported(&given_back, &again, now).expect("a later pause is another one");
    assert_eq!(read(&second).0.len(), 1);
}

#[test]
fn an_import_never_drops_a_debt() {
    let ours = patched(&json!({}), &Ledger::new(), &ledger(&[entry("a")]));
    let mut other = entry("a");
    other.confirmed = true;
    let theirs = patched(&json!({}), &Ledger::new(), &ledger(&[other, entry("b")]));
    assert_eq!(read(&joined(&ours, &theirs)).0, ledger(&[entry("a"), entry("b")]));
}

#[test]
fn an_import_leaves_crisis_mode_ours_and_takes_no_older_pause_over_again() {
    let now = "2026-11-23T07:00:00Z".parse().unwrap();
    let older = json!({"p": {"disabledAt": "2026-03-01T10:00:00Z", "reason": "provider_down"}});
    let there = with_imported(&json!({"crisis": {"mode": null}}), &older, now).unwrap();
    let given_back = patched(&there, &read(&there).0, &Ledger::new());
    let ours = json!({"crisis": {"mode": {"since": "2026-11-23T06:00:00Z", "by": "automation"}, "x": 1}});
    let after = joined(&ours, &given_back);
    assert_eq!(after["crisis"], ours["crisis"]);
    assert_eq!(joined(&json!({}), &ours), json!({}), "a crisis elsewhere is none here");
    assert_eq!(with_imported(&after, &older, now), None);
}
