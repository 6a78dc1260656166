//! What a rehearsal counted, with the program and without, and what happened, one thing after another.

use egui::accesskit::Role;
use egui::{Align, Grid, Layout, Margin, Response, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use jiff::Timestamp;

use crate::domain::{Rehearsal, RehearsalEvent};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, cut, elided};
use crate::words::{self, Speech};

/// What the numbers have of the width.
const NUMBERS: f32 = 0.36;
const ROW: f32 = 20.0;
const NUMBER: f32 = 48.0;
const WHEN: f32 = 92.0;
/// Above and below what happened.
const PAD: f32 = 4.0;

/// Draws both; the moment of the event that the pointer is on.
pub(super) fn ui(ui: &mut Ui, lived: &Rehearsal, speech: &Speech<'_>) -> Option<Timestamp> {
    let room = ui.available_rect_before_wrap();
    let (left, right) = room.split_left_right_at_fraction(NUMBERS);
    let left = left.with_max_x(left.right() - space::M);
    ui.scope_builder(UiBuilder::new().max_rect(left), |ui| numbers_ui(ui, lived));
    ui.scope_builder(UiBuilder::new().max_rect(right), |ui| list_ui(ui, lived, speech)).inner
}

fn numbers_ui(ui: &mut Ui, lived: &Rehearsal) {
    let frame = widgets::panel_frame(ui).inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        let width = ui.available_width();
        ui.set_min_size(ui.available_size());
        let palette = *theme::palette(ui);
        ScrollArea::vertical().id_salt("rehearsed numbers").auto_shrink([false, false]).show(ui, |ui| {
            let gap = space::S;
            let first = width - 2.0 * (NUMBER + gap);
            let grid = Grid::new("with and without").num_columns(3).min_row_height(ROW).spacing([gap, 2.0]);
            grid.show(ui, |ui| {
                for (title, room) in [("", first), ("With it", NUMBER), ("Without", NUMBER)] {
                    ui.allocate_ui_with_layout(vec2(room, ROW), Layout::left_to_right(Align::Center), |ui| {
                        ui.set_min_width(room);
                        ui.label(RichText::new(title).font(theme::small_font()).color(palette.faint));
                    });
                }
                ui.end_row();
                for row in words::rehearsal_numbers(lived) {
                    elided(ui, row.what, theme::text_font(), palette.text, first);
                    elided(ui, &row.with, theme::strong_font(), palette.text, NUMBER);
                    let without = elided(ui, &row.without, theme::text_font(), palette.secondary, NUMBER);
                    without.accessible_name(format!("{}: {} with it, {} without", row.what, row.with, row.without));
                    ui.end_row();
                }
            });
            if !lived.otherwise.is_empty() {
                let names = words::list(&lived.otherwise);
                let text =
                    RichText::new(format!("Not as before: {names}")).font(theme::small_font()).color(palette.bad);
                widgets::paragraph(ui, text);
            }
            if let Some(broken) = &lived.broken {
                let text = RichText::new(format!("Seen: {}", broken.seen)).font(theme::small_font()).color(palette.bad);
                widgets::paragraph(ui, text);
            }
        });
    });
}

fn list_ui(ui: &mut Ui, lived: &Rehearsal, speech: &Speech<'_>) -> Option<Timestamp> {
    let mut pointed = None;
    let frame = widgets::panel_frame(ui).inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("rehearsed events").auto_shrink([false, false]);
        area.show(ui, |ui| {
            for event in &lived.events {
                if event_ui(ui, event, lived, speech).contains_pointer() {
                    pointed = Some(event.at);
                }
            }
        });
    });
    pointed
}

/// When, and what, on as many lines as that needs. What is out of sight is only measured.
fn event_ui(ui: &mut Ui, event: &RehearsalEvent, lived: &Rehearsal, speech: &Speech<'_>) -> Response {
    let palette = theme::palette(ui);
    let said = words::rehearsed(event, lived, speech);
    let room = ui.available_width() - WHEN - space::S;
    let text = ui.painter().layout(said.clone(), theme::text_font(), palette.text, room);
    let height = (text.size().y + PAD).max(ROW);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let offset = words::rehearsal_offset(lived, event.at);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{offset}: {said}")));
    if ui.is_rect_visible(rect) {
        let top = rect.top() + PAD / 2.0;
        let when = cut(ui.painter(), &offset, theme::small_font(), palette.secondary, WHEN - space::S);
        ui.painter().galley(pos2(rect.left(), top + 1.0), when, palette.secondary);
        ui.painter().galley(pos2(rect.left() + WHEN, top), text, palette.text);
    }
    response.on_hover_text(words::clock_with_day(event.at, speech))
}
