//! Being told to end: Ctrl-C, or the system's own way.

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
