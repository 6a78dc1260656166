//! What a newcomer meets: fifty crons of every kind, their past, a state folder.

use std::collections::{BTreeMap, BTreeSet};

use model_orchestrator::demo::{Demo, World, seed_state};
use serde_json::{Value, json};

use super::{Stage, id, minutes, options, start};

fn tally<'a>(jobs: &'a [Value], key: impl Fn(&'a Value) -> &'a Value) -> BTreeMap<&'a str, usize> {
    let mut tally = BTreeMap::new();
    for job in jobs {
        if let Some(word) = key(job).as_str() {
            *tally.entry(word).or_default() += 1;
        }
    }
    tally
}

#[test]
fn fifty_crons_show_every_kind_of_payload_and_schedule() {
    let jobs = Stage::new().jobs();
    assert_eq!(jobs.len(), 50);
    let payloads = tally(&jobs, |job| &job["payload"]["kind"]);
    let expected = [("agentTurn", 43), ("command", 2), ("heartbeat", 1), ("script", 2), ("systemEvent", 2)];
    assert_eq!(payloads, BTreeMap::from(expected));
    let schedules = tally(&jobs, |job| &job["schedule"]["kind"]);
    assert_eq!(schedules.keys().copied().collect::<Vec<_>>(), ["at", "cron", "every", "on-exit", "stream"]);
    let zones = tally(&jobs, |job| &job["schedule"]["tz"]);
    assert_eq!(zones.len(), 6, "{zones:?}");
    let exprs = jobs.iter().filter_map(|job| job["schedule"]["expr"].as_str());
    let n_fields: BTreeSet<_> = exprs.map(|expr| expr.split(' ').count()).collect();
    assert_eq!(n_fields, BTreeSet::from([5, 6]));
}

#[test]
fn models_are_stored_in_every_way_a_person_writes_them() {
    let mut stage = Stage::new();
    let listed = stage.ok("models.list", json!({}))["models"].as_array().unwrap().clone();
    let full: Vec<String> = listed
        .iter()
        .map(|model| format!("{}/{}", model["provider"].as_str().unwrap(), model["id"].as_str().unwrap()))
        .collect();
    let aliases: Vec<&str> = listed.iter().filter_map(|model| model["alias"].as_str()).collect();
    let bare: Vec<&str> = listed.iter().filter_map(|model| model["id"].as_str()).collect();
    let (mut by_full, mut by_alias, mut by_bare, mut by_default) = (0, 0, 0, 0);
    for job in stage.jobs().iter().filter(|job| job["payload"]["kind"] == "agentTurn") {
        match job["payload"]["model"].as_str() {
            None => by_default += 1,
            Some(model) if full.iter().any(|listed| listed == model) => by_full += 1,
            Some(model) if aliases.contains(&model) => by_alias += 1,
            Some(model) if bare.contains(&model) => by_bare += 1,
            Some(unknown) => panic!("nobody lists {unknown}"),
        }
    }
    assert!(by_full >= 10 && by_alias >= 5 && by_bare >= 2 && by_default >= 4);
}

#[test]
fn the_odd_ones_are_there() {
    let stage = Stage::new();
    assert!(stage.job("research-synthesis")["state"]["runningAtMs"].is_i64());
    let auto_off = stage.job("contract-analysis");
    assert_eq!(
        (&auto_off["enabled"], &auto_off["state"]["autoDisabled"]["consecutiveErrors"]),
        (&json!(false), &json!(10))
    );
    let off = stage.job("incident-retrospective");
    assert_eq!((&off["enabled"], off["state"].get("autoDisabled")), (&json!(false), None));
    assert_ne!(stage.job("parcel-tracking")["scheduledToolPolicy"]["mode"], "trusted");
    assert_eq!(stage.job("board-pack")["deleteAfterRun"], json!(true));
    for (slug, key) in
        [("heartbeat-main", "heartbeat:main"), ("skill-collection-review-main", "skill-collection-review:main")]
    {
        assert_eq!(stage.job(slug)["declarationKey"], key);
    }
    let longest = stage.world.jobs().map(|job| job["name"].as_str().unwrap().chars().count()).max();
    assert!(longest.is_some_and(|n_chars| (180..=220).contains(&n_chars)), "{longest:?}");
}

#[test]
fn minimax_ran_out_of_credits_forty_minutes_ago_and_nobody_else_did() {
    let mut stage = Stage::new();
    let models = stage.ok("models.list", json!({}));
    for model in models["models"].as_array().unwrap() {
        let cooling = model["provider"] == "minimax";
        assert_eq!(model["available"], json!(!cooling), "{model}");
        let until = model["unavailableUntil"].as_i64();
        assert_eq!(until.is_some_and(|until| until > start().as_millisecond()), cooling);
    }
    let since = (start() - minutes(40)).as_millisecond();
    let runs = stage.ok("cron.runs", json!({ "scope": "all", "limit": 200 }));
    let runs = runs["entries"].as_array().unwrap();
    let mut served = BTreeSet::new();
    for run in runs {
        let recent = run["runAtMs"].as_i64().unwrap() >= since;
        match (run["provider"].as_str(), recent) {
            (Some("minimax"), true) => assert_eq!(run["errorReason"], "billing"),
            (Some(provider), _) if run["status"] == "ok" => {
                served.insert(provider.to_owned());
            }
            _ => {}
        }
    }
    assert_eq!(served, ["anthropic", "google", "kimi", "minimax"].map(str::to_owned).into());
    let failing = stage.jobs();
    let failing = failing.iter().filter(|job| job["state"]["lastErrorReason"] == "billing").count();
    assert!(failing >= 4, "{failing} crons failed for want of credits");
    let usage = stage.ok("usage.status", json!({}));
    let minimax = usage["providers"].as_array().unwrap().iter().find(|report| report["provider"] == "minimax").unwrap();
    assert_eq!(minimax["billing"][0], json!({ "type": "balance", "amount": 0.0, "unit": "USD" }));
}

#[test]
fn the_story_holds_on_every_day_at_every_hour() {
    for hours in [5, 37, 64, 90, 131, 160] {
        let now = start() + minutes(60 * hours + hours % 17);
        let mut stage = Stage { now, world: World::new(&options(), now), ..Stage::new() };
        let models = stage.ok("models.list", json!({ "provider": "minimax" }));
        let wait_ms = models["models"][0]["unavailableUntil"].as_i64().map_or(0, |until| until - now.as_millisecond());
        assert!(wait_ms >= 60_000, "MiniMax cools down, {hours} h later");
        let failing = stage.jobs().iter().filter(|job| job["state"]["lastErrorReason"] == "billing").count();
        assert!(failing >= 4, "{failing} crons failed for want of credits, {hours} h later");
        let since = (now - minutes(24 * 60)).as_millisecond();
        for provider in ["anthropic", "google", "kimi"] {
            let runs = stage.ok("cron.runs", json!({ "scope": "all", "status": "ok", "limit": 200 }));
            let recent = |run: &&Value| run["provider"] == provider && run["runAtMs"].as_i64() >= Some(since);
            assert!(runs["entries"].as_array().unwrap().iter().any(|run| recent(&run)), "{provider}, {hours} h later");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let worlds = [(); 2].map(|()| World::new(&options(), start()));
    let [first, second] = worlds.map(|world| world.jobs().collect::<Vec<_>>());
    assert_eq!(first, second);
}

#[test]
fn the_seeded_folder_sorts_most_routable_crons_and_leaves_a_few() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("not/there/yet");
    seed_state(&inside, &Demo::start(options()).unwrap()).unwrap();
    let files: BTreeSet<_> = std::fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, BTreeSet::from(["cron-tiers.json".into(), "settings.json".into()]));
    let text = std::fs::read_to_string(inside.join("cron-tiers.json")).unwrap();
    let tiers: Value = serde_json::from_str(&text).unwrap();
    let tiers = tiers["crons"].as_object().unwrap();
    let jobs = Stage::new().jobs();
    let routable: Vec<_> = jobs
        .iter()
        .filter(|job| job["payload"]["kind"] == "agentTurn" && job.get("declarationKey").is_none())
        .collect();
    for (id, entry) in tiers {
        let job =
            routable.iter().find(|job| job["id"] == **id).unwrap_or_else(|| panic!("{entry} is no routable cron"));
        assert_eq!(job["name"], entry["name"]);
    }
    assert!((3..=4).contains(&(routable.len() - tiers.len())), "a few are left unsorted");
    let critical = tiers.values().filter(|entry| entry["critical"] == true).count();
    assert!((3..=5).contains(&critical));
    assert_eq!(tiers[id("calendar-conflicts").as_str()]["pinned"], "google/gemini-3-flash");
    assert_eq!(tiers.values().filter(|entry| entry.get("pinned").is_some()).count(), 1);
}

#[test]
fn the_seeded_accounts_are_at_the_demo_s_own_providers_and_hold_no_key() {
    let demo = Demo::start(options()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    seed_state(folder.path(), &demo).unwrap();
    let text = std::fs::read_to_string(folder.path().join("settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&text).unwrap();
    let expected = [
        ("anthropic", "anthropic", "rate_tier"),
        ("google", "gemini", "rate_tier"),
        ("kimi", "kimi", "quota_plan"),
        ("minimax", "minimax", "prepaid_credits"),
        ("openai", "openai", "rate_tier"),
        ("zai", "zai", "quota_plan"),
    ];
    let accounts = settings["accounts"].as_object().unwrap();
    let config = demo.config();
    assert_eq!(accounts.len(), expected.len());
    for (id, service, billing) in expected {
        let account = &accounts[id];
        assert_eq!((&account["service"], &account["billing"]), (&json!(service), &json!(billing)), "{id}");
        assert_eq!(account["key"], format!("openclaw:{id}"));
        let provider = &config["models"]["providers"][id];
        assert_eq!(account["base_url"], provider["baseUrl"], "{id}");
        assert!(account["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{account}");
        assert!(!text.contains(provider["apiKey"].as_str().unwrap()), "{id}'s key is in the settings");
    }
}
