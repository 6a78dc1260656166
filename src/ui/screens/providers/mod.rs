//! Providers: every account with its health, its quota, and what can be done about it.
//!
//! Draws a snapshot and returns wishes. Owns the keyboard's place and the dialog that is open; a key
//! that is typed there leaves in a command and is kept nowhere else.

mod card;
mod cards;
mod checks;
mod details;
mod form;
mod menu;
mod moment;
mod paste;
pub(super) mod seen;
mod temporary;
mod triage;
mod until;

use egui::{Align, Layout, Margin, RichText, ScrollArea, Ui};
use jiff::tz::TimeZone;

use crate::domain::{AccountId, KeySource};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided, empty_state, keep_focus_in_view, plain_button, primary_button};
use crate::words::Speech;

use cards::{Cards, Table};
use form::Form;
use paste::Paste;
use seen::Seen;
use triage::Failing;
use until::{Hand, Outcome, Until};

/// Room in a text field.
const FIELD: Margin = Margin::symmetric(8, 5);

/// The providers screen.
#[derive(Debug, Default)]
pub struct Providers {
    cards: Cards,
    failing: Failing,
    dialog: Option<Dialog>,
}

/// What a part of the screen wants to have opened.
#[derive(Debug)]
enum Ask {
    Details(AccountId),
    Edit(AccountId),
    Paste(AccountId),
    Until(AccountId, Hand),
    Remove(AccountId),
    /// A temporary model by its name, or a new one.
    Temporary(Option<String>),
}

/// What is open over the screen.
#[derive(Debug)]
enum Dialog {
    Details(AccountId),
    Form(Box<Form>),
    Paste(Box<Paste>),
    Until(Until),
    Remove(AccountId),
    Temporary(Box<temporary::Edit>),
}

/// Whether anything can be changed from this window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    Change,
    Look,
}

impl Rights {
    fn of(snapshot: &Snapshot) -> Self {
        let held = snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some());
        if held { Self::Look } else { Self::Change }
    }

    fn editable(self) -> bool {
        self == Self::Change
    }

    fn why(self) -> &'static str {
        match self {
            Self::Change => "",
            Self::Look => "Read only: another program holds the state folder",
        }
    }
}

impl Providers {
    /// Puts the keyboard on the card that had it last, or on the first.
    pub fn take_focus(&mut self) {
        self.cards.take_focus();
    }

    /// Draws the screen and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let rights = Rights::of(snapshot);
        let seen = seen::all(snapshot, speech);
        let mut wishes = Vec::new();
        self.head_ui(ui, &seen, snapshot, rights, speech, &mut wishes);
        ui.add_space(space::S / 2.0);
        if seen.is_empty() {
            self.nothing_ui(ui, snapshot, rights);
        } else {
            let table = Table { seen: &seen, snapshot, rights, speech };
            self.body_ui(ui, table, &mut wishes);
        }
        self.dialog_ui(ui, &seen, snapshot, speech, &mut wishes);
        wishes
    }

    /// The title, how many are down, and the buttons that are about all of them.
    fn head_ui(
        &mut self,
        ui: &mut Ui,
        seen: &[Seen<'_>],
        snapshot: &Snapshot,
        rights: Rights,
        speech: &Speech<'_>,
        wishes: &mut Vec<Action>,
    ) {
        let palette = theme::palette(ui);
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            ui.label(RichText::new("Providers").font(theme::heading_font()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let add = ui.add_enabled_ui(rights.editable(), |ui| plain_button(ui, "Add account…")).inner;
                if add.on_disabled_hover_text(rights.why()).clicked() {
                    self.dialog = Some(Dialog::Form(Box::new(Form::add())));
                }
                wishes.extend(checks::button_ui(ui, snapshot));
                wishes.extend(checks::rhythm_ui(ui, snapshot, rights, speech));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let counted = if seen.is_empty() { String::new() } else { seen::counted(seen) };
                    elided(ui, &counted, theme::text_font(), palette.secondary, ui.available_width());
                });
            });
        });
    }

    fn body_ui(&mut self, ui: &mut Ui, table: Table<'_>, wishes: &mut Vec<Action>) {
        let mut asks = Vec::new();
        ScrollArea::vertical().id_salt("providers").auto_shrink([false, false]).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - space::S);
            ui.spacing_mut().item_spacing.y = space::M;
            wishes.extend(self.cards.ui(ui, table, &mut asks));
            wishes.extend(self.failing.ui(ui, table, &mut asks));
            wishes.extend(temporary::section_ui(ui, table.snapshot, table.rights, &mut asks, table.speech));
            ui.add_space(space::S);
            keep_focus_in_view(ui);
        });
        for ask in asks {
            self.dialog = dialog_of(ask, table);
        }
    }

    fn nothing_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, rights: Rights) {
        if snapshot.crons_as_of.is_none() {
            let text = "The accounts of the gateway show here when it has answered.";
            empty_state(ui, icon::HOURGLASS_TOP, "Reading the gateway…", text);
            return;
        }
        let text = "The gateway lists no model. Add the accounts that you pay for, and they are checked from here.";
        empty_state(ui, icon::DNS, "No accounts yet", text);
        ui.add_space(space::S);
        let add = |ui: &mut Ui| ui.add_enabled_ui(rights.editable(), |ui| primary_button(ui, "Add an account…")).inner;
        if ui.vertical_centered(add).inner.clicked() {
            self.dialog = Some(Dialog::Form(Box::new(Form::add())));
        }
    }

    /// Draws what is open, over everything else.
    fn dialog_ui(
        &mut self,
        ui: &Ui,
        seen: &[Seen<'_>],
        snapshot: &Snapshot,
        speech: &Speech<'_>,
        wishes: &mut Vec<Action>,
    ) {
        let Some(mut dialog) = self.dialog.take() else { return };
        let shown =
            widgets::modal(ui, "providers-dialog").show(ui.ctx(), |ui| dialog.ui(ui, seen, snapshot, speech, wishes));
        if shown.inner || shown.should_close() {
            if matches!(dialog, Dialog::Form(_)) && snapshot.looks.test.is_some() {
                wishes.push(Action::Tell(Command::DismissTest));
            }
            return;
        }
        self.dialog = Some(dialog);
    }
}

impl Dialog {
    /// True when it is to be closed, also because its account is gone.
    fn ui(
        &mut self,
        ui: &mut Ui,
        seen: &[Seen<'_>],
        snapshot: &Snapshot,
        speech: &Speech<'_>,
        wishes: &mut Vec<Action>,
    ) -> bool {
        let find = |id: &AccountId| seen.iter().find(|seen| seen.id() == id);
        let (closed, wish) = match self {
            Self::Form(form) => (form.ui(ui, snapshot, speech, wishes), None),
            Self::Details(id) => match find(id) {
                Some(seen) => (details::details_ui(ui, seen, snapshot, speech, wishes), None),
                None => (true, None),
            },
            Self::Paste(paste) => match find(&paste.of) {
                Some(seen) => settled(paste.ui(ui, seen.account(), speech, wishes), |reading| Command::KeepReading {
                    account: seen.id().clone(),
                    reading: Box::new(reading),
                }),
                None => (true, None),
            },
            Self::Until(until) => match find(&until.of) {
                Some(seen) => settled(until.ui(ui, seen, speech), |account| {
                    Command::Settings(SettingsChange::PutAccount(Box::new(account)))
                }),
                None => (true, None),
            },
            Self::Remove(id) => match find(id) {
                Some(seen) => {
                    let outcome = details::remove_ui(ui, seen);
                    if matches!(outcome, Outcome::Chosen(())) && seen.account().key == KeySource::Keychain {
                        wishes.push(Action::Tell(Command::KeepKey { account: id.clone(), key: None }));
                    }
                    settled(outcome, |()| Command::Settings(SettingsChange::RemoveAccount { id: id.clone() }))
                }
                None => (true, None),
            },
            Self::Temporary(edit) => {
                settled(edit.ui(ui, snapshot, speech), |(id, model)| Command::PutTemporary { id, model: Some(model) })
            }
        };
        wishes.extend(wish.map(Action::Tell));
        closed
    }
}

fn settled<T>(outcome: Outcome<T>, command: impl FnOnce(T) -> Command) -> (bool, Option<Command>) {
    match outcome {
        Outcome::Open => (false, None),
        Outcome::Closed => (true, None),
        Outcome::Chosen(chosen) => (true, Some(command(chosen))),
    }
}

fn dialog_of(ask: Ask, table: Table<'_>) -> Option<Dialog> {
    let Table { snapshot, speech, .. } = table;
    Some(match ask {
        Ask::Details(id) => Dialog::Details(id),
        Ask::Edit(id) => Dialog::Form(Box::new(Form::edit(snapshot.accounts.get(&id)?, speech))),
        Ask::Paste(id) => Dialog::Paste(Box::new(Paste::new(id))),
        Ask::Until(id, hand) => Dialog::Until(Until::new(id, hand)),
        Ask::Remove(id) => Dialog::Remove(id),
        Ask::Temporary(id) => {
            let known = id.and_then(|id| snapshot.temporary.iter().find(|added| added.id == id));
            Dialog::Temporary(Box::new(temporary::Edit::new(known, speech)))
        }
    })
}
