//! The frame around the screens: sidebar, top line, strips, bottom bar, status line, drawer.
//!
//! Draws a snapshot and returns wishes, like every view. Which screen is open is its own affair.

mod bar;
mod notice;
mod sidebar;
mod status;
mod strip;
mod topline;

use egui::{CentralPanel, Frame, Margin, Panel, Rect, Sense, Stroke, Ui, UiBuilder};
use jiff::tz::TimeZone;

pub use notice::{Notice, Notices};

use crate::domain::{Connection, CronId, JobPhase};
use crate::engine::Snapshot;
use crate::ui::action::{Action, Pick, Screen};
use crate::ui::screens::activity::Activity;
use crate::ui::screens::board::Board;
use crate::ui::screens::drawer::Drawer;
use crate::ui::screens::plan::Plan;
use crate::ui::screens::settings::Settings;
use crate::ui::screens::transfer::Transfer;
use crate::ui::screens::welcome::Welcome;
use crate::ui::theme::{self, space};
use crate::words::Speech;

/// The window's content, and what it remembers until it is closed.
#[derive(Debug, Default)]
pub struct Shell {
    screen: Screen,
    board: Board,
    plan: Plan,
    activity: Activity,
    welcome: Welcome,
    settings: Settings,
    drawer: Drawer,
    transfer: Transfer,
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
}

impl Counted {
    fn of(snapshot: &Snapshot) -> Self {
        let routable = || snapshot.crons.values().filter(|cron| cron.routable());
        Self {
            revision: Some(snapshot.revision),
            n_crons: snapshot.crons.len(),
            n_routable: routable().count(),
            n_sorted: routable().filter(|cron| snapshot.tiers.contains_key(&cron.id)).count(),
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
        let mut wishes = screen_keys(ui, snapshot);
        if self.inside {
            self.framed_ui(ui, snapshot, zone, speech, &mut wishes);
        } else {
            let fill = theme::palette(ui).background;
            CentralPanel::default().frame(Frame::new().fill(fill)).show(ui, |ui| {
                wishes.extend(self.screen_ui(ui, Screen::Welcome, snapshot, zone));
            });
        }
        wishes.extend(self.transfer.ui(ui, snapshot, zone));
        wishes
    }

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
        let bare = |fill| Frame::new().fill(fill);
        Panel::left("sidebar")
            .exact_size(width)
            .resizable(false)
            .show_separator_line(false)
            .frame(bare(palette.sidebar))
            .show(ui, |ui| wishes.extend(self.sidebar_ui(ui, snapshot, folded)));
        Panel::top("top line")
            .exact_size(48.0)
            .resizable(false)
            .show_separator_line(false)
            .frame(bare(palette.background))
            .show(ui, |ui| wishes.extend(topline::topline_ui(ui, snapshot, speech)));
        Panel::bottom("status")
            .exact_size(26.0)
            .resizable(false)
            .show_separator_line(false)
            .frame(bare(palette.sidebar))
            .show(ui, |ui| wishes.extend(self.status_ui(ui, snapshot, speech)));
        if bar::has_something(snapshot, self.screen) {
            Panel::bottom("what happens next")
                .exact_size(52.0)
                .resizable(false)
                .show_separator_line(false)
                .frame(bare(palette.panel))
                .show(ui, |ui| {
                    wishes.extend(bar::bar_ui(ui, snapshot, speech));
                });
        }
        if open && !narrow {
            let frame = Frame::new().fill(palette.panel);
            Panel::right("drawer")
                .exact_size(space::DRAWER)
                .resizable(false)
                .show_separator_line(true)
                .frame(frame)
                .show(ui, |ui| {
                    wishes.extend(self.drawer.ui(ui, snapshot, zone));
                });
        }
        let margin = Margin { left: 16, right: 16, top: 12, bottom: 14 };
        let frame = bare(palette.background).inner_margin(margin);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            wishes.extend(strip::strips_ui(ui, snapshot, speech, self.screen));
            let shown = self.screen;
            wishes.extend(self.screen_ui(ui, shown, snapshot, zone));
            if open && narrow {
                wishes.extend(self.covering_drawer_ui(ui, snapshot, zone));
            }
        });
    }

    fn screen_ui(&mut self, ui: &mut Ui, screen: Screen, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        match screen {
            Screen::Board => self.board.ui(ui, snapshot, zone),
            Screen::Plan => self.plan.ui(ui, snapshot, zone),
            Screen::Activity => self.activity.ui(ui, snapshot, zone),
            Screen::Welcome => self.welcome.ui(ui, snapshot, zone),
            Screen::Settings => self.settings.ui(ui, snapshot, zone),
        }
    }

    /// The drawer over the right part of a narrow window.
    fn covering_drawer_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let palette = theme::palette(ui);
        let full = ui.max_rect().expand2(egui::vec2(16.0, 12.0));
        let rect = Rect::from_min_max(egui::pos2(full.right() - space::DRAWER, full.top()), full.right_bottom());
        // Catches what is meant for the drawer before it reaches the cards below.
        ui.interact(rect, egui::Id::unique("covering drawer"), Sense::CLICK | Sense::DRAG);
        ui.painter().rect_filled(rect, 0.0, palette.panel);
        ui.painter().vline(rect.left(), rect.y_range(), Stroke::new(1.0, palette.strong_line));
        let builder = UiBuilder::new().max_rect(rect).id_salt("covering drawer");
        ui.scope_builder(builder, |ui| self.drawer.ui(ui, snapshot, zone)).inner
    }

    /// Shows another screen. What was open beside the one before belongs to that.
    pub fn go(&mut self, screen: Screen) {
        if self.screen != screen {
            self.drawer.close();
        }
        self.screen = screen;
    }

    #[must_use]
    pub fn screen(&self) -> Screen {
        self.screen
    }

    pub fn open(&mut self, cron: CronId) {
        self.drawer.open(cron);
    }

    pub fn close_drawer(&mut self) {
        self.drawer.close();
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
            self.screen = Screen::Welcome;
            self.drawer.close();
        } else if !self.inside && answered(snapshot) {
            self.inside = true;
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

/// Ctrl+1 to Ctrl+4 open the screens.
fn screen_keys(ui: &Ui, snapshot: &Snapshot) -> Vec<Action> {
    use egui::{Key, Modifiers};
    if snapshot.connection == Connection::None {
        return Vec::new();
    }
    let keys = [
        (Key::Num1, Screen::Board),
        (Key::Num2, Screen::Plan),
        (Key::Num3, Screen::Activity),
        (Key::Num4, Screen::Settings),
    ];
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
    keys.into_iter().filter(|(key, _)| pressed(*key)).map(|(_, screen)| Action::Go(screen)).collect()
}

/// Whether a job is on its way or waits to be continued.
fn job_is_open(snapshot: &Snapshot) -> bool {
    snapshot.job.as_ref().is_some_and(|job| job.running() || job.phase == JobPhase::Interrupted)
}
