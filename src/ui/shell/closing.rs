//! Closing the window while crons are paused by this program: nobody would switch them on again, so the user is asked.

use egui::{RichText, Ui};

use crate::domain::Connection;
use crate::engine::Snapshot;
use crate::ui::action::Action;
use crate::ui::paused;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, danger_button, plain_button, primary_button};
use crate::words::{self, Owed};

const WIDTH: f32 = 480.0;

/// The question, while it is open.
#[derive(Debug, Default)]
pub(super) struct Closing {
    open: bool,
    /// The safe answer has had the focus.
    focused: bool,
}

impl Closing {
    /// Whether closing must wait for an answer; if so, the question is there from the next frame on.
    pub fn asks(&mut self, snapshot: &Snapshot) -> bool {
        self.open = is_left_alone(snapshot);
        self.focused &= self.open;
        self.open
    }

    pub fn ui(&mut self, ui: &Ui, owed: Owed) -> Option<Action> {
        let question = words::closing_question(owed).filter(|_| self.open);
        let Some(question) = question else {
            self.open = false;
            return None;
        };
        let mut action = None;
        let shown = widgets::modal(ui, "closing").show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 4.0 * space::L));
            widgets::paragraph(ui, RichText::new(question.what).font(theme::heading_font()));
            if let Some(remedy) = question.remedy {
                widgets::paragraph(ui, RichText::new(remedy).color(theme::palette(ui).secondary));
            }
            ui.add_space(space::S);
            widgets::foot_ui(ui, |ui| {
                let keep = primary_button(ui, "Keep running, minimised");
                if !self.focused {
                    self.focused = keep.has_focus();
                    keep.request_focus();
                }
                action = keep.clicked().then_some(Action::Minimise);
                if danger_button(ui, "Close anyway").clicked() {
                    action = Some(Action::Close);
                }
                plain_button(ui, "Cancel").clicked()
            })
        });
        if shown.inner || shown.should_close() || action.is_some() {
            *self = Self::default();
        }
        action
    }
}

/// Crons are paused by us, and it is this program that would switch them on again.
fn is_left_alone(snapshot: &Snapshot) -> bool {
    let acts = snapshot.folder.as_ref().is_none_or(|folder| folder.held_by.is_none());
    let here = snapshot.connection != Connection::None && snapshot.ended.is_none();
    acts && here && paused::owed(snapshot).paused > 0
}
