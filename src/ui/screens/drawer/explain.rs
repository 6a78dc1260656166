//! *Explain* as a table: every route of a cron's chain in order, and what became of it.
//!
//! Reading, not computing: all of it stands in the plan's decision.

use crate::domain::{
    Chain, ChainOrder, Change, CronId, Decision, ModelRef, QuotaWindow, RouteKey, SkipReason, Verdict, VendorId,
    Vital, vendor_of,
};
use crate::engine::Snapshot;
use crate::words::{self, Speech};

/// One route as *explain* shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLine {
    pub label: String,
    pub vendor: Option<VendorId>,
    pub text: String,
    pub stand: Stand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Chosen,
    /// Passed over for a reason that matters.
    Skipped,
    /// Nobody had to look at it.
    NotNeeded,
}

/// The question that the table answers.
#[must_use]
pub fn question(snapshot: &Snapshot, cron: &CronId, speech: &Speech<'_>) -> String {
    let name = snapshot.crons.get(cron).map_or(cron.as_str(), |cron| cron.name.as_str());
    let Some(decision) = snapshot.plan.decision(cron) else { return format!("Nothing is planned for {name} yet") };
    let to = || decision.model.as_ref().map(|model| words::model_name(model, speech));
    match decision.verdict {
        Verdict::Change => match (snapshot.plan.change(cron).filter(|change| change.to.enabled), to()) {
            (Some(_), Some(to)) => format!("Why does {name} go to {to}?"),
            (Some(_), None) => format!("Why does {name} change?"),
            (None, _) => format!("Why does {name} pause?"),
        },
        Verdict::Stay => match to() {
            Some(to) => format!("Why does {name} stay on {to}?"),
            None => format!("Why does {name} stay as it is?"),
        },
        Verdict::Waiting => format!("Why does {name} wait?"),
        Verdict::Stranded => format!("Why is {name} stranded?"),
        Verdict::LeftAlone => format!("Why is {name} left alone?"),
    }
}

/// The routes of the cron's chain in order; pause comes last where the chain ends in it.
#[must_use]
pub fn lines(snapshot: &Snapshot, cron: &CronId, speech: &Speech<'_>) -> Vec<RouteLine> {
    let Some(decision) = snapshot.plan.decision(cron) else { return Vec::new() };
    let Some(entry) = snapshot.tiers.get(cron) else { return Vec::new() };
    let change = snapshot.plan.change(cron);
    let mut lines: Vec<RouteLine> = order(snapshot.settings.chain(entry.tier), decision)
        .iter()
        .map(|route| line(snapshot, decision, change, route, speech))
        .collect();
    if !entry.critical {
        let pauses = change.is_some_and(|change| !change.to.enabled);
        lines.push(RouteLine {
            label: "pause".to_owned(),
            vendor: None,
            text: if pauses { "until a route serves again" } else { "not needed" }.to_owned(),
            stand: if pauses { Stand::Chosen } else { Stand::NotNeeded },
        });
    }
    lines
}

/// As the decision went through them: a ranked chain's order is told by what was skipped.
fn order(chain: &Chain, decision: &Decision) -> Vec<RouteKey> {
    let mut routes: Vec<RouteKey> = Vec::new();
    if chain.order == ChainOrder::Listed {
        routes.clone_from(&chain.routes);
    }
    let needless = |why: &SkipReason| matches!(why, SkipReason::NotNeeded);
    let before = decision.skipped.iter().filter(|skipped| !needless(&skipped.why));
    let after = decision.skipped.iter().filter(|skipped| needless(&skipped.why));
    let told = before
        .map(|skipped| &skipped.route)
        .chain(decision.chosen.as_ref())
        .chain(after.map(|skipped| &skipped.route))
        .chain(&chain.routes);
    for route in told {
        if !routes.contains(route) {
            routes.push(route.clone());
        }
    }
    routes
}

fn line(
    snapshot: &Snapshot,
    decision: &Decision,
    change: Option<&Change>,
    key: &RouteKey,
    speech: &Speech<'_>,
) -> RouteLine {
    let route = snapshot.settings.routes.get(key);
    let model = model_of(snapshot, key);
    let skipped = decision.skipped.iter().find(|skipped| skipped.route == *key).map(|skipped| &skipped.why);
    let (stand, text) = match skipped {
        _ if decision.chosen.as_ref() == Some(key) => (Stand::Chosen, serves(snapshot, model.as_ref(), speech)),
        Some(SkipReason::NotNeeded) | None => {
            let written = model.as_ref().is_some_and(|model| is_fallback(change, model));
            let text = if written { "not needed; written as a fallback" } else { "not needed" };
            (Stand::NotNeeded, text.to_owned())
        }
        Some(why) => (Stand::Skipped, words::skip_reason(why, speech)),
    };
    let vendor = route.map(|route| route.vendor.clone()).or_else(|| Some(vendor_of(&model?.account())));
    RouteLine { label: words::route_name(key, speech), vendor, text, stand }
}

/// The model a route runs on here: what the user set, else what was matched.
fn model_of(snapshot: &Snapshot, key: &RouteKey) -> Option<ModelRef> {
    let set = snapshot.settings.routes.get(key).and_then(|route| route.model.clone());
    set.or_else(|| snapshot.matches.iter().find(|matched| matched.route == *key)?.model.clone())
}

fn is_fallback(change: Option<&Change>, model: &ModelRef) -> bool {
    let fallbacks = change.and_then(|change| change.to.fallbacks.as_ref());
    fallbacks.is_some_and(|list| list.iter().any(|fallback| fallback == model.as_str()))
}

/// "serves · 71 % of Week used, resets tomorrow 09:00".
fn serves(snapshot: &Snapshot, model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    let Some(model) = model else { return String::new() };
    let account = model.account();
    let vital: Option<&Vital> = snapshot.fleet.models.get(model).or_else(|| snapshot.fleet.accounts.get(&account));
    let mut text = vital.map_or_else(
        || "untested".to_owned(),
        |vital| words::health(&vital.health, &account, speech),
    );
    let windows = snapshot.fleet.windows.get(&account).map_or(&[][..], Vec::as_slice);
    let fullest = windows
        .iter()
        .filter(|window| window.covers.covers(model))
        .max_by(|a, b| a.used_ratio.total_cmp(&b.used_ratio));
    if let Some(window) = fullest {
        text.push_str(" · ");
        text.push_str(&window_text(window, speech));
    }
    text
}

fn window_text(window: &QuotaWindow, speech: &Speech<'_>) -> String {
    let used = format!("{:.0} % of {} used", window.used_ratio * 100.0, window.label);
    match window.resets_at {
        Some(at) => format!("{used}, resets {}", words::clock(at, speech)),
        None => used,
    }
}
