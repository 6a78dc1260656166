//! The timeline: the axis, a row for each window, and the runs below, all on one scale of time.

use std::sync::Arc;

use egui::{
    Align2, EventFilter, Galley, Id, Key, Modifiers, Rangef, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use jiff::Timestamp;

use crate::domain::{Forecast, QuotaSample, WindowForecast};
use crate::engine::Snapshot;
use crate::ui::theme::{self, Palette, corner, space};
use crate::ui::widgets::{self, MARK, covered, cut, paint_mark};
use crate::words::{self, Speech};

use super::hover;
use super::lane;
use super::lanes::{Lane, What};
use super::leads::{self, Lead};
use super::runs::{self, Counted, Runs};
use super::view::{Bins, Scale, Tick, View, ticks};

/// What is drawn.
pub(in crate::ui::screens) struct Shown<'a> {
    pub snapshot: &'a Snapshot,
    pub forecast: &'a Forecast,
    pub lanes: &'a [Lane<'a>],
    pub speech: &'a Speech<'a>,
    /// The moment at the line, and how it is called.
    pub at: Timestamp,
    pub now: String,
    /// Its rows lead to the board and to their accounts.
    pub leads: bool,
}

impl Shown<'_> {
    /// What was read of a window, oldest first.
    pub fn samples(&self, window: &WindowForecast) -> &[QuotaSample] {
        let key = (window.account.clone(), window.label.clone());
        self.snapshot.history.windows.get(&key).map_or(&[], |known| &known.samples)
    }
}

/// Width of the names.
const NAMES: f32 = 170.0;
pub(super) const AXIS: f32 = 24.0;
const DENSITY: f32 = 62.0;
const SENTENCE: f32 = 24.0;
/// With less for its rows, the runs below are not drawn.
const LEAST_ROWS: f32 = 170.0;
/// Half of a name on the axis, and the end of what stands at the line.
const BESIDE_NOW: f32 = 32.0;
/// Height of a row, where there is room and where there is little.
const ROOMY: f32 = 58.0;
const TIGHT: f32 = 40.0;

/// Draws everything; dragging, wheel and pinch change the view. The answer is the row that leads somewhere.
pub(in crate::ui::screens) fn ui(
    ui: &mut Ui,
    view: &mut View,
    runs: &mut Runs,
    shown: &Shown<'_>,
    wants_focus: bool,
) -> Option<(usize, Lead)> {
    let room = ui.available_rect_before_wrap();
    let x = Rangef::new(room.left() + NAMES + space::S, room.right() - space::L);
    let clusters = words::clusters(&shown.forecast.coming, shown.speech);
    let sentence = if clusters.is_some() { SENTENCE } else { 0.0 };
    // Where there is little room the rows need it more.
    let density = if room.height() - AXIS - DENSITY - sentence < LEAST_ROWS { 0.0 } else { DENSITY };
    let body_bottom = room.bottom() - density - sentence - space::S;
    let body = Rect::from_min_max(pos2(room.left(), room.top() + AXIS), pos2(room.right(), body_bottom));
    let row = (body.height() / shown.lanes.len().max(1) as f32).clamp(TIGHT, ROOMY);
    let plot = Rect::from_x_y_ranges(x, Rangef::new(room.top(), room.bottom() - sentence));
    let overflows = row * shown.lanes.len() as f32 > body.height() + 0.5;
    move_view(ui, plot, view, overflows);

    let scale = Scale { now: shown.at, view: *view, x };
    let rows_bottom = body.bottom().min(body.top() + row * shown.lanes.len() as f32);
    let below = Rect::from_min_size(pos2(room.left(), rows_bottom + space::S), vec2(room.width(), density));
    let lines = Rangef::new(body.top(), rows_bottom);
    axis_ui(ui, scale, room.top(), lines, shown);
    let lead = rows_ui(ui, body, row, scale, shown, wants_focus);
    now_ui(ui, scale, room.top(), Rangef::new(body.top(), below.bottom()), &shown.now);
    if density > 0.0 {
        density_ui(ui, below, scale, runs, shown);
    }
    if let Some(clusters) = clusters {
        let under = Rect::from_min_size(pos2(x.min, below.bottom()), vec2(x.span(), SENTENCE));
        clusters_ui(ui, under, &clusters);
    }
    lead
}

/// Dragging pans, the wheel pans or scrolls the rows, with Ctrl and by pinching it zooms.
fn move_view(ui: &Ui, plot: Rect, view: &mut View, overflows: bool) {
    let drag = ui.interact(plot, Id::unique("timeline"), Sense::DRAG);
    let width = f64::from(plot.width().max(1.0));
    if drag.dragged() {
        view.pan(-f64::from(drag.drag_delta().x) / width);
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    }
    if !ui.rect_contains_pointer(plot) {
        return;
    }
    let Some(pointer) = ui.input(|input| input.pointer.hover_pos()) else { return };
    let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
    if (zoom - 1.0).abs() > 1e-3 {
        view.zoom(f64::from(zoom), f64::from(pointer.x - plot.left()) / width);
        return;
    }
    let across = if overflows { scroll.x } else { scroll.x + scroll.y };
    if across != 0.0 {
        view.pan(-f64::from(across) / width);
    }
}

pub(super) fn axis_ui(ui: &Ui, scale: Scale, top: f32, lines: Rangef, shown: &Shown<'_>) {
    let palette = theme::palette(ui);
    let now = scale.at(scale.now);
    let taken = now_galley(ui, &shown.now).size().x / 2.0 + BESIDE_NOW;
    for Tick { at, name } in ticks(scale, shown.speech.zone) {
        let x = scale.at(at).round() + 0.5;
        ui.painter().vline(x, lines, Stroke::new(1.0, palette.line));
        if let Some(name) = name.filter(|_| (x - now).abs() > taken) {
            let at = pos2(x, top + AXIS / 2.0 - 2.0);
            ui.painter().text(at, Align2::CENTER_CENTER, name, theme::small_font(), palette.secondary);
        }
    }
}

fn now_galley(ui: &Ui, said: &str) -> Arc<Galley> {
    ui.painter().layout_no_wrap(said.to_owned(), theme::strong_chip_font(), theme::palette(ui).on_accent)
}

pub(super) fn now_ui(ui: &Ui, scale: Scale, top: f32, down: Rangef, said: &str) {
    let palette = theme::palette(ui);
    let x = scale.at(scale.now);
    if !scale.x.contains(x) {
        return;
    }
    ui.painter().vline(x, Rangef::new(top + AXIS - 4.0, down.max), Stroke::new(2.0, palette.accent));
    let galley = now_galley(ui, said);
    let pill = Rect::from_center_size(pos2(x, top + AXIS / 2.0 - 2.0), galley.size() + vec2(14.0, 5.0));
    ui.painter().rect_filled(pill, pill.height() / 2.0, palette.accent);
    ui.painter().galley(pill.center() - galley.size() / 2.0, galley, palette.on_accent);
}

fn rows_ui(
    ui: &mut Ui,
    body: Rect,
    height: f32,
    scale: Scale,
    shown: &Shown<'_>,
    wants_focus: bool,
) -> Option<(usize, Lead)> {
    let mut lead = None;
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        let area = ScrollArea::vertical()
            .id_salt("windows")
            .auto_shrink([false, false])
            .scroll_source(egui::scroll_area::ScrollSource::MOUSE_WHEEL | egui::scroll_area::ScrollSource::SCROLL_BAR);
        area.show(ui, |ui| {
            let all = vec2(body.width(), height * shown.lanes.len() as f32);
            let (rect, _) = ui.allocate_exact_size(all, Sense::hover());
            for (index, lane) in shown.lanes.iter().enumerate() {
                let row = Rect::from_min_size(
                    pos2(rect.left(), rect.top() + index as f32 * height),
                    vec2(rect.width(), height),
                );
                lead = row_ui(ui, row, index, lane, scale, shown, wants_focus && index == 0).or(lead);
            }
        });
    });
    lead
}

fn row_id(index: usize) -> Id {
    Id::unique(("quota window", index))
}

fn row_ui(
    ui: &mut Ui,
    rect: Rect,
    index: usize,
    lane: &Lane<'_>,
    scale: Scale,
    shown: &Shown<'_>,
    wants_focus: bool,
) -> Option<(usize, Lead)> {
    let response = row_response(ui, rect, index, lane, shown, wants_focus);
    let lead = shown.leads.then(|| leads::of_row(ui, &response, lane, scale.x.max, shown)).flatten();
    let lead = lead.map(|lead| (index, lead));
    if !ui.is_rect_visible(rect) {
        return lead;
    }
    let palette = theme::palette(ui);
    if response.has_focus() {
        let ring = Stroke::new(2.0, palette.accent);
        ui.painter().rect_stroke(rect.expand2(vec2(6.0, -1.0)), corner::BUTTON, ring, StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_filled(rect.with_max_x(scale.x.min - space::S), corner::BUTTON, palette.hover);
    }
    names_ui(ui, rect, lane);
    plot_ui(ui, rect, lane, scale, shown);
    response.on_hover_ui_at_pointer(|ui| hover::lane_ui(ui, lane, scale, shown));
    lead
}

/// One row for keyboard and screen reader.
pub(super) fn row_response(
    ui: &mut Ui,
    rect: Rect,
    index: usize,
    lane: &Lane<'_>,
    shown: &Shown<'_>,
    wants_focus: bool,
) -> Response {
    let response = ui.interact(rect, row_id(index), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, lane.sentence(shown.speech)));
    walk(ui, &response, index, shown.lanes.len());
    if wants_focus || response.clicked() {
        response.request_focus();
    }
    if response.gained_focus() {
        ui.scroll_to_rect(rect, None);
    }
    response
}

/// Enter or a double click.
pub(super) fn opened(ui: &Ui, response: &Response) -> bool {
    let entered = |input: &mut egui::InputState| input.consume_key(Modifiers::NONE, Key::Enter);
    response.double_clicked() || response.has_focus() && !covered(ui) && ui.input_mut(entered)
}

/// What is drawn over the axis for a row.
pub(super) fn plot_ui(ui: &Ui, rect: Rect, lane: &Lane<'_>, scale: Scale, shown: &Shown<'_>) {
    let palette = theme::palette(ui);
    let bar = Rect::from_x_y_ranges(
        scale.x,
        Rangef::new(rect.top() + 6.0, rect.bottom() - 14.0_f32.min(rect.height() * 0.24)),
    );
    let painter =
        ui.painter().with_clip_rect(ui.clip_rect().intersect(rect.with_min_x(scale.x.min).with_max_x(scale.x.max)));
    match &lane.what {
        What::Window(window) => {
            let color = theme::vendor_color(&lane.vendor);
            let strip = lane::Strip { painter: &painter, palette, bar, scale, color };
            lane::paint(&strip, window, shown.samples(window), shown.speech);
        }
        What::Money { said, empty, .. } => {
            let color = if *empty { palette.bad } else { palette.secondary };
            lane::said(&painter, bar.left() + 6.0, bar, said, color, None);
        }
    }
}

/// Up and down walk the rows; left and right are for the axis.
fn walk(ui: &Ui, response: &Response, index: usize, of: usize) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let to = match () {
        () if pressed(Key::ArrowDown) => (index + 1).min(of - 1),
        () if pressed(Key::ArrowUp) => index.saturating_sub(1),
        () => return,
    };
    ui.memory_mut(|memory| memory.request_focus(row_id(to)));
}

fn names_ui(ui: &Ui, rect: Rect, lane: &Lane<'_>) {
    let palette = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
    let tight = rect.height() < ROOMY - 6.0;
    let upper = rect.top() + if tight { 11.0 } else { 13.0 };
    let lower = upper + if tight { 16.0 } else { 18.0 };
    let left = rect.left() + MARK + space::S;
    if lane.first {
        let mark = Rect::from_min_size(pos2(rect.left(), upper - MARK / 2.0), vec2(MARK, MARK));
        paint_mark(&painter, palette, mark, &lane.vendor, false);
        let name = cut(&painter, lane.name, theme::strong_font(), palette.text, NAMES - MARK - space::S);
        painter.galley(pos2(left, upper - name.size().y / 2.0), name, palette.text);
    }
    let color = used_color(palette, lane);
    let used = painter.layout_no_wrap(lane.used(), theme::strong_font(), color);
    let used_at = pos2(rect.left() + NAMES - space::M - used.size().x, lower - used.size().y / 2.0);
    let label = cut(&painter, &lane.label(), theme::small_font(), palette.secondary, used_at.x - left - space::S);
    painter.galley(used_at, used, color);
    painter.galley(pos2(left, lower - label.size().y / 2.0), label, palette.secondary);
}

/// Of the number that says how much is used.
pub(super) fn used_color(palette: &Palette, lane: &Lane<'_>) -> egui::Color32 {
    match () {
        () if lane.alarming() => palette.bad,
        () if lane.old() => palette.faint,
        () => palette.text,
    }
}

fn density_ui(ui: &mut Ui, rect: Rect, scale: Scale, runs: &mut Runs, shown: &Shown<'_>) {
    let palette = theme::palette(ui);
    let (bins, counted, response) = bars_ui(ui, rect, scale, runs, shown);
    let title = ui.painter().text(
        pos2(rect.left(), rect.top() + 12.0),
        Align2::LEFT_CENTER,
        "Coming runs",
        theme::strong_font(),
        palette.text,
    );
    let about = format!("{}, by provider", bins.name);
    let about = cut(ui.painter(), &about, theme::small_font(), palette.secondary, NAMES);
    ui.painter().galley(pos2(rect.left(), title.bottom() + 3.0), about, palette.secondary);
    response.on_hover_ui_at_pointer(|ui| hover::runs_ui(ui, scale, bins, &counted, shown));
}

/// The bars of the runs alone.
pub(super) fn bars_ui(
    ui: &Ui,
    rect: Rect,
    scale: Scale,
    runs: &mut Runs,
    shown: &Shown<'_>,
) -> (Bins, Arc<Counted>, Response) {
    let bins = Bins::of(scale, shown.speech.zone);
    let counted = runs.counted(bins, shown.forecast, &shown.snapshot.history);
    let plot = Rect::from_x_y_ranges(scale.x, rect.y_range());
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(plot));
    runs::paint(&painter, plot, scale, bins, &counted);
    ui.painter().hline(scale.x, rect.bottom() + 0.5, Stroke::new(1.0, theme::palette(ui).line));
    (bins, counted, ui.interact(plot, Id::unique("coming runs"), Sense::hover()))
}

/// When many runs start together.
fn clusters_ui(ui: &mut Ui, rect: Rect, said: &str) {
    let palette = theme::palette(ui);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        widgets::elided(ui, said, theme::small_font(), palette.secondary, rect.width());
    });
}
