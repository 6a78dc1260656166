//! What the tables of the screens share: one focusable strip per row, arrow keys, a thin line below.
//!
//! A row is one widget for pointer, keyboard and screen reader; the cells are drawn on top of it.

use std::hash::Hash;
use std::ops::Range;

use egui::accesskit::Role;
use egui::{
    Align2, EventFilter, Id, Key, Modifiers, Rangef, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, vec2,
};
use egui_extras::TableRow;

use crate::domain::{ChangeMark, VendorId};
use crate::ui::icon;
use crate::ui::theme::table::{GAP, LEAD, MARK_GAP, SEARCH, TICK};
use crate::ui::theme::{self, corner};
use crate::ui::widgets;
use crate::words;

/// The keyboard's place in a table whose rows exist only while they are visible.
///
/// Arrows walk the rows; Tab comes to the row that had the focus last, and leaves the table from there.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The row that shall get the focus as soon as it is drawn.
    want: Option<usize>,
    /// The row that had the focus last.
    at: usize,
    /// The rows drawn in the last pass, and in this one so far.
    before: Range<usize>,
    drawn: Range<usize>,
    pass: u64,
}

/// One row, before its cells.
pub(super) struct Row<'a> {
    pub id: Id,
    pub index: usize,
    pub of: usize,
    pub selected: bool,
    /// The whole row in one sentence, for a screen reader.
    pub label: &'a dyn Fn() -> String,
}

pub(super) fn row_id(table: &str, key: impl Hash + std::fmt::Debug) -> Id {
    Id::unique((table, key))
}

impl Cursor {
    /// Puts the keyboard on a row, if there are any.
    pub fn take_focus(&mut self, row: usize) {
        self.want = Some(row);
    }

    /// The row that must be scrolled to, of so many, for the table builder.
    pub fn wanted(&mut self, of: usize) -> Option<usize> {
        self.want = self.want.filter(|_| of > 0).map(|row| row.min(of - 1));
        self.want
    }

    /// Whether Tab stops at this row and at what can be pressed in it.
    pub fn stops_at(&self, row: usize) -> bool {
        if self.before.contains(&self.at) { row == self.at } else { row == self.before.start }
    }

    fn note_drawn(&mut self, pass: u64, row: usize) {
        if self.pass == pass {
            self.drawn.end = row + 1;
        } else {
            self.pass = pass;
            self.before = std::mem::replace(&mut self.drawn, row..row + 1);
        }
    }

    /// Draws the ground of a row from its first cell, and moves the focus with the arrow keys.
    pub fn row_ui(&mut self, ui: &mut Ui, across: Rangef, row: &Row<'_>) -> Response {
        self.note_drawn(ui.ctx().cumulative_pass_nr(), row.index);
        let rect = Rect::from_x_y_ranges(across, ui.max_rect().y_range());
        let tabbing = ui.input(|input| input.key_pressed(Key::Tab));
        let passed_by = tabbing && !self.stops_at(row.index);
        let response = ui.interact(rect, row.id, if passed_by { Sense::CLICK } else { Sense::click() });
        response.widget_info(|| WidgetInfo::selected(Role::Row, ui.is_enabled(), row.selected, (row.label)()));
        ui.ctx().accesskit_node_builder(row.id, |node| {
            node.set_position_in_set(row.index + 1);
            node.set_size_of_set(row.of);
        });
        if self.want == Some(row.index) {
            self.want = None;
            response.request_focus();
            ui.scroll_to_rect(rect, None);
        }
        if response.clicked() {
            response.request_focus();
        }
        if response.has_focus() {
            self.at = row.index;
            self.keys(ui, row);
        }
        paint_ground(ui, rect, row.selected, &response);
        response
    }

    fn keys(&mut self, ui: &Ui, row: &Row<'_>) {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(row.id, filter));
        let last = row.of.saturating_sub(1);
        // In a slow frame a key may have been pressed more than once.
        let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let moves = [
            (Key::ArrowUp, -1),
            (Key::ArrowDown, 1),
            (Key::PageUp, -10),
            (Key::PageDown, 10),
            (Key::Home, isize::MIN),
            (Key::End, isize::MAX),
        ];
        for (key, step) in moves {
            let by = isize::try_from(pressed(key)).unwrap_or(isize::MAX).saturating_mul(step);
            let to = row.index.saturating_add_signed(by).min(last);
            if by != 0 && to != row.index {
                self.want = Some(to);
                // The row may lie outside what is drawn now.
                ui.ctx().request_repaint_after(std::time::Duration::from_millis(1));
            }
        }
    }
}

fn paint_ground(ui: &Ui, rect: Rect, selected: bool, response: &Response) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    if selected {
        painter.rect_filled(rect, 0.0, palette.accent_ground);
    } else if response.contains_pointer() {
        painter.rect_filled(rect, 0.0, palette.hover);
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
    if response.has_focus() {
        let ring = Stroke::new(2.0, palette.accent);
        painter.rect_stroke(rect.shrink2(vec2(1.0, 1.0)), corner::MARK, ring, StrokeKind::Inside);
    }
}

/// What a tick stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// One row, whose own Space does the same: Tab passes it by.
    Row,
    /// All rows, of which `partly` some are ticked.
    All { partly: bool },
}

/// A tick that is filled when it is on, so that a column of them reads at a glance.
pub(super) fn tick_ui(ui: &mut Ui, on: &mut bool, tick: Tick, name: &str) -> Response {
    let sense = if tick == Tick::Row { Sense::CLICK } else { Sense::click() };
    let (rect, mut response) = ui.allocate_exact_size(Vec2::splat(TICK), sense);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let partly = tick == Tick::All { partly: true };
    response.widget_info(|| {
        let info = WidgetInfo::labeled(Role::CheckBox, ui.is_enabled(), name);
        WidgetInfo { selected: (!partly).then_some(*on), ..info }
    });
    let palette = theme::palette(ui);
    let (fill, line) = match () {
        () if *on || partly => (palette.accent, palette.accent),
        () if response.hovered() => (palette.hover, palette.secondary),
        () => (palette.card, palette.strong_line),
    };
    let painter = ui.painter();
    painter.rect(rect, corner::MARK, fill, Stroke::new(1.0, line), StrokeKind::Inside);
    if *on {
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            icon::CHECK,
            theme::icon_font(TICK - 3.0),
            palette.on_accent,
        );
    } else if partly {
        painter.hline(rect.x_range().shrink(4.0), rect.center().y, Stroke::new(2.0, palette.on_accent));
    }
    if response.has_focus() {
        let ring = Stroke::new(2.0, palette.text);
        painter.rect_stroke(rect.expand(2.0), corner::MARK, ring, StrokeKind::Outside);
    }
    response
}

/// Mark and name of a model in a cell of this width.
pub(super) fn model_ui(ui: &mut Ui, vendor: Option<VendorId>, text: &str, width: f32, strong: bool) {
    let palette = theme::palette(ui);
    let mut left = width - GAP;
    if let Some(vendor) = vendor {
        widgets::mark(ui, &vendor, false);
        ui.add_space(MARK_GAP);
        left -= widgets::MARK + MARK_GAP;
    }
    let font = if strong { theme::strong_font() } else { theme::text_font() };
    widgets::elided(ui, text, font, palette.text, left);
}

/// A cron's name in a cell of this width, with its star.
pub(super) fn name_ui(ui: &mut Ui, name: &str, critical: bool, width: f32) {
    let palette = theme::palette(ui);
    let star = if critical { 20.0 } else { 0.0 };
    widgets::elided(ui, name, theme::strong_font(), palette.text, width - star);
    if critical {
        ui.add_space(4.0);
        let star = ui.label(RichText::new("★").color(palette.warning));
        star.on_hover_text("Critical: must keep running in a crisis");
    }
}

/// The mark without its explanation: "untested", "made by an agent".
pub(super) fn in_short(mark: &ChangeMark) -> &'static str {
    words::mark(mark).split([':', ';']).next().unwrap_or_default()
}

/// A field that filters what is below it.
pub(super) fn search_ui(ui: &mut Ui, text: &mut String, hint: &str, name: &str) -> Response {
    let field =
        egui::TextEdit::singleline(text).hint_text(hint).desired_width(SEARCH).margin(egui::Margin::symmetric(10, 6));
    ui.add(field).accessible_name(name)
}

/// For searching without regard to case.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The titles of a table in a frame, over a line. `None` stands above a column that has no room.
pub(super) fn titles_ui<'t>(
    row: &mut TableRow<'_, '_>,
    across: Rangef,
    titles: impl IntoIterator<Item = Option<&'t str>>,
) {
    for (at, title) in titles.into_iter().enumerate() {
        row.col(|ui| {
            let palette = theme::palette(ui);
            if at == 0 {
                ui.painter().hline(across, ui.max_rect().bottom(), Stroke::new(1.0, palette.line));
                ui.add_space(LEAD);
            }
            if let Some(title) = title {
                ui.label(RichText::new(title).font(theme::small_font()).color(palette.faint));
            }
        });
    }
}
