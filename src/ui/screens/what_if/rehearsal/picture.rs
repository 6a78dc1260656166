//! A rehearsed outage on a strip of time: a row for each account, how many crons are on it, whether it serves and whether
//! the program knows, and the runs that failed, with the program and without.

use egui::{
    Align2, Color32, Id, Rangef, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, lerp, pos2, remap_clamp,
    vec2,
};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{AccountId, Rehearsal, RehearsalLane, Rehearsed, Steps, vendor_of};
use crate::ui::icon;
use crate::ui::theme::{self, Palette, corner, space};
use crate::ui::widgets::{MARK, cut, paint_mark};
use crate::words;

const NAMES: f32 = 112.0;
const AXIS: f32 = 22.0;
const LEGEND: f32 = 20.0;
const ROOMY: f32 = 46.0;
const TIGHT: f32 = 26.0;
/// Height of a run's mark.
const RUN: f32 = 8.0;
/// What is there before the outage, of the whole.
const BEFORE: f64 = 0.04;

/// Ticks are that far apart, the first of them that leaves room.
const TICKS: [i64; 10] = [5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880];
const BETWEEN_TICKS: f32 = 64.0;

struct Strip {
    from: Timestamp,
    to: Timestamp,
    x: Rangef,
}

impl Strip {
    fn at(&self, at: Timestamp) -> f32 {
        let seconds = |at: Timestamp| at.duration_since(self.from).as_secs_f64();
        remap_clamp(seconds(at), 0.0..=seconds(self.to), f64::from(self.x.min)..=f64::from(self.x.max)) as f32
    }
}

pub(super) fn ui(ui: &mut Ui, lived: &Rehearsal, pointed: Option<Timestamp>) {
    let room = ui.available_rect_before_wrap();
    let x = Rangef::new(room.left() + NAMES + space::S, room.right() - numbers_width(ui, lived) - space::M);
    let whole = lived.until.duration_since(lived.begins);
    let strip = Strip { from: lived.begins - whole.mul_f64(BEFORE), to: lived.until, x };
    let n_rows = lived.lanes.len() + 1;
    let body = Rangef::new(room.top() + AXIS, room.bottom() - LEGEND);
    let height = (body.span() / n_rows as f32).clamp(TIGHT, ROOMY);
    let rows = Rangef::new(body.min, (body.min + height * n_rows as f32).min(body.max));
    let palette = *theme::palette(ui);
    axis_ui(ui, lived, &strip, room.top(), rows);
    let most = lived.lanes.iter().flat_map(|lane| &lane.crons).chain(&lived.paused).map(|(_, n)| *n).max();
    let most = most.unwrap_or_default().max(1);
    let row = |index: usize| {
        Rect::from_min_size(pos2(room.left(), rows.min + index as f32 * height), vec2(room.width(), height))
    };
    for (index, lane) in lived.lanes.iter().enumerate() {
        lane_ui(ui, row(index), lane, lived, &strip, most);
    }
    paused_ui(ui, row(lived.lanes.len()), lived, &strip, most);
    moments_ui(ui, lived, &strip, room.top(), rows);
    if let Some(at) = pointed {
        ui.painter().vline(strip.at(at), rows, Stroke::new(2.0, palette.accent));
    }
    legend_ui(ui, pos2(room.left() + NAMES + space::S, rows.max + LEGEND / 2.0 + 2.0));
}

fn axis_ui(ui: &Ui, lived: &Rehearsal, strip: &Strip, top: f32, rows: Rangef) {
    let palette = theme::palette(ui);
    let whole = lived.until.duration_since(lived.begins);
    let most = (strip.x.span() / BETWEEN_TICKS).max(1.0);
    let fits = |mins: &i64| whole.as_secs_f32() / SignedDuration::from_mins(*mins).as_secs_f32() <= most;
    let step = SignedDuration::from_mins(TICKS.into_iter().find(fits).unwrap_or(TICKS[TICKS.len() - 1]));
    let mut after = SignedDuration::ZERO;
    while after <= whole {
        let x = strip.at(lived.begins + after).round() + 0.5;
        ui.painter().vline(x, rows, Stroke::new(1.0, palette.line));
        let said = if after.is_zero() { "begins".to_owned() } else { format!("+{}", words::fine_span(after)) };
        let at = pos2(x, top + AXIS / 2.0 - 2.0);
        ui.painter().text(at, Align2::CENTER_CENTER, said, theme::small_font(), palette.secondary);
        after += step;
    }
}

/// The name of a row, and what a reader of the screen hears of it.
fn name_ui(ui: &mut Ui, rect: Rect, account: Option<&AccountId>, name: &str, said: &str) {
    let response = ui.interact(rect, Id::unique(("rehearsed row", name)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, said));
    let (palette, painter) = (theme::palette(ui), ui.painter());
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
    let mark = Rect::from_center_size(pos2(rect.left() + MARK / 2.0, rect.center().y), vec2(MARK, MARK));
    if let Some(account) = account {
        paint_mark(painter, palette, mark, &vendor_of(account), false);
    } else {
        let font = theme::icon_font(MARK);
        painter.text(mark.center(), Align2::CENTER_CENTER, icon::PAUSE_CIRCLE, font, palette.secondary);
    }
    let galley = cut(painter, name, theme::text_font(), palette.text, NAMES - MARK - space::S);
    painter.galley(pos2(mark.right() + space::S, rect.center().y - galley.size().y / 2.0), galley, palette.text);
    response.on_hover_text(said);
}

fn lane_ui(ui: &mut Ui, rect: Rect, lane: &RehearsalLane, lived: &Rehearsal, strip: &Strip, most: u32) {
    let palette = *theme::palette(ui);
    let name = words::account_name(&lane.account);
    name_ui(ui, rect, Some(&lane.account), &name, &words::rehearsal_lane(lane));
    let painter = ui.painter();
    let inner = rect.shrink2(vec2(0.0, 3.0));
    if lane.fails {
        let span = Rangef::new(strip.at(lived.begins), strip.at(lived.ends));
        painter.rect_filled(Rect::from_x_y_ranges(span, inner.y_range()), corner::MARK, away(&palette));
    }
    steps_ui(ui, inner, &lane.crons, strip, most, theme::vendor_color(&vendor_of(&lane.account)));
    for (from, to) in &lane.known {
        let known = Rangef::new(strip.at(*from), strip.at(to.unwrap_or(lived.until)));
        painter.hline(known, inner.top() + 1.0, Stroke::new(2.0, palette.bad));
    }
    // Those that fail without the program stand lower and fainter.
    let marks =
        [(&lane.failed_without, inner.bottom() - RUN, palette.faint), (&lane.failed, inner.top() + 4.0, palette.bad)];
    for (moments, top, color) in marks {
        for at in moments {
            painter.vline(strip.at(*at), Rangef::new(top, top + RUN), Stroke::new(2.0, color));
        }
    }
    if let Some(text) = failed(lane) {
        number_ui(ui, rect, text);
    }
}

/// How many runs failed with the program and without.
fn failed(lane: &RehearsalLane) -> Option<String> {
    let (with, without) = (lane.failed.len(), lane.failed_without.len());
    (with + without > 0).then(|| format!("{with} / {without} failed"))
}

fn left_out(lived: &Rehearsal) -> Option<String> {
    let n = lived.with.n_missed;
    (n > 0).then(|| format!("{} left out", words::count(n as usize, "run")))
}

/// What the widest number at the right needs: it is read whole, and the marks end before it.
fn numbers_width(ui: &Ui, lived: &Rehearsal) -> f32 {
    let texts = lived.lanes.iter().filter_map(failed).chain(left_out(lived));
    let width = |text| ui.painter().layout_no_wrap(text, theme::small_font(), Color32::PLACEHOLDER).size().x;
    texts.map(width).fold(0.0, f32::max)
}

fn number_ui(ui: &Ui, rect: Rect, text: String) {
    let at = pos2(rect.right(), rect.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::small_font(), theme::palette(ui).secondary);
}

fn paused_ui(ui: &mut Ui, rect: Rect, lived: &Rehearsal, strip: &Strip, most: u32) {
    let palette = *theme::palette(ui);
    let n = lived.most_paused();
    let left_out = left_out(lived);
    let more = left_out.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
    name_ui(ui, rect, None, "Paused", &format!("{} paused at most{more}", words::count(n as usize, "cron")));
    steps_ui(ui, rect.shrink2(vec2(0.0, 3.0)), &lived.paused, strip, most, palette.secondary);
    if let Some(text) = left_out {
        number_ui(ui, rect, text);
    }
}

/// How many crons are there, as a filled line.
fn steps_ui(ui: &Ui, rect: Rect, steps: &Steps, strip: &Strip, most: u32, color: Color32) {
    let painter = ui.painter();
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([strip.to]);
    for ((from, n), to) in steps.iter().zip(ends).filter(|((_, n), to)| *n > 0 && *to > strip.from) {
        let height = lerp(3.0..=rect.height() - 2.0, *n as f32 / most as f32);
        let span = Rangef::new(strip.at((*from).max(strip.from)), strip.at(to));
        let area = Rect::from_x_y_ranges(span, Rangef::new(rect.bottom() - height, rect.bottom()));
        painter.rect_filled(area, 0.0, color.gamma_multiply(0.35));
        painter.hline(span, area.top(), Stroke::new(1.5, color));
        let galley = painter.layout_no_wrap(n.to_string(), theme::chip_font(), Color32::PLACEHOLDER);
        if span.span() > galley.size().x + space::S && height > galley.size().y {
            let at = pos2(span.min + 4.0, area.bottom() - galley.size().y);
            let text = theme::palette(ui).text;
            painter.galley_with_override_text_color(at, galley, text);
        }
    }
}

/// When the outage ends, crisis mode, and when everything is as before.
fn moments_ui(ui: &Ui, lived: &Rehearsal, strip: &Strip, top: f32, rows: Rangef) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let line = |at: Timestamp, color: Color32| {
        let points = [pos2(strip.at(at), rows.min), pos2(strip.at(at), rows.max)];
        painter.extend(Shape::dashed_line(&points, Stroke::new(1.5, color), 4.0, 3.0));
    };
    line(lived.begins, palette.bad);
    line(lived.ends, palette.good);
    if let Some(at) = lived.as_before {
        line(at, palette.good);
    }
    let mode = |fits: fn(&Rehearsed) -> bool| lived.events.iter().find(|event| fits(&event.what)).map(|event| event.at);
    if let Some(from) = mode(|what| matches!(what, Rehearsed::CrisisOn(_))) {
        let to = mode(|what| *what == Rehearsed::CrisisOff).unwrap_or(lived.until);
        let band = Rangef::new(strip.at(from.max(strip.from)), strip.at(to));
        painter.hline(band, top + AXIS - 3.0, Stroke::new(3.0, palette.warning));
    }
}

/// The ground of the time in which an account is away: seen on both grounds, and no mark of its own.
fn away(palette: &Palette) -> Color32 {
    palette.bad.gamma_multiply(0.3)
}

fn legend_ui(ui: &Ui, at: egui::Pos2) {
    let palette = *theme::palette(ui);
    let mut at = at;
    for (kind, text) in [
        (Sign::Area(away(&palette)), "away"),
        (Sign::Line(palette.bad), "known to be"),
        (Sign::Run(palette.bad), "failed run"),
        (Sign::Run(palette.faint), "failed without this program"),
        (Sign::Line(palette.warning), "crisis mode"),
    ] {
        let painter = ui.painter();
        let sign = Rect::from_center_size(pos2(at.x + 6.0, at.y), vec2(12.0, 10.0));
        match kind {
            Sign::Area(color) => {
                painter.rect_filled(sign, corner::MARK, color);
            }
            Sign::Line(color) => {
                painter.hline(sign.x_range(), sign.center().y, Stroke::new(3.0, color));
            }
            Sign::Run(color) => {
                painter.vline(
                    sign.center().x,
                    sign.center().y - RUN / 2.0..=sign.center().y + RUN / 2.0,
                    Stroke::new(2.0, color),
                );
            }
        }
        let galley = painter.layout_no_wrap(text.to_owned(), theme::small_font(), palette.secondary);
        let (width, height) = (galley.size().x, galley.size().y);
        painter.galley(pos2(sign.right() + 5.0, at.y - height / 2.0), galley, palette.secondary);
        at.x = sign.right() + 5.0 + width + space::M;
    }
}

enum Sign {
    Area(Color32),
    Line(Color32),
    Run(Color32),
}
