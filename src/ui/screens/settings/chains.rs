//! The three chains: their routes in order, how they are ordered, what they may cost.

use egui::{Align, Checkbox, ComboBox, Layout, RichText, Ui};

use crate::domain::{Chain, ChainOrder, RouteKey, Tier, Usd};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::screens::tables::model_ui;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words::{self, Speech};

use super::number::{Draft, Number};

/// The three tiers side by side.
pub(super) fn chains_ui(ui: &mut Ui, draft: &mut Draft, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
    let mut changes = Vec::new();
    ui.columns(Tier::ALL.len(), |columns| {
        for (ui, tier) in columns.iter_mut().zip(Tier::ALL) {
            ui.spacing_mut().item_spacing.y = space::S / 2.0;
            let title = format!("{} · {}", tier.code(), words::tier_name(tier));
            ui.label(RichText::new(title).font(theme::strong_font()));
            let chain = snapshot.settings.chain(tier);
            let chain = chain_ui(ui, snapshot, tier, chain, speech);
            changes.extend(chain.map(|chain| SettingsChange::SetChain { tier, chain }));
            changes.extend(guard_ui(ui, draft, snapshot, tier));
        }
    });
    changes.into_iter().map(|change| Action::Tell(Command::Settings(change))).collect()
}

fn chain_ui(ui: &mut Ui, snapshot: &Snapshot, tier: Tier, chain: &Chain, speech: &Speech<'_>) -> Option<Chain> {
    let mut wish = order_ui(ui, tier, chain);
    for (at, key) in chain.routes.iter().enumerate() {
        wish = step_ui(ui, snapshot, tier, chain, (at, key), speech).or(wish);
    }
    ui.label(RichText::new("then pause").color(theme::palette(ui).faint));
    add_ui(ui, snapshot, tier, chain, speech).or(wish)
}

/// One route of a chain, and the buttons that move it.
fn step_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    tier: Tier,
    chain: &Chain,
    (at, key): (usize, &RouteKey),
    speech: &Speech<'_>,
) -> Option<Chain> {
    let mut wish = None;
    let name = words::route_name(key, speech);
    let swapped = |other: usize| {
        let mut moved = chain.clone();
        moved.routes.swap(at, other);
        Some(moved)
    };
    widgets::foot_ui(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().button_padding.x = 4.0;
        if widgets::icon_button(ui, icon::CLOSE, &format!("Take {name} out of {}", tier.code())).clicked() {
            let mut shorter = chain.clone();
            shorter.routes.remove(at);
            wish = Some(shorter);
        }
        let last = at + 1 == chain.routes.len();
        let label = format!("Move {name} down in {}", tier.code());
        let down = ui.add_enabled_ui(!last, |ui| widgets::icon_button(ui, icon::ARROW_DOWNWARD, &label)).inner;
        if down.clicked() {
            wish = swapped(at + 1);
        }
        let label = format!("Move {name} up in {}", tier.code());
        let up = ui.add_enabled_ui(at > 0, |ui| widgets::icon_button(ui, icon::ARROW_UPWARD, &label)).inner;
        if up.clicked() {
            wish = swapped(at - 1);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let vendor = snapshot
                .settings
                .routes
                .get(key)
                .map(|route| route.model.as_ref().map_or_else(|| route.vendor.clone(), widgets::vendor_of_model));
            let width = ui.available_width();
            model_ui(ui, vendor, &name, width, false);
        });
    });
    wish
}

fn order_ui(ui: &mut Ui, tier: Tier, chain: &Chain) -> Option<Chain> {
    let name = |order: ChainOrder| match order {
        ChainOrder::Listed => "in this order",
        ChainOrder::Cheapest => "cheapest available",
        ChainOrder::Smartest => "smartest available",
    };
    let mut wish = None;
    let combo =
        ComboBox::from_id_salt(("order", tier)).selected_text(name(chain.order)).width(ui.available_width() - space::S);
    let shown = combo.show_ui(ui, |ui| {
        for order in [ChainOrder::Listed, ChainOrder::Cheapest, ChainOrder::Smartest] {
            if ui.selectable_label(chain.order == order, name(order)).clicked() && chain.order != order {
                wish = Some(Chain { order, routes: chain.routes.clone() });
            }
        }
    });
    shown.response.accessible_name(format!("Order of {}", tier.code()));
    wish
}

fn add_ui(ui: &mut Ui, snapshot: &Snapshot, tier: Tier, chain: &Chain, speech: &Speech<'_>) -> Option<Chain> {
    let free: Vec<&RouteKey> = snapshot.settings.routes.keys().filter(|key| !chain.routes.contains(key)).collect();
    if free.is_empty() {
        return None;
    }
    let mut wish = None;
    let combo =
        ComboBox::from_id_salt(("add", tier)).selected_text("Add a route…").width(ui.available_width() - space::S);
    let shown = combo.show_ui(ui, |ui| {
        for key in free {
            if ui.selectable_label(false, words::route_name(key, speech)).clicked() {
                let mut longer = chain.clone();
                longer.routes.push(key.clone());
                wish = Some(longer);
            }
        }
    });
    shown.response.accessible_name(format!("Add a route to {}", tier.code()));
    wish
}

/// "At most $5.00 per 1M output tokens", or no limit.
fn guard_ui(ui: &mut Ui, draft: &mut Draft, snapshot: &Snapshot, tier: Tier) -> Option<SettingsChange> {
    let guard = snapshot.settings.cost_guard.get(&tier).copied();
    let mut change = None;
    ui.horizontal(|ui| {
        let mut limited = guard.is_some();
        let tick = ui
            .add(Checkbox::new(&mut limited, "Cost guard"))
            .on_hover_text("The highest price per million output tokens this tier may reach, fallbacks included");
        if tick.changed() {
            change = Some(SettingsChange::SetGuard { tier, guard: limited.then_some(Usd(5.0)) });
        }
        let Some(guard) = guard else { return };
        let name = format!("Cost guard of {}", tier.code());
        let number = Number {
            name: &name,
            value: guard.0,
            range: 0.0..=1_000.0,
            step: 0.1,
            prefix: "$",
            suffix: " per 1M",
            decimals: 2,
        };
        if let Some(value) = draft.ui(ui, &number) {
            change = Some(SettingsChange::SetGuard { tier, guard: Some(Usd(value)) });
        }
    });
    change
}
