//! One card: name and badges, schedule and next run, model now and planned, last result.
//!
//! Painted by hand in a given rectangle, so that rows have an exact height and a column of
//! thousands costs only what is seen.

use egui::text::LayoutJob;
use egui::{Color32, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use jiff::SignedDuration;

use crate::domain::{Change, ChangeKind, RunStatus, SuggestionReason};
use crate::ui::paused::PausedBy;
use crate::ui::theme::{self, Palette, corner};
use crate::ui::widgets::{self, MARK, Tone, cut, paint_mark, vendor_of_model};
use crate::words::{self, Speech};

use super::facts::{Card, Lane};

/// Height of a card, and of the gap below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Density {
    pub card: f32,
    pub compact: bool,
}

impl Density {
    pub const GAP: f32 = 6.0;

    #[must_use]
    pub fn of(compact: bool) -> Self {
        Self { card: if compact { 50.0 } else { 74.0 }, compact }
    }

    #[must_use]
    pub fn step(self) -> f32 {
        self.card + Self::GAP
    }
}

/// How a card looks beside what it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    pub hovered: bool,
    pub focused: bool,
    pub selected: bool,
    pub carried: bool,
    /// It belongs to the quota or the moment that is pointed at, or others do.
    pub lit: bool,
    pub dim: bool,
}

/// What of a card can be hovered or clicked apart from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// Its name or its schedule did not fit.
    pub cut: bool,
    /// Where the suggestion chip is.
    pub suggestion: Option<Rect>,
}

/// Paints `card` in `rect`.
pub fn paint_card(
    ui: &Ui,
    rect: Rect,
    card: &Card,
    change: Option<&Change>,
    look: Look,
    density: Density,
    speech: &Speech<'_>,
) -> Parts {
    let palette = theme::palette(ui);
    let mut painter = ui.painter().clone();
    if look.dim {
        painter.multiply_opacity(theme::DIM);
    }
    let painter = &painter;
    frame(painter, rect, look, card, palette);
    let faded = card.lane == Lane::NotRoutable || card.paused.is_some() || look.carried;
    let pen = Pen { painter, palette, inner: rect.shrink2(vec2(10.0, 0.0)), fade: if faded { 0.72 } else { 1.0 } };
    let result = result(card, change, speech);
    let cut = pen.name_line(card, rect.top() + 9.0, density.compact.then_some(&result));
    let mut parts = Parts { cut, suggestion: None };
    if let Some(next) = card.cron.next_run_at.filter(|_| card.cron.enabled) {
        widgets::counts_minutes(ui, next, speech.now);
    }
    if density.compact {
        let right = next_run(card, speech);
        parts.suggestion = pen.model_line(card, change, rect.top() + 27.0, (&right, Tone::Plain), speech);
    } else {
        parts.cut |= pen.schedule_line(card, rect.top() + 28.0, speech);
        parts.suggestion = pen.model_line(card, change, rect.top() + 46.0, (&result.0, result.1), speech);
    }
    parts
}

/// The card as one sentence for a screen reader.
#[must_use]
pub fn described(card: &Card, change: Option<&Change>, look: Look, speech: &Speech<'_>) -> String {
    let mut parts = vec![schedule_and_next(card, speech), words::cron_model(&card.cron, speech)];
    if let Some(change) = change {
        parts.push(format!("planned: {}", words::target(change, speech)));
    }
    let marks = [
        (card.critical, "critical"),
        (card.pinned, "pinned"),
        (card.held, "held"),
        (card.saving, "being saved"),
        (look.lit, "lit"),
    ];
    parts.extend(marks.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_owned()));
    parts.push(result(card, change, speech).0);
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn frame(painter: &Painter, rect: Rect, look: Look, card: &Card, palette: &Palette) {
    if palette.shadow != Color32::TRANSPARENT {
        painter.rect_filled(rect.translate(vec2(0.0, 1.0)).expand(0.5), corner::CARD, palette.shadow);
    }
    let ground = match look {
        Look { carried: true, .. } => palette.panel,
        Look { lit: true, .. } => palette.accent_ground,
        Look { hovered: true, .. } => palette.hover,
        _ if card.lane == Lane::NotRoutable => palette.panel,
        _ => palette.card,
    };
    let line = match look {
        Look { selected: true, .. } => Stroke::new(2.0, palette.accent),
        Look { lit: true, .. } => theme::lit(palette),
        Look { hovered: true, .. } => Stroke::new(1.0, palette.strong_line),
        _ => Stroke::new(1.0, palette.line),
    };
    painter.rect(rect, corner::CARD, ground, line, StrokeKind::Inside);
    if look.focused {
        // Outside the edge, so that a focused selected card shows both.
        painter.rect_stroke(rect.expand(2.5), corner::CARD + 2, Stroke::new(1.5, palette.text), StrokeKind::Inside);
    }
    if card.saving {
        let dot = pos2(rect.right() - 7.0, rect.top() + 7.0);
        painter.circle_filled(dot, 2.5, palette.accent);
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    inner: Rect,
    fade: f32,
}

impl Pen<'_> {
    /// The name, then its badges; true when the name was cut.
    fn name_line(&self, card: &Card, y: f32, result: Option<&(String, Tone)>) -> bool {
        let mut right = self.inner.right();
        if let Some((text, tone)) = result {
            right = self.text_right(text, right, y + 1.0, self.tone(*tone)) - 8.0;
        }
        let badges = badges(card);
        let wanted: f32 = badges.iter().map(|badge| self.badge_width(*badge) + 6.0).sum();
        let color = self.palette.text.gamma_multiply(self.fade);
        let width = (right - self.inner.left() - wanted).max(40.0);
        let galley = cut(self.painter, &card.cron.name, theme::strong_font(), color, width);
        let mut x = self.inner.left() + galley.size().x + 7.0;
        let elided = galley.elided;
        self.painter.galley(pos2(self.inner.left(), y), galley, color);
        for badge in badges {
            x = self.badge(badge, x, y) + 6.0;
        }
        elided
    }

    fn badge_width(&self, badge: Badge) -> f32 {
        match badge {
            Badge::Star => 14.0,
            Badge::Word(word) => self.layout(word, theme::badge_font()).x + 10.0,
        }
    }

    fn badge(&self, badge: Badge, x: f32, y: f32) -> f32 {
        match badge {
            Badge::Star => {
                let galley = cut(self.painter, "★", theme::strong_font(), self.palette.warning, 20.0);
                self.painter.galley(pos2(x, y), galley, self.palette.warning);
                x + 14.0
            }
            Badge::Word(word) => {
                let color = self.palette.secondary;
                let galley = cut(self.painter, word, theme::badge_font(), color, 90.0);
                let size = galley.size() + vec2(10.0, 2.0);
                let rect = Rect::from_min_size(pos2(x, y + 8.0 - size.y / 2.0), size);
                let line = Stroke::new(1.0, self.palette.strong_line);
                self.painter.rect_stroke(rect, corner::MARK, line, StrokeKind::Inside);
                self.painter.galley(rect.min + vec2(5.0, 1.0), galley, color);
                rect.right()
            }
        }
    }

    /// The schedule is cut before the next run is; true when it was.
    fn schedule_line(&self, card: &Card, y: f32, speech: &Speech<'_>) -> bool {
        let color = self.palette.secondary.gamma_multiply(self.fade);
        let next = next_run(card, speech);
        let next = if next.is_empty() { next } else { format!(" · {next}") };
        let room = self.inner.width() - self.layout(&next, theme::small_font()).x;
        let schedule = words::schedule_in_short(&card.cron.schedule, speech);
        let galley = cut(self.painter, &schedule, theme::small_font(), color, room);
        let end = self.inner.left() + galley.size().x;
        let elided = galley.elided;
        self.painter.galley(pos2(self.inner.left(), y), galley, color);
        let galley = cut(self.painter, &next, theme::small_font(), color, self.inner.width());
        self.painter.galley(pos2(end, y), galley, color);
        elided
    }

    /// Model now, an arrow, model planned; `right` at the end. The suggestion chip's place, if it has one.
    fn model_line(
        &self,
        card: &Card,
        change: Option<&Change>,
        y: f32,
        right: (&str, Tone),
        speech: &Speech<'_>,
    ) -> Option<Rect> {
        let middle = y + MARK / 2.0;
        let mut end = self.inner.right();
        let planned = change.filter(|change| change.kind != ChangeKind::Refit);
        let now = words::cron_model(&card.cron, speech);
        let target = planned.map(|change| match change.kind {
            ChangeKind::Pause => "pause".to_owned(),
            _ => words::target(change, speech),
        });
        let mut suggestion = None;
        if let Some(tier) = card.suggested {
            let rect = self.pill_right(&format!("suggest {}", tier.code()), end, middle, Tone::Accent);
            suggestion = Some(rect);
            end = rect.left() - 8.0;
        } else if !right.0.is_empty() {
            // What will change matters more than a last result that was good.
            let needed = target.as_ref().map_or(0.0, |target| self.change_width(&now, target));
            let room = end - self.inner.left() - self.layout(right.0, theme::small_font()).x - 8.0;
            if right.1 != Tone::Plain || needed <= room {
                end = self.text_right(right.0, end, y + 1.0, self.tone(right.1)) - 8.0;
            }
        }
        // Where both names do not fit, the mark alone says what it runs on now.
        let cramped = card.model.is_some()
            && target.as_ref().is_some_and(|target| self.change_width(&now, target) > end - self.inner.left());
        let mut x = self.inner.left();
        let secondary = self.palette.secondary.gamma_multiply(self.fade);
        if let (Lane::NotRoutable, true) = (card.lane, now.is_empty()) {
            self.text(kind_word(card), x, middle, theme::small_font(), secondary, end - x);
            return suggestion;
        }
        let tight = suggestion.is_some() && end - x < 104.0;
        if let Some(model) = card.model.as_ref().filter(|_| !tight) {
            self.mark(x, middle, model);
            x += MARK + 6.0;
        }
        let share = if planned.is_some() { 0.5 } else { 1.0 };
        if cramped {
            x -= 4.0;
        } else {
            x = self.text(&now, x, middle, theme::small_font(), secondary, (end - x) * share);
        }
        let (Some(change), Some(target)) = (planned, target) else { return suggestion };
        x = self.text("→", x + 6.0, middle, theme::small_font(), self.palette.faint, 14.0) + 6.0;
        if change.kind == ChangeKind::Pause {
            let width = self.layout("pause", theme::strong_chip_font()).x + 14.0;
            self.pill_right("pause", x + width, middle, Tone::Warning);
            return suggestion;
        }
        if let Some(model) = &change.to_model {
            self.mark(x, middle, model);
            x += MARK + 6.0;
        }
        let font = FontId::new(theme::small_font().size, theme::semibold());
        self.text(&target, x, middle, font, self.palette.text, end - x);
        suggestion
    }

    /// How wide "mark now → mark target" is.
    fn change_width(&self, now: &str, target: &str) -> f32 {
        let font = FontId::new(theme::small_font().size, theme::semibold());
        let words = self.layout(now, theme::small_font()).x + self.layout(target, font).x;
        words + 2.0 * (MARK + 6.0) + 30.0
    }

    fn mark(&self, x: f32, middle: f32, model: &crate::domain::ModelRef) {
        let rect = Rect::from_center_size(pos2(x + MARK / 2.0, middle), vec2(MARK, MARK));
        paint_mark(self.painter, self.palette, rect, &vendor_of_model(model), self.fade < 1.0);
    }

    fn text(&self, text: &str, x: f32, middle: f32, font: FontId, color: Color32, width: f32) -> f32 {
        let galley = cut(self.painter, text, font, color, width.max(8.0));
        let end = x + galley.size().x;
        self.painter.galley(pos2(x, middle - galley.size().y / 2.0), galley, color);
        end
    }

    /// Right-aligned; the answer is where it begins.
    fn text_right(&self, text: &str, right: f32, y: f32, color: Color32) -> f32 {
        let galley = cut(self.painter, text, theme::small_font(), color, self.inner.width() * 0.6);
        let at = Pos2::new(right - galley.size().x, y);
        self.painter.galley(at, galley, color);
        at.x
    }

    fn pill_right(&self, text: &str, right: f32, middle: f32, tone: Tone) -> Rect {
        let (color, ground) = tone.colors(self.palette);
        let galley = cut(self.painter, text, theme::strong_chip_font(), color, 160.0);
        let size = galley.size() + vec2(14.0, 3.0);
        let rect = Rect::from_min_size(pos2(right - size.x, middle - size.y / 2.0), size);
        self.painter.rect_filled(rect, size.y / 2.0, ground);
        self.painter.galley(rect.min + vec2(7.0, 1.5), galley, color);
        rect
    }

    fn layout(&self, text: &str, font: FontId) -> egui::Vec2 {
        self.painter.layout_job(LayoutJob::simple_singleline(text.to_owned(), font, Color32::PLACEHOLDER)).size()
    }

    fn tone(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Plain => self.palette.faint,
            other => other.colors(self.palette).0,
        }
    }
}

#[derive(Clone, Copy)]
enum Badge {
    Star,
    Word(&'static str),
}

fn badges(card: &Card) -> Vec<Badge> {
    let mut badges = Vec::new();
    let marks = [
        (card.critical, Badge::Star),
        (card.pinned, Badge::Word("pinned")),
        (card.held, Badge::Word("held")),
        (card.cron.made_by == crate::domain::MadeBy::Agent, Badge::Word("by agent")),
    ];
    badges.extend(marks.into_iter().filter(|(on, _)| *on).map(|(_, badge)| badge));
    badges
}

/// "weekdays at 08:30 · next in 9 h".
fn schedule_and_next(card: &Card, speech: &Speech<'_>) -> String {
    let schedule = words::schedule(&card.cron.schedule, speech);
    let next = next_run(card, speech);
    if next.is_empty() { schedule } else { format!("{schedule} · {next}") }
}

fn next_run(card: &Card, speech: &Speech<'_>) -> String {
    let next = card.cron.next_run_at.filter(|_| card.cron.enabled).map(|at| words::soon(at, speech.now));
    next.map(|next| if next.starts_with("in ") { format!("next {next}") } else { next }).unwrap_or_default()
}

/// What a cron without a model runs.
fn kind_word(card: &Card) -> &str {
    match &card.cron.payload {
        crate::domain::Payload::AgentTurn(_) => "kept by the gateway",
        crate::domain::Payload::Other(kind) => kind,
    }
}

/// The last result, or what matters more than it.
fn result(card: &Card, change: Option<&Change>, speech: &Speech<'_>) -> (String, Tone) {
    let cron = &card.cron;
    match card.paused {
        Some(PausedBy::Us) => return ("paused by us".to_owned(), Tone::Warning),
        Some(PausedBy::Crisis) => return ("paused in the crisis".to_owned(), Tone::Warning),
        Some(PausedBy::You) => return ("paused by you".to_owned(), Tone::Plain),
        Some(PausedBy::Gateway) => return ("✗ switched off".to_owned(), Tone::Bad),
        None => {}
    }
    if let Some(since) = cron.running_since {
        if change.is_some_and(|change| change.kind == ChangeKind::Pause) {
            return ("runs now, pauses after".to_owned(), Tone::Plain);
        }
        let span = speech.now.duration_since(since);
        let text = if span < SignedDuration::from_mins(1) {
            "runs now".to_owned()
        } else {
            format!("runs for {}", words::span(span))
        };
        return (text, Tone::Accent);
    }
    if card.stranded {
        return ("✗ no route serves".to_owned(), Tone::Bad);
    }
    if cron.consecutive_errors > 0 {
        return (format!("✗ {} failed", cron.consecutive_errors), Tone::Bad);
    }
    if card.held_back {
        return ("held back".to_owned(), Tone::Plain);
    }
    if card.waiting {
        return ("waits for its route".to_owned(), Tone::Warning);
    }
    if card.keeps_running {
        return ("keeps running".to_owned(), Tone::Plain);
    }
    let Some(run) = &cron.last_run else { return (String::new(), Tone::Plain) };
    let when = words::relative(run.at, speech.now);
    match run.status {
        RunStatus::Ok if run.undelivered => (format!("✗ not delivered {when}"), Tone::Bad),
        RunStatus::Ok => (format!("ok {when}"), Tone::Plain),
        RunStatus::Error => (format!("✗ failed {when}"), Tone::Bad),
        RunStatus::Skipped => (format!("skipped {when}"), Tone::Plain),
        RunStatus::Unknown => (when, Tone::Plain),
    }
}

/// Why that tier is suggested.
#[must_use]
pub fn suggestion_text(why: &SuggestionReason) -> String {
    words::suggestion(why)
}
