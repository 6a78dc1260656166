//! Quotas and resets: every window on one axis of time, with what the scheduled runs will make of it.
//!
//! Draws a forecast that was worked out elsewhere; owns which part of time is seen, and nothing else.

mod advice;
pub(super) mod compact;
mod costs;
mod csv;
mod hover;
mod lane;
pub(super) mod lanes;
pub(super) mod leads;
pub(super) mod runs;
mod table;
pub(super) mod timeline;
pub(super) mod view;

use egui::{Align, Key, Layout, Modifiers, RichText, Ui, UiBuilder};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::domain::{Outlook, ProviderAccount};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::{Action, Pick};
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, covered, elided, plain_button};
use crate::words::{self, Speech};

use advice::Strip;
use lanes::{Lane, lanes};
use leads::Lead;
use runs::Runs;
use table::Table;
use view::View;

/// Height of the line that says what the forecast rests on.
const FOOT: f32 = 20.0;

/// Height of the line that says what the week costs.
const COSTS: f32 = 22.0;

/// The quotas screen.
#[derive(Debug, Default)]
pub struct Quotas {
    view: View,
    table: Option<Table>,
    runs: Runs,
    strip: Strip,
    wants_focus: bool,
}

impl Quotas {
    /// How far a forecast for this screen has to reach.
    #[must_use]
    pub fn ahead(&self) -> SignedDuration {
        self.view.ahead()
    }

    /// Puts the keyboard on the first window.
    pub fn take_focus(&mut self) {
        match &mut self.table {
            Some(table) => table.take_focus(),
            None => self.wants_focus = true,
        }
    }

    /// Draws what is foreseen and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, outlook: Option<&Outlook>, zone: &TimeZone) -> Vec<Action> {
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        let forecast = outlook.map(|outlook| &outlook.forecast);
        let lanes = forecast.map(|forecast| lanes(snapshot, forecast, speech)).unwrap_or_default();
        actions.extend(self.tools_ui(ui, &lanes, speech));
        ui.add_space(space::S / 2.0);
        let Some((outlook, forecast)) = outlook.zip(forecast) else {
            widgets::empty_state(ui, icon::TIMER, "Working out the forecast…", "It is here in a moment.");
            return actions;
        };
        if lanes.is_empty() {
            actions.extend(nothing_ui(ui, snapshot));
            return actions;
        }
        let room = ui.available_rect_before_wrap();
        let (room, below) = room.split_top_bottom_at_y(room.bottom() - FOOT);
        let strip = self.strip.height(ui, outlook, speech, room.width());
        let (room, advised) = room.split_top_bottom_at_y(room.bottom() - strip);
        // Beside a table of it the line would say it twice.
        let costs = words::costs_line(&outlook.costs, speech).filter(|_| self.table.is_none());
        let (room, week) = room.split_top_bottom_at_y(room.bottom() - costs.as_ref().map_or(0.0, |_| COSTS));
        let room = room.with_max_y(room.bottom() - space::S / 2.0);
        ui.scope_builder(UiBuilder::new().max_rect(room), |ui| {
            if let Some(table) = &mut self.table {
                let costs = costs::height(&outlook.costs);
                let upper = room.with_max_y(room.bottom() - costs);
                let upper = ui.scope_builder(UiBuilder::new().max_rect(upper), |ui| table.ui(ui, &lanes, speech));
                let lower = room.with_min_y(upper.response.rect.bottom());
                ui.scope_builder(UiBuilder::new().max_rect(lower), |ui| costs::ui(ui, &outlook.costs, speech));
                return;
            }
            self.keys(ui);
            let wants_focus = std::mem::take(&mut self.wants_focus);
            let shown = timeline::Shown {
                snapshot,
                forecast,
                lanes: &lanes,
                speech,
                at: speech.now,
                now: words::clock(speech.now, speech),
                leads: true,
            };
            let lead = timeline::ui(ui, &mut self.view, &mut self.runs, &shown, wants_focus);
            actions.extend(lead.and_then(|(row, lead)| led(&lanes[row], lead)));
        });
        if let Some(costs) = costs {
            ui.scope_builder(UiBuilder::new().max_rect(week).layout(Layout::left_to_right(Align::Center)), |ui| {
                let palette = theme::palette(ui);
                elided(ui, &costs, theme::small_font(), palette.secondary, week.width());
            });
        }
        ui.scope_builder(UiBuilder::new().max_rect(advised), |ui| {
            actions.extend(self.strip.ui(ui, outlook, speech));
        });
        ui.scope_builder(UiBuilder::new().max_rect(below).layout(Layout::left_to_right(Align::Max)), |ui| {
            let palette = theme::palette(ui);
            let width = ui.available_width();
            let windows: Vec<_> = lanes.iter().filter_map(Lane::window).collect();
            let numbers = words::numbers_from(&windows, speech);
            let text = format!("{} · numbers: {numbers}", words::forecast_footer(forecast));
            elided(ui, &text, theme::small_font(), palette.secondary, width);
        });
        actions
    }

    fn tools_ui(&mut self, ui: &mut Ui, lanes: &[Lane<'_>], speech: &Speech<'_>) -> Option<Action> {
        let mut action = None;
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            ui.label(RichText::new("Quotas and resets").font(theme::heading_font()));
            if lanes.is_empty() {
                return;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if plain_button(ui, "Export").on_hover_text("Writes these numbers into a file (CSV)").clicked() {
                    let text = csv::csv(lanes, speech);
                    action = Some(Action::Pick(Pick::ExportText { name: csv::NAME.to_owned(), text }));
                }
                let (text, hint) = match self.table {
                    Some(_) => ("Timeline", "Shows the same on an axis of time"),
                    None => ("Table", "Shows the same numbers as a table"),
                };
                if plain_button(ui, text).on_hover_text(hint).clicked() {
                    self.table = if self.table.is_some() { None } else { Some(Table::default()) };
                }
                // A table has no axis.
                if self.table.is_none() {
                    view::spans_ui(ui, &mut self.view);
                }
            });
        });
        action
    }

    /// Arrows pan, + and - zoom, Home leads back to now.
    fn keys(&mut self, ui: &Ui) {
        if covered(ui) || ui.ctx().text_edit_focused() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f64;
        self.view.pan(0.1 * (pressed(Key::ArrowRight) - pressed(Key::ArrowLeft)));
        let closer = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
        if closer != 0.0 {
            let part = (-self.view.from / self.view.width).clamp(0.0, 1.0);
            self.view.zoom(1.25_f64.powf(closer), part);
        }
        if pressed(Key::Home) > 0.0 {
            self.view.home();
        }
    }
}

/// What a row leads to.
fn led(lane: &Lane<'_>, lead: Lead) -> Option<Action> {
    let (window, account) = lane.window()?;
    Some(match lead {
        Lead::Crons => Action::ShowCrons { account: account.id.clone(), window: window.label.clone() },
        Lead::KeepFree(reserve_ratio) => {
            let account = ProviderAccount { reserve_ratio, ..account.clone() };
            Action::Tell(Command::Settings(SettingsChange::PutAccount(Box::new(account))))
        }
    })
}

/// What stands where no window is known, and what helps.
fn nothing_ui(ui: &mut Ui, snapshot: &Snapshot) -> Option<Action> {
    if snapshot.connection.info().is_none() {
        widgets::empty_state(ui, icon::CLOUD_OFF, "Not connected", words::QUOTAS_ARE_READ_LATER);
        return None;
    }
    widgets::empty_state(ui, icon::TIMER, "No provider has told a quota yet", words::WHERE_WINDOWS_COME_FROM);
    let check = ui.vertical_centered(|ui| widgets::primary_button(ui, "Ask the providers")).inner;
    check.clicked().then_some(Action::Tell(Command::Check { accounts: None }))
}
