//! `what-if --rehearse`: an outage lived through on a copy of the gateway's crons. Nothing of it is written or sent.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;

use jiff::{SignedDuration, Span, Timestamp};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::session::Context;
use super::table::table;
use crate::domain::{Drill, Hypothesis, Lived, OutageLasts, Rehearsal, Rehearsed, StartedBy, Supposed};
use crate::sim;
use crate::words;

/// Only how long calls and runs take follows from it.
const SEED: u64 = 1;

pub(super) fn run(supposed: Hypothesis, lasts: &str, context: &Context, as_json: bool) -> Result<Exit, Failure> {
    let drill =
        Drill { lasts: length(lasts, &supposed, context)?, supposed, zone: context.speech().zone.clone(), seed: SEED };
    let shows = std::io::stderr().is_terminal();
    let mut told = 0;
    let mut progress = |part: f32| {
        let percent = (part * 100.0) as u32;
        if shows && percent > told {
            told = percent;
            print::over_and_over(&format!("rehearsing, {percent} %"));
        }
        ControlFlow::Continue(())
    };
    let lived = sim::rehearse(&context.snapshot, &drill, &mut progress);
    if shows {
        print::over_and_over("");
    }
    let lived = lived.ok_or_else(|| Failure::new(Exit::Failed, "the rehearsal was broken off"))?;
    if as_json {
        print::json(&Document::of(&lived, &drill, context))?;
    } else {
        print::text(&text(&lived, &drill, context))?;
    }
    Ok(if lived.broken.is_some() { Exit::LawBroken } else { Exit::Done })
}

fn length(text: &str, supposed: &Hypothesis, context: &Context) -> Result<OutageLasts, Failure> {
    let usage = |what: String, remedy: &str| Failure::new(Exit::Usage, what).with_remedy(remedy);
    let (seen, begins) = (&context.snapshot, supposed.moment(context.snapshot.at) + Drill::RUN_UP);
    if text.trim() == "reset" {
        let mut down = supposed.accounts.iter().filter(|(_, how)| **how == Supposed::Down);
        let told = down.any(|(account, _)| seen.fleet.next_reset(account, begins).is_some());
        let what = || usage("none of them has told when its quota is reset".to_owned(), "Give a length, such as 6h");
        return if told { Ok(OutageLasts::UntilReset) } else { Err(what()) };
    }
    let remedy = "Give a length, such as 45m, 6h or 2d, up to seven days, or reset";
    let lasts =
        text.trim().parse::<Span>().ok().and_then(|span| SignedDuration::try_from(span).ok().or_else(|| days(span)));
    match lasts {
        None => Err(usage(format!("'{text}' is no length"), remedy)),
        Some(lasts) if lasts < SignedDuration::from_mins(1) => Err(usage(format!("{text} is too short"), remedy)),
        Some(lasts) if lasts > Drill::LONGEST => Err(usage(format!("{text} is too long"), remedy)),
        Some(lasts) => Ok(OutageLasts::For(lasts)),
    }
}

/// A day has 24 hours here.
fn days(span: Span) -> Option<SignedDuration> {
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
}

fn text(lived: &Rehearsal, drill: &Drill, context: &Context) -> String {
    let speech = context.speech();
    let supposed = words::supposition(&drill.supposed, &speech).unwrap_or_default();
    let mut text = format!("Rehearsed: {supposed}\n{}\n\n", words::rehearsal(lived, &speech));
    let events = lived.events.iter().map(|event| {
        let said = words::on_one_line(&words::rehearsed(event, lived, &speech));
        [words::rehearsal_offset(lived, event.at), words::clock(event.at, &speech), said]
    });
    text.push_str(&table(&events.collect::<Vec<_>>()));
    text.push('\n');
    let head = ["", "with it", "without"].map(str::to_owned);
    let rows = words::rehearsal_numbers(lived).into_iter().map(|row| [row.what.to_owned(), row.with, row.without]);
    text.push_str(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    if !lived.otherwise.is_empty() {
        let names: Vec<_> = lived.otherwise.iter().map(|name| words::on_one_line(name)).collect();
        text.extend(["\nNot as before: ", &words::list(&names), "\n"]);
    }
    if let Some(broken) = &lived.broken {
        text.extend(["\nA rule that must hold did not: ", &broken.law, "\nSeen: ", &broken.seen, "\n"]);
    }
    let manners = words::rehearsal_manners(&context.snapshot.settings);
    format!("{text}\n{manners} {}\n{}.\n", words::WHAT_A_REHEARSAL_PLAYS, words::A_SIMULATION)
}

#[derive(Debug, Serialize)]
struct Document {
    down: Vec<String>,
    said: String,
    begins: Timestamp,
    ends: Timestamp,
    until: Timestamp,
    noticed: Option<Noticed>,
    with: LivedRow,
    without: LivedRow,
    presses: u32,
    most_paused: u32,
    as_before: Option<Timestamp>,
    /// Crons that the gateway switched off, and others that are off or on another model in the end, by name.
    switched_off: Vec<String>,
    otherwise: Vec<String>,
    refitted: u32,
    /// Others that had been displaced, and are where their chains bring them.
    home: u32,
    accounts: Vec<AccountRow>,
    events: Vec<EventRow>,
    broken: Option<BrokenRow>,
}

#[derive(Debug, Serialize)]
struct Noticed {
    at: Timestamp,
    failed_runs: u32,
}

#[derive(Debug, Serialize)]
struct LivedRow {
    runs: u32,
    failed: u32,
    left_out: u32,
    switched_off: u32,
    writes: u32,
}

#[derive(Debug, Serialize)]
struct AccountRow {
    account: String,
    fails: bool,
    failed: Vec<Timestamp>,
    failed_without: Vec<Timestamp>,
    /// How many crons are on it, from each moment on.
    crons: Vec<StepRow>,
}

#[derive(Debug, Serialize)]
struct StepRow {
    from: Option<Timestamp>,
    n: u32,
}

#[derive(Debug, Serialize)]
struct EventRow {
    at: Timestamp,
    /// Seconds after the outage began.
    after: i64,
    kind: &'static str,
    by: Option<&'static str>,
    said: String,
}

#[derive(Debug, Serialize)]
struct BrokenRow {
    at: Timestamp,
    law: String,
    seen: String,
}

impl Document {
    fn of(lived: &Rehearsal, drill: &Drill, context: &Context) -> Self {
        let speech = context.speech();
        let down = drill.supposed.accounts.iter().filter(|(_, how)| **how == Supposed::Down);
        let event = |event: &crate::domain::RehearsalEvent| EventRow {
            at: event.at,
            after: event.at.duration_since(lived.begins).as_secs(),
            kind: kind(&event.what),
            by: by(&event.what),
            said: words::rehearsed(event, lived, &speech),
        };
        let step =
            |(from, n): &(Timestamp, u32)| StepRow { from: Some(*from).filter(|at| *at > Timestamp::MIN), n: *n };
        let account = |lane: &crate::domain::RehearsalLane| AccountRow {
            account: lane.account.to_string(),
            fails: lane.fails,
            failed: lane.failed.clone(),
            failed_without: lane.failed_without.clone(),
            crons: lane.crons.iter().map(step).collect(),
        };
        Self {
            down: down.map(|(account, _)| account.to_string()).collect(),
            said: words::rehearsal(lived, &speech),
            begins: lived.begins,
            ends: lived.ends,
            until: lived.until,
            noticed: lived.noticed().map(|(at, failed_runs)| Noticed { at, failed_runs }),
            with: LivedRow::of(&lived.with),
            without: LivedRow::of(&lived.without),
            presses: lived.n_presses,
            most_paused: lived.most_paused(),
            as_before: lived.as_before,
            switched_off: lived.switched_off.clone(),
            otherwise: lived.otherwise.clone(),
            refitted: lived.n_refitted,
            home: lived.n_home,
            accounts: lived.lanes.iter().map(account).collect(),
            events: lived.events.iter().map(event).collect(),
            broken: lived.broken.as_ref().map(|broken| BrokenRow {
                at: broken.at,
                law: broken.law.clone(),
                seen: broken.seen.clone(),
            }),
        }
    }
}

impl LivedRow {
    fn of(lived: &Lived) -> Self {
        Self {
            runs: lived.n_runs,
            failed: lived.n_failed,
            left_out: lived.n_missed,
            switched_off: lived.n_switched_off,
            writes: lived.n_writes,
        }
    }
}

fn kind(what: &Rehearsed) -> &'static str {
    match what {
        Rehearsed::Begins => "begins",
        Rehearsed::RunFails { .. } => "run_fails",
        Rehearsed::Noticed { .. } => "noticed",
        Rehearsed::Level(_) => "level",
        Rehearsed::CrisisOn(_) => "crisis_on",
        Rehearsed::GivesBack(_) => "gives_back",
        Rehearsed::CrisisOff => "crisis_off",
        Rehearsed::Wrote(_) => "wrote",
        Rehearsed::WakesAt { .. } => "wakes_at",
        Rehearsed::SwitchedOff { .. } => "switched_off",
        Rehearsed::Ends => "ends",
        Rehearsed::FoundBack { .. } => "found_back",
        Rehearsed::AsBefore => "as_before",
    }
}

fn by(what: &Rehearsed) -> Option<&'static str> {
    let by = match what {
        Rehearsed::CrisisOn(by) | Rehearsed::GivesBack(by) => *by,
        Rehearsed::Wrote(wrote) => wrote.by,
        _ => return None,
    };
    Some(if by == StartedBy::Automation { "automation" } else { "hand" })
}
