//! The models the demo's gateway lists, its configuration and its credentials.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::demo::wire::{Caller, Fault};

/// The model of a cron that names none.
pub(in crate::demo) const DEFAULT_MODEL: &str = "anthropic/claude-sonnet-5";

/// One entry of the catalogue, with what the simulation needs to know of it.
#[derive(Debug)]
pub(in crate::demo) struct Model {
    pub provider: &'static str,
    pub id: &'static str,
    pub name: &'static str,
    pub alias: Option<&'static str>,
    pub context: u64,
    pub reasoning: bool,
    /// US dollars for a million tokens in and out.
    pub cost: (f64, f64),
    /// Quickest and slowest turn.
    pub takes_ms: (i64, i64),
    /// Fewest and most tokens written in a turn.
    pub writes: (i64, i64),
}

/// A provider as the configuration names it.
#[derive(Debug)]
pub(in crate::demo) struct Provider {
    pub id: &'static str,
    pub name: &'static str,
    pub api: &'static str,
    pub base_url: &'static str,
}

pub(in crate::demo) const PROVIDERS: &[Provider] = &[
    provider("anthropic", "Claude", "anthropic-messages", "https://api.anthropic.com"),
    provider("google", "Google", "google-generative-ai", "https://generativelanguage.googleapis.com/v1beta"),
    provider("kimi", "Kimi", "anthropic-messages", "https://api.kimi.com/coding"),
    provider("minimax", "MiniMax", "anthropic-messages", "https://api.minimax.io/anthropic"),
    provider("openai", "OpenAI", "openai-responses", "https://api.openai.com/v1"),
    provider("zai", "Z.AI", "openai-completions", "https://api.z.ai/api/coding/paas/v4"),
];

pub(in crate::demo) const MODELS: &[Model] = &[
    Model {
        provider: "anthropic",
        id: "claude-opus-4-8",
        name: "Claude Opus 4.8",
        alias: Some("opus"),
        context: 1_000_000,
        reasoning: true,
        cost: (5.0, 25.0),
        takes_ms: (7_000, 19_000),
        writes: (1_200, 6_500),
    },
    Model {
        provider: "anthropic",
        id: "claude-sonnet-5",
        name: "Claude Sonnet 5",
        alias: Some("sonnet"),
        context: 1_000_000,
        reasoning: true,
        cost: (3.0, 15.0),
        takes_ms: (4_000, 13_000),
        writes: (500, 3_800),
    },
    Model {
        provider: "google",
        id: "gemini-3-flash",
        name: "Gemini 3 Flash",
        alias: Some("flash"),
        context: 1_048_576,
        reasoning: true,
        cost: (0.5, 3.0),
        takes_ms: (700, 3_800),
        writes: (60, 900),
    },
    Model {
        provider: "google",
        id: "gemini-3-pro",
        name: "Gemini 3 Pro",
        alias: None,
        context: 1_048_576,
        reasoning: true,
        cost: (2.0, 12.0),
        takes_ms: (5_000, 15_000),
        writes: (600, 4_200),
    },
    Model {
        provider: "kimi",
        id: "kimi-k3",
        name: "Kimi K3",
        alias: None,
        context: 262_144,
        reasoning: true,
        cost: (0.6, 2.5),
        takes_ms: (2_000, 8_500),
        writes: (150, 1_900),
    },
    Model {
        provider: "minimax",
        id: "MiniMax-M3",
        name: "MiniMax M3",
        alias: None,
        context: 204_800,
        reasoning: true,
        cost: (0.3, 1.2),
        takes_ms: (900, 5_200),
        writes: (40, 700),
    },
    Model {
        provider: "openai",
        id: "gpt-5.5",
        name: "GPT-5.5",
        alias: None,
        context: 400_000,
        reasoning: true,
        cost: (1.25, 10.0),
        takes_ms: (4_000, 14_000),
        writes: (500, 4_000),
    },
    Model {
        provider: "zai",
        id: "glm-5.2",
        name: "GLM-5.2",
        alias: None,
        context: 204_800,
        reasoning: true,
        cost: (0.6, 2.2),
        takes_ms: (2_500, 9_000),
        writes: (150, 2_200),
    },
];

const fn provider(id: &'static str, name: &'static str, api: &'static str, base_url: &'static str) -> Provider {
    Provider { id, name, api, base_url }
}

/// What a stored name runs as: a full reference, an alias, or a bare id that only one model has.
pub(in crate::demo) fn resolve(wanted: &str) -> Option<&'static Model> {
    if let Some((provider, id)) = wanted.split_once('/') {
        return MODELS.iter().find(|model| model.provider == provider && model.id == id);
    }
    let by_alias = MODELS.iter().find(|model| model.alias == Some(wanted));
    by_alias.or_else(|| MODELS.iter().find(|model| model.id == wanted))
}

/// `models.list`.
pub(super) fn list(
    caller: &Caller,
    params: &Value,
    cooldowns: &BTreeMap<String, i64>,
    now_ms: i64,
) -> Result<Value, Fault> {
    const VIEWS: [&str; 4] = ["default", "configured", "provider-config", "all"];
    let invalid = |why: &str| Fault::invalid(format!("invalid models.list params: {why}"));
    if params.get("view").and_then(Value::as_str).is_some_and(|view| !VIEWS.contains(&view)) {
        return Err(invalid("at /view: must be equal to one of the allowed values"));
    }
    let provider = params.get("provider").and_then(Value::as_str);
    let wanted = MODELS.iter().filter(|model| provider.is_none_or(|provider| provider == model.provider));
    let selectable = caller.has_cap("model-selection-policy");
    let models: Vec<_> = wanted.map(|model| entry(model, selectable, cooldowns, now_ms)).collect();
    Ok(json!({ "models": models }))
}

fn entry(model: &Model, selectable: bool, cooldowns: &BTreeMap<String, i64>, now_ms: i64) -> Value {
    let levels = if model.reasoning { &["off", "low", "medium", "high"][..] } else { &["off"] };
    let levels: Vec<_> = levels.iter().map(|level| json!({ "id": level, "label": level })).collect();
    let mut entry = json!({ "id": model.id, "name": model.name, "provider": model.provider });
    if let Some(alias) = model.alias {
        entry["alias"] = alias.into();
    }
    entry["contextWindow"] = model.context.into();
    entry["reasoning"] = model.reasoning.into();
    if is_default(model) {
        entry["tags"] = json!(["default"]);
    }
    entry["thinkingLevels"] = levels.into();
    entry["thinkingDefault"] = "off".into();
    let cooling = cooldowns.get(model.provider).filter(|until| **until > now_ms);
    entry["available"] = cooling.is_none().into();
    if let Some(until) = cooling {
        entry["unavailableReason"] = "cooldown".into();
        entry["unavailableUntil"] = (*until).into();
    }
    if selectable {
        entry["manualSelectionAllowed"] = true.into();
    }
    entry
}

fn is_default(model: &Model) -> bool {
    DEFAULT_MODEL.split_once('/') == Some((model.provider, model.id))
}

impl Provider {
    /// Where it is asked: at the vendor's own address, or under its id at `origin`.
    pub fn base_url_at(&self, origin: Option<&str>) -> String {
        let path = self.base_url.splitn(4, '/').nth(3).unwrap_or_default();
        match origin {
            Some(origin) => format!("{origin}/{}/{path}", self.id).trim_end_matches('/').to_owned(),
            None => self.base_url.to_owned(),
        }
    }
}

/// `config.get`, without anything secret.
pub(super) fn config(origin: Option<&str>) -> Value {
    const REDACTED: &str = "__OPENCLAW_REDACTED__";
    const HASH: &str = "hmac-sha256:v1:Z2F0ZXdheS1kZW1vLWNvbmZpZ3VyYXRpb24tMDAwMDE";
    let mut providers = serde_json::Map::new();
    for provider in PROVIDERS {
        let own = MODELS.iter().filter(|model| model.provider == provider.id);
        let models: Vec<_> = own.map(|model| configured(model, provider.api)).collect();
        let entry = json!({
            "baseUrl": provider.base_url_at(origin), "apiKey": REDACTED, "api": provider.api, "models": models,
        });
        providers.insert(provider.id.to_owned(), entry);
    }
    let aliases = MODELS
        .iter()
        .filter_map(|model| Some((format!("{}/{}", model.provider, model.id), json!({ "alias": model.alias? }))));
    json!({
        "path": "/home/user/.openclaw/openclaw.json",
        "exists": true,
        "valid": true,
        "hash": HASH,
        "configRevisionHash": HASH,
        "appliedConfigHash": HASH,
        "issues": [],
        "warnings": [],
        "config": {
            "gateway": { "mode": "local", "bind": "loopback", "auth": { "mode": "token", "token": REDACTED } },
            "agents": { "defaults": {
                "model": { "primary": DEFAULT_MODEL },
                "models": aliases.collect::<serde_json::Map<_, _>>(),
            } },
            "models": { "providers": providers },
        },
    })
}

fn configured(model: &Model, api: &str) -> Value {
    json!({
        "id": model.id,
        "name": model.name,
        "cost": { "input": model.cost.0, "output": model.cost.1, "cacheRead": 0, "cacheWrite": 0 },
        "contextWindow": model.context,
        "maxTokens": 8192,
        "reasoning": model.reasoning,
        "input": ["text"],
        "api": api,
    })
}

/// `models.authStatus`: keys as they were configured; nothing about cooldowns.
pub(super) fn auth_status(now_ms: i64) -> Value {
    let provider = |provider: &Provider| {
        json!({
            "provider": provider.id,
            "authProvider": provider.id,
            "displayName": provider.name,
            "status": "static",
            "profiles": [],
            "apiKey": { "source": "config" },
        })
    };
    json!({
        "ts": now_ms,
        "providers": PROVIDERS.iter().map(provider).collect::<Vec<_>>(),
        "providerCapabilities": [],
    })
}
