//! The status line: connection and rights, crons, freshness, pending writes, problems, news.

use std::time::Duration;

use egui::{Align, Layout, Popup, PopupCloseBehavior, RichText, ScrollArea, Stroke, Ui, UiBuilder, accesskit, vec2};

use jiff::SignedDuration;

use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{counts, elided, keep_focus_in_view, link_button, link_width, paragraph};
use crate::words::{self, Speech};

use super::{Notice, Shell};

impl Shell {
    pub(super) fn status_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let palette = theme::palette(ui);
        let full = ui.max_rect();
        ui.painter().hline(full.x_range(), full.top() + 0.5, Stroke::new(1.0, palette.line));
        let mut wishes = Vec::new();
        let builder =
            UiBuilder::new().max_rect(full.shrink2(vec2(space::L, 0.0))).layout(Layout::right_to_left(Align::Center));
        ui.scope_builder(builder, |ui| {
            ui.set_min_height(full.height());
            ui.spacing_mut().item_spacing.x = space::M;
            wishes.extend(problems_ui(ui, snapshot, speech));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                let small = |text: String| RichText::new(text).font(theme::small_font()).color(palette.secondary);
                for text in self.facts(ui, snapshot, speech) {
                    ui.label(small(text));
                }
                wishes.extend(self.notice_ui(ui, snapshot));
            });
        });
        wishes
    }

    /// Plain facts, in the order of their weight.
    fn facts(&self, ui: &Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<String> {
        let mut facts = vec![words::connection(&snapshot.connection, speech)];
        let counted = self.counted;
        if let Some(as_of) = snapshot.crons_as_of {
            let others = counted.n_crons - counted.n_routable;
            let rest = if others > 0 { format!(", {others} without a model") } else { String::new() };
            facts.push(format!("{} crons, {} sorted{rest}", counted.n_crons, counted.n_sorted));
            let fresh = snapshot.connection.info().is_some();
            if fresh && speech.now.duration_since(as_of) < SignedDuration::from_mins(1) {
                facts.push("read just now".to_owned());
                ui.ctx().request_repaint_after(Duration::from_mins(1));
            } else {
                facts.push(format!("read {}", words::relative(as_of, speech.now)));
                counts(ui, as_of, speech.now);
            }
        }
        facts.push(pending(snapshot));
        facts
    }

    /// What was just done or refused.
    fn notice_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
        let palette = theme::palette(ui);
        let mut wishes = Vec::new();
        let Some((notice, stays)) = self.notices.shown(snapshot.at) else { return wishes };
        let notice = notice.clone();
        if let Some(stays) = stays {
            ui.ctx().request_repaint_after(stays.unsigned_abs() + Duration::from_millis(50));
        }
        let color = if notice.refused { palette.bad } else { palette.text };
        ui.separator();
        let step = back_and_forth(&notice, snapshot);
        let buttons = step.iter().map(|(text, _)| *text).chain(notice.refused.then_some("Dismiss"));
        let gap = ui.spacing().item_spacing.x;
        // What can be pressed keeps its place; the text is cut for it.
        let taken: f32 = buttons.map(|text| link_width(ui, text) + gap).sum();
        let response = elided(ui, &notice.text, theme::small_font(), color, ui.available_width() - taken);
        response.widget_info(|| egui::WidgetInfo::labeled(accesskit::Role::Status, true, &notice.text));
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(accesskit::Live::Polite));
        if let Some((text, command)) = step
            && link_button(ui, text).clicked()
        {
            wishes.push(Action::Tell(command));
        }
        if notice.refused && link_button(ui, "Dismiss").clicked() {
            self.notices.dismiss();
        }
        wishes
    }
}

/// What takes back the very edit that is told, or does again what is told to be undone.
fn back_and_forth(notice: &Notice, snapshot: &Snapshot) -> Option<(&'static str, Command)> {
    let (undo, redo) = (snapshot.undo.as_deref(), snapshot.redo.as_deref());
    match notice.text.as_str() {
        _ if !notice.edit => None,
        text if undo == Some(text) => Some(("Undo", Command::UndoEdit)),
        text if redo.is_some_and(|step| text.ends_with(step)) => Some(("Redo", Command::RedoEdit)),
        _ => None,
    }
}

fn pending(snapshot: &Snapshot) -> String {
    let saving = snapshot.saving.len();
    let writes = snapshot.job.as_ref().filter(|job| job.running()).map_or(0, |job| {
        let (done, all) = job.progress();
        all - done
    });
    match (writes, saving) {
        (writes, 0) => format!("{} pending", words::count(writes, "write")),
        (writes, saving) => {
            format!("{} pending, {} being saved", words::count(writes, "write"), words::count(saving, "edit"))
        }
    }
}

/// How many problems there are; opens to what each is and what to do about it.
fn problems_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
    let palette = theme::palette(ui);
    let mut wishes = Vec::new();
    let n = snapshot.problems.len();
    if n == 0 {
        return wishes;
    }
    let text = if n == 1 { "1 problem".to_owned() } else { format!("{n} problems") };
    let text = RichText::new(text).font(theme::small_font()).color(palette.warning);
    let button = ui.add(egui::Button::new(text).frame(false).min_size(vec2(0.0, 20.0)));
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(440.0);
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for (index, problem) in snapshot.problems.iter().enumerate() {
                if index > 0 {
                    ui.separator();
                }
                let said = words::problem(&problem.what, speech);
                paragraph(ui, RichText::new(said.what).font(theme::strong_font()));
                if let Some(remedy) = said.remedy {
                    paragraph(ui, RichText::new(remedy).color(palette.secondary));
                }
                ui.horizontal(|ui| {
                    let since = format!("since {}", words::clock(problem.since, speech));
                    ui.label(RichText::new(since).font(theme::small_font()).color(palette.faint));
                    if link_button(ui, "Dismiss").clicked() {
                        wishes.push(Action::Tell(Command::DismissProblem { id: problem.id.clone() }));
                    }
                });
            }
            keep_focus_in_view(ui);
        });
    });
    wishes
}
