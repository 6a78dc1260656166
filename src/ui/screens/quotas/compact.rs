//! The windows in little room, for beside other things: a row of one line for each, the coming day on one axis, and the
//! runs of it. Says what is under the pointer and under the keyboard, and draws what belongs to something else lit.

use egui::{
    Align2, Color32, Mesh, Rangef, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2,
};
use jiff::Timestamp;

use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{MARK, cut, paint_mark};

use super::lanes::Lane;
use super::runs::Runs;
use super::timeline::{self, AXIS, Shown};
use super::view::{Bins, Scale, View};

/// Height of a row.
pub(in crate::ui::screens) const ROW: f32 = 25.0;
/// Width of the names.
const NAMES: f32 = 190.0;
const DENSITY: f32 = 30.0;
/// With fewer rows in sight, the runs below are not drawn: a moment of the axis stands for them.
const LEAST_ROWS: f32 = 2.0 * ROW;
/// Height of the runs where there is not room for more.
const SLIM: f32 = 16.0;
/// How far the rows fade where more of them are.
const FADE: f32 = 10.0;

/// What of it is lit, and who gets the focus.
pub(in crate::ui::screens) struct Lighting<'a> {
    /// Whether a row is lit.
    pub row: &'a dyn Fn(&Lane<'_>) -> bool,
    /// They are lit since this frame, so that they come into view.
    pub arrives: bool,
    /// Where some are, the others are dim.
    pub dims: bool,
    /// Moments that are marked on the axis and on the rows that are lit.
    pub ticks: &'a [Timestamp],
    /// What is said with a row that is lit, to a screen reader.
    pub said: &'a str,
    pub wants_focus: Option<usize>,
}

/// What somebody is at: rows are indexes into the lanes.
#[derive(Debug, Default)]
pub(in crate::ui::screens) struct Touched {
    pub hovered: Option<usize>,
    pub focused: Option<usize>,
    /// The part of time whose runs are under the pointer.
    pub part: Option<(Timestamp, Timestamp)>,
    /// Enter, or a double click.
    pub opened: Option<usize>,
}

/// How much height shows all of it.
pub(in crate::ui::screens) fn height(n_rows: usize) -> f32 {
    AXIS + n_rows as f32 * ROW + DENSITY + space::S
}

/// Draws it in what is left of `ui`.
pub(in crate::ui::screens) fn ui(ui: &mut Ui, runs: &mut Runs, shown: &Shown<'_>, lighting: &Lighting<'_>) -> Touched {
    let room = ui.available_rect_before_wrap();
    let x = Rangef::new(room.left() + NAMES + space::S, room.right() - space::S);
    let scale = Scale { now: shown.at, view: View::coming_day(), x };
    let fits = |density: &f32| room.height() - AXIS - density >= LEAST_ROWS;
    let density = [DENSITY, SLIM].into_iter().find(fits).unwrap_or_default();
    let all = ROW * shown.lanes.len() as f32;
    let bottom = (room.bottom() - density).min(room.top() + AXIS + all);
    let body = Rect::from_min_max(pos2(room.left(), room.top() + AXIS), pos2(room.right(), bottom));
    let bars = Rect::from_min_size(pos2(room.left(), bottom), vec2(room.width(), density));
    timeline::axis_ui(ui, scale, room.top(), body.y_range(), shown);
    let mut touched = Touched::default();
    rows_ui(ui, body, scale, shown, lighting, &mut touched);
    timeline::now_ui(ui, scale, room.top(), Rangef::new(body.top(), bars.bottom()), &shown.now);
    let (bins, over) = if density > 0.0 {
        let (bins, _, response) = timeline::bars_ui(ui, bars, scale, runs, shown);
        let at = pos2(bars.left(), bars.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, "Coming runs", theme::small_font(), theme::palette(ui).secondary);
        (bins, response)
    } else {
        let axis = Rect::from_x_y_ranges(x, Rangef::new(room.top(), body.top()));
        let over = ui.interact(axis, egui::Id::unique("moments of the axis"), Sense::hover());
        (Bins::of(scale, shown.speech.zone), over)
    };
    touched.part = part(ui, &over, scale, bins);
    if let Some((from, to)) = touched.part {
        let lit = Rect::from_x_y_ranges(Rangef::new(scale.at(from), scale.at(to)), over.rect.y_range());
        let ring = Stroke::new(1.5, theme::palette(ui).text);
        ui.painter().with_clip_rect(over.rect).rect_stroke(lit, corner::MARK, ring, StrokeKind::Inside);
    }
    ticks_ui(ui, scale, body.top(), lighting.ticks);
    touched
}

/// The part of time under the pointer.
fn part(ui: &Ui, over: &egui::Response, scale: Scale, bins: Bins) -> Option<(Timestamp, Timestamp)> {
    let pointer = ui.input(|input| input.pointer.latest_pos()).filter(|_| over.hovered())?;
    let bin = bins.index(scale.moment(pointer.x))?;
    let (from, to) = (bins.edge(bin), bins.edge(bin + 1));
    // Nothing of what is over is coming.
    (to > scale.now).then_some((from, to))
}

fn rows_ui(ui: &mut Ui, body: Rect, scale: Scale, shown: &Shown<'_>, lighting: &Lighting<'_>, touched: &mut Touched) {
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        ui.set_clip_rect(ui.clip_rect().intersect(body.expand2(vec2(space::S, 0.0))));
        let spacing = &mut ui.spacing_mut().scroll;
        spacing.dormant_handle_opacity = spacing.active_handle_opacity;
        let area = ScrollArea::vertical().id_salt("windows at the foot").auto_shrink([false, false]);
        let scrolled = area.show(ui, |ui| {
            let all = vec2(body.width(), ROW * shown.lanes.len() as f32);
            let (rect, _) = ui.allocate_exact_size(all, Sense::hover());
            for (index, lane) in shown.lanes.iter().enumerate() {
                let top = rect.top() + index as f32 * ROW;
                let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), ROW));
                row_ui(ui, row, index, lane, scale, shown, lighting, touched);
            }
            if lighting.arrives {
                let lit = |lane: &Lane<'_>| (lighting.row)(lane);
                let (first, last) = (shown.lanes.iter().position(lit), shown.lanes.iter().rposition(lit));
                if let (Some(first), Some(last)) = (first, last) {
                    // All of them where they fit, else the first.
                    let n_fit = (body.height() / ROW).floor().max(1.0) as usize;
                    let n = if last - first < n_fit { last - first + 1 } else { 1 };
                    let at = pos2(rect.left(), rect.top() + first as f32 * ROW);
                    ui.scroll_to_rect(Rect::from_min_size(at, vec2(1.0, n as f32 * ROW)), None);
                }
            }
        });
        let over = scrolled.state.clamped_offset().y;
        let under = scrolled.content_size.y - scrolled.inner_rect.height() - over;
        fades_ui(ui, scrolled.inner_rect, over, under);
    });
}

/// Rows go on above or below: those at that edge fade.
fn fades_ui(ui: &Ui, rect: Rect, over: f32, under: f32) {
    let ground = theme::palette(ui).panel;
    for (hidden, edge, inwards) in [(over, rect.top(), FADE), (under, rect.bottom(), -FADE)] {
        if hidden < 1.0 {
            continue;
        }
        let mut mesh = Mesh::default();
        for (y, color) in [(edge, ground), (edge + inwards, Color32::TRANSPARENT)] {
            mesh.colored_vertex(pos2(rect.left(), y), color);
            mesh.colored_vertex(pos2(rect.right(), y), color);
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(2, 1, 3);
        ui.painter().add(mesh);
    }
}

#[expect(clippy::too_many_arguments, reason = "a row is drawn from what the whole is")]
fn row_ui(
    ui: &mut Ui,
    rect: Rect,
    index: usize,
    lane: &Lane<'_>,
    scale: Scale,
    shown: &Shown<'_>,
    lighting: &Lighting<'_>,
    touched: &mut Touched,
) {
    let response = timeline::row_response(ui, rect, index, lane, shown, lighting.wants_focus == Some(index));
    let lit = (lighting.row)(lane);
    if lit {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(lighting.said.to_owned()));
    }
    if response.hovered() {
        touched.hovered = Some(index);
    }
    if response.has_focus() {
        touched.focused = Some(index);
    }
    if timeline::opened(ui, &response) {
        touched.opened = Some(index);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let palette = theme::palette(ui);
    let around = rect.expand2(vec2(space::S / 2.0, 0.0)).shrink2(vec2(0.0, 0.5));
    if lit {
        // The bar keeps the ground on which its colours are told apart.
        ui.painter().rect_filled(around.with_max_x(scale.x.min - space::S), corner::BUTTON, palette.accent_ground);
        ui.painter().rect_stroke(around, corner::BUTTON, theme::lit(palette), StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_filled(around.with_max_x(scale.x.min - space::S), corner::BUTTON, palette.hover);
    }
    ui.scope(|ui| {
        if lighting.dims && !lit {
            ui.multiply_opacity(theme::DIM);
        }
        names_ui(ui, rect, lane);
        timeline::plot_ui(ui, rect, lane, scale, shown);
    });
    if lit {
        ticks_ui(ui, scale, rect.bottom() - 1.0, lighting.ticks);
    }
    if response.has_focus() {
        let ring = Stroke::new(2.0, palette.text);
        ui.painter().rect_stroke(around, corner::BUTTON, ring, StrokeKind::Inside);
    }
}

/// "K Kimi · weekly  71%" on one line.
fn names_ui(ui: &Ui, rect: Rect, lane: &Lane<'_>) {
    let palette = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
    let middle = rect.center().y;
    let used = painter.layout_no_wrap(lane.used(), theme::strong_font(), timeline::used_color(palette, lane));
    let right = rect.left() + NAMES - used.size().x;
    painter.galley(pos2(right, middle - used.size().y / 2.0), used, palette.text);
    let mut left = rect.left() + MARK + space::S;
    if lane.first {
        let mark = Rect::from_min_size(pos2(rect.left(), middle - MARK / 2.0), vec2(MARK, MARK));
        paint_mark(&painter, palette, mark, &lane.vendor, false);
        let room = (right - left) * 0.6;
        let name = cut(&painter, lane.name, theme::strong_font(), palette.text, room);
        let width = name.size().x;
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, palette.text);
        left += width + space::S / 2.0;
    }
    let label = cut(&painter, &lane.label(), theme::small_font(), palette.secondary, right - left - space::S);
    painter.galley(pos2(left, middle - label.size().y / 2.0), label, palette.secondary);
}

/// Small triangles that stand on `bottom`, one for a pixel at the most.
fn ticks_ui(ui: &Ui, scale: Scale, bottom: f32, ticks: &[Timestamp]) {
    let color = theme::palette(ui).text;
    let mut last = f32::NEG_INFINITY;
    for x in ticks.iter().map(|at| scale.at(*at)).filter(|x| scale.x.contains(*x)) {
        if x - last < 3.0 {
            continue;
        }
        last = x;
        let corners = vec![pos2(x - 3.0, bottom), pos2(x + 3.0, bottom), pos2(x, bottom - 6.0)];
        ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
    }
}
