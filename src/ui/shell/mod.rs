//! The frame around the screens: sidebar, top line, strips, bottom bar, status line, drawer.
//!
//! Draws a snapshot and returns wishes, like every view. Which screen is open is its own affair.

mod banner;
mod bar;
mod closing;
mod help;
mod notice;
mod place;
mod sidebar;
mod status;
mod strip;
mod takeover;
mod topline;

use egui::accesskit::Role;
use egui::{Color32, Key, Modifiers, Popup, Rect, Sense, Stroke, Ui, UiBuilder, vec2};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

pub use notice::{Notice, Notices};

use crate::domain::{AccountId, Connection, CronId, JobPhase};
use crate::engine::{Command, Event, Snapshot, Ticket};
use crate::ui::action::{Action, Choice, Pick, Screen};
use crate::ui::foreseen::Foreseen;
use crate::ui::paused;
use crate::ui::screens::activity::Activity;
use crate::ui::screens::board::Board;
use crate::ui::screens::crisis::Crisis;
use crate::ui::screens::drawer::Drawer;
use crate::ui::screens::plan::Plan;
use crate::ui::screens::providers::Providers;
use crate::ui::screens::quotas::Quotas;
use crate::ui::screens::settings::Settings;
use crate::ui::screens::transfer::Transfer;
use crate::ui::screens::welcome::Welcome;
use crate::ui::screens::what_if::WhatIf;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Kept, covered, go_on_pressed};
use crate::words::{Owed, Speech};

use banner::Banner;
use closing::Closing;
use help::Help;
use place::{Over, Place, Towards};
use takeover::TakeOver;

/// The window's content, and what it remembers until it is closed.
#[derive(Debug, Default)]
pub struct Shell {
    screen: Screen,
    board: Board,
    quotas: Quotas,
    what_if: WhatIf,
    foreseen: Foreseen,
    providers: Providers,
    plan: Plan,
    crisis: Crisis,
    activity: Activity,
    welcome: Welcome,
    settings: Settings,
    drawer: Drawer,
    transfer: Transfer,
    help: Help,
    banner: Banner,
    closing: Closing,
    takeover: TakeOver,
    place: Place,
    summary: Kept,
    /// A screen was opened: the keyboard goes to it.
    arriving: bool,
    pub notices: Notices,
    counted: Counted,
    /// The chosen gateway has answered, so that there is something to show.
    inside: bool,
}

/// What status line and sidebar count, once for each snapshot.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    revision: Option<u64>,
    n_crons: usize,
    n_routable: usize,
    n_sorted: usize,
    owed: Owed,
}

impl Counted {
    fn of(snapshot: &Snapshot) -> Self {
        let routable = || snapshot.crons.values().filter(|cron| cron.routable());
        Self {
            revision: Some(snapshot.revision),
            n_crons: snapshot.crons.values().filter(|cron| !cron.is_our_own()).count(),
            n_routable: routable().count(),
            n_sorted: routable().filter(|cron| snapshot.tiers.contains_key(&cron.id)).count(),
            owed: paused::owed(snapshot),
        }
    }
}

impl Shell {
    /// Draws everything and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        self.follow(snapshot);
        if self.counted.revision != Some(snapshot.revision) {
            self.counted = Counted::of(snapshot);
        }
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        self.follow_focus(ui, snapshot);
        let mut wishes = self.keys(ui, snapshot);
        if self.inside {
            self.framed_ui(ui, snapshot, zone, speech, &mut wishes);
        } else {
            part_ui(ui, "welcome", Role::Main, ui.max_rect(), theme::palette(ui).background, |ui| {
                wishes.extend(self.screen_ui(ui, Screen::Welcome, snapshot, zone));
            });
        }
        wishes.extend(self.transfer.ui(ui, snapshot, zone));
        self.help.ui(ui);
        wishes.extend(self.takeover.ui(ui, snapshot));
        wishes.extend(self.closing.ui(ui, snapshot, self.counted.owed));
        wishes
    }

    /// Keeps the keyboard's place when something opens, closes or goes.
    fn follow_focus(&mut self, ui: &Ui, snapshot: &Snapshot) {
        let modal = ui.memory(|memory| memory.top_modal_layer().is_some());
        let dialog = modal || self.transfer.open() || snapshot.import.is_some() || self.help.open;
        let open = [
            (Over::Drawer, self.drawer.cron().is_some()),
            (Over::Dialog, dialog),
            (Over::Menu, Popup::is_any_open(ui.ctx())),
        ];
        let towards = self.place.follow(ui.ctx(), open);
        let arriving = std::mem::take(&mut self.arriving);
        // The lines of the plan are for the arrows, also for somebody who came by pointer.
        let arriving = arriving && (self.place.by_key() || self.screen == Screen::Plan);
        match towards {
            Some(Towards::Drawer) => self.drawer.take_focus(),
            towards if arriving || towards.is_some() => match self.screen {
                Screen::Board => self.board.take_focus(),
                Screen::Quotas => self.quotas.take_focus(),
                Screen::WhatIf => self.what_if.take_focus(),
                Screen::Providers => self.providers.take_focus(),
                Screen::Plan => self.plan.take_focus(snapshot),
                Screen::Crisis => self.crisis.take_focus(),
                Screen::Activity => self.activity.take_focus(),
                Screen::Welcome | Screen::Settings => {}
            },
            _ => {}
        }
    }

    /// Ctrl+1 to Ctrl+8 open the screens, Ctrl+Z takes an edit back, Ctrl+Enter the plan, F1 or ? the list of keys; Escape closes the drawer.
    fn keys(&mut self, ui: &Ui, snapshot: &Snapshot) -> Vec<Action> {
        if covered(ui) {
            return Vec::new();
        }
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let typing = ui.ctx().text_edit_focused();
        self.help.open |= pressed(Modifiers::NONE, Key::F1) || !typing && pressed(Modifiers::NONE, Key::Questionmark);
        if snapshot.connection == Connection::None {
            return Vec::new();
        }
        let screens = [
            (Key::Num1, Screen::Board),
            (Key::Num2, Screen::Quotas),
            (Key::Num3, Screen::WhatIf),
            (Key::Num4, Screen::Providers),
            (Key::Num5, Screen::Plan),
            (Key::Num6, Screen::Crisis),
            (Key::Num7, Screen::Activity),
            (Key::Num8, Screen::Settings),
        ];
        let screens = screens.into_iter().filter(|(key, _)| pressed(Modifiers::COMMAND, *key));
        let mut wishes: Vec<Action> = screens.map(|(_, screen)| Action::Go(screen)).collect();
        if !typing {
            let command = Modifiers::COMMAND;
            // With Shift it is the other way.
            let redo = pressed(command | Modifiers::SHIFT, Key::Z) || pressed(command, Key::Y);
            wishes.extend(redo.then_some(Action::Tell(Command::RedoEdit)));
            wishes.extend(pressed(command, Key::Z).then_some(Action::Tell(Command::UndoEdit)));
        }
        if bar::has_something(snapshot, self.screen) && go_on_pressed(ui) {
            wishes.extend(bar::go_on(snapshot));
        }
        if self.drawer.cron().is_some() && pressed(Modifiers::NONE, Key::Escape) {
            wishes.push(Action::CloseDrawer);
        }
        wishes
    }

    /// The parts of the window, in the order in which Tab walks them.
    fn framed_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        zone: &TimeZone,
        speech: &Speech<'_>,
        wishes: &mut Vec<Action>,
    ) {
        let palette = theme::palette(ui);
        let narrow = ui.available_width() < space::NARROW;
        let open = self.drawer.cron().is_some() && self.screen != Screen::Welcome;
        // Beside an open drawer the columns need the room more than the words of the sidebar do.
        let folded = narrow || open && ui.available_width() < space::ROOMY;
        let width = if folded { space::SIDEBAR_FOLDED } else { space::SIDEBAR };
        let (side, rest) = ui.max_rect().split_left_right_at_x(ui.max_rect().left() + width);
        let (top, rest) = rest.split_top_bottom_at_y(rest.top() + space::TOP_LINE);
        let (rest, status) = rest.split_top_bottom_at_y(rest.bottom() - space::STATUS_LINE);
        // Other screens follow it themselves.
        if !self.follows_quotas(snapshot) {
            self.foreseen.glance(ui.ctx(), snapshot);
        }
        let has_bar = bar::has_something(snapshot, self.screen);
        let (rest, bar) = rest.split_top_bottom_at_y(rest.bottom() - if has_bar { space::BAR } else { 0.0 });
        let drawer_width = if open { space::DRAWER } else { 0.0 };
        let (beside, drawer) = rest.split_left_right_at_x(rest.right() - drawer_width);
        part_ui(ui, "sidebar", Role::Navigation, side, palette.sidebar, |ui| {
            wishes.extend(self.sidebar_ui(ui, snapshot, folded));
        });
        part_ui(ui, "top line", Role::Banner, top, palette.background, |ui| {
            wishes.extend(topline::topline_ui(ui, snapshot, &mut self.help.open, speech));
        });
        let middle = if narrow { rest } else { beside };
        part_ui(ui, "screen", Role::Main, middle, palette.background, |ui| {
            let room = Rect::from_min_max(middle.min + vec2(16.0, 12.0), middle.max - vec2(16.0, 14.0));
            ui.scope_builder(UiBuilder::new().max_rect(room), |ui| {
                wishes.extend(strip::strips_ui(ui, snapshot, speech, self.screen));
                wishes.extend(self.banner.ui(ui, snapshot, self.screen, self.counted.owed, speech));
                wishes.extend(self.screen_ui(ui, self.screen, snapshot, zone));
            });
        });
        if open {
            if narrow {
                // Catches what is meant for the drawer before it reaches the cards below.
                ui.interact(drawer, egui::Id::unique("covering drawer"), Sense::CLICK | Sense::DRAG);
            }
            part_ui(ui, "details", Role::Complementary, drawer, palette.panel, |ui| {
                ui.painter().vline(drawer.left() + 0.5, drawer.y_range(), Stroke::new(1.0, palette.strong_line));
                wishes.extend(self.drawer.ui(ui, snapshot, zone));
            });
        }
        if has_bar {
            part_ui(ui, "what happens next", Role::Region, bar, palette.panel, |ui| {
                wishes.extend(bar::bar_ui(ui, snapshot, self.screen, &mut self.summary, speech));
            });
        }
        part_ui(ui, "status", Role::ContentInfo, status, palette.sidebar, |ui| {
            wishes.extend(self.status_ui(ui, snapshot, speech));
        });
    }

    fn follows_quotas(&self, snapshot: &Snapshot) -> bool {
        match self.screen {
            Screen::Board => self.board.wants_outlook(snapshot),
            // What is imagined says nothing of what was paid.
            screen => screen == Screen::Quotas,
        }
    }

    fn screen_ui(&mut self, ui: &mut Ui, screen: Screen, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        match screen {
            Screen::Board => {
                let wanted = self.board.wants_outlook(snapshot);
                let follow = || self.foreseen.follow(ui.ctx(), snapshot, SignedDuration::ZERO).cloned();
                let outlook = wanted.then(follow).flatten();
                self.board.ui(ui, snapshot, outlook.as_ref(), zone)
            }
            Screen::Quotas => {
                let outlook = self.foreseen.follow(ui.ctx(), snapshot, self.quotas.ahead());
                self.quotas.ui(ui, snapshot, outlook.map(AsRef::as_ref), zone)
            }
            Screen::WhatIf => {
                let (supposed, ahead) = (self.what_if.supposed(), self.what_if.ahead());
                let connected = snapshot.connection.info().is_some();
                let imagined = connected.then(|| self.foreseen.imagine(ui.ctx(), snapshot, supposed, ahead).cloned());
                self.what_if.ui(ui, snapshot, imagined.flatten(), zone)
            }
            Screen::Providers => self.providers.ui(ui, snapshot, zone),
            Screen::Plan => {
                let outlook = self.foreseen.follow(ui.ctx(), snapshot, SignedDuration::ZERO);
                self.plan.ui(ui, snapshot, outlook.map(AsRef::as_ref), zone)
            }
            Screen::Crisis => {
                let outlook = self.foreseen.follow(ui.ctx(), snapshot, SignedDuration::ZERO);
                self.crisis.ui(ui, snapshot, outlook.map(AsRef::as_ref), zone)
            }
            Screen::Activity => self.activity.ui(ui, snapshot, zone),
            Screen::Welcome => self.welcome.ui(ui, snapshot, zone),
            Screen::Settings => self.settings.ui(ui, snapshot, zone),
        }
    }

    /// Shows another screen. What was open beside the one before belongs to that.
    pub fn go(&mut self, screen: Screen) {
        if self.screen != screen {
            self.drawer.close();
        }
        self.screen = screen;
        self.arriving = true;
    }

    /// Shows the board with the crons lit that draw on a window.
    pub fn show_crons(&mut self, account: AccountId, window: String) {
        self.go(Screen::Board);
        // The keyboard goes to that window.
        self.arriving = false;
        self.board.show_crons(account, window);
    }

    /// Shows the crisis screen with this prepared.
    pub fn prepare(&mut self, choice: Choice) {
        self.go(Screen::Crisis);
        self.crisis.prepare(choice);
    }

    /// Whether the window must not close yet: crons would stay paused, and the user is asked.
    pub fn asks_before_closing(&mut self, snapshot: &Snapshot) -> bool {
        self.closing.asks(snapshot)
    }

    /// Opens the question whether to act here instead of another computer.
    pub fn ask_take_over(&mut self) {
        self.takeover.open();
    }

    #[must_use]
    pub fn screen(&self) -> Screen {
        self.screen
    }

    pub fn open(&mut self, cron: CronId) {
        self.place.opened_again(Over::Drawer);
        self.drawer.open(cron);
    }

    pub fn close_drawer(&mut self) {
        self.drawer.close();
    }

    /// Takes in one event of the engine.
    pub fn hear(&mut self, event: &Event, snapshot: &Snapshot, speech: &Speech<'_>) {
        if !self.transfer.hear(event, speech) {
            self.notices.hear(event, snapshot, speech);
        }
    }

    /// The engine was told to export under that number.
    pub fn exports(&mut self, ticket: Ticket) {
        self.transfer.exports(ticket);
    }

    /// Asks for a path.
    pub fn ask_path(&mut self, pick: Pick) {
        self.transfer.ask(pick);
    }

    /// A gateway that answers leads to the board; leaving it leads back to the welcome, and one that
    /// never answered never left it.
    fn follow(&mut self, snapshot: &Snapshot) {
        if snapshot.connection == Connection::None {
            self.inside = false;
            self.what_if = WhatIf::default();
            self.foreseen = Foreseen::default();
            self.screen = Screen::Welcome;
            self.drawer.close();
        } else if !self.inside && answered(snapshot) {
            self.inside = true;
            self.arriving = true;
            if self.screen == Screen::Welcome {
                self.screen = Screen::Board;
            }
        }
    }
}

/// There is something to show of this gateway, or will be in a moment.
fn answered(snapshot: &Snapshot) -> bool {
    snapshot.demo || snapshot.connection.info().is_some() || snapshot.crons_as_of.is_some()
}

/// One part of the window, with a ground of its own; a screen reader finds it by its role.
fn part_ui(ui: &mut Ui, name: &str, role: Role, rect: Rect, fill: Color32, add_contents: impl FnOnce(&mut Ui)) {
    ui.painter().rect_filled(rect, 0.0, fill);
    let builder = UiBuilder::new().id_salt(name).max_rect(rect).accessibility_role(role).accessibility_label(name);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(ui.clip_rect().intersect(rect));
        add_contents(ui);
    });
}

/// Whether a job is on its way or waits to be continued.
fn job_is_open(snapshot: &Snapshot) -> bool {
    snapshot.job.as_ref().is_some_and(|job| job.running() || job.phase == JobPhase::Interrupted)
}
