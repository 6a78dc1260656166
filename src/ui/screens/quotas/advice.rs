//! The strip below the windows: the first thing to do about them, in one sentence, with the way to its plan.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Galley, Id, Layout, Margin, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit::Role,
    pos2,
};

use crate::domain::{Outlook, QuotaAdvice, Together};
use crate::engine::{Command, SettingsChange};
use crate::ui::action::{Action, Screen};
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{self, Tone, chip, primary_button, tag};
use crate::words::{self, Speech};

/// Which advice is shown, where there are several.
#[derive(Debug, Default)]
pub(super) struct Strip {
    at: usize,
}

/// Height of the line that says that there is nothing to advise.
const QUIET: f32 = 22.0;
/// Room for what leads on, at the right.
const BUTTONS: f32 = 150.0;
const TAG: f32 = 76.0;
/// Between the sentence and its numbers.
const BELOW: f32 = 3.0;
const PAD: Margin = Margin::symmetric(14, 8);

impl Strip {
    /// How much of `width` it needs, for [`Strip::ui`].
    pub fn height(&self, ui: &Ui, outlook: &Outlook, speech: &Speech<'_>, width: f32) -> f32 {
        let Some(advice) = self.shown(outlook) else {
            return QUIET.max(small_lines(ui, words::no_advice(&outlook.forecast), width).size().y + space::S);
        };
        let said = words::quota_advice(advice, speech);
        let width = width - TAG - BUTTONS - PAD.sum().x;
        let numbers = numbers(ui, &said, width).map_or(0.0, |numbers| numbers.size().y + BELOW);
        (text(ui, &said, width).size().y + numbers).max(30.0) + PAD.sum().y
    }

    fn shown<'a>(&self, outlook: &'a Outlook) -> Option<&'a QuotaAdvice> {
        outlook.advice.get(self.at).or_else(|| outlook.first())
    }

    /// Draws the advice and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, outlook: &Outlook, speech: &Speech<'_>) -> Vec<Action> {
        let room = ui.available_rect_before_wrap();
        let Some(advice) = self.shown(outlook) else {
            let palette = theme::palette(ui);
            widgets::sentence(ui, words::no_advice(&outlook.forecast), palette.secondary, room.width());
            return Vec::new();
        };
        let palette = theme::palette(ui);
        let frame = Stroke::new(1.0, palette.line);
        ui.painter().rect(room, corner::PANEL, palette.panel, frame, StrokeKind::Inside);
        let inner = room - PAD;
        let (left, right) = inner.split_left_right_at_x(inner.right() - BUTTONS);
        let said = words::quota_advice(advice, speech);
        said_ui(ui, left, advice, &said);
        let mut actions = Vec::new();
        let layout = Layout::right_to_left(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(right).layout(layout), |ui| {
            ui.with_layout(Layout::top_down(Align::Max), |ui| {
                let allowed = speech.settings.distribution.edits_schedules;
                if let Some(Way { name, hint, tell }) = way(advice, allowed)
                    && primary_button(ui, name).on_hover_text(hint).clicked()
                {
                    actions.extend(tell.into_iter().map(Action::Tell));
                    actions.push(Action::Go(Screen::Plan));
                }
                let n = outlook.advice.len();
                if n > 1 {
                    let at = self.at.min(n - 1);
                    if chip(ui, &format!("{} of {n}", at + 1), false).on_hover_text("Shows the next one").clicked() {
                        self.at = (at + 1) % n;
                    }
                }
            });
        });
        actions
    }
}

/// What leads on to a plan.
struct Way {
    name: &'static str,
    hint: &'static str,
    tell: Vec<Command>,
}

/// Only what would change something has a plan. Schedules are changed only where that is `allowed`.
fn way(advice: &QuotaAdvice, allowed: bool) -> Option<Way> {
    let (name, hint) = ("Show the plan", "Shows exactly these changes; nothing is written before you apply");
    match advice {
        QuotaAdvice::RunsOut(advice) if advice.detours.is_empty() => None,
        QuotaAdvice::RunsOut(advice) => {
            Some(Way { name, hint, tell: vec![Command::PrepareAdvice(advice.detours.clone())] })
        }
        QuotaAdvice::Together(Together { apart: Some(apart), .. }) => {
            let prepare = Command::PrepareApart(apart.staggers.clone());
            if allowed {
                return Some(Way { name, hint, tell: vec![prepare] });
            }
            let allow = Command::Settings(SettingsChange::SetEditsSchedules(true));
            let hint = "Allows this program to give schedules a stagger (Settings, Thresholds) and shows exactly these \
                        changes; nothing is written before you apply";
            Some(Way { name: "Allow and show", hint, tell: vec![allow, prepare] })
        }
        QuotaAdvice::PaidFallbacks(_) | QuotaAdvice::Together(_) => None,
    }
}

fn said_ui(ui: &mut Ui, room: Rect, advice: &QuotaAdvice, said: &words::AdviceSaid) {
    let palette = theme::palette(ui);
    let (name, tone) = match advice {
        QuotaAdvice::RunsOut(_) => ("Advice", Tone::Warning),
        QuotaAdvice::PaidFallbacks(_) => ("Costs", Tone::Bad),
        QuotaAdvice::Together(_) => ("Tip", Tone::Plain),
    };
    let (word, rest) = room.split_left_right_at_x(room.left() + TAG);
    ui.scope_builder(UiBuilder::new().max_rect(word).layout(Layout::left_to_right(Align::Min)), |ui| {
        tag(ui, name, tone);
    });
    let galley = text(ui, said, rest.width());
    let height = galley.size().y;
    let response = ui.interact(rest.with_max_y(rest.top() + height), Id::unique("advice"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said.whole()));
    ui.painter().galley(rest.min, galley, palette.text);
    let Some(numbers) = numbers(ui, said, rest.width()) else { return };
    let at = pos2(rest.left(), rest.top() + height + BELOW);
    let whole = said.numbers.join(" · ");
    let response =
        ui.interact(Rect::from_min_size(at, numbers.size()), Id::unique("advice in numbers"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &whole));
    let elided = numbers.elided;
    ui.painter().galley(at, numbers, palette.secondary);
    if elided {
        response.on_hover_text(whole);
    }
}

/// What changes in numbers, on two lines at the most.
fn numbers(ui: &Ui, said: &words::AdviceSaid, width: f32) -> Option<Arc<Galley>> {
    (!said.numbers.is_empty()).then(|| small_lines(ui, &said.numbers.join(" · "), width - space::S))
}

fn small_lines(ui: &Ui, text: &str, width: f32) -> Arc<Galley> {
    let format = TextFormat::simple(theme::small_font(), theme::palette(ui).secondary);
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap = TextWrapping { max_width: width.max(80.0), max_rows: 2, ..TextWrapping::default() };
    ui.painter().layout_job(job)
}

/// What is the matter in strong letters, then what to do.
fn text(ui: &Ui, said: &words::AdviceSaid, width: f32) -> Arc<Galley> {
    let palette = theme::palette(ui);
    let mut job = LayoutJob::default();
    job.append(&said.what, 0.0, TextFormat::simple(theme::strong_font(), palette.text));
    job.append(&format!(" {}", said.so), 0.0, TextFormat::simple(theme::text_font(), palette.text));
    job.wrap.max_width = width.max(80.0);
    ui.painter().layout_job(job)
}
