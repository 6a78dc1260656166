//! Crisis mode comes back as it was written, over whatever the file said.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Map;

use super::*;
use crate::state::document::Document;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-26T20:00:00Z")
}

/// A file of a later version, in the middle of a recovery.
const LATER: &str = r#"{
  "crisis": {
    "level": {"word": "deep"},
    "report": {
      "lines": [
        {"seal": "identical", "cron": "a", "name": "余", "back_at": "2026-11-26T10:00:00Z", "cost": 1.0,
         "missed": {"n_runs": 3, "why": "paused", "last": null}},
        "a word",
        {"cron": "b", "name": "b", "back_at": "2026-11-26T10:01:00Z", "seal": "differs"}
      ],
      "author": "later",
      "since": "2026-11-26T10:00:00Z"
    },
    "relapses": ["2026-11-26T09:00:00Z", "yesterday"],
    "came_back": {"kimi": "2026-11-26T09:30:00Z", "google": "soon"},
    "mode": {"why": "two are down", "recovering": {"stage": 2, "since": "2026-11-26T10:00:00Z", "by": "hand"},
             "by": "automation", "since": "2026-11-26T08:00:00Z"}
  },
  "entries": {}
}
"#;

fn paths(bad: &[BadValue]) -> Vec<&str> {
    bad.iter().map(|bad| bad.path.as_str()).collect()
}

#[test]
fn what_a_later_version_says_is_read_and_stays_where_it_is() {
    let document = Document::parse(LATER.as_bytes()).unwrap();
    let (crisis, bad) = read(document.root(), now());
    assert_eq!(paths(&bad), ["crisis.relapses.1", "crisis.came_back.google", "crisis.report.lines.1"]);
    let mode = crisis.mode.as_ref().unwrap();
    assert_eq!((mode.since, mode.by), (at("2026-11-26T08:00:00Z"), StartedBy::Automation));
    assert_eq!(crisis.recovering(), Some(Recovering { since: at("2026-11-26T10:00:00Z"), by: StartedBy::Hand }));
    assert_eq!(crisis.unknown["level"]["word"], "deep");
    assert_eq!(patched(document.root(), &crisis, &crisis), *document.root(), "saving what was read changes nothing");

    let mut after = crisis.clone();
    let lines = &mut after.report.as_mut().unwrap().lines;
    lines[0].ran_at = Some(now());
    lines[0].missed = Some(Missed { n_runs: 4, ..lines[0].missed.unwrap() });
    after.mode.as_mut().unwrap().recovering.as_mut().unwrap().by = StartedBy::Automation;
    after.came_back.insert(VendorId::new("kimi"), now());
    after.relapses.push(now());
    let written = document.rewritten(&patched(document.root(), &crisis, &after)).bytes();
    let expected = LATER
        .replace("\"n_runs\": 3", "\"n_runs\": 4")
        .replace("\"last\": null}}", "\"last\": null},\n         \"ran_at\": \"2026-11-26T20:00:00Z\"}")
        .replace("        \"a word\",\n", "")
        .replace("\"differs\"}\n", "\"differs\"},\n        \"a word\"\n")
        .replace("\"by\": \"hand\"", "\"by\": \"automation\"")
        .replace("2026-11-26T09:30:00Z", "2026-11-26T20:00:00Z")
        .replace("\"yesterday\"", "\"2026-11-26T20:00:00Z\", \"yesterday\"");
    assert_eq!(
        String::from_utf8(written).unwrap(),
        expected,
        "with its order of keys and its white space; what cannot be read is the last of its list"
    );
}

#[test]
fn the_end_of_a_mode_leaves_what_it_did_not_say() {
    let document = Document::parse(LATER.as_bytes()).unwrap();
    let (crisis, _) = read(document.root(), now());
    let after = Crisis { left_at: Some(now()), unknown: crisis.unknown.clone(), ..Crisis::default() };
    let root = patched(document.root(), &crisis, &after);
    let keys: Vec<_> = root[SECTION].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["level", "report", "relapses", "came_back", "mode", "left_at"]);
    let (back, bad) = read(&root, now());
    assert_eq!((back, paths(&bad)), (after, vec!["crisis.relapses.0", "crisis.came_back.google"]));
}

#[test]
fn a_bad_value_costs_only_itself() {
    let root = serde_json::json!({"crisis": {
        "mode": {"since": "noon", "by": 4, "recovering": {"by": "hand"}},
        "left_at": 5,
        "away": [4, "kimi"],
        "relapses": "many",
        "came_back": [],
        "report": {"lines": [{"name": "nobody's"}, {"cron": "a", "seal": "wax", "missed": {"n_runs": -1}, "ran_at": 0}]}
    }});
    let (crisis, bad) = read(&root, now());
    let expected = [
        "mode.since",
        "mode.by",
        "mode.recovering.since",
        "left_at",
        "away.0",
        "relapses",
        "came_back",
        "report.since",
        "report.lines.0.cron",
        "report.lines.1.back_at",
        "report.lines.1.seal",
        "report.lines.1.missed.n_runs",
        "report.lines.1.ran_at",
    ];
    assert_eq!(paths(&bad), expected.map(|path| format!("crisis.{path}")));
    let recovering = Some(Recovering { since: now(), by: StartedBy::Hand });
    assert_eq!(crisis.mode, Some(CrisisMode { since: now(), by: StartedBy::Hand, recovering }));
    assert_eq!(crisis.away.iter().map(VendorId::as_str).collect::<Vec<_>>(), ["kimi"]);
    let [line] = &crisis.report.as_ref().unwrap().lines[..] else { panic!("{crisis:?}") };
    assert_eq!((line.seal, line.missed, &*line.name), (Seal::Differs, None, "a"), "no more is claimed than is known");
    assert_eq!(patched(&root, &crisis, &crisis), root, "and stays until it is changed");
}

#[test]
fn a_mode_that_cannot_be_read_is_on_and_ends_by_hand() {
    let on = Some(CrisisMode { since: now(), by: StartedBy::Hand, recovering: None });
    let cases = [
        (serde_json::json!(null), None, 0),
        (serde_json::json!(false), None, 0),
        (serde_json::json!(true), on.clone(), 1),
        (serde_json::json!("on"), on.clone(), 1),
        (serde_json::json!({}), on.clone(), 2),
        (serde_json::json!({"since": "2026-11-26T20:00:00Z", "by": "hand", "recovering": 7}), on, 1),
    ];
    for (said, expected, n_bad) in cases {
        let root = serde_json::json!({"crisis": {"mode": said}});
        let (crisis, bad) = read(&root, now());
        assert_eq!((crisis.mode.clone(), bad.len()), (expected, n_bad), "{root}");
        let mut recovering = crisis.clone();
        recovering.mode = Some(CrisisMode {
            since: now(),
            by: StartedBy::Hand,
            recovering: Some(Recovering { since: now(), by: StartedBy::Automation }),
        });
        let written = patched(&root, &crisis, &recovering);
        assert_eq!(read(&written, at("2027-01-01T00:00:00Z")).0.mode, recovering.mode, "a change finds its place");
    }
}

#[test]
fn nothing_to_say_says_nothing() {
    let empty = serde_json::json!({"entries": {}});
    assert_eq!(patched(&empty, &Crisis::default(), &Crisis::default()), empty);
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000).prop_map(|(secs, nanos)| Timestamp::new(secs, nanos).unwrap())
}

fn begun() -> impl Strategy<Value = (Timestamp, StartedBy)> {
    (moment(), select(vec![StartedBy::Hand, StartedBy::Automation]))
}

prop_compose! {
    fn line()(
        cron in "[ab]", name in any::<String>(), back_at in moment(), seal in select(vec![Seal::Identical, Seal::Differs]),
        paused_from in prop::option::of(moment()),
        missed in prop::option::of((any::<u32>(), prop::option::of(moment()), prop::option::of(moment()))),
        ran_at in prop::option::of(moment()),
    ) -> ReportLine {
        let missed = missed.map(|(n_runs, first, last)| Missed { n_runs, first, last });
        ReportLine { cron: CronId::new(cron), name, back_at, seal, paused_from, missed, ran_at }
    }
}

prop_compose! {
    fn crisis()(
        mode in prop::option::of((begun(), prop::option::of(begun()))),
        left_at in prop::option::of(moment()),
        away in prop::collection::btree_set(select(vec!["kimi", "google", "x"]).prop_map(VendorId::new), 0..3),
        relapses in prop::collection::vec(moment(), 0..3),
        came_back in prop::collection::btree_map(select(vec!["kimi", "google", "x"]).prop_map(VendorId::new), moment(), 0..3),
        report in prop::option::of((moment(), prop::collection::vec(line(), 0..4))),
    ) -> Crisis {
        let recovering = |(since, by)| Recovering { since, by };
        let mode = mode.map(|((since, by), then)| CrisisMode { since, by, recovering: then.map(recovering) });
        let report = report.map(|(since, lines)| RecoveryReport { since, lines });
        Crisis { mode, left_at, away, relapses, came_back, report, unknown: Map::new() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_over_anything_is_read_back(
        start in select(vec![LATER, "{}", "{\"crisis\": 3}", "{\"crisis\": {\"mode\": {}, \"report\": {\"lines\": 1}}}"]),
        first in crisis(),
        second in crisis(),
    ) {
        let mut document = Document::parse(start.as_bytes()).unwrap();
        let (mut before, _) = read(document.root(), now());
        for mut wanted in [first, second] {
            wanted.unknown = before.unknown.clone();
            let root = patched(document.root(), &before, &wanted);
            prop_assert_eq!(&patched(&root, &wanted, &wanted), &root);
            document = Document::parse(&document.rewritten(&root).bytes()).unwrap();
            prop_assert_eq!(&read(document.root(), now()).0, &wanted);
            before = wanted;
        }
    }
}
