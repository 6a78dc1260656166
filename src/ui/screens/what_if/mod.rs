//! What-if: suppose something, and see beside today what the program would do and what would run out.
//!
//! Draws what was imagined elsewhere; owns what is supposed, and the rehearsal of it. Nothing here is sent: *Make it so* leads to
//! the same edits as the board, the settings and the providers, and their plan waits to be applied.

mod accounts;
mod band;
mod clock;
mod compare;
mod lines;
mod made;
mod names;
mod rehearsal;
mod sorting;
mod windows;
mod wishes;

use std::sync::Arc;

use egui::{Align, Layout, RichText, ScrollArea, Ui, UiBuilder, vec2};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::domain::{Hypothesis, Imagined};
use crate::engine::{Snapshot, wishes as wishes_of};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button, primary_button};
use crate::words::{self, Speech};

use super::quotas::lanes::lanes_of_runs;
use super::quotas::runs::Runs;
use super::quotas::timeline;
use super::quotas::view::{View, spans_ui};

use lines::Lines;
use made::Made;
use rehearsal::Rehearse;
use sorting::Sorting;
use wishes::{Asked, Wishes};

/// Width of what is supposed, at the left.
const CONTROLS: f32 = 304.0;
const CONTROLS_NARROW: f32 = 272.0;
/// Height of the comparison and of the lines beside it.
const UPPER: f32 = 208.0;
/// At most this part of the height, so that most windows are seen below.
const UPPER_PART: f32 = 0.46;
/// What the comparison has of the width, where there is room and where there is little.
const COMPARED: f32 = 0.56;
const COMPARED_NARROW: f32 = 0.6;
/// Height of the line above the timeline.
const ABOVE_TIMELINE: f32 = 28.0;

/// The what-if screen.
#[derive(Debug, Default)]
pub struct WhatIf {
    supposed: Hypothesis,
    sorting: Sorting,
    wishes: Wishes,
    made: Made,
    lines: Lines,
    rehearse: Rehearse,
    view: View,
    runs: Runs,
    /// What the runs were counted of.
    drawn: Option<Arc<Imagined>>,
    wants_focus: bool,
}

impl WhatIf {
    /// What is to be imagined for this screen.
    #[must_use]
    pub fn supposed(&self) -> &Hypothesis {
        &self.supposed
    }

    /// How far a forecast for it has to reach.
    #[must_use]
    pub fn ahead(&self) -> SignedDuration {
        self.view.ahead()
    }

    /// Puts the keyboard on the clock.
    pub fn take_focus(&mut self) {
        self.wants_focus = true;
    }

    /// Waits for a rehearsal that is under way: for those who do not draw it anew until it is over.
    pub fn wait_for_rehearsal(&mut self) {
        self.rehearse.wait();
    }

    /// Draws what was imagined and returns what the user asked for.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        imagined: Option<Arc<Imagined>>,
        zone: &TimeZone,
    ) -> Vec<Action> {
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        // The clock goes on, and what was ahead is over.
        self.supposed.at = self.supposed.at.filter(|at| *at > snapshot.at);
        let connected = snapshot.connection.info().is_some() && snapshot.crons_as_of.is_some();
        actions.extend(self.tools_ui(ui, snapshot, connected, speech));
        ui.add_space(space::S / 2.0);
        if !connected {
            widgets::empty_state(ui, icon::CLOUD_OFF, "Not connected", words::NOTHING_TO_SUPPOSE);
            return actions;
        }
        let Some(imagined) = imagined else {
            widgets::empty_state(ui, icon::SCIENCE, "Working it out…", "It is here in a moment.");
            return actions;
        };
        band::ui(ui, &imagined, speech);
        ui.add_space(space::S);
        let room = ui.available_rect_before_wrap();
        let controls = if room.width() < space::NARROW - 100.0 { CONTROLS_NARROW } else { CONTROLS };
        let (left, right) = room.split_left_right_at_x(room.left() + controls);
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| self.controls_ui(ui, snapshot, &imagined, speech));
        let right = right.with_min_x(right.left() + space::M);
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            actions.extend(self.outcome_ui(ui, snapshot, &imagined, speech));
        });
        actions
    }

    fn tools_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, connected: bool, speech: &Speech<'_>) -> Vec<Action> {
        let wishes = if connected { wishes_of(&self.supposed, snapshot) } else { Vec::new() };
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            ui.label(RichText::new("What-if").font(theme::heading_font()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !connected {
                    return;
                }
                if !self.supposed.is_empty() {
                    let why_not = wishes.is_empty().then(|| words::not_made_so(&self.supposed));
                    let pressed = ui.add_enabled_ui(why_not.is_none(), |ui| primary_button(ui, "Make it so…")).inner;
                    let pressed = pressed.on_disabled_hover_text(why_not.unwrap_or_default());
                    if pressed.on_hover_text("Shows what that changes, and asks").clicked() {
                        self.wishes.open();
                    }
                }
                let reset = ui.add_enabled_ui(!self.supposed.is_empty(), |ui| plain_button(ui, "Reset to today")).inner;
                if reset.on_hover_text("Supposes nothing any more").clicked() {
                    (self.supposed, self.made) = (Hypothesis::default(), Made::default());
                }
            });
        });
        // Only what became so need not be supposed any more: that is seen when it is.
        self.made.follow(&mut self.supposed, snapshot);
        match self.wishes.ui(ui, &wishes, snapshot, speech) {
            Some(Asked { actions }) => {
                self.made.ask(wishes);
                actions
            }
            None => Vec::new(),
        }
    }

    /// What can be supposed.
    fn controls_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, imagined: &Imagined, speech: &Speech<'_>) {
        ScrollArea::vertical().id_salt("suppose").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::S / 2.0;
            // Beside the bar that scrolls.
            ui.set_max_width(ui.available_width() - space::M);
            let wants_focus = std::mem::take(&mut self.wants_focus);
            clock::ui(ui, &mut self.supposed.at, wants_focus, speech);
            heading_ui(ui, "Accounts");
            accounts::ui(ui, &mut self.supposed.accounts, snapshot, speech);
            heading_ui(ui, "Rehearse an outage");
            self.rehearse.ui(ui, &self.supposed, snapshot, speech);
            windows::ui(ui, &mut self.supposed.windows, imagined);
            heading_ui(ui, "Tiers and chains");
            self.sorting.ui(ui, &mut self.supposed, snapshot, imagined, speech);
            ui.add_space(space::S);
            widgets::keep_focus_in_view(ui);
        });
    }

    /// What would come of it: beside today, line by line, and on an axis of time.
    fn outcome_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        imagined: &Arc<Imagined>,
        speech: &Speech<'_>,
    ) -> Option<Action> {
        if self.rehearse.is_over() {
            self.rehearse.outcome_ui(ui, speech);
            return None;
        }
        let room = ui.available_rect_before_wrap();
        let (upper, lower) = room.split_top_bottom_at_y(room.top() + UPPER.min(room.height() * UPPER_PART));
        let compared = if room.width() < space::NARROW - CONTROLS - 100.0 { COMPARED_NARROW } else { COMPARED };
        let (left, right) = upper.split_left_right_at_fraction(compared);
        ui.scope_builder(UiBuilder::new().max_rect(left.with_max_x(left.right() - space::M)), |ui| {
            compare::ui(ui, imagined, speech);
        });
        let opened = ui.scope_builder(UiBuilder::new().max_rect(right), |ui| self.lines.ui(ui, &imagined.then, speech));
        ui.scope_builder(UiBuilder::new().max_rect(lower.with_min_y(lower.top() + space::S)), |ui| {
            self.timeline_ui(ui, snapshot, imagined, speech);
        });
        opened.inner.map(Action::Open)
    }

    fn timeline_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, imagined: &Arc<Imagined>, speech: &Speech<'_>) {
        let then = &imagined.then;
        if self.drawn.as_ref().is_none_or(|drawn| !Arc::ptr_eq(drawn, imagined)) {
            self.runs = Runs::default();
            self.drawn = Some(imagined.clone());
        }
        ui.allocate_ui(vec2(ui.available_width(), ABOVE_TIMELINE), |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new("Quotas, once the plan is applied").font(theme::title_font()));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| spans_ui(ui, &mut self.view));
            });
        });
        // Money is told of as it is now.
        let lanes = lanes_of_runs(snapshot, &then.forecast, speech);
        if lanes.is_empty() {
            widgets::empty_state(ui, icon::TIMER, "No provider has told a quota yet", "");
            return;
        }
        let now = if imagined.supposed.at.is_some() { words::clock(then.at, speech) } else { "now".to_owned() };
        let shown = timeline::Shown {
            snapshot,
            forecast: &then.forecast,
            lanes: &lanes,
            speech,
            at: then.at,
            now,
            leads: false,
        };
        timeline::ui(ui, &mut self.view, &mut self.runs, &shown, false);
    }
}

fn heading_ui(ui: &mut Ui, text: &str) {
    ui.add_space(space::S);
    ui.label(RichText::new(text).font(theme::title_font()));
}
