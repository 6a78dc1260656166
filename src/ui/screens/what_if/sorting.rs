//! Crons in another tier, and chains in another order.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align, ComboBox, Layout, PopupCloseBehavior, Ui};

use crate::domain::{ChainOrder, CronId, Decision, Hypothesis, Imagined, Prospect, RouteKey, SkipReason, Tier};
use crate::engine::Snapshot;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{chip, elided, link_button};
use crate::words::{self, Speech};

use super::names::{LIST_HEIGHT, Names};

/// Which cron is about to be sorted, and where the crons of each tier go.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    picked: Option<CronId>,
    names: Names,
    goes: Goes,
}

/// Room for the tiers beside the cron.
const TIERS: f32 = 108.0;

impl Sorting {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        supposed: &mut Hypothesis,
        snapshot: &Snapshot,
        imagined: &Imagined,
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
        self.goes.follow(snapshot, imagined);
        for tier in Tier::ALL {
            self.chain_ui(ui, tier, supposed, snapshot, speech);
        }
    }

    /// A cron, and the tier it is to have.
    fn pick_ui(&mut self, ui: &mut Ui, supposed: &mut Hypothesis, snapshot: &Snapshot) {
        let picked = self.picked.as_ref().and_then(|id| snapshot.crons.get(id));
        ui.horizontal(|ui| {
            let text = picked.map_or("Choose a cron…", |cron| cron.name.as_str()).to_owned();
            let combo = ComboBox::from_id_salt("what-if cron").selected_text(text).truncate();
            let combo = combo.width(ui.available_width() - TIERS).height(LIST_HEIGHT);
            // What is searched for is written in it.
            let combo = combo.close_behavior(PopupCloseBehavior::CloseOnClickOutside);
            let shown = combo.show_ui(ui, |ui| self.names.ui(ui, snapshot, self.picked.as_ref()));
            let button = shown.response.accessible_name("A cron to be sorted otherwise");
            // Whoever goes on by key comes back to it, and not to what had the focus before.
            match shown.inner {
                Some(Some(chosen)) => {
                    self.picked = Some(chosen);
                    self.names.close();
                    button.request_focus();
                }
                None if self.names.close() => button.request_focus(),
                Some(None) | None => {}
            }
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

    /// The routes of a tier in their order: a press on one tries it first.
    fn chain_ui(&self, ui: &mut Ui, tier: Tier, supposed: &mut Hypothesis, snapshot: &Snapshot, speech: &Speech<'_>) {
        let own = snapshot.settings.chain(tier);
        let other = supposed.chains.get(&tier);
        let routes = other.unwrap_or(&own.routes).clone();
        let (palette, changed) = (theme::palette(ui), other.is_some());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let color = if changed { palette.accent } else { palette.secondary };
            ui.label(egui::RichText::new(tier.code()).font(theme::strong_font()).color(color));
            for (index, route) in routes.iter().enumerate() {
                let went = self.goes.to(tier, route);
                let label = words::route_name(route, speech);
                let name = format!("{}: try {label} first", tier.code());
                let pressed = chip(ui, &label, went.n_crons > 0).accessible_name(&name);
                let why_not = went.why_not.or_else(|| self.goes.down(route, snapshot));
                let hint = words::try_first(&name, went.n_crons, why_not.as_ref(), speech);
                if pressed.on_hover_text(hint).clicked() && index > 0 {
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
}

/// Where the plan sends the crons of each tier, found once for each prospect.
#[derive(Debug, Default)]
struct Goes {
    of: Option<Arc<Prospect>>,
    routes: BTreeMap<(Tier, RouteKey), Went>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Went {
    /// Crons of the tier that the plan wants there. Lit is where there are some.
    n_crons: usize,
    /// Why the first one that passed it over did.
    why_not: Option<SkipReason>,
}

impl Goes {
    fn follow(&mut self, snapshot: &Snapshot, imagined: &Imagined) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &imagined.then)) {
            return;
        }
        let tier = |cron: &CronId| {
            let own = || snapshot.tiers.get(cron).map(|entry| entry.tier);
            imagined.supposed.tiers.get(cron).copied().or_else(own)
        };
        self.routes = routes_of(&imagined.then.plan.decisions, tier);
        self.of = Some(imagined.then.clone());
    }

    /// Why nobody would get far on it, where nobody came so far.
    fn down(&self, route: &RouteKey, snapshot: &Snapshot) -> Option<SkipReason> {
        let vendor = &snapshot.settings.routes.get(route)?.vendor;
        let down = self.of.as_ref()?.plan.outage.down.iter().find(|down| down.vendor == *vendor)?;
        Some(SkipReason::Down { health: down.health.clone(), since: down.since })
    }

    fn to(&self, tier: Tier, route: &RouteKey) -> Went {
        self.routes.get(&(tier, route.clone())).cloned().unwrap_or_default()
    }
}

fn routes_of(decisions: &[Decision], tier: impl Fn(&CronId) -> Option<Tier>) -> BTreeMap<(Tier, RouteKey), Went> {
    let mut routes: BTreeMap<(Tier, RouteKey), Went> = BTreeMap::new();
    for decision in decisions {
        let Some(tier) = tier(&decision.cron) else { continue };
        if let Some(route) = &decision.chosen {
            routes.entry((tier, route.clone())).or_default().n_crons += 1;
        }
        for skipped in decision.skipped.iter().filter(|skipped| skipped.why != SkipReason::NotNeeded) {
            let went = routes.entry((tier, skipped.route.clone())).or_default();
            went.why_not.get_or_insert_with(|| skipped.why.clone());
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Reason, Skipped, Usd, Verdict};

    #[test]
    fn lit_is_where_the_plan_sends_crons_and_not_what_merely_is_not_down() {
        let [opus, kimi, zai] = ["opus", "kimi", "zai"].map(RouteKey::new);
        let dear = SkipReason::AboveGuard { price: Usd(75.0), guard: Usd(5.0) };
        let skipped = [(&opus, dear.clone()), (&zai, SkipReason::NotNeeded)];
        let skipped: Arc<[Skipped]> =
            skipped.map(|(route, why)| Skipped { route: route.clone(), why }).into_iter().collect();
        let decided = |cron: &str, chosen: Option<&RouteKey>| Decision {
            cron: cron.into(),
            verdict: Verdict::Stay,
            chosen: chosen.cloned(),
            model: None,
            skipped: skipped.clone(),
            reason: Reason::NoEvidence,
            since: None,
            would_change: None,
        };
        let decisions = [decided("a", Some(&kimi)), decided("b", Some(&kimi)), decided("c", None)];
        let routes = routes_of(&decisions, |cron| (cron.as_str() != "c").then_some(Tier::T1));
        let went = |route: &RouteKey| routes.get(&(Tier::T1, route.clone())).cloned().unwrap_or_default();
        assert_eq!(went(&opus), Went { n_crons: 0, why_not: Some(dear) }, "it serves, and they may not go there");
        assert_eq!(went(&kimi), Went { n_crons: 2, why_not: None });
        assert_eq!(went(&zai), Went::default());
    }
}
