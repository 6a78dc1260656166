//! The lines of the plan that would be: who goes where, and why.

use std::collections::BTreeMap;

use egui::{Id, Margin, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::domain::{Change, CronId, Prospect, Tier};
use crate::ui::icon;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{self, cut};
use crate::words::{self, Speech};

/// A name, and below it where it goes and why.
const ROW: f32 = 38.0;
const HEAD: f32 = 22.0;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Reasons that were put into words, for the plan with that id.
    said: BTreeMap<CronId, String>,
    of: Option<String>,
}

impl Lines {
    /// Draws them and returns the cron whose details are asked for.
    pub fn ui(&mut self, ui: &mut Ui, then: &Prospect, speech: &Speech<'_>) -> Option<CronId> {
        let plan = &then.plan;
        let of = format!("{} {}", plan.id, then.at);
        if self.of.as_ref() != Some(&of) {
            self.said.clear();
            self.of = Some(of);
        }
        let mut opened = None;
        let frame = widgets::panel_frame(ui).inner_margin(Margin::symmetric(12, 8));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let palette = theme::palette(ui);
            let title = words::plan_headline_and_left_out(plan);
            ui.allocate_ui(vec2(ui.available_width(), HEAD), |ui| {
                ui.label(egui::RichText::new(title).font(theme::title_font()).color(palette.text));
            });
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = ScrollArea::vertical().id_salt("what-if lines").auto_shrink([false, false]);
            area.show_rows(ui, ROW, plan.changes.len(), |ui, rows| {
                for change in plan.changes.get(rows).unwrap_or_default() {
                    let why = self.said.entry(change.cron.clone()).or_insert_with(|| why(change, speech));
                    if line_ui(ui, change, why, speech) {
                        opened = Some(change.cron.clone());
                    }
                }
            });
        });
        opened
    }
}

fn why(change: &Change, speech: &Speech<'_>) -> String {
    let marks = change.marks.iter().map(|mark| format!(" · {}", words::mark(mark)));
    words::change_reason(change, speech) + &marks.collect::<String>()
}

fn line_ui(ui: &mut Ui, change: &Change, why: &str, speech: &Speech<'_>) -> bool {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let response = ui.interact(rect, Id::unique(("what-if line", &change.cron)), Sense::click());
    let left_out = if change.ticked { "" } else { "left out · " };
    let goes = format!("{left_out}{} → {}", words::origin(change, speech), words::target(change, speech));
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{}: {goes}: {why}", change.name)));
    let (palette, painter) = (theme::palette(ui), ui.painter());
    let (strong, weak) = if change.ticked { (palette.text, palette.secondary) } else { (palette.faint, palette.faint) };
    if response.hovered() {
        painter.rect_filled(rect, corner::MARK, palette.hover);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, corner::MARK, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
    let vendor = change.to_model.as_ref().map(widgets::vendor_of_model).filter(|_| change.to.enabled);
    let left = rect.left() + widgets::MARK + space::S;
    let mark = Rect::from_min_size(pos2(rect.left() + 2.0, rect.top() + 3.0), vec2(widgets::MARK, widgets::MARK));
    if let Some(vendor) = vendor {
        widgets::paint_mark(painter, palette, mark, &vendor, !change.ticked);
    } else {
        let font = theme::icon_font(widgets::MARK);
        painter.text(mark.center(), egui::Align2::CENTER_CENTER, icon::PAUSE_CIRCLE, font, palette.secondary);
    }
    let tier = change.tier.map_or("", Tier::code);
    let star = if change.critical { " ★" } else { "" };
    let name =
        cut(painter, &format!("{}{star}", change.name), theme::strong_font(), strong, rect.right() - left - 30.0);
    painter.galley(pos2(left, rect.top() + 3.0), name, strong);
    let at = pos2(rect.right() - 4.0, rect.top() + 11.0);
    painter.text(at, egui::Align2::RIGHT_CENTER, tier, theme::chip_font(), palette.secondary);
    let second = cut(painter, &format!("{goes} · {why}"), theme::small_font(), weak, rect.right() - left - 4.0);
    painter.galley(pos2(left, rect.top() + 20.0), second, weak);
    response.on_hover_text(why).clicked()
}
