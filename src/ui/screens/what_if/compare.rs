//! Today beside what is imagined, number by number.

use egui::{Align, Grid, Layout, ScrollArea, Ui};

use crate::domain::Imagined;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided};
use crate::words::{self, Compared, Speech};

/// Height of a line, where there is room and where there is little.
const ROW: f32 = 19.0;
const TIGHT: f32 = 15.5;
const GAP: f32 = 2.0;
/// Room for each of both columns of numbers, of the whole.
const COLUMN: f32 = 0.36;

pub(super) fn ui(ui: &mut Ui, imagined: &Imagined, speech: &Speech<'_>) {
    let frame = widgets::panel_frame(ui).inner_margin(egui::Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        let (width, height) = (ui.available_width(), ui.available_height());
        ui.set_min_size(egui::vec2(width, height));
        ScrollArea::vertical().id_salt("compared").auto_shrink([false, false]).show(ui, |ui| {
            let gap = space::S;
            let column = width * COLUMN;
            let first = width - 2.0 * (column + gap);
            let rows = words::compared(imagined, speech);
            let row = (height / (rows.len() + 1) as f32 - GAP).clamp(TIGHT, ROW);
            let grid = Grid::new("today and what-if").num_columns(3).min_row_height(row).spacing([gap, GAP]);
            grid.show(ui, |ui| {
                let palette = theme::palette(ui);
                let today = format!("Today, {}", words::carried_out(&imagined.today));
                let then = format!("What-if, {}", words::carried_out(&imagined.then));
                for (title, room) in [("", first), (&*today, column), (&*then, column)] {
                    ui.allocate_ui_with_layout(egui::vec2(room, row), Layout::left_to_right(Align::Center), |ui| {
                        ui.set_min_width(room);
                        elided(ui, title, theme::small_font(), palette.faint, room).on_hover_text(words::HOW_COMPARED);
                    });
                }
                ui.end_row();
                for compared in rows {
                    row_ui(ui, &compared, [first, column]);
                    ui.end_row();
                }
            });
        });
    });
}

fn row_ui(ui: &mut Ui, row: &Compared, [first, column]: [f32; 2]) {
    let palette = theme::palette(ui);
    let (font, color) =
        if row.differs() { (theme::strong_font(), palette.accent) } else { (theme::text_font(), palette.secondary) };
    elided(ui, &row.what, theme::text_font(), palette.text, first);
    elided(ui, &row.today, theme::text_font(), palette.secondary, column);
    let then = elided(ui, &row.then, font, color, column);
    let whole = format!("{}: {} today, {} then", row.what, row.today, row.then);
    then.accessible_name(whole);
}
