//! Routes and their prices: name, provider, model, what a million tokens cost.

use egui::{Align, ComboBox, Layout, RichText, TextEdit, Ui, vec2};

use crate::domain::{ModelRef, Price, Route, RouteKey, Usd, vendor_of};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::screens::tables::model_ui as model_cell_ui;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words::{self, Speech};

use super::number::{Draft, Number};

const NAME: f32 = 130.0;
const PROVIDER: f32 = 120.0;
const MODEL: f32 = 250.0;
const PRICE: f32 = 92.0;
const LINE: f32 = 30.0;
const FIELD: egui::Margin = egui::Margin::symmetric(8, 5);

/// The route that is being added.
#[derive(Debug, Default)]
pub(super) struct NewRoute {
    label: String,
    model: Option<ModelRef>,
}

/// A route's name while it is typed.
#[derive(Debug)]
pub(super) struct Label {
    of: RouteKey,
    text: String,
}

/// What this part of the screen remembers.
pub(super) struct Routes<'a> {
    pub draft: &'a mut Draft,
    pub new_route: &'a mut NewRoute,
    pub label: &'a mut Option<Label>,
}

/// One line for each route, and a line for a new one.
pub(super) fn section_ui(mut state: Routes<'_>, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
    let mut changes = Vec::new();
    widgets::section(ui, "Routes and prices", |ui| {
        let palette = theme::palette(ui);
        let as_of = snapshot.settings.prices.as_of;
        let text = format!("US dollars per 1M tokens. List prices are of {as_of}; correct them where yours differ.");
        ui.label(RichText::new(text).color(palette.secondary));
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        ui.horizontal(|ui| {
            let titles =
                [("Route", NAME), ("Provider", PROVIDER), ("Model", MODEL), ("Input", PRICE), ("Output", PRICE)];
            for (title, width) in titles {
                cell_ui(ui, width, |ui| {
                    ui.label(RichText::new(title).font(theme::small_font()).color(palette.faint));
                });
            }
        });
        for (key, route) in &snapshot.settings.routes {
            let row = ui.horizontal(|ui| {
                ui.set_min_height(LINE);
                state.route_ui(ui, snapshot, key, route, speech)
            });
            changes.extend(row.inner);
        }
        ui.add_space(space::S / 2.0);
        changes.extend(state.add_ui(ui, snapshot, speech));
    });
    changes.into_iter().map(|change| Action::Tell(Command::Settings(change))).collect()
}

impl Routes<'_> {
    fn route_ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        key: &RouteKey,
        route: &Route,
        speech: &Speech<'_>,
    ) -> Option<SettingsChange> {
        let mut change = cell_ui(ui, NAME, |ui| self.label_ui(ui, key, route));
        cell_ui(ui, PROVIDER, |ui| {
            let name = words::vendor_name(&route.vendor);
            model_cell_ui(ui, Some(route.vendor.clone()), &name, PROVIDER, false);
        });
        let model = route.model.clone().or_else(|| {
            let matched = snapshot.matches.iter().find(|matched| matched.route == *key);
            matched.and_then(|matched| matched.model.clone())
        });
        let chosen = cell_ui(ui, MODEL, |ui| model_ui(ui, &route.label, model.as_ref(), speech));
        if let Some(model) = chosen {
            change = Some(SettingsChange::PutRoute { key: key.clone(), route: Route { model, ..route.clone() } });
        }
        let with_model = Route { model, ..route.clone() };
        change = self.price_ui(ui, snapshot, key, &with_model).or(change);
        let remove = widgets::icon_button(ui, icon::DELETE, &format!("Remove {}", route.label));
        if remove.on_hover_text("Also takes it out of every chain").clicked() {
            change = Some(SettingsChange::RemoveRoute { key: key.clone() });
        }
        if route.price.is_some() {
            let back = widgets::icon_button(ui, icon::RESTART_ALT, &format!("List price for {}", route.label));
            if back.clicked() {
                change = Some(SettingsChange::SetPrice { route: key.clone(), price: None });
            }
        }
        change
    }

    fn label_ui(&mut self, ui: &mut Ui, key: &RouteKey, route: &Route) -> Option<SettingsChange> {
        let mut text = match self.label.as_ref() {
            Some(label) if label.of == *key => label.text.clone(),
            _ => route.label.clone(),
        };
        let field = ui
            .add(TextEdit::singleline(&mut text).desired_width(NAME).margin(FIELD))
            .accessible_name(format!("Name of {key}"));
        if field.changed() {
            *self.label = Some(Label { of: key.clone(), text });
        }
        if !field.lost_focus() {
            return None;
        }
        let typed = self.label.take().filter(|label| label.of == *key)?.text.trim().to_owned();
        (!typed.is_empty() && typed != route.label)
            .then(|| SettingsChange::PutRoute { key: key.clone(), route: Route { label: typed, ..route.clone() } })
    }

    fn price_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, key: &RouteKey, route: &Route) -> Option<SettingsChange> {
        let known = snapshot.settings.price(route);
        let price = known.unwrap_or(Price { input: Usd(0.0), output: Usd(0.0) });
        let suffix = match (known, route.price) {
            (None, _) => " unknown",
            (Some(_), Some(_)) => " yours",
            (Some(_), None) => "",
        };
        let number = |name: &str, draft: &mut Draft, ui: &mut Ui, value: f64| {
            let name = format!("{name} price of {}", route.label);
            draft.ui(
                ui,
                &Number { name: &name, value, range: 0.0..=10_000.0, step: 0.05, prefix: "$", suffix, decimals: 2 },
            )
        };
        let input = cell_ui(ui, PRICE, |ui| number("Input", self.draft, ui, price.input.0));
        let output = cell_ui(ui, PRICE, |ui| number("Output", self.draft, ui, price.output.0));
        let price = match (input, output) {
            (None, None) => return None,
            (input, output) => {
                Price { input: input.map_or(price.input, Usd), output: output.map_or(price.output, Usd) }
            }
        };
        Some(SettingsChange::SetPrice { route: key.clone(), price: Some(price) })
    }

    fn add_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<SettingsChange> {
        let mut add = false;
        ui.horizontal(|ui| {
            cell_ui(ui, NAME, |ui| {
                let field = TextEdit::singleline(&mut self.new_route.label).hint_text("New route").margin(FIELD);
                ui.add(field.desired_width(NAME)).accessible_name("Name of the new route");
            });
            cell_ui(ui, PROVIDER, |ui| {
                if let Some(model) = &self.new_route.model {
                    let vendor = vendor_of(&model.account());
                    let name = words::vendor_name(&vendor);
                    model_cell_ui(ui, Some(vendor), &name, PROVIDER, false);
                }
            });
            if let Some(model) = model_ui(ui, "the new route", self.new_route.model.as_ref(), speech) {
                self.new_route.model = model;
            }
            let ready = !self.new_route.label.trim().is_empty() && self.new_route.model.is_some();
            let button = ui.add_enabled_ui(ready, |ui| widgets::plain_button(ui, "Add this route")).inner;
            add = button.on_disabled_hover_text("Give it a name and a model of the gateway").clicked();
        });
        if !add {
            return None;
        }
        let NewRoute { label, model } = std::mem::take(self.new_route);
        let model = model?;
        let label = label.trim().to_owned();
        let key = free_key(&label, &snapshot.settings.routes);
        let vendor = vendor_of(&model.account());
        let route = Route { label, vendor, model: Some(model), price: None, set_aside_until: None };
        Some(SettingsChange::PutRoute { key, route })
    }
}

/// A part of a row with a width of its own.
fn cell_ui<R>(ui: &mut Ui, width: f32, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = Layout::left_to_right(Align::Center);
    let cell = ui.allocate_ui_with_layout(vec2(width, LINE), layout, |ui| {
        ui.set_min_width(width);
        add_contents(ui)
    });
    cell.inner
}

/// `Some(None)` takes the model away.
#[expect(clippy::option_option, reason = "no wish, no model, and a model are three things")]
fn model_ui(ui: &mut Ui, of: &str, model: Option<&ModelRef>, speech: &Speech<'_>) -> Option<Option<ModelRef>> {
    let mut wish = None;
    let text = model.map_or_else(|| "not used here".to_owned(), ToString::to_string);
    let combo = ComboBox::from_id_salt(("route-model", of)).selected_text(text).width(MODEL).truncate();
    let shown = combo.show_ui(ui, |ui| {
        for listed in speech.catalog.models.keys() {
            if ui.selectable_label(model == Some(listed), listed.as_str()).clicked() {
                wish = Some(Some(listed.clone()));
            }
        }
        if ui.selectable_label(model.is_none(), "not used here").clicked() {
            wish = Some(None);
        }
    });
    shown.response.accessible_name(format!("Model of {of}"));
    wish
}

/// A key made of the label, with a number when it is taken.
fn free_key(label: &str, taken: &std::collections::BTreeMap<RouteKey, Route>) -> RouteKey {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let base: String = label.chars().map(plain).collect();
    let names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}_{n}")));
    let mut free = names.map(RouteKey::from).filter(|key| !taken.contains_key(key));
    free.next().expect("the numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::free_key;
    use crate::domain::Settings;

    #[test]
    fn a_new_route_gets_a_key_of_its_own() {
        let settings = Settings::default();
        assert_eq!(free_key("GLM 5", &settings.routes).as_str(), "glm_5");
        assert_eq!(free_key("Kimi", &settings.routes).as_str(), "kimi_2", "kimi is taken");
    }
}
