//! What a gateway sends: frames of the socket, every answer that is read, and its configuration on this machine.
//!
//! Input, by its first line: `frames`, then a frame on each line; `config`, then OpenClaw's configuration; else
//! one JSON value that is put to every customs officer.

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use model_orchestrator::domain::{Cron, Secret};
use model_orchestrator::gateway::{
    Address, Env, Heard, Hearing, News, catalog_from, configuration_of, cron_from, crons_from, discover, probe_from,
    run_from, usage_from,
};
use model_orchestrator::state::atomic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::secret::{self, SECRET};

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = secret::plant(text);
    match text.split_once('\n') {
        Some(("frames", lines)) => heard(lines),
        Some(("config", config)) => discovered(config),
        _ => {
            if let Ok(value) = serde_json::from_str(&text) {
                converted(&value);
            }
        }
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_795_420_800, 0)
}

/// Frames of one connection. What cannot be read ends it in the program, here the next frame is heard.
fn heard(lines: &str) {
    let mut hearing = Hearing::new([Secret::new(SECRET)]);
    for line in lines.lines() {
        match hearing.hear(line) {
            Ok(Heard::Answer { answer: Ok(payload), .. }) => converted(&payload),
            Ok(Heard::Answer { answer: Err(error), .. }) | Err(error) => {
                secret::kept(&format!("{error} {error:?} {:?}", error.trouble()), "an error of the gateway");
            }
            Ok(Heard::News(news)) => {
                told(line, &news);
                for news in &news {
                    if let News::CronChanged(cron) | News::RunFinished(_, cron) = news {
                        whole(cron);
                    }
                }
            }
        }
    }
}

/// That a cron changed or vanished is never lost: it is news, or a gap after which everything is read again.
fn told(line: &str, news: &[News]) {
    let Ok(frame) = serde_json::from_str::<Value>(line) else { return };
    let action = frame["payload"]["action"].as_str().unwrap_or_default();
    let of_cron = frame["type"] == "event" && frame["event"] == "cron";
    let tells = match action {
        "added" | "updated" => frame["payload"]["job"].is_object(),
        "removed" | "finished" => true,
        _ => false,
    };
    assert!(!(of_cron && tells && news.is_empty()), "lost: {line}");
}

fn converted(value: &Value) {
    crons(value);
    if let Ok(cron) = cron_from(value.clone()) {
        whole(&cron);
        defined(value, &cron);
    }
    let entries = value["entries"].as_array().into_iter().flatten();
    for run in entries.chain([value]).filter_map(run_from) {
        assert!(run.finished_at >= run.at, "it ended before it began: {run:?}");
        returns(&run);
    }
    let catalog = catalog_from(value, value);
    assert!(catalog.models.iter().all(|(id, model)| *id == model.id));
    returns(&catalog);
    let usage = usage_from(value, now());
    assert!(usage.observed_at <= now(), "{usage:?}");
    for window in usage.accounts.iter().flat_map(|(_, windows)| windows) {
        assert!(window.used_ratio.is_finite() && window.used_ratio >= 0.0, "{window:?}");
        returns(window);
    }
    if let Some(answer) = probe_from(value) {
        returns(&answer);
    }
}

/// Every job of a list is a cron or is named with what is wrong with it.
fn crons(value: &Value) {
    let offset = 400;
    let Some(jobs) = value["jobs"].as_array() else {
        assert!(crons_from(value.clone(), offset).is_err());
        return;
    };
    let page = crons_from(value.clone(), offset).expect("has jobs");
    assert_eq!(page.crons.len() + page.unreadable.len(), jobs.len(), "lost: {value}");
    assert!(page.unreadable.iter().all(|(name, why)| !name.is_empty() && !why.is_empty()), "{:?}", page.unreadable);
    for job in jobs {
        match cron_from(job.clone()) {
            Ok(cron) => {
                assert!(page.crons.contains(&cron));
                defined(job, &cron);
            }
            Err((id, _)) => {
                assert!(id.is_none_or(|id| page.unreadable.iter().any(|(name, _)| *name == id)), "unnamed: {job}");
            }
        }
    }
}

/// Every field of its definition is kept as it came; read again it is the same cron.
fn defined(job: &Value, cron: &Cron) {
    let (Some(job), Some(kept)) = (job.as_object(), cron.definition.as_object()) else {
        panic!("a cron without a definition: {job}");
    };
    assert!(kept.iter().all(|(key, value)| job.get(key) == Some(value)), "{job:?} became {kept:?}");
    let runtime = |key: &str| {
        ["state", "configRevision", "effectiveAgentId", "deliveryPreview"].contains(&key)
            || key.ends_with("AtMs")
            || key.starts_with("last")
    };
    let lost: Vec<_> = job.keys().filter(|key| !kept.contains_key(*key) && !runtime(key)).collect();
    assert!(lost.is_empty(), "{lost:?} of {job:?}");
    let again = cron_from(Value::Object(kept.clone())).expect("its own definition can be read");
    let same = |cron: &Cron| (cron.id.clone(), cron.name.clone(), cron.schedule.clone(), cron.payload.clone());
    assert_eq!(same(&again), same(cron));
    assert_eq!((again.enabled, &again.agent, again.owner()), (cron.enabled, &cron.agent, cron.owner()));
    assert_eq!(again.definition, cron.definition);
}

fn whole(cron: &Cron) {
    assert!(!cron.id.as_str().is_empty() && !cron.name.is_empty(), "{cron:?}");
    returns(cron);
}

/// The history keeps it and gives it back.
fn returns<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let kept = serde_json::to_string(value).expect("can be kept");
    let again: T = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{error}: {kept}"));
    assert_eq!(&again, value, "{kept}");
}

/// The gateway that a configuration names, and no secret beside it.
fn discovered(config: &str) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".openclaw");
    fs::create_dir(&folder).expect("a folder");
    atomic::write(&folder.join("openclaw.json"), config.as_bytes()).expect("a file");
    let env = Env { home: Some(home.path().to_owned()), vars: BTreeMap::new() };
    for found in discover(&env) {
        assert!(Address::parse(&found.url).is_ok(), "{found:?}");
        assert_eq!(found.has_token, found.target.token.is_some());
        secret::kept(&format!("{found:?}"), "what was discovered");
        assert!(configuration_of(&env, &found.url).is_some(), "{found:?}");
        let empty = json!({});
        drop(model_orchestrator::providers::key_in_config(&empty, "zai", |_| None));
    }
    for line in config.lines() {
        if let Err(error) = Address::parse(line) {
            secret::kept(&error.to_string(), "an error about an address");
        }
    }
}
