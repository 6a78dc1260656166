//! What a plan does with its crons, in groups: the same for the window and the command line.

use super::one_shots;
use crate::domain::{ChangeKind, ChangeMark, CronId, Plan, PlanNote, Reason, Verdict};

/// What happens to the crons of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrisisGroupKind {
    Moves,
    Pauses,
    /// A pause of ours ends.
    Resumes,
    /// They run once and would be missed: kept running. Their lines are also among the others.
    OneShots,
    /// They must keep running, and nothing within their guard serves.
    Stranded,
    /// Without a tier, on a route that does not serve.
    Unsorted,
    /// Their next run lies after the expected return: written only if the outage lasts that long.
    Held,
    /// Nothing serves for them, and nothing is done about it.
    Waiting,
    /// Paused by us already.
    StaysPaused,
    /// The user holds them.
    OnHold,
    KeepsRunning,
}

impl CrisisGroupKind {
    /// In the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::Moves,
        Self::Pauses,
        Self::Resumes,
        Self::OneShots,
        Self::Stranded,
        Self::Unsorted,
        Self::Held,
        Self::Waiting,
        Self::StaysPaused,
        Self::OnHold,
        Self::KeepsRunning,
    ];
}

/// Crons to which the same happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrisisGroup {
    pub kind: CrisisGroupKind,
    /// In the plan's order: what is written first comes first.
    pub crons: Vec<CronId>,
}

/// All groups of a plan that are not empty. Fallbacks alone, and crons that are not ours, are in none.
#[must_use]
pub fn crisis_groups(plan: &Plan) -> Vec<CrisisGroup> {
    let groups = CrisisGroupKind::ALL.map(|kind| CrisisGroup { kind, crons: members(plan, kind) });
    groups.into_iter().filter(|group| !group.crons.is_empty()).collect()
}

fn members(plan: &Plan, kind: CrisisGroupKind) -> Vec<CronId> {
    let changes = |kind: ChangeKind| {
        plan.changes.iter().filter(move |change| change.kind == kind).map(|change| change.cron.clone()).collect()
    };
    match kind {
        CrisisGroupKind::Moves => changes(ChangeKind::Move),
        CrisisGroupKind::Pauses => changes(ChangeKind::Pause),
        CrisisGroupKind::Resumes => changes(ChangeKind::Resume),
        CrisisGroupKind::OneShots => one_shots(plan).cloned().collect(),
        CrisisGroupKind::Unsorted => unsorted(plan),
        _ => {
            let of_kind = plan.decisions.iter().filter(|d| decided(d.verdict, &d.reason) == Some(kind));
            of_kind.map(|decision| decision.cron.clone()).collect()
        }
    }
}

fn unsorted(plan: &Plan) -> Vec<CronId> {
    let named = plan.notes.iter().filter_map(|note| match note {
        PlanNote::UnsortedFailing { crons, .. } => Some(crons),
        _ => None,
    });
    named.flatten().cloned().collect()
}

/// The group of a cron that is not changed.
fn decided(verdict: Verdict, reason: &Reason) -> Option<CrisisGroupKind> {
    match (verdict, reason) {
        (Verdict::Stranded, _) => Some(CrisisGroupKind::Stranded),
        (_, Reason::RunsAfterReturn { .. }) => Some(CrisisGroupKind::Held),
        (_, Reason::StillPaused) | (Verdict::Waiting, Reason::PausedInCrisis { .. }) => {
            Some(CrisisGroupKind::StaysPaused)
        }
        (_, Reason::Held { .. }) => Some(CrisisGroupKind::OnHold),
        (Verdict::Waiting, _) => Some(CrisisGroupKind::Waiting),
        (Verdict::Stay, _) | (_, Reason::Pinned { .. }) => Some(CrisisGroupKind::KeepsRunning),
        (Verdict::Change | Verdict::LeftAlone, _) => None,
    }
}

/// How many crons each group has; of the changes only those that are ticked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrisisCounts {
    pub moves: usize,
    pub pauses: usize,
    pub resumes: usize,
    pub held: usize,
    pub kept: usize,
    pub stranded: usize,
    pub stays_paused: usize,
    pub unsorted_failing: usize,
    /// Lines that nobody agreed to yet.
    pub unticked: usize,
}

impl CrisisCounts {
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let ticked =
            |kind: ChangeKind| plan.changes.iter().filter(|change| change.ticked && change.kind == kind).count();
        let with = |kind| members(plan, kind).len();
        Self {
            moves: ticked(ChangeKind::Move),
            pauses: ticked(ChangeKind::Pause),
            resumes: ticked(ChangeKind::Resume),
            held: with(CrisisGroupKind::Held),
            kept: with(CrisisGroupKind::KeepsRunning),
            stranded: with(CrisisGroupKind::Stranded),
            stays_paused: with(CrisisGroupKind::StaysPaused),
            unsorted_failing: with(CrisisGroupKind::Unsorted),
            unticked: plan.changes.iter().filter(|change| !change.ticked).count(),
        }
    }
}

/// Lines that nobody agreed to yet, by what there is to agree to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UntickedLines {
    /// An edit would cost them what the agent that made them gave them.
    pub agent_made: usize,
    /// The gateway switched them off; they are offered.
    pub switched_off: usize,
    pub others: usize,
}

impl UntickedLines {
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut lines = Self::default();
        for change in plan.changes.iter().filter(|change| !change.ticked) {
            let counted = match change.reason {
                _ if change.marks.contains(&ChangeMark::AgentMade) => &mut lines.agent_made,
                Reason::SwitchedOffInOutage { .. } => &mut lines.switched_off,
                _ => &mut lines.others,
            };
            *counted += 1;
        }
        lines
    }
}

/// The lines that are written without being asked about: those that are ticked when they are first shown.
#[must_use]
pub fn ticked_lines(plan: &Plan) -> Vec<CronId> {
    plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect()
}

/// The same of the ordinary plan without its pauses: *only re-route*.
#[must_use]
pub fn reroute_lines(plan: &Plan) -> Vec<CronId> {
    let moves = plan.changes.iter().filter(|change| change.ticked && change.kind != ChangeKind::Pause);
    moves.map(|change| change.cron.clone()).collect()
}

/// "Move", "Keep running": the heading of a group.
#[must_use]
pub const fn crisis_group(kind: CrisisGroupKind) -> &'static str {
    match kind {
        CrisisGroupKind::Moves => "Move",
        CrisisGroupKind::Pauses => "Pause",
        CrisisGroupKind::Resumes => "Run again",
        CrisisGroupKind::OneShots => "Run once",
        CrisisGroupKind::Stranded => "Cannot be kept running",
        CrisisGroupKind::Unsorted => "Unsorted, will fail",
        CrisisGroupKind::Held => "Held back",
        CrisisGroupKind::Waiting => "Waiting",
        CrisisGroupKind::StaysPaused => "Stay paused",
        CrisisGroupKind::OnHold => "On hold",
        CrisisGroupKind::KeepsRunning => "Keep running",
    }
}

/// What is done with a group, and why.
#[must_use]
pub const fn crisis_group_detail(kind: CrisisGroupKind) -> &'static str {
    match kind {
        CrisisGroupKind::Moves => "to the cheapest route that serves",
        CrisisGroupKind::Pauses => "not critical: they pause until recovery",
        CrisisGroupKind::Resumes => "paused by this program, and a route serves again",
        CrisisGroupKind::OneShots => "would be missed for good: treated as critical",
        CrisisGroupKind::Stranded => "no route within their cost guard serves: left as they are",
        CrisisGroupKind::Unsorted => "no tier, and their route does not serve: give them a tier to move them",
        CrisisGroupKind::Held => "their next run comes after the expected return: changed only if the outage lasts",
        CrisisGroupKind::Waiting => "nothing serves for them, and no change would help",
        CrisisGroupKind::StaysPaused => "paused by this program already",
        CrisisGroupKind::OnHold => "you hold them: nothing changes them",
        CrisisGroupKind::KeepsRunning => "nothing changes for them",
    }
}
