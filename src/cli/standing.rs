//! Crisis mode, what is owed, and how far the way back is: for `status` and for the commands about it.

use jiff::Timestamp;
use serde::Serialize;

use super::session::Context;
use crate::domain::{AutomationWord, CronId, Readiness, RecoveryReport, Seal, StartedBy};
use crate::engine::Foresight;
use crate::words::{self, CrisisGroup, CrisisGroupKind, Owed};

/// More crons of one group are counted, not named.
const MOST_NAMES: usize = 6;

#[derive(Debug, Serialize)]
pub(super) struct CrisisRow {
    on: bool,
    since: Option<Timestamp>,
    by: Option<&'static str>,
    recovering_since: Option<Timestamp>,
    paused: usize,
    moved: usize,
    readiness: &'static str,
    ready_at: Option<Timestamp>,
    expected_end: Option<Timestamp>,
    automation: &'static str,
    said: String,
    warnings: Vec<String>,
    checks: Vec<CheckRow>,
}

/// A one-shot on the gateway that looks at an account when it is expected back.
#[derive(Debug, Serialize)]
struct CheckRow {
    account: String,
    at: Timestamp,
    cron: Option<String>,
}

pub(super) fn row(context: &Context) -> CrisisRow {
    let (view, owed) = (&context.snapshot.crisis, owed(context));
    let mode = view.state.mode.as_ref();
    let checks = view.checks.iter().map(|(account, check)| CheckRow {
        account: account.to_string(),
        at: check.at,
        cron: check.cron.as_ref().map(ToString::to_string),
    });
    CrisisRow {
        on: mode.is_some(),
        since: mode.map(|mode| mode.since),
        by: mode.map(|mode| by(mode.by)),
        recovering_since: view.state.recovering().map(|back| back.since),
        paused: owed.paused,
        moved: owed.moved,
        readiness: readiness(&view.readiness),
        ready_at: ready_at(&view.readiness),
        expected_end: view.expected_end,
        automation: automation(&view.automation),
        said: words::readiness(view, &context.speech()),
        warnings: warnings(context),
        checks: checks.collect(),
    }
}

pub(super) fn owed(context: &Context) -> Owed {
    let snapshot = &context.snapshot;
    Owed::of(&snapshot.ledger, snapshot.crons_as_of.map(|_| &*snapshot.crons))
}

/// "Crisis mode since 14:02, entered by you · 9 crons are paused by this program · Kimi is still down": nothing when
/// the mode is off and nothing is owed.
pub(super) fn lines(context: &Context) -> Vec<String> {
    let (view, speech) = (&context.snapshot.crisis, context.speech());
    let mode = words::crisis_mode(&view.state, &speech);
    let mut lines = Vec::new();
    if mode.is_some() || !context.snapshot.ledger.is_empty() {
        let parts = [mode, Some(words::owed_sentence(owed(context))), Some(words::readiness(view, &speech))];
        lines.push(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "));
    }
    lines.extend(words::automation_word(&view.automation, &speech));
    lines.extend(warnings(context));
    let checks = view.checks.iter().map(|(account, check)| words::recovery_check(account, check, &speech));
    lines.extend(checks);
    lines
}

/// "2 crons stay paused because you hold them".
pub(super) fn held(context: &Context) -> Option<String> {
    let snapshot = &context.snapshot;
    words::held_sentence(&snapshot.plan, &snapshot.ledger)
}

/// What the moved load would use up, and who is away for long.
fn warnings(context: &Context) -> Vec<String> {
    let (view, speech) = (&context.snapshot.crisis, context.speech());
    let full = Foresight::default().overloads(&context.snapshot);
    let full = full.iter().map(|load| words::overload(load, &speech));
    full.chain(view.away.iter().map(|away| words::long_away(away, &speech))).collect()
}

#[derive(Debug, Serialize)]
pub(super) struct GroupRow {
    kind: &'static str,
    crons: Vec<NamedRow>,
}

#[derive(Debug, Serialize)]
struct NamedRow {
    cron: String,
    name: String,
}

pub(super) fn group_rows(groups: &[CrisisGroup], context: &Context) -> Vec<GroupRow> {
    let named = |cron: &CronId| NamedRow { cron: cron.to_string(), name: name(cron, context) };
    let row =
        |group: &CrisisGroup| GroupRow { kind: group_code(group.kind), crons: group.crons.iter().map(named).collect() };
    groups.iter().map(row).collect()
}

/// "Pause 9: not critical: …" and below it "  Feed filter, Blog draft, … and 3 more".
pub(super) fn group_lines(groups: &[CrisisGroup], context: &Context) -> Vec<String> {
    let lines = |group: &CrisisGroup| {
        let mut names: Vec<_> = group.crons.iter().take(MOST_NAMES).map(|cron| name(cron, context)).collect();
        if group.crons.len() > MOST_NAMES {
            names.push(format!("{} more", group.crons.len() - MOST_NAMES));
        }
        let (heading, why) = (words::crisis_group(group.kind), words::crisis_group_detail(group.kind));
        [format!("{heading} {} · {why}", group.crons.len()), format!("  {}", words::list(&names))]
    };
    groups.iter().flat_map(lines).collect()
}

fn name(cron: &CronId, context: &Context) -> String {
    context.snapshot.crons.get(cron).map_or_else(|| cron.to_string(), |cron| cron.name.clone())
}

#[derive(Debug, Serialize)]
pub(super) struct ReportDocument {
    since: Timestamp,
    said: String,
    lines: Vec<ReportRow>,
}

#[derive(Debug, Serialize)]
struct ReportRow {
    cron: String,
    name: String,
    back_at: Timestamp,
    seal: &'static str,
    paused_from: Option<Timestamp>,
    missed: Option<u32>,
    last_missed_at: Option<Timestamp>,
    ran_at: Option<Timestamp>,
    said: String,
}

pub(super) fn report(report: &RecoveryReport, context: &Context) -> ReportDocument {
    let speech = context.speech();
    let lines = report.lines.iter().map(|line| ReportRow {
        cron: line.cron.to_string(),
        name: line.name.clone(),
        back_at: line.back_at,
        seal: match line.seal {
            Seal::Identical => "identical",
            Seal::Differs => "differs",
        },
        paused_from: line.paused_from,
        missed: line.missed.map(|missed| missed.n_runs),
        last_missed_at: line.missed.and_then(|missed| missed.last),
        ran_at: line.ran_at,
        said: words::report_line(line, &speech),
    });
    ReportDocument { since: report.since, said: words::report_headline(report, &speech), lines: lines.collect() }
}

const fn by(by: StartedBy) -> &'static str {
    match by {
        StartedBy::Hand => "hand",
        StartedBy::Automation => "automation",
    }
}

const fn readiness(readiness: &Readiness) -> &'static str {
    match readiness {
        Readiness::NothingOwed => "nothing_owed",
        Readiness::StillDown { .. } => "still_down",
        Readiness::Settling { .. } => "settling",
        Readiness::Ready => "ready",
        Readiness::Recovering => "recovering",
    }
}

fn ready_at(readiness: &Readiness) -> Option<Timestamp> {
    match readiness {
        Readiness::StillDown { expected, .. } => *expected,
        Readiness::Settling { until, .. } => Some(*until),
        _ => None,
    }
}

const fn automation(word: &AutomationWord) -> &'static str {
    match word {
        AutomationWord::Silent => "silent",
        AutomationWord::Acting => "acting",
        AutomationWord::LooksFirst => "looks_first",
        AutomationWord::OverLimit { .. } => "over_limit",
        AutomationWord::QuietUntil { .. } => "quiet",
        AutomationWord::StoppedByHand { .. } => "stopped_by_hand",
        AutomationWord::Dwells { .. } => "dwells",
        AutomationWord::TurnsTooOften { .. } => "turns_too_often",
        AutomationWord::ByHandOnly => "by_hand_only",
    }
}

const fn group_code(kind: CrisisGroupKind) -> &'static str {
    match kind {
        CrisisGroupKind::Moves => "moves",
        CrisisGroupKind::Pauses => "pauses",
        CrisisGroupKind::Resumes => "resumes",
        CrisisGroupKind::OneShots => "one_shots",
        CrisisGroupKind::Stranded => "stranded",
        CrisisGroupKind::Unsorted => "unsorted_failing",
        CrisisGroupKind::Held => "held",
        CrisisGroupKind::Waiting => "waiting",
        CrisisGroupKind::StaysPaused => "stays_paused",
        CrisisGroupKind::OnHold => "on_hold",
        CrisisGroupKind::KeepsRunning => "keeps_running",
    }
}
