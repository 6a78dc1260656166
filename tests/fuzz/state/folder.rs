//! A whole folder: opened, exported, imported into another one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model_orchestrator::domain::{ExportWhat, ImportEffect, ProblemKind};
use model_orchestrator::state::document::Document;
use model_orchestrator::state::{Folder, StateError, atomic, names, tiers};

use super::super::secret::{self, SECRET};

use super::now;

/// A member whose key says that it is a secret.
const TOKEN: &str = "\"token\":\"sk-Zq7vW3xK9mP2\"";

pub(super) fn run(text: &str) {
    let files: BTreeMap<String, String> = text
        .split("== ")
        .filter_map(|part| part.split_once('\n'))
        .filter(|(name, _)| names::is_known(name) && !name.contains(['/', '\\', '\0']) && name.len() < 100)
        .map(|(name, text)| (name.to_owned(), text.replace('§', TOKEN)))
        .collect();
    let root = tempfile::tempdir().expect("a folder");
    let (first, second, out) = (root.path().join("first"), root.path().join("second"), root.path().join("out"));
    fs::create_dir(&first).expect("a folder");
    for (name, text) in &files {
        atomic::write(&first.join(name), text.as_bytes()).expect("a file");
    }
    let opened = opened(&first, &files);
    exported(&opened, &out, &files);
    drop(opened);
    imported(&first, &second);
}

/// What parses stays as it is; what does not is kept under another name, and named.
fn opened(path: &Path, files: &BTreeMap<String, String>) -> Folder {
    let (folder, loaded) = Folder::open(path, "fuzz", now()).expect("can be opened");
    for (name, text) in files {
        let stays = fs::read_to_string(path.join(name)).is_ok_and(|there| there == *text);
        let aside = loaded.problems.iter().find_map(|problem| match &problem.what {
            ProblemKind::FileSetAside { file, kept_as, detail } if file == name => Some((kept_as, detail)),
            _ => None,
        });
        if let Some((kept_as, detail)) = aside {
            secret::kept(detail, "a file set aside");
            assert_eq!(fs::read_to_string(path.join(kept_as)).ok().as_ref(), Some(text), "{name} set aside");
        } else {
            // Older pauses go to the ledger.
            assert!(stays || *name == names::LEDGER && files.contains_key(names::DISABLED), "{name} changed");
        }
    }
    for problem in &loaded.problems {
        secret::kept(&format!("{problem:?}"), "a problem");
    }
    folder
}

/// No export holds a value under a name of secrets; everything that parses leaves.
fn exported(folder: &Folder, to: &Path, files: &BTreeMap<String, String>) {
    match folder.export(to, &ExportWhat::Folder, now()) {
        Ok(_) | Err(StateError::LeftOut { .. }) => {}
        Err(error) => panic!("{}", error.full_text()),
    }
    for name in files.keys().filter(|name| *name != names::SWITCHES) {
        let Ok(there) = fs::read(to.join(name)) else { continue };
        assert!(!String::from_utf8_lossy(&there).contains(SECRET), "{name} tells a secret");
        assert!(Document::parse(&there).is_ok(), "{name} does not parse");
    }
}

/// Into an empty folder comes what is there; a second time nothing is left to import.
fn imported(from: &Path, to: &Path) {
    let (mut folder, _) = Folder::open(to, "fuzz", now()).expect("can be opened");
    let Ok(preview) = folder.preview_import(from) else { return };
    folder.import(&preview, &BTreeMap::new(), now()).unwrap_or_else(|error| panic!("{}", error.full_text()));
    let again = folder.preview_import(from).expect("still there");
    for file in &again.files {
        assert!(
            matches!(file.effect, ImportEffect::Same | ImportEffect::Broken { .. } | ImportEffect::Foreign),
            "{file:?}"
        );
    }
    let crons = |path: &Path| {
        let document = Document::parse(&fs::read(path.join(names::TIERS)).ok()?).ok()?;
        Some(tiers::read(document.root(), now()).0)
    };
    if again.files.iter().any(|file| file.name == names::TIERS && file.effect == ImportEffect::Same) {
        assert_eq!(crons(from), crons(to));
    }
}
