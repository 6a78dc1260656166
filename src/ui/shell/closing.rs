//! Closing the window while crons are paused by this program: nobody would switch them on again, so the user is asked.

use egui::{RichText, Ui};

use crate::domain::{Access, Connection, UnitStanding};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::paused;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, danger_button, plain_button, primary_button};
use crate::words::{self, Owed};

const WIDTH: f32 = 600.0;

/// The question, while it is open.
#[derive(Debug, Default)]
pub(super) struct Closing {
    open: bool,
    /// The safe answer has had the focus.
    focused: bool,
    /// So many wishes for the service had their answer when ours was made.
    installing_since: Option<u64>,
    looking: Option<Looking>,
}

/// The service ran when it was last looked at, which may be long ago: the system is asked anew before anybody else is.
#[derive(Debug)]
struct Looking {
    /// So many looks had their answer before.
    since: u64,
    told: bool,
}

impl Closing {
    /// Whether closing must wait for an answer; if so, the question is there from the next frame on.
    pub fn asks(&mut self, snapshot: &Snapshot) -> bool {
        self.open = is_left_alone(snapshot);
        let service = &snapshot.service;
        // Closing again before the system has answered opens the question.
        let looks = self.open && service.runs() && self.looking.is_none();
        self.looking = looks.then_some(Looking { since: service.n_looks, told: false });
        self.focused &= self.open;
        self.open
    }

    pub fn ui(&mut self, ui: &Ui, snapshot: &Snapshot, owed: Owed) -> Option<Action> {
        let question = words::closing_question(owed).filter(|_| self.open);
        let Some(question) = question else {
            *self = Self::default();
            return None;
        };
        let service = &snapshot.service;
        if let Some(looking) = &mut self.looking {
            if looking.since == service.n_looks {
                let told = std::mem::replace(&mut looking.told, true);
                return (!told).then_some(Action::Tell(Command::Discover));
            }
            self.looking = None;
            if service.runs() {
                *self = Self::default();
                return Some(Action::Close);
            }
        }
        let answered = self.installing_since.is_some_and(|asked| service.n_answers != asked) && !service.changing;
        if answered && service.trouble.is_none() && service.runs() {
            *self = Self::default();
            return Some(Action::Close);
        }
        let installing = self.installing_since.is_some() && !answered;
        let mut action = None;
        let shown = widgets::modal(ui, "closing").show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 4.0 * space::L));
            widgets::paragraph(ui, RichText::new(question.what).font(theme::heading_font()));
            if let Some(remedy) = question.remedy {
                widgets::paragraph(ui, RichText::new(remedy).color(theme::palette(ui).secondary));
            }
            if answered {
                trouble_ui(ui, snapshot);
            }
            ui.add_space(space::S);
            widgets::foot_ui(ui, |ui| {
                let keep = primary_button(ui, "Keep running, minimised");
                if !self.focused {
                    self.focused = keep.has_focus();
                    keep.request_focus();
                }
                action = keep.clicked().then_some(Action::Minimise);
                if service_ui(ui, snapshot, installing) {
                    self.installing_since = Some(service.n_answers);
                    action = Some(Action::Tell(Command::InstallService { installed: true }));
                }
                if danger_button(ui, "Close anyway").clicked() {
                    action = Some(Action::Close);
                }
                plain_button(ui, "Cancel").clicked()
            })
        });
        let goes_on = matches!(action, Some(Action::Tell(_)));
        if shown.inner || shown.should_close() || action.is_some() && !goes_on {
            *self = Self::default();
        }
        action
    }
}

/// What kept the service from being installed, and what to do about that.
fn trouble_ui(ui: &mut Ui, snapshot: &Snapshot) {
    if let Some(why) = &snapshot.service.trouble {
        let said = words::service_trouble(why);
        let palette = theme::palette(ui);
        ui.add_space(space::S / 2.0);
        widgets::paragraph(ui, RichText::new(said.what).color(palette.warning));
        widgets::paragraph(ui, RichText::new(said.remedy.unwrap_or_default()).color(palette.secondary));
    }
}

/// The third way; where it is not to be had it says why.
fn service_ui(ui: &mut Ui, snapshot: &Snapshot, installing: bool) -> bool {
    let why = match &snapshot.service.standing {
        _ if snapshot.demo => Some("The demo ends with its window".to_owned()),
        UnitStanding::Unavailable { why } => Some(words::service_trouble(why).what),
        _ => None,
    };
    let text = if installing { "Installing the service…" } else { "Install the service and close" };
    let button = ui.add_enabled_ui(why.is_none() && !installing, |ui| plain_button(ui, text)).inner;
    button.on_disabled_hover_text(why.unwrap_or_default()).clicked()
}

/// Crons are paused by us, and it is this program alone that would switch them on again, or perhaps a service.
fn is_left_alone(snapshot: &Snapshot) -> bool {
    let acts = snapshot.folder.as_ref().is_none_or(|folder| folder.held_by.is_none());
    let here = snapshot.connection != Connection::None && snapshot.ended.is_none();
    let not_ours = |access| matches!(access, Access::GatewayOwned | Access::AnotherGateway);
    let elsewhere = snapshot.connection.info().is_some_and(|info| not_ours(info.access));
    let goes_on = snapshot.background.is_some() || snapshot.waiting.is_some();
    acts && here && !elsewhere && !goes_on && paused::owed(snapshot).paused > 0
}
