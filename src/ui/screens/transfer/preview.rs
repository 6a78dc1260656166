//! What an import would do, file by file, with a choice for each. Nothing is written before the
//! confirmation.

use std::collections::BTreeMap;

use egui::{Align, CollapsingHeader, Color32, Layout, RichText, ScrollArea, Ui};

use crate::domain::{ImportChoice, ImportEffect, ImportFile, ImportPreview};
use crate::engine::Command;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Tone, elided, plain_button, primary_button};
use crate::words;

const WIDTH: f32 = 640.0;
/// Entries listed by name; more are counted.
const LISTED: usize = 100;

/// The choices for the preview that is shown.
#[derive(Debug, Default)]
pub(super) struct Preview {
    of: Option<u64>,
    choices: BTreeMap<String, ImportChoice>,
}

fn can_take(file: &ImportFile) -> bool {
    matches!(file.effect, ImportEffect::Added { .. } | ImportEffect::Changed { .. })
}

impl Preview {
    fn follow(&mut self, preview: &ImportPreview) {
        if self.of == Some(preview.id) {
            return;
        }
        self.of = Some(preview.id);
        let choice = |file: &ImportFile| if can_take(file) { ImportChoice::Take } else { ImportChoice::Keep };
        self.choices = preview.files.iter().map(|file| (file.name.clone(), choice(file))).collect();
    }

    pub fn ui(&mut self, ui: &mut Ui, preview: &ImportPreview) -> Option<Command> {
        self.follow(preview);
        let room = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(room.width() - 4.0 * space::L));
        let palette = theme::palette(ui);
        ui.label(RichText::new("Import").font(theme::heading_font()));
        let from = preview.from.display().to_string();
        let width = ui.available_width();
        elided(ui, &from, theme::text_font(), palette.secondary, width);
        ui.add_space(space::S / 2.0);
        if preview.files.is_empty() {
            ui.label("No state file was found there.");
        }
        let height = (room.height() - 240.0).max(120.0);
        ScrollArea::vertical().id_salt("import-files").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            for file in &preview.files {
                self.file_ui(ui, file);
            }
            widgets::keep_focus_in_view(ui);
        });
        ui.add_space(space::S / 2.0);
        self.buttons_ui(ui, preview)
    }

    fn buttons_ui(&self, ui: &mut Ui, preview: &ImportPreview) -> Option<Command> {
        let mut command = None;
        let taken = self.choices.values().filter(|choice| **choice == ImportChoice::Take).count();
        widgets::foot_ui(ui, |ui| {
            let text = format!("Import {}", words::count(taken, "file"));
            let go = ui.add_enabled_ui(taken > 0, |ui| primary_button(ui, &text)).inner;
            if go.on_disabled_hover_text("No file would be taken").clicked() {
                command = Some(Command::ConfirmImport { preview: preview.id, choices: self.choices.clone() });
            }
            if plain_button(ui, "Cancel").clicked() {
                command = Some(Command::CancelImport);
            }
            let palette = theme::palette(ui);
            let width = ui.available_width();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = "Nothing is written yet. What is replaced is kept beside it, under a dated name.";
                elided(ui, text, theme::small_font(), palette.secondary, width);
            });
        });
        command
    }

    fn file_ui(&mut self, ui: &mut Ui, file: &ImportFile) {
        let palette = theme::palette(ui);
        widgets::card_frame(ui).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.horizontal(|ui| {
                let (text, tone) = effect(&file.effect);
                ui.label(RichText::new(&file.name).font(theme::strong_font()));
                widgets::tag(ui, &text, tone);
                if can_take(file) {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.choice_ui(ui, file));
                }
            });
            match &file.effect {
                ImportEffect::Changed { added, changed, removed } => {
                    entries_ui(ui, &file.name, "added", added, palette.good);
                    entries_ui(ui, &file.name, "changed", changed, palette.warning);
                    entries_ui(ui, &file.name, "removed", removed, palette.bad);
                }
                ImportEffect::Broken { detail } => {
                    ui.label(RichText::new(format!("{detail}; it is left out")).color(palette.bad));
                }
                ImportEffect::Foreign => {
                    ui.label(RichText::new("Not a file of this program; it is left out").color(palette.secondary));
                }
                ImportEffect::Added { .. } | ImportEffect::Same => {}
            }
        });
    }

    fn choice_ui(&mut self, ui: &mut Ui, file: &ImportFile) {
        let now = self.choices.get(&file.name).copied();
        let choices = [
            (ImportChoice::Keep, "Keep", "Leave what is here"),
            (ImportChoice::Take, "Take", "Take what the import holds"),
        ];
        for (choice, text, hint) in choices {
            let chip = widgets::chip(ui, text, now == Some(choice)).on_hover_text(hint);
            chip.widget_info(|| {
                let name = format!("{text} {}", file.name);
                egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, now == Some(choice), name)
            });
            if chip.clicked() {
                self.choices.insert(file.name.clone(), choice);
            }
        }
    }
}

fn effect(effect: &ImportEffect) -> (String, Tone) {
    match effect {
        ImportEffect::Added { n_entries } => (format!("new, {n_entries} entries"), Tone::Good),
        ImportEffect::Same => ("the same as here".to_owned(), Tone::Plain),
        ImportEffect::Changed { .. } => ("differs".to_owned(), Tone::Warning),
        ImportEffect::Broken { .. } => ("does not parse".to_owned(), Tone::Bad),
        ImportEffect::Foreign => ("unknown".to_owned(), Tone::Plain),
    }
}

/// "3 added", and which when it is opened.
fn entries_ui(ui: &mut Ui, file: &str, what: &str, entries: &[String], color: Color32) {
    if entries.is_empty() {
        return;
    }
    let title = RichText::new(format!("{} {what}", entries.len())).color(color);
    CollapsingHeader::new(title).id_salt((file, what)).show(ui, |ui| {
        for entry in entries.iter().take(LISTED) {
            let width = ui.available_width();
            elided(ui, entry, theme::text_font(), theme::palette(ui).secondary, width);
        }
        if entries.len() > LISTED {
            ui.label(format!("and {} more", entries.len() - LISTED));
        }
    });
}
