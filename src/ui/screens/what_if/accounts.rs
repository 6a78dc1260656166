//! The accounts: each as it is, down, or back.

use std::collections::BTreeMap;

use egui::{Align, Layout, Ui, vec2};

use crate::domain::{AccountId, Supposed};
use crate::engine::Snapshot;
use crate::ui::screens::providers::seen;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Tone, elided, segments, segments_width};
use crate::words::Speech;

const ROW: f32 = 26.0;

const CHOICES: [(Option<Supposed>, &str, Tone); 3] = [
    (None, "as it is", Tone::Plain),
    (Some(Supposed::Down), "down", Tone::Bad),
    (Some(Supposed::Back), "back", Tone::Good),
];

pub(super) fn ui(ui: &mut Ui, supposed: &mut BTreeMap<AccountId, Supposed>, snapshot: &Snapshot, speech: &Speech<'_>) {
    let width = segments_width(ui, &CHOICES);
    for seen in seen::all(snapshot, speech).into_iter().filter(|seen| seen.of.set_up) {
        let id = seen.id();
        ui.horizontal(|ui| {
            ui.set_min_height(ROW);
            ui.spacing_mut().item_spacing.x = 0.0;
            let palette = theme::palette(ui);
            let room = ui.available_width() - width;
            ui.allocate_ui_with_layout(vec2(room, ROW), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(room);
                ui.spacing_mut().item_spacing.x = space::S;
                widgets::mark(ui, &seen::vendor(seen.account()), false);
                let left = room - widgets::MARK - 2.0 * space::S;
                let name = elided(ui, seen.label(), theme::text_font(), palette.text, left);
                name.on_hover_text(&seen.said.headline);
            });
            match segments(ui, seen.label(), &CHOICES, supposed.get(id).copied()) {
                Some(Some(how)) => {
                    supposed.insert(id.clone(), how);
                }
                Some(None) => {
                    supposed.remove(id);
                }
                None => {}
            }
        });
    }
}
