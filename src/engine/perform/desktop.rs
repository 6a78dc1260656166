//! What the desktop offers, asked for once by somebody who wants to know: nothing is kept there and nothing is shown.

use std::time::Duration;

use super::keychain;

/// A service that does not answer is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether there is a keychain that answers. It may ask a person to unlock it, which counts as no answer meanwhile.
///
/// # Errors
/// With its own words, or that there are none.
pub fn keychain_answers() -> Result<(), String> {
    within("keychain", keychain::answers)
}

/// The name of what shows notifications.
///
/// # Errors
/// With the words of the desktop, or that there are none.
pub fn notifications_answer() -> Result<String, String> {
    within("notifications", server)
}

#[cfg(target_os = "linux")]
fn server() -> Result<String, String> {
    notify_rust::get_server_information().map(|server| server.name).map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn server() -> Result<String, String> {
    Ok("the system".to_owned())
}

fn within<T: Send + 'static>(
    name: &str,
    ask: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (sender, answer) = std::sync::mpsc::sync_channel(1);
    let work = move || {
        // Nobody listens any more: it took too long.
        sender.send(ask()).ok();
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| error.to_string())?;
    answer.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}
