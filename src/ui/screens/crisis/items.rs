//! The rows of the screen's table: the crons of a plan in groups by what happens to them, or the lines of a job in
//! groups by what became of them. Made anew when the world changes, not in every frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Change, ChangeKind, CronId, Decision, Job, LineOutcome, Plan};
use crate::engine::Snapshot;
use crate::ui::action::Choice;
use crate::words::{CrisisGroupKind, crisis_groups};

/// Where the rows come from.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    Plan(Choice, Arc<Plan>),
    Job(Arc<Job>),
}

impl Shown {
    /// The plan whose lines can be ticked.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Plan(_, plan) => Some(plan),
            Self::Job(_) => None,
        }
    }

    pub fn change(&self, line: usize) -> Option<&Change> {
        match self {
            Self::Plan(_, plan) => plan.changes.get(line),
            Self::Job(job) => job.lines.get(line).map(|line| &*line.change),
        }
    }

    pub fn outcome(&self, line: usize) -> Option<&LineOutcome> {
        match self {
            Self::Plan(..) => None,
            Self::Job(job) => job.lines.get(line).map(|line| &line.outcome),
        }
    }

    pub fn decision(&self, cron: &CronId) -> Option<&Decision> {
        match self {
            Self::Plan(_, plan) => plan.decision(cron),
            Self::Job(job) => job.plan.decision(cron),
        }
    }
}

/// What the rows below a title have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Of(CrisisGroupKind),
    Fallbacks,
    Safe,
    Pausing,
    Next,
    NotWritten,
    LeftOut,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The lines of its group that can be ticked, and how many crons it has.
    Title { group: Group, lines: Vec<usize>, n_crons: usize },
    /// A change.
    Line(usize),
    /// A cron that is not changed.
    Cron(CronId),
}

#[derive(Debug, Default)]
pub(super) struct Items {
    of: Option<(u64, Option<Choice>)>,
    rows: Vec<Item>,
}

impl Items {
    pub fn rows(&self) -> &[Item] {
        &self.rows
    }

    pub fn follow(&mut self, snapshot: &Snapshot, shown: &Shown) {
        let choice = match shown {
            Shown::Plan(choice, _) => Some(*choice),
            Shown::Job(_) => None,
        };
        if self.of == Some((snapshot.revision, choice)) {
            return;
        }
        self.of = Some((snapshot.revision, choice));
        self.rows = match shown {
            Shown::Plan(_, plan) => of_plan(plan),
            Shown::Job(job) => of_job(job),
        };
    }
}

fn of_plan(plan: &Plan) -> Vec<Item> {
    let lines: BTreeMap<&CronId, usize> =
        plan.changes.iter().enumerate().map(|(line, change)| (&change.cron, line)).collect();
    let mut rows = Vec::new();
    for group in crisis_groups(plan) {
        // One-shots are named in a group of their own, and ticked where they move.
        let changes = !matches!(group.kind, CrisisGroupKind::OneShots);
        let row = |cron: CronId| match lines.get(&cron).filter(|_| changes) {
            Some(line) => Item::Line(*line),
            None => Item::Cron(cron),
        };
        let members: Vec<Item> = group.crons.into_iter().map(row).collect();
        titled(&mut rows, Group::Of(group.kind), members);
    }
    let other = |change: &Change| !matches!(change.kind, ChangeKind::Move | ChangeKind::Pause | ChangeKind::Resume);
    let others = plan.changes.iter().enumerate().filter(|(_, change)| other(change));
    titled(&mut rows, Group::Fallbacks, others.map(|(line, _)| Item::Line(line)).collect());
    rows
}

fn of_job(job: &Job) -> Vec<Item> {
    let group = |outcome: &LineOutcome| match outcome {
        LineOutcome::Draining { .. } | LineOutcome::DrainAsks { .. } => Group::Pausing,
        LineOutcome::Verified => Group::Safe,
        LineOutcome::LeftOut => Group::LeftOut,
        LineOutcome::Writing | LineOutcome::Waiting | LineOutcome::BetweenStarts { .. } => Group::Next,
        _ => Group::NotWritten,
    };
    let mut rows = Vec::new();
    for wanted in [Group::NotWritten, Group::Pausing, Group::Next, Group::Safe, Group::LeftOut] {
        let lines = job.lines.iter().enumerate().filter(|(_, line)| group(&line.outcome) == wanted);
        titled(&mut rows, wanted, lines.map(|(line, _)| Item::Line(line)).collect());
    }
    rows
}

fn titled(rows: &mut Vec<Item>, group: Group, members: Vec<Item>) {
    if members.is_empty() {
        return;
    }
    let line = |item: &Item| if let Item::Line(line) = item { Some(*line) } else { None };
    rows.push(Item::Title { group, lines: members.iter().filter_map(line).collect(), n_crons: members.len() });
    rows.extend(members);
}
