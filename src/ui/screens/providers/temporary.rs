//! Temporary models: routes for a while, with the moment they go.

use egui::{Align, Checkbox, ComboBox, Layout, RichText, TextEdit, Ui};

use crate::domain::{ModelRef, TemporaryModel, Tier};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{
    self, chip, counts, elided, foot_ui, icon_button, mark, paragraph, plain_button, primary_button, tag,
    vendor_of_model,
};
use crate::words::{self, Speech};

use super::until::Outcome;
use super::{Ask, FIELD, Rights, moment};

const LINE: f32 = 30.0;

/// The section below the cards.
pub(super) fn section_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    rights: Rights,
    asks: &mut Vec<Ask>,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut wishes = Vec::new();
    widgets::section(ui, "Temporary models", |ui| {
        let palette = theme::palette(ui);
        if snapshot.temporary.is_empty() {
            let text = "A model that is added for a while ends the chains of its tiers, and goes by itself.";
            paragraph(ui, RichText::new(text).color(palette.secondary));
        }
        for added in snapshot.temporary.iter() {
            wishes.extend(line_ui(ui, added, rights, asks, speech));
        }
        let add = ui.add_enabled_ui(rights.editable(), |ui| plain_button(ui, "Add a model for a while…")).inner;
        if add.on_disabled_hover_text(rights.why()).clicked() {
            asks.push(Ask::Temporary(None));
        }
    });
    wishes
}

fn line_ui(
    ui: &mut Ui,
    added: &TemporaryModel,
    rights: Rights,
    asks: &mut Vec<Ask>,
    speech: &Speech<'_>,
) -> Option<Action> {
    let palette = theme::palette(ui);
    let mut wish = None;
    ui.horizontal(|ui| {
        ui.set_min_height(LINE);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_enabled_ui(rights.editable(), |ui| {
                if icon_button(ui, icon::DELETE, &format!("Remove {}", added.id)).clicked() {
                    wish = Some(Action::Tell(Command::PutTemporary { id: added.id.clone(), model: None }));
                }
                if icon_button(ui, icon::EDIT, &format!("Change {}", added.id)).clicked() {
                    asks.push(Ask::Temporary(Some(added.id.clone())));
                }
            });
            let expiry = words::temporary_expiry(added, speech);
            ui.label(RichText::new(expiry).font(theme::small_font()).color(palette.secondary));
            if let Some(at) = added.expires_at {
                counts(ui, at, speech.now);
            }
            let tiers = words::temporary_tiers(added);
            tag(ui, &tiers, if added.is_standby { widgets::Tone::Plain } else { widgets::Tone::Accent });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = match &added.model {
                    Some(model) => {
                        mark(ui, &vendor_of_model(model), false);
                        words::model_name(model, speech)
                    }
                    None => "no model".to_owned(),
                };
                let text = format!("{name} · {}", added.id);
                elided(ui, &text, theme::text_font(), palette.text, ui.available_width());
            });
        });
    });
    wish
}

/// The dialog for one model.
#[derive(Debug)]
pub(super) struct Edit {
    known: Option<String>,
    id: String,
    model: Option<ModelRef>,
    tiers: Vec<Tier>,
    standby: bool,
    until: String,
    search: String,
}

impl Edit {
    pub fn new(known: Option<&TemporaryModel>, speech: &Speech<'_>) -> Self {
        let week = speech.now.checked_add(jiff::SignedDuration::from_hours(24 * 7)).ok();
        let expires_at = match known {
            Some(known) => known.expires_at,
            None => week,
        };
        Self {
            known: known.map(|known| known.id.clone()),
            id: known.map_or_else(String::new, |known| known.id.clone()),
            model: known.and_then(|known| known.model.clone()),
            tiers: known.map_or_else(Vec::new, |known| known.tiers.clone()),
            standby: known.is_some_and(|known| known.is_standby),
            until: expires_at.map(|at| moment::written(at, speech)).unwrap_or_default(),
            search: String::new(),
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Outcome<(String, TemporaryModel)> {
        let palette = theme::palette(ui);
        ui.set_width(520.0_f32.min(ui.ctx().content_rect().width() - 4.0 * space::L));
        let title = if self.known.is_some() { "A model for a while" } else { "Add a model for a while" };
        ui.label(RichText::new(title).font(theme::heading_font()));
        row_ui(ui, "Model", |ui| self.model_ui(ui, snapshot));
        row_ui(ui, "Name", |ui| {
            let field = TextEdit::singleline(&mut self.id).hint_text("such as trial-flash").desired_width(220.0);
            ui.add_enabled(self.known.is_none(), field.margin(FIELD)).accessible_name("Name of the temporary model");
        });
        row_ui(ui, "Tiers", |ui| {
            for tier in [Tier::T1, Tier::T2, Tier::T3] {
                let on = self.tiers.contains(&tier);
                if chip(ui, tier.code(), on).clicked() {
                    if on {
                        self.tiers.retain(|each| *each != tier);
                    } else {
                        self.tiers.push(tier);
                    }
                    self.tiers.sort();
                }
            }
        });
        row_ui(ui, "", |ui| {
            ui.add(Checkbox::new(&mut self.standby, "Standby: listed, and never chosen by itself"));
        });
        let until = row_ui(ui, "Until", |ui| moment::field_ui(ui, &mut self.until, "When it goes", speech));
        let trouble = self.trouble(snapshot, until.is_some());
        foot_ui(ui, |ui| {
            let ready = trouble.is_none();
            let word = if self.known.is_some() { "Save" } else { "Add it" };
            let go = ui.add_enabled_ui(ready, |ui| primary_button(ui, word)).inner;
            let chosen = go.on_disabled_hover_text(trouble.unwrap_or_default()).clicked();
            let cancelled = plain_button(ui, "Cancel").clicked();
            if let Some(trouble) = trouble {
                ui.label(RichText::new(trouble).font(theme::small_font()).color(palette.secondary));
            }
            match (chosen, cancelled) {
                (true, _) => Outcome::Chosen(self.model(until)),
                (_, true) => Outcome::Closed,
                _ => Outcome::Open,
            }
        })
    }

    fn trouble(&self, snapshot: &Snapshot, has_end: bool) -> Option<&'static str> {
        let id = self.id.trim();
        let taken = || self.known.is_none() && snapshot.temporary.iter().any(|added| added.id == id);
        match () {
            () if self.model.is_none() => Some("Choose a model of the gateway"),
            () if id.is_empty() => Some("Give it a name"),
            () if taken() => Some("There is one of that name already"),
            () if self.tiers.is_empty() && !self.standby => Some("Choose a tier, or make it a standby"),
            () if !has_end && !self.until.trim().is_empty() => Some("It must go at a moment that lies ahead"),
            () => None,
        }
    }

    fn model(&self, expires_at: Option<jiff::Timestamp>) -> (String, TemporaryModel) {
        let id = self.id.trim().to_owned();
        let model = TemporaryModel {
            id: id.clone(),
            model: self.model.clone(),
            is_standby: self.standby,
            tiers: self.tiers.clone(),
            expires_at,
        };
        (id, model)
    }

    fn model_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) {
        let text = self.model.as_ref().map_or_else(|| "Choose…".to_owned(), ToString::to_string);
        let combo = ComboBox::from_id_salt("temporary-model").selected_text(text).width(330.0).height(300.0).truncate();
        let combo = combo.close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
        let shown = combo.show_ui(ui, |ui| {
            let field = TextEdit::singleline(&mut self.search).hint_text("Search…").desired_width(300.0);
            ui.add(field).accessible_name("Search models");
            let wanted = self.search.trim().to_lowercase();
            let fits = |model: &&ModelRef| model.as_str().to_lowercase().contains(&wanted);
            for listed in snapshot.catalog.models.keys().filter(fits).take(200) {
                if ui.selectable_label(self.model.as_ref() == Some(listed), listed.as_str()).clicked() {
                    if self.id.trim().is_empty() {
                        listed.model().clone_into(&mut self.id);
                    }
                    self.model = Some(listed.clone());
                    ui.close();
                }
            }
        });
        shown.response.accessible_name("Temporary model");
    }
}

fn row_ui<R>(ui: &mut Ui, name: &str, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    const NAME: f32 = 70.0;
    ui.horizontal(|ui| {
        ui.set_min_height(LINE);
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(name).color(palette.secondary));
        ui.add_space((left + NAME - ui.cursor().left()).max(0.0));
        add_contents(ui)
    })
    .inner
}
