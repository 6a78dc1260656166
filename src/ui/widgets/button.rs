//! Buttons. What they say happens when they are pressed.

use egui::{Align2, Button, Color32, Response, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, accesskit};

use crate::ui::theme;

/// The one thing to press on a screen.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    let palette = theme::palette(ui);
    filled(ui, text, palette.on_accent, palette.accent)
}

/// For what interrupts or takes away.
pub fn danger_button(ui: &mut Ui, text: &str) -> Response {
    let palette = theme::palette(ui);
    filled(ui, text, palette.on_mark, palette.bad_fill)
}

/// Any other button.
pub fn plain_button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(RichText::new(text).font(theme::text_font())).min_size(HEIGHT))
}

/// A frameless word that does something small: "Undo", "Dismiss".
pub fn link_button(ui: &mut Ui, text: &str) -> Response {
    sensing_link_button(ui, text, Sense::click())
}

/// How wide such a word is.
#[must_use]
pub fn link_width(ui: &Ui, text: &str) -> f32 {
    let padding = 2.0 * ui.spacing().button_padding.x;
    padding + ui.painter().layout_no_wrap(text.to_owned(), theme::small_font(), Color32::PLACEHOLDER).size().x
}

/// The same in a row of a table: Tab stops at it in one row only, else it would walk them all.
pub fn row_link_button(ui: &mut Ui, text: &str, stops: bool) -> Response {
    sensing_link_button(ui, text, if stops { Sense::click() } else { Sense::CLICK })
}

fn sensing_link_button(ui: &mut Ui, text: &str, sense: Sense) -> Response {
    let palette = theme::palette(ui);
    let text = RichText::new(text).font(theme::small_font()).color(palette.accent);
    let response = ui.add(Button::new(text).frame(false).min_size(Vec2::ZERO).sense(sense));
    if response.hovered() || response.has_focus() {
        let rect = response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.accent));
    }
    response
}

/// An icon alone; `label` is its name for a screen reader and on hover.
pub fn icon_button(ui: &mut Ui, glyph: &str, label: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(26.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, ui.is_enabled(), label));
    let palette = theme::palette(ui);
    if response.hovered() || response.has_focus() {
        let line = if response.has_focus() { palette.accent } else { palette.strong_line };
        ui.painter().rect(rect, theme::corner::BUTTON, palette.hover, Stroke::new(1.0, line), StrokeKind::Inside);
    }
    let color = if response.hovered() { palette.text } else { palette.secondary };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, glyph, theme::icon_font(16.0), color);
    response.on_hover_text(label)
}

const HEIGHT: Vec2 = Vec2::new(0.0, 30.0);

fn filled(ui: &mut Ui, text: &str, color: Color32, fill: Color32) -> Response {
    let text = RichText::new(text).font(theme::strong_font()).color(color);
    let response = ui.add(Button::new(text).fill(fill).stroke(Stroke::NONE).min_size(HEIGHT));
    if response.has_focus() {
        let line = Stroke::new(2.0, ui.visuals().text_color());
        ui.painter().rect_stroke(response.rect, theme::corner::BUTTON, line, egui::StrokeKind::Outside);
    } else if response.hovered() {
        let line = Stroke::new(1.0, color);
        ui.painter().rect_stroke(response.rect.shrink(2.0), theme::corner::MARK, line, egui::StrokeKind::Inside);
    }
    response
}
