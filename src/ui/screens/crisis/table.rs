//! The table of the crisis screen: one row for each cron below the title of its group.

use egui::{Color32, Key, Layout, Margin, Modifiers, Rangef, RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::domain::{ChangeKind, Cron, CronId, LineOutcome, Tier};
use crate::engine::Snapshot;
use crate::ui::action::Choice;
use crate::ui::icon;
use crate::ui::screens::job::outcome_color;
use crate::ui::screens::tables::{Cursor, Row, Tick, in_short, model_ui, name_ui, row_id, tick_ui};
use crate::ui::screens::ticks::Ticks;
use crate::ui::theme;
use crate::ui::theme::table::{GAP, HEADER, LEAD, ROW};
use crate::ui::widgets::{self, Tone, elided, row_link_button, tag};
use crate::words::{self, CrisisGroupKind, Speech};

use super::items::{Group, Item, Shown};

/// What the user did in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Tick(Vec<usize>, bool),
    Open(CronId),
    PauseNow(CronId),
}

/// Everything the table reads.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub shown: &'a Shown,
    pub rows: &'a [Item],
    pub ticks: &'a Ticks,
    pub snapshot: &'a Snapshot,
    pub speech: &'a Speech<'a>,
}

const TICK: f32 = 38.0;
const TIER: f32 = 36.0;
const ARROW: f32 = 20.0;

#[derive(Clone, Copy)]
struct Widths {
    name: f32,
    when: f32,
    model: f32,
    why: f32,
}

impl Widths {
    fn in_width(width: f32) -> Self {
        let name = (width * 0.22).clamp(138.0, 260.0);
        let when = (width * 0.2).clamp(118.0, 220.0);
        let model = (width * 0.118).clamp(82.0, 140.0);
        let fixed = TICK + TIER + ARROW + name + when + 2.0 * model;
        Self { name, when, model, why: (width - fixed).max(60.0) }
    }

    fn columns(self) -> [f32; 8] {
        [TICK, self.name, TIER, self.when, self.model, ARROW, self.model, self.why]
    }
}

impl Table<'_> {
    pub fn ui(&self, ui: &mut Ui, cursor: &mut Cursor) -> Option<Did> {
        let mut did = None;
        let height = ui.available_height();
        widgets::panel_frame(ui).inner_margin(Margin::same(1)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            let across = ui.available_rect_before_wrap().x_range();
            let widths = Widths::in_width(across.span());
            let mut builder = TableBuilder::new(ui)
                .id_salt("crisis-lines")
                .animate_scrolling(false)
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height - HEADER - 4.0)
                .cell_layout(Layout::left_to_right(egui::Align::Center));
            for width in widths.columns() {
                builder = builder.column(Column::exact(width).clip(false));
            }
            if let Some(row) = cursor.wanted(self.rows.len()) {
                builder = builder.scroll_to_row(row, None);
            }
            let last = if self.shown.plan().is_some() { "Why" } else { "Result" };
            let table = builder.header(HEADER, |row| header_ui(row, last));
            table.body(|body| {
                body.rows(ROW, self.rows.len(), |mut row| {
                    did = self.row_ui(&mut row, cursor, across, widths).or(did.take());
                });
            });
        });
        did
    }

    fn row_ui(&self, row: &mut TableRow<'_, '_>, cursor: &mut Cursor, across: Rangef, widths: Widths) -> Option<Did> {
        let index = row.index();
        let item = &self.rows[index];
        let mut did = None;
        row.col(|ui| did = self.lead_ui(ui, cursor, across, index));
        match item {
            Item::Title { .. } => (0..widths.columns().len() - 1).for_each(|_| {
                row.col(|_| {});
            }),
            Item::Line(line) => {
                let stops = cursor.stops_at(index);
                did = self.line_cells_ui(row, *line, widths, stops).or(did);
            }
            Item::Cron(cron) => self.cron_cells_ui(row, cron, widths),
        }
        did
    }

    /// The row itself, and its tick.
    fn lead_ui(&self, ui: &mut Ui, cursor: &mut Cursor, across: Rangef, index: usize) -> Option<Did> {
        let item = &self.rows[index];
        let id = match item {
            Item::Title { group, .. } => row_id("crisis-title", format!("{group:?}")),
            Item::Line(line) => row_id("crisis-line", self.shown.change(*line).map(|change| change.cron.as_str())),
            Item::Cron(cron) => row_id("crisis-cron", (index, cron.as_str())),
        };
        let label = || self.sentence(item);
        let row = Row { id, index, of: self.rows.len(), selected: false, label: &label };
        let response = cursor.row_ui(ui, across, &row);
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (enter, space) = (response.has_focus() && pressed(Key::Enter), response.has_focus() && pressed(Key::Space));
        if let Some(cron) = self.cron_of(item).filter(|_| enter || response.double_clicked()) {
            return Some(Did::Open(cron));
        }
        match item {
            Item::Title { group, lines, n_crons } => self.title_ui(ui, *group, lines, *n_crons, space, across),
            Item::Line(line) => {
                self.shown.plan()?;
                let mut on = self.ticks.is_on(*line);
                ui.add_space(LEAD);
                let name = self.shown.change(*line).map(|change| change.name.clone()).unwrap_or_default();
                let ticked = tick_ui(ui, &mut on, Tick::Row, &format!("Apply to {name}")).changed();
                if space {
                    on = !on;
                }
                (ticked || space).then(|| Did::Tick(vec![*line], on))
            }
            Item::Cron(_) => None,
        }
    }

    fn cron_of(&self, item: &Item) -> Option<CronId> {
        match item {
            Item::Title { .. } => None,
            Item::Line(line) => self.shown.change(*line).map(|change| change.cron.clone()),
            Item::Cron(cron) => Some(cron.clone()),
        }
    }

    /// A group's title over the whole row, with a tick for all of it.
    fn title_ui(
        &self,
        ui: &mut Ui,
        group: Group,
        lines: &[usize],
        n_crons: usize,
        space: bool,
        across: Rangef,
    ) -> Option<Did> {
        let palette = theme::palette(ui);
        let mut did = None;
        ui.add_space(LEAD);
        if self.shown.plan().is_some() && !lines.is_empty() {
            let on = lines.iter().filter(|line| self.ticks.is_on(**line)).count();
            let mut all = on == lines.len();
            let partly = on > 0 && !all;
            let name = format!("All of: {}", title(group));
            let ticked = tick_ui(ui, &mut all, Tick::All { partly }, &name).changed();
            if space {
                all = !all;
            }
            did = (ticked || space).then(|| Did::Tick(lines.to_vec(), all));
        }
        let left = across.min + TICK;
        let color = if is_loud(group) { palette.bad } else { palette.text };
        let painter = ui.painter();
        let middle = ui.max_rect().center().y;
        let mut x = left;
        let detail = self.detail(group);
        let texts = [
            (title(group).to_owned(), theme::strong_font(), color),
            (n_crons.to_string(), theme::text_font(), palette.faint),
            (detail.to_owned(), theme::small_font(), palette.secondary),
        ];
        for (text, font, color) in texts {
            let galley = widgets::cut(painter, &text, font, color, across.max - x - GAP);
            let width = galley.size().x;
            painter.galley(egui::pos2(x, middle - galley.size().y / 2.0), galley, color);
            x += width + GAP;
        }
        did
    }

    fn detail(&self, group: Group) -> &'static str {
        match (group, self.shown) {
            // In crisis mode that is why; what is given back, or only re-routed, has its reason on each line.
            (Group::Of(CrisisGroupKind::Moves), Shown::Plan(Choice::Recover | Choice::Reroute, _)) => "",
            (Group::Of(kind), _) => words::crisis_group_detail(kind),
            _ => "",
        }
    }

    fn line_cells_ui(&self, row: &mut TableRow<'_, '_>, line: usize, widths: Widths, stops: bool) -> Option<Did> {
        let index = row.index();
        let change = self.shown.change(line)?;
        let speech = self.speech;
        let mut did = None;
        row.col(|ui| name_ui(ui, &change.name, change.critical, widths.name - GAP));
        row.col(|ui| tier_ui(ui, change.tier));
        row.col(|ui| self.when_ui(ui, &change.cron, widths.when));
        let vendor = change.from_model.as_ref().map(widgets::vendor_of_model).filter(|_| change.from.enabled);
        row.col(|ui| model_ui(ui, vendor, &words::origin(change, speech), widths.model, false));
        row.col(|ui| {
            let color = theme::palette(ui).faint;
            widgets::icon(ui, icon::ARROW_FORWARD, 14.0, color);
        });
        row.col(|ui| {
            if change.kind == ChangeKind::Pause {
                tag(ui, "pause", Tone::Warning);
            } else {
                let vendor = change.to_model.as_ref().map(widgets::vendor_of_model).filter(|_| change.to.enabled);
                // The group's title says already that it runs again.
                let name = words::fields(&change.to, change.to_model.as_ref(), speech);
                model_ui(ui, vendor, &name, widths.model, true);
            }
        });
        row.col(|ui| did = self.why_ui(ui, index, line, widths.why - GAP, stops));
        did
    }

    /// The reason, or what became of the line.
    fn why_ui(&self, ui: &mut Ui, index: usize, line: usize, width: f32, stops: bool) -> Option<Did> {
        let palette = theme::palette(ui);
        let change = self.shown.change(line)?;
        if let Some(outcome) = self.shown.outcome(line) {
            let mut room = width;
            let drains = matches!(outcome, LineOutcome::Draining { .. } | LineOutcome::DrainAsks { .. });
            if drains {
                let pause = row_link_button(ui, "Pause now", stops)
                    .accessible_name(format!("Pause {} now, ending its run", change.name));
                ui.add_space(2.0 * GAP);
                room -= pause.rect.width() + 2.0 * GAP;
                if pause.clicked() {
                    return Some(Did::PauseNow(change.cron.clone()));
                }
            }
            let text = words::line_outcome(outcome, self.speech);
            elided(ui, &text, theme::text_font(), outcome_color(outcome, palette), room);
            return None;
        }
        let whole = words::change_reason(change, self.speech);
        let repeats = self.says_the_same(index, &whole);
        let reason = if repeats { "same reason" } else { whole.as_str() };
        let new = self.ticks.is_new(change).then(|| "new".to_owned());
        let marks = change.marks.iter().map(|mark| in_short(mark).to_owned());
        let text: Vec<String> = new.into_iter().chain(marks).chain([reason.to_owned()]).collect();
        let color = if self.ticks.is_on(line) { palette.secondary } else { palette.faint };
        let response = elided(ui, &text.join(" · "), theme::text_font(), color, width);
        if repeats || !change.marks.is_empty() {
            let mut lines: Vec<&str> = change.marks.iter().map(|mark| words::mark(mark)).collect();
            lines.push(&whole);
            response.on_hover_text(lines.join("\n"));
        }
        None
    }

    fn cron_cells_ui(&self, row: &mut TableRow<'_, '_>, id: &CronId, widths: Widths) {
        let index = row.index();
        let cron = self.snapshot.crons.get(id);
        let entry = self.snapshot.tiers.get(id);
        let name = cron.map_or(id.as_str(), |cron| cron.name.as_str());
        row.col(|ui| name_ui(ui, name, entry.is_some_and(|entry| entry.critical), widths.name - GAP));
        row.col(|ui| tier_ui(ui, entry.map(|entry| entry.tier)));
        row.col(|ui| self.when_ui(ui, id, widths.when));
        row.col(|ui| {
            if let Some(cron) = cron {
                let vendor = self.model_of(cron).as_ref().map(widgets::vendor_of_model).filter(|_| cron.enabled);
                model_ui(ui, vendor, &words::cron_model(cron, self.speech), widths.model, false);
            }
        });
        row.col(|_| {});
        row.col(|_| {});
        row.col(|ui| {
            let palette = theme::palette(ui);
            let whole = self.reason(id);
            let repeats = self.says_the_same(index, &whole);
            let reason = if repeats { "same reason" } else { whole.as_str() };
            let response = elided(ui, reason, theme::text_font(), palette.secondary, widths.why - GAP);
            if repeats {
                response.on_hover_text(whole);
            }
        });
    }

    fn model_of(&self, cron: &Cron) -> Option<crate::domain::ModelRef> {
        let stored = cron.turn().and_then(|turn| turn.model.as_deref());
        self.snapshot.catalog.resolve(stored, cron.agent.as_deref())
    }

    fn reason(&self, cron: &CronId) -> String {
        let decision = self.shown.decision(cron);
        decision.map(|decision| words::reason(&decision.reason, self.speech)).unwrap_or_default()
    }

    /// Whether the row above has that reason.
    fn says_the_same(&self, index: usize, reason: &str) -> bool {
        let above = index.checked_sub(1).and_then(|above| self.rows.get(above));
        above.is_some_and(|above| match above {
            Item::Title { .. } => false,
            Item::Line(line) => {
                self.shown.change(*line).is_some_and(|change| words::change_reason(change, self.speech) == reason)
            }
            Item::Cron(cron) => self.reason(cron) == reason,
        })
    }

    /// "every 5 min · in 2 min".
    fn when_ui(&self, ui: &mut Ui, id: &CronId, width: f32) {
        let Some(cron) = self.snapshot.crons.get(id) else { return };
        let palette = theme::palette(ui);
        let next = cron.next_run_at.filter(|_| cron.enabled).map(|at| {
            widgets::counts_minutes(ui, at, self.speech.now);
            format!(" · {}", words::soon(at, self.speech.now))
        });
        // The schedule is cut before the next run is.
        let next = widgets::cut(
            ui.painter(),
            next.as_deref().unwrap_or_default(),
            theme::small_font(),
            palette.secondary,
            width - GAP,
        );
        let schedule = words::schedule_in_short(&cron.schedule, self.speech);
        ui.spacing_mut().item_spacing.x = 0.0;
        elided(ui, &schedule, theme::small_font(), palette.secondary, width - GAP - next.size().x);
        let (place, _) = ui.allocate_exact_size(next.size(), egui::Sense::hover());
        ui.painter().galley(place.min, next, palette.secondary);
    }

    /// The row for a screen reader.
    fn sentence(&self, item: &Item) -> String {
        let speech = self.speech;
        let mut parts = Vec::new();
        match item {
            Item::Title { group, n_crons, .. } => {
                parts.push(format!("{}: {}", title(*group), words::count(*n_crons, "cron")));
                parts.push(self.detail(*group).to_owned());
            }
            Item::Line(line) => {
                let Some(change) = self.shown.change(*line) else { return String::new() };
                parts.push(change.name.clone());
                parts.extend(change.critical.then(|| "critical".to_owned()));
                parts.extend(change.tier.map(|tier| tier.code().to_owned()));
                parts.push(format!("from {} to {}", words::origin(change, speech), words::target(change, speech)));
                parts.push(words::change_reason(change, speech));
                parts.extend(change.marks.iter().map(|mark| words::mark(mark).to_owned()));
                parts.extend(change.next_run_at.map(|at| format!("next run {}", words::relative(at, speech.now))));
                parts.extend(self.ticks.is_new(change).then(|| "new".to_owned()));
                parts.push(match self.shown.outcome(*line) {
                    Some(outcome) => words::line_outcome(outcome, speech),
                    None if self.ticks.is_on(*line) => "ticked".to_owned(),
                    None => "left out".to_owned(),
                });
            }
            Item::Cron(id) => {
                let cron = self.snapshot.crons.get(id);
                parts.push(cron.map_or_else(|| id.to_string(), |cron| cron.name.clone()));
                let entry = self.snapshot.tiers.get(id);
                parts.extend(entry.filter(|entry| entry.critical).map(|_| "critical".to_owned()));
                parts.extend(entry.map(|entry| entry.tier.code().to_owned()));
                parts.extend(cron.map(|cron| words::cron_model(cron, speech)));
                parts.push(self.reason(id));
            }
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

fn header_ui(mut row: TableRow<'_, '_>, last: &str) {
    for title in ["", "Cron", "Tier", "When", "From", "", "To", last] {
        row.col(|ui| {
            let color = theme::palette(ui).faint;
            ui.label(RichText::new(title).font(theme::small_font()).color(color));
        });
    }
}

fn tier_ui(ui: &mut Ui, tier: Option<Tier>) {
    let color: Color32 = theme::palette(ui).secondary;
    ui.label(RichText::new(tier.map_or("–", Tier::code)).color(color));
}

fn title(group: Group) -> &'static str {
    match group {
        Group::Of(kind) => words::crisis_group(kind),
        Group::Fallbacks => "New fallbacks",
        Group::Safe => "Safe already",
        Group::Pausing => "Run now, pause after",
        Group::Next => "Next",
        Group::NotWritten => "Not written",
        Group::LeftOut => "Left out",
    }
}

fn is_loud(group: Group) -> bool {
    matches!(group, Group::Of(CrisisGroupKind::Stranded | CrisisGroupKind::Unsorted) | Group::NotWritten)
}
