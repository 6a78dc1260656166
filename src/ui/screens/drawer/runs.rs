//! What a cron did: its last runs and its switches.

use egui::{Align, Layout, RichText, Ui};

use crate::domain::{Confirmation, CronId, ModelRef, RunRecord, RunStatus, TokenUsage};
use crate::engine::{Command, Snapshot, UndoScope};
use crate::ui::action::{Action, Screen};
use crate::ui::screens::activity::models;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{elided, link_button};
use crate::words::{self, Speech};

/// As many runs and switches as a person scans.
const SHOWN: usize = 10;

/// Time, outcome, model that ran, tokens, duration; the error below.
pub(super) fn runs_ui(ui: &mut Ui, snapshot: &Snapshot, cron: &CronId, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let Some(runs) = snapshot.runs.get(cron) else {
        let connected = snapshot.connection.info().is_some();
        let text = if connected { "Reading its last runs…" } else { "Its runs can be read when the gateway is back" };
        ui.label(RichText::new(text).color(palette.faint));
        return;
    };
    if runs.is_empty() {
        ui.label(RichText::new("It has not run yet").color(palette.faint));
    }
    for run in runs.iter().take(SHOWN) {
        run_ui(ui, run, speech);
    }
}

fn run_ui(ui: &mut Ui, run: &RunRecord, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        let time = words::clock(run.at, speech);
        let left = ui.cursor().left();
        ui.label(RichText::new(time).color(palette.secondary)).on_hover_text(words::relative(run.at, speech.now));
        ui.add_space((left + TIME - ui.cursor().left()).max(0.0));
        let (text, color) = match run.status {
            RunStatus::Ok => ("✓ ok", palette.good),
            RunStatus::Error => ("× failed", palette.bad),
            RunStatus::Skipped => ("skipped", palette.secondary),
            RunStatus::Unknown => ("unknown", palette.secondary),
        };
        let left = ui.cursor().left();
        ui.label(RichText::new(text).color(color));
        ui.add_space((left + OUTCOME - ui.cursor().left()).max(0.0));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let numbers = [run.usage.map(tokens), run.duration.map(words::span)];
            let numbers = numbers.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            ui.label(RichText::new(numbers).font(theme::small_font()).color(palette.secondary));
            let width = ui.available_width();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let model = ran_on(run, speech).unwrap_or_else(|| "no model chosen".to_owned());
                elided(ui, &model, theme::text_font(), palette.text, width);
            });
        });
    });
    if let Some(error) = &run.error {
        ui.indent("error", |ui| {
            ui.label(RichText::new(cut(error)).font(theme::small_font()).color(palette.bad)).on_hover_text(error);
        });
    }
}

const TIME: f32 = 108.0;
const OUTCOME: f32 = 56.0;

fn ran_on(run: &RunRecord, speech: &Speech<'_>) -> Option<String> {
    let (provider, model) = (run.provider.as_ref()?, run.model.as_ref()?);
    Some(words::model_name(&ModelRef::of(provider, model), speech))
}

/// "12.4k tokens".
fn tokens(usage: TokenUsage) -> String {
    match usage.total {
        n @ 0..1_000 => format!("{n} tokens"),
        n @ 1_000..1_000_000 => format!("{:.1}k tokens", n as f64 / 1e3),
        n => format!("{:.1}M tokens", n as f64 / 1e6),
    }
}

/// Long errors are shown whole on hover.
fn cut(text: &str) -> String {
    const MOST: usize = 240;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The newest switches of one cron, each with its own undo.
pub(super) fn switches_ui(ui: &mut Ui, snapshot: &Snapshot, cron: &CronId, speech: &Speech<'_>) -> Vec<Action> {
    let palette = theme::palette(ui);
    let mut actions = Vec::new();
    let mut own = snapshot.switches.iter().filter(|switch| switch.cron == *cron).take(SHOWN).peekable();
    if own.peek().is_none() {
        ui.label(RichText::new("This program has not switched it").color(palette.faint));
    }
    for switch in own {
        let (from, to) = models(switch, speech);
        ui.horizontal(|ui| {
            let left = ui.cursor().left();
            let time = words::clock(switch.at, speech);
            ui.label(RichText::new(time).color(palette.secondary)).on_hover_text(words::reason(&switch.reason, speech));
            ui.add_space((left + TIME - ui.cursor().left()).max(0.0));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if switch.undone_by.is_some() {
                    ui.label(RichText::new("undone").font(theme::small_font()).color(palette.faint));
                } else if link_button(ui, "Undo").accessible_name(format!("Undo the switch to {to}")).clicked() {
                    actions.push(Action::Tell(Command::PrepareUndo(UndoScope::Switch(switch.id.clone()))));
                    actions.push(Action::Go(Screen::Plan));
                }
                let width = ui.available_width();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    elided(ui, &format!("{from} → {to}"), theme::text_font(), palette.text, width);
                });
            });
        });
        let loud = matches!(switch.confirmation, Confirmation::RanElsewhere { .. });
        ui.indent("state", |ui| {
            let color = if loud { palette.bad } else { palette.secondary };
            let state = words::confirmation(&switch.confirmation, speech);
            ui.label(RichText::new(state).font(theme::small_font()).color(color));
        });
    }
    ui.add_space(space::S / 2.0);
    actions
}
