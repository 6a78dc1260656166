//! Text in a given width: cut with an ellipsis, whole on hover.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Color32, FontId, Galley, Label, Layout, Painter, Response, RichText, Sense, Ui, WidgetInfo, accesskit,
};

use crate::ui::theme;

/// Text that is cut with an ellipsis where it does not fit, and shown whole on hover.
pub fn elided(ui: &mut Ui, text: &str, font: FontId, color: Color32, width: f32) -> Response {
    shown(ui, cut(ui.painter(), text, font, color, width), text, color)
}

fn shown(ui: &mut Ui, galley: Arc<Galley>, text: &str, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let elided = galley.elided;
    if ui.is_rect_visible(rect) {
        ui.painter().galley(rect.min, galley, color);
    }
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
    if elided { response.on_hover_text(text) } else { response }
}

/// Text over as many lines as it needs. A menu spreads the words of a plain label over the whole line.
pub fn paragraph(ui: &mut Ui, text: RichText) -> Response {
    ui.with_layout(Layout::top_down(Align::Min), |ui| ui.add(Label::new(text).wrap())).inner
}

/// A sentence beside a button: on one line where it fits, else on two smaller ones, and only then cut.
pub fn sentence(ui: &mut Ui, text: &str, color: Color32, width: f32) -> Response {
    if !cut(ui.painter(), text, theme::text_font(), color, width).elided {
        return elided(ui, text, theme::text_font(), color, width);
    }
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(theme::small_font(), color));
    job.wrap = TextWrapping { max_width: width.max(1.0), max_rows: 2, ..TextWrapping::default() };
    shown(ui, ui.painter().layout_job(job), text, color)
}

/// One line of text, cut at `width`. Laid out once and then kept by the toolkit.
#[must_use]
pub fn cut(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping::truncate_at_width(width.max(1.0));
    job.break_on_newline = false;
    painter.layout_job(job)
}
