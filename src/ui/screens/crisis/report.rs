//! What was given back: cron by cron whether it is as before, what it missed, and a button to run it after all.

use egui::{Align, Key, Layout, Margin, Modifiers, Rangef, RichText, Ui};
use egui_extras::{Column, TableBuilder};

use crate::domain::{CronId, RecoveryReport, ReportLine, Seal};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::rights::cannot_write;
use crate::ui::screens::tables::{Cursor, Row, name_ui, row_id};
use crate::ui::theme::table::{GAP, HEADER, LEAD, ROW};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided, plain_button, primary_button, row_link_button};
use crate::words::{self, Speech};

const RUN: f32 = 84.0;

/// The keyboard's place in it.
#[derive(Debug, Default)]
pub(super) struct Report {
    cursor: Cursor,
}

/// It missed something, and was not run since.
fn can_run(line: &ReportLine) -> bool {
    line.ran_at.is_none() && line.missed.is_some_and(|missed| missed.n_runs > 0)
}

fn of(snapshot: &Snapshot) -> Option<&RecoveryReport> {
    snapshot.crisis.state.report.as_ref()
}

impl Report {
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let Some(report) = of(snapshot) else { return Vec::new() };
        let height = ui.available_height();
        let mut actions = Vec::new();
        let cannot = cannot_write(snapshot);
        widgets::panel_frame(ui).inner_margin(Margin::same(1)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            let across = ui.available_rect_before_wrap().x_range();
            let name = (across.span() * 0.26).clamp(150.0, 280.0);
            let rest = across.span() - name - LEAD - RUN;
            let widths = [LEAD, name, rest * 0.42, rest * 0.58, RUN];
            let mut builder = TableBuilder::new(ui)
                .id_salt("report-lines")
                .animate_scrolling(false)
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height - HEADER - 4.0)
                .cell_layout(Layout::left_to_right(Align::Center));
            for width in widths {
                builder = builder.column(Column::exact(width).clip(false));
            }
            if let Some(row) = self.cursor.wanted(report.lines.len()) {
                builder = builder.scroll_to_row(row, None);
            }
            let table = builder.header(HEADER, |mut row| {
                for title in ["", "Cron", "Missed", "Definition", ""] {
                    row.col(|ui| {
                        let color = theme::palette(ui).faint;
                        ui.label(RichText::new(title).font(theme::small_font()).color(color));
                    });
                }
            });
            table.body(|body| {
                body.rows(ROW, report.lines.len(), |mut row| {
                    let (index, line) = (row.index(), &report.lines[row.index()]);
                    row.col(|ui| actions.extend(self.lead_ui(ui, across, index, report, speech)));
                    let critical = snapshot.tiers.get(&line.cron).is_some_and(|entry| entry.critical);
                    row.col(|ui| name_ui(ui, &line.name, critical, name - GAP));
                    row.col(|ui| missed_ui(ui, line, widths[2] - GAP, speech));
                    row.col(|ui| seal_ui(ui, line, widths[3] - GAP));
                    let stops = self.cursor.stops_at(index);
                    row.col(|ui| actions.extend(run_ui(ui, line, stops, cannot.as_deref())));
                });
            });
        });
        actions
    }

    fn lead_ui(
        &mut self,
        ui: &mut Ui,
        across: Rangef,
        index: usize,
        report: &RecoveryReport,
        speech: &Speech<'_>,
    ) -> Option<Action> {
        let line = &report.lines[index];
        let label = || format!("{}, {}", line.name, words::report_line(line, speech));
        let id = row_id("report-line", &line.cron);
        let row = Row { id, index, of: report.lines.len(), selected: false, label: &label };
        let response = self.cursor.row_ui(ui, across, &row);
        let enter = |input: &mut egui::InputState| input.consume_key(Modifiers::NONE, Key::Enter);
        let opened = response.double_clicked() || response.has_focus() && ui.input_mut(enter);
        opened.then(|| Action::Open(line.cron.clone()))
    }
}

fn missed_ui(ui: &mut Ui, line: &ReportLine, width: f32, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let text = words::missed_of(line, speech).unwrap_or_else(|| "–".to_owned());
    elided(ui, &text, theme::text_font(), palette.secondary, width);
}

/// Colour never comes alone: the words beside it say the same.
fn seal_ui(ui: &mut Ui, line: &ReportLine, width: f32) {
    let palette = theme::palette(ui);
    let (glyph, color) = match line.seal {
        Seal::Identical => (icon::CHECK_CIRCLE, palette.good),
        Seal::Differs => (icon::INFO, palette.warning),
    };
    widgets::icon(ui, glyph, 15.0, color);
    ui.add_space(6.0);
    elided(ui, words::seal(line.seal), theme::text_font(), color, width - 21.0);
}

fn run_ui(ui: &mut Ui, line: &ReportLine, stops: bool, cannot: Option<&str>) -> Option<Action> {
    if line.ran_at.is_some() {
        let color = theme::palette(ui).secondary;
        ui.label(RichText::new("run after all").font(theme::small_font()).color(color));
        return None;
    }
    if !can_run(line) {
        return None;
    }
    let name = format!("Run {} now", line.name);
    let run = ui.add_enabled_ui(cannot.is_none(), |ui| row_link_button(ui, "Run now", stops).accessible_name(name));
    run.inner.clicked().then(|| run_now(vec![line.cron.clone()]))
}

fn run_now(crons: Vec<CronId>) -> Action {
    Action::Tell(Command::RunNow { crons })
}

/// Run all, and that it was read.
pub(super) fn bar_ui(ui: &mut Ui, snapshot: &Snapshot, go: bool) -> Vec<Action> {
    let Some(report) = of(snapshot) else { return Vec::new() };
    let crons: Vec<CronId> = report.lines.iter().filter(|line| can_run(line)).map(|line| line.cron.clone()).collect();
    let cannot = cannot_write(snapshot);
    let mut actions = Vec::new();
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        ui.set_min_height(34.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if primary_button(ui, "Dismiss").on_hover_text(widgets::GO_ON).clicked() || go {
                actions.push(Action::Tell(Command::DismissReport));
            }
            if !crons.is_empty() {
                let text = format!("Run all {} now", crons.len());
                let run = ui.add_enabled_ui(cannot.is_none(), |ui| plain_button(ui, &text)).inner;
                let run = match &cannot {
                    Some(why) => run.on_disabled_hover_text(why),
                    None => run,
                };
                if run.clicked() {
                    actions.push(run_now(crons));
                }
            }
            let color = theme::palette(ui).secondary;
            let width = ui.available_width() - space::S;
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::sentence(ui, &format!("{}.", words::not_given_back()), color, width);
            });
        });
    });
    actions
}
