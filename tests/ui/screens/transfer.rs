//! Import and export: a path from the field or a dialog, and a preview before anything is written.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model_orchestrator::domain::*;
use model_orchestrator::engine::Command;
use model_orchestrator::ui::action::Pick;
use model_orchestrator::ui::files::{Answer, FilePicker};
use model_orchestrator::ui::screens::transfer::Transfer;

use super::scene::Scene;
use super::{NARROW, Stage, click, fits, key, says, settle, stage, told};

/// A dialog that answers when the test says so.
#[derive(Clone, Debug, Default)]
struct Dialog {
    asked: Rc<RefCell<Vec<Pick>>>,
    answer: Rc<RefCell<Option<Answer>>>,
}

impl FilePicker for Dialog {
    fn browse(&mut self, pick: &Pick, _suggested: Option<&Path>, _ctx: &egui::Context) {
        self.asked.borrow_mut().push(pick.clone());
    }

    fn poll(&mut self) -> Option<Answer> {
        self.answer.borrow_mut().take()
    }

    fn browsing(&self) -> bool {
        false
    }
}

fn asking(pick: Pick) -> (Harness<'static, Stage<Transfer>>, Dialog) {
    let dialog = Dialog::default();
    let mut transfer = Transfer::with_picker(Box::new(dialog.clone()));
    transfer.ask(pick);
    (stage(transfer, Transfer::ui, Scene::new(), NARROW), dialog)
}

#[test]
fn the_path_field_works_without_any_dialog() {
    let (mut transfer, _) = asking(Pick::ImportFolder);
    transfer.get_by_label("Path").type_text("state");
    settle(&mut transfer);
    assert!(says(&transfer, "Write the whole path, from / or ~"));
    click(&mut transfer, "Show what would change");
    assert!(told(&transfer).is_empty());
    transfer.get_by_label("Path").focus();
    settle(&mut transfer);
    transfer.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    transfer.event(egui::Event::Text("/srv/state".to_owned()));
    settle(&mut transfer);
    key(&mut transfer, Key::Enter);
    let told = told(&transfer);
    let [Command::PreviewImport { from }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(from, &PathBuf::from("/srv/state"));
    assert!(!transfer.state().view.open());
}

#[test]
fn a_dialogs_answer_lands_in_the_field() {
    let (mut transfer, dialog) = asking(Pick::ExportFile("cron-tiers.json".to_owned()));
    click(&mut transfer, "Browse…");
    assert_eq!(*dialog.asked.borrow(), [Pick::ExportFile("cron-tiers.json".to_owned())]);
    *dialog.answer.borrow_mut() = Some(Answer::Nothing);
    settle(&mut transfer);
    assert!(says(&transfer, "If no dialog opened, type the path here"));
    *dialog.answer.borrow_mut() = Some(Answer::Chosen(PathBuf::from("/tmp/mine.json")));
    settle(&mut transfer);
    click(&mut transfer, "Export here");
    let told = told(&transfer);
    let [Command::Export { to, what: ExportWhat::File(name) }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((to, name.as_str()), (&PathBuf::from("/tmp/mine.json"), "cron-tiers.json"));
}

#[test]
fn escape_asks_for_nothing() {
    let (mut transfer, _) = asking(Pick::ExportFolder);
    key(&mut transfer, Key::Escape);
    assert!(told(&transfer).is_empty() && !transfer.state().view.open());
}

fn preview() -> Harness<'static, Stage<Transfer>> {
    let file = |name: &str, effect| ImportFile { name: name.to_owned(), effect };
    let text = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let changed = ImportEffect::Changed {
        added: text(&["余额周报"]),
        changed: text(&["Backup verify"]),
        removed: text(&["Old job"]),
    };
    let import = ImportPreview {
        id: 7,
        from: PathBuf::from("/backup/state"),
        files: vec![
            file("cron-tiers.json", changed),
            file("ledger.json", ImportEffect::Added { n_entries: 3 }),
            file("settings.json", ImportEffect::Same),
            file("provider-status.json", ImportEffect::Broken { detail: "line 3".to_owned() }),
            file("notes.txt", ImportEffect::Foreign),
        ],
    };
    let scene = Scene::new().with(|snapshot| snapshot.import = Some(Arc::new(import)));
    stage(Transfer::with_picker(Box::new(Dialog::default())), Transfer::ui, scene, NARROW)
}

#[test]
fn an_import_is_looked_at_file_by_file() {
    let mut transfer = preview();
    fits(&transfer, NARROW, &["Import 2 files", "Cancel"]);
    for said in ["differs", "new, 3 entries", "the same as here", "does not parse", "Not a file of this program"] {
        assert!(says(&transfer, said), "{said}");
    }
    click(&mut transfer, "1 added");
    assert!(says(&transfer, "余额周报"));
    assert!(told(&transfer).is_empty(), "looking writes nothing");
}

#[test]
fn only_chosen_files_are_taken() {
    let mut transfer = preview();
    click(&mut transfer, "Keep cron-tiers.json");
    click(&mut transfer, "Import 1 file");
    let told = told(&transfer);
    let [Command::ConfirmImport { preview: 7, choices }] = told.as_slice() else { panic!("{told:?}") };
    let taken: Vec<_> =
        choices.iter().filter(|(_, choice)| **choice == ImportChoice::Take).map(|(name, _)| name).collect();
    assert_eq!(taken, ["ledger.json"], "kept, unchanged, broken and foreign files stay out");
}

#[test]
fn an_import_is_cancelled_by_button_or_escape() {
    for by_key in [false, true] {
        let mut transfer = preview();
        if by_key {
            transfer.key_press(Key::Escape);
            transfer.step();
        } else {
            transfer.get_by_label("Cancel").click();
            transfer.step();
        }
        settle(&mut transfer);
        assert!(matches!(told(&transfer).first(), Some(Command::CancelImport)));
    }
    let mut transfer = preview();
    click(&mut transfer, "Keep ledger.json");
    click(&mut transfer, "Keep cron-tiers.json");
    click(&mut transfer, "Import 0 files");
    assert!(told(&transfer).is_empty(), "nothing would be taken");
}
