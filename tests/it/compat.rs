//! Every shape the state files ever had survives read, tier change and write with only that change
//! in the diff; folders are held by one process and watched for others' edits.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use jiff::Timestamp;
use model_orchestrator::domain::{
    Billing, Catalog, CronId, Fleet, Health, LedgerReason, Looks, Model, ModelRef, ModelScope, OutageLevel, Seal,
    Service, Settings, StartedBy, Tier, TierEntry, Vital,
};
use model_orchestrator::state::status::{Sight, StatusReport};
use model_orchestrator::state::{Folder, atomic, names, switch_log};
use tempfile::TempDir;

/// Long enough for a slow machine; a test that passes does not wait it out.
const PATIENCE: Duration = Duration::from_secs(20);

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("state")
}

/// A copy of the sample folder, with files of `older/` in the place of today's if asked for.
fn sample(older: &[&str]) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(samples()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() && entry.file_name() != "README.md" {
            fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
    }
    for name in older {
        fs::copy(samples().join("older").join(name), place.path().join(name)).unwrap();
    }
    place
}

fn contents(place: &Path) -> BTreeMap<String, String> {
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let is_text = names::is_known(&name);
        is_text.then(|| (name, fs::read_to_string(entry.path()).unwrap()))
    };
    fs::read_dir(place).unwrap().map(Result::unwrap).filter_map(read).collect()
}

/// The lines that one text has and the other has not, in order.
fn diff(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<_>, Vec<_>) = (before.split('\n').collect(), after.split('\n').collect());
    let start = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let removed = before[start..before.len() - end].iter().map(|line| format!("-{line}"));
    removed.chain(after[start..after.len() - end].iter().map(|line| format!("+{line}"))).collect()
}

fn set_tier(folder: &mut Folder, tiers: &BTreeMap<CronId, TierEntry>, cron: &str, tier: Tier) {
    let mut entry = tiers[cron].clone();
    entry.tier = tier;
    folder.save_tiers(&BTreeMap::from([(CronId::new(cron), Some(entry))]), &BTreeMap::new()).unwrap();
}

#[test]
fn the_sample_folder_is_read_without_a_complaint() {
    let place = sample(&[]);
    let (_folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.tiers.len(), 5);
    assert!(loaded.tiers.values().any(|entry| entry.hold.is_some()));
    assert_eq!(loaded.tiers.values().filter(|entry| entry.pinned.is_some()).count(), 2);
    let reasons: Vec<_> = loaded.ledger.values().map(|entry| entry.why).collect();
    let expected = [LedgerReason::Imported, LedgerReason::NothingServes, LedgerReason::Crisis];
    assert_eq!(reasons, expected, "a manual pause is not taken over");
    assert_eq!(loaded.ledger.values().filter(|entry| entry.held.is_some()).count(), 1);
    assert!(loaded.tiers.values().any(|entry| entry.ask_first));
    assert_eq!(loaded.crisis.mode.as_ref().map(|mode| mode.by), Some(StartedBy::Hand));
    let report = loaded.crisis.report.as_ref().unwrap();
    assert_eq!(report.lines.iter().map(|line| line.seal).collect::<Vec<_>>(), [Seal::Identical, Seal::Differs]);
    assert_eq!(loaded.crisis.unknown, serde_json::Map::new());
    assert!(loaded.settings.automation.quiet.is_some() && !loaded.settings.notifications.attention);
    assert_eq!(loaded.settings.routes["local"].label, "Own machine");
    let account = |id: &str| &loaded.settings.accounts[id];
    assert_eq!(
        (account("minimax-plan").billing, account("openrouter").billing),
        (Billing::QuotaPlan, Billing::RateTier)
    );
    assert_eq!((account("glm-work").service, account("minimax-plan").by_hand.len()), (Service::Zai, 1));
    assert_eq!(loaded.scraped["kimi"].len(), 2);
    let scopes: Vec<_> = loaded.scraped["zai"].iter().map(|window| &window.covers).collect();
    assert_eq!(scopes, [&ModelScope::All, &ModelScope::Feature("web-search".to_owned())]);
    let temporary: Vec<_> = loaded.temporary.iter().map(|model| (model.id.as_str(), model.is_standby)).collect();
    assert_eq!(temporary, [("trial-model", false), ("spare", true)]);
    let log = switch_log::read(&fs::read_to_string(place.path().join(names::SWITCHES)).unwrap());
    assert_eq!(
        log.iter().map(|line| &*line.name).collect::<Vec<_>>(),
        ["heartbeat", "余额日报 📊", "in | out \\ report"]
    );
}

#[test]
fn a_tier_change_is_the_only_line_of_the_diff() {
    const INBOX: &str = "3f6c1f0e-0d5b-4c5e-9a43-1a2b3c4d5e02";
    let plain = fs::read_to_string(samples().join(names::TIERS)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&plain).unwrap();
    let compact = json.to_string();
    let shapes = [
        (plain.clone(), "as jq and json.dumps(indent=2) write it"),
        (plain.replace("  ", "    "), "indent=4"),
        (plain.replace("  ", "\t"), "tabs"),
        (plain.replace('\n', "\r\n"), "Windows line ends"),
        (format!("\u{feff}{plain}"), "with a byte order mark"),
        (plain.trim_end().to_owned(), "without a last line end"),
        (plain.replace("余额日报 📊", "\\u4f59\\u989d\\u65e5\\u62a5 \\ud83d\\udcca"), "ASCII escapes"),
        (plain.replace("\"owner\": \"ops\"", "\"owner\": {\"x\": [1.0, 1e3, -0.50]}"), "numbers of other hands"),
        (compact.clone(), "compact"),
        (compact.replace("\":", "\": ").replace(",\"", ", \""), "json.dumps"),
    ];
    for (text, why) in shapes {
        let place = sample(&[]);
        atomic::write(&place.path().join(names::TIERS), text.as_bytes()).unwrap();
        let (mut folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
        assert_eq!(loaded.problems, [], "{why}");
        let before = contents(place.path());
        set_tier(&mut folder, &loaded.tiers, INBOX, Tier::T3);
        let after = contents(place.path());

        let at = text.find(INBOX).unwrap();
        let digit = at + text[at..].find("tier\"").unwrap();
        let digit = digit + text[digit..].find('2').unwrap();
        let expected = format!("{}3{}", &text[..digit], &text[digit + 1..]);
        assert_eq!(after[names::TIERS], expected, "{why}");
        assert_eq!(diff(&text, &after[names::TIERS]).len(), 2, "{why}: one line out, one line in");
        for (name, content) in before.iter().filter(|(name, _)| *name != names::TIERS) {
            assert_eq!(&after[name], content, "{why}: {name} is not touched");
        }
        set_tier(&mut folder, &loaded.tiers, INBOX, Tier::T2);
        assert_eq!(contents(place.path())[names::TIERS], text, "{why}: and back, byte for byte");
    }
}

#[test]
fn the_older_mapping_keeps_its_spellings() {
    let place = sample(&[names::TIERS]);
    let (mut folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    assert_eq!(loaded.problems, []);
    let path = place.path().join(names::TIERS);
    let before = fs::read_to_string(&path).unwrap();
    for (cron, found, written) in [
        ("a1", "\"tier\": \"T1\"", "\"tier\": \"T2\""),
        ("b2", "\"tier\": \"2\"", "\"tier\": \"1\""),
        ("c3", "\"c3\": 3", "\"c3\": 1"),
    ] {
        let tier = if cron == "a1" { Tier::T2 } else { Tier::T1 };
        set_tier(&mut folder, &loaded.tiers, cron, tier);
        assert_eq!(fs::read_to_string(&path).unwrap(), before.replace(found, written), "{cron}");
        set_tier(&mut folder, &loaded.tiers, cron, loaded.tiers[cron].tier);
        assert_eq!(fs::read_to_string(&path).unwrap(), before, "{cron}, and back");
    }
}

#[test]
fn a_new_entry_of_an_ascii_file_on_one_line_is_written_alike() {
    let place = sample(&[names::TIERS]);
    let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
    let path = place.path().join(names::TIERS);
    let before = fs::read_to_string(&path).unwrap();
    let cron = CronId::new("d4");
    let names = BTreeMap::from([(cron.clone(), "余 🦀".to_owned())]);
    folder.save_tiers(&BTreeMap::from([(cron.clone(), Some(TierEntry::new(Tier::T1)))]), &names).unwrap();
    let added = ", \"d4\": {\"name\": \"\\u4f59 \\ud83e\\udd80\", \"tier\": 1, \"critical\": false}}}";
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}{added}", before.trim_end().strip_suffix("}}").unwrap()));
    folder.save_tiers(&BTreeMap::from([(cron, None)]), &names).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[test]
fn status_files_are_rewritten_in_the_shape_found() {
    let model = |id: &str| {
        let id = ModelRef::parse(id).unwrap();
        let model = Model { name: id.to_string(), ..Model::new(id.clone()) };
        (id, model)
    };
    let models = ["minimax/MiniMax-M3", "google/gemini-3-flash", "zai/glm-5", "kimi/kimi-k3"].map(model);
    let catalog = Catalog { models: models.into(), ..Catalog::default() };
    let up = Vital { health: Health::Up, ..Vital::default() };
    let fleet = Fleet { accounts: BTreeMap::from([("zai".into(), up)]), ..Fleet::default() };
    let sight = Sight {
        fleet: &fleet,
        settings: &Settings::default(),
        catalog: &catalog,
        accounts: &BTreeMap::new(),
        looks: &Looks::default(),
        mode: OutageLevel::Healthy,
        tier_models: &BTreeMap::from([(Tier::T1, ModelRef::parse("zai/glm-5")), (Tier::T2, None), (Tier::T3, None)]),
        said: &BTreeMap::new(),
    };
    let report = StatusReport::of(&sight, now());
    let write = |older: &[&str]| {
        let place = sample(older);
        let before = contents(place.path());
        let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
        folder.save_status(&report).unwrap();
        let after = contents(place.path());
        let of = |name: &str| diff(&before[name], &after[name]);
        (of(names::STATUS), of(names::TRACKING), after)
    };
    let (nested, _, after) = write(&[names::STATUS]);
    assert_eq!(nested[0], "-        \"status\": \"up\",");
    assert!(nested.contains(&"+        \"status\": \"unknown\",".to_owned()), "{nested:#?}");
    assert!(after[names::STATUS].contains("\"status\": \"assumed_up\""), "assumed stays assumed");
    assert!(after[names::STATUS].contains("\"lastCheck\": \"2026-11-23T08:00:00Z\""));
    assert!(!after[names::STATUS].contains("checked_at"), "no field of the newer shape");

    let (_, tracking, after) = write(&[]);
    assert!(after[names::STATUS].contains("\"glm\": \"up\""));
    assert!(tracking.iter().any(|line| line == "+      \"status\": \"up\","), "{tracking:#?}");
    for kept in ["\"trial-model\": {", "\"status\": \"configured\"", "\"status\": \"standby\"", "\"chat\": \"1113\""] {
        assert!(after[names::TRACKING].contains(kept), "{kept}");
    }
}

#[test]
fn a_process_that_is_killed_frees_its_folder() {
    const VARIABLE: &str = "STATE_LEASE_TEST_FOLDER";
    if let Ok(path) = std::env::var(VARIABLE) {
        // The child: takes the folder, says so by a file, and waits to be killed.
        let (_folder, loaded) = Folder::open(Path::new(&path), "the other process", now()).unwrap();
        assert_eq!(loaded.problems, []);
        atomic::write(&Path::new(&path).join("held"), b"").unwrap();
        std::thread::park_timeout(PATIENCE * 3);
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "compat::a_process_that_is_killed_frees_its_folder"])
        .env(VARIABLE, place.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (_watcher, news) = any_change(place.path());
    while !place.path().join("held").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the other process holds the folder until it is killed");
        news.recv_timeout(PATIENCE).ok();
    }
    let (second, _) = Folder::open(place.path(), "us", now()).unwrap();
    assert!(second.held_by().is_some_and(|holder| holder.starts_with("the other process (process ")));
    child.kill().unwrap();
    child.wait().unwrap();
    let (third, _) = Folder::open(place.path(), "us", now()).unwrap();
    assert_eq!(third.held_by(), None);
}

/// Wakes for anything that happens in a folder.
fn any_change(place: &Path) -> (notify::RecommendedWatcher, Receiver<()>) {
    use notify::Watcher as _;
    let (send, receive) = sync_channel(1024);
    let mut watcher = notify::recommended_watcher(move |_| {
        send.try_send(()).ok();
    })
    .unwrap();
    watcher.watch(place, notify::RecursiveMode::NonRecursive).unwrap();
    (watcher, receive)
}

#[test]
fn the_watch_tells_of_others_edits_and_not_of_ours() {
    let place = sample(&[]);
    let (mut folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    let (send, told) = sync_channel(16);
    let watch = folder
        .watch(move || {
            send.try_send(()).ok();
        })
        .unwrap();

    for tier in [Tier::T3, Tier::T1, Tier::T2] {
        set_tier(&mut folder, &loaded.tiers, "3f6c1f0e-0d5b-4c5e-9a43-1a2b3c4d5e02", tier);
        atomic::append_line(&place.path().join(names::SWITCHES), "a line").unwrap();
    }
    // An edit by another hand comes after ours: the first call is about it.
    let path = place.path().join(names::TIERS);
    let text = fs::read_to_string(&path).unwrap().replace("heartbeat", "heart beat");
    atomic::write(&path, text.as_bytes()).unwrap();
    told.recv_timeout(PATIENCE).expect("others' edits are told");
    assert!(folder.reload(now()).unwrap().is_some(), "and there is something to read");
    assert!(told.try_recv().is_err(), "a burst is one call");

    atomic::write(&place.path().join("kimi-quota.json"), b"{}").unwrap();
    told.recv_timeout(PATIENCE).expect("a new quota is told");
    drop(watch);
    assert!(told.recv().is_err(), "nothing is left running");
}
