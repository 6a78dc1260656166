//! Opens the window and keeps it until it is closed.

use std::io;
use std::time::Duration;

use eframe::NativeOptions;
use egui::{Context, ViewportBuilder};

use crate::engine::{Command, Handle, Target};
use crate::ui::app::{self, App};
use crate::ui::system_theme::SystemTheme;
use crate::ui::theme;

/// The name of the desktop entry, and of the folder in which the window's size is kept.
pub const APP_ID: &str = "model-orchestrator";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No screen to open a window on: a terminal without a desktop, a service, a container.
    #[error("no display: {detail}")]
    NoDisplay { detail: String },
    #[error("cannot draw: {detail}")]
    NoGraphics { detail: String },
    #[error("the engine does not start")]
    Engine(#[source] io::Error),
}

/// What starting the engine gives: the way to it, and how it is ended.
pub type Running = (Handle, Box<dyn FnOnce()>);

/// Wakes the window from the engine's thread.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Opens the window, starts the engine with `start`, goes to `first` if there is one, tells the engine what
/// is to follow `then`, and returns when the window was closed and the engine has ended.
///
/// # Errors
/// When there is no display, no way to draw, or no engine.
pub fn run_window(
    start: impl FnOnce(Wake) -> io::Result<Running> + 'static,
    first: Option<Target>,
    then: Vec<Command>,
) -> Result<(), WindowError> {
    let created = eframe::run_native(
        APP_ID,
        options(),
        Box::new(move |creation| {
            let ctx = &creation.egui_ctx;
            theme::install(ctx);
            let (handle, shutdown) = start(wake(ctx.clone()))?;
            close_on_signal(ctx.clone());
            Ok(Box::new(App::new(handle, SystemTheme::watch(ctx), first, then, shutdown)))
        }),
    );
    created.map_err(window_error)
}

fn options() -> NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_title("Model Orchestrator")
        .with_app_id(APP_ID)
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([1024.0, 700.0]);
    NativeOptions { viewport, persist_window: true, dithering: false, ..NativeOptions::default() }
}

/// One frame soon, not two at once: see the toolkit's `request_repaint`.
fn wake(ctx: Context) -> Wake {
    Box::new(move || ctx.request_repaint_after(Duration::from_millis(1)))
}

/// SIGTERM and Ctrl+C close the window, so that the engine ends well. Unlike its own button they ask nothing.
fn close_on_signal(ctx: Context) {
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime.is_ok_and(|runtime| runtime.block_on(signal()).is_ok()) {
            app::close(&ctx);
        }
    };
    // Without the thread a signal ends the program at once, as it does by default.
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen).ok();
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn window_error(error: eframe::Error) -> WindowError {
    match error {
        eframe::Error::AppCreation(source) => match source.downcast::<io::Error>() {
            Ok(source) => WindowError::Engine(*source),
            Err(source) => WindowError::Engine(io::Error::other(source.to_string())),
        },
        eframe::Error::Winit(error) => WindowError::NoDisplay { detail: error.to_string() },
        eframe::Error::WinitEventLoop(error) => WindowError::NoDisplay { detail: error.to_string() },
        other => WindowError::NoGraphics { detail: other.to_string() },
    }
}
