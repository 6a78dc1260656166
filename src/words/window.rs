//! A quota window in words: its name, when it comes back, who said so and when.
//!
//! Invariant: a reset that nobody named is not said as if somebody had, and what has rolled over or
//! aged is said as that.

use jiff::SignedDuration;

use super::{Speech, age, clock, clock_with_day, relative};
use crate::domain::{
    Billing, Metric, ModelScope, Money, MoneyRead, ProviderAccount, QuotaWindow, ResetConfidence, Source,
};

/// Where none is known, without a gateway.
pub const QUOTAS_ARE_READ_LATER: &str =
    "What the providers tell of their quotas is read when the gateway is connected.";

/// Where none is known although there is one.
pub const WHERE_WINDOWS_COME_FROM: &str =
    "Windows come from the gateway and from the providers' own answers. A usage page can be pasted under Providers.";

/// A number older than this is shown as an old one.
const FRESH: SignedDuration = SignedDuration::from_mins(45);

/// "weekly", "requests day, gemini-3-flash", "search (not chat)".
#[must_use]
pub fn window_name(window: &QuotaWindow) -> String {
    limit_name(&window.label, &window.covers)
}

/// The same for whoever knows of the window only its label and what it covers.
pub(super) fn limit_name(label: &str, covers: &ModelScope) -> String {
    let label = label.replace('_', " ");
    match covers {
        ModelScope::All => label,
        ModelScope::Feature(_) => format!("{label} (not chat)"),
        ModelScope::Models(models) => match models.as_slice() {
            [only] if !label.contains(only.model()) => format!("{label}, {}", only.model()),
            [] | [_] => label,
            many => format!("{label} ({} models)", many.len()),
        },
    }
}

/// "93%", "250 of 500 requests used".
#[must_use]
pub fn window_used(window: &QuotaWindow) -> String {
    let percent = format!("{:.0}% used", window.used_ratio * 100.0);
    let unit = match window.metric {
        Some(Metric::Requests) => " requests",
        Some(Metric::Tokens) => " tokens",
        Some(Metric::PlanCredits) => " units of the plan",
        Some(Metric::Calls) => " calls",
        Some(Metric::Usd) => " USD",
        Some(Metric::Percent) | None => return percent,
    };
    match (window.used, window.limit) {
        (Some(used), Some(limit)) => format!("{percent}: {used} of {limit}{unit}"),
        (None, Some(limit)) => format!("{percent} of {limit}{unit}"),
        _ => percent,
    }
}

/// "resets today 18:00, in 12 h", "resets about tomorrow 09:00, in 1 d", "reset not reported".
#[must_use]
pub fn window_reset(window: &QuotaWindow, speech: &Speech<'_>) -> String {
    let Some(at) = window.resets_at else { return "reset not reported".to_owned() };
    if at <= speech.now {
        return format!("rolled over {}, use since then not known", clock_with_day(at, speech));
    }
    let about = match window.reset_confidence {
        ResetConfidence::Exact => "",
        ResetConfidence::Derived | ResetConfidence::Estimated | ResetConfidence::Unknown => "about ",
    };
    format!("resets {about}{}, {}", clock(at, speech), relative(at, speech.now))
}

/// "gateway, 2 min ago".
#[must_use]
pub fn window_source(window: &QuotaWindow, account: &ProviderAccount, speech: &Speech<'_>) -> String {
    // That it has rolled over is said with its reset.
    let old = if aged(window, speech) { ", old" } else { "" };
    format!("{}, {}{old}", source(window.source, account), age(window.observed_at, speech.now))
}

/// Whether its number says nothing of now: it has rolled over since, or was read long ago.
#[must_use]
pub fn window_is_old(window: &QuotaWindow, speech: &Speech<'_>) -> bool {
    let rolled = window.resets_at.is_some_and(|at| at <= speech.now);
    rolled || aged(window, speech)
}

fn aged(window: &QuotaWindow, speech: &Speech<'_>) -> bool {
    window.source != Source::Hand && speech.now.duration_since(window.observed_at) > FRESH
}

/// Who said it, in a word or three.
#[must_use]
pub fn source(source: Source, account: &ProviderAccount) -> String {
    match source {
        Source::Nothing => "of unknown source",
        Source::Run => "from runs",
        Source::Cooldown => "gateway's cooldown",
        Source::UsageStatus => "gateway",
        Source::Probe => account.service.name().unwrap_or("own check"),
        Source::GatewayProbe => "asked through the gateway",
        Source::Page => "read off its page",
        Source::Hand => "by hand",
    }
    .to_owned()
}

/// "Balance 12.34 USD · DeepSeek, 3 min ago" of prepaid credits; of a plan only what was bought beside it.
#[must_use]
pub fn account_money(read: &MoneyRead, account: &ProviderAccount, speech: &Speech<'_>) -> Option<String> {
    let Money { available, currency, extra_usage_left } = &read.money;
    let currency = currency.as_deref().unwrap_or_default();
    let said = match (account.billing, available, extra_usage_left) {
        (Billing::PrepaidCredits, Some(left), _) => format!("Balance {left:.2} {currency}"),
        (_, _, Some(left)) => format!("Beside the plan: {left:.2} {currency} of extra usage"),
        _ => return None,
    };
    let from = source(read.source, account);
    Some(format!("{} · {from}, {}", said.trim_end(), age(read.observed_at, speech.now)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, model, world};
    use super::{account_money, window_is_old, window_name, window_reset, window_source, window_used};
    use crate::domain::{
        AccountId, Billing, Metric, ModelScope, Money, MoneyRead, ProviderAccount, QuotaWindow, ResetConfidence, Source,
    };

    #[test]
    fn a_window_says_what_it_covers_and_how_sure_its_reset_is() {
        let world = world();
        let speech = &world.speech();
        let kimi = ProviderAccount::implied(AccountId::new("kimi"));
        let window = QuotaWindow {
            resets_at: Some(at("2026-11-23 18:00")),
            reset_confidence: ResetConfidence::Exact,
            ..QuotaWindow::new("weekly", 0.93, at("2026-11-23 05:59"), Source::Probe)
        };
        assert_eq!((window_name(&window), window_used(&window)), ("weekly".to_owned(), "93% used".to_owned()));
        assert_eq!(window_reset(&window, speech), "resets 18:00, in 12 h");
        assert_eq!(window_source(&window, &kimi, speech), "Kimi, 1 min ago");
        for guess in [ResetConfidence::Derived, ResetConfidence::Estimated, ResetConfidence::Unknown] {
            let guessed = QuotaWindow { reset_confidence: guess, ..window.clone() };
            assert_eq!(window_reset(&guessed, speech), "resets about 18:00, in 12 h");
        }
        let unknown = QuotaWindow { resets_at: None, ..window.clone() };
        assert_eq!(window_reset(&unknown, speech), "reset not reported");
        let of_model = QuotaWindow {
            covers: ModelScope::Models(vec![model("google/gemini-3-flash")]),
            metric: Some(Metric::Requests),
            used: Some(186.0),
            limit: Some(200.0),
            ..window.clone()
        };
        assert_eq!(window_name(&of_model), "weekly, gemini-3-flash");
        assert_eq!(window_used(&of_model), "93% used: 186 of 200 requests");
        let search = QuotaWindow { covers: ModelScope::Feature("search".to_owned()), ..window };
        assert_eq!(window_name(&search), "weekly (not chat)");
    }

    #[test]
    fn what_rolled_over_or_aged_is_said_as_old() {
        let world = world();
        let speech = &world.speech();
        let kimi = ProviderAccount::implied(AccountId::new("kimi"));
        let read = |observed: &str, source| QuotaWindow::new("5h", 0.2, at(observed), source);
        assert!(!window_is_old(&read("2026-11-23 05:30", Source::Probe), speech));
        let old = read("2026-11-23 03:00", Source::Probe);
        assert_eq!(window_source(&old, &kimi, speech), "Kimi, 3 h ago, old");
        assert!(!window_is_old(&read("2026-11-20 03:00", Source::Hand), speech), "its owner knows");
        let rolled = QuotaWindow { resets_at: Some(at("2026-11-23 05:45")), ..read("2026-11-23 05:40", Source::Probe) };
        assert!(window_is_old(&rolled, speech));
        assert!(!window_source(&rolled, &kimi, speech).contains("old"), "a reading of just now is not an old one");
        assert_eq!(window_reset(&rolled, speech), "rolled over today 05:45, use since then not known");
    }

    #[test]
    fn only_prepaid_money_is_a_balance() {
        let world = world();
        let speech = &world.speech();
        let money = Money { available: Some(12.3), currency: Some("USD".to_owned()), extra_usage_left: Some(2.0) };
        let read = MoneyRead { money, observed_at: at("2026-11-23 05:57"), source: Source::Probe };
        let mut account = ProviderAccount::implied(AccountId::new("deepseek"));
        let said = account_money(&read, &account, speech);
        assert_eq!(said.as_deref(), Some("Balance 12.30 USD · DeepSeek, 3 min ago"));
        account.billing = Billing::QuotaPlan;
        let said = account_money(&read, &account, speech);
        assert_eq!(said.as_deref(), Some("Beside the plan: 2.00 USD of extra usage · DeepSeek, 3 min ago"));
        let none = MoneyRead { money: Money { extra_usage_left: None, ..read.money }, ..read };
        account.billing = Billing::RateTier;
        assert_eq!(account_money(&none, &account, speech), None, "a rate tier has no balance to speak of");
    }
}
