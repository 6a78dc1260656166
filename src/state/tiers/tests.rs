//! Both shapes of the mapping, and what a tier change does to the bytes around it.

use super::*;

fn now() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn id(text: &str) -> CronId {
    CronId::new(text)
}

fn set(root: &Value, cron: &str, edit: impl FnOnce(&mut TierEntry)) -> Value {
    let (before, _) = read(root, now());
    let mut entry = before.get(cron).cloned().unwrap_or_else(|| TierEntry::new(Tier::T1));
    edit(&mut entry);
    let names = BTreeMap::from([(id("new"), "余 digest".to_owned())]);
    patched(root, &before, &BTreeMap::from([(id(cron), Some(entry))]), &names, &mut TakenOut::new())
}

#[test]
fn a_tier_is_read_in_every_spelling_and_written_back_in_the_same() {
    let cases = [
        (json!(1), json!(3)),
        (json!(1.0), json!(3)),
        (json!("1"), json!("3")),
        (json!("T1"), json!("T3")),
        (json!("t1"), json!("t3")),
        (json!("Tier 1"), json!("Tier 3")),
    ];
    for (found, expected) in cases {
        for (root, after) in [
            (json!({"crons": {"a": {"tier": found, "x": 1}}}), json!({"crons": {"a": {"tier": expected, "x": 1}}})),
            (json!({"crons": {"a": found}}), json!({"crons": {"a": expected}})),
        ] {
            let (tiers, bad) = read(&root, now());
            assert_eq!((tiers["a"].tier, bad), (Tier::T1, vec![]), "{root}");
            assert_eq!(set(&root, "a", |entry| entry.tier = Tier::T3), after, "{root}");
        }
    }
}

#[test]
fn a_bad_entry_costs_only_itself() {
    let root = json!({"crons": {
        "good": {"tier": 2}, "nine": {"tier": 9}, "none": {"name": "x"}, "list": [1],
        "flag": {"tier": 1, "critical": "yes"}, "pin": {"tier": 1, "pinned": 7}, "hold": {"tier": 1, "hold": {}}
    }});
    let (tiers, bad) = read(&root, now());
    assert_eq!(tiers.keys().map(CronId::as_str).collect::<Vec<_>>(), ["flag", "good", "hold", "pin"]);
    let paths: Vec<_> = bad.iter().map(|bad| bad.path.as_str()).collect();
    let expected = [
        "crons.nine.tier",
        "crons.none.tier",
        "crons.list",
        "crons.flag.critical",
        "crons.pin.pinned",
        "crons.hold.hold.since",
    ];
    assert_eq!(paths, expected);
    assert_eq!(bad[0].detail, "expected a tier from 1 to 3, found 9");
    assert!(!tiers["flag"].critical);
    assert_eq!(tiers["pin"].pinned, Some(Pin { model: None }), "it still pins");
    assert_eq!(tiers["hold"].hold, Some(Hold { since: now(), why: HoldReason::ByHand }), "it still holds");
}

#[test]
fn every_decision_of_the_user_survives_a_round_trip() {
    let root = json!({"crons": {"old": {"tier": 1, "owner": "ops"}}});
    let full = TierEntry {
        tier: Tier::T3,
        critical: true,
        above_guard: true,
        pinned: Some(Pin { model: ModelRef::parse("kimi/k3") }),
        hold: Some(Hold { since: now(), why: HoldReason::Undone }),
        detour: Some(Detour { route: RouteKey::new("kimi"), until: now() }),
        edit_agent_made: true,
        may_miss_one_shot: true,
        ask_first: true,
        note: Some("余 🦀".to_owned()),
    };
    let after = set(&root, "old", |entry| *entry = full.clone());
    assert_eq!(read(&after, now()), (TierMap::from([(id("old"), full)]), vec![]));
    assert_eq!(after["crons"]["old"]["owner"], "ops");
    let back = set(&after, "old", |entry| *entry = TierEntry::new(Tier::T1));
    let (tiers, _) = read(&back, now());
    assert_eq!(tiers["old"], TierEntry::new(Tier::T1));
    assert!(back["crons"]["old"].get("pinned").is_none(), "what no longer holds is not left behind");
}

#[test]
fn a_new_entry_has_what_the_older_scripts_expect() {
    let after = set(&json!({"version": 7}), "new", |entry| entry.tier = Tier::T2);
    let expected = json!({"version": 7, "crons": {"new": {"name": "余 digest", "tier": 2, "critical": false}}});
    assert_eq!(after.to_string(), expected.to_string(), "in this order");
}

#[test]
fn an_entry_given_back_has_its_unknown_fields_again() {
    let root = json!({"crons": {"a": {"tier": 1, "note": "old", "owner": "ops"}, "b": 2}});
    let (before, _) = read(&root, now());
    let mut taken_out = TakenOut::new();
    let gone = patched(&root, &before, &BTreeMap::from([(id("a"), None)]), &BTreeMap::new(), &mut taken_out);
    assert_eq!(gone, json!({"crons": {"b": 2}}));
    let (between, _) = read(&gone, now());
    let entry = BTreeMap::from([(id("a"), Some(TierEntry::new(Tier::T3)))]);
    let back = patched(&gone, &between, &entry, &BTreeMap::new(), &mut taken_out);
    assert_eq!(back["crons"]["a"], json!({"tier": 3, "owner": "ops"}));
}
