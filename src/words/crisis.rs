//! Crisis mode: what the banner, its screen, the command line and the desktop say of it.
//!
//! What is counted is data ([`crisis_groups`], [`CrisisCounts`]), so that every face counts the same.
//! The way back is in [`recovery`].

mod asking;
mod groups;
mod notice;
mod recovery;

pub use asking::*;
pub use groups::*;
pub use notice::*;
pub use recovery::*;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::plan::model_text;
use super::time::day_and_time;
use super::{Speech, account_name, clock, clock_and_relative, count, list, vendor_name};
use crate::domain::{
    AutomationWord, Change, ChangeKind, Crisis, Cron, CronId, Decision, Ledger, LedgerEntry, LedgerReason, LongAway,
    Outage, OutageLevel, Overload, Plan, PlanNote, Reason, StartedBy, VendorId, Verdict,
};

/// More targets than this are counted, not named.
const MAX_TARGETS: usize = 3;
/// A date further off than this needs no time of the day.
const DAYS_AWAY: SignedDuration = SignedDuration::from_hours(48);

/// "2 providers are down: Kimi and Google.", "1 provider is down: Kimi."
#[must_use]
pub fn outage_headline(outage: &Outage, speech: &Speech<'_>) -> String {
    let down: Vec<_> = outage.down.iter().map(|down| &down.vendor).collect();
    match (down.len(), outage.level) {
        (0, OutageLevel::Healthy) => "No provider is down.".to_owned(),
        (0, _) => format!("{}.", super::capitalised(&super::outage(outage, speech))),
        (1, _) => format!("1 provider is down: {}.", vendors(down)),
        (n, _) => format!("{n} providers are down: {}.", vendors(down)),
    }
}

pub(super) fn vendors<'a>(vendors: impl IntoIterator<Item = &'a VendorId>) -> String {
    let names: Vec<_> = vendors.into_iter().map(vendor_name).collect();
    list(&names)
}

/// What entering crisis mode does: "15 crons move to MiniMax, 9 pause until 18:00, critical ones keep running.
/// Recovery gives back what was changed."
#[must_use]
pub fn enter_sentence(plan: &Plan, speech: &Speech<'_>) -> String {
    let counts = CrisisCounts::of(plan);
    let mut said = match what_changes(plan, |_| true, speech) {
        Some(changes) if counts.pauses > 0 && counts.stranded == 0 => {
            format!("{changes}, critical ones keep running. Recovery gives back what was changed.")
        }
        Some(changes) => format!("{changes}. Recovery gives back what was changed."),
        None if counts.unticked > 0 => String::new(),
        None => "It would change nothing now.".to_owned(),
    };
    if let Some(stranded) = stranded(counts.stranded) {
        said = format!("{said} {stranded}.");
    }
    said.push_str(&left_out(plan));
    said.trim_start().to_owned()
}

/// What re-routing alone does: "17 crons move to MiniMax and Flash 3, none pauses. 6 stay on routes that do not
/// serve." Of the ordinary plan, the lines of [`reroute_lines`] are written.
#[must_use]
pub fn reroute_sentence(plan: &Plan, speech: &Speech<'_>) -> String {
    let mut said = match what_changes(plan, |change| change.kind != ChangeKind::Pause, speech) {
        Some(changes) => format!("{changes}, none pauses."),
        None => "No cron can move: no route of theirs serves.".to_owned(),
    };
    let failing = stays_failing(plan);
    if failing > 0 {
        let (verb, routes) = if failing == 1 { ("stays", "a route that does") } else { ("stay", "routes that do") };
        said = format!("{said} {failing} {verb} on {routes} not serve.");
    }
    said.push_str(&left_out(plan));
    said
}

/// How many crons fail for as long as the outage lasts when nothing is paused.
#[must_use]
pub fn stays_failing(plan: &Plan) -> usize {
    let fails = |decision: &&Decision| match decision.verdict {
        Verdict::Stranded => true,
        Verdict::Waiting => {
            matches!(decision.reason, Reason::NothingServes { .. } | Reason::PinnedOnDeadRoute { .. })
        }
        _ => false,
    };
    let pauses = plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause).count();
    pauses + plan.decisions.iter().filter(fails).count()
}

/// "15 crons move to MiniMax, 9 pause until 18:00": the ticked lines that are `wanted`; `None` when there are none.
fn what_changes(plan: &Plan, wanted: impl Fn(&Change) -> bool, speech: &Speech<'_>) -> Option<String> {
    sum_up(parts_that_change(plan, wanted, speech))
}

/// "4 crons keep running, 3 move to MiniMax, 9 pause until 18:00"; `None` when there is no cron of either kind.
pub(super) fn what_happens(plan: &Plan, speech: &Speech<'_>) -> Option<String> {
    let kept = (CrisisCounts::of(plan).kept, ["keeps", "keep"], " running".to_owned());
    sum_up(std::iter::once(kept).chain(parts_that_change(plan, |_| true, speech)))
}

/// How many, what they do, and where or until when.
type Part = (usize, [&'static str; 2], String);

fn parts_that_change(plan: &Plan, wanted: impl Fn(&Change) -> bool, speech: &Speech<'_>) -> [Part; 4] {
    let ticked: Vec<_> = plan.changes.iter().filter(|change| change.ticked && wanted(change)).collect();
    let of = |kind: ChangeKind| ticked.iter().copied().filter(|change| change.kind == kind).collect::<Vec<_>>();
    let (moves, pauses, resumes) = (of(ChangeKind::Move), of(ChangeKind::Pause), of(ChangeKind::Resume));
    let others = ticked.len() - moves.len() - pauses.len() - resumes.len();
    [
        (moves.len(), ["moves", "move"], format!(" to {}", targets(&moves, speech))),
        (resumes.len(), ["runs", "run"], " again".to_owned()),
        (pauses.len(), ["pauses", "pause"], format!(" until {}", until(&pauses, speech))),
        (others, ["gets", "get"], " new fallbacks".to_owned()),
    ]
}

/// "15 crons move …, 9 pause …": only the first names what is counted.
pub(super) fn sum_up(parts: impl IntoIterator<Item = Part>) -> Option<String> {
    let mut said = Vec::new();
    for (n, [one, many], tail) in parts.into_iter().filter(|(n, ..)| *n > 0) {
        let subject = if said.is_empty() { count(n, "cron") } else { n.to_string() };
        said.push(format!("{subject} {}{tail}", if n == 1 { one } else { many }));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// "MiniMax", "MiniMax and Flash 3", "5 models": the most used first.
fn targets(changes: &[&Change], speech: &Speech<'_>) -> String {
    let mut found: Vec<(String, usize)> = Vec::new();
    for change in changes {
        let name = model_text(&change.to, change.to_model.as_ref(), speech);
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, n)) => *n += 1,
            None => found.push((name, 1)),
        }
    }
    found.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if found.len() > MAX_TARGETS {
        return count(found.len(), "model");
    }
    let names: Vec<_> = found.into_iter().map(|(name, _)| name).collect();
    list(&names)
}

/// When the last of the pauses is expected to end.
fn until(pauses: &[&Change], speech: &Speech<'_>) -> String {
    let ends: Option<Vec<Timestamp>> = pauses.iter().map(|change| pause_ends(&change.reason)).collect();
    match ends.and_then(|ends| ends.into_iter().max()) {
        Some(at) => clock(at, speech),
        None => "a provider is back".to_owned(),
    }
}

/// When a pause for that reason is expected to end.
#[must_use]
pub fn pause_ends(reason: &Reason) -> Option<Timestamp> {
    match reason {
        Reason::NothingServes { expected_return } | Reason::PausedInCrisis { expected_return } => *expected_return,
        _ => None,
    }
}

pub(super) fn stranded(n: usize) -> Option<String> {
    match n {
        0 => None,
        1 => Some("1 that must keep running has no route that serves".to_owned()),
        n => Some(format!("{n} that must keep running have no route that serves")),
    }
}

/// " 2 are left out: agents made them. 1 is left out: the gateway switched it off."
fn left_out(plan: &Plan) -> String {
    let UntickedLines { agent_made, switched_off, others } = UntickedLines::of(plan);
    [
        (agent_made, [": an agent made it", ": agents made them"]),
        (switched_off, [": the gateway switched it off", ": the gateway switched them off"]),
        (others, [" unless you tick it", " unless you tick them"]),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, [one, many])| if n == 1 { format!(" 1 is left out{one}.") } else { format!(" {n} are left out{many}.") })
    .collect()
}

/// "Crisis mode since 14:02, entered by you"; `None` while it is off.
#[must_use]
pub fn crisis_mode(crisis: &Crisis, speech: &Speech<'_>) -> Option<String> {
    let mode = crisis.mode.as_ref()?;
    let said = format!("Crisis mode since {}, entered by {}", clock(mode.since, speech), started_by(mode.by));
    Some(match mode.recovering {
        Some(back) => format!("{said}; ended by {} at {}", started_by(back.by), clock(back.since, speech)),
        None => said,
    })
}

/// "you", "automation".
#[must_use]
pub const fn started_by(by: StartedBy) -> &'static str {
    match by {
        StartedBy::Hand => "you",
        StartedBy::Automation => "automation",
    }
}

/// What is owed back: "9 crons are paused by this program, 15 run on another model".
#[must_use]
pub fn owed_sentence(owed: Owed) -> String {
    let parts = [
        (owed.paused, ["is", "are"], " paused by this program".to_owned()),
        (owed.moved, ["runs", "run"], " on another model than before".to_owned()),
    ];
    sum_up(parts).unwrap_or_else(|| "Nothing is owed".to_owned())
}

/// Crons that owe to this program that they are paused, or run on another model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    pub paused: usize,
    pub moved: usize,
}

impl Owed {
    /// Before the crons were listed every pause counts.
    #[must_use]
    pub fn of(ledger: &Ledger, crons: Option<&BTreeMap<CronId, Arc<Cron>>>) -> Self {
        let mut owed = Self::default();
        for debt in ledger.values() {
            let now = crons.map(|crons| crons.get(&debt.cron).map(|cron| cron.fields()));
            match now {
                None if debt.paused() => owed.paused += 1,
                None => owed.moved += 1,
                Some(Some(now)) if debt.pauses(&now) => owed.paused += 1,
                Some(Some(now)) if debt.stands(&now) => owed.moved += 1,
                Some(_) => {}
            }
        }
        owed
    }
}

/// "paused by this program at 14:02, in crisis mode; it had Kimi before".
#[must_use]
pub fn debt(debt: &LedgerEntry, speech: &Speech<'_>) -> String {
    let what = if debt.paused() { "paused" } else { "moved" };
    let why = match debt.why {
        LedgerReason::NothingServes => "nothing in its chain served",
        LedgerReason::PinnedOnDeadRoute => "what it is pinned to did not serve",
        LedgerReason::Crisis => "in crisis mode",
        LedgerReason::Imported => "as an older program noted",
    };
    let before = model_text(&debt.before, None, speech);
    format!("{what} by this program at {}, {why}; it had {before} before", clock(debt.opened_at, speech))
}

/// "expected to end at about 18:00, in 3 h".
#[must_use]
pub fn expected_end(at: Option<Timestamp>, speech: &Speech<'_>) -> String {
    match at {
        Some(at) if at > speech.now => format!("Expected to end at about {}", clock_and_relative(at, speech)),
        Some(_) => "Expected to end any minute".to_owned(),
        None => "No provider says when it ends".to_owned(),
    }
}

/// "MiniMax's 5h window is 72% used; 14 crons would use it up at about 16:40, before it resets 18:00.
/// Critical ones go first."
#[must_use]
pub fn overload(overload: &Overload, speech: &Speech<'_>) -> String {
    format!("{} Critical ones go first.", load(overload, speech))
}

/// The same of a plan outside a crisis.
#[must_use]
pub fn load(overload: &Overload, speech: &Speech<'_>) -> String {
    let whose = format!("{}'s {} window", account_name(&overload.account), overload.window.replace('_', " "));
    let reset = clock(overload.resets_at, speech);
    let crons = count(overload.n_crons, "cron");
    if overload.used_ratio >= 1.0 {
        return format!("{whose} is used up until {reset}.");
    }
    let when = overload.runs_out_at.map_or_else(String::new, |at| format!(" at about {}", clock(at, speech)));
    let used = overload.used_ratio.max(0.0) * 100.0;
    format!("{whose} is {used:.0}% used; {crons} would use it up{when}, before it resets {reset}.")
}

/// "Kimi is not back before 2 Dec: set it aside until then, and the others go on".
#[must_use]
pub fn long_away(away: &LongAway, speech: &Speech<'_>) -> String {
    let far = away.until.duration_since(speech.now) > DAYS_AWAY;
    let day = day_and_time(away.until, speech).0.filter(|_| far);
    let until = day.unwrap_or_else(|| clock(away.until, speech));
    format!("{} is not back before {until}: set it aside until then, and the others go on", vendor_name(&away.vendor))
}

/// Why automation does not do by itself what is planned; `None` when it has nothing to say.
#[must_use]
pub fn automation_word(word: &AutomationWord, speech: &Speech<'_>) -> Option<String> {
    Some(match word {
        AutomationWord::Silent => return None,
        AutomationWord::Acting => "Automation does this now".to_owned(),
        AutomationWord::LooksFirst => "Automation looks at the providers first".to_owned(),
        AutomationWord::OverLimit { n_crons, limit } => format!(
            "{} would change, and automation may change {limit} in an hour: it waits for you",
            count(*n_crons, "cron")
        ),
        AutomationWord::QuietUntil { until } => {
            format!("Quiet hours: automation changes nothing before {}", clock(*until, speech))
        }
        AutomationWord::StoppedByHand { until } => {
            format!("Automation rests until {}, because you stopped it", clock(*until, speech))
        }
        AutomationWord::Dwells { until } => format!(
            "Automation waits until {}: it does not enter and leave crisis mode in quick turns",
            clock(*until, speech)
        ),
        AutomationWord::TurnsTooOften { until } => format!(
            "Automation changed the same crons again and again, and leaves them alone until {}: look at their routes",
            clock(*until, speech)
        ),
        AutomationWord::ByHandOnly => "You entered crisis mode, so only you end it".to_owned(),
    })
}

/// What to say before the window closes while crons are paused; `None` when none is.
#[must_use]
pub fn closing_question(owed: Owed) -> Option<super::Said> {
    let n = owed.paused;
    let (verb, them) = if n == 1 { ("stays", "it runs") } else { ("stay", "they run") };
    (n > 0).then(|| super::Said {
        what: format!("{} {verb} paused until this program is started again", count(n, "cron")),
        remedy: Some(format!(
            "Keep it running, or install it as a service, and {them} again when a provider is back. Otherwise the next \
             start looks at the providers first, then acts"
        )),
    })
}

/// The crons that a note of the plan names for running once.
pub(super) fn one_shots(plan: &Plan) -> impl Iterator<Item = &crate::domain::CronId> {
    plan.notes.iter().filter_map(|note| match note {
        PlanNote::OneShotKept { cron, .. } => Some(cron),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
