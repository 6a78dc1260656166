//! The demo's outage switches: what each of its providers answers from now on.
//!
//! Only drawn on the built-in demo. What was chosen is remembered here, because the engine learns
//! of an outage like of a real one: from runs that fail.

use std::collections::BTreeMap;

use egui::{ComboBox, Grid, RichText, Ui};

use crate::domain::{AccountId, DemoOutage, vendor_of};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words;

/// What each demo provider was told to answer.
#[derive(Debug)]
pub struct Outages {
    chosen: BTreeMap<AccountId, DemoOutage>,
}

impl Default for Outages {
    /// The demo's own start: its cheapest provider has run out of credits.
    fn default() -> Self {
        Self { chosen: BTreeMap::from([(AccountId::new("minimax"), DemoOutage::OutOfCredits)]) }
    }
}

const ANSWERS: [(DemoOutage, &str); 6] = [
    (DemoOutage::Serving, "serves"),
    (DemoOutage::RateLimited, "rate limited"),
    (DemoOutage::QuotaExhausted, "quota used up"),
    (DemoOutage::OutOfCredits, "out of credits"),
    (DemoOutage::Overloaded, "overloaded"),
    (DemoOutage::RefusedKey, "key refused"),
];

fn said(outage: DemoOutage) -> &'static str {
    ANSWERS.iter().find(|(answer, _)| *answer == outage).map_or("serves", |(_, said)| said)
}

impl Outages {
    /// Draws a switch for each provider of the demo.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
        let mut actions = Vec::new();
        widgets::section(ui, "Outages of the demo", |ui| {
            let colors = theme::palette(ui);
            let text = "Let a provider fail and watch the plan answer. The first failed run shows it, within seconds.";
            ui.label(RichText::new(text).color(colors.secondary));
            Grid::new("outages").num_columns(2).spacing([space::L, space::S]).show(ui, |ui| {
                for account in snapshot.catalog.accounts() {
                    ui.horizontal(|ui| {
                        widgets::mark(ui, &vendor_of(&account), false);
                        ui.label(words::account_name(&account));
                    });
                    actions.extend(self.switch_ui(ui, &account));
                    ui.end_row();
                }
            });
        });
        actions
    }

    fn switch_ui(&mut self, ui: &mut Ui, account: &AccountId) -> Option<Action> {
        let before = self.chosen.get(account).copied().unwrap_or(DemoOutage::Serving);
        let mut chosen = before;
        let name = format!("{} answers", words::account_name(account));
        let shown =
            ComboBox::from_id_salt(account.as_str()).selected_text(said(before)).width(160.0).show_ui(ui, |ui| {
                for (outage, said) in ANSWERS {
                    ui.selectable_value(&mut chosen, outage, said);
                }
            });
        shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
        (chosen != before).then(|| {
            self.chosen.insert(account.clone(), chosen);
            Action::Tell(Command::DemoOutage { provider: account.to_string(), outage: chosen })
        })
    }
}
