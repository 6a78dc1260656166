//! The engine without a window: whether a service runs it for this folder, and the command that does the same.

use egui::{RichText, Ui};

use crate::domain::{ServiceUnit, UnitStanding};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button};
use crate::words::{self, Speech};

use super::general::{COPY, buttons_ui, fact_ui};

/// Install, remove, what it does, and what to do where nothing can be installed.
pub(super) fn section_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
    let mut told = None;
    widgets::section(ui, "Without a window", |ui| {
        let palette = theme::palette(ui);
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        widgets::paragraph(ui, RichText::new(words::SERVICE_DOES).color(palette.secondary));
        if snapshot.demo || snapshot.folder.is_none() {
            let why = if snapshot.demo { "The demo ends with its window" } else { "Connect to a gateway first" };
            ui.label(RichText::new(why).color(palette.secondary));
            return;
        }
        if let Some(background) = &snapshot.background {
            fact_ui(ui, "Now", |ui| {
                let said = words::background(background, speech).what;
                ui.label(format!("{said}, version {}, process {}", background.version, background.pid));
            });
        }
        let service = &snapshot.service;
        let said = words::service_standing(service);
        buttons_ui(ui, "Service", |ui| {
            ui.label(said.what);
            told = service_buttons_ui(ui, service);
        });
        let trouble = service.trouble.as_ref().map(words::service_trouble);
        if let Some(trouble) = &trouble {
            fact_ui(ui, "", |ui| {
                widgets::paragraph(ui, RichText::new(trouble.what.as_str()).color(palette.warning));
            });
        }
        let remedies = [said.remedy, trouble.and_then(|trouble| trouble.remedy)];
        for remedy in remedies.into_iter().flatten() {
            fact_ui(ui, "", |ui| {
                widgets::paragraph(ui, RichText::new(remedy).color(palette.secondary));
            });
        }
        if !service.argv.is_empty() {
            command_ui(ui, snapshot);
        }
    });
    told.map(Action::Tell).into_iter().collect()
}

/// What changes how it stands: to install it, or start it again, and to take it away.
fn service_buttons_ui(ui: &mut Ui, service: &ServiceUnit) -> Option<Command> {
    let possible = !service.changing && !matches!(service.standing, UnitStanding::Unavailable { .. });
    let mut press =
        |text, shown: bool| shown && ui.add_enabled_ui(possible, |ui| plain_button(ui, text)).inner.clicked();
    let install = press("Install the service", !service.installed());
    let start = press("Start the service", service.installed() && !service.runs());
    let remove = press("Remove the service", service.installed());
    if remove {
        return Some(Command::InstallService { installed: false });
    }
    // Whoever installs it again starts it, too.
    (install || start).then_some(Command::InstallService { installed: true })
}

/// The same by hand, for whatever starts programs where there is no systemd.
fn command_ui(ui: &mut Ui, snapshot: &Snapshot) {
    fact_ui(ui, "By hand", |ui| {
        let line = words::command_line(&snapshot.service.argv);
        let (color, width) = (theme::palette(ui).text, ui.available_width() - COPY);
        widgets::elided(ui, &line, theme::text_font(), color, width);
        if widgets::icon_button(ui, icon::CONTENT_COPY, "Copy the command").clicked() {
            ui.ctx().copy_text(line);
        }
    });
}
