//! One column: header with chain, then its cards, of which only those in view are drawn.

use egui::{
    Align2, Color32, DragAndDrop, EventFilter, Key, Rangef, Rect, Response, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit, pos2, vec2,
};

use crate::domain::{Pointed, Tier};
use crate::engine::Edit;
use crate::ui::action::Action;
use crate::ui::screens::preview::shown_plan;
use crate::ui::theme::{self, corner};
use crate::ui::widgets::{chip, cut};
use crate::words;

use super::card::{Look, described, paint_card, suggestion_text};
use super::chain_ui::{chain_height, chain_menu, chain_rows, chain_ui};
use super::facts::{Card, Lane};
use super::{Board, Carried, READ_ONLY, Scene, card_id, menu};

const PAD: f32 = 8.0;
const INSET: f32 = 12.0;
/// Title and subtitle.
const TITLE: f32 = 52.0;
/// How near to an edge a carried card scrolls the column, and how fast, in points a second.
const EDGE: f32 = 48.0;
const SPEED: f32 = 1200.0;
/// Marks of lit cards are that far apart at least.
const MARK_APART: f32 = 5.0;

/// The height of the headers: that of the one with most rows of chips, so that cards line up.
pub(super) fn head_height(ui: &Ui, scene: &Scene<'_>, lanes: &[Lane], tier_width: f32) -> f32 {
    let width = tier_width - 2.0 * INSET;
    let rows = lanes.iter().map(|lane| match lane {
        Lane::Tier(tier) => chain_rows(ui, &scene.facts.chains[chain_index(*tier)], scene.speech, width),
        _ => 1,
    });
    TITLE + chain_height(rows.max().unwrap_or(1)) + 4.0
}

fn chain_index(tier: Tier) -> usize {
    usize::from(tier.number()) - 1
}

impl Board {
    pub(super) fn column_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, lane: Lane, rect: Rect, head: f32) {
        let carried = DragAndDrop::payload::<Carried>(ui.ctx());
        let pointer = ui.input(|input| input.pointer.latest_pos());
        let target = lane.drop_tier().filter(|_| carried.is_some() && scene.editable);
        let over = target.is_some() && pointer.is_some_and(|at| rect.contains(at));
        ground_ui(ui, lane, rect, over);
        let (top, below) = rect.split_top_bottom_at_y(rect.top() + head);
        ui.scope_builder(UiBuilder::new().max_rect(top).id_salt(("head", lane.index())), |ui| {
            head_ui(ui, scene, lane, top);
        });
        let builder = UiBuilder::new()
            .max_rect(below.shrink2(vec2(1.0, 1.0)))
            .id_salt(("lane", lane.index()))
            .accessibility_role(accesskit::Role::List)
            .accessibility_label(spoken_title(scene, lane));
        ui.scope_builder(builder, |ui| {
            ui.set_clip_rect(ui.clip_rect().intersect(below));
            self.rows_ui(ui, scene, lane, over);
        });
        if let (true, Some(tier)) = (over && ui.input(|input| input.pointer.any_released()), target)
            && let Some(carried) = DragAndDrop::take_payload::<Carried>(ui.ctx())
        {
            self.move_to(scene, &carried.0, tier);
        }
    }

    fn rows_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, lane: Lane, over: bool) {
        let outer = ui.available_rect_before_wrap();
        let step = scene.density.step();
        let count = scene.lanes.rows(lane).len();
        if count == 0 {
            let (total, tiered) = (scene.lanes.total(lane), matches!(lane, Lane::Tier(_)));
            let text = match (total, tiered && scene.editable) {
                (0, true) => "Drag crons here, or select some and press the tier's number",
                (0, false) => "Nothing here",
                _ => "None matches",
            };
            nothing_ui(ui, outer, text);
        }
        let scroll_by = if over { autoscroll(ui, outer) } else { 0.0 };
        let wanted = self.selection.follow.then(|| self.selection.cursor.clone()).flatten();
        let wanted = wanted.and_then(|id| scene.lanes.locate(&scene.facts, &id)).filter(|(at, _)| *at == lane);
        ScrollArea::vertical().id_salt("rows").auto_shrink(false).show_viewport(ui, |ui, viewport| {
            ui.set_height((count as f32 * step + 2.0 * PAD).max(viewport.height()));
            if scroll_by != 0.0 {
                ui.scroll_with_delta_animation(vec2(0.0, -scroll_by), egui::style::ScrollAnimation::none());
                ui.ctx().request_repaint();
            }
            let origin = ui.max_rect().left_top();
            let across = Rangef::new(origin.x + PAD, origin.x + ui.max_rect().width() - PAD);
            let height = scene.density.card;
            let place = |row: usize| {
                let top = origin.y + PAD + row as f32 * step;
                Rect::from_x_y_ranges(across, Rangef::new(top, top + height))
            };
            let first = ((viewport.min.y - PAD) / step).floor().max(0.0) as usize;
            let last = (((viewport.max.y - PAD) / step).ceil().max(0.0) as usize).min(count);
            if let Some((_, row)) = wanted {
                ui.scroll_to_rect(place(row).expand(PAD), None);
                // Only a row in view can take the focus: until then the wish stays.
                let arrived = (first..last).contains(&row);
                self.arrived |= arrived;
                if !arrived {
                    ui.ctx().request_repaint();
                }
            }
            for row in first..last {
                self.card_ui(ui, scene, lane, row, place(row));
            }
        });
        if step * count as f32 > outer.height() {
            lit_marks_ui(ui, scene, lane, outer);
        }
    }

    fn card_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, lane: Lane, row: usize, rect: Rect) {
        let facts = scene.facts.clone();
        let index = scene.lanes.rows(lane)[row];
        let card = &facts.cards[index];
        let change = card.change.and_then(|index| shown_plan(scene.snapshot).changes.get(index));
        let response = self.card_response(ui, scene, lane, row, card, rect);
        let selected = self.selection.chosen.contains(card.id());
        let carried = selected && DragAndDrop::has_payload_of_type::<Carried>(ui.ctx());
        let lit = scene.lit.card(index);
        let look = Look {
            hovered: response.hovered() && !DragAndDrop::has_any_payload(ui.ctx()),
            focused: response.has_focus(),
            selected,
            carried,
            lit,
            dim: scene.lit.dims_cards() && !lit,
        };
        let pointed = || Some(Pointed::Cron(card.id().clone()));
        if look.hovered {
            self.foot.hovered = pointed();
        }
        if look.focused {
            self.foot.focused = pointed();
        }
        let parts = paint_card(ui, rect, card, change, look, scene.density, scene.speech);
        response.widget_info(|| WidgetInfo::selected(accesskit::Role::ListItem, true, selected, &card.cron.name));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_position_in_set(row + 1);
            node.set_size_of_set(scene.lanes.rows(lane).len());
            node.set_description(described(card, change, look, scene.speech));
        });
        if let Some(chip) = parts.suggestion {
            self.suggestion_ui(ui, scene, card, chip);
        }
        let whole = || format!("{}\n{}", card.cron.name, words::schedule(&card.cron.schedule, scene.speech));
        let response = if parts.cut && response.hovered() { response.on_hover_text(whole()) } else { response };
        menu::card_menu(&response, self, scene, card);
    }

    /// Clicks, drags and focus of one card.
    fn card_response(
        &mut self,
        ui: &mut Ui,
        scene: &mut Scene<'_>,
        lane: Lane,
        row: usize,
        card: &Card,
        rect: Rect,
    ) -> Response {
        let id = card.id();
        let is_cursor = self.selection.cursor.as_ref() == Some(id);
        let draggable = lane != Lane::NotRoutable && scene.editable;
        let mut sense = if draggable { Sense::CLICK | Sense::DRAG } else { Sense::CLICK };
        // Tab leaves the column instead of walking all its cards; arrows walk.
        let tabbing = ui.input(|input| input.key_pressed(Key::Tab));
        if !tabbing || is_cursor || row == 0 {
            sense |= Sense::FOCUSABLE;
        }
        let response = ui.interact(rect, card_id(id), sense);
        if self.selection.follow && is_cursor {
            response.request_focus();
        } else if response.has_focus() {
            if !self.selection.follow {
                self.selection.cursor = Some(id.clone());
            }
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        }
        if response.double_clicked() {
            scene.wishes.push(Action::Open(id.clone()));
        } else if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            self.selection.click(&scene.facts, &scene.lanes, id, modifiers);
            response.request_focus();
        }
        if response.drag_started() && draggable {
            self.selection.grab(id);
            DragAndDrop::set_payload(ui.ctx(), Carried(self.selection.targets(&scene.facts, &scene.lanes)));
        }
        response
    }

    /// The chip that accepts a card's suggestion. Tab reaches that of the card under the cursor, not all of them.
    fn suggestion_ui(&mut self, ui: &Ui, scene: &mut Scene<'_>, card: &Card, rect: Rect) {
        let Some(tier) = card.suggested else { return };
        let is_cursor = self.selection.cursor.as_ref() == Some(card.id());
        let id = egui::Id::unique(("suggestion", card.id().as_str()));
        let response = ui.interact(rect, id, if is_cursor { Sense::click() } else { Sense::CLICK });
        let label = format!("Accept {} for {}", tier.code(), card.cron.name);
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, scene.editable, &label));
        if response.hovered() || response.has_focus() {
            let line = Stroke::new(1.5, theme::palette(ui).accent);
            ui.painter().rect_stroke(rect, rect.height() / 2.0, line, StrokeKind::Inside);
        }
        if response.clicked() {
            // The chip goes with the suggestion; the keyboard stays with the card.
            self.selection.follow |= response.has_focus();
            scene.edit(Edit::AcceptSuggestions { crons: vec![card.id().clone()] });
        }
        let why = scene.snapshot.suggestions.get(card.id()).map(|suggestion| suggestion_text(&suggestion.why));
        response.on_hover_text(format!("Accept {}: {}", tier.code(), why.unwrap_or_default()));
    }
}

fn ground_ui(ui: &Ui, lane: Lane, rect: Rect, over: bool) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let ground = match (over, lane) {
        (true, _) => palette.accent_ground.lerp_to_gamma(palette.panel, 0.55),
        (false, Lane::Tier(_)) => palette.panel,
        (false, _) => Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, corner::PANEL, ground);
    if over {
        painter.rect_stroke(rect, corner::PANEL, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
    } else if matches!(lane, Lane::Tier(_)) {
        painter.rect_stroke(rect, corner::PANEL, Stroke::new(1.0, palette.line), StrokeKind::Inside);
    } else {
        painter.extend(dashed(rect.shrink(0.5), Stroke::new(1.0, palette.strong_line)));
    }
}

/// A dashed rounded rectangle.
fn dashed(rect: Rect, line: Stroke) -> Vec<Shape> {
    let radius = f32::from(corner::PANEL);
    let inner = rect.shrink(radius);
    let corners = [
        (inner.right_top(), -0.25_f32),
        (inner.right_bottom(), 0.0),
        (inner.left_bottom(), 0.25),
        (inner.left_top(), 0.5),
    ];
    let arc = corners.into_iter().flat_map(|(center, start)| {
        (0..=6_u8).map(move |step| {
            let angle = (start + f32::from(step) / 24.0) * std::f32::consts::TAU;
            center + radius * vec2(angle.cos(), angle.sin())
        })
    });
    let mut path: Vec<_> = arc.collect();
    path.extend(path.first().copied());
    Shape::dashed_line(&path, line, 4.0, 3.0)
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, lane: Lane, rect: Rect) {
    let palette = theme::palette(ui);
    let left = rect.left() + INSET;
    let width = rect.width() - 2.0 * INSET;
    let painter = ui.painter().clone();
    let title = cut(&painter, lane.title(), theme::title_font(), palette.text, width - 62.0);
    let count_at = pos2(left + title.size().x + 9.0, rect.top() + 11.0);
    painter.galley(pos2(left, rect.top() + 10.0), title, palette.text);
    let (shown, total) = (scene.lanes.rows(lane).len(), scene.lanes.total(lane));
    let count = if shown == total { total.to_string() } else { format!("{shown} of {total}") };
    painter.text(count_at, Align2::LEFT_TOP, count, theme::text_font(), palette.faint);
    let lit = lit_of(scene, lane);
    let (explained, color) = match &lit {
        Some(lit) => (lit.as_str(), palette.accent),
        None => (scene.facts.in_crisis(lane).unwrap_or(lane.explained()), palette.secondary),
    };
    let explained = cut(&painter, explained, theme::small_font(), color, width);
    painter.galley(pos2(left, rect.top() + 29.0), explained, color);
    painter.hline(rect.x_range().shrink(1.0), rect.bottom(), Stroke::new(1.0, palette.line));
    let at = pos2(left, rect.top() + TITLE);
    match lane {
        Lane::Tier(tier) => {
            let facts = scene.facts.clone();
            let view = &facts.chains[chain_index(tier)];
            let corner = Rect::from_center_size(rect.right_top() + vec2(-20.0, 20.0), vec2(24.0, 22.0));
            let menu = chain_menu(ui, tier, view, scene.speech, corner);
            let wish = chain_ui(ui, tier, view, scene.speech, at, width);
            scene.wishes.extend(wish.or(menu).filter(|_| scene.editable));
        }
        Lane::Unsorted if !scene.lanes.suggested.is_empty() => accept_ui(ui, scene, at, width),
        Lane::Unsorted | Lane::NotRoutable => {}
    }
}

/// How many cards of a column are lit, while some are: also for those that are out of view.
fn lit_of(scene: &Scene<'_>, lane: Lane) -> Option<String> {
    let at = scene.lit.at.as_ref().filter(|_| scene.lit.dims_cards())?;
    Some(words::lit_of(scene.lit.count(lane), scene.lanes.rows(lane).len(), at))
}

/// Where in a column that scrolls the lit cards are: marks at its edge, from the first card to the last.
fn lit_marks_ui(ui: &Ui, scene: &Scene<'_>, lane: Lane, outer: Rect) {
    if scene.lit.count(lane) == 0 {
        return;
    }
    let rows = scene.lanes.rows(lane);
    let color = theme::palette(ui).accent;
    let mut last = f32::NEG_INFINITY;
    for (row, _) in rows.iter().enumerate().filter(|(_, index)| scene.lit.card(**index)) {
        let y = outer.top() + outer.height() * (row as f32 + 0.5) / rows.len() as f32;
        if y - last >= MARK_APART {
            last = y;
            let mark = Rect::from_center_size(pos2(outer.right() - 3.0, y), vec2(6.0, 3.0));
            ui.painter().rect_filled(mark, 1.0, color);
        }
    }
}

/// A column's name for a screen reader.
fn spoken_title(scene: &Scene<'_>, lane: Lane) -> String {
    match lit_of(scene, lane) {
        Some(lit) => format!("{}, {lit}", lane.title()),
        None => lane.title().to_owned(),
    }
}

fn accept_ui(ui: &mut Ui, scene: &mut Scene<'_>, at: egui::Pos2, width: f32) {
    let n = scene.lanes.suggested.len();
    let text = match n {
        _ if width < 150.0 => format!("Accept {n}"),
        1 => "Accept 1 suggestion".to_owned(),
        _ => format!("Accept {n} suggestions"),
    };
    let rect = Rect::from_min_size(at, vec2(width, 26.0));
    let accepted = ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.add_enabled_ui(scene.editable, |ui| chip(ui, &text, false)).inner
    });
    let accepted = accepted.inner.on_hover_text("Gives each its suggested tier; one step of undo takes all back");
    if accepted.on_disabled_hover_text(READ_ONLY).clicked() {
        let crons = scene.lanes.suggested.clone();
        scene.edit(Edit::AcceptSuggestions { crons });
    }
}

fn nothing_ui(ui: &Ui, outer: Rect, text: &str) {
    let color = theme::palette(ui).faint;
    let galley = ui.painter().layout(text.to_owned(), theme::small_font(), color, outer.width() - 48.0);
    let at = pos2(outer.center().x - galley.size().x / 2.0, outer.top() + 40.0);
    ui.painter().galley(at, galley, color);
}

/// How far to scroll in this frame while a card is carried near the top or the bottom.
fn autoscroll(ui: &Ui, outer: Rect) -> f32 {
    let Some(pointer) = ui.input(|input| input.pointer.latest_pos()) else { return 0.0 };
    let up = ((EDGE - (pointer.y - outer.top())) / EDGE).clamp(0.0, 2.0);
    let down = ((EDGE - (outer.bottom() - pointer.y)) / EDGE).clamp(0.0, 2.0);
    (down - up) * SPEED * ui.input(|input| input.stable_dt).min(0.05)
}
