//! `what-if`: what would be planned, and what would run out, if things were otherwise. Nothing of it is written or sent.

use std::collections::BTreeSet;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::forecast::{self, Named};
use super::output::{self, DownRow, PlanDocument};
use super::session::{Context, Session};
use super::table::table;
use super::{names, plan, print, rehearse};
use crate::domain::{AccountId, Hypothesis, Imagined, Prospect, Supposed, typed_moment};
use crate::engine::{Foresight, Snapshot};
use crate::words::{self, CrisisCounts, UntickedLines};

/// Costs are told of a week, and windows at least as far.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Debug, Args)]
pub(super) struct WhatIfArguments {
    /// Suppose that these accounts do not serve
    #[arg(long, value_name = "ID", num_args = 1..)]
    down: Vec<String>,
    /// Suppose that these serve again
    #[arg(long, value_name = "ID", num_args = 1..)]
    back: Vec<String>,
    /// Suppose that it is then, up to 30 days from now: 18:00, "tomorrow 04:00", +6h, "2026-12-24 18:00", or RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Rehearse it: what is down fails for so long, 6h or 2d, or until the "reset" of its quota, on a copy of your crons
    #[arg(long, value_name = "LENGTH", requires = "down", allow_hyphen_values = true)]
    rehearse: Option<String>,
}

pub(super) fn run(session: &mut Session, arguments: &WhatIfArguments, as_json: bool) -> Result<Exit, Failure> {
    session.ready()?;
    session.gives_time(|snapshot| snapshot.history_read);
    let context = session.context();
    let supposed = hypothesis(arguments, &context)?;
    if let Some(lasts) = &arguments.rehearse {
        return rehearse::run(supposed, lasts, &context, as_json);
    }
    let imagined = Foresight::default().imagine(&context.snapshot, &supposed, AHEAD);
    if as_json {
        print::json(&Document::of(&imagined, &context))?;
    } else {
        print::text(&text(&imagined, &context))?;
    }
    Ok(Exit::Done)
}

fn hypothesis(arguments: &WhatIfArguments, context: &Context) -> Result<Hypothesis, Failure> {
    let snapshot = &context.snapshot;
    let (down, back) = (accounts(&arguments.down, snapshot)?, accounts(&arguments.back, snapshot)?);
    if let Some(both) = down.intersection(&back).next() {
        return Err(Failure::new(Exit::Usage, format!("{both} cannot be down and back at once"))
            .with_remedy("Name it with --down or with --back"));
    }
    let all = down.into_iter().map(|id| (id, Supposed::Down));
    let accounts = all.chain(back.into_iter().map(|id| (id, Supposed::Back))).collect();
    let at = arguments.at.as_deref().filter(|text| text.trim() != "now");
    let at = at.map(|text| moment(text, context)).transpose()?;
    Ok(Hypothesis { at, accounts, ..Hypothesis::default() })
}

fn accounts(named: &[String], snapshot: &Snapshot) -> Result<BTreeSet<AccountId>, Failure> {
    named.iter().map(|named| Ok(names::account(&snapshot.accounts, named)?.id.clone())).collect()
}

fn moment(text: &str, context: &Context) -> Result<Timestamp, Failure> {
    let speech = context.speech();
    let usage = |what: String, remedy: &str| Failure::new(Exit::Usage, what).with_remedy(remedy);
    if text.trim().starts_with('-') {
        return Err(usage(format!("{text} lies in the past"), "Give a moment that lies ahead, such as +1h"));
    }
    let Some(at) = typed_moment(text, speech.now, speech.zone) else {
        let remedy = "Give a time of day, \"tomorrow 04:00\", +6h, \"2026-12-24 18:00\", or RFC 3339";
        return Err(usage(format!("'{text}' is no moment"), remedy));
    };
    if at < speech.now {
        return Err(usage(format!("{text} has passed"), "Give a moment that lies ahead"));
    }
    if at.duration_since(speech.now) > Hypothesis::FURTHEST {
        return Err(usage(format!("{text} is too far away"), "Nothing is imagined beyond 30 days from now"));
    }
    Ok(at)
}

fn text(imagined: &Imagined, context: &Context) -> String {
    let (then, speech) = (&*imagined.then, context.speech());
    let supposed = words::supposition(&imagined.supposed, &speech);
    let mut supposed = supposed.map_or_else(|| "Supposed: nothing".to_owned(), |what| format!("Supposed: {what}"));
    if imagined.supposed.at.is_some() {
        supposed = format!("{supposed}. {}", words::UNTIL_THEN);
    }
    let mut text = format!("{supposed}\n{}\n", words::prospect(then, &speech));
    if !then.plan.changes.is_empty() {
        text.push('\n');
        text.push_str(&plan::lines(&then.plan, context));
        if UntickedLines::of(&then.plan).agent_made > 0 {
            text.push_str(plan::LEFT_OUT);
        }
    }
    let notes: Vec<_> = then.plan.notes.iter().map(|note| words::on_one_line(&words::note(note, &speech))).collect();
    if !notes.is_empty() {
        text.push('\n');
        text.extend(notes.iter().map(|note| format!("{note}\n")));
    }
    if !then.forecast.windows.is_empty() {
        text.push('\n');
        text.push_str(&forecast::windows(&then.forecast, &speech));
    }
    let head = ["", "today", "what-if"].map(str::to_owned);
    let rows = words::compared(imagined, &speech).into_iter().map(|row| [row.what, row.today, row.then]);
    let rows: Vec<[String; 3]> = std::iter::once(head).chain(rows).collect();
    format!("{text}\n{}\n{}.\n", table(&rows), words::A_SIMULATION)
}

#[derive(Debug, Serialize)]
struct Document {
    supposed: SupposedRow,
    /// What would be done, in a sentence.
    said: String,
    today: ProspectRow,
    then: ProspectRow,
    down: Vec<DownRow>,
    plan: PlanDocument,
    windows: Vec<forecast::Window>,
    costs: forecast::costs::Document,
}

#[derive(Debug, Serialize)]
struct SupposedRow {
    at: Option<Timestamp>,
    down: Vec<String>,
    back: Vec<String>,
}

/// The same numbers of both, to be compared.
#[derive(Debug, Serialize)]
struct ProspectRow {
    at: Timestamp,
    level: &'static str,
    plan: String,
    expected_end: Option<Timestamp>,
    changes: usize,
    moves: usize,
    pauses: usize,
    resumes: usize,
    kept: usize,
    held: usize,
    stays_paused: usize,
    stranded: usize,
    /// Within a day, if nothing is done.
    failing_runs: u32,
    failing_crons: usize,
    first_to_run_out: Option<Named>,
    /// The seven days after `at`, or as far as runs are told.
    usd_by_token: f64,
    /// Runs then that cost money of which nobody knows how much.
    unpriced_runs: u32,
}

impl Document {
    fn of(imagined: &Imagined, context: &Context) -> Self {
        let then = &imagined.then;
        let supposed = |how: Supposed| {
            let of = imagined.supposed.accounts.iter().filter(move |(_, of)| **of == how);
            of.map(|(account, _)| account.to_string()).collect()
        };
        Self {
            supposed: SupposedRow {
                at: imagined.supposed.at,
                down: supposed(Supposed::Down),
                back: supposed(Supposed::Back),
            },
            said: words::prospect(then, &context.speech()),
            today: ProspectRow::of(&imagined.today),
            then: ProspectRow::of(then),
            down: output::down_in(&then.plan.outage, context),
            plan: output::plan(&then.plan, context),
            windows: then.forecast.windows.iter().map(|window| forecast::Window::of(window, context)).collect(),
            costs: forecast::costs::Document::of(&then.costs),
        }
    }
}

impl ProspectRow {
    fn of(prospect: &Prospect) -> Self {
        let plan = &prospect.plan;
        let counts = CrisisCounts::of(plan);
        let coming = prospect.costs.by_token().1;
        Self {
            at: prospect.at,
            level: output::mode(prospect.level()),
            plan: plan.id.to_string(),
            expected_end: prospect.expected_end,
            changes: plan.changes.len(),
            moves: counts.moves,
            pauses: counts.pauses,
            resumes: counts.resumes,
            kept: counts.kept,
            held: counts.held,
            stays_paused: counts.stays_paused,
            stranded: counts.stranded,
            failing_runs: prospect.failing.n_runs,
            failing_crons: prospect.failing.n_crons,
            first_to_run_out: Named::first_of(&prospect.forecast),
            usd_by_token: coming.money.0,
            unpriced_runs: coming.n_unpriced,
        }
    }
}
