//! Step 1: which service, in which region, how it bills, and what it is called.

use egui::{Align, Button, Key, Layout, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};

use crate::domain::{AccountId, Billing, Region, Service};
use crate::engine::{Snapshot, offer};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{MARK, chip, paint_mark};
use crate::words;

use super::super::seen::vendor_of_service;
use super::{Form, meaning_ui, named_ui, text_ui};

const LIST: f32 = 250.0;

impl Form {
    pub(super) fn service_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) {
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(vec2(LIST, ui.available_height()), Layout::top_down(Align::Min), |ui| {
                self.list_ui(ui, snapshot);
            });
            ui.add_space(space::S);
            ui.with_layout(Layout::top_down(Align::Min), |ui| self.about_ui(ui, snapshot));
        });
    }

    fn list_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) {
        let palette = theme::palette(ui);
        let field = TextEdit::singleline(&mut self.search).hint_text("Search services…").desired_width(LIST - 18.0);
        let field = ui.add(field.margin(crate::ui::screens::providers::FIELD)).accessible_name("Search services");
        if !self.arrived {
            self.arrived = field.has_focus();
            field.request_focus();
        }
        let wanted = self.search.trim().to_lowercase();
        let fits = |service: &&Service| {
            let name = words::service_name(**service).to_lowercase();
            name.contains(&wanted) || service.code().contains(&wanted)
        };
        let found: Vec<_> = Service::ALL.iter().filter(fits).copied().collect();
        if field.lost_focus()
            && ui.input(|input| input.key_pressed(Key::Enter))
            && let Some(first) = found.first()
        {
            self.draft.choose(*first, |service| free_id(service, snapshot));
        }
        ScrollArea::vertical().id_salt("services").max_height(ui.available_height() - 4.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            if found.is_empty() {
                ui.label(RichText::new("No service is called so; take “Another service”").color(palette.secondary));
            }
            for service in found {
                let selected = self.draft.chosen && self.draft.account.service == service;
                let name = words::service_name(service);
                let button = Button::selectable(selected, format!("      {name}"))
                    .min_size(vec2(LIST - 24.0, 26.0))
                    .sense(Sense::click());
                let response = ui.with_layout(Layout::top_down_justified(Align::Min), |ui| ui.add(button)).inner;
                let at = response.rect.left_center() + vec2(8.0, -MARK / 2.0);
                let mark = egui::Rect::from_min_size(at, egui::Vec2::splat(MARK));
                paint_mark(ui.painter(), palette, mark, &vendor_of_service(service), false);
                if response.accessible_name(name).clicked() {
                    self.draft.choose(service, |service| free_id(service, snapshot));
                }
            }
        });
    }

    fn about_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) {
        let palette = theme::palette(ui);
        let draft = &mut self.draft;
        if !draft.chosen {
            let text = "Choose the service that this account belongs to. One vendor can have several, each with \
                        limits and words of its own.";
            crate::ui::widgets::paragraph(ui, RichText::new(text).color(palette.secondary));
            return;
        }
        let before = draft.label.clone();
        text_ui(ui, "Name", &mut draft.label, "what you call it");
        draft.named |= draft.label != before;
        if self.editing.is_none() {
            let before = draft.id.clone();
            text_ui(ui, "At the gateway", &mut draft.id, "the gateway's provider id, such as minimax");
            draft.named |= draft.id != before;
            meaning_ui(ui, &of_gateway(&draft.id, snapshot));
        } else {
            named_ui(ui, "At the gateway", |ui| ui.label(draft.id.as_str()));
        }
        let offer = offer(draft.account.service);
        if offer.regions {
            named_ui(ui, "Region", |ui| {
                for region in [Region::Global, Region::China] {
                    if chip(ui, words::region_name(region), draft.account.region == region).clicked() {
                        draft.account.region = region;
                    }
                }
            });
            meaning_ui(ui, "Keys of one region are refused in the other");
        }
        named_ui(ui, "Billing", |ui| {
            for billing in [Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits, Billing::Local] {
                if chip(ui, words::billing_name(billing), draft.account.billing == billing).clicked() {
                    draft.account.billing = billing;
                }
            }
        });
        meaning_ui(ui, words::billing_meaning(draft.account.billing));
        if !offer.asked {
            meaning_ui(ui, "This version asks this service nothing: runs and the gateway tell how it stands");
        }
    }
}

/// Whether the gateway knows the name.
fn of_gateway(id: &str, snapshot: &Snapshot) -> String {
    let listed = snapshot.catalog.accounts();
    if listed.iter().any(|account| account.as_str() == id.trim()) {
        return "The gateway lists models under this name".to_owned();
    }
    match listed.as_slice() {
        [] => "The provider id under which the gateway lists its models".to_owned(),
        listed => {
            let names: Vec<_> = listed.iter().map(AccountId::as_str).collect();
            format!(
                "The gateway lists {}; under another name it is checked, and no cron runs on it",
                words::list(&names)
            )
        }
    }
}

/// A name of the gateway for that service which nobody has described yet, else one made of the service.
fn free_id(service: Service, snapshot: &Snapshot) -> String {
    let known = &snapshot.settings.accounts;
    let listed = snapshot.catalog.accounts();
    let of_service = listed.iter().find(|id| Service::of(id.as_str(), None) == service && !known.contains_key(*id));
    if let Some(id) = of_service {
        return id.as_str().to_owned();
    }
    let base = service.code();
    let numbered = (2_u32..).map(|n| format!("{base}-{n}"));
    let mut ids = std::iter::once(base.to_owned()).chain(numbered);
    ids.find(|id| !known.contains_key(id.as_str())).unwrap_or_else(|| base.to_owned())
}
