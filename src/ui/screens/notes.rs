//! What a person should know beside the changes of a plan.

use egui::{RichText, Ui};

use crate::domain::{Overload, Plan, PlanNote};
use crate::engine::{Command, Edit};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme;
use crate::ui::widgets::{self, link_button};
use crate::words::{self, Speech};

/// Draws the notes; what a link of theirs leads to is the answer.
pub(super) fn notes_ui(
    ui: &mut Ui,
    plan: &Plan,
    agent_made: usize,
    loads: &[Overload],
    speech: &Speech<'_>,
) -> Option<Action> {
    let mut action = None;
    if plan.notes.is_empty() && agent_made == 0 && loads.is_empty() {
        return None;
    }
    widgets::section(ui, "Beside the changes", |ui| {
        for load in loads {
            with_icon(ui, icon::WARNING, true, |ui| {
                ui.label(words::load(load, speech));
            });
        }
        for note in &plan.notes {
            action = note_ui(ui, note, speech).or(action.take());
        }
        if agent_made > 0 {
            let text = match agent_made {
                1 => "1 cron was made by an agent: an edit drops its stored authority, so it is left out".to_owned(),
                n => format!(
                    "{n} crons were made by an agent: an edit drops their stored authority, so they are left out"
                ),
            };
            with_icon(ui, icon::SMART_TOY, false, |ui| {
                ui.label(RichText::new(text));
            });
        }
    });
    action
}

fn note_ui(ui: &mut Ui, note: &PlanNote, speech: &Speech<'_>) -> Option<Action> {
    let loud = matches!(note, PlanNote::CriticalStranded { .. } | PlanNote::PinnedCritical { .. });
    let glyph = if loud { icon::WARNING } else { icon::INFO };
    let mut action = None;
    with_icon(ui, glyph, loud, |ui| {
        ui.label(words::note(note, speech));
        match note {
            PlanNote::OneShotKept { cron, name, .. } | PlanNote::CriticalStranded { cron, name } => {
                if link_button(ui, "Details").accessible_name(format!("Details of {name}")).clicked() {
                    action = Some(Action::Open(cron.clone()));
                }
            }
            PlanNote::PinnedCritical { cron, name } => {
                if link_button(ui, "Unpin").accessible_name(format!("Unpin {name}")).clicked() {
                    let edit = Edit::SetPin { crons: vec![cron.clone()], pin: None };
                    action = Some(Action::Tell(Command::Edit(edit)));
                }
            }
            PlanNote::ChainNotSetUp { .. } | PlanNote::RouteNotMatched { .. } => {
                if link_button(ui, "Match routes").clicked() {
                    action = Some(Action::Go(crate::ui::action::Screen::Settings));
                }
            }
            PlanNote::UnsortedFailing { .. } => {
                if link_button(ui, "Sort them").clicked() {
                    action = Some(Action::Go(crate::ui::action::Screen::Board));
                }
            }
            PlanNote::Waiting { .. } => {}
        }
    });
    action
}

fn with_icon(ui: &mut Ui, glyph: &str, loud: bool, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        let palette = theme::palette(ui);
        widgets::icon(ui, glyph, 16.0, if loud { palette.warning } else { palette.faint });
        add_contents(ui);
    });
}
