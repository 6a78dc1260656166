//! The board by keyboard. No key works while a text field has the focus, except leaving it.

use egui::{Key, Modifiers, Ui};

use crate::domain::{CronId, Pin, Tier};
use crate::engine::{Command, Edit};
use crate::ui::action::Action;

use super::facts::{Card, Lane};
use super::{Board, Scene, card_id};

impl Board {
    pub(super) fn keys(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let pressed =
            ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Key { pressed: true, .. })));
        if !pressed {
            return;
        }
        if take(ui, Modifiers::COMMAND, Key::F) {
            self.focus_search = true;
        }
        if ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        if take(ui, Modifiers::NONE, Key::Slash) {
            self.focus_search = true;
            ui.input_mut(|input| input.events.retain(|event| !matches!(event, egui::Event::Text(text) if text == "/")));
        }
        let undo = [
            (Modifiers::COMMAND | Modifiers::SHIFT, Key::Z, Command::RedoEdit),
            (Modifiers::COMMAND, Key::Y, Command::RedoEdit),
            (Modifiers::COMMAND, Key::Z, Command::UndoEdit),
        ];
        for (modifiers, key, command) in undo {
            if take(ui, modifiers, key) {
                scene.wishes.push(Action::Tell(command));
            }
        }
        let focus = ui.memory(egui::Memory::focused);
        let on_card = self.selection.cursor.as_ref().is_some_and(|id| focus == Some(card_id(id)));
        if focus.is_none() || on_card {
            self.edit_keys(ui, scene);
            self.walk_keys(ui, scene, on_card);
        }
    }

    fn edit_keys(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let tiers =
            [(Key::Num0, None), (Key::Num1, Some(Tier::T1)), (Key::Num2, Some(Tier::T2)), (Key::Num3, Some(Tier::T3))];
        for (key, tier) in tiers {
            if take(ui, Modifiers::NONE, key) {
                let crons = self.selection.targets(&scene.facts);
                self.move_to(scene, &crons, tier);
            }
        }
        if take(ui, Modifiers::NONE, Key::A) {
            self.accept(scene);
        }
        if take(ui, Modifiers::NONE, Key::C) {
            self.toggle(scene, Mark::Critical);
        }
        if take(ui, Modifiers::NONE, Key::P) {
            self.toggle(scene, Mark::Pinned);
        }
        if take(ui, Modifiers::NONE, Key::H) {
            self.toggle(scene, Mark::Held);
        }
    }

    fn walk_keys(&mut self, ui: &Ui, scene: &mut Scene<'_>, on_card: bool) {
        if !self.selection.chosen.is_empty() && take(ui, Modifiers::NONE, Key::Escape) {
            self.selection.chosen.clear();
        }
        let here = self.selection.cursor.as_ref().and_then(|id| scene.lanes.locate(&scene.facts, id));
        if take(ui, Modifiers::COMMAND, Key::A) {
            let lane = here.map_or(Lane::Tier(Tier::T1), |(lane, _)| lane);
            self.selection.choose_all(&scene.facts, scene.lanes.rows(lane));
        }
        let arrows = [
            (Key::ArrowUp, Way::Up(1)),
            (Key::ArrowDown, Way::Down(1)),
            (Key::PageUp, Way::Up(8)),
            (Key::PageDown, Way::Down(8)),
            (Key::Home, Way::Up(usize::MAX)),
            (Key::End, Way::Down(usize::MAX)),
            (Key::ArrowLeft, Way::Left),
            (Key::ArrowRight, Way::Right),
        ];
        for (key, way) in arrows {
            let range = take(ui, Modifiers::SHIFT, key);
            if range || take(ui, Modifiers::NONE, key) {
                if let Some(id) = self.neighbour(scene, here, way) {
                    self.selection.go(&scene.facts, &scene.lanes, id, range);
                }
                return;
            }
        }
        if !on_card {
            return;
        }
        if take(ui, Modifiers::NONE, Key::Space) {
            self.selection.toggle_cursor();
        }
        if take(ui, Modifiers::NONE, Key::Enter)
            && let Some(id) = self.selection.cursor.clone()
        {
            scene.wishes.push(Action::Open(id));
        }
    }

    fn neighbour(&self, scene: &Scene<'_>, here: Option<(Lane, usize)>, way: Way) -> Option<CronId> {
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
        let crons: Vec<CronId> = self.selection.targets(&scene.facts).into_iter().filter(suggested).collect();
        if !crons.is_empty() {
            self.announcement = format!("Suggestion accepted for {}", count(crons.len()));
            scene.edit(Edit::AcceptSuggestions { crons });
        }
    }

    /// Sets a mark on all targets, or takes it from all when every one has it.
    pub(super) fn toggle(&mut self, scene: &mut Scene<'_>, mark: Mark) {
        let crons: Vec<CronId> = self.selection.targets(&scene.facts);
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
        self.announcement = format!("{}: {} for {}", mark.word(), if on { "on" } else { "off" }, count(crons.len()));
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

#[derive(Clone, Copy)]
enum Way {
    Up(usize),
    Down(usize),
    Left,
    Right,
}

fn take(ui: &Ui, modifiers: Modifiers, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(modifiers, key))
}
