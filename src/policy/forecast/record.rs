//! The forecast's own record: claims of the past, made anew from what was known then.
//!
//! What the crons were then is not remembered: those that are there now count with today's schedule, on the model of
//! their last run before that moment, when they still ran at the time. Where their runs show another rhythm than that
//! schedule has, the rhythm counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::carried::{Carried, Within};
use super::facts::{CronFacts, Facts, Finished};
use super::foretell::foretell;
use super::learn::learn_at;
use super::turns::{Turn, turns};
use crate::domain::{
    AccountId, Claim, Cron, Fleet, Observation, PastClaim, QuotaSample, QuotaWindow, ResetConfidence, Schedule,
    Settings, Source, TrackRecord, UsageHistory, WindowHistory,
};
use crate::policy::fires::Timetable;

/// Claims that are made anew.
const CLAIMS: usize = 14;

/// A turn of which less was used was never in question.
const IN_QUESTION: f64 = 0.5;

/// What was used up is read only a while later.
const READ_LATER: SignedDuration = SignedDuration::from_mins(10);

/// So many runs in a row tell how often a cron ran.
const SHOW_A_RHYTHM: usize = 8;

/// A cron that did not run for so many of its usual pauses was off.
const PAUSES: i64 = 3;

/// How the claims of the newest finished turns turned out. Works long: once for each turn that ends is enough.
#[must_use]
pub fn track_record(history: &UsageHistory, obs: &Observation, settings: &Settings) -> TrackRecord {
    let mut ended: Vec<(Timestamp, &AccountId, &str, &WindowHistory, Turn)> = Vec::new();
    for ((account, label), past) in &history.windows {
        let until = past.samples.partition_point(|sample| sample.at <= obs.at);
        for turn in turns(past.samples[..until].iter().copied(), past.span, obs.at) {
            let Some(block) = turn.block else { continue };
            if block.peak_ratio >= IN_QUESTION && told(past, &turn) {
                ended.push((block.ended_at, account, label, past, turn));
            }
        }
    }
    ended.sort_by(|a, b| (b.0, a.1, a.2).cmp(&(a.0, b.1, b.2)));
    let mut claims: Vec<PastClaim> = Vec::new();
    for (_, account, label, past, turn) in ended.into_iter().take(2 * CLAIMS) {
        if claims.len() < CLAIMS {
            claims.extend(claim_then(history, obs, settings, (account, label, past), &turn));
        }
    }
    claims.reverse();
    TrackRecord { claims }
}

/// Somebody looked until near its end, so that it is known how it went.
fn told(past: &WindowHistory, turn: &Turn) -> bool {
    let Some(block) = turn.block else { return false };
    let whole = block.ended_at.duration_since(block.started_at);
    let near_end = past.samples.iter().rev().find(|sample| sample.at < block.ended_at);
    block.used_up_at.is_some() || near_end.is_some_and(|last| block.ended_at.duration_since(last.at) * 10 <= whole)
}

/// What would have been claimed at the first reading of the second half, or of what was left before it ran out.
fn claim_then(
    history: &UsageHistory,
    obs: &Observation,
    settings: &Settings,
    (account, label, past): (&AccountId, &str, &WindowHistory),
    turn: &Turn,
) -> Option<PastClaim> {
    let block = turn.block?;
    let end = block.used_up_at.unwrap_or(block.ended_at);
    let half = block.started_at.checked_add(end.duration_since(block.started_at) / 2).ok()?;
    let sample = *past.samples.get(past.samples.partition_point(|sample| sample.at < half))?;
    if sample.at >= end {
        return None;
    }
    let said = said_then(history, obs, settings, (account, label, past), sample)?;
    let right = match (&said, block.used_up_at) {
        (Claim::RunsOut { early, late, .. }, Some(at)) => {
            *early <= at && late.is_none_or(|late| at <= late.saturating_add(READ_LATER).unwrap_or(late))
        }
        (Claim::Lasts { .. }, None) => true,
        (Claim::RunsOut { .. }, None) | (Claim::Lasts { .. }, Some(_)) => false,
        _ => return None,
    };
    let (account, label) = (account.clone(), label.to_owned());
    Some(PastClaim { account, label, at: sample.at, said, ran_out_at: block.used_up_at, right })
}

fn said_then(
    history: &UsageHistory,
    obs: &Observation,
    settings: &Settings,
    (account, label, past): (&AccountId, &str, &WindowHistory),
    sample: QuotaSample,
) -> Option<Claim> {
    let window = QuotaWindow {
        resets_at: sample.resets_at,
        reset_confidence: ResetConfidence::Exact,
        covers: past.covers.clone(),
        span: past.span,
        metric: past.metric,
        ..QuotaWindow::new(label, sample.used_ratio, sample.at, Source::Nothing)
    };
    let fleet = Fleet { windows: BTreeMap::from([(account.clone(), vec![window])]), ..Fleet::default() };
    let then = Observation { at: sample.at, fleet: Arc::new(fleet), ..obs.clone() };
    let facts = Facts::of(&history.runs, &then, Some(account));
    let learned = learn_at(history, &then, &facts, Some(account));
    let rhythms: Vec<Option<Cron>> = facts.crons.iter().map(other_rhythm).collect();
    let crons = facts.crons.iter().zip(&rhythms);
    let carried: Vec<Carried<'_>> =
        crons.filter_map(|(cron, other)| ran_then(cron, other.as_ref(), &facts, account)).collect();
    let foretold = foretell(&learned, &then, settings, &carried, sample.at);
    foretold.windows.into_iter().next().map(|window| window.claim)
}

/// What the cron ran on then, when it was on.
fn ran_then<'a>(
    cron: &CronFacts<'a>,
    other: Option<&'a Cron>,
    facts: &Facts<'_>,
    account: &AccountId,
) -> Option<Carried<'a>> {
    let last = cron.runs.last()?;
    let model = facts.models[cron.runs.iter().rev().find_map(|run| run.model)? as usize].clone();
    let usual = pauses(recent(cron)).max().unwrap_or(7 * 86_400).max(3_600);
    let on = facts.at.as_second() - last.at_secs <= PAUSES * usual;
    let cron = cron.cron.filter(|_| on && model.account() == *account)?;
    Some(Carried { cron: other.unwrap_or(cron), account: account.clone(), model, arrives: false, when: Within::ALWAYS })
}

fn recent<'a>(cron: &'a CronFacts<'_>) -> &'a [Finished] {
    &cron.runs[cron.runs.len().saturating_sub(SHOW_A_RHYTHM)..]
}

fn pauses(runs: &[Finished]) -> impl Iterator<Item = i64> {
    runs.windows(2).map(|two| two[1].at_secs - two[0].at_secs)
}

/// The cron with the rhythm of its newest runs, where today's schedule would have had clearly more or fewer of them.
fn other_rhythm(facts: &CronFacts<'_>) -> Option<Cron> {
    let (cron, runs) = (facts.cron?, recent(facts));
    let at = |run: &Finished| Timestamp::from_second(run.at_secs).ok();
    let (first, last) = (runs.first().and_then(at)?, runs.last().and_then(at)?);
    let told = Timetable::of(cron)?.count(first, last, 8 * SHOW_A_RHYTHM as u32);
    let mut apart: Vec<i64> = pauses(runs).collect();
    if apart.len() + 1 < SHOW_A_RHYTHM || alike(f64::from(told), apart.len() as f64) {
        return None;
    }
    apart.sort_unstable();
    let middle = apart[apart.len() / 2];
    let mean = last.duration_since(first).as_secs_f64() / apart.len() as f64;
    if !alike(middle as f64, mean) {
        return None;
    }
    let every = SignedDuration::from_secs(middle.max(1));
    let schedule = Schedule::Every { every, anchor: None };
    Some(Cron { schedule, next_run_at: last.checked_add(every).ok(), ..cron.clone() })
}

/// Within a third of each other.
fn alike(a: f64, b: f64) -> bool {
    a.max(b) <= a.min(b) * 4.0 / 3.0
}
