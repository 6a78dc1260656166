//! Text in a given width: cut with an ellipsis, whole on hover.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Galley, Painter, Response, Sense, Ui, WidgetInfo, accesskit};

/// Text that is cut with an ellipsis where it does not fit, and shown whole on hover.
pub fn elided(ui: &mut Ui, text: &str, font: FontId, color: Color32, width: f32) -> Response {
    let galley = cut(ui.painter(), text, font, color, width);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let elided = galley.elided;
    if ui.is_rect_visible(rect) {
        ui.painter().galley(rect.min, galley, color);
    }
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
    if elided { response.on_hover_text(text) } else { response }
}

/// One line of text, cut at `width`. Laid out once and then kept by the toolkit.
#[must_use]
pub fn cut(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping::truncate_at_width(width.max(1.0));
    job.break_on_newline = false;
    painter.layout_job(job)
}
