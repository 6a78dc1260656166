//! The state folder of a demo's first minute: most crons sorted, a few left to the newcomer, and the accounts
//! at the demo's own providers.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::crons::{CRONS, Mark};
use crate::demo::Demo;
use crate::domain::Service;

/// Writes `cron-tiers.json` and `settings.json` into `dir`, which is created if need be. Nothing else is
/// touched, and no key is written: the accounts name the configuration that has it.
///
/// # Errors
/// When the folder cannot be created or a file cannot be written.
pub fn seed_state(dir: &Path, demo: &Demo) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    write(dir, "cron-tiers.json", &tiers())?;
    write(dir, "settings.json", &json!({ "accounts": accounts(demo) }))
}

fn write(dir: &Path, name: &str, document: &Value) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(dir.join(name)).map_err(|failed| failed.error)?;
    Ok(())
}

/// An account of the demo: the gateway's id of its provider, its service, and its plan if it has one.
const ACCOUNTS: [(&str, Service, Option<&str>); 6] = [
    ("anthropic", Service::Anthropic, None),
    ("google", Service::Gemini, None),
    ("kimi", Service::Kimi, Some("Kimi Code Allegretto")),
    ("minimax", Service::MiniMax, None),
    ("openai", Service::OpenAi, None),
    ("zai", Service::Zai, Some("GLM Coding Pro")),
];

fn accounts(demo: &Demo) -> Value {
    let accounts = ACCOUNTS.into_iter().filter_map(|(id, service, plan)| {
        let mut account = json!({
            "service": service.code(),
            "label": service.name()?,
            "billing": service.default_billing(),
        });
        if let Some(plan) = plan {
            account["plan"] = plan.into();
        }
        account["base_url"] = demo.base_url(id)?.into();
        account["key"] = format!("openclaw:{id}").into();
        account["undocumented"] = true.into();
        Some((id.to_owned(), account))
    });
    Value::Object(accounts.collect())
}

fn tiers() -> Value {
    let mut crons = Map::new();
    for seed in CRONS {
        let Some(tier) = seed.tier else { continue };
        let mut entry = json!({ "name": seed.name, "tier": tier, "critical": seed.has(Mark::Critical) });
        if let Some(model) = seed.find(|mark| if let Mark::Pinned(model) = mark { Some(*model) } else { None }) {
            entry["pinned"] = model.into();
        }
        crons.insert(seed.id().as_str().to_owned(), entry);
    }
    json!({ "crons": crons })
}
