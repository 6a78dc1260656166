//! Desktop notifications: said and forgotten.
//!
//! A desktop without a service for them, or with one that does not answer, is nothing that a person
//! must hear of. Nobody waits for it, the end of the program included.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::words::{self, Said};

const APP_NAME: &str = "Model Orchestrator";
/// Of the desktop entry, and of the icon installed beside it.
const APP_ID: &str = "model-orchestrator";
/// A service that takes calls and answers none holds no more threads than these.
const MAX_UNDERWAY: usize = 4;
/// Letters of a title; desktops cut it earlier, where it no longer fits.
const MAX_TITLE: usize = 120;

static UNDERWAY: AtomicUsize = AtomicUsize::new(0);

/// Shows it, on a thread of its own that nobody joins: a task of the runtime would hold its end up.
pub fn notify(said: Said) {
    if UNDERWAY.fetch_add(1, Ordering::Relaxed) >= MAX_UNDERWAY {
        UNDERWAY.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!("the desktop has not taken earlier notifications yet: this one is not shown");
        return;
    }
    let show = move || {
        if let Err(error) = show(&said) {
            tracing::debug!(%error, "the desktop shows no notification");
        }
        UNDERWAY.fetch_sub(1, Ordering::Relaxed);
    };
    if let Err(error) = std::thread::Builder::new().name("notification".to_owned()).spawn(show) {
        UNDERWAY.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!(%error, "no thread for a notification");
    }
}

fn show(said: &Said) -> Result<(), notify_rust::error::Error> {
    let mut notification = notify_rust::Notification::new();
    notification.appname(APP_NAME).icon(APP_ID).summary(&title(&said.what));
    if let Some(text) = &said.remedy {
        notification.body(&body(text));
    }
    #[cfg(target_os = "linux")]
    notification.hint(notify_rust::Hint::DesktopEntry(APP_ID.to_owned()));
    notification.show().map(drop)
}

/// One line of a desktop's width, whatever a cron is called.
fn title(what: &str) -> String {
    let line = words::on_one_line(what);
    match line.char_indices().nth(MAX_TITLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Free desktops read markup there, and only there.
fn body(text: &str) -> String {
    let text = words::printable(text);
    if cfg!(target_os = "linux") { text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") } else { text }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
