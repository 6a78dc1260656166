//! A job on screen: its progress, what became of its lines, and those that need a word.

use egui::{Align, Color32, Layout, Response, RichText, Ui};

use crate::domain::{Job, JobPhase, LineOutcome, Pin, PlanOrigin};
use crate::engine::{Command, Edit, Snapshot, UndoScope};
use crate::ui::action::Action;
use crate::ui::rights::{after_closing, cannot_write};
use crate::ui::theme::{self, Palette, space};
use crate::ui::widgets::{self, plain_button, primary_button};
use crate::words::{self, Speech};

/// Lines that need a word are listed up to here; the table marks the others.
const MANY: usize = 40;

/// "Applying 2 of 5", its bar, how long it takes, and the button to stop; or what is left to do.
pub(super) fn job_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    job: &Job,
    tally: &Tally,
    go: bool,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    widgets::section(ui, "", |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            let (_, asked) = job.progress();
            let done = tally.verified + tally.failed;
            ui.label(RichText::new(headline(job, tally.verified, asked)).font(theme::strong_font()));
            if asked > 0 {
                let palette = theme::palette(ui);
                let ratio = done as f32 / asked as f32;
                let fill = match () {
                    () if tally.failed > 0 => palette.warning,
                    () if tally.verified == asked => palette.good,
                    () => palette.accent,
                };
                widgets::progress_bar(ui, ratio, fill, &format!("{done} of {asked} changes written"));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                actions = job_buttons_ui(ui, job, tally, go, cannot_write(snapshot).as_deref());
                let palette = theme::palette(ui);
                let width = ui.available_width();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let text = words::job_detail(job, after_closing(snapshot), speech);
                    widgets::sentence(ui, &text, palette.secondary, width);
                });
            });
        });
    });
    actions
}

fn headline(job: &Job, written: usize, asked: usize) -> String {
    if job.phase == JobPhase::Interrupted {
        return format!("{written} of {asked} were written before the program ended");
    }
    words::job_headline(job)
}

/// From right to left: what one would press first stands at the edge.
fn job_buttons_ui(ui: &mut Ui, job: &Job, tally: &Tally, go: bool, cannot: Option<&str>) -> Vec<Action> {
    let mut told = None;
    if job.running() {
        let stopping = job.phase == JobPhase::Stopping;
        let text = if stopping { "Stopping…" } else { "Stop after this one" };
        let stop = ui.add_enabled_ui(!stopping, |ui| plain_button(ui, text)).inner;
        return stop.clicked().then_some(Action::Tell(Command::StopJob)).into_iter().collect();
    }
    let dismiss = if job.phase == JobPhase::Interrupted { "Discard" } else { "Done" };
    if plain_button(ui, dismiss).clicked() {
        told = Some(Command::DismissJob);
    }
    if tally.can_continue(job) {
        let pressed = writing_ui(ui, cannot, |ui| primary_button(ui, "Continue").on_hover_text(widgets::GO_ON));
        if pressed || go && cannot.is_none() {
            told = Some(Command::ContinueJob);
        }
    }
    if tally.failed > 0 && writing_ui(ui, cannot, |ui| plain_button(ui, "Retry failed")) {
        told = Some(Command::RetryFailed);
    }
    let undone = matches!(job.plan.origin, PlanOrigin::Undo { .. });
    if tally.verified > 0 && !undone && job.phase != JobPhase::Interrupted {
        let text = match tally.verified {
            1 => "Undo this change".to_owned(),
            n => format!("Undo these {n} changes"),
        };
        if plain_button(ui, &text).clicked() {
            told = Some(Command::PrepareUndo(UndoScope::Plan(job.plan.id.clone())));
        }
    }
    told.map(Action::Tell).into_iter().collect()
}

/// A button that leads to writing: off, with the reason, while nothing can be written. Returns whether it was pressed.
fn writing_ui(ui: &mut Ui, cannot: Option<&str>, button: impl FnOnce(&mut Ui) -> Response) -> bool {
    let button = ui.add_enabled_ui(cannot.is_none(), button).inner;
    match cannot {
        Some(why) => button.on_disabled_hover_text(why).clicked(),
        None => button.clicked(),
    }
}

/// Lines in conflict, lines that failed, and pauses that wait for a run which takes too long.
pub(super) fn attention_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    job: &Job,
    tally: &Tally,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    if tally.attention.is_empty() {
        return actions;
    }
    let title = match tally.attention.len() {
        1 => "1 line needs your word".to_owned(),
        n => format!("{n} lines need your word"),
    };
    widgets::section(ui, &title, |ui| {
        for line in tally.attention.iter().take(MANY) {
            actions.extend(line_ui(ui, snapshot, job, *line, speech));
        }
        if tally.attention.len() > MANY {
            let palette = theme::palette(ui);
            let more = format!("and {} more, in the table above", tally.attention.len() - MANY);
            ui.label(RichText::new(more).color(palette.secondary));
        }
    });
    actions
}

fn line_ui(ui: &mut Ui, snapshot: &Snapshot, job: &Job, line: usize, speech: &Speech<'_>) -> Option<Action> {
    let palette = theme::palette(ui);
    let change = &job.lines[line].change;
    let outcome = &job.lines[line].outcome;
    let mut action = None;
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        let (left, width) = (ui.cursor().left(), (ui.available_width() * 0.22).max(140.0));
        widgets::elided(ui, &change.name, theme::strong_font(), palette.text, width - space::S);
        ui.add_space((left + width - ui.cursor().left()).max(0.0));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            action = match outcome {
                LineOutcome::Conflict { .. } => conflict_ui(ui, snapshot, change, speech),
                LineOutcome::DrainAsks { .. } => pause_now_ui(ui, snapshot, change),
                _ => None,
            };
            let width = ui.available_width();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = words::line_outcome(outcome, speech);
                widgets::elided(ui, &text, theme::text_font(), outcome_color(outcome, palette), width);
            });
        });
    });
    action
}

/// Adopt what somebody else chose, or leave the cron alone; either way it is planned anew.
fn conflict_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    change: &crate::domain::Change,
    speech: &Speech<'_>,
) -> Option<Action> {
    let palette = theme::palette(ui);
    let entry = snapshot.tiers.get(&change.cron);
    if entry.is_some_and(|entry| entry.pinned.is_some()) {
        ui.label(RichText::new("adopted: pinned to its model").color(palette.secondary));
        return None;
    }
    if entry.is_some_and(|entry| entry.hold.is_some()) {
        ui.label(RichText::new("left alone: held").color(palette.secondary));
        return None;
    }
    let Some(cron) = snapshot.crons.get(&change.cron) else {
        ui.label(RichText::new("the cron is gone").color(palette.secondary));
        return None;
    };
    let crons = vec![change.cron.clone()];
    let leave =
        plain_button(ui, "Leave").on_hover_text("Hold it: changes leave this cron alone until you lift the hold");
    if leave.clicked() {
        return Some(Action::Tell(Command::Edit(Edit::SetHold { crons, hold: true })));
    }
    let has = words::cron_model(cron, speech);
    let adopt = plain_button(ui, "Adopt").on_hover_text(format!("Keep {has}: pin this cron to the model it has now"));
    let turn = cron.turn();
    let model = snapshot.catalog.resolve(turn.and_then(|turn| turn.model.as_deref()), cron.agent.as_deref());
    let pin = Some(Pin { model });
    adopt.clicked().then_some(Action::Tell(Command::Edit(Edit::SetPin { crons, pin })))
}

fn pause_now_ui(ui: &mut Ui, snapshot: &Snapshot, change: &crate::domain::Change) -> Option<Action> {
    let pressed = writing_ui(ui, cannot_write(snapshot).as_deref(), |ui| {
        plain_button(ui, "Pause now, ending its run")
            .on_hover_text("The gateway ends the run and counts it as an error. Otherwise the pause waits for its end.")
    });
    pressed.then(|| Action::Tell(Command::PauseNow { cron: change.cron.clone() }))
}

/// Colour never comes alone: the word beside it says the same.
pub(super) fn outcome_color(outcome: &LineOutcome, palette: &Palette) -> Color32 {
    match outcome {
        LineOutcome::Verified => palette.good,
        LineOutcome::Writing | LineOutcome::Draining { .. } | LineOutcome::BetweenStarts { .. } => palette.accent,
        LineOutcome::Conflict { .. } | LineOutcome::DrainAsks { .. } => palette.warning,
        LineOutcome::Refused { .. } | LineOutcome::Failed { .. } => palette.bad,
        LineOutcome::LeftOut | LineOutcome::Waiting | LineOutcome::NotStarted | LineOutcome::Withdrawn => palette.faint,
    }
}

/// What became of a job's lines, counted when the snapshot changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub verified: usize,
    pub failed: usize,
    pub not_started: usize,
    /// Lines that wait for the user or that failed, in the plan's order.
    pub attention: Vec<usize>,
}

impl Tally {
    pub fn of(job: &Job) -> Self {
        let mut tally = Self::default();
        for (at, line) in job.lines.iter().enumerate() {
            match &line.outcome {
                LineOutcome::Verified => tally.verified += 1,
                LineOutcome::Conflict { .. } | LineOutcome::Refused { .. } | LineOutcome::Failed { .. } => {
                    tally.failed += 1;
                    tally.attention.push(at);
                }
                LineOutcome::DrainAsks { .. } => tally.attention.push(at),
                LineOutcome::NotStarted | LineOutcome::Waiting if !job.running() => tally.not_started += 1,
                _ => {}
            }
        }
        tally
    }

    /// There is something that "continue" would go on with.
    pub fn can_continue(&self, job: &Job) -> bool {
        self.not_started > 0 && matches!(job.phase, JobPhase::Stopped | JobPhase::Interrupted)
    }
}
