//! The keys of a demo's providers: fresh for each demo, in the look of the real ones.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

use super::super::world::{PROVIDERS, hex};
use crate::domain::Secret;

/// One key for each provider.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Keys(BTreeMap<&'static str, Secret>);

impl Keys {
    /// # Errors
    /// When there is no chance to be had.
    pub fn fresh() -> io::Result<Self> {
        let key = |id| Ok((id, Secret::new(format!("{}demo{}", prefix(id), random()?))));
        PROVIDERS.iter().map(|provider| key(provider.id)).collect::<io::Result<_>>().map(Self)
    }

    pub fn of(&self, provider: &str) -> Option<&Secret> {
        self.0.get(provider)
    }

    /// The part of OpenClaw's configuration that names the providers at `origin`, with their keys.
    pub fn config(&self, origin: &str) -> Value {
        let mut providers = Map::new();
        for provider in PROVIDERS {
            let key = self.of(provider.id).map(Secret::reveal);
            let entry = json!({ "baseUrl": provider.base_url_at(Some(origin)), "apiKey": key, "api": provider.api });
            providers.insert(provider.id.to_owned(), entry);
        }
        json!({ "models": { "providers": providers } })
    }
}

/// What keys of a provider begin with.
fn prefix(provider: &str) -> &'static str {
    match provider {
        "anthropic" => "sk-ant-api03-",
        "google" => "AIza",
        "kimi" => "sk-kimi-",
        "minimax" => "sk-api-",
        "openai" => "sk-proj-",
        _ => "",
    }
}

fn random() -> io::Result<String> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|why| io::Error::other(why.to_string()))?;
    Ok(hex(&bytes))
}
