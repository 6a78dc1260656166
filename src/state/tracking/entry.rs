//! One entry of `provider-tracking.json`: what is known of an account.

use serde_json::{Map, Value, json};

use crate::domain::{Health, HealthState, ModelRef, Source, Tier};
use crate::state::document::as_object;
use crate::state::names;
use crate::state::status::{AccountReport, moment_text};

use super::temporary::{hint, is_temporary, tiers_of_hint};
use super::{checks, quota};

const STALE_AFTER_MINUTES: u32 = 180;

/// Where an entry stands.
pub(super) struct Place<'a> {
    /// Whose further account it is.
    pub vendor: Option<&'a str>,
    pub model: Option<&'a ModelRef>,
    pub tiers: &'a [Tier],
}

/// Writes what is new of an account; of one without news, and of a temporary model, nothing.
pub(super) fn put(providers: &mut Map<String, Value>, name: &str, seen: &AccountReport, place: &Place<'_>) {
    let has_health = seen.state != HealthState::Unknown;
    if !(has_health || seen.check.is_some() || !seen.windows.is_empty() || seen.money.is_some()) {
        return;
    }
    let is_new = !providers.contains_key(name);
    let Some(fields) = providers.entry(name).or_insert_with(|| fresh(name)).as_object_mut() else { return };
    if is_temporary(text(fields, "status")) {
        return;
    }
    fields.insert("account".to_owned(), seen.account.as_str().into());
    if let Some(vendor) = place.vendor {
        fields.insert("vendor".to_owned(), vendor.into());
    }
    if let Some(model) = place.model.filter(|_| is_new || text(fields, "primary_model").is_none()) {
        fields.insert("primary_model".to_owned(), model.as_str().into());
    }
    put_tiers(fields, place.tiers);
    if has_health {
        put_health(fields, seen);
    }
    put_source(fields, seen);
    put_checked_at(fields, seen);
    if let Some(plan) = &seen.plan {
        fields.insert("plan".to_owned(), plan.as_str().into());
    }
    if let Some(report) = &seen.check {
        checks::put(as_object(fields.entry("checks").or_insert_with(|| json!({}))), report, seen.retry_at);
    }
    quota::put(as_object(fields.entry("quota").or_insert_with(|| json!({}))), seen);
    if let Some(usage) = &seen.said.usage {
        fields.insert("usage_summary".to_owned(), usage.as_str().into());
    }
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}

fn fresh(name: &str) -> Value {
    json!({
        "provider": name,
        "status": "unknown",
        "signal": "unknown",
        "primary_model": null,
        "tier_hint": null,
        "checked_at": null,
        "stale_after_minutes": STALE_AFTER_MINUTES,
        "source": {"type": null, "quota_file": null},
        "checks": {},
        "quota": {},
        "usage_summary": null,
        "notes": [],
        "last_success_at": null,
        "last_failure_at": null,
        "failure_reason": null
    })
}

fn put_health(fields: &mut Map<String, Value>, seen: &AccountReport) {
    fields.insert("status".to_owned(), seen.word.into());
    fields.insert("signal".to_owned(), signal(seen).into());
    let at = seen.observed_at.map(moment_text);
    let (when, reason) = if seen.state == HealthState::Up {
        ("last_success_at", None)
    } else {
        ("last_failure_at", Some(failure_reason(seen)))
    };
    if let Some(at) = at {
        fields.insert(when.to_owned(), at.into());
    }
    fields.insert("failure_reason".to_owned(), json!(reason));
}

/// In our words: the provider's own may speak of money where there is only a quota.
fn failure_reason(seen: &AccountReport) -> String {
    let code = seen.reason.as_deref().unwrap_or(seen.state.code());
    seen.said.headline.as_ref().map_or_else(|| code.to_owned(), |headline| format!("{headline} ({code})"))
}

fn put_source(fields: &mut Map<String, Value>, seen: &AccountReport) {
    let newest = seen.windows.iter().max_by_key(|window| window.observed_at).map(|window| window.source);
    let known = source_word(seen.source).or_else(|| source_word(newest?));
    let has_page = seen.windows.iter().any(|window| window.source == Source::Page);
    let source = as_object(fields.entry("source").or_insert_with(|| json!({})));
    if let Some(word) = known {
        source.insert("type".to_owned(), word.into());
    }
    if has_page {
        source.insert("quota_file".to_owned(), format!("{}{}", seen.account, names::QUOTA_SUFFIX).into());
    }
}

fn put_checked_at(fields: &mut Map<String, Value>, seen: &AccountReport) {
    let check = seen.check.as_ref().map(|report| report.checked_at);
    let windows = seen.windows.iter().map(|window| window.observed_at);
    if let Some(at) = windows.chain(check).chain(seen.observed_at).max() {
        fields.insert("checked_at".to_owned(), moment_text(at).into());
    }
}

/// A hint in other words than ours is somebody else's.
fn put_tiers(fields: &mut Map<String, Value>, tiers: &[Tier]) {
    let is_ours = text(fields, "tier_hint").is_none_or(|found| hint(&tiers_of_hint(found)).as_deref() == Some(found));
    if is_ours {
        fields.insert("tier_hint".to_owned(), json!(hint(tiers)));
    }
}

pub(super) fn source_word(source: Source) -> Option<&'static str> {
    match source {
        Source::Nothing => None,
        Source::Run => Some("run"),
        Source::Cooldown | Source::UsageStatus | Source::GatewayProbe => Some("gateway"),
        Source::Probe => Some("probe"),
        Source::Page => Some("page"),
        Source::Hand => Some("manual"),
    }
}

fn signal(seen: &AccountReport) -> &'static str {
    match seen.state {
        _ if matches!(seen.health, Health::ByHand { .. }) => "manual_assignment_only",
        HealthState::Unknown => "unknown",
        HealthState::Up => "live_check",
        HealthState::RateLimited | HealthState::QuotaExhausted | HealthState::BalanceEmpty => "quota_or_provider_limit",
        HealthState::Auth
        | HealthState::NoKey
        | HealthState::PlanInactive
        | HealthState::Blocked
        | HealthState::Misconfigured => "auth_or_config",
        HealthState::Overloaded | HealthState::Down | HealthState::ModelUnavailable => "connectivity_or_provider_error",
    }
}
