//! Acting on a gateway that is another computer's, or perhaps another one: what that means is said before it is done.

use egui::{RichText, Ui};

use crate::domain::Access;
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, danger_button, plain_button};
use crate::words;

const WIDTH: f32 = 480.0;

/// The question, while it is open.
#[derive(Debug, Default)]
pub(super) struct TakeOver {
    open: bool,
    /// The safe answer has had the focus.
    focused: bool,
}

impl TakeOver {
    pub fn open(&mut self) {
        *self = Self { open: true, focused: false };
    }

    pub fn ui(&mut self, ui: &Ui, snapshot: &Snapshot) -> Option<Action> {
        // The other one may have let go, or the gateway may have been left.
        let asked = match snapshot.connection.info().map(|info| info.access) {
            Some(Access::GatewayOwned) => {
                Some((words::take_over_dialog(snapshot.owner.as_ref()), "Only look", "Take over"))
            }
            Some(Access::AnotherGateway) => Some((words::claim_dialog(), "Only look", "It is, act here")),
            _ => None,
        };
        let Some((question, no, yes)) = asked.filter(|_| self.open) else {
            self.open = false;
            return None;
        };
        let mut taken = false;
        let shown = widgets::modal(ui, "take over").show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 4.0 * space::L));
            widgets::paragraph(ui, RichText::new(question.what).font(theme::heading_font()));
            let means = question.remedy.unwrap_or_default();
            widgets::paragraph(ui, RichText::new(means).color(theme::palette(ui).secondary));
            ui.add_space(space::S);
            widgets::foot_ui(ui, |ui| {
                let leave = plain_button(ui, no);
                if !self.focused {
                    self.focused = leave.has_focus();
                    leave.request_focus();
                }
                taken = danger_button(ui, yes).clicked();
                leave.clicked()
            })
        });
        if shown.inner || shown.should_close() || taken {
            *self = Self::default();
        }
        taken.then_some(Action::Tell(Command::TakeOver))
    }
}
