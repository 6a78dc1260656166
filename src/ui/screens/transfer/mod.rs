//! Import and export: asks for a path, shows what an import would do, and tells the engine.
//!
//! Nothing is written before the preview is confirmed. Owns the path while it is typed and the
//! choices until they are confirmed.

mod preview;
mod prompt;

use egui::Ui;
use jiff::tz::TimeZone;

use crate::engine::{Command, Event, Snapshot, Ticket};
use crate::ui::action::{Action, Pick};
use crate::ui::files::{FilePicker, NativeDialogs};
use crate::ui::widgets::modal;
use crate::words::{self, Speech};

use preview::Preview;
use prompt::{Prompt, Wish};

/// The dialogs of import and export, drawn over every screen.
#[derive(Debug)]
pub struct Transfer {
    prompt: Option<Prompt>,
    /// The export that the prompt waits for.
    exporting: Option<Ticket>,
    preview: Preview,
    picker: Box<dyn FilePicker>,
}

impl Default for Transfer {
    fn default() -> Self {
        Self::with_picker(Box::new(NativeDialogs::default()))
    }
}

impl Transfer {
    /// Uses another way to choose a path outside the window.
    #[must_use]
    pub fn with_picker(picker: Box<dyn FilePicker>) -> Self {
        Self { prompt: None, exporting: None, preview: Preview::default(), picker }
    }

    /// Asks for the path of an import or export.
    pub fn ask(&mut self, pick: Pick) {
        (self.prompt, self.exporting) = (Some(Prompt::new(pick)), None);
    }

    /// What was asked for last has that number.
    pub fn exports(&mut self, ticket: Ticket) {
        self.exporting = self.prompt.is_some().then_some(ticket);
    }

    /// Closes when what was asked for is written, and says why it is not; true when nobody else has to say it.
    pub fn hear(&mut self, event: &Event, speech: &Speech<'_>) -> bool {
        let (Event::Refused { ticket, .. } | Event::Done { ticket, .. }) = event else { return false };
        if self.exporting != Some(*ticket) {
            return false;
        }
        self.exporting = None;
        let (Event::Refused { why, .. }, Some(prompt)) = (event, &mut self.prompt) else {
            self.prompt = None;
            return false;
        };
        // Another path helps, and is tried here.
        prompt.refused(words::refusal(why, speech).what);
        true
    }

    #[must_use]
    pub fn open(&self) -> bool {
        self.prompt.is_some()
    }

    /// Draws the dialogs that are due, and looks at files dropped on the window.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, _zone: &TimeZone) -> Vec<Action> {
        let mut actions = Vec::new();
        self.dropped(ui, snapshot, &mut actions);
        self.answered();
        if self.prompt.is_some() {
            actions.extend(self.prompt_ui(ui));
        } else if let Some(import) = &snapshot.import {
            let modal = modal(ui, "import-preview");
            let shown = modal.show(ui.ctx(), |ui| self.preview.ui(ui, import));
            let closed = shown.should_close().then_some(Command::CancelImport);
            let asked = shown.inner.or(closed);
            actions.extend(asked.map(Action::Tell));
        }
        actions
    }

    /// A file dropped on the window fills the open path field, else it is looked at as an import.
    fn dropped(&mut self, ui: &Ui, snapshot: &Snapshot, actions: &mut Vec<Action>) {
        let path = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()));
        let Some(path) = path else { return };
        match &mut self.prompt {
            Some(prompt) => prompt.take(&path),
            None if snapshot.folder.is_some() => actions.push(Action::Tell(Command::PreviewImport { from: path })),
            None => {}
        }
    }

    fn answered(&mut self) {
        let Some(answer) = self.picker.poll() else { return };
        if let Some(prompt) = &mut self.prompt {
            prompt.answered(answer);
        }
    }

    fn prompt_ui(&mut self, ui: &Ui) -> Option<Action> {
        let Some(prompt) = &mut self.prompt else { return None };
        let browsing = self.picker.browsing();
        let shown = modal(ui, "path-prompt").show(ui.ctx(), |ui| prompt.ui(ui, browsing));
        let closed = shown.should_close().then_some(Wish::Cancel);
        let wish = shown.inner.or(closed)?;
        match wish {
            Wish::Browse => {
                self.picker.browse(&prompt.pick, prompt.suggested().as_deref(), ui.ctx());
                None
            }
            Wish::Cancel => {
                (self.prompt, self.exporting) = (None, None);
                None
            }
            Wish::Go(path) => {
                let command = prompt.pick.command(path);
                // An export stays open until it is known that it was written.
                if !matches!(command, Command::Export { .. }) {
                    self.prompt = None;
                }
                Some(Action::Tell(command))
            }
        }
    }
}
