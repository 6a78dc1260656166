//! The coloured square with a provider's letter, alone or before a name.

use egui::{Align2, Painter, Rect, Response, Sense, Ui, Vec2, accesskit};

use crate::domain::{ModelRef, VendorId, vendor_of};
use crate::ui::theme::{self, Palette, corner};
use crate::words;

/// Side of the square, in points.
pub const MARK: f32 = 16.0;

/// A provider's square with its letter; faint when it is passed over.
pub fn mark(ui: &mut Ui, vendor: &VendorId, faint: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(MARK), Sense::hover());
    if ui.is_rect_visible(rect) {
        paint_mark(ui.painter(), theme::palette(ui), rect, vendor, faint);
    }
    response.widget_info(|| egui::WidgetInfo::labeled(accesskit::Role::Image, true, words::vendor_name(vendor)));
    response
}

/// The same without taking part in the layout.
pub fn paint_mark(painter: &Painter, palette: &Palette, rect: Rect, vendor: &VendorId, faint: bool) {
    let fade = if faint { 0.45 } else { 1.0 };
    painter.rect_filled(rect, corner::MARK, theme::vendor_color(vendor).gamma_multiply(fade));
    let letter = words::vendor_letter(vendor);
    let color = palette.on_mark.gamma_multiply(if faint { 0.7 } else { 1.0 });
    painter.text(rect.center(), Align2::CENTER_CENTER, letter, theme::mark_font(), color);
}

/// Mark and name, such as "K Kimi"; the name alone where no vendor is known.
pub fn provider_label(ui: &mut Ui, vendor: Option<&VendorId>, name: &str, strong: bool) -> Response {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if let Some(vendor) = vendor {
            mark(ui, vendor, false);
        }
        let font = if strong { theme::strong_font() } else { theme::text_font() };
        ui.add(egui::Label::new(egui::RichText::new(name).font(font)).truncate())
    })
    .response
}

/// The vendor behind a model.
#[must_use]
pub fn vendor_of_model(model: &ModelRef) -> VendorId {
    vendor_of(&model.account())
}
