//! The checks of all accounts: the button that asks everybody, how far that is, and how often it happens by itself.

use egui::{DragValue, Popup, PopupCloseBehavior, RichText, Ui};
use jiff::SignedDuration;

use crate::domain::CheckSettings;
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme;
use crate::ui::widgets::{counts, link_button, paragraph, plain_button};
use crate::words::{self, Speech};

use super::Rights;

const EVERY: [(i64, &str); 6] = [
    (0, "Only when asked"),
    (2, "Every 2 minutes"),
    (5, "Every 5 minutes"),
    (10, "Every 10 minutes"),
    (30, "Every 30 minutes"),
    (60, "Every hour"),
];

/// "Check all now", or how far the round is.
pub(super) fn button_ui(ui: &mut Ui, snapshot: &Snapshot) -> Option<Action> {
    if let Some(progress) = words::round_progress(&snapshot.looks) {
        let button = ui.add_enabled_ui(false, |ui| plain_button(ui, &progress)).inner;
        button.on_disabled_hover_text("All accounts are asked at once; the slowest answer ends the round");
        return None;
    }
    let none = snapshot.accounts.is_empty();
    let button = ui.add_enabled_ui(!none, |ui| plain_button(ui, "Check all now")).inner;
    let pressed = button.on_hover_text("Asks every account now: free questions first").clicked();
    pressed.then_some(Action::Tell(Command::Check { accounts: None }))
}

/// "next check in 4 min", and behind it how often, and what that costs.
pub(super) fn rhythm_ui(ui: &mut Ui, snapshot: &Snapshot, rights: Rights, speech: &Speech<'_>) -> Option<Action> {
    let palette = theme::palette(ui);
    let text = match snapshot.looks.next_at.filter(|at| *at > speech.now) {
        Some(at) => {
            counts(ui, at, speech.now);
            format!("next check {}", words::relative(at, speech.now))
        }
        None if snapshot.settings.checks.every.is_zero() => "checked when asked".to_owned(),
        None => "checks…".to_owned(),
    };
    let button = link_button(ui, &text).accessible_name(format!("How often: {text}"));
    let mut wish = None;
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(290.0);
        let checks = snapshot.settings.checks;
        paragraph(ui, RichText::new("An account that is well is looked at").color(palette.secondary));
        ui.add_enabled_ui(rights.editable(), |ui| {
            for (minutes, text) in EVERY {
                let every = SignedDuration::from_mins(minutes);
                if ui.radio(checks.every == every, text).clicked() && checks.every != every {
                    wish = Some(CheckSettings { every, ..checks });
                }
            }
            ui.separator();
            let text =
                "Where nothing free can tell, a question costs some 8 tokens. At most so many a day, of all accounts:";
            paragraph(ui, RichText::new(text).color(palette.secondary));
            let mut paid = checks.paid_per_day;
            let field = ui.add(DragValue::new(&mut paid).range(0..=500).speed(0.2));
            let settled =
                field.drag_stopped() || field.lost_focus() || field.changed() && !field.dragged() && !field.has_focus();
            field.accessible_name("Paid questions a day");
            if settled && paid != checks.paid_per_day {
                wish = Some(CheckSettings { paid_per_day: paid, ..checks });
            }
        });
        paragraph(
            ui,
            RichText::new(words::paid_questions(&snapshot.looks)).font(theme::small_font()).color(palette.faint),
        );
    });
    wish.map(|checks| Action::Tell(Command::Settings(SettingsChange::SetChecks(checks))))
}
