//! Frames: a titled section, a card, and what stands where there is nothing.

use egui::{Align, CornerRadius, Frame, Id, InnerResponse, Layout, Margin, Modal, RichText, Shadow, Stroke, Ui};

use crate::ui::theme::{self, corner, space};

/// A panel with a line around it.
pub fn panel_frame(ui: &Ui) -> Frame {
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(corner::PANEL))
        .inner_margin(Margin::same(14))
}

/// A card: what can be picked among others.
pub fn card_frame(ui: &Ui) -> Frame {
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(corner::CARD))
        .inner_margin(Margin::same(10))
        .shadow(Shadow { offset: [0, 1], blur: 2, spread: 0, color: palette.shadow })
}

/// A panel over the full width with a semibold title.
pub fn section<R>(ui: &mut Ui, title: &str, add_contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    panel_frame(ui).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        if !title.is_empty() {
            ui.label(RichText::new(title).font(theme::title_font()));
            ui.add_space(space::S / 2.0);
        }
        add_contents(ui)
    })
}

/// A dialog over everything else.
pub fn modal(ui: &Ui, name: &str) -> Modal {
    let shadow = ui.visuals().window_shadow;
    Modal::new(Id::unique(name)).frame(panel_frame(ui).inner_margin(space::L).shadow(shadow))
}

/// The buttons at the foot of a dialog or section: the one that goes on stands at the right edge.
pub fn foot_ui<R>(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.with_layout(Layout::right_to_left(Align::Center), add_contents).inner
    })
    .inner
}

/// A screen or list with nothing in it: what it is and what to do, in the middle.
pub fn empty_state(ui: &mut Ui, icon: &str, title: &str, body: &str) {
    let palette = theme::palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.28).min(180.0));
        ui.label(RichText::new(icon).font(theme::icon_font(36.0)).color(palette.faint));
        ui.label(RichText::new(title).font(theme::title_font()));
        ui.set_max_width(460.0_f32.min(ui.available_width()));
        ui.label(RichText::new(body).color(palette.secondary));
    });
}
