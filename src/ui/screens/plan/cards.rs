//! What stands around the diff: notes, and why there is nothing to do.

use egui::{RichText, Ui};

use crate::domain::{Decision, Plan, PlanNote, Verdict};
use crate::engine::{Command, Edit, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::rights::cannot_write;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, link_button};
use crate::words::{self, Speech};

/// What a person should know beside the changes.
pub(super) fn notes_ui(ui: &mut Ui, plan: &Plan, agent_made: usize, speech: &Speech<'_>) -> Option<Action> {
    let mut action = None;
    if plan.notes.is_empty() && agent_made == 0 {
        return None;
    }
    widgets::section(ui, "Beside the changes", |ui| {
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
    ui.horizontal(|ui| {
        let palette = theme::palette(ui);
        widgets::icon(ui, glyph, 16.0, if loud { palette.warning } else { palette.faint });
        add_contents(ui);
    });
}

/// Why there is nothing to do, said so that it can be believed.
pub(super) fn nothing_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let plan = &snapshot.plan;
    if !matches!(snapshot.connection, crate::domain::Connection::Connected(_)) {
        let why = cannot_write(snapshot).unwrap_or_default();
        widgets::empty_state(ui, icon::CLOUD_OFF, "Nothing can be planned now", &why);
        return;
    }
    if snapshot.crons_as_of.is_none() {
        widgets::empty_state(
            ui,
            icon::HOURGLASS_TOP,
            "Reading the crons…",
            "The plan follows as soon as the list is complete",
        );
        return;
    }
    let routable = snapshot.crons.values().filter(|cron| cron.routable()).count();
    let sorted =
        snapshot.crons.values().filter(|cron| cron.routable() && snapshot.tiers.contains_key(&cron.id)).count();
    if routable == 0 {
        let text = "This gateway has no cron with a model to choose.";
        widgets::empty_state(ui, icon::INBOX, "Nothing to plan", text);
    } else if sorted == 0 {
        let text = "No cron has a tier yet. Sort some on the board; what would change then shows up here, before anything is written.";
        widgets::empty_state(ui, icon::INBOX, "Nothing is sorted yet", text);
    } else {
        let health = words::outage(&plan.outage, speech);
        let rest = match routable - sorted {
            0 => String::new(),
            1 => " 1 unsorted cron is left alone.".to_owned(),
            n => format!(" {n} unsorted crons are left alone."),
        };
        let stuck = |decision: &&Decision| matches!(decision.verdict, Verdict::Waiting | Verdict::Stranded);
        let stuck = plan.decisions.iter().filter(stuck).count();
        if stuck > 0 {
            let verb = if stuck == 1 { "waits" } else { "wait" };
            let text = format!("{} {verb}: no route of the chain serves. {health}.{rest}", words::count(stuck, "cron"));
            widgets::empty_state(ui, icon::INBOX, "Nothing that a change would mend", &text);
            return ui.add_space(space::L);
        }
        let noun = if sorted == 1 { "The sorted cron is" } else { "All sorted crons are" };
        let text = format!("{noun} where the chains want them ({sorted} of {routable}). {health}.{rest}");
        widgets::empty_state(ui, icon::CHECK_CIRCLE, "Nothing to change", &text);
    }
    ui.add_space(space::L);
}
