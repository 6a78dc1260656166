//! The window's application: takes snapshots and events from the engine, draws the shell, and is
//! the one place where wishes are carried out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Theme, Ui, ViewportCommand};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use tokio::sync::broadcast;

use crate::domain::{Connection, ThemeChoice};
use crate::engine::{Command, Event, Handle, Snapshot, Target};
use crate::ui::action::{Action, Screen};
use crate::ui::shell::Shell;
use crate::ui::system_theme::SystemTheme;
use crate::words::Speech;

/// The state of the window.
pub struct App {
    handle: Handle,
    events: broadcast::Receiver<Event>,
    shell: Shell,
    zone: TimeZone,
    system_theme: SystemTheme,
    /// The newest snapshot, and when it came.
    latest: Arc<Snapshot>,
    came: Instant,
    /// The same with the present moment, for everything that counts.
    shown: Snapshot,
    dressed: Option<Theme>,
    frames_begun: u8,
    /// Where to go once the window is there: connecting earlier would only delay its first frame.
    first: Option<Target>,
    /// What is said after that.
    then: Vec<Command>,
    shutdown: Option<Box<dyn FnOnce()>>,
    /// The user was asked, or cannot be: the window closes.
    closes: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("screen", &self.shell.screen()).finish_non_exhaustive()
    }
}

impl App {
    /// A window on a running engine, which goes to `first` if there is one, and is told `then` at once after
    /// that. `shutdown` is called once, when the window has closed.
    #[must_use]
    pub fn new(
        handle: Handle,
        system_theme: SystemTheme,
        first: Option<Target>,
        then: Vec<Command>,
        shutdown: Box<dyn FnOnce()>,
    ) -> Self {
        let latest = handle.snapshot();
        Self {
            events: handle.events(),
            handle,
            shell: Shell::default(),
            zone: TimeZone::system(),
            system_theme,
            shown: (*latest).clone(),
            latest,
            came: Instant::now(),
            dressed: None,
            frames_begun: 0,
            first,
            then,
            shutdown: Some(shutdown),
            closes: false,
        }
    }

    /// The second frame begins when the first is on the screen: the end of starting, for those who measure it.
    fn say_when_shown(&mut self, ctx: &Context) {
        match self.frames_begun {
            0 => ctx.request_repaint(),
            1 => {
                tracing::info!("first frame");
                if let Some(target) = self.first.take() {
                    self.tell(Command::Connect(target));
                }
                for command in std::mem::take(&mut self.then) {
                    self.tell(command);
                }
            }
            _ => return,
        }
        self.frames_begun += 1;
    }

    /// Takes what the engine has to say. Runs before each frame, and while the window is hidden.
    pub fn listen(&mut self, ctx: &Context) {
        let latest = self.handle.snapshot();
        if !Arc::ptr_eq(&latest, &self.latest) {
            self.latest = latest;
            self.came = Instant::now();
            self.shown = (*self.latest).clone();
        }
        // The engine's clock goes on between its snapshots.
        let gone = SignedDuration::try_from(self.came.elapsed()).unwrap_or_default();
        self.shown.at = self.latest.at + gone;
        if let Some(target) = &self.first {
            self.shown.connection = connecting_to(target);
        }
        loop {
            match self.events.try_recv() {
                Ok(event) => self.hear(&event),
                // The newest are still there: go on with those.
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        self.dress(ctx);
    }

    fn hear(&mut self, event: &Event) {
        let shown = &self.shown;
        let speech = Speech { now: shown.at, zone: &self.zone, settings: &shown.settings, catalog: &shown.catalog };
        self.shell.hear(event, shown, &speech);
    }

    /// Light or dark, as the user chose or the desktop says.
    fn dress(&mut self, ctx: &Context) {
        let theme = match self.shown.settings.window.theme {
            ThemeChoice::Light => Theme::Light,
            ThemeChoice::Dark => Theme::Dark,
            ThemeChoice::System => self.system_theme.get().or_else(|| ctx.system_theme()).unwrap_or(Theme::Dark),
        };
        if self.dressed != Some(theme) {
            ctx.set_theme(theme);
            self.dressed = Some(theme);
        }
    }

    /// Draws the window and carries out what the user asked for.
    pub fn draw(&mut self, ui: &mut Ui) {
        for action in self.shell.ui(ui, &self.shown, &self.zone) {
            self.carry_out(ui.ctx(), action);
        }
    }

    /// The one place where a wish becomes something.
    fn carry_out(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Tell(command) => self.tell(command),
            Action::Go(screen) => self.go(screen),
            Action::Prepare(choice) => self.shell.prepare(choice),
            Action::Open(cron) => self.shell.open(cron),
            Action::CloseDrawer => self.shell.close_drawer(),
            Action::ShowCrons { account, window } => self.shell.show_crons(account, window),
            Action::Pick(pick) => self.shell.ask_path(pick),
            Action::AskTakeOver => self.shell.ask_take_over(),
            Action::Browse(url) => ctx.open_url(egui::OpenUrl::new_tab(url)),
            Action::Minimise => ctx.send_viewport_cmd(ViewportCommand::Minimized(true)),
            Action::Close => {
                self.closes = true;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
        // What was asked for shows in the next frame, also when the engine has nothing to say.
        ctx.request_repaint_after(Duration::from_millis(1));
    }

    fn go(&mut self, screen: Screen) {
        // Both show what this computer has, which somebody may have changed meanwhile.
        if matches!(screen, Screen::Welcome | Screen::Settings) {
            self.tell(Command::Discover);
        }
        self.shell.go(screen);
    }

    fn tell(&mut self, command: Command) {
        let exports = matches!(command, Command::Export { .. });
        match self.handle.send(command) {
            Ok(ticket) if exports => self.shell.exports(ticket),
            Ok(_) => {}
            Err(_) => {
                let text = "The engine does not take commands now; try again in a moment".to_owned();
                self.shell.notices.say(text, self.shown.at);
            }
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.listen(ctx);
        if ctx.input(|input| input.viewport().close_requested()) {
            self.closes |= signalled(ctx) || !self.shell.asks_before_closing(&self.shown);
            if self.closes {
                tracing::debug!("the window closes");
            } else {
                ctx.send_viewport_cmd(ViewportCommand::CancelClose);
                ctx.request_repaint_after(Duration::from_millis(1));
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.say_when_shown(ui.ctx());
        self.draw(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        if let Some(shutdown) = self.shutdown.take() {
            shutdown();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        crate::ui::theme::palette_of(visuals).background.to_normalized_gamma_f32()
    }

    /// Only the window's size and place are kept; what is open in it is not.
    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// How it looks until the engine has heard of it.
fn connecting_to(target: &Target) -> Connection {
    let (name, url) = match target {
        Target::Demo => ("demo".to_owned(), String::new()),
        Target::Gateway(target) => (target.name.clone(), target.url.clone()),
    };
    Connection::Connecting { name, url, attempt: 1 }
}

/// Closes a window from another thread, because the system wants the program to end: nobody is asked.
pub fn close(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(signal_id(), true));
    ctx.send_viewport_cmd(ViewportCommand::Close);
    ctx.request_repaint_after(Duration::from_millis(1));
}

fn signalled(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(signal_id())).unwrap_or_default()
}

fn signal_id() -> egui::Id {
    egui::Id::unique("the system ends the program")
}
