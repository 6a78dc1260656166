//! The way back: who is down and until when, what would bring recovery, and what may be done meanwhile.

use egui::{Label, RichText, Ui};

use crate::domain::{AccountId, LongAway, Outlook, ProviderAccount, Readiness, VendorDown, vendor_of};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::rights::cannot_write;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button};
use crate::words::{self, Speech};

/// Everything beside the table, from the most to the least pressing.
pub(super) fn wayback_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    outlook: Option<&Outlook>,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.spacing_mut().item_spacing.y = space::S;
    let view = &snapshot.crisis;
    let overloads = outlook.map_or(&[][..], |outlook| &outlook.overloads);
    if !overloads.is_empty() {
        widgets::section(ui, words::WOULD_BE_USED_UP, |ui| {
            for overload in overloads {
                noted_ui(ui, icon::WARNING, true, &words::overload(overload, speech));
            }
        });
    }
    widgets::section(ui, words::WAY_BACK, |ui| {
        let down = &snapshot.plan.outage.down;
        for vendor in down {
            vendor_ui(ui, snapshot, vendor, speech);
        }
        if down.is_empty() && view.readiness == Readiness::NothingOwed {
            text_ui(ui, words::NOTHING_DOWN_OR_OWED);
        }
        if view.readiness != Readiness::NothingOwed {
            readiness_ui(ui, snapshot, speech);
        }
        checks_ui(ui, snapshot, speech);
        for away in &view.away {
            actions.extend(away_ui(ui, snapshot, away, speech));
        }
        if let Some(word) = words::automation_word(&view.automation, speech) {
            noted_ui(ui, icon::SMART_TOY, false, &word);
        }
    });
    actions
}

/// A provider that is down: since when, until when, and when it is looked at.
fn vendor_ui(ui: &mut Ui, snapshot: &Snapshot, down: &VendorDown, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    ui.horizontal_top(|ui| {
        widgets::mark(ui, &down.vendor, false);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(Label::new(RichText::new(words::vendor_down(down, speech))).wrap());
            if let Some(at) = down.resets_at {
                widgets::counts_minutes(ui, at, speech.now);
                let text = words::soon(at, speech.now);
                ui.label(RichText::new(text).font(theme::small_font()).color(palette.secondary));
            }
            for (account, check) in snapshot.crisis.checks.iter().filter(|(id, _)| vendor_of(id) == down.vendor) {
                widgets::counts_minutes(ui, check.at, speech.now);
                let text = words::recovery_check(account, check, speech);
                ui.add(Label::new(RichText::new(text).font(theme::small_font()).color(palette.secondary)).wrap());
            }
        });
    });
}

/// Recovery checks of accounts whose provider is not counted as down.
fn checks_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let down = |id: &AccountId| snapshot.plan.outage.down.iter().any(|down| down.vendor == vendor_of(id));
    for (account, check) in snapshot.crisis.checks.iter().filter(|(id, _)| !down(id)) {
        noted_ui(ui, icon::SCHEDULE, false, &words::recovery_check(account, check, speech));
    }
}

fn readiness_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let view = &snapshot.crisis;
    let at = match &view.readiness {
        Readiness::StillDown { expected, .. } => *expected,
        Readiness::Settling { until, .. } => Some(*until),
        Readiness::NothingOwed | Readiness::Ready | Readiness::Recovering => None,
    };
    if let Some(at) = at {
        widgets::counts_minutes(ui, at, speech.now);
    }
    let glyph = if view.readiness == Readiness::Ready { icon::CHECK_CIRCLE } else { icon::HOURGLASS_TOP };
    noted_ui(ui, glyph, false, &words::readiness(view, speech));
}

fn away_ui(ui: &mut Ui, snapshot: &Snapshot, away: &LongAway, speech: &Speech<'_>) -> Vec<Action> {
    noted_ui(ui, icon::SCHEDULE, false, &words::long_away(away, speech));
    let cannot = cannot_write(snapshot);
    let text = words::set_aside_until(away.until, speech);
    let button = ui.add_enabled_ui(cannot.is_none(), |ui| plain_button(ui, &text)).inner;
    let button = match cannot {
        Some(why) => button.on_disabled_hover_text(why),
        None => button,
    };
    if !button.clicked() {
        return Vec::new();
    }
    let aside = |id: &AccountId| {
        let account = snapshot.accounts.get(id)?;
        let account = ProviderAccount { set_aside_until: Some(away.until), ..account.clone() };
        Some(Action::Tell(Command::Settings(SettingsChange::PutAccount(Box::new(account)))))
    };
    away.accounts.iter().filter_map(aside).collect()
}

fn noted_ui(ui: &mut Ui, glyph: &str, loud: bool, text: &str) {
    let palette = theme::palette(ui);
    ui.horizontal_top(|ui| {
        widgets::icon(ui, glyph, 16.0, if loud { palette.warning } else { palette.faint });
        let color = if loud { palette.text } else { palette.secondary };
        ui.add(Label::new(RichText::new(text).color(color)).wrap());
    });
}

fn text_ui(ui: &mut Ui, text: &str) {
    let color = theme::palette(ui).secondary;
    ui.add(Label::new(RichText::new(text).color(color)).wrap());
}
