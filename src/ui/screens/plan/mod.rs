//! The plan: what would be written, why, and what became of it. Nothing is applied from anywhere else.
//!
//! Owns the ticks, the selected line and the keyboard's place; the plan and its results live in the
//! snapshot. Invariant: nothing is applied that came under the user's finger; such lines are marked, and
//! the button rests for a moment, as it does when the plan itself has just come.

mod lines;
mod nothing;
mod say;
mod table;

use std::time::Duration;

use egui::{Align, EventFilter, Key, Layout, Modifiers, Response, RichText, ScrollArea, Ui, UiBuilder};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::domain::{Access, Connection, CronId, Job, JobPhase, Outlook, Overload, PlanOrigin};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::rights::cannot_write;
use crate::ui::screens::drawer::explain;
use crate::ui::theme::table::{HEADER, ROW};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Kept, Tone};
use crate::words::{self, Speech};

use lines::Shown;
use table::{Did, Table};

use super::guard::Guard;
use super::job::{Tally, attention_ui, job_ui};
use super::notes::notes_ui;
use super::tables::Cursor;
use super::ticks::{Counts, Ticks};

/// Beyond this age the word of the gateway is shown as stale.
const STALE: SignedDuration = SignedDuration::from_mins(3);

/// Height of the line with the button that applies, and of the space above it.
const BAR: f32 = 42.0;

/// The plan screen.
#[derive(Debug, Default)]
pub struct Plan {
    ticks: Ticks,
    asked_ticks: Ticks,
    guard: Guard,
    selected: Option<CronId>,
    cursor: Cursor,
    tally: Tally,
    counted: Option<u64>,
    summary: Kept,
    /// Windows that the plan that waits would use up.
    loads: Vec<Overload>,
}

impl Plan {
    /// Draws the plan, an offered undo or the job, and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, outlook: Option<&Outlook>, zone: &TimeZone) -> Vec<Action> {
        self.loads = outlook.map(|outlook| outlook.planned.clone()).unwrap_or_default();
        let speech = Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let shown = Shown::of(snapshot);
        self.follow(ui, snapshot, &shown);
        let mut actions = Vec::new();
        self.headline_ui(ui, snapshot, &shown, &speech);
        ui.add_space(space::S / 2.0);
        if shown.len() == 0 && shown.job().is_none() {
            actions.extend(empty_ui(ui, snapshot, &shown, &speech));
            return actions;
        }
        // Taken before the rows could take it for their own Enter.
        let go = widgets::go_on_pressed(ui);
        let room = ui.available_rect_before_wrap();
        let bar = if shown.can_tick() { BAR } else { 0.0 };
        let (above, below) = room.split_top_bottom_at_y(room.bottom() - bar);
        ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
            actions.extend(self.lines_ui(ui, snapshot, &shown, go, &speech));
        });
        if shown.can_tick() {
            // After the lines also for Tab.
            ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
                actions.extend(self.apply_bar_ui(ui, snapshot, &shown, go, &speech));
            });
        }
        actions
    }

    /// The diff, and below it the job, the selected line explained, and notes.
    fn lines_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        shown: &Shown,
        go: bool,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let left = ui.available_height();
        let rows = HEADER + ROW * shown.len() as f32 + 4.0;
        let height = rows.min((left * 0.56).max(HEADER + ROW * 3.0));
        let selected = self.selected_line(shown);
        let ticks = if matches!(shown, Shown::Asked(_)) { &self.asked_ticks } else { &self.ticks };
        let did =
            Table { shown, ticks, selected, fleet: &snapshot.fleet, speech: *speech }.ui(ui, &mut self.cursor, height);
        actions.extend(did.and_then(|did| self.act(shown, did)));
        ui.add_space(space::S / 2.0);
        ScrollArea::vertical().id_salt("plan-rest").auto_shrink([false, false]).show(ui, |ui| {
            actions.extend(self.rest_ui(ui, snapshot, shown, go, speech));
            widgets::keep_focus_in_view(ui);
        });
        actions
    }

    /// Puts the keyboard on the selected line, else on the first.
    pub fn take_focus(&mut self, snapshot: &Snapshot) {
        let line = self.selected_line(&Shown::of(snapshot));
        self.cursor.take_focus(line.unwrap_or_default());
    }

    fn follow(&mut self, ui: &Ui, snapshot: &Snapshot, shown: &Shown) {
        match shown {
            Shown::Offer(plan) => self.guard.follow(ui, &mut self.ticks, plan),
            Shown::Asked(plan) => self.guard.follow(ui, &mut self.asked_ticks, plan),
            Shown::Job(job) if self.counted != Some(snapshot.revision) => {
                self.tally = Tally::of(job);
                self.counted = Some(snapshot.revision);
            }
            Shown::Job(_) => {}
        }
    }

    fn ticks_of(&self, shown: &Shown) -> &Ticks {
        if matches!(shown, Shown::Asked(_)) { &self.asked_ticks } else { &self.ticks }
    }

    fn selected_line(&self, shown: &Shown) -> Option<usize> {
        let cron = self.selected.as_ref()?;
        (0..shown.len()).find(|line| shown.change(*line).cron == *cron)
    }

    fn act(&mut self, shown: &Shown, did: Did) -> Option<Action> {
        let ticks = if matches!(shown, Shown::Asked(_)) { &mut self.asked_ticks } else { &mut self.ticks };
        match did {
            Did::Tick(line, on) => ticks.set(shown.plan(), line, on),
            Did::TickAll(on) => ticks.set_all(shown.plan(), on),
            Did::Select(line) => self.selected = Some(shown.change(line).cron.clone()),
            Did::Open(line) => return Some(Action::Open(shown.change(line).cron.clone())),
        }
        None
    }

    fn headline_ui(&self, ui: &mut Ui, snapshot: &Snapshot, shown: &Shown, speech: &Speech<'_>) {
        ui.horizontal(|ui| {
            ui.set_min_height(26.0);
            let title = match shown {
                Shown::Asked(plan) => {
                    let what = if undoes(plan) { "Undo" } else { "Advice" };
                    format!("{what}: {}", say::headline(self.asked_ticks.counts()))
                }
                Shown::Offer(plan) if plan.changes.is_empty() => "Plan".to_owned(),
                Shown::Offer(_) => say::headline(self.ticks.counts()),
                Shown::Job(job) => {
                    let asked = job.lines.iter();
                    let counts = asked.map(|line| (&*line.change, line.outcome != crate::domain::LineOutcome::LeftOut));
                    say::headline(Counts::of(counts))
                }
            };
            ui.label(RichText::new(title).font(theme::heading_font()));
            // What is done no longer depends on how old the picture is.
            if shown.job().is_none_or(Job::running) {
                age_ui(ui, snapshot, speech);
            }
            if let Some(cost) = shown.plan().daily_cost {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let palette = theme::palette(ui);
                    let text = format!("Cost: {} → {} a day", words::usd(cost.before), words::usd(cost.after));
                    ui.label(RichText::new(text).color(palette.secondary));
                });
            }
        });
    }

    /// What is about to happen, in words, and the button for it.
    fn apply_bar_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        shown: &Shown,
        go: bool,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let plan = shown.plan();
        let selected = self.selected_line(shown).unwrap_or_default();
        let asked = matches!(shown, Shown::Asked(_));
        let ticks = if asked { &self.asked_ticks } else { &self.ticks };
        let n = ticks.counts().ticked;
        let new = (ticks.new_on() > 0).then(|| words::new_lines(ticks.new_on()));
        let rests = new.as_ref().filter(|_| self.guard.rests(ui)).map(|new| words::plan_just_changed(new));
        let cannot = cannot_write(snapshot).or_else(|| (n == 0).then(|| "No line is ticked".to_owned())).or(rests);
        let summary = self.summary.of(&plan.id, ticks.version(), speech.now, || {
            words::ticked_summary(plan, |line| ticks.is_on(line), speech)
        });
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            ui.set_min_height(34.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text =
                    format!("{} {}", if asked && undoes(plan) { "Undo" } else { "Apply" }, words::count(n, "change"));
                let apply = ui.add_enabled_ui(cannot.is_none(), |ui| widgets::primary_button(ui, &text)).inner;
                let apply = match &cannot {
                    Some(why) => apply.on_disabled_hover_text(why),
                    None => apply.on_hover_text(widgets::GO_ON),
                };
                arrows_to_lines(ui, &apply, &mut self.cursor, selected);
                if self.guard.meant(ui) && (apply.clicked() || go && cannot.is_none()) {
                    let crons = ticks.crons(plan);
                    actions.push(Action::Tell(Command::Apply { plan: plan.id.clone(), crons }));
                }
                if asked && widgets::plain_button(ui, "Discard").clicked() {
                    actions.push(Action::Tell(Command::DiscardOffer));
                }
                let palette = theme::palette(ui);
                let (text, color) = match (cannot, new) {
                    (Some(why), _) => (why, palette.warning),
                    (None, Some(new)) => (format!("{new}. {summary}"), palette.warning),
                    (None, None) if unproven(snapshot) => (UNPROVEN.to_owned(), palette.warning),
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

    fn rest_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        shown: &Shown,
        go: bool,
        speech: &Speech<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        ui.spacing_mut().item_spacing.y = space::M;
        if let Some(job) = shown.job() {
            actions.extend(job_ui(ui, snapshot, job, &self.tally, go, speech));
            actions.extend(attention_ui(ui, snapshot, job, &self.tally, speech));
            if !job.running() && job.phase != JobPhase::Interrupted && !snapshot.plan.changes.is_empty() {
                let palette = theme::palette(ui);
                let n = snapshot.plan.changes.len();
                let them = if n == 1 { "it" } else { "them" };
                let text = format!("{} planned since; Done shows {them}", words::count(n, "change"));
                ui.label(RichText::new(text).color(palette.secondary));
            }
        }
        let line = self.selected_line(shown).unwrap_or_default();
        if line < shown.len() {
            let change = shown.change(line);
            let decision = shown.decision(line).or_else(|| snapshot.plan.decision(&change.cron));
            explain::section_ui(ui, snapshot, &change.cron, Some(change), decision, speech);
        }
        if shown.can_tick() {
            let left_out = self.ticks_of(shown).agent_made_left_out();
            // What is foreseen is about the plan that waits, not about what was asked for.
            let loads = if matches!(shown, Shown::Asked(_)) { &[][..] } else { &self.loads };
            actions.extend(notes_ui(ui, shown.plan(), left_out, loads, speech));
        }
        actions
    }
}

fn undoes(plan: &crate::domain::Plan) -> bool {
    matches!(plan.origin, PlanOrigin::Undo { .. })
}

/// From the button the arrows lead back to the lines, so that Space then ticks and does not apply.
fn arrows_to_lines(ui: &Ui, button: &Response, cursor: &mut Cursor, line: usize) {
    if !button.has_focus() {
        return;
    }
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(button.id, filter));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowUp) || pressed(Key::ArrowDown) {
        cursor.take_focus(line);
        ui.ctx().request_repaint_after(Duration::from_millis(1));
    }
}

fn empty_ui(ui: &mut Ui, snapshot: &Snapshot, shown: &Shown, speech: &Speech<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if let Shown::Asked(_) = shown {
        let text = "Every field these switches wrote was changed by somebody else since, or the crons are gone.";
        widgets::empty_state(ui, crate::ui::icon::UNDO, "Nothing is left to undo", text);
        ui.vertical_centered(|ui| {
            if widgets::plain_button(ui, "Back to the plan").clicked() {
                actions.push(Action::Tell(Command::DiscardOffer));
            }
        });
        return actions;
    }
    nothing::nothing_ui(ui, snapshot, speech);
    actions.extend(notes_ui(ui, shown.plan(), 0, &[], speech));
    actions
}

const UNPROVEN: &str =
    "This gateway's version is new here: applying starts with one guarded write that changes nothing";

fn unproven(snapshot: &Snapshot) -> bool {
    snapshot.connection.info().is_some_and(|info| info.access == Access::UnprovenVersion)
}

/// "based on what the gateway said 8 s ago"; stale looks stale.
fn age_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) {
    let Some(at) = snapshot.crons_as_of else { return };
    let away = !matches!(snapshot.connection, Connection::Connected(_));
    let stale = away || snapshot.at.duration_since(at) > STALE;
    let said = words::relative(at, speech.now);
    let text = if away {
        format!("the gateway is away; this is what it said {said}")
    } else {
        format!("based on what the gateway said {said}")
    };
    widgets::counts(ui, at, speech.now);
    widgets::tag(ui, &text, if stale { Tone::Warning } else { Tone::Accent });
}
