//! The same as a table, to be read and to be read out.

use egui::{Align, Color32, Layout, Margin, Rangef, Ui};
use egui_extras::{Column, TableBuilder};

use crate::ui::screens::tables::{Cursor, Row, row_id, titles_ui};
use crate::ui::theme;
use crate::ui::theme::table::{GAP, HEADER, LEAD, MARK_GAP, ROW};
use crate::ui::widgets::{self, MARK, elided};
use crate::words::{self, Speech};

use super::lanes::{Lane, What};

#[derive(Debug, Default)]
pub(super) struct Table {
    cursor: Cursor,
}

const TITLES: [&str; 7] = ["Account", "Window", "Used", "Resets", "What will become of it", "Confidence", "Read"];

/// Width of the last column where the claims need the room, and at most.
const READ: Rangef = Rangef { min: 100.0, max: 240.0 };

/// So much of its width on one line a claim needs that is told on two.
const ON_TWO: f32 = 0.55;

/// Who read it is written out where the claims leave the room: so much those need at the most, and that.
fn columns(width: f32, [claim, read]: [f32; 2]) -> [f32; 7] {
    let window = (width * 0.1).clamp(92.0, 140.0);
    let (account, used, reset, sure) = (116.0, 52.0, 122.0, 76.0);
    let room = width - account - window - used - reset - sure;
    let read = read.min(room - claim * ON_TWO).clamp(READ.min, READ.max);
    [account, window, used, reset, (room - read).max(120.0), sure, read]
}

/// How much room the widest of the claims needs on one line, and the widest of who read it.
fn needed(ui: &Ui, lanes: &[Lane<'_>], speech: &Speech<'_>) -> [f32; 2] {
    let width = |text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::text_font(), Color32::PLACEHOLDER);
        galley.size().x + GAP + 1.0
    };
    let cells = lanes.iter().map(|lane| cells(lane, speech));
    cells.fold([0.0, 0.0], |most: [f32; 2], cells| [most[0].max(width(&cells[3])), most[1].max(width(&cells[5]))])
}

impl Table {
    pub fn take_focus(&mut self) {
        self.cursor.take_focus(0);
    }

    pub fn ui(&mut self, ui: &mut Ui, lanes: &[Lane<'_>], speech: &Speech<'_>) {
        let cursor = &mut self.cursor;
        let height = ui.available_height() - HEADER - 4.0;
        widgets::panel_frame(ui).inner_margin(Margin::same(1)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            let across = ui.available_rect_before_wrap().x_range();
            let widths = columns(across.span(), needed(ui, lanes, speech));
            let mut builder = TableBuilder::new(ui)
                .id_salt("quota windows")
                .animate_scrolling(false)
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height)
                .cell_layout(Layout::left_to_right(Align::Center));
            for width in widths {
                builder = builder.column(Column::exact(width).clip(false));
            }
            if let Some(row) = cursor.wanted(lanes.len()) {
                builder = builder.scroll_to_row(row, None);
            }
            let table = builder.header(HEADER, |mut row| titles_ui(&mut row, across, TITLES.map(Some)));
            table.body(|body| {
                body.rows(ROW, lanes.len(), |mut row| {
                    let index = row.index();
                    let lane = &lanes[index];
                    row.col(|ui| {
                        let label = || lane.sentence(speech);
                        let id = row_id("quota window row", lane.key());
                        cursor.row_ui(ui, across, &Row { id, index, of: lanes.len(), selected: false, label: &label });
                        let palette = theme::palette(ui);
                        ui.add_space(LEAD);
                        widgets::mark(ui, &lane.vendor, false);
                        ui.add_space(MARK_GAP);
                        let left = widths[0] - LEAD - MARK - MARK_GAP - GAP;
                        elided(ui, lane.name, theme::strong_font(), palette.text, left);
                    });
                    for (at, text) in cells(lane, speech).into_iter().enumerate() {
                        row.col(|ui| {
                            let palette = theme::palette(ui);
                            let color = match at {
                                1 if lane.alarming() => palette.bad,
                                3 if lane.runs_out() => palette.bad,
                                0 | 1 | 3 => palette.text,
                                _ => palette.secondary,
                            };
                            let room = widths[at + 1] - GAP;
                            if at == 3 {
                                widgets::sentence(ui, &text, color, room);
                            } else {
                                elided(ui, &text, theme::text_font(), color, room);
                            }
                        });
                    }
                });
            });
        });
    }
}

/// What stands beside the account's name.
fn cells(lane: &Lane<'_>, speech: &Speech<'_>) -> [String; 6] {
    let claim = words::capitalised(&lane.claim(speech));
    let (reset, sure, read) = match &lane.what {
        What::Window(window) => (
            words::forecast_reset(window, speech),
            if window.band.is_empty() {
                "–".to_owned()
            } else {
                words::confidence(window.basis.confidence).to_owned()
            },
            words::forecast_source(window, Some(lane.account), speech),
        ),
        What::Money { .. } => ("–".to_owned(), "–".to_owned(), "–".to_owned()),
    };
    [lane.label(), lane.used(), reset, claim, sure, read]
}
