//! Which cards are selected, and where the keyboard is.

use std::collections::BTreeSet;

use egui::Modifiers;

use crate::domain::CronId;

use super::facts::{Facts, Lane};
use super::lanes::Lanes;

/// Selected cards, and the card that keys act on.
#[derive(Debug, Default)]
pub struct Selection {
    pub chosen: BTreeSet<CronId>,
    /// Where a range begins.
    anchor: Option<CronId>,
    pub cursor: Option<CronId>,
    /// The cursor moved: its card wants the focus and must come into view.
    pub follow: bool,
}

impl Selection {
    /// A click: alone, with Ctrl one more or one less, with Shift everything from the anchor on.
    pub fn click(&mut self, facts: &Facts, lanes: &Lanes, id: &CronId, modifiers: Modifiers) {
        self.cursor = Some(id.clone());
        if modifiers.shift && self.extend(facts, lanes, id, modifiers.command) {
            return;
        }
        if modifiers.command {
            if !self.chosen.remove(id) {
                self.chosen.insert(id.clone());
            }
        } else {
            self.chosen = BTreeSet::from([id.clone()]);
        }
        self.anchor = Some(id.clone());
    }

    fn extend(&mut self, facts: &Facts, lanes: &Lanes, id: &CronId, keep: bool) -> bool {
        let Some(anchor) = self.anchor.as_ref().and_then(|anchor| lanes.locate(facts, anchor)) else { return false };
        let Some((lane, row)) = lanes.locate(facts, id).filter(|(lane, _)| *lane == anchor.0) else { return false };
        if !keep {
            self.chosen.clear();
        }
        let range = anchor.1.min(row)..=anchor.1.max(row);
        self.chosen.extend(lanes.rows(lane)[range].iter().map(|index| facts.cards[*index].cron.id.clone()));
        true
    }

    /// What a drag or menu that begins on `id` is about: the selection if it is in it, else it alone.
    pub fn grab(&mut self, id: &CronId) {
        if !self.chosen.contains(id) {
            self.chosen = BTreeSet::from([id.clone()]);
            self.anchor = Some(id.clone());
        }
        self.cursor = Some(id.clone());
    }

    /// What keys act on: the selection, else the card under the cursor. Never what is not on screen.
    #[must_use]
    pub fn targets(&self, facts: &Facts, lanes: &Lanes) -> Vec<CronId> {
        let routable = |id: &&CronId| facts.card(id).is_some_and(|card| card.lane != Lane::NotRoutable);
        let takes = |id: &&CronId| routable(id) && lanes.shows(facts, id);
        if self.chosen.is_empty() {
            self.cursor.iter().filter(takes).cloned().collect()
        } else {
            self.chosen.iter().filter(takes).cloned().collect()
        }
    }

    /// Moves the cursor, and with Shift the end of the selected range.
    pub fn go(&mut self, facts: &Facts, lanes: &Lanes, id: CronId, range: bool) {
        if range {
            if self.anchor.is_none() {
                self.anchor = self.cursor.clone();
            }
            self.extend(facts, lanes, &id, false);
        }
        self.cursor = Some(id);
        self.follow = true;
    }

    pub fn toggle_cursor(&mut self) {
        let Some(id) = self.cursor.clone() else { return };
        if !self.chosen.remove(&id) {
            self.chosen.insert(id.clone());
        }
        self.anchor = Some(id);
    }

    pub fn choose_all(&mut self, facts: &Facts, rows: &[usize]) {
        self.chosen = rows.iter().map(|index| facts.cards[*index].cron.id.clone()).collect();
    }

    /// Drops what search and filter hide, and crons that are gone; the cursor waits where it was.
    pub fn prune(&mut self, facts: &Facts, lanes: &Lanes) {
        self.chosen.retain(|id| lanes.shows(facts, id));
        self.anchor.take_if(|id| !lanes.shows(facts, id));
        self.cursor.take_if(|id| facts.card(id).is_none());
    }
}
