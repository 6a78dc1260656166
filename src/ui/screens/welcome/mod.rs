//! The first screen: this machine's gateway, another one, or the demo; then the match of routes.
//!
//! Owns what is typed into its form and the choices of the match until they are confirmed.

mod form;
mod matching;

use egui::{Align, Layout, RichText, ScrollArea, Ui};
use jiff::tz::TimeZone;

use crate::domain::{Connection, GatewayTarget, KnownGateway, Trouble};
use crate::engine::{Command, Snapshot, Target};
use crate::ui::action::{Action, Screen};
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button, primary_button};
use crate::words::{self, Speech};

use form::Form;
pub(super) use matching::Matching;

const WIDTH: f32 = 720.0;

/// The welcome screen.
#[derive(Debug, Default)]
pub struct Welcome {
    form: Form,
    matching: Matching,
    /// The keyboard was put on the gateway that was used last.
    offered: bool,
    /// How tall it was in the last frame, to stand in the upper middle of a tall window.
    height: f32,
}

impl Welcome {
    /// Draws the ways to connect, the trouble with connecting, or the match, and returns the choice.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let speech = Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        let room = ui.available_height();
        ScrollArea::vertical().id_salt("welcome").auto_shrink([false, false]).show(ui, |ui| {
            let width = WIDTH.min(ui.available_width());
            let margin = (ui.available_width() - width) / 2.0;
            ui.horizontal_top(|ui| {
                ui.add_space(margin);
                ui.vertical(|ui| {
                    ui.set_width(width);
                    ui.spacing_mut().item_spacing.y = space::M;
                    ui.add_space(((room - self.height) * 0.35).max(space::L));
                    let top = ui.cursor().top();
                    let asked = snapshot.match_asked && snapshot.connection.info().is_some();
                    if asked {
                        actions.extend(self.match_ui(ui, snapshot, &speech));
                    } else {
                        actions.extend(self.ways_ui(ui, snapshot, &speech));
                    }
                    self.height = ui.cursor().top() - top;
                    ui.add_space(space::L);
                });
            });
            widgets::keep_focus_in_view(ui);
        });
        actions
    }

    fn ways_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        let palette = theme::palette(ui);
        if snapshot.connection == Connection::None {
            let text = "Model Orchestrator keeps scheduled AI jobs running when a provider does not";
            ui.label(RichText::new(text).font(theme::title_font()).color(palette.accent));
        }
        ui.label(RichText::new("Where are your crons?").font(theme::heading_font()));
        let text =
            "Nothing is changed by connecting. What would change is shown first, and every change can be undone.";
        ui.label(RichText::new(text).color(palette.secondary));
        actions.extend(self.state_ui(ui, snapshot, speech));
        let (last_here, others) = used_before(snapshot);
        let lead = !self.offered && !snapshot.known.is_empty() && ui.memory(|memory| memory.focused().is_none());
        self.offered |= !snapshot.known.is_empty();
        if last_here {
            actions.extend(here_ui(ui, snapshot, true, lead));
        }
        if !others.is_empty() {
            let known = widgets::section(ui, "Used before", |ui| known_ui(ui, &others, !last_here, lead)).inner;
            match known {
                Some(known) if known.token_remembered => actions.push(connect(again(known))),
                Some(known) => self.form.fill(known),
                None => {}
            }
        }
        if !last_here {
            actions.extend(here_ui(ui, snapshot, others.is_empty(), false));
        }
        widgets::section(ui, "Another gateway", |ui| {
            if let Some(target) = self.form.ui(ui) {
                actions.push(connect(target));
            }
        });
        actions.extend(demo_ui(ui, snapshot.discovered.is_empty() && snapshot.known.is_empty()));
        actions
    }

    /// How the connection stands, what is wrong with it, and what to do.
    fn state_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        match &snapshot.connection {
            Connection::None => {}
            Connection::Connected(info) => {
                widgets::section(ui, &format!("Connected to {}", info.name), |ui| {
                    ui.horizontal(|ui| {
                        if primary_button(ui, "Go to the board").clicked() {
                            actions.push(Action::Go(Screen::Board));
                        }
                        if plain_button(ui, "Disconnect").clicked() {
                            actions.push(Action::Tell(Command::Disconnect));
                        }
                    });
                });
            }
            Connection::Connecting { .. } => {
                widgets::section(ui, &words::connection(&snapshot.connection, speech), |ui| {
                    if plain_button(ui, "Cancel").clicked() {
                        actions.push(Action::Tell(Command::Disconnect));
                    }
                });
            }
            Connection::Waiting { name, trouble, retry_at, .. } => {
                widgets::counts(ui, *retry_at, speech.now);
                let next = format!("Next try {}", words::relative(*retry_at, speech.now));
                trouble_ui(ui, name, trouble, Some(&next), |ui| {
                    if plain_button(ui, "Stop trying").clicked() {
                        actions.push(Action::Tell(Command::Disconnect));
                    }
                });
            }
            Connection::Stopped { name, url, trouble } => {
                if matches!(trouble, Trouble::NoToken | Trouble::BadToken | Trouble::Certificate { .. }) {
                    self.form.ask_for(url);
                }
                let found = snapshot.discovered.iter().find(|found| found.url == *url);
                let found = found.map(|found| found.target.clone());
                let known = || snapshot.known.iter().find(|known| known.url == *url).map(again);
                trouble_ui(ui, name, trouble, None, |ui| {
                    let Some(target) = found.or_else(known) else { return };
                    if plain_button(ui, "Try again").clicked() {
                        actions.push(connect(target));
                    }
                });
            }
        }
        actions
    }

    fn match_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        let palette = theme::palette(ui);
        let title = "Which model is meant by each route?";
        ui.label(RichText::new(title).font(theme::heading_font()));
        let text = "A chain names routes, such as MiniMax or Flash 3. Each is one model of this gateway. \
                    A route that is not used here is skipped and never counts as down.";
        ui.label(RichText::new(text).color(palette.secondary));
        widgets::section(ui, "", |ui| {
            if let Some(command) = self.matching.ui(ui, snapshot, speech) {
                self.matching.reset();
                actions.push(Action::Tell(command));
                actions.push(Action::Go(Screen::Board));
            }
        });
        ui.horizontal(|ui| {
            let later = widgets::link_button(ui, "Later");
            if later.on_hover_text("Routes that were not chosen are not set up until then").clicked() {
                actions.push(Action::Go(Screen::Board));
            }
        });
        actions
    }
}

fn connect(target: GatewayTarget) -> Action {
    Action::Tell(Command::Connect(Target::Gateway(target)))
}

/// Connecting to a known gateway; its token is in the keychain, or is not needed.
fn again(known: &KnownGateway) -> GatewayTarget {
    GatewayTarget {
        name: known.name.clone(),
        url: known.url.clone(),
        token: None,
        tls_fingerprint: known.tls_fingerprint.clone(),
        remember_token: false,
        state_dir: None,
    }
}

/// Whether the gateway that was used last is found on this computer, and the known ones that are not.
fn used_before(snapshot: &Snapshot) -> (bool, Vec<&KnownGateway>) {
    let is_here = |known: &&KnownGateway| snapshot.discovered.iter().any(|found| found.url == known.url);
    let last_here = snapshot.known.first().is_some_and(|known| is_here(&known));
    (last_here, snapshot.known.iter().filter(|known| !is_here(known)).collect())
}

/// The known gateways; the one that was chosen.
fn known_ui<'a>(ui: &mut Ui, known: &[&'a KnownGateway], primary: bool, lead: bool) -> Option<&'a KnownGateway> {
    let mut chosen = None;
    for (at, known) in known.iter().enumerate() {
        let button = form::known_ui(ui, known, primary && at == 0);
        if lead && primary && at == 0 {
            button.request_focus();
        }
        if button.clicked() {
            chosen = Some(*known);
        }
    }
    chosen
}

/// What was found here; `lead` puts the keyboard on the gateway that was used last.
fn here_ui(ui: &mut Ui, snapshot: &Snapshot, primary: bool, lead: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    widgets::section(ui, "On this computer", |ui| {
        let palette = theme::palette(ui);
        let last = snapshot.known.first().filter(|_| lead);
        let first = snapshot.discovered.iter().position(|found| found.listening).filter(|_| primary);
        for (at, found) in snapshot.discovered.iter().enumerate() {
            let button = form::found_ui(ui, found, first == Some(at));
            if last.is_some_and(|last| last.url == found.url) {
                button.request_focus();
            }
            if button.clicked() {
                actions.push(connect(found.target.clone()));
            }
        }
        ui.horizontal(|ui| {
            if snapshot.discovered.is_empty() {
                ui.label(RichText::new("No OpenClaw gateway was found here").color(palette.secondary));
            }
            if widgets::link_button(ui, "Look again").clicked() {
                actions.push(Action::Tell(Command::Discover));
            }
        });
    });
    actions
}

/// The demo is what to press where there is no gateway.
fn demo_ui(ui: &mut Ui, first: bool) -> Option<Action> {
    let mut clicked = false;
    widgets::section(ui, "The demo", |ui| {
        ui.horizontal(|ui| {
            let palette = theme::palette(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = if first { primary_button } else { plain_button };
                clicked = button(ui, "Open the demo").clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let text = "A gateway with fifty crons inside this program. Nothing leaves this computer.";
                    let width = ui.available_width();
                    widgets::elided(ui, text, theme::text_font(), palette.secondary, width);
                });
            });
        });
    });
    clicked.then_some(Action::Tell(Command::Connect(Target::Demo)))
}

fn trouble_ui(ui: &mut Ui, name: &str, trouble: &Trouble, next: Option<&str>, buttons: impl FnOnce(&mut Ui)) {
    let said = words::trouble(trouble);
    widgets::section(ui, "", |ui| {
        let palette = theme::palette(ui);
        ui.horizontal(|ui| {
            widgets::icon(ui, icon::WARNING, 18.0, palette.warning);
            ui.label(RichText::new(format!("{name}: {}", said.what)).font(theme::strong_font()));
        });
        if let Some(remedy) = &said.remedy {
            ui.label(RichText::new(remedy).color(palette.secondary));
        }
        ui.horizontal(|ui| {
            if let Trouble::NeedsPairing { request } = trouble
                && plain_button(ui, "Copy the command").clicked()
            {
                ui.ctx().copy_text(format!("openclaw devices approve {request}"));
            }
            buttons(ui);
            if let Some(next) = next {
                ui.label(RichText::new(next).color(palette.secondary));
            }
        });
    });
}
