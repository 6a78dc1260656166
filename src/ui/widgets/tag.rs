//! Chips, pills and badges: short words in a small frame. Colour always comes with the word.

use egui::{Align2, Color32, FontId, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, accesskit, vec2};

use crate::domain::OutageLevel;
use crate::ui::theme::{self, Palette};
use crate::words;

/// What a small frame means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Accent,
    Good,
    Warning,
    Bad,
}

impl Tone {
    /// Text and ground.
    #[must_use]
    pub fn colors(self, palette: &Palette) -> (Color32, Color32) {
        match self {
            Self::Plain => (palette.secondary, palette.hover),
            Self::Accent => (palette.accent, palette.accent_ground),
            Self::Good => (palette.good, palette.good_ground),
            Self::Warning => (palette.warning, palette.warning_ground),
            Self::Bad => (palette.bad, palette.bad_ground),
        }
    }
}

/// A filter or choice that can be on: "Failing 2".
pub fn chip(ui: &mut Ui, text: &str, selected: bool) -> Response {
    let palette = theme::palette(ui);
    let (response, rect) = framed(ui, text, &theme::chip_font(), vec2(6.0, 3.0), Sense::click());
    if let Some((rect, galley)) = rect {
        let (color, ground, line) = if selected {
            (palette.accent, palette.accent_ground, palette.accent)
        } else if response.hovered() {
            (palette.text, palette.hover, palette.secondary)
        } else {
            (palette.secondary, palette.panel, palette.strong_line)
        };
        let line = if response.has_focus() { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, line) };
        ui.painter().rect(rect, 5.0, ground, line, StrokeKind::Inside);
        ui.painter().galley_with_override_text_color(rect.min + vec2(6.0, 3.0), galley, color);
    }
    response.widget_info(|| WidgetInfo::selected(accesskit::Role::Button, ui.is_enabled(), selected, text));
    response
}

/// A rounded word on a coloured ground: a state, not a button.
pub fn tag(ui: &mut Ui, text: &str, tone: Tone) -> Response {
    let (color, ground) = tone.colors(theme::palette(ui));
    let pad = vec2(8.0, 2.0);
    let (response, rect) = framed(ui, text, &theme::strong_chip_font(), pad, Sense::hover());
    if let Some((rect, galley)) = rect {
        ui.painter().rect_filled(rect, rect.height() / 2.0, ground);
        ui.painter().galley_with_override_text_color(rect.min + pad, galley, color);
    }
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
    response
}

/// The outage level as a pill with its word.
pub fn pill(ui: &mut Ui, level: OutageLevel) -> Response {
    let tone = match level {
        OutageLevel::Healthy => Tone::Good,
        OutageLevel::Degraded => Tone::Warning,
        OutageLevel::Crisis => Tone::Bad,
    };
    let (color, ground) = tone.colors(theme::palette(ui));
    let text = words::level(level);
    let pad = vec2(10.0, 4.0);
    let (response, rect) = framed(ui, text, &FontId::new(12.0, theme::semibold()), pad, Sense::hover());
    if let Some((rect, galley)) = rect {
        ui.painter().rect_filled(rect, rect.height() / 2.0, ground);
        ui.painter().galley_with_override_text_color(rect.min + pad, galley, color);
    }
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
    response
}

/// A count in a round ground, beside a sidebar entry or a title.
pub fn badge(ui: &mut Ui, count: usize) -> Response {
    let palette = theme::palette(ui);
    let text = count.to_string();
    let pad = vec2(7.0, 2.0);
    let (response, rect) = framed(ui, &text, &theme::chip_font(), pad, Sense::hover());
    if let Some((rect, galley)) = rect {
        ui.painter().rect_filled(rect, rect.height() / 2.0, palette.hover);
        ui.painter().galley_with_override_text_color(rect.min + pad, galley, palette.secondary);
    }
    response
}

/// How much of something is done, as a thin bar.
pub fn progress_bar(ui: &mut Ui, ratio: f32, fill: Color32, name: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(160.0, 6.0), Sense::hover());
    ui.painter().rect_filled(rect, rect.height() / 2.0, theme::palette(ui).strong_line);
    let done = rect.with_max_x(egui::lerp(rect.x_range(), ratio));
    ui.painter().rect_filled(done, rect.height() / 2.0, fill);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::ProgressIndicator, true, name));
}

/// An icon of [`crate::ui::icon`], not a button.
pub fn icon(ui: &mut Ui, glyph: &str, size: f32, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, glyph, theme::icon_font(size), color);
    response
}

type Framed = Option<(egui::Rect, std::sync::Arc<egui::Galley>)>;

fn framed(ui: &mut Ui, text: &str, font: &FontId, pad: Vec2, sense: Sense) -> (Response, Framed) {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER);
    let (rect, response) = ui.allocate_exact_size(galley.size() + 2.0 * pad, sense);
    let visible = ui.is_rect_visible(rect).then_some((rect, galley));
    (response, visible)
}
