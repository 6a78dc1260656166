//! Rows made into windows, with what was left open.

use jiff::{SignedDuration, Timestamp};

use super::super::reading::{Raw, Reading};
use super::fact::{Kind, Way};
use super::rows::{Row, Rows};
use super::when::When;
use crate::domain::{Allowance, Billing, Covers, DashboardNote, Metric, Money, ReadingConfidence, Span};

/// Two numbers for one thing may differ by rounding.
const ROUNDING: f64 = 1.5;

/// What the rows of a page come to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) windows: Vec<Allowance>,
    pub(super) money: Option<Money>,
    pub(super) notes: Vec<DashboardNote>,
    pub(super) confidence: Option<ReadingConfidence>,
}

/// The page that the rows come from.
pub(super) struct Around<'a> {
    pub(super) lines: Vec<&'a str>,
    /// It is about limits, so that a number under "requests per minute" is one.
    pub(super) says_limit: bool,
    pub(super) billing: Billing,
    pub(super) now: Timestamp,
}

pub(super) fn windows(rows: Rows, around: &Around<'_>) -> Found {
    let mut found = Found::default();
    let mut read: Vec<(Allowance, ReadingConfidence)> = Vec::new();
    for row in &rows.list {
        if rows.labels_trail && row.limit.is_none() {
            found.notes.extend(row.values.iter().filter_map(|(kind, _)| no_window(kind)));
            continue;
        }
        let Some(part) = of_row(row, around, &mut found.notes) else { continue };
        read.push(part);
    }
    found.notes.extend(rows.orphans.iter().filter(|(_, way)| way.is_some()).filter_map(|(kind, _)| no_window(kind)));
    found.notes.extend(rows.misfits.into_iter().map(|row| DashboardNote::Cells { row }));
    found.take_agreeing(read);
    found.money = (around.billing == Billing::PrepaidCredits).then(|| money(&rows.balances)).flatten();
    let left_out = around.billing != Billing::PrepaidCredits && rows.has_amounts;
    let spends = found.windows.iter().any(|window| window.metric == Metric::Usd);
    if left_out && !spends {
        found.notes.push(DashboardNote::AmountsLeftOut);
    }
    found
}

impl Found {
    /// One window of each kind: twins are one, and those that contradict each other are none.
    fn take_agreeing(&mut self, read: Vec<(Allowance, ReadingConfidence)>) {
        let mut kept: Vec<(Allowance, ReadingConfidence)> = Vec::new();
        let mut numbers: Vec<Vec<String>> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for (window, confidence) in read {
            let said = said(&window);
            let place = *places.entry((window.id.clone(), window.covers.clone())).or_insert(kept.len());
            match kept.get_mut(place) {
                None => {
                    kept.push((window, confidence));
                    numbers.push(vec![said]);
                }
                Some((twin, _)) if !numbers[place].contains(&said) => {
                    // A limit alone and the use of it complete each other.
                    if twin.used_percent.is_none() && !twin.stale {
                        *twin = window;
                        numbers[place] = vec![said];
                    } else if window.used_percent.is_some() && numbers[place].len() < 4 {
                        numbers[place].push(said);
                    }
                }
                Some((twin, _)) => twin.reset_at = twin.reset_at.or(window.reset_at),
            }
        }
        for ((window, confidence), numbers) in kept.into_iter().zip(numbers) {
            if numbers.len() > 1 {
                self.notes.push(DashboardNote::Disagree { window: name(&window), numbers });
                continue;
            }
            self.confidence = Some(self.confidence.map_or(confidence, |least| least.min(confidence)));
            self.windows.push(window);
        }
        self.windows = Reading::of(std::mem::take(&mut self.windows).into_iter().map(Some)).windows;
    }
}

fn name(window: &Allowance) -> String {
    match &window.covers {
        Covers::Account => window.id.clone(),
        Covers::Model(name) | Covers::Feature(name) => format!("{name} {}", window.id),
    }
}

fn said(window: &Allowance) -> String {
    window.used_percent.map_or_else(|| format!("{:?}", window.limit), |used| format!("{used:.1}%"))
}

/// What the numbers of one row say together.
#[derive(Default)]
struct Numbers {
    /// Percent used, in so many words.
    told: Vec<f64>,
    /// Percents of which nothing tells what they count.
    bare: Vec<f64>,
    pair: Option<(f64, f64, Option<Metric>, bool)>,
    amounts: Option<(f64, f64, &'static str)>,
    used: Option<f64>,
    left: Option<f64>,
    total: Option<f64>,
    plain: Option<f64>,
}

impl Numbers {
    fn of(row: &Row) -> Self {
        let mut numbers = Self::default();
        let mut after_total = false;
        for (kind, way) in &row.values {
            let way = way.or(row.way.filter(|_| !matches!(kind, Kind::Number(_))));
            match (kind, &way) {
                (Kind::Percent { percent, .. }, Some(Way::Used)) => numbers.told.push(*percent),
                (Kind::Percent { percent, .. }, Some(Way::Left)) => numbers.told.push(100.0 - percent),
                (Kind::Percent { percent, .. }, None) => numbers.bare.push(*percent),
                (Kind::Pair { used, limit, metric, .. }, way) => {
                    let used = if *way == Some(Way::Left) { limit - used } else { *used };
                    numbers.pair.get_or_insert((used, *limit, *metric, way.is_some()));
                }
                (Kind::AmountPair { used, limit, currency }, _) => {
                    numbers.amounts.get_or_insert((*used, *limit, *currency));
                }
                (Kind::Number(number), _) if after_total => numbers.total = numbers.total.or(Some(*number)),
                (Kind::Number(number), Some(Way::Used)) => numbers.used = numbers.used.or(Some(*number)),
                (Kind::Number(number), Some(Way::Left)) => numbers.left = numbers.left.or(Some(*number)),
                (Kind::Number(number), None) => numbers.plain = numbers.plain.or(Some(*number)),
                _ => {}
            }
            after_total = *kind == Kind::Total;
        }
        let counted = match (numbers.used, numbers.left, numbers.total) {
            (Some(used), _, Some(total)) => Some((used, total)),
            (None, Some(left), Some(total)) => Some((total - left, total)),
            (Some(used), Some(left), None) => Some((used, used + left)),
            _ => None,
        };
        if let (None, Some((used, total))) = (numbers.pair, counted.filter(|(_, total)| *total > 0.0)) {
            numbers.pair = Some((used, total, None, true));
        }
        numbers
    }

    fn agree(&self) -> bool {
        let first = self.told.first().copied().unwrap_or(0.0);
        self.told.iter().all(|other| (other - first).abs() <= ROUNDING)
    }
}

fn of_row(row: &Row, around: &Around<'_>, notes: &mut Vec<DashboardNote>) -> Option<(Allowance, ReadingConfidence)> {
    let numbers = Numbers::of(row);
    let nameless = matches!(&row.covers, Covers::Feature(name) if name.is_empty());
    let Some(span) = row.span.filter(|_| !nameless) else {
        notes.extend(
            row.values
                .iter()
                .filter(|(kind, way)| way.is_some() || matches!(kind, Kind::Pair { .. }))
                .filter_map(|(kind, _)| no_window(kind)),
        );
        return None;
    };
    if !numbers.agree() {
        let numbers = numbers.told.iter().take(4).map(|percent| format!("{percent:.1}%")).collect();
        notes.push(DashboardNote::Disagree { window: row.name(), numbers });
        return None;
    }
    let Some((raw, confidence)) = used(row, span, &numbers, around.billing) else {
        if let (Some(percent), true) = (numbers.bare.first(), numbers.told.is_empty()) {
            notes.push(DashboardNote::UsedOrLeft { window: row.name(), number: format!("{percent}%") });
        }
        let limit = numbers.plain.filter(|limit| *limit > 0.0 && around.says_limit && numbers.bare.is_empty())?;
        return row.limit.map(|kind| (limit_alone(row, kind.id(), kind.metric, span, limit), ReadingConfidence::Low));
    };
    let reset = reset(row, around, notes);
    let window = raw.resetting(reset).at(around.now)?;
    let confidence = if window.stale { ReadingConfidence::Low } else { confidence };
    Some((window, confidence))
}

/// The use that the numbers tell, and how plainly.
fn used(row: &Row, span: Span, numbers: &Numbers, billing: Billing) -> Option<(Raw, ReadingConfidence)> {
    let metric = |of_pair: Option<Metric>| row.limit.map(|limit| limit.metric).or(of_pair);
    let raw = |metric| {
        let raw = Raw::of(span, metric).covering(row.covers.clone());
        match row.limit {
            Some(limit) => raw.called(&limit.id()),
            None => raw,
        }
    };
    let told = numbers.told.first().copied();
    if let Some((used, limit, unit, plainly)) = numbers.pair {
        let percent = used / limit * 100.0;
        let fits = told.is_none_or(|told| (told - percent).abs() <= ROUNDING + 0.5);
        if fits {
            let confidence =
                if plainly || told.is_some() { ReadingConfidence::High } else { ReadingConfidence::Medium };
            let metric = metric(unit).unwrap_or(Metric::PlanCredits);
            return Some((raw(metric).counts(Some(used), Some(limit)).percent(told), confidence));
        }
    }
    if let Some(percent) = told {
        return Some((raw(Metric::Percent).percent(Some(percent)), ReadingConfidence::High));
    }
    if let (Some(percent), true) = (numbers.bare.first(), row.usage) {
        return Some((raw(Metric::Percent).percent(Some(*percent)), ReadingConfidence::Medium));
    }
    let (used, limit, currency) = numbers.amounts?;
    let counts = currency == "USD" && billing != Billing::QuotaPlan;
    counts.then(|| (raw(Metric::Usd).counts(Some(used), Some(limit)), ReadingConfidence::Medium))
}

/// A page of limits does not say how much of one is used.
fn limit_alone(row: &Row, id: String, metric: Metric, span: Span, limit: f64) -> Allowance {
    Allowance {
        id,
        span,
        metric,
        covers: row.covers.clone(),
        used: None,
        limit: Some(limit),
        used_percent: None,
        raw_used_percent: None,
        reset_at: None,
        stale: false,
    }
}

fn reset(row: &Row, around: &Around<'_>, notes: &mut Vec<DashboardNote>) -> Option<Timestamp> {
    match row.reset {
        Some(When::At(at)) => Some(at),
        Some(When::Past) => {
            notes.push(DashboardNote::ResetPast { window: row.name() });
            around.now.checked_sub(SignedDuration::from_secs(1)).ok()
        }
        Some(When::Unclear) => {
            notes.push(DashboardNote::ResetUnclear { window: row.name(), text: String::new() });
            None
        }
        None => {
            let line = around.lines.get(row.unclear_line?).copied().unwrap_or_default();
            notes.push(DashboardNote::ResetUnclear { window: row.name(), text: quote(line, around.billing) });
            None
        }
    }
}

/// Words of money are not for accounts that do not run out of it, not even in a quotation.
const MONEY: &[&str] = &[
    "balance", "top-up", "top up", "recharge", "credit", "deplet", "paid", "pay", "余额", "充值", "欠费", "$", "¥", "€",
];

fn quote(line: &str, billing: Billing) -> String {
    let lower = line.to_lowercase();
    if billing != Billing::PrepaidCredits && MONEY.iter().any(|word| lower.contains(word)) {
        return String::new();
    }
    line.chars().take(60).collect()
}

fn no_window(kind: &Kind) -> Option<DashboardNote> {
    let number = match kind {
        Kind::Percent { percent, .. } => format!("{percent}%"),
        Kind::Pair { used, limit, .. } => format!("{used} / {limit}"),
        _ => return None,
    };
    Some(DashboardNote::NoWindow { number })
}

fn money(balances: &[(f64, &'static str)]) -> Option<Money> {
    let (available, currency) = *balances.first()?;
    Some(Money { available: Some(available), currency: Some(currency.to_owned()), extra_usage_left: None })
}
