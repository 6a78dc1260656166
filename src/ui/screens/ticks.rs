//! Which lines of the plan are ticked: remembered by cron, so that a fresh plan keeps the user's word.
//!
//! A line the user unticked by hand stays unticked in the next plan; everything else starts as that
//! plan proposes. A line that comes, or goes elsewhere, while the plan is on screen is new: it was not
//! there when the user began to read. Counting happens when something changes, not in every frame.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Change, ChangeKind, ChangeMark, CronId, Fields, Plan, PlanId};

/// The ticks of the plan on screen.
#[derive(Debug, Default)]
pub(super) struct Ticks {
    plan: Option<PlanId>,
    /// The frame in which it was last on screen.
    frame: u64,
    by_hand: BTreeMap<CronId, bool>,
    on: Vec<bool>,
    /// What each line of the plan writes.
    targets: BTreeMap<CronId, Fields>,
    new: BTreeSet<CronId>,
    counts: Counts,
    /// Grows with every change.
    version: u64,
    agent_made_left_out: usize,
    new_on: usize,
}

/// How many lines do what, of those that are ticked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub total: usize,
    pub ticked: usize,
    pub moves: usize,
    pub refits: usize,
    pub pauses: usize,
    pub resumes: usize,
    pub undone: usize,
    pub starts: usize,
}

impl Counts {
    pub fn left_out(&self) -> usize {
        self.total - self.ticked
    }

    /// Counts `lines`, each with whether it is ticked.
    pub fn of<'a>(lines: impl Iterator<Item = (&'a Change, bool)>) -> Self {
        let mut counts = Self::default();
        for (change, on) in lines {
            counts.total += 1;
            if !on {
                continue;
            }
            counts.ticked += 1;
            match change.kind {
                ChangeKind::Move => counts.moves += 1,
                ChangeKind::Refit => counts.refits += 1,
                ChangeKind::Pause => counts.pauses += 1,
                ChangeKind::Resume => counts.resumes += 1,
                ChangeKind::Undo => counts.undone += 1,
                ChangeKind::Spread => counts.starts += 1,
            }
        }
        counts
    }
}

impl Ticks {
    /// Takes over another plan; costs nothing while the plan stays the same. Called in every frame that
    /// shows it. Says whether a ticked line became new under the eyes of the user.
    pub fn follow(&mut self, plan: &Plan, frame: u64) -> bool {
        let was_on_screen = self.was_on_screen(frame);
        self.frame = frame;
        if self.plan.as_ref() == Some(&plan.id) && self.on.len() == plan.changes.len() {
            return false;
        }
        self.by_hand.retain(|_, ticked| !*ticked);
        self.plan = Some(plan.id.clone());
        self.on = plan.changes.iter().map(|change| self.wanted(change)).collect();
        let was_read = was_on_screen && !self.targets.is_empty();
        let came = |change: &&Change| was_read && self.targets.get(&change.cron) != Some(&change.to);
        let came: BTreeSet<CronId> = plan.changes.iter().filter(came).map(|change| change.cron.clone()).collect();
        let startles = plan.changes.iter().zip(&self.on).any(|(change, on)| *on && came.contains(&change.cron));
        if !was_on_screen {
            self.new.clear();
        }
        self.new.extend(came);
        self.targets = plan.changes.iter().map(|change| (change.cron.clone(), change.to.clone())).collect();
        self.count(plan);
        startles
    }

    /// Whether its plan was there to be read in the frame before this one.
    pub fn was_on_screen(&self, frame: u64) -> bool {
        self.plan.is_some() && frame <= self.frame + 1
    }

    fn wanted(&self, change: &Change) -> bool {
        self.by_hand.get(&change.cron).copied().unwrap_or(change.ticked)
    }

    fn count(&mut self, plan: &Plan) {
        let lines = || plan.changes.iter().zip(self.on.iter().copied());
        self.counts = Counts::of(lines());
        self.version += 1;
        let left_out = |(change, on): &(&Change, bool)| !on && change.marks.contains(&ChangeMark::AgentMade);
        self.agent_made_left_out = lines().filter(left_out).count();
        self.new_on = lines().filter(|(change, on)| *on && self.new.contains(&change.cron)).count();
    }

    /// Another one as soon as anything is ticked or unticked.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Lines that are left out because an agent made the cron.
    pub fn agent_made_left_out(&self) -> usize {
        self.agent_made_left_out
    }

    /// Whether the line was not there, or went elsewhere, when the user began to read.
    pub fn is_new(&self, change: &Change) -> bool {
        self.new.contains(&change.cron)
    }

    /// How many lines are ticked and new.
    pub fn new_on(&self) -> usize {
        self.new_on
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn is_on(&self, line: usize) -> bool {
        self.on.get(line).copied().unwrap_or_default()
    }

    pub fn set(&mut self, plan: &Plan, line: usize, ticked: bool) {
        self.set_these(plan, &[line], ticked);
    }

    pub fn set_these(&mut self, plan: &Plan, lines: &[usize], ticked: bool) {
        for line in lines {
            let Some(change) = plan.changes.get(*line) else { continue };
            self.by_hand.insert(change.cron.clone(), ticked);
            self.on[*line] = ticked;
        }
        self.count(plan);
    }

    pub fn set_all(&mut self, plan: &Plan, ticked: bool) {
        self.by_hand.extend(plan.changes.iter().map(|change| (change.cron.clone(), ticked)));
        self.on.fill(ticked);
        self.count(plan);
    }

    /// The crons of the ticked lines, in the plan's order.
    pub fn crons(&self, plan: &Plan) -> Vec<CronId> {
        plan.changes.iter().zip(&self.on).filter(|(_, on)| **on).map(|(change, _)| change.cron.clone()).collect()
    }
}
