//! Asks for a path: a text field, and a native dialog on a thread of its own where there is one.
//!
//! A dialog can take for ever or not exist at all, so the field is always enough.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;

use egui::{Id, Key, Modal, RichText, TextEdit, Ui};

use crate::ui::action::{Action, Pick};
use crate::ui::theme;
use crate::ui::widgets::{plain_button, primary_button};

use super::Shell;

/// The open question for a path.
#[derive(Debug)]
pub(super) struct PathQuestion {
    pick: Pick,
    text: String,
    /// A native dialog is open; it answers here.
    dialog: Option<Receiver<Option<PathBuf>>>,
    /// A dialog could not be shown.
    no_dialog: bool,
    fresh: bool,
}

impl PathQuestion {
    pub(super) fn new(pick: Pick) -> Self {
        Self { pick, text: String::new(), dialog: None, no_dialog: false, fresh: true }
    }

    fn title(&self) -> &'static str {
        match self.pick {
            Pick::ImportFolder => "Import a state folder",
            Pick::ImportFile => "Import a file",
            Pick::ExportFolder => "Export the state folder",
            Pick::ExportFile(_) => "Export a file",
        }
    }

    fn hint(&self) -> &'static str {
        match self.pick {
            Pick::ImportFolder => "Path of the folder",
            Pick::ImportFile => "Path of the file",
            Pick::ExportFolder => "Path of an empty or new folder",
            Pick::ExportFile(_) => "Path of the new file",
        }
    }

    fn go(&self) -> &'static str {
        match self.pick {
            Pick::ImportFolder | Pick::ImportFile => "Preview import",
            Pick::ExportFolder | Pick::ExportFile(_) => "Export",
        }
    }

    /// Opens the native dialog beside the window.
    fn browse(&mut self, ui: &Ui) {
        let (answer, dialog) = sync_channel(1);
        let (pick, ctx) = (self.pick.clone(), ui.ctx().clone());
        let spawned = std::thread::Builder::new().name("file dialog".to_owned()).spawn(move || {
            let open = rfd::FileDialog::new();
            let path = match pick {
                Pick::ImportFolder | Pick::ExportFolder => open.pick_folder(),
                Pick::ImportFile => open.pick_file(),
                Pick::ExportFile(name) => open.set_file_name(name).save_file(),
            };
            // The question may have been closed meanwhile: then nobody listens.
            answer.send(path).ok();
            ctx.request_repaint_after(Duration::from_millis(1));
        });
        self.no_dialog = spawned.is_err();
        self.dialog = spawned.is_ok().then_some(dialog);
    }

    fn listen(&mut self) {
        let Some(dialog) = &self.dialog else { return };
        match dialog.try_recv() {
            Ok(Some(path)) => {
                self.text = path.to_string_lossy().into_owned();
                self.dialog = None;
            }
            // "Cancel" and "there is no dialog here" look the same.
            Ok(None) | Err(TryRecvError::Disconnected) => {
                self.no_dialog = true;
                self.dialog = None;
            }
            Err(TryRecvError::Empty) => {}
        }
    }
}

impl Shell {
    /// Draws the open question; its answer is the command for the path.
    pub(super) fn question_ui(&mut self, ui: &Ui) -> Option<Action> {
        let question = self.question.as_mut()?;
        question.listen();
        let mut answer = None;
        let modal = Modal::new(Id::unique("path question")).show(ui.ctx(), |ui| {
            ui.set_width(480.0);
            ui.label(RichText::new(question.title()).font(theme::heading_font()));
            let hint = question.hint();
            let field = TextEdit::singleline(&mut question.text).hint_text(hint).desired_width(f32::INFINITY);
            let response = ui.add(field.margin(egui::Margin::symmetric(10, 7)));
            if std::mem::take(&mut question.fresh) {
                response.request_focus();
            }
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if question.no_dialog {
                let text = "No file was chosen. Where the desktop has no file dialog, type the path";
                ui.label(RichText::new(text).font(theme::small_font()).color(theme::palette(ui).secondary));
            }
            ui.add_space(theme::space::S);
            ui.horizontal(|ui| {
                let waiting = question.dialog.is_some();
                let browse = ui.add_enabled_ui(!waiting, |ui| plain_button(ui, "Browse…")).inner;
                if browse.clicked() {
                    question.browse(ui);
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let path = question.text.trim();
                    let go = ui.add_enabled_ui(!path.is_empty(), |ui| primary_button(ui, question.go())).inner;
                    if go.clicked() || entered && !path.is_empty() {
                        answer = Some(Some(Action::Tell(question.pick.command(PathBuf::from(path)))));
                    }
                    if plain_button(ui, "Cancel").clicked() {
                        answer = Some(None);
                    }
                });
            });
        });
        if answer.is_some() || modal.should_close() {
            self.question = None;
        }
        answer.flatten()
    }
}
