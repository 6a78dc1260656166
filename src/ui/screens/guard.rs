//! Nothing is written that came under the user's finger: when the button of a plan rests.

use std::time::Duration;

use egui::Ui;

use crate::domain::Plan;

use super::ticks::Ticks;

/// How long the button rests after a line came or went elsewhere, in seconds: long enough to see it.
const REST: f64 = 1.5;

/// How long the button rests after the plan came on screen, in seconds: the second half of a double click on what led
/// to it is not meant for it.
const ARRIVES: f64 = 0.5;

/// The moments, in the toolkit's time, before which no press is meant for what stands there.
#[derive(Debug, Default)]
pub(super) struct Guard {
    rests_until: f64,
    arrives_until: f64,
}

impl Guard {
    /// Takes over the plan on screen. Called in every frame that shows it.
    pub fn follow(&mut self, ui: &Ui, ticks: &mut Ticks, plan: &Plan) {
        let frame = ui.ctx().cumulative_frame_nr();
        let now = ui.input(|input| input.time);
        if !ticks.was_on_screen(frame) {
            self.arrives_until = now + ARRIVES;
        }
        if ticks.follow(plan, frame) {
            self.rests_until = now + REST;
        }
    }

    /// Whether the button rests; if so, the window is drawn again when it no longer does.
    pub fn rests(&self, ui: &Ui) -> bool {
        let left = self.rests_until - ui.input(|input| input.time);
        if left > 0.0 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
        }
        left > 0.0
    }

    /// Whether a press in this frame is meant for the plan on screen.
    pub fn meant(&self, ui: &Ui) -> bool {
        ui.input(|input| input.time) >= self.arrives_until
    }
}
