//! Which cards stand in which column, in which order, after search and filter.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::domain::CronId;

use super::facts::{Card, Facts, Lane};

/// A filter that a chip of the toolbar switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Only {
    Changed,
    Failing,
    Critical,
    Paused,
    Pinned,
    Held,
}

impl Only {
    pub const ALL: [Self; 6] = [Self::Changed, Self::Failing, Self::Critical, Self::Paused, Self::Pinned, Self::Held];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Changed => "Changed",
            Self::Failing => "Failing",
            Self::Critical => "Critical",
            Self::Paused => "Paused",
            Self::Pinned => "Pinned",
            Self::Held => "Held",
        }
    }

    fn takes(self, card: &Card) -> bool {
        match self {
            Self::Changed => card.change.is_some(),
            Self::Failing => card.failing,
            Self::Critical => card.critical,
            Self::Paused => card.paused.is_some(),
            Self::Pinned => card.pinned,
            Self::Held => card.held,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    NextRun,
}

/// What the toolbar asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub text: String,
    /// A card must satisfy all of them.
    pub only: BTreeSet<Only>,
    pub sort: Sort,
}

impl Filter {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.text.trim().is_empty() || !self.only.is_empty()
    }
}

/// The columns after search and filter: indexes into [`Facts::cards`].
#[derive(Debug, Default)]
pub struct Lanes {
    key: Option<(u64, Filter)>,
    rows: [Vec<usize>; 5],
    /// Cards in the column before search and filter.
    totals: [usize; 5],
    /// How many cards each chip would leave, of the routable ones.
    counts: [usize; 6],
    /// Whether each card of [`Facts::cards`] passes search and filter.
    passes: Vec<bool>,
    /// Crons with a suggested tier that pass.
    pub suggested: Vec<CronId>,
}

impl Lanes {
    /// The lanes for these facts and this filter: `before` itself when both are the same.
    #[must_use]
    pub fn of(facts: &Facts, filter: &Filter, before: &Rc<Self>) -> Rc<Self> {
        if before.key.as_ref().is_some_and(|(revision, key)| *revision == facts.revision && key == filter) {
            return before.clone();
        }
        let passes = Vec::with_capacity(facts.cards.len());
        let mut lanes = Self { key: Some((facts.revision, filter.clone())), passes, ..Self::default() };
        let needle = filter.text.trim().to_lowercase();
        for (index, card) in facts.cards.iter().enumerate() {
            let lane = card.lane.index();
            lanes.totals[lane] += 1;
            if card.lane != Lane::NotRoutable {
                for (count, only) in lanes.counts.iter_mut().zip(Only::ALL) {
                    *count += usize::from(only.takes(card));
                }
            }
            let found = needle.is_empty() || card.haystack().contains(&needle);
            let passes = found && filter.only.iter().all(|only| only.takes(card));
            lanes.passes.push(passes);
            if passes {
                lanes.rows[lane].push(index);
                lanes.suggested.extend(card.suggested.map(|_| card.cron.id.clone()));
            }
        }
        for rows in &mut lanes.rows {
            rows.sort_by(|a, b| compare(&facts.cards[*a], &facts.cards[*b], filter.sort));
        }
        Rc::new(lanes)
    }

    #[must_use]
    pub fn rows(&self, lane: Lane) -> &[usize] {
        &self.rows[lane.index()]
    }

    #[must_use]
    pub fn total(&self, lane: Lane) -> usize {
        self.totals[lane.index()]
    }

    #[must_use]
    pub fn count(&self, only: Only) -> usize {
        self.counts[only as usize]
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// Whether search and filter leave a card on the board.
    #[must_use]
    pub fn shows(&self, facts: &Facts, id: &CronId) -> bool {
        facts.index(id).is_some_and(|index| self.passes[index])
    }

    /// Where a card stands: its column and its row there.
    #[must_use]
    pub fn locate(&self, facts: &Facts, id: &CronId) -> Option<(Lane, usize)> {
        let index = facts.index(id).filter(|index| self.passes[*index])?;
        let lane = facts.cards[index].lane;
        self.rows(lane).iter().position(|row| *row == index).map(|row| (lane, row))
    }
}

fn compare(a: &Card, b: &Card, sort: Sort) -> Ordering {
    let by_name = || a.sort_key().cmp(b.sort_key()).then_with(|| a.cron.id.cmp(&b.cron.id));
    match sort {
        Sort::Name => by_name(),
        // A cron that does not run next comes last.
        Sort::NextRun => {
            let next = |card: &Card| card.cron.next_run_at.filter(|_| card.cron.enabled);
            let (a_next, b_next) = (next(a), next(b));
            a_next.is_none().cmp(&b_next.is_none()).then(a_next.cmp(&b_next)).then_with(by_name)
        }
    }
}
