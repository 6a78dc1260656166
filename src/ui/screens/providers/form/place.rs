//! Step 2: where the key is kept, at which address it is asked, what the plan is and costs.

use egui::{Checkbox, ComboBox, DragValue, TextEdit, Ui};

use crate::domain::{Period, Service, Undocumented};
use crate::engine::{Command, Snapshot, offer};
use crate::ui::action::Action;
use crate::ui::theme;
use crate::ui::widgets::{link_button, paragraph};
use crate::words::{self, Speech};

use super::super::FIELD;
use super::super::details::heading;
use super::draft::Place;
use super::{Form, meaning_ui, named_ui, text_ui};

const PLACES: [(Place, &str, &str); 4] = [
    (Place::Gateway, "The gateway has it", "This program needs none, and asks the provider only what takes no key."),
    (Place::Keychain, "The keychain", "Kept in this desktop's keychain and sent to the account's own host only."),
    (Place::Environment, "An environment variable", "Read when it is needed, from the environment of this program."),
    (Place::OpenClaw, "OpenClaw's configuration", "Read from openclaw.json on this computer, never written."),
];

impl Form {
    pub(super) fn key_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>, wishes: &mut Vec<Action>) {
        if self.draft.account.service.is_local() {
            paragraph(ui, egui::RichText::new("It runs on this computer and takes no key, unless you gave it one."));
        }
        named_ui(ui, "Its key", |ui| {
            for (place, name, _) in PLACES {
                let radio = ui.radio(self.draft.place == place, name);
                if !self.arrived && place == self.draft.place {
                    self.arrived = radio.has_focus();
                    radio.request_focus();
                }
                if radio.clicked() {
                    self.draft.place = place;
                }
            }
        });
        let meaning = PLACES.iter().find(|(place, ..)| *place == self.draft.place).map_or("", |(_, _, text)| text);
        meaning_ui(ui, meaning);
        match self.draft.place {
            Place::Gateway => {}
            Place::Keychain => self.keychain_ui(ui, snapshot, wishes),
            Place::Environment => {
                text_ui(ui, "Variable", &mut self.draft.variable, "such as MINIMAX_API_KEY");
            }
            Place::OpenClaw => {
                let hint = format!("the provider's entry there; left empty: {}", self.draft.id);
                text_ui(ui, "Entry", &mut self.draft.entry, &hint);
            }
        }
        text_ui(ui, "Base URL", &mut self.draft.base_url, "left empty: the service's own address");
        self.workspace_ui(ui);
        self.undocumented_ui(ui);
        heading(ui, "Plan and limits");
        text_ui(ui, "Plan", &mut self.draft.plan, "as the provider calls it");
        self.flat_ui(ui);
        self.reserve_ui(ui);
        self.limits_ui(ui, speech);
    }

    /// The key is typed here and shown as dots.
    fn keychain_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, wishes: &mut Vec<Action>) {
        let kept = self.editing.as_ref().and_then(|id| snapshot.looks.accounts.get(id));
        let kept = kept.and_then(|look| match &look.key {
            crate::domain::KeyState::Ready { ending } => Some(ending.clone()),
            _ => None,
        });
        let hint = match &kept {
            Some(ending) => format!("kept: …{ending}; type another to replace it"),
            None => "the key itself".to_owned(),
        };
        named_ui(ui, "Key", |ui| {
            let palette = theme::palette(ui);
            let remove = if kept.is_some() { 90.0 } else { 0.0 };
            let field = TextEdit::singleline(&mut self.draft.key)
                .password(true)
                .hint_text(egui::RichText::new(hint).font(theme::small_font()).color(palette.faint))
                .desired_width(ui.available_width() - remove - 24.0)
                .margin(FIELD);
            ui.add(field).accessible_name("Key");
            if let Some(id) = self.editing.clone().filter(|_| kept.is_some())
                && link_button(ui, "Remove it").clicked()
            {
                wishes.push(Action::Tell(Command::KeepKey { account: id, key: None }));
            }
        });
    }

    /// Only where the service wants these names.
    fn workspace_ui(&mut self, ui: &mut Ui) {
        let draft = &mut self.draft;
        match draft.account.service {
            Service::OpenAi | Service::Zai => {
                text_ui(ui, "Organisation", &mut draft.organization, "only where the key belongs to several");
                text_ui(ui, "Project", &mut draft.project, "only where the key belongs to several");
            }
            Service::Codex => {
                text_ui(ui, "Account id", &mut draft.organization, "of the ChatGPT account, where there are several");
            }
            _ => {}
        }
    }

    fn undocumented_ui(&mut self, ui: &mut Ui) {
        let account = &mut self.draft.account;
        if !offer(account.service).undocumented {
            return;
        }
        named_ui(ui, "", |ui| {
            let mut on = account.undocumented == Undocumented::On;
            if ui.add(Checkbox::new(&mut on, "Ask endpoints that are not documented")).changed() {
                account.undocumented = if on { Undocumented::On } else { Undocumented::Off };
            }
        });
        let name = words::service_name(account.service);
        let text = format!(
            "{name} shows its quota at an address that it documents nowhere. It may change or refuse at any time, and \
             its owner may not like it. We ask rarely, under our own name, and only read."
        );
        meaning_ui(ui, &text);
    }

    fn flat_ui(&mut self, ui: &mut Ui) {
        named_ui(ui, "Price", |ui| {
            let mut flat = self.draft.flat.is_some();
            if ui.add(Checkbox::new(&mut flat, "A flat price, whatever is used")).changed() {
                self.draft.flat = flat.then_some((20.0, Period::Month));
            }
            let Some((price, per)) = &mut self.draft.flat else { return };
            let field = DragValue::new(price).range(0.0..=100_000.0).speed(0.5).prefix("$").fixed_decimals(2);
            ui.add(field).accessible_name("Flat price");
            let combo = ComboBox::from_id_salt("period").selected_text(words::period(*per)).width(100.0);
            let shown = combo.show_ui(ui, |ui| {
                for each in [Period::Week, Period::Month, Period::Quarter, Period::Year] {
                    ui.selectable_value(per, each, words::period(each));
                }
            });
            shown.response.accessible_name("Period of the price");
        });
    }

    fn reserve_ui(&mut self, ui: &mut Ui) {
        named_ui(ui, "Keep free", |ui| {
            let mut percent = (self.draft.account.reserve_ratio * 100.0).round();
            let field = DragValue::new(&mut percent).range(0.0..=100.0).speed(0.2).suffix(" %").fixed_decimals(0);
            let field = ui.add(field).accessible_name("Percent of each quota to keep free");
            if field.on_hover_text(words::WHO_KEEPS_FREE).changed() {
                self.draft.account.reserve_ratio = percent.round() / 100.0;
            }
            ui.label("of each quota, for your own use").on_hover_text(words::WHO_KEEPS_FREE);
        });
    }
}
