//! A diagnosis in words: one line that says what is wrong and until when, and what helps.
//!
//! Invariant: words of money are said of an empty prepaid balance and of nothing else, whatever the
//! provider said and whatever a model or provider is called.

use jiff::Timestamp;

use super::text::capitalised;
use super::{Speech, count, list};
use crate::domain::{
    Advice, Allowance, Billing, Covers, Diagnosis, Finding, HealthState, Metric, Money, ResetConfidence, Service, Span,
};

/// "Quota limit hit — resets on 24 Nov 2026 03:40".
#[must_use]
pub fn diagnosis_headline(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    let prepaid = diagnosis.billing == Billing::PrepaidCredits;
    match diagnosis.finding.profile().state {
        HealthState::Up => up(diagnosis, speech),
        HealthState::BalanceEmpty if prepaid => no_balance(diagnosis),
        HealthState::BalanceEmpty
        | HealthState::QuotaExhausted
        | HealthState::RateLimited
        | HealthState::Overloaded => limit(diagnosis, speech),
        HealthState::ModelUnavailable => model_trouble(diagnosis),
        HealthState::Auth | HealthState::NoKey => key_trouble(diagnosis),
        HealthState::PlanInactive | HealthState::Blocked | HealthState::Misconfigured => refusal(diagnosis),
        HealthState::Down => down(diagnosis),
        HealthState::Unknown => unknown(diagnosis),
    }
}

/// What helps, as a sentence; `None` when nothing needs to be done.
#[must_use]
pub fn diagnosis_advice(diagnosis: &Diagnosis, speech: &Speech<'_>) -> Option<String> {
    let name = name(diagnosis);
    let said = match diagnosis.advice {
        Advice::None => return None,
        Advice::Wait => match diagnosis.retry_at {
            Some(at) => format!("Wait: it is tried again {}", super::clock_with_day(at, speech)),
            None => "Wait: it is tried again later".to_owned(),
        },
        Advice::Backoff => "Nothing to do: it is tried again after growing pauses".to_owned(),
        Advice::SwitchModel => "Use another model of this account meanwhile".to_owned(),
        Advice::OpenDashboard => format!("Open the dashboard of {name} and look there"),
        Advice::FixKey => "Check the API key where the gateway keeps it".to_owned(),
        Advice::FixEndpoint => "Correct the base URL of this provider in the gateway's configuration".to_owned(),
        Advice::RefetchQuota => "Ask for the quota again to learn when it resets".to_owned(),
        Advice::KeepLastQuota => "Nothing to do: the last known quota stays until it can be read again".to_owned(),
        Advice::TopUp => format!("Top up the account at {name}"),
        Advice::RenewPlan => format!("Renew the plan at {name}"),
        Advice::Reauth => format!("Sign in to {name} again"),
        Advice::SwitchAuth => "Use an API key instead of this sign-in".to_owned(),
        Advice::SwitchProbe => "Check this account in another way; jobs may work all the same".to_owned(),
        Advice::ShrinkRequest => "Make the request smaller; everything else works".to_owned(),
        Advice::CheckNetwork => "Check the network connection of this computer".to_owned(),
        Advice::CheckAccountSetup => "Check which organisation or project the key belongs to".to_owned(),
        Advice::StartService => format!("Start {name} on this computer"),
        Advice::LoadModel => format!("Load a model in {name}"),
        Advice::OpenDetails => "Look at the details: this answer is not known yet".to_owned(),
    };
    Some(said)
}

/// "5-hour 37% used, resets on 20 Nov 2026 12:12".
#[must_use]
pub fn allowance(window: &Allowance, speech: &Speech<'_>) -> String {
    let what = match &window.covers {
        Covers::Account => span_name(window.span).unwrap_or_else(|| window.id.replace('_', " ")),
        Covers::Model(model) => format!("{}, {}", plain(model).unwrap_or("one model"), window.span.id()),
        Covers::Feature(feature) => format!("{} (not chat)", plain(feature).unwrap_or("an add-on")),
    };
    let used = match window.used_percent {
        Some(used) => format!("{} used", percent(used)),
        None => "rolled over since, use not known".to_owned(),
    };
    let reset = window.reset_at.map(|at| format!(", resets on {}", date(at, speech)));
    format!("{what} {used}{}", reset.unwrap_or_default())
}

fn limit(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    let reset = diagnosis.reset_at;
    match diagnosis.finding {
        Finding::Busy => "Provider overloaded — temporary, not your quota".to_owned(),
        Finding::Upstream => "Upstream provider of this model is failing — temporary, not your quota".to_owned(),
        Finding::RateHit => match reset {
            Some(at) => format!("Rate limited — temporary, resets at {}", time(at, speech)),
            None => "Rate limited — temporary, retrying with back-off".to_owned(),
        },
        Finding::LimitHit => match reset {
            Some(at) => format!("Quota limit hit — resets on {}{}", about(diagnosis), date(at, speech)),
            None => "Quota limit hit — reset date not reported yet".to_owned(),
        },
        _ => "Usage limit hit — no reset date given, open the dashboard".to_owned(),
    }
}

/// A date that the provider did not name itself is not said as if it had.
fn about(diagnosis: &Diagnosis) -> &'static str {
    if diagnosis.reset_confidence == ResetConfidence::Exact { "" } else { "or about " }
}

fn no_balance(diagnosis: &Diagnosis) -> String {
    if diagnosis.finding == Finding::NoBalanceOrCap {
        return format!("Balance or monthly spending limit used up at {} — open the dashboard", name(diagnosis));
    }
    let needs = match diagnosis.service {
        Service::MiniMax => "MiniMax API credits need".to_owned(),
        Service::OpenRouter => "OpenRouter credits need".to_owned(),
        Service::Moonshot => "Moonshot Open Platform account needs".to_owned(),
        _ => format!("{} needs", name(diagnosis)),
    };
    format!("Balance empty — {needs} a top-up")
}

fn model_trouble(diagnosis: &Diagnosis) -> String {
    let name = name(diagnosis);
    let model = match diagnosis.model.as_deref().and_then(plain) {
        Some(model) => format!("Model {model}"),
        None => "This model".to_owned(),
    };
    match diagnosis.finding {
        Finding::UnknownModel => format!("{model} does not exist at {name}"),
        Finding::NotInstalled => format!("{model} is not installed in {name}"),
        Finding::NotInPlan => format!("{model} is not included in this plan"),
        Finding::NotInFreeTier => format!("{model} is not available on the free tier of this project"),
        Finding::ModelRetired => format!("{model} has been retired"),
        Finding::LongContextNotInPlan => "This plan does not cover long-context requests".to_owned(),
        Finding::NoModelLoaded => format!("{name} is running but no model is available"),
        _ => format!("{model} is not available to this account"),
    }
}

fn key_trouble(diagnosis: &Diagnosis) -> String {
    let name = name(diagnosis);
    match diagnosis.finding {
        Finding::MissingKey => format!("No API key was sent to {name}"),
        Finding::InvalidKeyOrRegion if diagnosis.service == Service::MiniMax => {
            format!("Key rejected by {name} — check the API key and the region (io or China host)")
        }
        Finding::InvalidKeyOrRegion => format!("Key rejected by {name} — check key and region"),
        Finding::LeakedKey => format!("Key blocked by {name} as leaked — create a new key"),
        Finding::NoPermission => "Key has no permission for this resource".to_owned(),
        Finding::ApiNotEnabled => format!("The project of this key has not enabled the API at {name}"),
        Finding::SignInExpired => "Sign-in expired — sign in again".to_owned(),
        Finding::NoKey => format!("No API key is set up for {name}"),
        _ => format!("Key rejected by {name} — check the API key"),
    }
}

fn refusal(diagnosis: &Diagnosis) -> String {
    let name = name(diagnosis);
    match diagnosis.finding {
        Finding::PlanEnded if diagnosis.service == Service::Zai => {
            "Coding plan has expired — renew the plan".to_owned()
        }
        Finding::PlanEnded => format!("{} plan has expired — renew the plan", opening(&name)),
        Finding::MembershipEnded => format!("{} membership is not active — renew the plan", opening(&name)),
        Finding::NoPlanForKey => format!("No active {name} plan for this key — check the key type"),
        Finding::FairUse => "Account restricted by the provider fair-use policy — open the dashboard".to_owned(),
        Finding::AccountDisabled => "Account disabled by the provider — open the dashboard".to_owned(),
        Finding::RegionRefused => format!("{} refuses requests from this network or region", opening(&name)),
        Finding::ClientNotListed => {
            format!("{name} accepts this key only from listed coding clients — jobs may still work through OpenClaw")
        }
        Finding::SignInEnded => {
            format!("{} ended this sign-in for individual accounts — use an API key", opening(&name))
        }
        Finding::PlanKeyOnGeneralEndpoint => "Coding plan quota is available, but requests go to the general \
             endpoint — use the Coding endpoint (/api/coding/paas/v4)"
            .to_owned(),
        _ => format!("{} refuses this account or client{} — open the dashboard", opening(&name), http(diagnosis)),
    }
}

fn down(diagnosis: &Diagnosis) -> String {
    match diagnosis.finding {
        Finding::GatewayPage => format!("Provider gateway error{} — temporary", http(diagnosis)),
        Finding::WebPage => "Unexpected web page instead of an API answer — check the network".to_owned(),
        Finding::ProxySignIn => "The network proxy asks for a sign-in".to_owned(),
        Finding::NoAnswer | Finding::JobTimedOut => "No answer within the time limit".to_owned(),
        Finding::TlsFailed => "Secure connection failed — check clock, proxy or certificates".to_owned(),
        Finding::NameUnknown | Finding::NoConnection => "Cannot reach the provider — check the network".to_owned(),
        Finding::NotRunning => format!("{} is not running on this computer", name(diagnosis)),
        _ => format!("Provider error{} — temporary", http(diagnosis)),
    }
}

fn unknown(diagnosis: &Diagnosis) -> String {
    const LAST: &str = "showing the last known values";
    match diagnosis.finding {
        Finding::UsageThrottled => format!("Usage page is throttled — {LAST}"),
        Finding::UsageFailed => format!("Usage page fails{} — {LAST}", http(diagnosis)),
        Finding::UsageEmpty => format!("Usage answer was empty — {LAST}"),
        Finding::UsageCutOff => format!("Usage answer was cut off — {LAST}"),
        Finding::UsageUnreadable => format!("Usage answer could not be read — {LAST}"),
        Finding::UsageNotPermitted => {
            "Usage not readable with this token (missing profile scope) — sign in again to see quota".to_owned()
        }
        Finding::AnswerEmpty => "The answer was empty".to_owned(),
        Finding::AnswerUnreadable => "The answer could not be read".to_owned(),
        Finding::GatewayWaits => "The gateway waits before it asks this provider again".to_owned(),
        _ => match diagnosis.http_status {
            Some(status) => format!("Unexpected answer (HTTP {status})"),
            None => "Unexpected answer".to_owned(),
        },
    }
}

fn up(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    let said = match diagnosis.finding {
        Finding::Filtered => "one request was refused by the content filter".to_owned(),
        Finding::Malformed => "one request was malformed".to_owned(),
        Finding::TooLong => "one request was too large".to_owned(),
        Finding::OverLimit => "one request was larger than the per-minute limit of this account".to_owned(),
        Finding::ProbeNotPermitted => "this restricted key may not list models; use a request probe".to_owned(),
        Finding::QuotaNotReported => "quota not reported for this key".to_owned(),
        Finding::QuotaStale => stale(diagnosis),
        Finding::ModelUsedUp => model_used_up(diagnosis, speech),
        _ => serving(diagnosis, speech),
    };
    if said.is_empty() { "Up".to_owned() } else { format!("Up — {said}") }
}

/// What is known of a serving account: its windows, its balance, its local models.
fn serving(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    if let Some(models) = diagnosis.local_models {
        return count(models, "local model");
    }
    if let Some(money) = diagnosis.money.as_ref().filter(|_| diagnosis.billing == Billing::PrepaidCredits) {
        return balance(money);
    }
    let spent = diagnosis.windows.iter().filter(|window| window.covers != Covers::Account && !window.blocks_chat());
    let spent = spent.filter(|window| window.used_up()).filter_map(|window| {
        let Covers::Feature(feature) = &window.covers else { return None };
        let until = window.reset_at.map(|at| format!(" until {}", date(at, speech))).unwrap_or_default();
        Some(format!("{} allowance used up{until}", plain(feature)?))
    });
    let used: Vec<_> = diagnosis.windows.iter().filter_map(used).collect();
    let parts: Vec<_> = (!used.is_empty()).then(|| used.join(", ")).into_iter().chain(spent).collect();
    parts.join("; ")
}

fn balance(money: &Money) -> String {
    let currency = money.currency.as_deref().unwrap_or_default();
    money.available.map(|left| format!("balance {left:.2} {currency}").trim_end().to_owned()).unwrap_or_default()
}

/// "5-hour 37% used": long windows of the whole account.
fn used(window: &Allowance) -> Option<String> {
    let plain_window = window.covers == Covers::Account && window.id == window.span.id();
    let used = percent(window.used_percent.filter(|_| plain_window)?);
    if window.metric == Metric::Usd {
        let period = match window.span {
            Span::Daily => " today",
            Span::Weekly => " this week",
            Span::Monthly => " this month",
            _ => "",
        };
        return Some(format!("key budget {used} used{period}"));
    }
    Some(format!("{} {used} used", span_name(window.span)?))
}

fn stale(diagnosis: &Diagnosis) -> String {
    let rolled = diagnosis.windows.iter().filter(|window| window.stale && window.covers == Covers::Account);
    let rolled: Vec<_> = rolled.filter_map(|window| span_name(window.span)).collect();
    let verb = if rolled.len() == 1 { "window has" } else { "windows have" };
    let others: Vec<_> = diagnosis.windows.iter().filter_map(used).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    format!("{} {verb} rolled over, usage being refreshed{others}", list(&rolled))
}

/// "Opus weekly limit hit, resets on …; other models available".
fn model_used_up(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    let of_model = |window: &&Allowance| matches!(window.covers, Covers::Model(_));
    let (closed, open): (Vec<_>, Vec<_>) =
        diagnosis.windows.iter().filter(of_model).partition(|window| window.used_up());
    let hit: Vec<_> = closed
        .iter()
        .map(|window| {
            let reset = window.reset_at.map_or_else(
                || "reset date not reported yet".to_owned(),
                |at| format!("resets on {}", date(at, speech)),
            );
            format!("{} limit hit, {reset}", limited(window))
        })
        .collect();
    let account = diagnosis.windows.iter().any(|window| window.covers == Covers::Account);
    let others: Vec<_> = open
        .iter()
        .filter_map(|window| Some(format!("{} {} used", short(window)?, percent(window.used_percent?))))
        .collect();
    let others = if account || others.is_empty() { "other models available".to_owned() } else { others.join(", ") };
    format!("{}; {others}", hit.join("; "))
}

/// "Opus weekly" for a family, "gemini-3.1-pro" for a model that has a day of its own.
fn limited(window: &Allowance) -> String {
    let Covers::Model(model) = &window.covers else { return "Model".to_owned() };
    let model = plain(model).unwrap_or("one model");
    if model.contains('-') {
        model.trim_end_matches("-preview").to_owned()
    } else {
        format!("{} {}", capitalised(model), span_name(window.span).unwrap_or_default())
    }
}

/// The word by which people tell one model of a maker from the others: "Flash".
fn short(window: &Allowance) -> Option<String> {
    let Covers::Model(model) = &window.covers else { return None };
    let model = plain(model)?;
    let name = |part: &&str| {
        !matches!(*part, "preview" | "latest" | "gemini" | "claude" | "models")
            && !part.starts_with(|l: char| l.is_ascii_digit())
    };
    let words: Vec<_> = model.split(['-', '/']).filter(name).map(capitalised).collect();
    Some(if words.is_empty() { model.to_owned() } else { words.join(" ") })
}

fn span_name(span: Span) -> Option<String> {
    Some(match span {
        Span::Minute => return None,
        Span::Hours(hours) => format!("{hours}-hour"),
        Span::Daily => "daily".to_owned(),
        Span::Weekly => "weekly".to_owned(),
        Span::Monthly => "monthly".to_owned(),
        Span::Endless => "total".to_owned(),
    })
}

/// "37%", "4.5%".
fn percent(used: f64) -> String {
    let text = format!("{used:.1}");
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

fn http(diagnosis: &Diagnosis) -> String {
    diagnosis.http_status.filter(|status| *status >= 400).map(|status| format!(" (HTTP {status})")).unwrap_or_default()
}

fn name(diagnosis: &Diagnosis) -> String {
    let named = diagnosis.service.name().or_else(|| plain(&diagnosis.provider));
    named.unwrap_or("the provider").to_owned()
}

/// A name at the start of a sentence: "xAI" stays, "the provider" does not.
fn opening(name: &str) -> String {
    if name.starts_with("the ") { capitalised(name) } else { name.to_owned() }
}

/// A name from outside, when it is one: short, of one word, without any word of money in it.
fn plain(name: &str) -> Option<&str> {
    const MONEY: &[&str] = &["balance", "top-up", "top_up", "topup", "recharge", "credit", "deplet"];
    let lower = name.to_lowercase();
    let fits = !name.is_empty() && name.chars().count() <= 64;
    let word = name.chars().all(|letter| letter.is_alphanumeric() || "-_.:/@+".contains(letter));
    (fits && word && !MONEY.iter().any(|money| lower.contains(money))).then_some(name)
}

/// "20 Nov 2026 12:12", by the clock of the reader.
fn date(at: Timestamp, speech: &Speech<'_>) -> String {
    speech.zone.to_datetime(at).strftime("%-d %b %Y %H:%M").to_string()
}

/// "12:00:23", with the day when that is another one.
fn time(at: Timestamp, speech: &Speech<'_>) -> String {
    let (here, now) = (speech.zone.to_datetime(at), speech.zone.to_datetime(speech.now));
    let shape = if here.date() == now.date() { "%H:%M:%S" } else { "%-d %b %H:%M:%S" };
    here.strftime(shape).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{allowance, diagnosis_advice, diagnosis_headline};
    use crate::domain::{
        Advice, Allowance, Billing, Covers, Diagnosis, Finding, Metric, ResetConfidence, Service, Span,
    };

    fn found(service: Service, finding: Finding) -> Diagnosis {
        let profile = finding.profile();
        Diagnosis {
            service,
            provider: "somebody".to_owned(),
            billing: service.default_billing(),
            state: profile.state,
            temporary: profile.temporary,
            finding,
            reason: profile.reason.to_owned(),
            scope: profile.scope,
            model: None,
            reset_at: None,
            reset_confidence: ResetConfidence::Unknown,
            retry_at: None,
            advice: profile.advice,
            windows: Vec::new(),
            money: None,
            plan: None,
            models: Vec::new(),
            local_models: None,
            http_status: None,
            provider_code: None,
            quote: None,
        }
    }

    fn until(mut diagnosis: Diagnosis, reset: &str, confidence: ResetConfidence) -> Diagnosis {
        (diagnosis.reset_at, diagnosis.reset_confidence) = (Some(at(reset)), confidence);
        diagnosis
    }

    #[test]
    fn a_reset_is_said_by_the_clock_of_the_reader() {
        let world = world();
        let limit = || found(Service::Zai, Finding::LimitHit);
        let rate = || found(Service::OpenAi, Finding::RateHit);
        let cases = [
            (limit(), "Quota limit hit — reset date not reported yet"),
            (
                until(limit(), "2026-12-01 01:00", ResetConfidence::Exact),
                "Quota limit hit — resets on 1 Dec 2026 01:00",
            ),
            (
                until(limit(), "2026-12-01 01:00", ResetConfidence::Derived),
                "Quota limit hit — resets on or about 1 Dec 2026 01:00",
            ),
            (rate(), "Rate limited — temporary, retrying with back-off"),
            (
                until(rate(), "2026-11-23 06:00:20", ResetConfidence::Exact),
                "Rate limited — temporary, resets at 06:00:20",
            ),
            (
                until(rate(), "2026-11-24 00:00:20", ResetConfidence::Exact),
                "Rate limited — temporary, resets at 24 Nov 00:00:20",
            ),
        ];
        for (diagnosis, said) in cases {
            assert_eq!(diagnosis_headline(&diagnosis, &world.speech()), said);
        }
    }

    #[test]
    fn money_is_said_of_a_prepaid_account_only_whatever_things_are_called() {
        let world = world();
        let empty = found(Service::DeepSeek, Finding::NoBalance);
        assert_eq!(diagnosis_headline(&empty, &world.speech()), "Balance empty — DeepSeek needs a top-up");
        for finding in Finding::ALL {
            for service in Service::ALL {
                let diagnosis = Diagnosis {
                    billing: Billing::RateTier,
                    provider: "recharge-me".to_owned(),
                    model: Some("top-up-1".to_owned()),
                    ..found(*service, *finding)
                };
                let said = diagnosis_headline(&diagnosis, &world.speech());
                let lower = said.to_lowercase();
                for money in ["balance", "top-up", "top up", "recharge", "out of credit", "depleted"] {
                    assert!(!lower.contains(money), "{finding:?} {service:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn every_advice_but_none_is_a_sentence() {
        let world = world();
        for advice in Advice::ALL {
            let diagnosis = Diagnosis { advice: *advice, ..found(Service::Kimi, Finding::LimitHit) };
            let said = diagnosis_advice(&diagnosis, &world.speech());
            assert_eq!(said.is_some(), *advice != Advice::None, "{advice:?}");
        }
        let waits = Diagnosis { retry_at: Some(at("2026-11-23 18:01")), ..found(Service::Kimi, Finding::LimitHit) };
        let said = diagnosis_advice(&waits, &world.speech());
        assert_eq!(said.as_deref(), Some("Wait: it is tried again today 18:01"));
    }

    #[test]
    fn a_window_says_its_use_and_its_reset() {
        let world = world();
        let window = Allowance {
            id: "weekly".to_owned(),
            span: Span::Weekly,
            metric: Metric::Percent,
            covers: Covers::Account,
            used: None,
            limit: None,
            used_percent: Some(4.55),
            raw_used_percent: None,
            reset_at: Some(at("2026-11-24 03:40")),
            stale: false,
        };
        let said = |window: Allowance| allowance(&window, &world.speech());
        assert_eq!(said(window.clone()), "weekly 4.5% used, resets on 24 Nov 2026 03:40");
        let opus = Allowance { covers: Covers::Model("opus".to_owned()), reset_at: None, ..window.clone() };
        assert_eq!(said(opus), "opus, weekly 4.5% used");
        let stale = Allowance { used_percent: None, reset_at: None, stale: true, ..window };
        assert_eq!(said(stale), "weekly rolled over since, use not known");
    }
}
