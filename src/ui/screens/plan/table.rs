//! The diff: one row for each change, ticked or not, with what became of it.

use egui::{Layout, Margin, RichText, Stroke, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::domain::{Change, ChangeKind, ChangeMark, Fleet, LineOutcome};
use crate::ui::icon;
use crate::ui::screens::job::outcome_color;
use crate::ui::screens::tables::{Cursor, Row, Tick, in_short, model_ui, name_ui, row_id, tick_ui};
use crate::ui::screens::ticks::Ticks;
use crate::ui::theme;
use crate::ui::theme::table::{GAP, HEADER, LEAD, ROW};
use crate::ui::widgets::{self, elided};
use crate::words::{self, Speech};

use super::lines::Shown;

/// What the user did in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Tick(usize, bool),
    TickAll(bool),
    Select(usize),
    Open(usize),
}

/// Everything the table reads.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub shown: &'a Shown,
    pub ticks: &'a Ticks,
    pub selected: Option<usize>,
    pub fleet: &'a Fleet,
    pub speech: Speech<'a>,
}

/// Below this width the cause is left to the row's hover and the screen reader.
const TIGHT: f32 = 860.0;

#[derive(Clone, Copy)]
struct Widths {
    name: f32,
    model: f32,
    why: f32,
    cause: f32,
    result: f32,
}

const TICK: f32 = 38.0;
const TIER: f32 = 34.0;
const ARROW: f32 = 22.0;
const CAUSE: f32 = 66.0;
const NEXT: f32 = 74.0;
const RESULT: f32 = 96.0;
/// "left out" and "new", before anything has come of any line.
const NO_RESULT: f32 = 62.0;

impl Widths {
    /// While nothing stands under the result, why has its room.
    fn in_width(width: f32, result: f32) -> Self {
        let cause = if width < TIGHT { 0.0 } else { CAUSE };
        let fixed = TICK + TIER + ARROW + cause + NEXT + result;
        let name = (width * 0.18).clamp(150.0, 300.0);
        let model = (width * 0.109).clamp(96.0, 150.0);
        Self { name, model, why: (width - fixed - name - 2.0 * model).max(80.0), cause, result }
    }

    fn columns(self) -> [f32; 10] {
        [TICK, self.name, TIER, self.model, ARROW, self.model, self.why, self.cause, NEXT, self.result]
    }
}

impl Table<'_> {
    /// Draws at most `height` of it; longer plans scroll.
    pub fn ui(&self, ui: &mut Ui, cursor: &mut Cursor, height: f32) -> Option<Did> {
        let mut did = None;
        let frame = widgets::panel_frame(ui).inner_margin(Margin::same(1));
        frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            let across = ui.available_rect_before_wrap().x_range();
            let widths = Widths::in_width(across.span(), self.result_width());
            let mut builder = TableBuilder::new(ui)
                .id_salt("plan-lines")
                .animate_scrolling(false)
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height - HEADER)
                .cell_layout(Layout::left_to_right(egui::Align::Center));
            for width in widths.columns() {
                builder = builder.column(Column::exact(width).clip(false));
            }
            if let Some(row) = cursor.wanted(self.shown.len()) {
                builder = builder.scroll_to_row(row, None);
            }
            let table = builder.header(HEADER, |mut row| {
                did = self.header_ui(&mut row, across, widths).or(did);
            });
            table.body(|body| {
                body.rows(ROW, self.shown.len(), |mut row| {
                    let line = row.index();
                    row.col(|ui| {
                        did = self.lead_ui(ui, cursor, across, line).or(did);
                    });
                    self.cells_ui(&mut row, line, widths);
                });
            });
        });
        did
    }

    fn header_ui(&self, row: &mut TableRow<'_, '_>, across: egui::Rangef, widths: Widths) -> Option<Did> {
        let mut did = None;
        row.col(|ui| {
            let line = Stroke::new(1.0, theme::palette(ui).line);
            ui.painter().hline(across, ui.max_rect().bottom(), line);
            if self.shown.can_tick() {
                ui.add_space(LEAD);
                let counts = self.ticks.counts();
                let mut all = counts.ticked == counts.total;
                let some = counts.ticked > 0 && !all;
                let tick = tick_ui(ui, &mut all, Tick::All { partly: some }, "All changes");
                if tick.on_hover_text("Tick all, or none").changed() {
                    did = Some(Did::TickAll(all));
                }
            }
        });
        for title in ["Cron", "Tier", "From", "", "To", "Why", "Cause", "Next run", "Result"] {
            let hidden = title == "Cause" && widths.cause <= 0.0 || title == "Result" && widths.result <= 0.0;
            let title = if hidden { "" } else { title };
            row.col(|ui| {
                let palette = theme::palette(ui);
                ui.label(RichText::new(title).font(theme::small_font()).color(palette.faint));
            });
        }
        did
    }

    /// The row itself, and its tick.
    fn lead_ui(&self, ui: &mut Ui, cursor: &mut Cursor, across: egui::Rangef, line: usize) -> Option<Did> {
        let change = self.shown.change(line);
        let row = Row {
            id: row_id("plan-line", &change.cron),
            index: line,
            of: self.shown.len(),
            selected: self.selected == Some(line),
            label: &|| self.sentence(line),
        };
        let response = cursor.row_ui(ui, across, &row);
        let mut did = response.clicked().then_some(Did::Select(line));
        if response.gained_focus() {
            did = Some(Did::Select(line));
        }
        let enter = |input: &mut egui::InputState| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter);
        let enter = response.has_focus() && ui.input_mut(enter);
        if response.double_clicked() || enter {
            did = Some(Did::Open(line));
        }
        ui.add_space(LEAD);
        let mut on = self.ticked(line);
        if self.shown.can_tick() {
            let space = |input: &mut egui::InputState| input.consume_key(egui::Modifiers::NONE, egui::Key::Space);
            if response.has_focus() && ui.input_mut(space) {
                return Some(Did::Tick(line, !on));
            }
            if tick_ui(ui, &mut on, Tick::Row, &format!("Apply to {}", change.name)).changed() {
                did = Some(Did::Tick(line, on));
            }
        } else {
            let name = format!("Applied to {}", change.name);
            ui.add_enabled_ui(false, |ui| tick_ui(ui, &mut on, Tick::Row, &name));
        }
        did
    }

    fn ticked(&self, line: usize) -> bool {
        match self.shown.outcome(line) {
            Some(outcome) => *outcome != LineOutcome::LeftOut,
            None => self.ticks.is_on(line),
        }
    }

    /// Only lines that are not yet carried out can be.
    fn is_new(&self, line: usize) -> bool {
        self.shown.can_tick() && self.ticks.is_new(self.shown.change(line))
    }

    fn cells_ui(&self, row: &mut TableRow<'_, '_>, line: usize, widths: Widths) {
        let change = self.shown.change(line);
        let speech = &self.speech;
        row.col(|ui| name_ui(ui, &change.name, change.critical, widths.name - GAP));
        row.col(|ui| {
            let palette = theme::palette(ui);
            let tier = change.tier.map_or("–", crate::domain::Tier::code);
            ui.label(RichText::new(tier).color(palette.secondary));
        });
        let was_on = change.from.enabled;
        let vendor = change.from_model.as_ref().map(widgets::vendor_of_model);
        row.col(|ui| model_ui(ui, vendor.filter(|_| was_on), &words::origin(change, speech), widths.model, false));
        row.col(|ui| {
            let palette = theme::palette(ui);
            widgets::icon(ui, icon::ARROW_FORWARD, 14.0, palette.faint);
        });
        let vendor = change.to_model.as_ref().map(widgets::vendor_of_model);
        let stays_on = change.to.enabled;
        row.col(|ui| model_ui(ui, vendor.filter(|_| stays_on), &words::target(change, speech), widths.model, true));
        row.col(|ui| self.why_ui(ui, line, widths.why - GAP));
        row.col(|ui| {
            if widths.cause > 0.0 {
                let palette = theme::palette(ui);
                let text = words::cause(change.cause);
                elided(ui, text, theme::small_font(), palette.secondary, widths.cause - GAP);
            }
        });
        row.col(|ui| {
            let palette = theme::palette(ui);
            let next = change.next_run_at.map(|at| words::relative(at, speech.now));
            let text = next.as_deref().unwrap_or("–");
            let response = elided(ui, text, theme::text_font(), palette.secondary, NEXT - GAP);
            if let Some(at) = change.next_run_at {
                response.on_hover_text(words::clock_and_relative(at, speech));
            }
        });
        row.col(|ui| self.result_ui(ui, line, widths.result - GAP));
    }

    /// Of the last column: nothing, while every line is ticked and nothing has come of any.
    fn result_width(&self) -> f32 {
        let mut lines = 0..self.shown.len();
        match () {
            () if lines.clone().any(|line| self.shown.outcome(line).is_some()) => RESULT,
            () if lines.any(|line| !self.ticks.is_on(line) || self.is_new(line)) => NO_RESULT,
            () => 0.0,
        }
    }

    fn reason(&self, line: usize) -> String {
        words::change_reason(self.shown.change(line), &self.speech)
    }

    /// Where the reason stands, and not that the line is left out for what it would cost.
    fn reads_reason(&self, line: usize) -> bool {
        self.ticked(line) || !self.shown.change(line).marks.contains(&ChangeMark::AgentMade)
    }

    /// "MiniMax: out of credits", where that is what an undo goes back to.
    fn goes_back_to_failing(&self, change: &Change) -> Option<String> {
        let model = change.to_model.as_ref().filter(|_| change.kind == ChangeKind::Undo && change.to.enabled)?;
        let account = model.account();
        let vitals = [self.fleet.models.get(model), self.fleet.accounts.get(&account)];
        let vital = vitals.into_iter().flatten().find(|vital| vital.health.fails())?;
        let health = words::health(&vital.health, &account, &self.speech);
        Some(format!("{}: {health}", words::account_name(&account)))
    }

    fn why_ui(&self, ui: &mut Ui, line: usize, width: f32) {
        let palette = theme::palette(ui);
        let change = self.shown.change(line);
        let whole = self.reason(line);
        let repeats = line.checked_sub(1).is_some_and(|above| self.reads_reason(above) && self.reason(above) == whole);
        let reason = if repeats { "same reason" } else { whole.as_str() };
        let failing = self.goes_back_to_failing(change);
        let (text, color) = match (failing, change.marks.first()) {
            (Some(failing), _) => (format!("{failing} · {reason}"), palette.warning),
            (None, None) => (reason.to_owned(), palette.secondary),
            (None, Some(_)) if !self.reads_reason(line) => {
                (words::mark(&ChangeMark::AgentMade).to_owned(), palette.warning)
            }
            (None, Some(mark)) => (format!("{} · {reason}", in_short(mark)), palette.secondary),
        };
        let response = elided(ui, &text, theme::text_font(), color, width);
        if repeats || !change.marks.is_empty() {
            let mut lines: Vec<&str> = change.marks.iter().map(|mark| words::mark(mark)).collect();
            lines.push(&whole);
            response.on_hover_text(lines.join("\n"));
        }
    }

    fn result_ui(&self, ui: &mut Ui, line: usize, width: f32) {
        let palette = theme::palette(ui);
        let Some(outcome) = self.shown.outcome(line) else {
            let (text, color) = match (self.ticks.is_on(line), self.is_new(line)) {
                (false, _) => ("left out", palette.faint),
                (true, true) => ("new", palette.warning),
                (true, false) => ("", palette.faint),
            };
            if text.is_empty() {
                return;
            }
            let response = elided(ui, text, theme::text_font(), color, width);
            if text == "new" {
                response.on_hover_text("It came, or goes elsewhere now, since you began to read");
            }
            return;
        };
        let whole = words::line_outcome(outcome, &self.speech);
        let text = match outcome {
            LineOutcome::Conflict { .. } => "conflict",
            LineOutcome::Refused { .. } => "refused",
            LineOutcome::Failed { .. } => "failed",
            LineOutcome::Draining { .. } => "runs now",
            LineOutcome::DrainAsks { .. } => "still runs",
            LineOutcome::BetweenStarts { .. } => "starts soon",
            _ => whole.as_str(),
        };
        let response = elided(ui, text, theme::text_font(), outcome_color(outcome, palette), width);
        if text != whole {
            response.on_hover_text(whole);
        }
    }

    /// The row for a screen reader.
    fn sentence(&self, line: usize) -> String {
        let change = self.shown.change(line);
        let speech = &self.speech;
        let mut parts = vec![change.name.clone()];
        parts.extend(change.critical.then(|| "critical".to_owned()));
        parts.extend(change.tier.map(|tier| tier.code().to_owned()));
        parts.push(format!("from {} to {}", words::origin(change, speech), words::target(change, speech)));
        parts.extend(self.goes_back_to_failing(change));
        parts.push(self.reason(line));
        parts.push(words::cause(change.cause).to_owned());
        parts.extend(change.marks.iter().map(|mark| words::mark(mark).to_owned()));
        parts.extend(change.next_run_at.map(|at| format!("next run {}", words::relative(at, speech.now))));
        let result = match self.shown.outcome(line) {
            Some(outcome) => words::line_outcome(outcome, speech),
            None if self.ticks.is_on(line) => "ticked".to_owned(),
            None => "left out".to_owned(),
        };
        parts.extend(self.is_new(line).then(|| "new".to_owned()));
        parts.push(result);
        parts.join(", ")
    }
}
