//! Crons in another tier, and chains in another order.

use std::sync::Arc;

use egui::{Align, ComboBox, Layout, Ui};

use crate::domain::{ChainOrder, Cron, CronId, Hypothesis, Prospect, RouteKey, Tier};
use crate::engine::Snapshot;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{chip, elided, link_button};
use crate::words::{self, Speech};

/// Which cron is about to be sorted.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    picked: Option<CronId>,
}

/// Room for the tiers beside the cron.
const TIERS: f32 = 108.0;
/// Width of the list of crons.
const LIST: f32 = 280.0;

impl Sorting {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        supposed: &mut Hypothesis,
        snapshot: &Snapshot,
        then: &Prospect,
        speech: &Speech<'_>,
    ) {
        self.pick_ui(ui, supposed, snapshot);
        let sorted: Vec<_> = supposed.tiers.iter().map(|(id, tier)| (id.clone(), *tier)).collect();
        for (id, tier) in sorted {
            let name = snapshot.crons.get(&id).map_or(id.as_str(), |cron| cron.name.as_str());
            let said = format!("{name} in {}", tier.code());
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if link_button(ui, "as it is").accessible_name(format!("{name}: as it is")).clicked() {
                        supposed.tiers.remove(&id);
                    }
                    let (palette, room) = (theme::palette(ui), ui.available_width());
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        elided(ui, &said, theme::text_font(), palette.accent, room - space::S);
                    });
                });
            });
        }
        for tier in Tier::ALL {
            chain_ui(ui, tier, supposed, snapshot, then, speech);
        }
    }

    /// A cron, and the tier it is to have.
    fn pick_ui(&mut self, ui: &mut Ui, supposed: &mut Hypothesis, snapshot: &Snapshot) {
        let picked = self.picked.as_ref().and_then(|id| snapshot.crons.get(id));
        ui.horizontal(|ui| {
            let text = picked.map_or("Choose a cron…", |cron| cron.name.as_str()).to_owned();
            let combo = ComboBox::from_id_salt("what-if cron").selected_text(text).truncate();
            let combo = combo.width(ui.available_width() - TIERS).height(300.0);
            let shown = combo.show_ui(ui, |ui| {
                ui.set_max_width(LIST);
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                let mut crons: Vec<&Arc<Cron>> = snapshot.crons.values().filter(|cron| cron.routable()).collect();
                crons.sort_by(|a, b| a.name.to_lowercase().cmp(&b.name.to_lowercase()).then_with(|| a.id.cmp(&b.id)));
                for cron in crons {
                    let chosen = self.picked.as_ref() == Some(&cron.id);
                    if ui.selectable_label(chosen, &cron.name).clicked() {
                        self.picked = Some(cron.id.clone());
                        // Also when it was chosen by key.
                        ui.close();
                    }
                }
            });
            // Whoever goes on by key comes back to it, and not to what had the focus before.
            if shown.response.clicked() {
                shown.response.request_focus();
            }
            shown.response.accessible_name("A cron to be sorted otherwise");
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.add_enabled_ui(picked.is_some(), |ui| {
                for tier in Tier::ALL {
                    let Some(cron) = picked else {
                        chip(ui, tier.code(), false);
                        continue;
                    };
                    let own = snapshot.tiers.get(&cron.id).map(|entry| entry.tier);
                    let now = supposed.tiers.get(&cron.id).copied().or(own);
                    let name = format!("{} in {}", cron.name, tier.code());
                    if !chip(ui, tier.code(), now == Some(tier)).accessible_name(name).clicked() {
                        continue;
                    }
                    if own == Some(tier) {
                        supposed.tiers.remove(&cron.id);
                    } else {
                        supposed.tiers.insert(cron.id.clone(), tier);
                    }
                }
            });
        });
    }
}

/// The routes of a tier in their order: a press on one tries it first.
fn chain_ui(
    ui: &mut Ui,
    tier: Tier,
    supposed: &mut Hypothesis,
    snapshot: &Snapshot,
    then: &Prospect,
    speech: &Speech<'_>,
) {
    let own = snapshot.settings.chain(tier);
    let other = supposed.chains.get(&tier);
    let routes = other.unwrap_or(&own.routes).clone();
    let (palette, changed) = (theme::palette(ui), other.is_some());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let color = if changed { palette.accent } else { palette.secondary };
        ui.label(egui::RichText::new(tier.code()).font(theme::strong_font()).color(color));
        // Lit is where its crons go: the first that is not known to fail.
        let goes = routes.iter().position(|route| !fails(route, snapshot, then));
        for (index, route) in routes.iter().enumerate() {
            let label = words::route_name(route, speech);
            let name = format!("{}: try {label} first", tier.code());
            let pressed = chip(ui, &label, goes == Some(index)).accessible_name(&name);
            let why = if fails(route, snapshot, then) { format!("{name}. It does not serve") } else { name };
            let pressed = pressed.on_hover_text(why);
            if pressed.clicked() && index > 0 {
                let mut moved = routes.clone();
                let first = moved.remove(index);
                moved.insert(0, first);
                if own.order == ChainOrder::Listed && moved == own.routes {
                    supposed.chains.remove(&tier);
                } else {
                    supposed.chains.insert(tier, moved);
                }
            }
        }
        if changed && link_button(ui, "as it is").accessible_name(format!("{}: as it is", tier.code())).clicked() {
            supposed.chains.remove(&tier);
        }
    });
}

/// Nothing of its vendor serves then.
fn fails(route: &RouteKey, snapshot: &Snapshot, then: &Prospect) -> bool {
    let vendor = snapshot.settings.routes.get(route).map(|route| &route.vendor);
    then.plan.outage.down.iter().any(|down| Some(&down.vendor) == vendor)
}
