//! The board by keyboard. No key works while a text field has the focus, except leaving it.

use egui::{Event, FocusDirection, Key, Modifiers, Ui};

use crate::domain::{CronId, Pin, Tier};
use crate::engine::Edit;
use crate::ui::action::Action;
use crate::ui::widgets::covered;

use super::facts::{Card, Lane};
use super::{Board, Scene, card_id};

impl Board {
    /// Carries out what was pressed, one key after the other, and leaves the rest to whatever has the focus.
    pub(super) fn keys(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let pressed = |event: &Event| matches!(event, Event::Key { pressed: true, .. });
        if covered(ui) || !ui.input(|input| input.events.iter().any(pressed)) {
            return;
        }
        let reach = self.reach(ui);
        let mut events = ui.input_mut(|input| std::mem::take(&mut input.events));
        let before = events.len();
        events.retain(|event| match event {
            Event::Key { pressed: true, key, modifiers, .. } => !self.key(scene, reach, *modifiers, *key),
            // The character of the key that leads to the search field.
            Event::Text(text) => !(self.focus_search && text == "/"),
            _ => true,
        });
        if events.len() < before {
            // An arrow that moved the cursor shall not move the focus once more.
            ui.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        }
        ui.input_mut(|input| input.events = events);
    }

    fn reach(&self, ui: &Ui) -> Reach {
        let focus = ui.memory(egui::Memory::focused);
        let on_card = self.selection.cursor.as_ref().is_some_and(|id| focus == Some(card_id(id)));
        match focus {
            _ if on_card || self.selection.follow => Reach::Card,
            None => Reach::Nowhere,
            Some(_) if ui.ctx().text_edit_focused() => Reach::Text,
            Some(_) => Reach::Elsewhere,
        }
    }

    /// True when the key was for the board.
    fn key(&mut self, scene: &mut Scene<'_>, reach: Reach, modifiers: Modifiers, key: Key) -> bool {
        let with = |pattern: Modifiers| modifiers.matches_logically(pattern);
        if with(Modifiers::COMMAND) && key == Key::F {
            self.focus_search = true;
            return true;
        }
        if reach == Reach::Text || self.focus_search {
            return false;
        }
        match key {
            Key::Slash if with(Modifiers::NONE) => self.focus_search = true,
            Key::Q if with(Modifiers::NONE) => self.fold_foot(scene, !self.foot.is_open(scene.snapshot)),
            Key::Escape if with(Modifiers::NONE) && self.leave_foot(scene) => {}
            _ if reach == Reach::Elsewhere => return false,
            Key::A if with(Modifiers::COMMAND) => {
                let here = self.selection.cursor.as_ref().and_then(|id| scene.lanes.locate(&scene.facts, id));
                let lane = here.map_or(Lane::Tier(Tier::T1), |(lane, _)| lane);
                self.selection.choose_all(&scene.facts, scene.lanes.rows(lane));
            }
            _ if with(Modifiers::NONE) => {
                let on_card = reach == Reach::Card || self.selection.follow;
                return self.edit_key(scene, key)
                    || self.walk_key(scene, modifiers, key)
                    || on_card && self.card_key(scene, key);
            }
            _ => return false,
        }
        true
    }

    fn edit_key(&mut self, scene: &mut Scene<'_>, key: Key) -> bool {
        let tier = match key {
            Key::Num0 => None,
            Key::Num1 => Some(Tier::T1),
            Key::Num2 => Some(Tier::T2),
            Key::Num3 => Some(Tier::T3),
            _ => {
                match key {
                    Key::A => self.accept(scene),
                    Key::C => self.toggle(scene, Mark::Critical),
                    Key::P => self.toggle(scene, Mark::Pinned),
                    Key::H => self.toggle(scene, Mark::Held),
                    _ => return false,
                }
                return true;
            }
        };
        let crons = self.selection.targets(&scene.facts, &scene.lanes);
        self.move_to(scene, &crons, tier);
        true
    }

    fn walk_key(&mut self, scene: &mut Scene<'_>, modifiers: Modifiers, key: Key) -> bool {
        let way = match key {
            Key::ArrowUp => Way::Up(1),
            Key::ArrowDown => Way::Down(1),
            Key::PageUp => Way::Up(8),
            Key::PageDown => Way::Down(8),
            Key::Home => Way::Up(usize::MAX),
            Key::End => Way::Down(usize::MAX),
            Key::ArrowLeft => Way::Left,
            Key::ArrowRight => Way::Right,
            Key::Escape if !self.selection.chosen.is_empty() => {
                self.selection.chosen.clear();
                return true;
            }
            _ => return false,
        };
        let here = self.selection.cursor.as_ref().and_then(|id| scene.lanes.locate(&scene.facts, id));
        if let Some(id) = self.neighbour(scene, here, way) {
            self.selection.go(&scene.facts, &scene.lanes, id, modifiers.shift);
        }
        true
    }

    fn card_key(&mut self, scene: &mut Scene<'_>, key: Key) -> bool {
        match key {
            Key::Space => self.selection.toggle_cursor(),
            Key::Enter => scene.wishes.extend(self.selection.cursor.clone().map(Action::Open)),
            _ => return false,
        }
        true
    }

    pub(super) fn neighbour(&self, scene: &Scene<'_>, here: Option<(Lane, usize)>, way: Way) -> Option<CronId> {
        let shown = self.shown(scene);
        let filled: Vec<Lane> = shown.into_iter().filter(|lane| !scene.lanes.rows(*lane).is_empty()).collect();
        let Some((lane, row)) = here else {
            return filled.first().map(|lane| scene.facts.cards[scene.lanes.rows(*lane)[0]].id().clone());
        };
        let column = filled.iter().position(|other| *other == lane)?;
        let (lane, row) = match way {
            Way::Up(by) => (lane, row.saturating_sub(by)),
            Way::Down(by) => (lane, row.saturating_add(by)),
            Way::Left => (*filled.get(column.checked_sub(1)?)?, row),
            Way::Right => (*filled.get(column + 1)?, row),
        };
        let rows = scene.lanes.rows(lane);
        rows.get(row.min(rows.len() - 1)).map(|index| scene.facts.cards[*index].id().clone())
    }

    /// Gives every target that has one its suggested tier.
    pub(super) fn accept(&mut self, scene: &mut Scene<'_>) {
        let suggested = |id: &CronId| scene.facts.card(id).is_some_and(|card| card.suggested.is_some());
        let crons: Vec<CronId> =
            self.selection.targets(&scene.facts, &scene.lanes).into_iter().filter(suggested).collect();
        if !crons.is_empty() {
            self.announcement = scene.said(format!("Suggestion accepted for {}", count(crons.len())));
            scene.edit(Edit::AcceptSuggestions { crons });
        }
    }

    /// Sets a mark on all targets, or takes it from all when every one has it.
    pub(super) fn toggle(&mut self, scene: &mut Scene<'_>, mark: Mark) {
        let crons: Vec<CronId> = self.selection.targets(&scene.facts, &scene.lanes);
        // A mark belongs to a tier's entry: unsorted crons get theirs first.
        let facts = scene.facts.clone();
        let cards: Vec<&Card> =
            crons.iter().filter_map(|id| facts.card(id)).filter(|card| matches!(card.lane, Lane::Tier(_))).collect();
        if cards.is_empty() {
            if !crons.is_empty() {
                "Unsorted crons need a tier first".clone_into(&mut self.announcement);
            }
            return;
        }
        let on = !cards.iter().all(|card| mark.is_on(card));
        let crons: Vec<CronId> = cards.iter().map(|card| card.id().clone()).collect();
        let text = format!("{}: {} for {}", mark.word(), if on { "on" } else { "off" }, count(crons.len()));
        self.announcement = scene.said(text);
        scene.edit(match mark {
            Mark::Critical => Edit::SetCritical { crons, critical: on },
            Mark::Pinned => Edit::SetPin { crons, pin: on.then_some(Pin { model: None }) },
            Mark::Held => Edit::SetHold { crons, hold: on },
        });
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 cron".to_owned() } else { format!("{n} crons") }
}

/// A mark that a key or the menu switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Critical,
    Pinned,
    Held,
}

impl Mark {
    pub(super) fn is_on(self, card: &Card) -> bool {
        match self {
            Self::Critical => card.critical,
            Self::Pinned => card.pinned,
            Self::Held => card.held,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Pinned => "pinned",
            Self::Held => "hold",
        }
    }
}

/// What keys can mean, by where the focus is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Card,
    Nowhere,
    /// In a text field.
    Text,
    /// On a button or chip.
    Elsewhere,
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    Up(usize),
    Down(usize),
    Left,
    Right,
}
