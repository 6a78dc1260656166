//! What a usage page said, and what on it was left open.
//!
//! Invariant: words of money are said of a prepaid balance and of nothing else.

use super::{Speech, allowance, list, text::capitalised};
use crate::domain::{Allowance, Covers, DashboardNote, Money, ReadingConfidence};

/// "weekly 37% used, resets on 26 Nov 2026 09:00"; of a limit alone "gpt-5, requests a minute: at most 500".
#[must_use]
pub fn dashboard_window(window: &Allowance, speech: &Speech<'_>) -> String {
    let limit = window.limit.filter(|_| window.used_percent.is_none() && !window.stale);
    let counted = window.id != window.span.id();
    let of = match &window.covers {
        Covers::Model(name) | Covers::Feature(name) if limit.is_some() || counted => format!("{name}, "),
        _ => String::new(),
    };
    let what = format!("{of}{}", window.id.replace('_', " "));
    match (limit, window.used_percent) {
        (Some(limit), _) => format!("{what}: at most {limit}, use not shown"),
        // Of several rates of one model the span alone does not tell which.
        (None, Some(used)) if counted && window.reset_at.is_none() => format!("{what} {used:.0}% used"),
        _ if counted => format!("{what}: {}", allowance(window, speech)),
        _ => allowance(window, speech),
    }
}

/// "Balance 12.34 USD".
#[must_use]
pub fn dashboard_money(money: &Money) -> Option<String> {
    let currency = money.currency.as_deref().unwrap_or_default();
    money.available.map(|available| format!("Balance {available:.2} {currency}").trim_end().to_owned())
}

#[must_use]
pub fn reading_confidence(confidence: ReadingConfidence) -> &'static str {
    match confidence {
        ReadingConfidence::High => "The page says all of this in so many words",
        ReadingConfidence::Medium => "Some of this is read by its usual meaning; compare it with the page",
        ReadingConfidence::Low => "Something was left open; compare this with the page",
    }
}

/// What was seen and not taken, and why.
#[must_use]
pub fn dashboard_note(note: &DashboardNote) -> String {
    match note {
        DashboardNote::UsedOrLeft { window, number } => {
            format!("{}: {number} may be used or left; the page does not say", named(window))
        }
        DashboardNote::NoWindow { number } => format!("{number} belongs to no window that the page names"),
        DashboardNote::Disagree { window, numbers } => {
            format!("{}: the page says {}; neither was taken", named(window), list(numbers))
        }
        DashboardNote::ResetUnclear { window, text } if text.is_empty() => {
            format!("{}: when it resets is not clear", named(window))
        }
        DashboardNote::ResetUnclear { window, text } => {
            format!("{}: when it resets is not clear from “{text}”", named(window))
        }
        DashboardNote::ResetPast { window } => {
            format!("{}: its reset has passed, so the page is older than that", named(window))
        }
        DashboardNote::Cells { row } => format!("{row}: its cells do not fit the columns of the table"),
        DashboardNote::AmountsLeftOut => "Amounts beside the quota were left out".to_owned(),
        DashboardNote::Sibling { service } => {
            format!("The page is about {}; the windows are those of that account", name(*service))
        }
        DashboardNote::MaybeOther { service } => {
            format!("The page does not say whose it is, and names {}", name(*service))
        }
        DashboardNote::CutOff => "The page was cut off; what came after is missing".to_owned(),
        DashboardNote::More { n } => format!("{n} more were left out"),
    }
}

/// A script's word for it.
#[must_use]
pub fn dashboard_note_code(note: &DashboardNote) -> &'static str {
    match note {
        DashboardNote::UsedOrLeft { .. } => "used_or_left",
        DashboardNote::NoWindow { .. } => "no_window",
        DashboardNote::Disagree { .. } => "disagree",
        DashboardNote::ResetUnclear { .. } => "reset_unclear",
        DashboardNote::ResetPast { .. } => "reset_past",
        DashboardNote::Cells { .. } => "cells",
        DashboardNote::AmountsLeftOut => "amounts_left_out",
        DashboardNote::Sibling { .. } => "sibling",
        DashboardNote::MaybeOther { .. } => "maybe_other",
        DashboardNote::CutOff => "cut_off",
        DashboardNote::More { .. } => "more",
    }
}

fn named(window: &str) -> String {
    capitalised(&window.replace('_', " "))
}

fn name(service: crate::domain::Service) -> &'static str {
    service.name().unwrap_or(service.code())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{dashboard_money, dashboard_note, dashboard_window};
    use crate::domain::{Allowance, Covers, DashboardNote, Metric, Money, Service, Span};

    #[test]
    fn a_limit_without_its_use_is_said_as_one() {
        let world = world();
        let window = Allowance {
            id: "requests_minute".to_owned(),
            span: Span::Minute,
            metric: Metric::Requests,
            covers: Covers::Model("gpt-5".to_owned()),
            used: None,
            limit: Some(500.0),
            used_percent: None,
            raw_used_percent: None,
            reset_at: None,
            stale: false,
        };
        let said = |window: &Allowance| dashboard_window(window, &world.speech());
        assert_eq!(said(&window), "gpt-5, requests minute: at most 500, use not shown");
        let used = Allowance { used_percent: Some(40.0), reset_at: Some(at("2026-11-24 03:40")), ..window.clone() };
        assert!(said(&used).ends_with("40% used, resets on 24 Nov 2026 03:40"), "{}", said(&used));
        assert_eq!(said(&Allowance { reset_at: None, ..used }), "gpt-5, requests minute 40% used");
        let stale = Allowance { stale: true, ..window };
        assert!(said(&stale).contains("rolled over"), "{}", said(&stale));
    }

    #[test]
    fn a_note_says_what_was_left_open() {
        let cases = [
            (
                DashboardNote::UsedOrLeft { window: "weekly".to_owned(), number: "63%".to_owned() },
                "Weekly: 63% may be used or left; the page does not say",
            ),
            (
                DashboardNote::Disagree {
                    window: "requests_daily".to_owned(),
                    numbers: vec!["12%".to_owned(), "64%".to_owned()],
                },
                "Requests daily: the page says 12% and 64%; neither was taken",
            ),
            (
                DashboardNote::Sibling { service: Service::ClaudeSubscription },
                "The page is about Claude; the windows are those of that account",
            ),
        ];
        for (note, said) in cases {
            assert_eq!(dashboard_note(&note), said);
        }
        let money = Money { available: Some(12.3), currency: Some("USD".to_owned()), extra_usage_left: None };
        assert_eq!(dashboard_money(&money).as_deref(), Some("Balance 12.30 USD"));
    }
}
