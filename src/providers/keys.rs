//! The key that OpenClaw's configuration has for a provider. Read, never written.
//!
//! Pure: the configuration and the environment are arguments.

use serde_json::Value;

use super::json;
use super::requests::origin;
use crate::domain::Secret;

/// Why there is no key to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTrouble {
    #[error("the gateway's configuration has no key for {provider}")]
    NotThere { provider: String },
    #[error("the key is in the environment variable {name}, which is not set")]
    NotSet { name: String },
    /// In a file, a program or a store of the gateway's own.
    #[error("the key is kept where only the gateway can read it")]
    OutOfReach,
}

/// The key at `models.providers.<provider>.apiKey`: a literal, `${NAME}`, or a reference to the environment.
///
/// `variable` is the process's environment; the configuration's own variables fill its gaps.
pub fn key_in_config(
    config: &Value,
    provider: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Secret, KeyTrouble> {
    let not_there = || KeyTrouble::NotThere { provider: provider.to_owned() };
    let written = json::at(config, &["models", "providers", provider, "apiKey"]).ok_or_else(not_there)?;
    let name = match written {
        Value::String(text) => match text.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => name.trim(),
            None => return Some(text.trim()).filter(|key| !key.is_empty()).map(Secret::new).ok_or_else(not_there),
        },
        Value::Object(reference) if reference.get("source").and_then(Value::as_str) == Some("env") => {
            json::text_in(written, &["id"]).ok_or_else(not_there)?
        }
        Value::Object(_) => return Err(KeyTrouble::OutOfReach),
        _ => return Err(not_there()),
    };
    let of_config = || json::at(config, &["env", "vars", name]).and_then(json::text).map(str::to_owned);
    let found = variable(name).filter(|key| !key.trim().is_empty()).or_else(of_config);
    found.map(|key| Secret::new(key.trim())).ok_or_else(|| KeyTrouble::NotSet { name: name.to_owned() })
}

/// Where that configuration itself asks the provider, and so shows its key.
#[must_use]
pub fn address_in_config(config: &Value, provider: &str) -> Option<String> {
    let url = json::at(config, &["models", "providers", provider, "baseUrl"]).and_then(json::text)?;
    Some(origin(url.trim()).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KeyTrouble, key_in_config};

    #[test]
    fn a_key_is_found_however_the_configuration_has_it() {
        let not_there = || Err(KeyTrouble::NotThere { provider: "zai".to_owned() });
        let not_set = || Err(KeyTrouble::NotSet { name: "NOWHERE".to_owned() });
        let cases: Vec<(Value, Result<&str, KeyTrouble>, &str)> = vec![
            (json!("sk-literal\n"), Ok("sk-literal"), "a literal"),
            (json!("${ZAI_API_KEY}"), Ok("sk-of-process"), "the process's environment first"),
            (json!("${ONLY_CONFIG}"), Ok("sk-of-config"), "the configuration's own variables"),
            (
                json!({ "source": "env", "provider": "default", "id": "ZAI_API_KEY" }),
                Ok("sk-of-process"),
                "a reference",
            ),
            (json!("${NOWHERE}"), not_set(), "a variable that is not set"),
            (json!({ "source": "file", "id": "/keys/zai" }), Err(KeyTrouble::OutOfReach), "the gateway's own business"),
            (json!({ "source": "exec", "id": "pass zai" }), Err(KeyTrouble::OutOfReach), "no program is started"),
            (json!("  "), not_there(), "an empty one"),
            (json!(null), not_there(), "none"),
        ];
        for (written, expected, why) in cases {
            let config = json!({
                "env": { "vars": { "ZAI_API_KEY": "sk-hidden", "ONLY_CONFIG": "sk-of-config" } },
                "models": { "providers": { "zai": { "apiKey": written } } },
            });
            let process = |name: &str| (name == "ZAI_API_KEY").then(|| "sk-of-process".to_owned());
            let found = key_in_config(&config, "zai", process);
            assert_eq!(found.as_ref().map(crate::domain::Secret::reveal), expected.as_ref().copied(), "{why}");
        }
        assert_eq!(key_in_config(&json!({}), "zai", |_| None).err(), not_there().err());
    }
}
