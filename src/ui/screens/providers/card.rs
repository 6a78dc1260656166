//! One account as a card: laid out first, so that a row of cards can be as high as its highest, then painted.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Button, Color32, FontId, Galley, Id, Layout, Painter, Rect, Response, RichText, Sense, Stroke, StrokeKind,
    Ui, UiBuilder, Vec2, WidgetInfo, accesskit, pos2, vec2,
};

use crate::domain::QuotaWindow;
use crate::engine::{Snapshot, dashboard_of};
use crate::ui::icon;
use crate::ui::theme::{self, Palette, corner};
use crate::ui::widgets::{MARK, Tone, counts, cut, paint_mark};
use crate::words::{self, Speech, Standing};

use super::seen::{Seen, vendor};

const PAD: f32 = 14.0;
const HEAD: f32 = 24.0;
const GAP: f32 = 7.0;
const BUTTONS: f32 = 24.0;
/// Where the bars begin, of the inner width.
const BAR_FROM: f32 = 0.34;
const PERCENT: f32 = 44.0;
const BAR: f32 = 7.0;
/// More windows than these are told of in the details.
const WINDOWS: usize = 4;

/// A card before it has a place.
pub(super) struct Laid {
    headline: Arc<Galley>,
    windows: Vec<Bar>,
    notes: Vec<(Arc<Galley>, Color32)>,
    foot: Arc<Galley>,
    times: String,
    pub height: f32,
}

struct Bar {
    name: Arc<Galley>,
    percent: Arc<Galley>,
    detail: Arc<Galley>,
    ratio: f32,
    fill: Color32,
    said: String,
}

/// What was pressed on a card.
#[derive(Debug, Default)]
pub(super) struct Pressed {
    pub check: bool,
    pub dashboard: bool,
    /// The button of the menu.
    pub more: Option<Response>,
}

/// Lays out everything that one card says, in this width.
pub(super) fn lay(ui: &Ui, seen: &Seen<'_>, snapshot: &Snapshot, speech: &Speech<'_>, width: f32) -> Laid {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let inner = width - 2.0 * PAD;
    let headline = headline(painter, seen, palette, inner);
    let windows: Vec<_> =
        shown_windows(seen.of.windows).map(|window| bar(painter, seen, window, palette, inner, speech)).collect();
    let notes: Vec<_> = notes(seen, snapshot, speech)
        .into_iter()
        .map(|(tone, text)| {
            let color = if tone == Tone::Plain { palette.secondary } else { tone.colors(palette).0 };
            (wrapped(painter, &text, theme::small_font(), color, inner, 2), color)
        })
        .collect();
    let foot = format!("{} · {}", words::account_price(seen.account(), seen.plan, speech), seen.brief_key());
    let foot = wrapped(painter, &foot, theme::small_font(), palette.faint, inner, 2);
    let times = words::look_times(seen.of.look, speech);
    let body: f32 = windows.iter().map(|bar| bar.height() + GAP).sum::<f32>()
        + notes.iter().map(|(note, _)| note.size().y + GAP).sum::<f32>();
    let height = PAD + HEAD + GAP + headline.size().y + GAP + body + foot.size().y + GAP + BUTTONS + PAD - 2.0;
    Laid { headline, windows, notes, foot, times, height }
}

/// In their order; of many only the fullest.
fn shown_windows(windows: &[QuotaWindow]) -> impl Iterator<Item = &QuotaWindow> {
    let mut ratios: Vec<_> = windows.iter().map(|window| window.used_ratio).collect();
    ratios.sort_by(|a, b| b.total_cmp(a));
    let least = ratios.get(WINDOWS - 1).copied().unwrap_or(f64::NEG_INFINITY);
    windows.iter().filter(move |window| window.used_ratio.total_cmp(&least).is_ge()).take(WINDOWS)
}

fn headline(painter: &Painter, seen: &Seen<'_>, palette: &Palette, width: f32) -> Arc<Galley> {
    let said = &seen.said;
    let trouble = said.standing.is_down() || matches!(said.standing, Standing::RateLimited | Standing::Overloaded);
    let font = if trouble { theme::strong_font() } else { theme::text_font() };
    let stop = if said.next.is_some() { ". " } else { "" };
    let mut job = LayoutJob::default();
    job.append(&format!("{}{stop}", said.headline), 0.0, TextFormat::simple(font, palette.text));
    if let Some(next) = &said.next {
        job.append(next, 0.0, TextFormat::simple(theme::text_font(), palette.secondary));
    }
    job.wrap = TextWrapping { max_width: width, max_rows: 4, ..TextWrapping::default() };
    painter.layout_job(job)
}

fn bar(
    painter: &Painter,
    seen: &Seen<'_>,
    window: &QuotaWindow,
    palette: &Palette,
    width: f32,
    speech: &Speech<'_>,
) -> Bar {
    let old = words::window_is_old(window, speech);
    let rolled = window.resets_at.is_some_and(|at| at <= speech.now);
    let strained = speech.settings.thresholds.strained_ratio;
    let fill = match window.used_ratio {
        _ if old => palette.faint,
        used if used >= 1.0 => palette.bad,
        used if used >= strained => palette.warning,
        _ => palette.good,
    };
    let name = words::window_name(window);
    let percent = if rolled { "?".to_owned() } else { format!("{:.0}%", window.used_ratio * 100.0) };
    let reset = words::window_reset(window, speech);
    let source = words::window_source(window, seen.account(), speech);
    let detail = format!("{reset} · {source}");
    let color = if old { palette.faint } else { palette.text };
    let from = width * BAR_FROM;
    Bar {
        name: wrapped(painter, &name, theme::text_font(), palette.secondary, from - 8.0, 2),
        percent: cut(painter, &percent, theme::strong_font(), color, PERCENT),
        detail: wrapped(painter, &detail, theme::small_font(), palette.faint, width - from, 2),
        ratio: if rolled { 0.0 } else { window.used_ratio.clamp(0.0, 1.0) as f32 },
        fill,
        said: format!("{name}: {}, {reset}. {source}", words::window_used(window)),
    }
}

/// What else is to be said, the worst first.
fn notes(seen: &Seen<'_>, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<(Tone, String)> {
    let mut notes: Vec<_> = seen.models(snapshot, speech).into_iter().map(|text| (Tone::Warning, text)).collect();
    if notes.len() > 3 {
        let rest = notes.len() - 2;
        notes.truncate(2);
        notes.push((Tone::Warning, format!("{} more are worse off than the account", words::count(rest, "model"))));
    }
    notes.extend(seen.aside(speech).map(|text| (Tone::Warning, text)));
    let report = seen.of.look.and_then(|look| look.report.as_deref());
    if let Some(other) = report.and_then(|report| report.key_belongs_to.as_ref()) {
        notes.push((Tone::Warning, format!("Its key is taken at {other}: correct region or address")));
    }
    if let Some(trouble) = report.and_then(|report| report.quota_trouble.as_ref()) {
        notes.push((Tone::Plain, words::diagnosis_headline(trouble, speech)));
    }
    notes.extend(seen.money.and_then(|read| words::account_money(read, seen.account(), speech)).map(plain));
    let hidden = seen.of.windows.len().saturating_sub(WINDOWS);
    if hidden > 0 {
        notes.push(plain(format!("{} more in the details", words::count(hidden, "window"))));
    }
    if let Some(vital) = seen.of.vital {
        // When it is tried again stands in the headline already.
        let told = seen.said.next.as_ref().is_some_and(|next| next.starts_with("Next try"));
        let breaker = words::breaker(&vital.breaker, speech).filter(|_| !told);
        let waits = words::gateway_waits(vital.gateway_waits_until, speech);
        let parts: Vec<_> = breaker.into_iter().chain(waits).collect();
        if !parts.is_empty() {
            notes.push(plain(words::capitalised(&parts.join(" · "))));
        }
    }
    notes
}

fn plain(text: String) -> (Tone, String) {
    (Tone::Plain, text)
}

/// The whole card in one sentence, for a screen reader.
pub(super) fn spoken(seen: &Seen<'_>) -> String {
    let next = seen.said.next.as_ref().map(|next| format!(". {next}")).unwrap_or_default();
    format!("{}, {}. {}{next}", seen.label(), seen.said.standing.label(), seen.said.headline)
}

/// How the card is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub response: &'a Response,
    /// Tab stops at its buttons.
    pub stops: bool,
    /// Why it cannot be checked now.
    pub resting: Option<&'a str>,
}

/// Paints the card into its place, and says what was pressed on it.
pub(super) fn card_ui(
    ui: &mut Ui,
    rect: Rect,
    seen: &Seen<'_>,
    laid: Laid,
    look: Look<'_>,
    speech: &Speech<'_>,
) -> Pressed {
    let palette = theme::palette(ui);
    ground(ui, rect, look.response, palette);
    let inner = rect.shrink(PAD);
    head_ui(ui, inner, seen, palette);
    let mut y = inner.top() + HEAD + GAP;
    let said = Rect::from_min_size(pos2(inner.left(), y), vec2(inner.width(), laid.headline.size().y));
    whole_on_hover(ui, said, look.response.id.with("said"), &laid.headline, &spoken(seen));
    y += laid.headline.size().y + GAP;
    ui.painter().galley(said.min, laid.headline, palette.text);
    for (at, bar) in laid.windows.into_iter().enumerate() {
        let place = Rect::from_min_size(pos2(inner.left(), y), vec2(inner.width(), bar.height()));
        y = place.bottom() + GAP;
        bar.ui(ui, place, look.response.id.with(("window", at)), palette);
    }
    for (at, (note, color)) in laid.notes.into_iter().enumerate() {
        let place = Rect::from_min_size(pos2(inner.left(), y), vec2(inner.width(), note.size().y));
        y = place.bottom() + GAP;
        let text = note.text().to_owned();
        said_ui(ui, place, look.response.id.with(("note", at)), &note, &text);
        ui.painter().galley(place.min, note, color);
    }
    // What is left of the height is above the foot.
    let buttons =
        Rect::from_min_max(pos2(inner.left(), inner.bottom() - BUTTONS + 2.0), inner.right_bottom() + vec2(0.0, 2.0));
    let foot = Rect::from_min_max(pos2(inner.left(), buttons.top() - GAP - laid.foot.size().y), buttons.right_top());
    let text = laid.foot.text().to_owned();
    said_ui(ui, foot, look.response.id.with("foot"), &laid.foot, &text);
    ui.painter().galley(foot.min, laid.foot, palette.faint);
    buttons_ui(ui, buttons, seen, &laid.times, look, speech)
}

fn ground(ui: &Ui, rect: Rect, response: &Response, palette: &Palette) {
    let line = match (response.has_focus(), response.hovered()) {
        (true, _) => Stroke::new(2.0, palette.accent),
        (_, true) => Stroke::new(1.0, palette.strong_line),
        _ => Stroke::new(1.0, palette.line),
    };
    let below = rect.translate(vec2(0.0, 1.0));
    ui.painter().rect_filled(below, corner::CARD, palette.shadow);
    ui.painter().rect(rect, corner::CARD, palette.card, line, StrokeKind::Inside);
}

/// Mark and name, and the pill at the right.
fn head_ui(ui: &mut Ui, inner: Rect, seen: &Seen<'_>, palette: &Palette) {
    let middle = inner.top() + HEAD / 2.0;
    let (color, fill) = seen.tone().colors(palette);
    let word = cut(ui.painter(), seen.said.standing.label(), theme::strong_chip_font(), color, inner.width() / 2.0);
    let size = word.size() + vec2(20.0, 8.0);
    let pill = Rect::from_center_size(pos2(inner.right() - size.x / 2.0, middle), size);
    ui.painter().rect_filled(pill, pill.height() / 2.0, fill);
    ui.painter().galley(pill.center() - word.size() / 2.0, word, color);
    let mark = Rect::from_center_size(pos2(inner.left() + MARK / 2.0, middle), Vec2::splat(MARK));
    let aside = matches!(seen.said.standing, Standing::NotSetUp | Standing::SetAside);
    paint_mark(ui.painter(), palette, mark, &vendor(seen.account()), aside);
    let from = mark.right() + 8.0;
    let name = cut(ui.painter(), seen.label(), theme::title_font(), palette.text, pill.left() - 8.0 - from);
    let place = Rect::from_min_size(pos2(from, middle - name.size().y / 2.0), name.size());
    whole_on_hover(ui, place, Id::unique(("account name", seen.id())), &name, seen.label());
    ui.painter().galley(place.min, name, palette.text);
}

fn buttons_ui(ui: &mut Ui, rect: Rect, seen: &Seen<'_>, times: &str, look: Look<'_>, speech: &Speech<'_>) -> Pressed {
    let palette = theme::palette(ui);
    let mut pressed = Pressed::default();
    let builder = UiBuilder::new().max_rect(rect).layout(Layout::right_to_left(Align::Center)).id_salt(seen.id());
    // A child that takes no part in the layout: the cards have their places already.
    let ui = &mut ui.new_child(builder);
    {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().button_padding = vec2(8.0, 3.0);
        let label = seen.label();
        let glyph = RichText::new(icon::MORE_HORIZ).font(theme::icon_font(15.0));
        let more = small_button(ui, glyph, look.stops).accessible_name(format!("More for {label}"));
        pressed.more = Some(more.on_hover_text("Everything that can be done with it (Enter)"));
        if let Some(link) = dashboard_of(seen.account()) {
            let text = RichText::new("Dashboard").font(theme::small_font());
            let button = small_button(ui, text, look.stops).accessible_name(format!("Dashboard of {label}"));
            pressed.dashboard = button.on_hover_text(link).clicked();
        }
        let word = if seen.awaited { "Checking…" } else { "Check" };
        let text = RichText::new(word).font(theme::small_font());
        let button = ui.add_enabled_ui(look.resting.is_none(), |ui| small_button(ui, text, look.stops)).inner;
        let button = button.accessible_name(format!("Check {label}"));
        let button = button.on_hover_text("Asks it now: free questions first (C)");
        pressed.check = button.on_disabled_hover_text(look.resting.unwrap_or_default()).clicked();
        let room = ui.available_width();
        if room > 40.0 {
            let text = wrapped(ui.painter(), times, theme::small_font(), palette.faint, room, 2);
            let place = Rect::from_min_size(pos2(rect.left(), rect.center().y - text.size().y / 2.0), text.size());
            said_ui(ui, place, Id::unique(("times", seen.id())), &text, times);
            ui.painter().galley(place.min, text, palette.faint);
        }
    }
    let look = seen.of.look;
    let moments =
        [look.and_then(|look| look.report.as_ref()).map(|report| report.checked_at), look.and_then(|look| look.due_at)];
    for at in moments.into_iter().flatten() {
        counts(ui, at, speech.now);
    }
    pressed
}

fn small_button(ui: &mut Ui, text: RichText, stops: bool) -> Response {
    let sense = if stops { Sense::click() } else { Sense::CLICK };
    ui.add(Button::new(text).min_size(vec2(0.0, 22.0)).sense(sense))
}

impl Bar {
    fn height(&self) -> f32 {
        self.name.size().y.max(self.percent.size().y + self.detail.size().y + 1.0)
    }

    fn ui(self, ui: &Ui, place: Rect, id: Id, palette: &Palette) {
        let response = ui.interact(place, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, &self.said));
        response.on_hover_text(&self.said);
        let line = self.percent.size().y;
        let from = place.left() + place.width() * BAR_FROM;
        let to = place.right() - PERCENT;
        let full = Rect::from_min_max(
            pos2(from, place.top() + (line - BAR) / 2.0),
            pos2(to, place.top() + f32::midpoint(line, BAR)),
        );
        ui.painter().rect(
            full,
            BAR / 2.0,
            palette.background,
            Stroke::new(1.0, palette.strong_line),
            StrokeKind::Inside,
        );
        if self.ratio > 0.0 {
            let used = full.with_max_x(from + (full.width() * self.ratio).max(BAR));
            ui.painter().rect_filled(used, BAR / 2.0, self.fill);
        }
        let right = pos2(place.right() - self.percent.size().x, place.top());
        ui.painter().galley(place.min, self.name, palette.secondary);
        ui.painter().galley(right, self.percent, palette.text);
        ui.painter().galley(pos2(from, place.top() + line + 1.0), self.detail, palette.faint);
    }
}

/// Text over at most so many rows, cut with an ellipsis after them.
fn wrapped(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32, rows: usize) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping { max_width: width.max(1.0), max_rows: rows, ..TextWrapping::default() };
    painter.layout_job(job)
}

/// A text that a screen reader finds by itself, whole on hover where it is cut.
fn said_ui(ui: &Ui, place: Rect, id: Id, galley: &Galley, text: &str) {
    let response = ui.interact(place, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
    if galley.elided {
        response.on_hover_text(text);
    }
}

/// The same for what the card's own name says already.
fn whole_on_hover(ui: &Ui, place: Rect, id: Id, galley: &Galley, text: &str) {
    if galley.elided {
        ui.interact(place, id, Sense::hover()).on_hover_text(text);
    }
}
