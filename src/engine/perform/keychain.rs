//! The desktop's secret service: where tokens of gateways and keys of accounts are kept when the user asks for it.

use std::time::Duration;

use crate::domain::Secret;

const SERVICE: &str = "model-orchestrator";
/// A secret service that does not answer is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// The token kept for a gateway. A missing service or entry is no error, just no token.
#[must_use]
pub fn load(url: &str) -> Option<Secret> {
    let entry = keyring::Entry::new(SERVICE, url).ok()?;
    entry.get_password().ok().map(Secret::new)
}

/// # Errors
/// With the service's own words; the token is never among them.
pub fn save(url: &str, token: &Secret) -> Result<(), String> {
    let entry = keyring::Entry::new(SERVICE, url).map_err(|error| token.scrub(&error.to_string()))?;
    entry.set_password(token.reveal()).map_err(|error| token.scrub(&error.to_string()))
}

/// # Errors
/// With the service's own words. An entry that is not there is as good as removed.
pub fn remove(name: &str) -> Result<(), String> {
    let entry = keyring::Entry::new(SERVICE, name).map_err(|error| error.to_string())?;
    match entry.delete_credential() {
        Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether there is one, by an entry that nobody keeps.
pub fn answers() -> Result<(), String> {
    let entry = keyring::Entry::new(SERVICE, "doctor").map_err(|error| error.to_string())?;
    match entry.get_password() {
        Ok(_) | Err(keyring::Error::NoEntry) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

pub async fn load_async(url: String) -> Option<Secret> {
    let asked = tokio::task::spawn_blocking(move || load(&url));
    tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?
}
