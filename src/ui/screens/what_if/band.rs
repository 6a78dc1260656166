//! The band over the screen: that nothing is sent, what is supposed, and what would be done in a sentence.

use egui::{Align, Layout, Margin, RichText, Stroke, Ui, vec2};

use crate::domain::Imagined;
use crate::ui::icon;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{self, elided};
use crate::words::{self, Speech};

const ICON: f32 = 18.0;
/// Two small lines.
const SENTENCE: f32 = 32.0;

pub(super) fn ui(ui: &mut Ui, imagined: &Imagined, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let frame = egui::Frame::new()
        .fill(palette.accent_ground)
        .stroke(Stroke::new(1.0, palette.accent))
        .corner_radius(corner::CARD)
        .inner_margin(Margin::symmetric(12, 7));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal(|ui| {
            widgets::icon(ui, icon::SCIENCE, ICON, palette.accent);
            ui.label(RichText::new(words::A_SIMULATION).font(theme::strong_font()).color(palette.accent));
            let supposed = words::supposition(&imagined.supposed, speech);
            let supposed =
                supposed.map_or_else(|| "Nothing is supposed yet".to_owned(), |what| format!("Supposed: {what}"));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                widgets::pill(ui, imagined.then.level());
                let room = ui.available_width() - space::S;
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    elided(ui, &supposed, theme::text_font(), palette.secondary, room);
                });
            });
        });
        let said = words::prospect(&imagined.then, speech);
        let room = ui.available_width();
        // Always as high, so that nothing below it moves away from the pointer.
        ui.allocate_ui_with_layout(vec2(room, SENTENCE), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(vec2(room, SENTENCE));
            widgets::sentence(ui, &said, palette.text, room);
        });
    });
}
