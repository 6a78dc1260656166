//! An outage is rehearsed: how long it lasts, the button, and what came of it. Nothing of it is sent.
//!
//! In reading order: what is asked, the picture, the numbers and what happened.

mod events;
mod picture;

use egui::{Align, Layout, RichText, Ui, UiBuilder};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{Drill, Hypothesis, OutageLasts, Supposed};
use crate::engine::Snapshot;
use crate::ui::icon;
use crate::ui::rehearsing::{Rehearsed, Rehearsing};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Tone, cut, elided, icon_button, plain_button, segments};
use crate::words::{self, Speech};

const LENGTHS: [(OutageLasts, &str, Tone); 4] = [
    (OutageLasts::For(SignedDuration::from_hours(1)), "1 h", Tone::Plain),
    (OutageLasts::For(SignedDuration::from_hours(6)), "6 h", Tone::Plain),
    (OutageLasts::For(SignedDuration::from_hours(24)), "24 h", Tone::Plain),
    (OutageLasts::UntilReset, "until reset", Tone::Plain),
];

const ROW: f32 = 26.0;
/// What the picture has of the height.
const PICTURE: f32 = 0.56;

/// How calls and runs take their time: always the same, so that the same question has the same answer.
const SEED: u64 = 1;

/// Owns how long an outage lasts, and the rehearsal.
#[derive(Debug)]
pub(super) struct Rehearse {
    lasts: OutageLasts,
    rehearsing: Rehearsing,
    /// What the last one was about, where somebody did not want to wait for its end.
    stopped: Option<Hypothesis>,
    /// The moment of what happened that the pointer is on in the list.
    pointed: Option<Timestamp>,
}

impl Default for Rehearse {
    fn default() -> Self {
        Self { lasts: LENGTHS[1].0, rehearsing: Rehearsing::default(), stopped: None, pointed: None }
    }
}

impl Rehearse {
    /// Draws what is asked.
    pub fn ui(&mut self, ui: &mut Ui, supposed: &Hypothesis, snapshot: &Snapshot, speech: &Speech<'_>) {
        // What was rehearsed is about what was supposed then.
        if self.rehearsing.over().is_some_and(|over| over.drill.supposed != *supposed) {
            self.close();
        }
        // One that is under way begins anew with what is supposed now.
        if let Some(drill) = self.rehearsing.drill().filter(|drill| drill.supposed != *supposed) {
            let drill = Drill { supposed: supposed.clone(), ..drill.clone() };
            if drill.supposed.accounts.values().any(|how| *how == Supposed::Down) {
                self.rehearsing.want(drill);
            } else {
                self.close();
            }
        }
        self.rehearsing.keep_up(ui.ctx(), snapshot);
        let small = |text: &str| RichText::new(text).font(theme::small_font());
        let palette = *theme::palette(ui);
        let begins = supposed.moment(snapshot.at) + Drill::RUN_UP;
        let down: Vec<_> = supposed.accounts.iter().filter(|(_, how)| **how == Supposed::Down).collect();
        let resets = down.iter().any(|(account, _)| snapshot.fleet.next_reset(account, begins).is_some());
        let lengths = if resets { &LENGTHS[..] } else { &LENGTHS[..LENGTHS.len() - 1] };
        if !lengths.iter().any(|(lasts, ..)| *lasts == self.lasts) {
            self.lasts = LENGTHS[1].0;
        }
        if let Some(part) = self.rehearsing.part() {
            ui.horizontal(|ui| {
                ui.set_min_height(ROW);
                if plain_button(ui, "Stop rehearsing").clicked() {
                    self.close();
                    self.stopped = Some(supposed.clone());
                }
                let (said, room) = (words::rehearsal_part(part), ui.available_width());
                elided(ui, &said, theme::small_font(), palette.secondary, room);
            });
            widgets::progress_bar(ui, part, palette.accent, "Rehearsal");
            return;
        }
        ui.horizontal(|ui| {
            ui.set_min_height(ROW);
            if let Some(lasts) = ui.scope(|ui| segments(ui, "Outage lasts", lengths, self.lasts)).inner {
                self.lasts = lasts;
            }
            // At the edge, so that one length more or less does not move it.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let pressed = ui.add_enabled_ui(!down.is_empty(), |ui| plain_button(ui, "Rehearse")).inner;
                let pressed = pressed.on_disabled_hover_text(words::NOTHING_TO_REHEARSE);
                if pressed.on_hover_text(words::WHAT_REHEARSING_DOES).clicked() {
                    let zone = speech.zone.clone();
                    self.rehearsing.want(Drill { supposed: supposed.clone(), lasts: self.lasts, zone, seed: SEED });
                    self.rehearsing.keep_up(ui.ctx(), snapshot);
                    self.stopped = None;
                }
            });
        });
        let text = match (self.rehearsing.failed(), down.is_empty()) {
            (true, _) => words::REHEARSAL_FAILED.to_owned(),
            (_, true) => words::HOW_TO_REHEARSE.to_owned(),
            _ if self.stopped.as_ref() == Some(supposed) => words::REHEARSAL_STOPPED.to_owned(),
            _ => words::rehearsal_manners(&snapshot.settings),
        };
        widgets::paragraph(ui, small(&text).color(palette.secondary)).on_hover_text(words::WHAT_A_REHEARSAL_PLAYS);
    }

    /// Waits for a rehearsal that is under way.
    pub fn wait(&mut self) {
        self.rehearsing.wait();
    }

    pub fn is_over(&self) -> bool {
        self.rehearsing.over().is_some()
    }

    fn close(&mut self) {
        self.rehearsing.end();
        self.pointed = None;
    }

    /// Draws what came of it.
    pub fn outcome_ui(&mut self, ui: &mut Ui, speech: &Speech<'_>) {
        let Some(over) = self.rehearsing.over().cloned() else { return };
        if head_ui(ui, &over, speech) {
            return self.close();
        }
        let room = ui.available_rect_before_wrap();
        let (upper, lower) = room.split_top_bottom_at_fraction(PICTURE);
        let pointed = self.pointed;
        ui.scope_builder(UiBuilder::new().max_rect(upper), |ui| picture::ui(ui, &over.lived, pointed));
        let lower = lower.with_min_y(lower.top() + space::S);
        ui.scope_builder(UiBuilder::new().max_rect(lower), |ui| {
            self.pointed = events::ui(ui, &over.lived, speech);
        });
    }
}

/// Says in a sentence what came of it; whether it shall be closed.
fn head_ui(ui: &mut Ui, over: &Rehearsed, speech: &Speech<'_>) -> bool {
    let palette = *theme::palette(ui);
    let mut closed = false;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Rehearsal").font(theme::title_font()));
        let lasts = words::outage_lasts(over.drill.lasts);
        let from = words::clock(over.lived.begins, speech);
        let said = RichText::new(format!("{lasts}, from {from}")).font(theme::text_font()).color(palette.secondary);
        ui.label(said);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            closed = icon_button(ui, icon::CLOSE, "Close the rehearsal").clicked();
        });
    });
    let broken = over.lived.broken.is_some() || !over.lived.otherwise.is_empty();
    let color = if broken { palette.bad } else { palette.text };
    let said = words::rehearsal(&over.lived, speech);
    let room = ui.available_width();
    let fits = !cut(ui.painter(), &said, theme::text_font(), color, room).elided;
    let font = if fits { theme::text_font() } else { theme::small_font() };
    widgets::paragraph(ui, RichText::new(said).font(font).color(color));
    ui.add_space(space::S / 2.0);
    closed
}
