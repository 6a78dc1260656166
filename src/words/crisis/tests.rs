//! How a crisis, the way out of it and what came of it are said.

use jiff::SignedDuration;

use super::super::testing::{at, change, decision, world};
use super::*;
use crate::domain::{
    AccountId, AgentTurn, ChangeMark, CrisisMode, CrisisView, Fields, Health, HoldReason, LedgerEntry, LedgerReason,
    Missed, Notice, Payload, PlanId, PlanOrigin, Readiness, Recovering, RecoveryCheck, RecoveryReport, ReportLine,
    RouteKey, Schedule, Seal, VendorDown,
};

const MINIMAX: Option<&str> = Some("minimax/MiniMax-M3");
const FLASH: Option<&str> = Some("google/gemini-3-flash");
const KIMI: Option<&str> = Some("kimi/k2");
const OPUS: Option<&str> = Some("anthropic/claude-opus");

fn outage_of(level: OutageLevel, down: &[&str]) -> Outage {
    let limit = Health::LimitHit { resets_at: Some(at("2026-11-23 18:00")) };
    let down = down.iter().map(|vendor| VendorDown {
        vendor: VendorId::new(vendor),
        health: limit.clone(),
        since: None,
        resets_at: None,
    });
    Outage { level, down: down.collect() }
}

fn plan(changes: Vec<Change>, decisions: Vec<Decision>) -> Plan {
    Plan {
        id: PlanId::new("p1"),
        at: at("2026-11-23 06:00"),
        origin: PlanOrigin::Crisis,
        outage: outage_of(OutageLevel::Crisis, &["kimi", "google"]),
        changes,
        decisions,
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

fn moves(name: &str, to: Option<&str>) -> Change {
    Change { reason: Reason::CheapestInCrisis { route: RouteKey::new("minimax") }, ..change(name, KIMI, to) }
}

fn pauses(name: &str, until: Option<&str>) -> Change {
    let paused = change(name, KIMI, KIMI);
    Change {
        kind: ChangeKind::Pause,
        to: Fields { enabled: false, ..paused.to.clone() },
        reason: Reason::PausedInCrisis { expected_return: until.map(at) },
        ..paused
    }
}

fn back(name: &str) -> Change {
    let given = change(name, MINIMAX, KIMI);
    Change {
        kind: ChangeKind::Resume,
        from: Fields { enabled: false, ..given.from.clone() },
        reason: Reason::GivenBack,
        ..given
    }
}

fn unticked(change: Change) -> Change {
    Change { ticked: false, marks: vec![ChangeMark::AgentMade], ..change }
}

fn switched_off(name: &str) -> Change {
    Change { reason: Reason::SwitchedOffInOutage { at: None }, ticked: false, ..back(name) }
}

fn with(id: &str, verdict: Verdict, reason: Reason) -> Decision {
    Decision { cron: CronId::new(id), verdict, ..decision(reason) }
}

fn many(n: usize, of: impl Fn(&str) -> Change) -> Vec<Change> {
    (0..n).map(|index| of(&format!("c{index}"))).collect()
}

#[test]
fn the_headline_names_who_is_down() {
    let world = world();
    let cases = [
        (outage_of(OutageLevel::Crisis, &["kimi", "google"]), "2 providers are down: Kimi and Google."),
        (outage_of(OutageLevel::Degraded, &["kimi"]), "1 provider is down: Kimi."),
        (outage_of(OutageLevel::Healthy, &[]), "No provider is down."),
        (outage_of(OutageLevel::Crisis, &[]), "As it was when the gateway was last there."),
    ];
    for (found, said) in cases {
        assert_eq!(outage_headline(&found, &world.speech()), said);
    }
}

#[test]
fn entering_says_what_moves_what_pauses_and_that_it_is_given_back() {
    let world = world();
    let until = Some("2026-11-23 18:00");
    let both = || [many(15, |name| moves(name, MINIMAX)), many(9, |name| pauses(name, until))].concat();
    let critical = || with("lost", Verdict::Stranded, Reason::CriticalStranded);
    let cases = [
        (
            plan(both(), vec![]),
            "15 crons move to MiniMax, 9 pause until 18:00, critical ones keep running. Recovery gives back what was \
             changed.",
        ),
        (
            plan([both(), vec![unticked(moves("x", MINIMAX)), unticked(moves("y", MINIMAX))]].concat(), vec![]),
            "15 crons move to MiniMax, 9 pause until 18:00, critical ones keep running. Recovery gives back what was \
             changed. 2 are left out: agents made them.",
        ),
        (
            plan(vec![pauses("a", None)], vec![critical()]),
            "1 cron pauses until a provider is back. Recovery gives back what was changed. 1 that must keep running \
             has no route that serves.",
        ),
        (
            plan(vec![moves("a", OPUS), moves("b", MINIMAX), moves("c", MINIMAX)], vec![]),
            "3 crons move to MiniMax and Opus. Recovery gives back what was changed.",
        ),
        (plan(vec![], vec![]), "It would change nothing now."),
        (plan(vec![unticked(moves("x", MINIMAX))], vec![]), "1 is left out: an agent made it."),
        (
            plan(vec![switched_off("x"), switched_off("y"), unticked(moves("z", MINIMAX))], vec![]),
            "1 is left out: an agent made it. 2 are left out: the gateway switched them off.",
        ),
        (plan(vec![unticked(switched_off("x"))], vec![]), "1 is left out: an agent made it."),
    ];
    for (plan, said) in cases {
        assert_eq!(enter_sentence(&plan, &world.speech()), said);
    }
}

#[test]
fn pauses_that_end_apart_are_said_to_last_until_the_latest() {
    let world = world();
    let some = vec![pauses("a", Some("2026-11-23 18:00")), pauses("b", Some("2026-11-24 09:00"))];
    assert!(enter_sentence(&plan(some, vec![]), &world.speech()).contains("2 crons pause until tomorrow 09:00"));
    let open = vec![pauses("a", Some("2026-11-23 18:00")), pauses("b", None)];
    assert!(enter_sentence(&plan(open, vec![]), &world.speech()).contains("2 crons pause until a provider is back"));
}

#[test]
fn re_routing_alone_pauses_nothing_and_says_what_goes_on_failing() {
    let world = world();
    let dead = || Reason::NothingServes { expected_return: None };
    let ordinary = plan(
        vec![moves("a", FLASH), moves("b", MINIMAX), pauses("c", None), unticked(moves("d", MINIMAX))],
        vec![
            with("e", Verdict::Waiting, dead()),
            with("f", Verdict::Waiting, Reason::RunsAfterReturn { expected_return: at("2026-11-23 18:00") }),
            with("g", Verdict::Stranded, Reason::CriticalStranded),
        ],
    );
    assert_eq!(
        reroute_sentence(&ordinary, &world.speech()),
        "2 crons move to Flash 3 and MiniMax, none pauses. 3 stay on routes that do not serve. 1 is left out: an \
         agent made it."
    );
    assert_eq!(reroute_lines(&ordinary), [CronId::new("a"), CronId::new("b")]);
    assert_eq!(ticked_lines(&ordinary), [CronId::new("a"), CronId::new("b"), CronId::new("c")]);
    assert_eq!(
        reroute_sentence(&plan(vec![pauses("c", None)], vec![]), &world.speech()),
        "No cron can move: no route of theirs serves. 1 stays on a route that does not serve."
    );
}

#[test]
fn every_cron_is_in_the_group_of_what_happens_to_it() {
    let held = Reason::RunsAfterReturn { expected_return: at("2026-11-23 18:00") };
    let dead = Reason::NothingServes { expected_return: None };
    let mut crisis = plan(
        vec![moves("m", MINIMAX), pauses("p", None), unticked(pauses("q", None))],
        vec![
            with("critical", Verdict::Stranded, Reason::CriticalStranded),
            with("later", Verdict::Waiting, held),
            with("m", Verdict::Change, Reason::NoEvidence),
            with("mine", Verdict::LeftAlone, Reason::Held { why: HoldReason::ByHand }),
            with("off", Verdict::LeftAlone, Reason::PausedByUser),
            with("ours", Verdict::Waiting, Reason::StillPaused),
            with("ours2", Verdict::Waiting, Reason::PausedInCrisis { expected_return: None }),
            with("pin", Verdict::LeftAlone, Reason::Pinned { model: None }),
            with("stay", Verdict::Stay, Reason::AsIntended { route: RouteKey::new("minimax") }),
            with("wait", Verdict::Waiting, dead),
        ],
    );
    crisis.notes = vec![
        PlanNote::OneShotKept { cron: CronId::new("m"), name: "Visa call".into(), due: at("2026-11-23 09:00") },
        PlanNote::UnsortedFailing { n_crons: 1, crons: vec![CronId::new("new")] },
    ];
    let groups: BTreeMap<_, _> = crisis_groups(&crisis)
        .into_iter()
        .map(|group| (group.kind, group.crons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")))
        .collect();
    let expected = [
        (CrisisGroupKind::Moves, "m"),
        (CrisisGroupKind::Pauses, "p q"),
        (CrisisGroupKind::OneShots, "m"),
        (CrisisGroupKind::Stranded, "critical"),
        (CrisisGroupKind::Unsorted, "new"),
        (CrisisGroupKind::Held, "later"),
        (CrisisGroupKind::Waiting, "wait"),
        (CrisisGroupKind::StaysPaused, "ours ours2"),
        (CrisisGroupKind::OnHold, "mine"),
        (CrisisGroupKind::KeepsRunning, "pin stay"),
    ];
    assert_eq!(groups, expected.map(|(kind, crons)| (kind, crons.to_owned())).into());
    let counts = CrisisCounts::of(&crisis);
    let brief = (counts.moves, counts.pauses, counts.held, counts.kept, counts.stranded, counts.unticked);
    assert_eq!(brief, (1, 1, 1, 2, 1, 1), "a line that nobody agreed to is not counted as paused");
    assert_eq!((counts.stays_paused, counts.unsorted_failing, counts.resumes), (2, 1, 0));
}

#[test]
fn the_mode_says_since_when_and_who_entered_it() {
    let world = world();
    let since = at("2026-11-23 05:02");
    let mode = |by, recovering| Crisis { mode: Some(CrisisMode { since, by, recovering }), ..Crisis::default() };
    let back = Recovering { since: at("2026-11-23 05:50"), by: StartedBy::Hand };
    let cases = [
        (Crisis::default(), None),
        (mode(StartedBy::Hand, None), Some("Crisis mode since 05:02, entered by you")),
        (mode(StartedBy::Automation, None), Some("Crisis mode since 05:02, entered by automation")),
        (
            mode(StartedBy::Automation, Some(back)),
            Some("Crisis mode since 05:02, entered by automation; ended by you at 05:50"),
        ),
    ];
    for (crisis, said) in cases {
        assert_eq!(crisis_mode(&crisis, &world.speech()).as_deref(), said);
    }
}

fn debt(name: &str, paused: bool) -> (CronId, LedgerEntry) {
    let fields = |enabled| Fields { model: None, fallbacks: None, enabled };
    let entry = LedgerEntry {
        cron: CronId::new(name),
        name: name.to_owned(),
        opened_at: at("2026-11-23 05:02"),
        why: LedgerReason::Crisis,
        before: fields(true),
        wrote: fields(!paused),
        revision_before: None,
        definition: Arc::default(),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::new(),
    };
    (CronId::new(name), entry)
}

#[test]
fn what_is_owed_is_counted_by_what_was_done() {
    let ledger: Ledger = [debt("a", true), debt("b", true), debt("c", false)].into();
    let owed = Owed::of(&ledger, None);
    assert_eq!(owed_sentence(owed), "2 crons are paused by this program, 1 runs on another model than before");
    assert_eq!(owed_sentence(Owed::default()), "Nothing is owed");
    let listed = |id: &str, enabled| {
        let schedule = Schedule::Event { kind: "stream".to_owned() };
        let cron = Cron::new(CronId::new(id), id, schedule, Payload::AgentTurn(AgentTurn::default()));
        (CronId::new(id), Arc::new(Cron { enabled, ..cron }))
    };
    let crons = [listed("a", false), listed("b", true)].into();
    let owed = Owed::of(&ledger, Some(&crons));
    assert_eq!(owed, Owed { paused: 1, moved: 0 }, "one was switched on meanwhile, one is gone");
    let world = world();
    let said = "paused by this program at 05:02, in crisis mode; it had Kimi before";
    let mut paused = ledger[&CronId::new("a")].clone();
    paused.before.model = KIMI.map(str::to_owned);
    assert_eq!(super::debt(&paused, &world.speech()), said);
}

#[test]
fn closing_asks_only_while_crons_are_paused() {
    let said = closing_question(Owed { paused: 9, moved: 2 }).expect("nine are paused");
    assert_eq!(said.what, "9 crons stay paused until this program is started again");
    assert!(said.remedy.is_some_and(|remedy| remedy.contains("as a service, and they run again")));
    assert_eq!(closing_question(Owed { paused: 0, moved: 2 }), None);
}

#[test]
fn recovery_says_how_many_get_back_what_they_had() {
    let elsewhere = Change { reason: Reason::Resumes { route: RouteKey::new("kimi") }, ..back("x") };
    let stays = || vec![with("s", Verdict::Waiting, Reason::StillPaused)];
    let cases = [
        (many(23, back), vec![], "23 crons get back what they had"),
        (vec![back("a")], vec![], "1 cron gets back what it had"),
        (
            vec![back("a"), back("b"), elsewhere],
            stays(),
            "2 crons get back what they had, 1 runs on another route until the former one serves, 1 stays paused \
             until a provider is back",
        ),
        (
            vec![back("a"), switched_off("off")],
            vec![],
            "1 cron gets back what it had. 1 cron switched off by the gateway: tick to switch on again",
        ),
        (vec![back("a"), unticked(back("b"))], vec![], "1 cron gets back what it had. 1 left out unless you tick it"),
        (vec![], stays(), "1 cron stays paused until a provider is back"),
        (
            vec![back("a")],
            vec![with("m", Verdict::Stay, Reason::NoEvidence)],
            "1 cron gets back what it had, 1 stays on another model until the former one serves",
        ),
        (vec![], vec![], "Nothing to give back"),
    ];
    for (changes, decisions, said) in cases {
        assert_eq!(recover_sentence(&plan(changes, decisions), &Ledger::new()), said);
    }
}

#[test]
fn what_stays_paused_because_it_is_held_is_said() {
    let held = |id: &str| with(id, Verdict::LeftAlone, Reason::Held { why: HoldReason::ByHand });
    let ledger: Ledger = [debt("a", true), debt("b", true), debt("moved", false)].into();
    let all = plan(vec![back("x")], vec![held("a"), held("b"), held("moved"), held("mine")]);
    let said = "1 cron gets back what it had, 2 stay paused because you hold them";
    assert_eq!(recover_sentence(&all, &ledger), said);
    assert_eq!(held_sentence(&all, &ledger).as_deref(), Some("2 crons stay paused because you hold them"));
    let one = plan(vec![], vec![held("a")]);
    assert_eq!(recover_sentence(&one, &ledger), "1 cron stays paused because you hold it");
    assert_eq!(held_sentence(&plan(vec![], vec![held("mine")]), &ledger), None);
}

fn view(readiness: Readiness, came_back: &[&str], relapses: &[&str]) -> CrisisView {
    let crisis = Crisis {
        came_back: came_back.iter().map(|vendor| (VendorId::new(vendor), at("2026-11-23 05:50"))).collect(),
        relapses: relapses.iter().map(|moment| at(moment)).collect(),
        ..Crisis::default()
    };
    CrisisView { state: Arc::new(crisis), readiness, ..CrisisView::default() }
}

#[test]
fn readiness_says_what_it_waits_for() {
    let world = world();
    let settling =
        |until: &str, n_relapses| Readiness::Settling { until: at(&format!("2026-11-23 {until}")), n_relapses };
    let down = |vendors: &[&str], expected: Option<&str>| Readiness::StillDown {
        vendors: vendors.iter().map(VendorId::new).collect(),
        expected: expected.map(at),
    };
    let cases = [
        (view(Readiness::NothingOwed, &[], &[]), "Nothing to give back"),
        (
            view(down(&["kimi", "google"], Some("2026-11-23 18:00")), &[], &[]),
            "Kimi and Google are still down, expected back at about 18:00, in 12 h",
        ),
        (view(down(&["kimi"], None), &[], &[]), "Kimi is still down"),
        (view(down(&[], None), &[], &[]), "What is owed waits for its own route to serve"),
        (
            view(down(&[], Some("2026-11-23 18:00")), &[], &[]),
            "What is owed waits for its own route to serve, expected at about 18:00, in 12 h",
        ),
        (view(settling("06:06", 0), &["kimi"], &[]), "Kimi serves again, and must go on until 06:06, in 6 min first"),
        (
            view(settling("06:30", 2), &["kimi"], &["2026-11-23 04:00", "2026-11-23 05:00"]),
            "Kimi failed again twice today, so it must serve 40 min first: until 06:30",
        ),
        (
            view(settling("06:10", 1), &["google", "kimi"], &["2026-11-22 23:00"]),
            "Providers failed again once in the last 24 h, so they must serve 20 min first: until 06:10",
        ),
        (view(Readiness::Ready, &["kimi"], &[]), "What was changed can be given back"),
        (view(Readiness::Recovering, &["kimi"], &[]), "What was changed is being given back"),
    ];
    for (view, said) in cases {
        assert_eq!(readiness(&view, &world.speech()), said);
    }
}

#[test]
fn a_window_that_would_run_out_says_when_and_who_goes_first() {
    let world = world();
    let load = Overload {
        account: AccountId::new("minimax"),
        window: "5h".into(),
        used_ratio: 0.72,
        expected_ratio: 1.3,
        resets_at: at("2026-11-23 18:00"),
        runs_out_at: Some(at("2026-11-23 16:40")),
        n_crons: 14,
    };
    assert_eq!(
        overload(&load, &world.speech()),
        "MiniMax's 5h window is 72% used; 14 crons would use it up at about 16:40, before it resets 18:00. \
         Critical ones go first."
    );
    let full = Overload { used_ratio: 1.0, ..load };
    assert_eq!(overload(&full, &world.speech()), "MiniMax's 5h window is used up until 18:00. Critical ones go first.");
}

#[test]
fn a_vendor_that_stays_away_is_to_be_set_aside() {
    let world = world();
    let away = |until: &str| LongAway { vendor: VendorId::new("kimi"), accounts: Vec::new(), until: at(until) };
    let cases = [("2026-12-02 00:00", "2 Dec"), ("2026-11-24 09:00", "tomorrow 09:00")];
    for (until, day) in cases {
        let said = format!("Kimi is not back before {day}: set it aside until then, and the others go on");
        assert_eq!(long_away(&away(until), &world.speech()), said);
    }
}

#[test]
fn automation_says_why_it_does_not_act() {
    let world = world();
    let until = at("2026-11-23 07:00");
    let cases = [
        (AutomationWord::Silent, None),
        (AutomationWord::Acting, Some("Automation does this now")),
        (AutomationWord::LooksFirst, Some("Automation looks at the providers first")),
        (
            AutomationWord::OverLimit { n_crons: 31, limit: 20 },
            Some("31 crons would change, and automation may change 20 in an hour: it waits for you"),
        ),
        (AutomationWord::QuietUntil { until }, Some("Quiet hours: automation changes nothing before 07:00")),
        (
            AutomationWord::Dwells { until },
            Some("Automation waits until 07:00: it does not enter and leave crisis mode in quick turns"),
        ),
        (AutomationWord::ByHandOnly, Some("You entered crisis mode, so only you end it")),
    ];
    for (word, said) in cases {
        assert_eq!(automation_word(&word, &world.speech()).as_deref(), said);
    }
}

fn line(seal: Seal, missed: Option<Missed>) -> ReportLine {
    ReportLine {
        cron: CronId::new("c1"),
        name: "Heartbeat ping".into(),
        back_at: at("2026-11-23 05:55"),
        seal,
        paused_from: Some(at("2026-11-22 21:00")),
        missed,
        ran_at: None,
    }
}

fn missed_until(n_runs: u32, last: Option<&str>) -> Missed {
    Missed { n_runs, first: None, last: last.map(at) }
}

#[test]
fn the_report_says_what_was_missed_and_whether_all_is_as_before() {
    let world = world();
    let speech = world.speech();
    let cases = [
        (
            line(Seal::Identical, Some(missed_until(3, Some("2026-11-23 05:30")))),
            "missed 3 runs, the last at 05:30 · definition identical to before",
        ),
        (
            line(Seal::Identical, Some(missed_until(1, Some("2026-11-23 05:30")))),
            "missed 1 run, at 05:30 · definition identical to before",
        ),
        (line(Seal::Identical, Some(missed_until(0, None))), "missed no run · definition identical to before"),
        (
            line(Seal::Identical, Some(missed_until(Missed::COUNTED, None))),
            "missed 1000 runs or more · definition identical to before",
        ),
        (
            line(Seal::Differs, None),
            "what it missed cannot be told · not identical to before: your own edits stay, or its former model does \
             not serve yet",
        ),
        (ReportLine { paused_from: None, ..line(Seal::Identical, None) }, "definition identical to before"),
    ];
    for (line, said) in cases {
        assert_eq!(report_line(&line, &speech), said);
    }
    let ran = ReportLine {
        ran_at: Some(world.now - SignedDuration::from_mins(2)),
        ..line(Seal::Identical, Some(missed_until(1, Some("2026-11-23 05:30"))))
    };
    assert!(report_line(&ran, &speech).contains("at 05:30 · run after all 2 min ago · "));
    let report = RecoveryReport {
        since: at("2026-11-23 05:50"),
        lines: vec![line(Seal::Identical, Some(missed_until(3, None))), line(Seal::Differs, None)],
    };
    let said = "2 crons were given back since 05:50, 1 of them identical to before; 3 runs were missed";
    assert_eq!(report_headline(&report, &speech), said);
}

#[test]
fn what_cannot_be_given_back_is_one_sentence() {
    assert_eq!(
        not_given_back(),
        "The phase of an interval schedule, the error count from before and the authority of the channel account for \
         which an agent made a cron cannot be given back"
    );
}

#[test]
fn a_recovery_check_says_when_and_that_it_wakes_the_program() {
    let world = world();
    let kimi = AccountId::new("kimi");
    let check = RecoveryCheck { at: at("2026-11-23 18:01"), cron: None };
    let said = recovery_check(&kimi, &check, &world.speech());
    assert_eq!(said, "Kimi is looked at again at 18:01, in 12 h");
    let placed = RecoveryCheck { cron: Some(CronId::new("own")), ..check };
    assert!(recovery_check(&kimi, &placed, &world.speech()).ends_with(": the gateway reminds this program"));
}

#[test]
fn a_notification_has_a_title_that_stands_alone() {
    let world = world();
    let down = outage_of(OutageLevel::Crisis, &["kimi", "google"]).down;
    let cases = [
        (
            Notice::Outage { level: OutageLevel::Crisis, down, n_move: 15, n_pause: 9 },
            "2 providers are down: Kimi and Google",
            "Kimi: quota limit hit — resets today 18:00 · Google: quota limit hit — resets today 18:00\nCrisis mode \
             would move 15 and pause 9",
        ),
        (
            Notice::CrisisEntered { n_move: 15, n_pause: 9 },
            "Automation has entered crisis mode",
            "15 crons move, 9 pause. Recovery gives back what was changed.",
        ),
        (Notice::RecoveryReady { n_crons: 1 }, "1 cron can get back what it had", "The providers serve again"),
        (
            Notice::Recovered { n_crons: 23, n_missed: 12 },
            "23 crons got back what they had",
            "12 runs were missed: they can be run now",
        ),
        (
            Notice::Relapse { vendor: VendorId::new("kimi") },
            "Kimi failed again while crons were given back to it",
            "Giving back has stopped. It is offered again once it has served for longer.",
        ),
        (
            Notice::NearlyOff { cron: "Invoice chaser".into(), n_errors: 9 },
            "Invoice chaser failed 9 times in a row",
            "After its tenth failure the gateway switches it off",
        ),
    ];
    for (told, title, body) in cases {
        let said = notice(&told, &world.speech());
        assert_eq!((said.what.as_str(), said.remedy.as_deref()), (title, Some(body)));
    }
}

#[test]
fn no_sentence_of_a_crisis_speaks_of_money() {
    let world = world();
    let down =
        vec![VendorDown { vendor: VendorId::new("kimi"), health: Health::OutOfBalance, since: None, resets_at: None }];
    let told = Notice::Outage { level: OutageLevel::Crisis, down, n_move: 0, n_pause: 0 };
    let body = notice(&told, &world.speech()).remedy.unwrap_or_default();
    assert_eq!(body, "Kimi: quota limit hit — reset date not reported yet");
}

#[test]
fn every_group_has_a_heading_and_a_why() {
    let headings: Vec<_> = CrisisGroupKind::ALL.map(crisis_group).into();
    let unique: std::collections::BTreeSet<_> = headings.iter().collect();
    assert_eq!(unique.len(), headings.len());
    assert!(CrisisGroupKind::ALL.iter().all(|kind| !crisis_group_detail(*kind).is_empty()));
    assert_eq!(pause_ends(&Reason::CriticalStranded), None);
}
