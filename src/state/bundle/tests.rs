//! Carrying state files out and in: previews before, nothing half done after.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::domain::ImportFile;

fn now() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn put(folder: &Path, name: &str, text: &str) {
    atomic::write(&folder.join(name), text.as_bytes()).unwrap();
}

fn open(folder: &TempDir) -> Folder {
    Folder::open(folder.path(), "test", now()).unwrap().0
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_export_holds_the_known_files_and_no_secret() {
    let here = tempfile::tempdir().unwrap();
    put(here.path(), names::TIERS, "{\"crons\": {\"a\": {\"tier\": 1, \"max_tokens\": 5}}}");
    put(
        here.path(),
        names::LEDGER,
        "{\"entries\": {}, \"webhook\": {\"authToken\": \"s3cret\", \"url\": \"u\", \"token\": {\"value\": \"s3cret\"}, \"tokens\": [\"s3cret\"], \"OPENAI_KEY\": \"s3cret\"}}",
    );
    put(here.path(), "kimi-quota.json", "{\"weekly_usage_pct\": 5}");
    put(here.path(), names::SWITCHES, "2026-02-13T12:00:00Z | n | a -> b | r\n");
    put(here.path(), "diary.txt", "private");
    let folder = open(&here);
    let target = tempfile::tempdir().unwrap();
    let to = target.path().join("new/backup");
    assert_eq!(folder.export(&to, &ExportWhat::Folder, now()).unwrap(), 4);
    assert_eq!(listing(&to), [names::TIERS, "kimi-quota.json", names::LEDGER, names::SWITCHES]);
    let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
    assert_eq!(read(names::LEDGER), "{\"entries\": {}, \"webhook\": {\"url\": \"u\"}}");
    assert_eq!(read(names::TIERS), fs::read_to_string(here.path().join(names::TIERS)).unwrap());

    let file = target.path().join("mapping.json");
    assert_eq!(folder.export(&file, &ExportWhat::File(names::TIERS.into()), now()).unwrap(), 1);
    assert!(file.is_file());
    for unknown in ["diary.txt", "../secret", "settings.json"] {
        let error = folder.export(&file, &ExportWhat::File(unknown.into()), now()).unwrap_err();
        assert!(matches!(error, StateError::NoSuchFile { .. }), "{unknown}: {error}");
    }
}

#[test]
fn a_secret_behind_a_doubled_key_stays_here_as_well() {
    let here = tempfile::tempdir().unwrap();
    put(here.path(), names::TIERS, "{\"crons\": {\"a\": {\"tier\": 1, \"token\": \"s3cret\"}, \"a\": {\"tier\": 2}}}");
    put(here.path(), names::SETTINGS, "{\"note\": {\"password\": \"s3cret\"}, \"note\": 1}");
    let folder = open(&here);
    let target = tempfile::tempdir().unwrap();
    assert_eq!(folder.export(target.path(), &ExportWhat::Folder, now()).unwrap(), 2);
    let read = |name: &str| fs::read_to_string(target.path().join(name)).unwrap();
    assert_eq!(read(names::TIERS), "{\"crons\": {\"a\": {\"tier\": 2}}}");
    assert_eq!(read(names::SETTINGS), "{\"note\": 1}");
}

#[test]
fn a_file_that_cannot_be_searched_for_secrets_stays_and_is_named() {
    let here = tempfile::tempdir().unwrap();
    put(here.path(), names::TIERS, "{\"crons\": {}}");
    put(here.path(), names::SWITCHES, "no line of ours\n");
    let folder = open(&here);
    put(here.path(), names::LEDGER, "{\"webhook\": {\"authToken\": \"s3cret\"},");
    let target = tempfile::tempdir().unwrap();
    let to = target.path().join("backup");
    let left_out = |what, expected| match folder.export(&to, &what, now()) {
        Err(StateError::LeftOut { files, n_copied }) => {
            assert_eq!((files.as_slice(), n_copied), (&[names::LEDGER.to_owned()][..], expected));
        }
        other => panic!("{other:?}"),
    };
    left_out(ExportWhat::Folder, 2);
    assert_eq!(listing(&to), [names::TIERS, names::SWITCHES]);
    left_out(ExportWhat::File(names::LEDGER.into()), 0);
    assert_eq!(listing(&to), [names::TIERS, names::SWITCHES]);
}

#[test]
fn an_export_keeps_what_stood_there_and_never_goes_onto_the_folder_itself() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(here.path(), names::TIERS, "{\"crons\": {}}");
    put(here.path(), names::SWITCHES, "2026-02-13T12:00:00Z | n | a -> b | r\n");
    put(there.path(), names::TIERS, "somebody else's");
    let folder = open(&here);
    let kept = format!("{}.before-export-2026-11-23T070000Z", names::TIERS);
    for _again in 0..2 {
        assert_eq!(folder.export(there.path(), &ExportWhat::Folder, now()).unwrap(), 2);
        assert_eq!(listing(there.path()), [names::TIERS, &kept, names::SWITCHES], "equal files need no copy");
        assert_eq!(fs::read_to_string(there.path().join(&kept)).unwrap(), "somebody else's");
    }
    let before = listing(here.path());
    let tiers = || ExportWhat::File(names::TIERS.into());
    for (to, what) in [
        (here.path().to_owned(), ExportWhat::Folder),
        (here.path().to_owned(), tiers()),
        (here.path().join("copy.json"), tiers()),
        (here.path().join("quotas.csv"), ExportWhat::Text("account".to_owned())),
    ] {
        let error = folder.export(&to, &what, now()).unwrap_err();
        assert!(matches!(error, StateError::ExportOntoItself), "{error}");
    }
    assert_eq!(listing(here.path()), before);
}

#[test]
fn a_text_is_written_where_it_is_wanted_and_what_stood_there_is_kept() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, to) = (open(&here), there.path().join("quotas.csv"));
    for text in ["account\r\n", "account\r\nKimi\r\n"] {
        assert_eq!(folder.export(&to, &ExportWhat::Text(text.to_owned()), now()).unwrap(), 1);
        assert_eq!(fs::read_to_string(&to).unwrap(), text);
    }
    assert_eq!(listing(there.path()), ["quotas.csv", "quotas.csv.before-export-2026-11-23T070000Z"]);
}

#[test]
fn a_preview_says_what_would_happen_and_writes_nothing() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(
        here.path(),
        names::TIERS,
        "{\"crons\": {\"a\": {\"name\": \"A\", \"tier\": 1}, \"b\": {\"name\": \"B\", \"tier\": 1}}}",
    );
    put(here.path(), names::SETTINGS, "{\"window\": {\"theme\": \"dark\"}}");
    put(
        there.path(),
        names::TIERS,
        "{\"crons\": {\"b\": {\"name\": \"B\", \"tier\": 2}, \"c\": {\"name\": \"余\", \"tier\": 1}}}",
    );
    put(there.path(), names::SETTINGS, "{ \"window\": {\"theme\": \"dark\"} }");
    put(there.path(), names::LEDGER, "{\"entries\": [");
    put(there.path(), names::STATUS, "{\"minimax\": \"up\", \"mode\": \"healthy\"}");
    put(there.path(), "diary.txt", "private");
    let folder = open(&here);
    let before = listing(here.path());
    let preview = folder.preview_import(there.path()).unwrap();
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let file = |name: &str, effect| ImportFile { name: name.to_owned(), effect };
    let expected = [
        file(
            names::TIERS,
            ImportEffect::Changed { added: texts(&["余"]), changed: texts(&["B"]), removed: texts(&["A"]) },
        ),
        file(names::LEDGER, ImportEffect::Broken { detail: "line 1, column 13: EOF while parsing a list".into() }),
        file(names::STATUS, ImportEffect::Added { n_entries: 2 }),
        file(names::SETTINGS, ImportEffect::Same),
    ];
    assert_eq!(preview.files, expected);
    assert_eq!(listing(here.path()), before);
}

#[test]
fn an_import_keeps_a_dated_copy_and_what_the_user_chose_to_keep() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(here.path(), names::TIERS, "{\"crons\": {\"a\": 1}}");
    put(here.path(), names::SETTINGS, "{\"window\": {\"theme\": \"dark\"}}");
    put(there.path(), names::TIERS, "{\"crons\": {\"a\": 3}}");
    put(there.path(), names::SETTINGS, "{\"window\": {\"theme\": \"light\"}}");
    let mut folder = open(&here);
    let preview = folder.preview_import(there.path()).unwrap();
    let choices = BTreeMap::from([(names::SETTINGS.to_owned(), ImportChoice::Keep)]);
    let (n_written, loaded) = folder.import(&preview, &choices, now()).unwrap();
    assert_eq!(n_written, 1);
    assert_eq!(loaded.tiers["a"].tier.number(), 3);
    assert_eq!(loaded.settings.window.theme, crate::domain::ThemeChoice::Dark);
    let copy = here.path().join("cron-tiers.json.before-import-2026-11-23T070000Z");
    assert_eq!(fs::read_to_string(copy).unwrap(), "{\"crons\": {\"a\": 1}}");

    let stale = folder.import(&preview, &BTreeMap::new(), now()).unwrap_err();
    assert!(matches!(stale, StateError::ImportChanged), "what was shown is no longer so: {stale}");
}

#[test]
fn a_debt_and_a_line_of_the_log_are_never_lost_by_an_import() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let debt = |name: &str| {
        let fields = json!({"model": null, "fallbacks": null, "enabled": true});
        json!({"name": name, "opened_at": "2026-11-23T07:00:00Z", "why": "crisis", "before": fields, "wrote": fields})
    };
    put(here.path(), names::LEDGER, &json!({"entries": {"a": debt("ours"), "b": debt("ours")}}).to_string());
    put(there.path(), names::LEDGER, &json!({"entries": {"b": debt("theirs"), "c": debt("theirs")}}).to_string());
    put(
        here.path(),
        names::SWITCHES,
        "2026-02-13T12:00:00Z | one | a -> b | r\n2026-02-15T12:00:00Z | three | a -> b | r\n",
    );
    put(
        there.path(),
        names::SWITCHES,
        "2026-02-14T12:00:00Z | two | a -> b | r\n2026-02-13T12:00:00Z | one | a -> b | r\nhalf",
    );
    let mut folder = open(&here);
    let preview = folder.preview_import(there.path()).unwrap();
    let (_, loaded) = folder.import(&preview, &BTreeMap::new(), now()).unwrap();
    let names: Vec<_> = loaded.ledger.values().map(|entry| (entry.cron.as_str(), entry.name.as_str())).collect();
    assert_eq!(names, [("a", "ours"), ("b", "ours"), ("c", "theirs")]);
    let log = super::super::switch_log::read(&fs::read_to_string(here.path().join(names::SWITCHES)).unwrap());
    assert_eq!(log.iter().map(|line| &*line.name).collect::<Vec<_>>(), ["one", "two", "three"]);
}

#[test]
fn crisis_mode_goes_out_with_an_export_and_never_over_ours() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let on = json!({"crisis": {"mode": {"since": "2026-11-23T06:00:00Z", "by": "hand"}, "came_back": {"kimi": "x"}}});
    put(there.path(), names::LEDGER, &on.to_string());
    let copy = here.path().join("copy");
    assert_eq!(open(&there).export(&copy, &ExportWhat::Folder, now()).unwrap(), 1);
    assert_eq!(fs::read_to_string(copy.join(names::LEDGER)).unwrap(), on.to_string());

    let mut folder = open(&here);
    let effect = |folder: &Folder| folder.preview_import(&copy).unwrap().files[0].effect.clone();
    assert_eq!(effect(&folder), ImportEffect::Added { n_entries: 0 });
    put(here.path(), names::LEDGER, &json!({"entries": {}, "crisis": {"mode": null}}).to_string());
    assert_eq!(effect(&folder), ImportEffect::Same, "nothing of it is taken");
    fs::remove_file(here.path().join(names::LEDGER)).unwrap();
    let preview = folder.preview_import(&copy).unwrap();
    let (_, loaded) = folder.import(&preview, &BTreeMap::new(), now()).unwrap();
    assert!(loaded.crisis.mode.is_some(), "a place without a ledger takes all of it");
}

#[test]
fn a_single_file_is_known_by_its_name_or_its_shape() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = open(&here);
    let cases = [
        ("cron-tiers.json", "{}", names::TIERS),
        ("old mapping.json", "{\"crons\": {}}", names::TIERS),
        ("a.json", "{\"entries\": {}}", names::LEDGER),
        ("a.json", "{\"crisis\": {}}", names::LEDGER),
        ("a.json", "{\"notifications\": {}}", names::SETTINGS),
        ("a.json", "{\"providers\": {}}", names::TRACKING),
        ("a.json", "{\"lastCheck\": \"x\"}", names::STATUS),
        ("a.json", "{\"thresholds\": {}}", names::SETTINGS),
        ("a.json", "{\"x\": {\"disabledAt\": \"y\"}}", names::DISABLED),
        ("a.txt", "\n2026-02-13T12:00:00Z | one | a -> b | r\n", names::SWITCHES),
    ];
    for (file, text, expected) in cases {
        put(there.path(), file, text);
        let preview = folder.preview_import(&there.path().join(file)).unwrap();
        assert_eq!(preview.files[0].name, expected, "{text}");
        assert!(!matches!(preview.files[0].effect, ImportEffect::Foreign), "{text}");
    }
    put(there.path(), "holiday.json", "{\"beach\": true}");
    let preview = folder.preview_import(&there.path().join("holiday.json")).unwrap();
    assert_eq!(preview.files[0].effect, ImportEffect::Foreign);
    let missing = folder.preview_import(&there.path().join("none.json")).unwrap_err();
    assert!(matches!(missing, StateError::NothingToImport { .. }), "{missing}");
}
