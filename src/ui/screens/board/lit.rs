//! What lights up on the board because of what is pointed at, worked out once for each of both.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{AccountId, Drawn, Forecast, Outlook, Pointed};
use crate::words::{self, Speech};

use super::facts::{Facts, Lane};
use super::lanes::Lanes;

/// What is lit, and what is said of it.
#[derive(Debug, Default)]
pub struct Lit {
    pub at: Option<Pointed>,
    /// Whether each card of [`Facts::cards`] is lit; empty: none is, and none is dim.
    cards: Vec<bool>,
    /// Lit cards of each column that search and filter leave.
    counts: [usize; 5],
    windows: Vec<(AccountId, String)>,
    /// The coming starts of the one cron that is pointed at.
    pub ticks: Vec<Timestamp>,
    /// In words, where something is pointed at.
    pub said: Option<String>,
}

impl Lit {
    /// What belongs to `at`: cards for a window and for a part of time, windows for a card.
    #[must_use]
    pub fn of(at: &Pointed, forecast: &Forecast, facts: &Facts, lanes: &Lanes, speech: &Speech<'_>) -> Self {
        let drawn = forecast.drawn(at);
        let windows = drawn.windows.iter().map(|index| &forecast.windows[*index]);
        let mut lit = Self {
            at: Some(at.clone()),
            windows: windows.map(|window| (window.account.clone(), window.label.clone())).collect(),
            said: said(at, &drawn, forecast, facts, speech),
            ..Self::default()
        };
        if let Pointed::Cron(_) = at {
            lit.ticks = drawn.starts.iter().map(|start| forecast.coming.starts_at(*start)).collect();
        } else if drawn.n_crons > 0 {
            lit.cards = cards(&drawn, forecast, facts);
            for lane in Lane::ALL {
                lit.counts[lane.index()] = lanes.rows(lane).iter().filter(|row| lit.cards[**row]).count();
            }
        }
        lit
    }

    /// Cards are lit, so that the others are dim.
    #[must_use]
    pub fn dims_cards(&self) -> bool {
        !self.cards.is_empty()
    }

    /// Whether the card with this index is lit.
    #[must_use]
    pub fn card(&self, index: usize) -> bool {
        self.cards.get(index).copied().unwrap_or(false)
    }

    /// How many cards of a column are lit.
    #[must_use]
    pub fn count(&self, lane: Lane) -> usize {
        self.counts[lane.index()]
    }

    #[must_use]
    pub fn window(&self, account: &AccountId, label: &str) -> bool {
        self.windows.iter().any(|(of, name)| of == account && name == label)
    }

    /// Windows are lit because of a card, so that the others are dim.
    #[must_use]
    pub fn dims_windows(&self) -> bool {
        matches!(self.at, Some(Pointed::Cron(_))) && !self.windows.is_empty()
    }
}

/// Both are in the order of ids, so one walk finds what belongs together.
fn cards(drawn: &Drawn, forecast: &Forecast, facts: &Facts) -> Vec<bool> {
    let mut ids = drawn.crons.iter().map(|index| &forecast.coming.crons[*index].cron).peekable();
    let lit = facts.cards.iter().map(|card| {
        while ids.next_if(|id| *id < card.id()).is_some() {}
        ids.peek().is_some_and(|id| *id == card.id())
    });
    lit.collect()
}

fn said(at: &Pointed, drawn: &Drawn, forecast: &Forecast, facts: &Facts, speech: &Speech<'_>) -> Option<String> {
    Some(match at {
        Pointed::Cron(id) => words::cron_draws(&facts.card(id)?.cron, drawn, forecast),
        Pointed::Window(account, label) => {
            words::window_draws(forecast.window(account, label)?, drawn, forecast, speech)
        }
        Pointed::Between(..) => words::starts_between(drawn, at, speech),
    })
}

/// Keeps what is lit while nothing of it moves.
#[derive(Debug, Default)]
pub struct Lamp {
    of: Option<(Pointed, Arc<Outlook>, u64, Rc<Lanes>)>,
    lit: Rc<Lit>,
}

impl Lamp {
    /// What is lit now.
    #[must_use]
    pub fn lit(&self) -> Rc<Lit> {
        self.lit.clone()
    }

    pub fn off(&mut self) {
        if self.of.is_some() {
            *self = Self::default();
        }
    }

    /// Works out what lights up, where that is something else than before.
    pub fn point(
        &mut self,
        at: &Pointed,
        outlook: &Arc<Outlook>,
        facts: &Facts,
        lanes: &Rc<Lanes>,
        speech: &Speech<'_>,
    ) {
        let same = self.of.as_ref().is_some_and(|(was, of, revision, rows)| {
            was == at && Arc::ptr_eq(of, outlook) && *revision == facts.revision && Rc::ptr_eq(rows, lanes)
        });
        if !same {
            self.of = Some((at.clone(), outlook.clone(), facts.revision, lanes.clone()));
            self.lit = Rc::new(Lit::of(at, &outlook.forecast, facts, lanes, speech));
        }
    }
}
