//! What automation may do by itself, and what the desktop is told.

use egui::{Checkbox, Label, RichText, Ui};

use crate::domain::{Automation, AutomationLevel, Notifications};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words;

use super::general::{LABEL, buttons_ui, fact_ui};
use super::number::{Draft, Number};

/// Level, limits and quiet hours.
pub(super) fn automation_ui(ui: &mut Ui, draft: &mut Draft, snapshot: &Snapshot) -> Option<Action> {
    let now = &snapshot.settings.automation;
    let mut wish = now.clone();
    widgets::section(ui, "Automation", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        for level in [AutomationLevel::Observe, AutomationLevel::Ask, AutomationLevel::ActWithinLimits] {
            level_ui(ui, level, &mut wish);
        }
        ui.add_space(space::S / 2.0);
        buttons_ui(ui, "Limits", |ui| limits_ui(ui, draft, &mut wish));
        buttons_ui(ui, "Quiet hours", |ui| quiet_ui(ui, draft, &mut wish));
    });
    (wish != *now).then_some(Action::Tell(Command::Settings(SettingsChange::SetAutomation(wish))))
}

fn level_ui(ui: &mut Ui, level: AutomationLevel, wish: &mut Automation) {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let left = ui.cursor().left();
        if ui.radio(wish.level == level, words::automation_level(level)).clicked() {
            wish.level = level;
        }
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        let means = RichText::new(words::automation_means(level)).color(theme::palette(ui).secondary);
        ui.add(Label::new(means).wrap());
    });
}

fn limits_ui(ui: &mut Ui, draft: &mut Draft, wish: &mut Automation) {
    ui.label("at most");
    let share = Number {
        name: "Percent of the crons that automation may change in an hour",
        value: (wish.max_ratio * 100.0).round(),
        range: 0.0..=100.0,
        step: 0.2,
        prefix: "",
        suffix: " %",
        decimals: 0,
    };
    if let Some(percent) = draft.ui(ui, &share) {
        wish.max_ratio = percent.round() / 100.0;
    }
    ui.label("of the crons in an hour, or");
    let count = Number {
        name: "Crons that automation may change in an hour",
        value: f64::from(wish.max_crons),
        range: 0.0..=10_000.0,
        step: 0.2,
        prefix: "",
        suffix: "",
        decimals: 0,
    };
    if let Some(count) = draft.ui(ui, &count) {
        wish.max_crons = count.round() as u32;
    }
    ui.label("if that is more").on_hover_text("What automation gives back does not count");
}

fn quiet_ui(ui: &mut Ui, draft: &mut Draft, wish: &mut Automation) {
    let mut on = wish.quiet.is_some();
    let mut quiet = wish.quiet.unwrap_or_default();
    ui.add(Checkbox::new(&mut on, "automation changes nothing from"));
    ui.add_enabled_ui(on, |ui| {
        if let Some(from) = draft.time_ui(ui, "Quiet hours begin", quiet.from) {
            quiet.from = from;
        }
        ui.label("to");
        if let Some(to) = draft.time_ui(ui, "Quiet hours end", quiet.to) {
            quiet.to = to;
        }
        ui.label("by the clock of this computer");
    });
    wish.quiet = on.then_some(quiet);
}

/// Which kinds of news the desktop is told.
pub(super) fn notifications_ui(ui: &mut Ui, snapshot: &Snapshot) -> Option<Action> {
    let now = snapshot.settings.notifications;
    let mut wish = now;
    widgets::section(ui, "Notifications", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        let Notifications { outage, recovery, attention } = &mut wish;
        let kinds = [
            ("Outage", outage, "an outage has begun, or automation has acted on it"),
            ("Recovery", recovery, "what was changed can be given back, or was"),
            (
                "Attention",
                attention,
                "something needs you: a cron about to be switched off, a provider that failed again",
            ),
        ];
        for (label, on, text) in kinds {
            fact_ui(ui, label, |ui| {
                ui.add(Checkbox::new(on, text)).on_hover_text("Told on the desktop; a check alone never is");
            });
        }
    });
    (wish != now).then_some(Action::Tell(Command::Settings(SettingsChange::SetNotifications(wish))))
}
