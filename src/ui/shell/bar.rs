//! The bottom bar: what is about to happen, in words, and the button for it.

use egui::{Align, Layout, RichText, Stroke, Ui, UiBuilder, vec2};

use crate::domain::{Plan, PlanOrigin};
use crate::engine::{Command, Snapshot};
use crate::ui::action::{Action, Screen};
use crate::ui::rights::after_closing;
use crate::ui::screens::preview::offered;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{GO_ON, Kept, plain_button, primary_button, progress_bar, sentence};
use crate::words::{self, Speech};

use super::banner::job_of_crisis;
use super::job_is_open;

/// Whether the bar is shown. The plan's own screen says all of it already.
pub(super) fn has_something(snapshot: &Snapshot, screen: Screen) -> bool {
    // In an outage the banner says what can be done, and what is being done, and nothing else does.
    let said_above = screen == Screen::Board && job_of_crisis(snapshot).is_some();
    let asked = screen == Screen::Board && offered(snapshot).is_some();
    let planned = !snapshot.plan.changes.is_empty() && !asked && !said_above;
    let something = job_is_open(snapshot) && !said_above || snapshot.offer.is_some() || planned;
    something && matches!(screen, Screen::Board | Screen::Activity)
}

/// What the bar's button leads to. The results of a job that has ended make room for the plan that is reviewed.
pub(super) fn go_on(snapshot: &Snapshot) -> Vec<Action> {
    let read = snapshot.job.is_some() && !job_is_open(snapshot) && snapshot.offer.is_none();
    let dismiss = read.then_some(Action::Tell(Command::DismissJob));
    dismiss.into_iter().chain([Action::Go(Screen::Plan)]).collect()
}

pub(super) fn bar_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    screen: Screen,
    summary: &mut Kept,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let palette = theme::palette(ui);
    let full = ui.max_rect();
    ui.painter().hline(full.x_range(), full.top() + 0.5, Stroke::new(1.0, palette.line));
    let mut wishes = Vec::new();
    let mut summary_of =
        |plan: &Plan| summary.of(&plan.id, 0, speech.now, || words::plan_summary(plan, speech)).to_owned();
    let builder =
        UiBuilder::new().max_rect(full.shrink2(vec2(space::L, 1.0))).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.set_min_height(full.height() - 2.0);
        let said = if let (true, Some(job)) = (job_is_open(snapshot), &snapshot.job) {
            if primary_button(ui, "Show").clicked() {
                wishes.push(Action::Go(Screen::Plan));
            }
            let (done, all) = job.progress();
            let name = format!("{done} of {all} changes written");
            progress_bar(ui, done as f32 / all.max(1) as f32, palette.accent, &name);
            (words::job_headline(job), words::job_detail(job, after_closing(snapshot), speech))
        } else if let Some(offer) = &snapshot.offer {
            let undoes = matches!(offer.origin, PlanOrigin::Undo { .. });
            let review = if undoes { "Review undo" } else { "Review advice" };
            if primary_button(ui, review).on_hover_text(GO_ON).clicked() {
                wishes.push(Action::Go(Screen::Plan));
            }
            if plain_button(ui, "Discard").clicked() {
                wishes.push(Action::Tell(Command::DiscardOffer));
            }
            (words::plan_headline(offer), summary_of(offer))
        } else {
            if primary_button(ui, "Review plan").on_hover_text(GO_ON).clicked() {
                wishes.extend(go_on(snapshot));
            }
            // Beside a list of switches it could be taken for the undo of one of them.
            wishes.extend((screen == Screen::Board).then(|| undo_ui(ui, snapshot)).flatten());
            (words::plan_headline(&snapshot.plan), summary_of(&snapshot.plan))
        };
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            ui.label(RichText::new(said.0).font(theme::strong_font()));
            let width = ui.available_width();
            sentence(ui, &said.1, palette.secondary, width);
        });
    });
    wishes
}

/// Takes the newest edit of the mapping back.
fn undo_ui(ui: &mut Ui, snapshot: &Snapshot) -> Option<Action> {
    let undo = snapshot.undo.as_ref()?;
    let response = plain_button(ui, "Undo");
    let clicked = response.clicked();
    response.on_hover_text(format!("Takes back: {undo}"));
    clicked.then_some(Action::Tell(Command::UndoEdit))
}
