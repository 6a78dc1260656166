//! What the tables of the screens share: one focusable strip per row, arrow keys, a thin line below.
//!
//! A row is one widget for pointer, keyboard and screen reader; the cells are drawn on top of it.

use std::hash::Hash;

use egui::accesskit::Role;
use egui::{EventFilter, Id, Key, Modifiers, Rangef, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use crate::domain::{ModelRef, Settings, VendorId};
use crate::ui::theme::table::{GAP, MARK_GAP, SEARCH};
use crate::ui::theme::{self, corner};
use crate::ui::widgets;

/// The keyboard's place in a table whose rows exist only while they are visible.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The row that shall get the focus as soon as it is drawn.
    want: Option<usize>,
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

/// Whose square stands before a model: its route's vendor where the user named one.
pub(super) fn vendor_of(model: &ModelRef, settings: &Settings) -> VendorId {
    let route = settings.routes.values().find(|route| route.model.as_ref() == Some(model));
    route.map_or_else(|| widgets::vendor_of_model(model), |route| route.vendor.clone())
}

pub(super) fn row_id(table: &str, key: impl Hash + std::fmt::Debug) -> Id {
    Id::unique((table, key))
}

impl Cursor {
    /// The row that must be scrolled to, for the table builder.
    pub fn wanted(&self) -> Option<usize> {
        self.want
    }

    /// Draws the ground of a row from its first cell, and moves the focus with the arrow keys.
    pub fn row_ui(&mut self, ui: &mut Ui, across: Rangef, row: &Row<'_>) -> Response {
        let rect = Rect::from_x_y_ranges(across, ui.max_rect().y_range());
        let response = ui.interact(rect, row.id, Sense::click());
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
            self.keys(ui, row);
        }
        paint_ground(ui, rect, row.selected, &response);
        response
    }

    fn keys(&mut self, ui: &Ui, row: &Row<'_>) {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(row.id, filter));
        let last = row.of.saturating_sub(1);
        let moves = [
            (Key::ArrowUp, row.index.saturating_sub(1)),
            (Key::ArrowDown, (row.index + 1).min(last)),
            (Key::PageUp, row.index.saturating_sub(10)),
            (Key::PageDown, (row.index + 10).min(last)),
            (Key::Home, 0),
            (Key::End, last),
        ];
        for (key, to) in moves {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) && to != row.index {
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

/// A tick that is filled when it is on, so that a column of them reads at a glance.
pub(super) fn tick_ui(ui: &mut Ui, on: &mut bool, partly: bool, name: &str) -> Response {
    ui.scope(|ui| {
        let palette = theme::palette(ui);
        if *on || partly {
            let widgets = &mut ui.visuals_mut().widgets;
            for visuals in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
                visuals.bg_fill = palette.accent;
                visuals.weak_bg_fill = palette.accent;
                visuals.bg_stroke.color = palette.accent;
                visuals.fg_stroke = Stroke::new(1.5, palette.on_accent);
            }
        }
        let tick = ui.add(egui::Checkbox::without_text(on).indeterminate(partly)).accessible_name(name);
        if tick.has_focus() {
            let ring = Stroke::new(2.0, palette.text);
            ui.painter().rect_stroke(tick.rect.expand(2.0), corner::MARK, ring, StrokeKind::Outside);
        }
        tick
    })
    .inner
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

/// The buttons at the foot of a dialog or section: the one that goes on stands at the right edge.
pub(super) fn foot_ui<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), add_contents).inner
    })
    .inner
}
