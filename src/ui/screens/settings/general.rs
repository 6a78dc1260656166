//! The gateway, the thresholds, the look, and the state files.

use egui::{Checkbox, ComboBox, Label, RichText, Ui};

use crate::domain::{Connection, HistorySettings, ThemeChoice};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::{Action, Pick, Screen};
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button};
use crate::words::{self, Speech};

use super::number::{Draft, Number};

pub(super) const LABEL: f32 = 130.0;
/// Room for the button that copies.
pub(super) const COPY: f32 = 48.0;

/// Files of a state folder that can travel alone.
const FILES: [&str; 7] = [
    "cron-tiers.json",
    "settings.json",
    "ledger.json",
    "provider-status.json",
    "provider-tracking.json",
    "disabled-tracking.json",
    "switches.log",
];

pub(super) fn fact_ui(ui: &mut Ui, label: &str, add_contents: impl FnOnce(&mut Ui)) {
    row_ui(ui, label, 26.0, add_contents);
}

/// The same with buttons, which are taller than text.
pub(super) fn buttons_ui(ui: &mut Ui, label: &str, add_contents: impl FnOnce(&mut Ui)) {
    row_ui(ui, label, 32.0, add_contents);
}

fn row_ui(ui: &mut Ui, label: &str, height: f32, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(height);
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(label).color(palette.faint));
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        add_contents(ui);
    });
}

/// Which gateway, with what rights, and where its state is kept.
pub(super) fn gateway_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    widgets::section(ui, "Gateway", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        fact_ui(ui, "Connection", |ui| {
            ui.add(Label::new(words::connection(&snapshot.connection, speech)).truncate());
        });
        let url = match &snapshot.connection {
            Connection::None => None,
            Connection::Connected(info) => Some(&info.url),
            Connection::Connecting { url, .. } | Connection::Waiting { url, .. } | Connection::Stopped { url, .. } => {
                Some(url)
            }
        };
        if let Some(url) = url {
            fact_ui(ui, "Address", |ui| {
                ui.add(Label::new(url.as_str()).truncate());
            });
        }
        if let Some(info) = snapshot.connection.info() {
            fact_ui(ui, "Version", |ui| {
                let latency = info.latency.map(|took| format!(", answers in {} ms", took.as_millis()));
                ui.label(format!("{}{}", info.version, latency.unwrap_or_default()));
            });
            fact_ui(ui, "Rights", |ui| {
                ui.label(words::access(info.access));
            });
        }
        if let Some(folder) = &snapshot.folder {
            fact_ui(ui, "State folder", |ui| {
                let path = folder.path.display().to_string();
                let (color, width) = (theme::palette(ui).text, ui.available_width() - COPY);
                widgets::elided(ui, &path, theme::text_font(), color, width);
                if widgets::icon_button(ui, icon::CONTENT_COPY, "Copy the folder's path").clicked() {
                    ui.ctx().copy_text(path);
                }
            });
            if let Some(holder) = &folder.held_by {
                fact_ui(ui, "", |ui| {
                    let text = format!("Held by {holder}: read only until that ends");
                    ui.label(RichText::new(text).color(theme::palette(ui).warning));
                });
            }
        }
        ui.horizontal(|ui| {
            if plain_button(ui, "Switch gateway…").clicked() {
                actions.push(Action::Go(Screen::Welcome));
            }
            let connected = snapshot.connection != Connection::None;
            let running = snapshot.job.as_ref().is_some_and(|job| job.running());
            let button = ui.add_enabled_ui(connected && !running, |ui| plain_button(ui, "Disconnect")).inner;
            let why = if running { "Wait until the changes are written, or stop them" } else { "Not connected" };
            if button.on_disabled_hover_text(why).clicked() {
                actions.push(Action::Tell(Command::Disconnect));
                actions.push(Action::Go(Screen::Welcome));
            }
        });
    });
    actions
}

/// When an outage is a crisis, and how long a provider must serve to be trusted again.
pub(super) fn thresholds_ui(ui: &mut Ui, draft: &mut Draft, snapshot: &Snapshot) -> Vec<Action> {
    let mut changes = Vec::new();
    let thresholds = &snapshot.settings.thresholds;
    widgets::section(ui, "Thresholds", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        buttons_ui(ui, "Crisis", |ui| {
            let value = f64::from(thresholds.crisis_vendors);
            let number = Number {
                name: "Vendors down that make a crisis",
                value,
                range: 1.0..=20.0,
                step: 0.1,
                prefix: "",
                suffix: "",
                decimals: 0,
            };
            if let Some(value) = draft.ui(ui, &number) {
                changes.push(SettingsChange::SetCrisisVendors(value.round() as u32));
            }
            ui.label("vendors down make it a crisis");
        });
        buttons_ui(ui, "Settle", |ui| {
            let value = thresholds.settle.as_secs() as f64 / 60.0;
            let number = Number {
                name: "Minutes a route must have served",
                value,
                range: 0.0..=1_440.0,
                step: 0.5,
                prefix: "",
                suffix: " min",
                decimals: 0,
            };
            if let Some(value) = draft.ui(ui, &number) {
                changes.push(SettingsChange::SetSettleMinutes(value.round() as u32));
            }
            ui.label("a better route must have served before crons return to it");
        });
        fact_ui(ui, "Quotas", |ui| {
            let mut aware = snapshot.settings.distribution.quota_aware;
            let text = "distribution sends crons elsewhere before a quota runs out, to the cheapest route with room";
            let hint = "Off, the quotas screen only advises. Such changes wait for you to apply them.";
            if ui.add(Checkbox::new(&mut aware, text)).on_hover_text(hint).changed() {
                changes.push(SettingsChange::SetQuotaAware(aware));
            }
        });
        fact_ui(ui, "Schedules", |ui| {
            let mut edits = snapshot.settings.distribution.edits_schedules;
            let text = "crons that start together may be given a stagger, so that they start a few minutes apart";
            let hint = "Off, schedules stay as they are. On, the quotas screen offers a plan; it is written when you apply it.";
            if ui.add(Checkbox::new(&mut edits, text)).on_hover_text(hint).changed() {
                changes.push(SettingsChange::SetEditsSchedules(edits));
            }
        });
    });
    changes.into_iter().map(|change| Action::Tell(Command::Settings(change))).collect()
}

/// Theme and density.
pub(super) fn look_ui(ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
    let mut changes = Vec::new();
    let window = &snapshot.settings.window;
    widgets::section(ui, "Look", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        fact_ui(ui, "Theme", |ui| {
            let themes = [(ThemeChoice::System, "System"), (ThemeChoice::Light, "Light"), (ThemeChoice::Dark, "Dark")];
            for (theme, name) in themes {
                if widgets::chip(ui, name, window.theme == theme).clicked() && window.theme != theme {
                    changes.push(SettingsChange::SetTheme(theme));
                }
            }
        });
        fact_ui(ui, "Board", |ui| {
            let mut compact = window.compact_cards;
            if ui.add(Checkbox::new(&mut compact, "Compact cards, two lines each")).changed() {
                changes.push(SettingsChange::SetCompactCards(compact));
            }
            let mut strip = window.quota_strip;
            if ui.add(Checkbox::new(&mut strip, "Quotas at its foot")).changed() {
                changes.push(SettingsChange::SetQuotaStrip(strip));
            }
        });
    });
    changes.into_iter().map(|change| Action::Tell(Command::Settings(change))).collect()
}

/// Import and export of the whole folder or of single files.
pub(super) fn files_ui(ui: &mut Ui, draft: &mut Draft, export_file: &mut usize, snapshot: &Snapshot) -> Vec<Action> {
    let (mut picks, mut days) = (Vec::new(), None);
    let held = snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some());
    widgets::section(ui, "State files", |ui| {
        let palette = theme::palette(ui);
        if snapshot.folder.is_none() {
            ui.label(RichText::new("A gateway's state folder opens when you connect to it").color(palette.secondary));
            return;
        }
        ui.spacing_mut().item_spacing.y = space::S;
        buttons_ui(ui, "History", |ui| {
            days = history_ui(ui, draft, snapshot.settings.history);
        });
        buttons_ui(ui, "Import", |ui| {
            ui.add_enabled_ui(!held, |ui| {
                if plain_button(ui, "A folder…").accessible_name("Import a folder…").clicked() {
                    picks.push(Pick::ImportFolder);
                }
                if plain_button(ui, "A file…").accessible_name("Import a file…").clicked() {
                    picks.push(Pick::ImportFile);
                }
            });
            ui.label(RichText::new("or drop it on the window").color(palette.faint));
        });
        buttons_ui(ui, "Export", |ui| {
            if plain_button(ui, "The whole folder…").accessible_name("Export the whole folder…").clicked() {
                picks.push(Pick::ExportFolder);
            }
            let name = FILES[(*export_file).min(FILES.len() - 1)];
            let combo = ComboBox::from_id_salt("export-file").selected_text(name).width(180.0);
            let shown = combo.show_ui(ui, |ui| {
                for (at, file) in FILES.iter().enumerate() {
                    ui.selectable_value(export_file, at, *file);
                }
            });
            shown.response.accessible_name("File to export");
            if plain_button(ui, "This file…").accessible_name(format!("Export {name}…")).clicked() {
                picks.push(Pick::ExportFile(name.to_owned()));
            }
        });
    });
    let days = days.map(|days| Action::Tell(Command::Settings(SettingsChange::SetHistoryDays(days))));
    picks.into_iter().map(Action::Pick).chain(days).collect()
}

fn history_ui(ui: &mut Ui, draft: &mut Draft, history: HistorySettings) -> Option<u32> {
    let number = Number {
        name: "Days that the history is kept",
        value: f64::from(history.keep_days),
        range: f64::from(HistorySettings::LEAST_DAYS)..=f64::from(HistorySettings::MOST_DAYS),
        step: 1.0,
        prefix: "",
        suffix: " days",
        decimals: 0,
    };
    let days = draft.ui(ui, &number).map(|days| days.round() as u32);
    ui.label("of runs, quotas and health are kept; switches stay");
    days
}
