//! *Make it so*: what that changes, one by one, before anything is changed.

use egui::{RichText, Ui};

use crate::domain::Wish;
use crate::engine::{Command, Snapshot, command_of};
use crate::ui::action::{Action, Screen};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, foot_ui, plain_button, primary_button};
use crate::words::{self, Speech};

/// Whether the question is open.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    open: bool,
}

/// It shall be made so.
pub(super) struct Asked {
    pub actions: Vec<Action>,
}

impl Wishes {
    pub fn open(&mut self) {
        self.open = true;
    }

    pub fn ui(&mut self, ui: &Ui, wishes: &[Wish], snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Asked> {
        if !self.open {
            return None;
        }
        let mut made_so = false;
        let shown = widgets::modal(ui, "make it so").show(ui.ctx(), |ui| {
            let palette = theme::palette(ui);
            ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 4.0 * space::L));
            ui.label(RichText::new("Make it so").font(theme::heading_font()));
            for wish in wishes {
                widgets::paragraph(ui, RichText::new(format!("• {}", words::wish(wish, speech))));
            }
            ui.add_space(space::S / 2.0);
            widgets::paragraph(ui, RichText::new(words::WHAT_IS_MADE_SO).color(palette.secondary));
            if wishes.iter().any(|wish| matches!(wish, Wish::TreatAsDown { .. })) {
                widgets::paragraph(ui, RichText::new(words::NO_CRISIS_IS_ENTERED).color(palette.secondary));
            }
            foot_ui(ui, |ui| {
                let text = format!("Make {}", words::count(wishes.len(), "change"));
                made_so = primary_button(ui, &text).clicked();
                plain_button(ui, "Cancel").clicked()
            })
        });
        self.open = !(made_so || shown.inner || shown.should_close() || wishes.is_empty());
        made_so.then(|| {
            let commands = wishes.iter().map(|wish| command_of(wish, snapshot)).collect();
            Asked { actions: vec![Action::Tell(Command::Together(commands)), Action::Go(Screen::Plan)] }
        })
    }
}
