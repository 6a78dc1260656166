//! The state folder of a demo's first minute: most crons sorted, a few left to the newcomer.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::crons::{CRONS, Mark};

/// Writes `cron-tiers.json` into `dir`, which is created if need be. Nothing else is touched.
///
/// # Errors
/// When the folder cannot be created or the file cannot be written.
pub fn seed_state(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    let text = serde_json::to_string_pretty(&tiers()).map_err(io::Error::other)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(dir.join("cron-tiers.json")).map_err(|failed| failed.error)?;
    Ok(())
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
