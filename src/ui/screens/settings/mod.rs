//! Settings: the gateway, the service, chains and prices, thresholds, automation, notifications, the look, import and export.
//!
//! Each control is one change; numbers are sent when they are left, not while they move.

mod automation;
mod chains;
mod general;
mod number;
mod routes;
mod service;

use egui::{RichText, ScrollArea, Ui};
use jiff::tz::TimeZone;

use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words::Speech;

use super::welcome::Matching;
use number::Draft;
use routes::NewRoute;

const WIDTH: f32 = 900.0;
const QUESTION: &str = "Which model is meant by each route?";

/// The settings screen.
#[derive(Debug, Default)]
pub struct Settings {
    draft: Draft,
    new_route: NewRoute,
    label: Option<routes::Label>,
    /// The match in its dialog, opened by hand.
    matching: Option<Matching>,
    /// The match that is asked for, at the top of the screen.
    asked: Matching,
    resetting: bool,
    export_file: usize,
}

impl Settings {
    /// Draws the settings and returns what the user changed.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let speech = Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        ui.label(RichText::new("Settings").font(theme::heading_font()));
        let held = snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some());
        ScrollArea::vertical().id_salt("settings").auto_shrink([false, false]).show(ui, |ui| {
            ui.set_max_width(WIDTH.min(ui.available_width() - space::S));
            ui.spacing_mut().item_spacing.y = space::M;
            if snapshot.match_asked && snapshot.connection.info().is_some() {
                actions.extend(self.asked_ui(ui, snapshot, &speech));
            }
            actions.extend(general::gateway_ui(ui, snapshot, &speech));
            ui.add_enabled_ui(!held, |ui| {
                actions.extend(self.chains_ui(ui, snapshot, &speech));
                actions.extend(routes::section_ui(self.routes(), ui, snapshot, &speech));
                actions.extend(general::thresholds_ui(ui, &mut self.draft, snapshot));
                actions.extend(automation::automation_ui(ui, &mut self.draft, snapshot));
                actions.extend(automation::notifications_ui(ui, snapshot));
            });
            actions.extend(service::section_ui(ui, snapshot, &speech));
            actions.extend(general::look_ui(ui, snapshot));
            actions.extend(general::files_ui(ui, &mut self.draft, &mut self.export_file, snapshot));
            ui.add_space(space::L);
            widgets::keep_focus_in_view(ui);
        });
        actions.extend(self.matching_ui(ui, snapshot, &speech));
        actions
    }

    fn routes(&mut self) -> routes::Routes<'_> {
        routes::Routes { draft: &mut self.draft, new_route: &mut self.new_route, label: &mut self.label }
    }

    fn chains_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        widgets::section(ui, "Chains", |ui| {
            actions.extend(chains::chains_ui(ui, &mut self.draft, snapshot, speech));
            ui.horizontal(|ui| {
                let connected = snapshot.connection.info().is_some();
                let matching =
                    ui.add_enabled_ui(connected, |ui| widgets::plain_button(ui, "Match routes to models…")).inner;
                if matching.on_disabled_hover_text("Connect first: the models are the gateway's").clicked() {
                    self.matching = Some(Matching::default());
                }
                actions.extend(self.reset_ui(ui));
            });
        });
        actions
    }

    /// Some routes fit several models: until the user chooses they are skipped.
    fn asked_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Action> {
        let asked = widgets::section(ui, QUESTION, |ui| self.asked.ui(ui, snapshot, speech)).inner;
        if asked.is_some() {
            self.asked.reset();
        }
        asked.map(Action::Tell)
    }

    /// Two presses, because the matches go too.
    fn reset_ui(&mut self, ui: &mut Ui) -> Option<Action> {
        if !self.resetting {
            self.resetting = widgets::plain_button(ui, "Reset chains…").clicked();
            return None;
        }
        let yes = widgets::danger_button(ui, "Reset chains, prices and matches").clicked();
        let no = widgets::plain_button(ui, "Keep them").clicked();
        self.resetting = !(yes || no);
        yes.then_some(Action::Tell(Command::Settings(SettingsChange::ResetChains)))
    }

    fn matching_ui(&mut self, ui: &Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Action> {
        let matching = self.matching.as_mut()?;
        let mut told = None;
        let shown = widgets::modal(ui, "matching").show(ui.ctx(), |ui| {
            ui.set_width(680.0_f32.min(ui.ctx().content_rect().width() - 4.0 * space::L));
            ui.label(RichText::new(QUESTION).font(theme::heading_font()));
            told = matching.ui(ui, snapshot, speech);
            widgets::link_button(ui, "Cancel").clicked()
        });
        if shown.inner || shown.should_close() || told.is_some() {
            self.matching = None;
        }
        told.map(Action::Tell)
    }
}
