//! Where the keys of accounts are found and kept. A key goes to the request and nowhere else.

use std::time::Duration;

use serde_json::Value;

use super::{Performer, keychain};
use crate::domain::{KeySource, KeyState, ProviderAccount, Secret};
use crate::gateway::{self, Env};
use crate::providers;

/// A keychain that asks its owner waits for them; a look does not.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of shorter keys not even the end is shown.
const SHOWS_ENDING: usize = 12;

/// Everything that keys are looked for in.
#[derive(Clone, Debug)]
pub(super) struct Places {
    env: Env,
    gateway_url: Option<String>,
    /// The demo's own configuration.
    demo: Option<Value>,
}

impl Performer {
    pub(super) fn key_places(&self) -> Places {
        let demo = self.demo.as_ref().map(|running| running.demo.config());
        Places { env: self.env.clone(), gateway_url: self.gateway_url.clone(), demo }
    }
}

/// The key of an account, where its owner says it is.
pub(super) async fn find(account: &ProviderAccount, places: Places) -> (Option<Secret>, KeyState) {
    let missing = |why: String| (None, KeyState::Missing { why });
    let found = |key: Secret| {
        let state = ready(&key);
        (Some(key), state)
    };
    match &account.key {
        KeySource::Gateway if account.service.is_local() => (None, KeyState::NotNeeded),
        KeySource::Gateway => (None, KeyState::OfGateway),
        // Made for the service, and not for whoever a file of settings names as its address.
        KeySource::Environment(name) if !providers::may_see_key(account) => {
            missing(format!("{name} is not shown to {}", stranger(account)))
        }
        KeySource::Environment(name) => match places.env.vars.get(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => found(Secret::new(value.trim())),
            None => missing(format!("the environment variable {name} is not set")),
        },
        KeySource::Keychain => {
            let entry = entry_of(account);
            let asked = tokio::task::spawn_blocking(move || keychain::load(&entry));
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(Some(key))) => found(key),
                Ok(_) => missing("the keychain has no key for it".to_owned()),
                Err(_) => missing("the keychain does not answer".to_owned()),
            }
        }
        KeySource::OpenClaw(provider) => {
            let (provider, account) = (provider.clone(), account.clone());
            let look = move || in_config(&provider, &account, &places);
            match tokio::task::spawn_blocking(look).await {
                Ok(Ok(key)) => found(key),
                Ok(Err(why)) => missing(why),
                Err(_) => missing("the configuration could not be read".to_owned()),
            }
        }
    }
}

fn in_config(provider: &str, account: &ProviderAccount, places: &Places) -> Result<Secret, String> {
    let variable = |name: &str| places.env.vars.get(name).cloned();
    let of_gateway = || gateway::configuration_of(&places.env, places.gateway_url.as_deref()?);
    let config = places.demo.clone().or_else(of_gateway);
    let config = config.ok_or_else(|| "the gateway's configuration is not on this computer".to_owned())?;
    let asked_there = providers::address_in_config(&config, provider);
    let known =
        asked_there.is_some() && asked_there == providers::address_of(account).map(|own| own.to_ascii_lowercase());
    if !known && !providers::may_see_key(account) {
        return Err(format!("the gateway's key is not shown to {}", stranger(account)));
    }
    providers::key_in_config(&config, provider, variable).map_err(|trouble| trouble.to_string())
}

/// A key that was found, by its end.
pub(super) fn ready(key: &Secret) -> KeyState {
    let letters: Vec<char> = key.reveal().trim().chars().collect();
    let ending =
        if letters.len() >= SHOWS_ENDING { letters[letters.len() - 4..].iter().collect() } else { String::new() };
    KeyState::Ready { ending }
}

fn stranger(account: &ProviderAccount) -> String {
    let address = providers::address_of(account).unwrap_or_else(|| "that address".to_owned());
    format!("{address}, which is not the service's own; keep the key for it in the keychain")
}

/// Keeps a key in the keychain; `None` takes it out.
pub(super) async fn keep(account: ProviderAccount, key: Option<Secret>) -> Result<(), String> {
    let entry = entry_of(&account);
    let kept = tokio::task::spawn_blocking(move || match key {
        Some(key) => keychain::save(&entry, &key),
        None => keychain::remove(&entry),
    });
    match tokio::time::timeout(PATIENCE, kept).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err("the keychain could not be asked".to_owned()),
        Err(_) => Err("the keychain does not answer".to_owned()),
    }
}

/// Accounts lie beside the tokens of gateways, which are named by their address. A key belongs to the
/// address that it was typed for.
fn entry_of(account: &ProviderAccount) -> String {
    format!("account:{} {}", account.id, providers::address_of(account).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Places, find, ready};
    use crate::domain::{AccountId, KeySource, KeyState, ProviderAccount, Secret, Service};
    use crate::gateway::Env;

    fn found(key: KeySource, service: Service) -> (Option<String>, KeyState) {
        found_at(None, key, service)
    }

    fn found_at(base_url: Option<&str>, key: KeySource, service: Service) -> (Option<String>, KeyState) {
        let base_url = base_url.map(str::to_owned);
        let account = ProviderAccount { base_url, key, ..ProviderAccount::new(AccountId::new("a"), service) };
        let vars = BTreeMap::from([("MY_KEY".to_owned(), " sk-planted-key-1234\n".to_owned())]);
        let config = serde_json::json!({ "models": { "providers": { "kimi": { "apiKey": "${MY_KEY}", "baseUrl": "https://proxy.example/v1" } } } });
        let places = Places { env: Env { home: None, vars }, gateway_url: None, demo: Some(config) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (key, state) = runtime.block_on(find(&account, places));
        (key.map(|key| key.reveal().to_owned()), state)
    }

    #[test]
    fn a_key_is_found_where_its_owner_says_and_shown_by_its_end_only() {
        let ending = || KeyState::Ready { ending: "1234".to_owned() };
        let key = || Some("sk-planted-key-1234".to_owned());
        assert_eq!(found(KeySource::Environment("MY_KEY".to_owned()), Service::Kimi), (key(), ending()));
        assert_eq!(found(KeySource::OpenClaw("kimi".to_owned()), Service::Kimi), (key(), ending()));
        assert_eq!(found(KeySource::Gateway, Service::Kimi), (None, KeyState::OfGateway));
        assert_eq!(found(KeySource::Gateway, Service::Ollama), (None, KeyState::NotNeeded));
        let (none, state) = found(KeySource::Environment("NOWHERE".to_owned()), Service::Kimi);
        assert!(none.is_none() && matches!(state, KeyState::Missing { why } if why.contains("NOWHERE")));
        let of_config = || KeySource::OpenClaw("kimi".to_owned());
        for (key, url, shown, why) in [
            (of_config(), "https://evil.example", false, "a file of settings may name any address"),
            (of_config(), "https://api.kimi.com.evil.example/coding", false, "a host is compared to its end"),
            (KeySource::Environment("MY_KEY".to_owned()), "https://evil.example", false, "the same of a variable"),
            (of_config(), "https://proxy.example/other", true, "where the gateway itself shows it"),
            (of_config(), "https://api.kimi.com/coding", true, "the service's own"),
            (of_config(), "http://127.0.0.1:9/kimi", true, "this computer"),
        ] {
            let (key, state) = found_at(Some(url), key, Service::Kimi);
            assert_eq!(key.is_some(), shown, "{why}: {url}");
            assert!(shown || matches!(state, KeyState::Missing { why } if why.contains("not shown")));
        }
        assert_eq!(ready(&Secret::new("short")), KeyState::Ready { ending: String::new() });
    }
}
