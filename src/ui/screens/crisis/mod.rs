//! The crisis screen: both plans of an outage side by side, what each does to every cron, and the way back.
//!
//! Owns which plan is prepared, its ticks and the keyboard's place. Invariant: what a press on the button writes was
//! on screen before the press, whatever came meanwhile.

mod choices;
mod items;
mod offers;
mod report;
mod table;
mod wayback;

use std::collections::BTreeMap;

use egui::{Align, Layout, RichText, ScrollArea, Ui, UiBuilder};
use jiff::tz::TimeZone;

use crate::domain::{Connection, Job, JobPhase, OutageLevel, Outlook, Plan, PlanOrigin, Refusal};
use crate::engine::{Command, Snapshot};
use crate::ui::action::{Action, Choice, Screen};
use crate::ui::icon;
use crate::ui::rights::cannot_write;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Kept, danger_button, plain_button, primary_button};
use crate::words::{self, Speech};

use super::guard::Guard;
use super::job::{Tally, attention_ui, job_ui};
use super::notes::notes_ui;
use super::tables::Cursor;
use super::ticks::Ticks;
use choices::Choices;
use items::{Items, Shown};
use offers::Offers;
use report::Report;
use table::{Did, Table};

/// Height of the line with the button, and of the space above it.
const BAR: f32 = 42.0;
/// Width of what is beside the table.
const BESIDE: f32 = 300.0;
const BESIDE_NARROW: f32 = 264.0;

/// The crisis screen.
#[derive(Debug, Default)]
pub struct Crisis {
    wanted: Option<Choice>,
    offers: Offers,
    choices: Choices,
    ticks: BTreeMap<Choice, Ticks>,
    guard: Guard,
    items: Items,
    cursor: Cursor,
    tally: Tally,
    counted: Option<u64>,
    summary: Kept,
    report: Report,
}

impl Crisis {
    /// Draws what can be done, or is being done, and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, outlook: Option<&Outlook>, zone: &TimeZone) -> Vec<Action> {
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        headline_ui(ui, snapshot, speech);
        ui.add_space(space::S / 2.0);
        if snapshot.crons_as_of.is_none() {
            loading_ui(ui, snapshot);
            return actions;
        }
        self.offers.follow(snapshot);
        let job = snapshot.job.as_ref().filter(|job| concerns(job));
        let running = job.is_some_and(|job| job.running());
        if self.counted != Some(snapshot.revision) {
            self.tally = job.map_or_else(Tally::default, |job| Tally::of(job));
            self.counted = Some(snapshot.revision);
        }
        let choice = if running { None } else { self.offers.chosen(self.wanted, snapshot) };
        // Taken before the rows could take it for their own Enter.
        let go = widgets::go_on_pressed(ui);
        let room = ui.available_rect_before_wrap();
        let (above, below) = room.split_top_bottom_at_y(room.bottom() - if choice.is_some() { BAR } else { 0.0 });
        ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
            if let Some(job) = job {
                // What is written is the only thing that Ctrl+Enter could go on with, and only when nothing is offered.
                let asked = job_ui(ui, snapshot, job, &self.tally, go && choice.is_none(), speech);
                // An undo is offered on the screen of the plan.
                let undoes = |action: &Action| matches!(action, Action::Tell(Command::PrepareUndo(_)));
                let there = asked.iter().any(undoes).then_some(Action::Go(Screen::Plan));
                actions.extend(asked.into_iter().chain(there));
                actions.extend(attention_ui(ui, snapshot, job, &self.tally, speech));
                ui.add_space(space::S / 2.0);
            }
            actions.extend(recovering_ui(ui, snapshot, job.filter(|job| job.running()).map(|job| &**job)));
            if !running {
                self.choices_ui(ui, snapshot, choice, speech);
            }
            actions.extend(self.middle_ui(ui, snapshot, outlook, choice, speech));
        });
        if let Some(choice) = choice {
            // After the lines also for Tab.
            ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
                actions.extend(self.bar_ui(ui, snapshot, choice, go, speech));
            });
        }
        actions
    }

    /// Prepares one of the plans: it is on screen from the next frame on.
    pub fn prepare(&mut self, choice: Choice) {
        self.wanted = Some(choice);
    }

    /// Puts the keyboard on the first line.
    pub fn take_focus(&mut self) {
        self.cursor.take_focus(0);
    }

    fn choices_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, choice: Option<Choice>, speech: &Speech<'_>) {
        if let Some(wanted) = self.choices.ui(ui, snapshot, &self.offers, choice, speech) {
            self.wanted = Some(wanted);
        }
        ui.add_space(space::S / 2.0);
    }

    /// The lines of the prepared plan, or of the job, and beside them the way back.
    fn middle_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        outlook: Option<&Outlook>,
        choice: Option<Choice>,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let room = ui.available_rect_before_wrap();
        let beside = if room.width() < space::NARROW - 100.0 { BESIDE_NARROW } else { BESIDE };
        let (left, right) = room.split_left_right_at_x(room.right() - beside);
        ui.scope_builder(UiBuilder::new().max_rect(left.with_max_x(left.right() - space::M)), |ui| {
            actions.extend(self.lines_ui(ui, snapshot, choice, speech));
        });
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            ScrollArea::vertical().id_salt("way back").auto_shrink([false, false]).show(ui, |ui| {
                actions.extend(wayback::wayback_ui(ui, snapshot, outlook, speech));
                if let Some((choice, plan)) = choice.and_then(|choice| Some((choice, self.offers.plan(choice)?))) {
                    let left_out = self.ticks.get(&choice).map_or(0, Ticks::agent_made_left_out);
                    actions.extend(notes_ui(ui, plan, left_out, &[], speech));
                }
                widgets::keep_focus_in_view(ui);
            });
        });
        actions
    }

    fn lines_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        choice: Option<Choice>,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        if choice == Some(Choice::Report) {
            return self.report.ui(ui, snapshot, speech);
        }
        self.rows_ui(ui, snapshot, choice, speech).into_iter().collect()
    }

    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        choice: Option<Choice>,
        speech: &Speech<'_>,
    ) -> Option<Action> {
        let shown = if let Some(choice) = choice {
            Shown::Plan(choice, self.offers.plan(choice)?.clone())
        } else if let Some(job) = snapshot.job.as_ref().filter(|job| concerns(job)) {
            Shown::Job(job.clone())
        } else {
            nothing_ui(ui, snapshot);
            return None;
        };
        if let Shown::Plan(choice, plan) = &shown {
            self.guard.follow(ui, self.ticks.entry(*choice).or_default(), plan);
        }
        self.items.follow(snapshot, &shown);
        if self.items.rows().is_empty() {
            nothing_ui(ui, snapshot);
            return None;
        }
        let nothing = Ticks::default();
        let ticks = choice.and_then(|choice| self.ticks.get(&choice)).unwrap_or(&nothing);
        let table = Table { shown: &shown, rows: self.items.rows(), ticks, snapshot, speech };
        let did = table.ui(ui, &mut self.cursor);
        match did? {
            Did::Open(cron) => return Some(Action::Open(cron)),
            Did::PauseNow(cron) => return Some(Action::Tell(Command::PauseNow { cron })),
            Did::Tick(lines, on) => {
                let ticks = choice.and_then(|choice| self.ticks.get_mut(&choice))?;
                ticks.set_these(shown.plan()?, &lines, on);
            }
        }
        None
    }

    /// What a press does, in words, and the button for it.
    fn bar_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        choice: Choice,
        go: bool,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        if choice == Choice::Report {
            return report::bar_ui(ui, snapshot, go);
        }
        let Some(plan) = self.offers.plan(choice).cloned() else { return Vec::new() };
        let ticks = self.ticks.entry(choice).or_default();
        let n = ticks.counts().ticked;
        let new = (ticks.new_on() > 0).then(|| words::new_lines(ticks.new_on()));
        let rests = new.as_ref().filter(|_| self.guard.rests(ui)).map(|new| words::plan_just_changed(new));
        // Crisis mode can be entered, and left, also when nothing is to be written now.
        let needs_lines = match choice {
            Choice::Enter => false,
            Choice::Recover => snapshot.crisis.state.mode.is_none(),
            Choice::Reroute | Choice::Follow | Choice::Report => true,
        };
        let none = (n == 0 && needs_lines).then(|| "No line is ticked".to_owned());
        let busy = snapshot.job.as_ref().is_some_and(|job| job.running());
        let busy = busy.then(|| words::refusal(&Refusal::JobRunning, speech).what);
        let cannot = cannot_write(snapshot).or(busy).or(none).or(rests);
        let summary = self.summary.of(&plan.id, ticks.version(), speech.now, || {
            words::ticked_summary(&plan, |line| ticks.is_on(line), speech)
        });
        let mut actions = Vec::new();
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            ui.set_min_height(34.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let press = ui.add_enabled_ui(cannot.is_none(), |ui| press_ui(ui, snapshot, choice, n)).inner;
                let press = match &cannot {
                    Some(why) => press.on_disabled_hover_text(why),
                    None => press.on_hover_text(widgets::GO_ON),
                };
                if self.guard.meant(ui) && (press.clicked() || go && cannot.is_none()) {
                    actions.push(Action::Tell(command(choice, &plan, ticks)));
                }
                let palette = theme::palette(ui);
                let (text, color) = match (cannot, new) {
                    (Some(why), _) => (why, palette.warning),
                    (None, Some(new)) => (format!("{new}. {summary}"), palette.warning),
                    (None, None) => (summary.to_owned(), palette.secondary),
                };
                let width = ui.available_width() - space::S;
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    widgets::sentence(ui, &text, color, width);
                });
            });
        });
        actions
    }
}

fn command(choice: Choice, plan: &Plan, ticks: &Ticks) -> Command {
    let (id, crons) = (plan.id.clone(), ticks.crons(plan));
    match choice {
        Choice::Enter => Command::EnterCrisis { plan: id, crons },
        Choice::Recover => Command::Recover { plan: id, crons },
        Choice::Reroute | Choice::Follow | Choice::Report => Command::Apply { plan: id, crons },
    }
}

fn press_ui(ui: &mut Ui, snapshot: &Snapshot, choice: Choice, n: usize) -> egui::Response {
    let crons = words::count(n, "cron");
    match choice {
        Choice::Enter if snapshot.level() == OutageLevel::Crisis => danger_button(ui, "Enter crisis mode"),
        // Without an outage it is offered, and not pushed.
        Choice::Enter => plain_button(ui, "Enter crisis mode"),
        Choice::Reroute => primary_button(ui, &format!("Re-route {crons}")),
        Choice::Recover if n == 0 => primary_button(ui, "Leave crisis mode"),
        Choice::Recover => primary_button(ui, &format!("Give back {crons}")),
        Choice::Follow | Choice::Report => primary_button(ui, &format!("Apply {}", words::count(n, "change"))),
    }
}

/// The job whose lines belong here: of a crisis or of the way back, and whatever is written now but an undo.
fn concerns(job: &Job) -> bool {
    match job.plan.origin {
        PlanOrigin::Crisis | PlanOrigin::Recovery => true,
        PlanOrigin::Distribution => job.running(),
        PlanOrigin::Advice | PlanOrigin::Spreading | PlanOrigin::Undo { .. } => false,
    }
}

/// What can be said to a job that gives back: go on, or go back. Without one it was stopped, or is of an earlier life:
/// to go on with it is among the plans.
fn recovering_ui(ui: &mut Ui, snapshot: &Snapshot, job: Option<&Job>) -> Vec<Action> {
    let mut actions = Vec::new();
    let proving = job.is_some_and(|job| matches!(job.phase, JobPhase::Proving { .. }));
    let recovering = snapshot.crisis.state.recovering().is_some();
    if !proving && !recovering {
        return actions;
    }
    let cannot = cannot_write(snapshot);
    ui.add_enabled_ui(cannot.is_none(), |ui| {
        widgets::foot_ui(ui, |ui| {
            if proving && primary_button(ui, "Give back the rest now").clicked() {
                actions.push(Action::Tell(Command::GoOn));
            }
            if recovering && plain_button(ui, "Stay in crisis mode").clicked() {
                actions.push(Action::Tell(Command::StayInCrisis));
            }
        });
    });
    actions
}

/// How bad it is, or that crisis mode is on.
fn headline_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let view = &snapshot.crisis;
    let on = words::crisis_mode(&view.state, speech);
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let said = on.unwrap_or_else(|| words::outage_headline(&snapshot.plan.outage, speech));
        ui.label(RichText::new(said).font(theme::heading_font()));
        let counts = view.state.mode.is_some() || snapshot.level() == OutageLevel::Crisis;
        if let (true, Some(end)) = (counts, view.expected_end) {
            widgets::counts_minutes(ui, end, speech.now);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(words::expected_end(Some(end), speech)).color(palette.secondary));
            });
        }
    });
}

fn loading_ui(ui: &mut Ui, snapshot: &Snapshot) {
    if matches!(snapshot.connection, Connection::Connected(_)) {
        let [what, text] = words::READING_CRONS;
        widgets::empty_state(ui, icon::HOURGLASS_TOP, what, text);
    } else {
        let why = cannot_write(snapshot).unwrap_or_default();
        widgets::empty_state(ui, icon::CLOUD_OFF, words::NO_PLAN_NOW, &why);
    }
}

fn nothing_ui(ui: &mut Ui, snapshot: &Snapshot) {
    let sorted = snapshot.tiers.keys().any(|id| snapshot.crons.contains_key(id));
    let why = words::why_nothing_would_change(sorted);
    widgets::empty_state(ui, icon::INBOX, words::NOTHING_WOULD_CHANGE, why);
}
