//! `simulate`: worlds made from seeds, lived through on all cores, and what was broken in them. Asks nobody.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::table::table;
use crate::sim::{Breach, Counts, MISHAPS_DROPPED, Outcome, Trial, shrink, simulate};
use crate::words;

#[derive(Debug, Args)]
pub(super) struct SimulateArguments {
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// How many days each world lasts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(super) days: u32,
    /// How many worlds, by seeds that follow each other
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) seeds: u64,
    /// Mishaps that do not happen, by their number
    #[arg(long, value_name = "N,N…", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(..MISHAPS_DROPPED as i64))]
    pub(super) without: Vec<u8>,
    /// How often each goes on for two days after its own; until it has shown enough when this is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=16))]
    pub(super) more: Option<u32>,
    /// Exit with 15 unless each world shows crises, a conflict, a crash, an edit and a relapse
    #[arg(long)]
    pub(super) require: bool,
}

pub(super) fn run(arguments: &SimulateArguments, as_json: bool) -> Result<Exit, Failure> {
    let outcomes = live(arguments)?;
    let broken = outcomes.iter().find(|outcome| outcome.breach.is_some());
    let unseen = |outcome: &Outcome| arguments.require && !missing(outcome).is_empty();
    let exit = match broken {
        Some(_) => Exit::LawBroken,
        None if outcomes.iter().any(unseen) => Exit::NotSeen,
        None => Exit::Done,
    };
    if as_json {
        print::json(&Document::of(&outcomes, arguments))?;
    } else {
        print::text(&rows(&outcomes, arguments))?;
    }
    if let Some(outcome) = broken {
        tell(outcome);
    }
    Ok(exit)
}

/// Every world once, on all cores; in the order of their seeds.
fn live(arguments: &SimulateArguments) -> Result<Vec<Outcome>, Failure> {
    let without = arguments.without.iter().fold(0, |all, n| all | 1_u128 << n);
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let (next, failed) = (AtomicU64::new(0), Mutex::new(None::<Trial>));
    let stopped = Arc::new(AtomicBool::new(false));
    let cannot_wait = |error| Failure::new(Exit::Failed, format!("cannot wait for signals: {error}"));
    super::signal::note_when_told_to_end(stopped.clone()).map_err(cannot_wait)?;
    let (sender, outcomes) = mpsc::sync_channel::<Outcome>(16);
    let mut all = Vec::new();
    let begun = std::thread::scope(|scope| {
        for n in 0..n_threads.min(arguments.seeds) {
            let (next, failed, stopped, sender) = (&next, &failed, &stopped, sender.clone());
            let work = move || {
                loop {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= arguments.seeds || !failed.lock().is_ok_and(|failed| failed.is_none()) {
                        return;
                    }
                    let seed = arguments.seed.wrapping_add(n);
                    let trial = Trial { seed, days: arguments.days, without, more: arguments.more };
                    let Ok(outcome) = std::panic::catch_unwind(|| simulate(&trial)) else {
                        failed.lock().map(|mut failed| *failed = Some(trial)).ok();
                        return;
                    };
                    if sender.send(outcome).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().name(format!("world-{n}")).spawn_scoped(scope, work)?;
        }
        drop(sender);
        let shows = io::stderr().is_terminal();
        loop {
            match outcomes.recv_timeout(Duration::from_millis(200)) {
                Ok(outcome) => all.push(outcome),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if shows {
                print::over_and_over(&format!("{} of {}", all.len(), words::count(arguments.seeds as usize, "world")));
            }
        }
        if shows {
            print::over_and_over("");
        }
        Ok::<(), io::Error>(())
    });
    begun.map_err(|error| Failure::new(Exit::Failed, format!("no thread for a world: {error}")))?;
    if let Some(trial) = failed.into_inner().unwrap_or_default() {
        let said =
            format!("a world ended in the middle, because the program was wrong; repeat it with: {}", trial.command());
        return Err(Failure::new(Exit::Failed, said));
    }
    if (all.len() as u64) < arguments.seeds {
        print::aside(&words::worlds_finished(all.len(), arguments.seeds as usize));
    }
    all.sort_by_key(|outcome| outcome.trial.seed);
    Ok(all)
}

/// Names of what was seen too seldom. A world that ended with a breach is not held to it.
fn missing(outcome: &Outcome) -> Vec<&'static str> {
    if outcome.breach.is_some() { Vec::new() } else { outcome.counts.missing() }
}

type Column = (&'static str, fn(&Counts) -> u64);

const COLUMNS: [Column; 14] = [
    ("crons", |counts| u64::from(counts.n_crons)),
    ("steps", |counts| counts.steps),
    ("runs", |counts| counts.runs),
    ("writes", |counts| counts.writes),
    ("outages", |counts| u64::from(counts.outages)),
    ("crises", |counts| u64::from(counts.crises)),
    ("recoveries", |counts| u64::from(counts.recoveries)),
    ("relapses", |counts| u64::from(counts.relapses)),
    ("conflicts", |counts| u64::from(counts.conflicts)),
    ("crashes", |counts| u64::from(counts.crashes)),
    ("edits", |counts| u64::from(counts.edits)),
    ("jumps", |counts| u64::from(counts.jumps)),
    ("restarts", |counts| u64::from(counts.restarts)),
    ("take-overs", |counts| u64::from(counts.take_overs)),
];

fn sum(outcomes: &[Outcome], of: fn(&Counts) -> u64) -> u64 {
    outcomes.iter().map(|outcome| of(&outcome.counts)).sum()
}

fn rows(outcomes: &[Outcome], arguments: &SimulateArguments) -> String {
    let row = |first: String, cells: [String; 14], last: String| -> [String; 16] {
        let all: Vec<String> = std::iter::once(first).chain(cells).chain([last]).collect();
        std::array::from_fn(|n| all[n].clone())
    };
    let verdict = |outcome: &Outcome| match (&outcome.breach, missing(outcome)) {
        (Some(breach), _) => format!("broken: {:?}", breach.law),
        (None, missing) if arguments.require && !missing.is_empty() => format!("too few {}", missing.join(", ")),
        _ => "held".to_owned(),
    };
    let head = row("seed".to_owned(), COLUMNS.map(|(name, _)| name.to_owned()), String::new());
    let each = outcomes.iter().map(|outcome| {
        let cells = COLUMNS.map(|(_, of)| of(&outcome.counts).to_string());
        row(outcome.trial.seed.to_string(), cells, verdict(outcome))
    });
    let n_broken = outcomes.iter().filter(|outcome| outcome.breach.is_some()).count();
    let last = if n_broken == 0 { "all laws held".to_owned() } else { format!("{n_broken} broken") };
    let all = row("all".to_owned(), COLUMNS.map(|(_, of)| sum(outcomes, of).to_string()), last);
    let lines: Vec<_> = std::iter::once(head).chain(each).chain((outcomes.len() > 1).then_some(all)).collect();
    table(&lines)
}

/// The first world that broke a law, made as small as it can be, and how to see it again.
fn tell(outcome: &Outcome) {
    let Some(breach) = &outcome.breach else { return };
    print::aside(&format!("Seed {}, {}: {} does not hold", outcome.trial.seed, breach.at, breach.law.sentence()));
    print::aside(&breach.seen);
    let small = shrink(outcome);
    let again = simulate(&small);
    for line in &again.story {
        print::aside(&format!("  {line}"));
    }
    print::aside(&format!("Repeat it with: {}", small.command()));
}

#[derive(Serialize)]
struct Document {
    days: u32,
    worlds: Vec<World>,
    sum: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct World {
    seed: u64,
    counts: serde_json::Map<String, serde_json::Value>,
    /// Only with `--require`: what was seen too seldom.
    missing: Vec<&'static str>,
    breach: Option<Broken>,
    repeat: String,
}

#[derive(Serialize)]
struct Broken {
    law: String,
    said: &'static str,
    at: jiff::Timestamp,
    seen: String,
}

impl Document {
    fn of(outcomes: &[Outcome], arguments: &SimulateArguments) -> Self {
        let named = |of: &dyn Fn(fn(&Counts) -> u64) -> u64| {
            COLUMNS.iter().map(|(name, each)| (name.replace('-', "_"), of(*each).into())).collect()
        };
        let broken = |breach: &Breach| Broken {
            law: format!("{:?}", breach.law),
            said: breach.law.sentence(),
            at: breach.at,
            seen: breach.seen.clone(),
        };
        let world = |outcome: &Outcome| World {
            seed: outcome.trial.seed,
            counts: named(&|of| of(&outcome.counts)),
            missing: if arguments.require { missing(outcome) } else { Vec::new() },
            breach: outcome.breach.as_ref().map(broken),
            repeat: outcome.trial.command(),
        };
        Self { days: arguments.days, worlds: outcomes.iter().map(world).collect(), sum: named(&|of| sum(outcomes, of)) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Outcome, SimulateArguments, Trial, missing, rows};

    fn outcome(counts: Counts) -> Outcome {
        let trial = Trial::whole(3, 7);
        Outcome { trial, counts, breach: None, mishaps: Vec::new(), story: Vec::new() }
    }

    fn full() -> Counts {
        Counts { n_crons: 25, crises: 2, conflicts: 1, crashes: 1, edits: 1, relapses: 1, ..Counts::default() }
    }

    #[test]
    fn a_world_that_shows_too_little_is_named() {
        assert!(missing(&outcome(full())).is_empty());
        assert_eq!(missing(&outcome(Counts { crises: 1, relapses: 0, ..full() })), ["crises", "relapses"]);
        let arguments =
            SimulateArguments { seed: 3, days: 7, seeds: 1, without: Vec::new(), more: None, require: true };
        let said = rows(&[outcome(full()), outcome(Counts { crashes: 0, ..full() })], &arguments);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 4, "a head, two worlds, and their sum: {said}");
        assert!(lines[1].ends_with("held") && lines[2].ends_with("too few crashes"), "{said}");
        assert!(lines[3].starts_with("all   50"), "{said}");
    }
}
