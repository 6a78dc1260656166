//! The match of routes to models of this gateway: sure ones are filled in, the others are asked.

use std::collections::BTreeMap;

use egui::{ComboBox, RichText, Ui};

use crate::domain::{MatchCertainty, ModelRef, RouteKey, RouteMatch};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided, primary_button};
use crate::words::{self, Speech};

const NAME: f32 = 150.0;
const COMBO: f32 = 270.0;

/// What is chosen for a route.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    /// Several models fit and nobody has said which.
    Open,
    Model(ModelRef),
    NotUsed,
}

/// The choices until they are confirmed.
#[derive(Debug, Default)]
pub(in crate::ui::screens) struct Matching {
    choices: BTreeMap<RouteKey, Choice>,
}

impl Matching {
    /// Forgets what was chosen, so that the gateway's matches are shown as they are.
    pub fn reset(&mut self) {
        self.choices.clear();
    }

    fn chosen(&self, matched: &RouteMatch) -> Choice {
        if let Some(choice) = self.choices.get(&matched.route) {
            return choice.clone();
        }
        match (&matched.model, matched.certainty) {
            (Some(model), MatchCertainty::Confirmed | MatchCertainty::Sure) => Choice::Model(model.clone()),
            (_, MatchCertainty::Asks) => Choice::Open,
            _ => Choice::NotUsed,
        }
    }

    /// One line for each route, and the button that confirms all of them.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Command> {
        for matched in snapshot.matches.iter() {
            self.line_ui(ui, snapshot, matched, speech);
        }
        let palette = theme::palette(ui);
        if snapshot.matches.is_empty() {
            ui.label(RichText::new("The gateway's models are being read…").color(palette.faint));
            return None;
        }
        ui.add_space(space::S);
        let open: Vec<_> = snapshot.matches.iter().filter(|matched| self.chosen(matched) == Choice::Open).collect();
        let mut confirmed = false;
        widgets::foot_ui(ui, |ui| {
            let button = ui.add_enabled_ui(open.is_empty(), |ui| primary_button(ui, "Confirm the match")).inner;
            confirmed = button.clicked();
            let names: Vec<_> = open.iter().map(|matched| matched.label.as_str()).collect();
            let text =
                if open.is_empty() { String::new() } else { format!("Please choose for {}", words::list(&names)) };
            ui.label(RichText::new(text).color(palette.warning));
        });
        confirmed.then(|| Command::Settings(SettingsChange::MatchRoutes(self.map(snapshot))))
    }

    fn map(&self, snapshot: &Snapshot) -> BTreeMap<RouteKey, Option<ModelRef>> {
        let model = |matched: &RouteMatch| match self.chosen(matched) {
            Choice::Model(model) => Some(model),
            Choice::Open | Choice::NotUsed => None,
        };
        snapshot.matches.iter().map(|matched| (matched.route.clone(), model(matched))).collect()
    }

    fn line_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, matched: &RouteMatch, speech: &Speech<'_>) {
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            let palette = theme::palette(ui);
            let left = ui.cursor().left();
            let vendor = match self.chosen(matched) {
                Choice::Model(model) => Some(widgets::vendor_of_model(&model)),
                Choice::Open | Choice::NotUsed => {
                    snapshot.settings.routes.get(&matched.route).map(|route| route.vendor.clone())
                }
            };
            if let Some(vendor) = &vendor {
                widgets::mark(ui, vendor, false);
            }
            elided(ui, &matched.label, theme::strong_font(), palette.text, NAME - widgets::MARK - 2.0 * space::S);
            ui.add_space((left + NAME - ui.cursor().left()).max(0.0));
            self.combo_ui(ui, snapshot, matched, speech);
            let (text, color) = match matched.certainty {
                MatchCertainty::Confirmed => ("confirmed by you", palette.secondary),
                MatchCertainty::Sure => ("fits; nothing else comes near", palette.secondary),
                MatchCertainty::Asks if self.chosen(matched) == Choice::Open => ("several fit", palette.warning),
                MatchCertainty::Asks => ("your choice", palette.secondary),
                MatchCertainty::NoModel => ("this gateway lists nothing that fits", palette.secondary),
            };
            let width = ui.available_width();
            elided(ui, text, theme::small_font(), color, width);
        });
    }

    fn combo_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, matched: &RouteMatch, speech: &Speech<'_>) {
        let chosen = self.chosen(matched);
        let name = |model: &ModelRef| {
            let listed = speech.catalog.models.get(model);
            listed.map_or_else(|| model.to_string(), |listed| format!("{} · {model}", listed.name))
        };
        let text = match &chosen {
            Choice::Open => "please choose…".to_owned(),
            Choice::Model(model) => name(model),
            Choice::NotUsed => "not used here".to_owned(),
        };
        let mut pick = None;
        let combo = ComboBox::from_id_salt(("match", &matched.route)).selected_text(text).width(COMBO).truncate();
        let shown = combo.show_ui(ui, |ui| {
            let others = snapshot.catalog.models.keys().filter(|model| !matched.candidates.contains(model));
            for model in matched.candidates.iter().chain(others) {
                let on = chosen == Choice::Model(model.clone());
                if ui.selectable_label(on, name(model)).clicked() {
                    pick = Some(Choice::Model(model.clone()));
                }
            }
            if ui.selectable_label(chosen == Choice::NotUsed, "not used here").clicked() {
                pick = Some(Choice::NotUsed);
            }
        });
        shown.response.accessible_name(format!("Model for {}", matched.label));
        if let Some(choice) = pick {
            self.choices.insert(matched.route.clone(), choice);
        }
    }
}
