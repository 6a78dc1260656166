//! Being told to end: Ctrl-C, or the system's own way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

/// Returns when somebody asks this process to end.
#[cfg(unix)]
pub(super) async fn told_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) async fn told_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Sets the mark when somebody asks this process to end; who asks again ends it at once.
pub(super) fn note_when_told_to_end(told: Arc<AtomicBool>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wait = move || {
        runtime.block_on(async {
            if told_to_end().await.is_ok() && !told.swap(true, Ordering::Relaxed) && told_to_end().await.is_ok() {
                std::process::exit(Exit::Failed as i32);
            }
        });
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

/// A terminal that is closed ends no program that runs in the background.
#[cfg(unix)]
pub(super) fn stay_when_the_terminal_goes() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            tracing::info!(event = "hangup", "the terminal has gone; this program stays");
        }
    });
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
pub(super) fn stay_when_the_terminal_goes() -> std::io::Result<()> {
    Ok(())
}
