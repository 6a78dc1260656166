//! The account dialog: which service, where its key is, and a test before it is saved.
//!
//! The key is held while it is typed, shown as dots, and leaves in a command as a secret.

mod draft;
mod limits;
mod place;
mod service;
mod test;

use std::sync::Arc;

use egui::{Align, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};

use crate::domain::{AccountId, CheckReport, KeySource, ProviderAccount};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, foot_ui, keep_focus_in_view, plain_button, primary_button};
use crate::words::Speech;

use super::menu::put;
use super::seen::label;
use draft::Draft;

const WIDTH: f32 = 780.0;
/// Of the names beside the fields.
const NAME: f32 = 116.0;
const LINE: f32 = 28.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Service,
    Key,
    Test,
}

impl Step {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Service, "1 Service"), (Self::Key, "2 Key and plan"), (Self::Test, "3 Test")];

    const fn next(self) -> Option<Self> {
        match self {
            Self::Service => Some(Self::Key),
            Self::Key => Some(Self::Test),
            Self::Test => None,
        }
    }
}

/// The dialog, for a new account or for one that is known.
#[derive(Debug)]
pub(super) struct Form {
    /// The account that is edited; `None` for a new one.
    editing: Option<AccountId>,
    step: Step,
    search: String,
    draft: Draft,
    /// The account as it was tested last.
    tested: Option<ProviderAccount>,
    /// What was typed as its key then, by its hash: another key is another test.
    tested_key: u64,
    /// The result that was shown when that test was asked for.
    before: Option<Arc<CheckReport>>,
    /// The keyboard has been put on the first field.
    arrived: bool,
}

impl Form {
    pub fn add() -> Self {
        Self {
            editing: None,
            step: Step::Service,
            search: String::new(),
            draft: Draft::new(),
            tested: None,
            tested_key: 0,
            before: None,
            arrived: false,
        }
    }

    pub fn edit(account: &ProviderAccount, speech: &Speech<'_>) -> Self {
        let draft = Draft::of(account, Some(speech));
        Self { editing: Some(account.id.clone()), step: Step::Key, draft, ..Self::add() }
    }

    /// Draws the dialog; true when it is to be closed.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>, wishes: &mut Vec<Action>) -> bool {
        let palette = theme::palette(ui);
        let room = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(room.width() - 4.0 * space::L));
        let title = self.title(snapshot);
        widgets::elided(ui, &title, theme::heading_font(), palette.text, ui.available_width());
        self.steps_ui(ui);
        ui.separator();
        let height = (room.height() - 240.0).min(520.0);
        // As high in each step and each frame, so that nothing moves under the pointer.
        let area = ScrollArea::vertical().id_salt(self.step as u8).max_height(height).min_scrolled_height(height);
        area.auto_shrink([false, false]).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - space::S);
            match self.step {
                Step::Service => self.service_ui(ui, snapshot),
                Step::Key => self.key_ui(ui, snapshot, speech, wishes),
                Step::Test => self.test_ui(ui, snapshot, speech, wishes),
            }
            keep_focus_in_view(ui);
        });
        ui.separator();
        let account = self.account(snapshot, speech);
        self.foot_ui(ui, snapshot, account, wishes)
    }

    fn title(&self, snapshot: &Snapshot) -> String {
        match self.editing.as_ref() {
            Some(id) => format!("Edit {}", snapshot.accounts.get(id).map_or(id.as_str(), label)),
            None => "Add an account".to_owned(),
        }
    }

    fn steps_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            for (step, name) in Step::ALL {
                let open = step == Step::Service || self.draft.chosen;
                let chip = ui.add_enabled_ui(open, |ui| widgets::chip(ui, name, self.step == step)).inner;
                if chip.on_disabled_hover_text("Choose a service first").clicked() {
                    self.step = step;
                }
            }
        });
    }

    /// The account as it is described now, or what is missing.
    fn account(&self, snapshot: &Snapshot, speech: &Speech<'_>) -> Result<ProviderAccount, String> {
        let taken = |id: &AccountId| self.editing.is_none() && snapshot.settings.accounts.contains_key(id);
        self.draft.account(taken, speech)
    }

    fn foot_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        account: Result<ProviderAccount, String>,
        wishes: &mut Vec<Action>,
    ) -> bool {
        let last = self.step == Step::Test;
        let trouble = account.as_ref().err().cloned();
        let mut close = false;
        let state = self.test_state(snapshot, account.as_ref().ok());
        let save = match state {
            _ if !last => "Save",
            test::State::Good => "Save",
            test::State::None | test::State::Running => "Save without a test",
            test::State::Bad | test::State::Outdated => "Save all the same",
        };
        foot_ui(ui, |ui| {
            if let Some(next) = self.step.next() {
                let ready = self.draft.chosen;
                let go = ui.add_enabled_ui(ready, |ui| primary_button(ui, "Next")).inner;
                if go.on_disabled_hover_text("Choose a service first").clicked() {
                    self.step = next;
                }
            }
            if last || self.editing.is_some() {
                let ready = account.is_ok();
                let proven = last && state == test::State::Good;
                let button = |ui: &mut Ui| if proven { primary_button(ui, save) } else { plain_button(ui, save) };
                let go = ui.add_enabled_ui(ready, button).inner;
                if go.on_disabled_hover_text(trouble.as_deref().unwrap_or_default()).clicked()
                    && let Ok(account) = account
                {
                    self.save(account, wishes);
                    close = true;
                }
            }
            close |= plain_button(ui, "Cancel").clicked();
            if let Some(trouble) = trouble.filter(|_| self.draft.chosen) {
                let color = theme::palette(ui).warning;
                widgets::elided(ui, &trouble, theme::small_font(), color, ui.available_width() - space::S);
            }
        });
        close
    }

    /// The account first, then its key, so that the key has somebody to belong to.
    fn save(&mut self, account: ProviderAccount, wishes: &mut Vec<Action>) {
        let id = account.id.clone();
        let key = self.draft.typed_key().filter(|_| account.key == KeySource::Keychain);
        wishes.push(put(account));
        if key.is_some() {
            wishes.push(Action::Tell(Command::KeepKey { account: id, key }));
        }
        self.draft.forget_key();
    }
}

/// A field with its name before it; what does not fit beside the name goes on below.
fn named_ui<R>(ui: &mut Ui, name: &str, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let palette = theme::palette(ui);
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(vec2(NAME, LINE), layout, |ui| {
            ui.set_min_width(NAME);
            ui.label(RichText::new(name).color(palette.secondary));
        });
        let room = vec2(ui.available_width(), LINE);
        ui.allocate_ui_with_layout(room, layout.with_main_wrap(true), |ui| {
            ui.spacing_mut().item_spacing = vec2(space::S, 2.0);
            add_contents(ui)
        })
        .inner
    })
    .inner
}

fn text_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str) -> egui::Response {
    named_ui(ui, name, |ui| {
        let palette = theme::palette(ui);
        let field = TextEdit::singleline(text)
            .hint_text(RichText::new(hint).font(theme::small_font()).color(palette.faint))
            .desired_width(ui.available_width())
            .margin(super::FIELD);
        ui.add(field).accessible_name(name)
    })
}

/// What a choice means, below it.
fn meaning_ui(ui: &mut Ui, text: &str) {
    ui.horizontal(|ui| {
        ui.add_space(NAME);
        let palette = theme::palette(ui);
        widgets::paragraph(ui, RichText::new(text).font(theme::small_font()).color(palette.secondary));
    });
}
