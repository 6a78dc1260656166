//! A path field with a native dialog beside it. The field always works; the dialog is a convenience.

use std::path::{Path, PathBuf};

use egui::text::CCursorRange;
use egui::{Align, Key, Layout, RichText, TextEdit, Ui};

use crate::ui::action::Pick;
use crate::ui::files::{self, Answer, PathTrouble};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button, primary_button};

const WIDTH: f32 = 520.0;

/// The path while it is typed.
#[derive(Debug)]
pub(super) struct Prompt {
    pub pick: Pick,
    text: String,
    home: Option<PathBuf>,
    /// A dialog came back without a path.
    empty_handed: bool,
    /// Why nothing could be written there.
    refused: Option<String>,
    focused: bool,
}

/// What the user wants of the prompt.
#[derive(Debug)]
pub(super) enum Wish {
    Browse,
    Cancel,
    Go(PathBuf),
}

impl Prompt {
    pub fn new(pick: Pick) -> Self {
        let text = match &pick {
            Pick::ExportFile(name) | Pick::ExportText { name, .. } => format!("~/{name}"),
            Pick::ExportFolder => "~/model-orchestrator-export".to_owned(),
            Pick::ImportFolder | Pick::ImportFile => String::new(),
        };
        Self { pick, text, home: files::home(), empty_handed: false, refused: None, focused: false }
    }

    pub fn take(&mut self, path: &Path) {
        self.text = path.display().to_string();
        (self.empty_handed, self.refused) = (false, None);
    }

    /// It could not be written: says why, with the path as it was typed.
    pub fn refused(&mut self, why: String) {
        self.refused = Some(why);
        self.focused = false;
    }

    pub fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Chosen(path) => self.take(&path),
            Answer::Nothing => self.empty_handed = true,
        }
    }

    /// Where the dialog should start.
    pub fn suggested(&self) -> Option<PathBuf> {
        self.path().ok()
    }

    fn path(&self) -> Result<PathBuf, PathTrouble> {
        files::typed_path(&self.text, self.home.as_deref())
    }

    pub fn ui(&mut self, ui: &mut Ui, browsing: bool) -> Option<Wish> {
        let mut wish = None;
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 4.0 * space::L));
        let palette = theme::palette(ui);
        ui.label(RichText::new(files::title(&self.pick)).font(theme::heading_font()));
        ui.label(RichText::new(self.explanation()).color(palette.secondary));
        ui.add_space(space::S / 2.0);
        let entered = ui.horizontal(|ui| {
            let browse = if browsing { "Dialog is open…" } else { "Browse…" };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.add_enabled_ui(!browsing, |ui| plain_button(ui, browse)).inner.clicked() {
                    wish = Some(Wish::Browse);
                }
                self.field_ui(ui)
            })
            .inner
        });
        let (said, color) = match &self.refused {
            Some(why) => (why.as_str(), palette.bad),
            None => (self.hint(), palette.secondary),
        };
        widgets::paragraph(ui, RichText::new(said).font(theme::small_font()).color(color));
        ui.add_space(space::S / 2.0);
        let path = self.path();
        widgets::foot_ui(ui, |ui| {
            let go = ui.add_enabled_ui(path.is_ok(), |ui| primary_button(ui, self.button())).inner;
            if (go.clicked() || entered.inner)
                && let Ok(path) = path
            {
                wish = Some(Wish::Go(path));
            }
            if plain_button(ui, "Cancel").clicked() {
                wish = Some(Wish::Cancel);
            }
        });
        wish
    }

    /// Draws the field; true when Enter was pressed in it.
    fn field_ui(&mut self, ui: &mut Ui) -> bool {
        let hint = if self.is_export() { "/where/to/write" } else { "/path/to/read" };
        let field = TextEdit::singleline(&mut self.text)
            .hint_text(hint)
            .desired_width(ui.available_width())
            .margin(egui::Margin::symmetric(10, 6));
        let mut output = field.show(ui);
        let field = output.response.response.accessible_name("Path");
        // A dialog is measured before it is shown, and takes no focus until then.
        if !self.focused {
            self.focused = field.has_focus();
            field.request_focus();
            let all = CCursorRange::select_all_str(&self.text);
            output.state.cursor.set_char_range(Some(all));
            output.state.store(ui.ctx(), field.id);
        }
        if field.changed() {
            (self.empty_handed, self.refused) = (false, None);
        }
        field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }

    fn is_export(&self) -> bool {
        matches!(self.pick, Pick::ExportFolder | Pick::ExportFile(_) | Pick::ExportText { .. })
    }

    fn explanation(&self) -> &'static str {
        match self.pick {
            Pick::ImportFolder => {
                "A state folder of this program or of the skill. You see what would change before anything is written."
            }
            Pick::ImportFile => "A file of a state folder. You see what would change before anything is written.",
            Pick::ExportFolder => "Copies every state file into this folder. Tokens and keys are never among them.",
            Pick::ExportFile(_) => "Copies this file. Tokens and keys are never in it.",
            Pick::ExportText { .. } => {
                "Writes the numbers of this screen, one line for each row. What stood there is kept aside."
            }
        }
    }

    fn button(&self) -> &'static str {
        if self.is_export() { "Export here" } else { "Show what would change" }
    }

    fn hint(&self) -> &'static str {
        match self.path() {
            Err(PathTrouble::NotWhole) => "Write the whole path, from / or ~",
            _ if self.empty_handed => {
                "No path came back. If no dialog opened, type the path here or drop a file on the window."
            }
            _ => "Type or paste a path, browse, or drop a file on the window",
        }
    }
}
