//! The crons by name, to choose one: searched, and only those drawn that are seen.
//!
//! They are sorted once for each list of crons, and filtered once for each text that is searched for.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Button, Key, RichText, ScrollArea, TextStyle, Ui};

use crate::domain::{Cron, CronId};
use crate::engine::Snapshot;
use crate::ui::screens::tables::{folded, search_ui};
use crate::ui::theme;

/// Width of the list, and the height of it and of the field above it.
const LIST: f32 = 280.0;
const ROWS: f32 = 260.0;
pub(super) const LIST_HEIGHT: f32 = ROWS + 60.0;

/// Between two rows.
const BETWEEN: f32 = 2.0;

#[derive(Debug, Default)]
pub(super) struct Names {
    /// What the names are of.
    of: Option<Arc<BTreeMap<CronId, Arc<Cron>>>>,
    /// Without regard to case, in their order.
    all: Vec<(String, CronId)>,
    text: String,
    /// Which of all fit the text that was searched for last.
    fitting: Vec<usize>,
    searched: Option<String>,
    /// The field has had the keyboard since the list was opened.
    focused: bool,
}

impl Names {
    /// Draws the field and the list, and returns which one was chosen.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, picked: Option<&CronId>) -> Option<CronId> {
        ui.set_width(LIST);
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
        ui.spacing_mut().item_spacing.y = BETWEEN;
        let field = search_ui(ui, &mut self.text, "Search crons", "Search crons to be sorted");
        // What is only measured, in the first pass, cannot keep it.
        self.focused |= field.has_focus();
        if !self.focused {
            field.request_focus();
        }
        self.follow(snapshot);
        // Enter ends the typing, and takes the first that fits.
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            let first = self.fitting.first().map(|index| self.all[*index].1.clone());
            if first.is_some() {
                ui.close();
                return first;
            }
        }
        if self.fitting.is_empty() {
            ui.label(RichText::new("No cron matches").color(theme::palette(ui).secondary));
            return None;
        }
        let row = ui.text_style_height(&TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        let row = row.max(ui.spacing().interact_size.y);
        let mut chosen = None;
        let area = ScrollArea::vertical().id_salt("crons to be sorted").max_height(ROWS).auto_shrink([false, true]);
        area.show_rows(ui, row, self.fitting.len(), |ui, range| {
            for (_, id) in self.fitting[range].iter().map(|index| &self.all[*index]) {
                let Some(cron) = snapshot.crons.get(id) else { continue };
                if ui.add(Button::selectable(picked == Some(id), cron.name.as_str())).clicked() {
                    chosen = Some(id.clone());
                    ui.close();
                }
            }
        });
        chosen
    }

    /// The next time it opens it shows all of them. Says whether it was open until now.
    pub fn close(&mut self) -> bool {
        self.text.clear();
        std::mem::take(&mut self.focused)
    }

    fn follow(&mut self, snapshot: &Snapshot) {
        if self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, &snapshot.crons)) {
            let crons = snapshot.crons.values().filter(|cron| cron.routable());
            self.all = crons.map(|cron| (folded(&cron.name), cron.id.clone())).collect();
            self.all.sort();
            (self.of, self.searched) = (Some(snapshot.crons.clone()), None);
        }
        let text = folded(&self.text);
        if self.searched.as_ref() != Some(&text) {
            self.fitting = (0..self.all.len()).filter(|index| self.all[*index].0.contains(&text)).collect();
            self.searched = Some(text);
        }
    }
}
