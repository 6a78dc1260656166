//! Everything that can be done with one account.

use egui::{Button, Popup, Response, SetOpenCommand, Ui};

use crate::domain::{AccountId, DemoOutage, ProviderAccount};
use crate::engine::{Command, SettingsChange, dashboard_of};
use crate::ui::action::Action;
use crate::words;

use super::Ask;
use super::cards::Table;
use super::seen::Seen;
use super::until::Hand;

/// Opens at a click on its button, or when `opens`; then its first item takes the focus.
pub(super) fn menu_ui(
    button: &Response,
    one: &Seen<'_>,
    table: Table<'_>,
    opens: bool,
    asks: &mut Vec<Ask>,
) -> Vec<Action> {
    let mut wishes = Vec::new();
    let mut popup = Popup::menu(button);
    if opens {
        popup = popup.open_memory(SetOpenCommand::Bool(true));
    }
    popup.show(|ui| {
        ui.set_min_width(250.0);
        let id = one.id();
        let details = ui.add(Button::new("Details"));
        if opens {
            details.request_focus();
        }
        let mut ask = |ui: &Ui, chosen: bool, what: Ask| {
            if chosen {
                ui.close();
                asks.push(what);
            }
        };
        ask(ui, details.clicked(), Ask::Details(id.clone()));
        let editable = table.rights.editable();
        let edit = item(ui, "Edit account…", editable);
        ask(ui, edit, Ask::Edit(id.clone()));
        let paste = item(ui, "Paste what the dashboard says…", editable);
        ask(ui, paste, Ask::Paste(id.clone()));
        ui.separator();
        for hand in [Hand::Down, Hand::Aside] {
            if let Some(until) = hand.until(one.account()).filter(|until| *until > table.speech.now) {
                let text = format!("{} (until {})", hand.end(), words::clock(until, table.speech));
                if item(ui, &text, editable) {
                    ui.close();
                    wishes.push(put(hand.set(one.account(), None)));
                }
            } else {
                let chosen = item(ui, hand.begin(), editable);
                ask(ui, chosen, Ask::Until(id.clone(), hand));
            }
        }
        ui.separator();
        let known = table.snapshot.settings.accounts.contains_key(id);
        let remove = item(ui, "Forget this account…", editable && known);
        ask(ui, remove, Ask::Remove(id.clone()));
        if table.snapshot.demo && one.of.set_up {
            ui.separator();
            wishes.extend(outages_ui(ui, id));
        }
        if let Some(link) = dashboard_of(one.account())
            && ui.add(Button::new("Copy the dashboard's address")).clicked()
        {
            ui.ctx().copy_text(link.to_owned());
            ui.close();
        }
    });
    wishes
}

/// The demo's providers fail on demand.
fn outages_ui(ui: &mut Ui, id: &AccountId) -> Option<Action> {
    let mut wish = None;
    ui.menu_button("Demo: let it fail", |ui| {
        for outage in DemoOutage::of(id.as_str()) {
            if ui.button(words::demo_outage(outage)).clicked() {
                let provider = id.as_str().to_owned();
                wish = Some(Action::Tell(Command::DemoOutage { provider, outage }));
            }
        }
    });
    wish
}

fn item(ui: &mut Ui, text: &str, enabled: bool) -> bool {
    ui.add_enabled(enabled, Button::new(text)).clicked()
}

pub(super) fn put(account: ProviderAccount) -> Action {
    Action::Tell(Command::Settings(SettingsChange::PutAccount(Box::new(account))))
}
