//! A reading of the quota: windows as a provider reports them, and what they prove together.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::customs::Case;
use super::moment;
use super::reset::ResetRule;
use super::ruling::{Verdict, is};
use crate::domain::{Allowance, Covers, Finding, HealthState, Metric, ModelState, Money, ResetConfidence, Span};

/// What an answer says beside its health.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) windows: Vec<Allowance>,
    pub(super) money: Option<Money>,
    pub(super) plan: Option<String>,
    pub(super) models: Vec<ModelState>,
    pub(super) local_models: Option<usize>,
}

/// A window before it is checked against the clock.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) id: String,
    pub(super) span: Span,
    pub(super) metric: Metric,
    pub(super) covers: Covers,
    pub(super) used: Option<f64>,
    pub(super) limit: Option<f64>,
    /// Percent used, when the provider says it; else from used and limit.
    pub(super) percent: Option<f64>,
    pub(super) reset_at: Option<Timestamp>,
}

impl Raw {
    /// A window of the whole account, called after its span.
    pub(super) fn of(span: Span, metric: Metric) -> Self {
        let covers = Covers::Account;
        Self { id: span.id(), span, metric, covers, used: None, limit: None, percent: None, reset_at: None }
    }

    pub(super) fn called(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    pub(super) fn covering(mut self, covers: Covers) -> Self {
        self.covers = covers;
        self
    }

    pub(super) fn percent(mut self, percent: Option<f64>) -> Self {
        self.percent = percent;
        self
    }

    pub(super) fn counts(mut self, used: Option<f64>, limit: Option<f64>) -> Self {
        (self.used, self.limit) = (used, limit);
        self
    }

    pub(super) fn resetting(mut self, at: Option<Timestamp>) -> Self {
        self.reset_at = at;
        self
    }

    /// The window as it stands `now`; `None` when nothing is known of its use.
    pub(super) fn at(self, now: Timestamp) -> Option<Allowance> {
        let counted = match (self.used, self.limit) {
            (Some(used), Some(limit)) if limit > 0.0 => Some(used / limit * 100.0),
            _ => None,
        };
        let raw = self.percent.or(counted).filter(|percent| percent.is_finite())?;
        let reset_at = self.reset_at.map(moment::whole_seconds);
        let stale = reset_at.is_some_and(|at| at < now);
        let reset_at =
            reset_at.filter(|at| *at >= now && at.duration_since(now) <= SignedDuration::from_hours(40 * 24));
        let within = (0.0..=100.0).contains(&raw);
        Some(Allowance {
            id: self.id,
            span: self.span,
            metric: self.metric,
            covers: self.covers,
            used: self.used.filter(|_| !stale),
            limit: self.limit.filter(|_| !stale),
            used_percent: (!stale).then(|| raw.clamp(0.0, 100.0)),
            raw_used_percent: (!stale && !within).then_some(raw),
            reset_at,
            stale,
        })
    }
}

/// The span of a window that lasts so many seconds.
pub(super) fn span_of(secs: f64) -> Option<Span> {
    let hours = secs / 3600.0;
    Some(match hours {
        _ if !secs.is_finite() || secs <= 0.0 => return None,
        _ if secs <= 120.0 => Span::Minute,
        _ if hours < 23.0 => Span::Hours((hours.ceil() as u32).max(1)),
        _ if hours <= 26.0 => Span::Daily,
        _ if hours < 8.0 * 24.0 && hours > 6.0 * 24.0 => Span::Weekly,
        _ if hours > 27.0 * 24.0 && hours < 32.0 * 24.0 => Span::Monthly,
        _ => Span::Hours(hours.ceil().min(1e6) as u32),
    })
}

impl Reading {
    pub(super) fn of(windows: impl IntoIterator<Item = Option<Allowance>>) -> Self {
        let mut windows: Vec<_> = windows.into_iter().flatten().collect();
        windows.sort_by(|a, b| rank(a).cmp(&rank(b)));
        Self { windows, ..Self::default() }
    }

    pub(super) fn with_plan(mut self, plan: Option<&str>) -> Self {
        self.plan = plan.map(str::to_owned);
        self
    }

    pub(super) fn of_money(available: f64, currency: &str) -> Self {
        let money = Money { available: Some(available), currency: Some(currency.to_owned()), extra_usage_left: None };
        Self { money: Some(money), ..Self::default() }
    }

    /// What the windows prove together. The latest reset counts: chat waits for every used-up window.
    pub(super) fn verdict(mut self) -> Verdict {
        let account = |window: &&Allowance| window.covers == Covers::Account;
        let of_models = |window: &&Allowance| matches!(window.covers, Covers::Model(_));
        let used_up: Vec<&Allowance> = self.windows.iter().filter(account).filter(|window| window.used_up()).collect();
        let models: Vec<&Allowance> = self.windows.iter().filter(of_models).collect();
        let all_models = !models.is_empty()
            && models.iter().all(|window| window.used_up())
            && !self.windows.iter().any(|window| account(&window));
        let closed = if used_up.is_empty() && all_models { models } else { used_up };
        if let Some(last) = closed.iter().max_by_key(|window| (window.reset_at.unwrap_or(Timestamp::MAX), window.span))
        {
            let reset = last.reset_at.map_or(ResetRule::Never, |at| ResetRule::At(at, ResetConfidence::Exact));
            let reason = format!("window_{}_exhausted", last.id);
            return Verdict::from(is(Finding::LimitHit).until(reset)).with_reason(reason).with_reading(self);
        }
        self.models =
            self.windows.iter().filter(of_models).filter(|window| window.used_up()).filter_map(model_state).collect();
        let finding = if !self.models.is_empty() {
            Finding::ModelUsedUp
        } else if self.windows.iter().any(|window| window.stale && account(&window)) {
            Finding::QuotaStale
        } else {
            Finding::Serves
        };
        Verdict::from(finding).with_reading(self)
    }
}

fn model_state(window: &Allowance) -> Option<ModelState> {
    let Covers::Model(model) = &window.covers else { return None };
    Some(ModelState { model: model.clone(), state: HealthState::QuotaExhausted, reset_at: window.reset_at })
}

fn rank(window: &Allowance) -> (u8, Span, Metric, &str, &Covers) {
    let kind = match window.covers {
        Covers::Account => 0,
        Covers::Model(_) => 1,
        Covers::Feature(_) => 2,
    };
    (kind, window.span, window.metric, &window.id, &window.covers)
}

/// The counters in the headers of any answer, as windows.
pub(super) fn of_headers(case: &Case<'_>) -> Vec<Allowance> {
    let now = case.evidence.now;
    let buckets = case.headers.buckets(now).into_iter();
    let windows = buckets.map(|bucket| {
        let (id, span, metric) = bucket_kind(&bucket.name, case)?;
        let used = bucket.limit.zip(bucket.remaining).map(|(limit, left)| limit - left);
        let reset = bucket.reset_at.filter(|at| *at >= now);
        Raw::of(span, metric).called(&id).counts(used, bucket.limit).resetting(reset).at(now)
    });
    Reading::of(windows).windows
}

/// `input-tokens` becomes `input_tokens_minute`. At Groq requests are counted by the day.
fn bucket_kind(name: &str, case: &Case<'_>) -> Option<(String, Span, Metric)> {
    let base = name.trim_end_matches("-minute").trim_end_matches("-day");
    let daily = name.ends_with("-day") || (case.service == crate::domain::Service::Groq && base == "requests");
    let base = if base == "req" { "requests" } else { base };
    let metric = match base {
        _ if base.ends_with("tokens") => Metric::Tokens,
        _ if base.ends_with("requests") => Metric::Requests,
        _ => return None,
    };
    let (span, ending) = if daily { (Span::Daily, "daily") } else { (Span::Minute, "minute") };
    Some((format!("{}_{ending}", base.replace('-', "_")), span, metric))
}

/// A moment in a field of a reading.
pub(super) fn moment_in(value: &Value, keys: &[&str], case: &Case<'_>) -> Option<Timestamp> {
    keys.iter().find_map(|key| moment::written(value.get(key)?, case.naive()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Raw, Reading, span_of};
    use crate::domain::{Finding, Metric, Span};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn percents_stay_within_bounds_and_the_provider_s_own_is_kept() {
        let now = at("2026-11-20T08:00:00Z");
        let window = |percent| Raw::of(Span::Weekly, Metric::Percent).percent(Some(percent)).at(now).expect("a window");
        let told = |percent| (window(percent).used_percent, window(percent).raw_used_percent);
        assert_eq!(told(104.2), (Some(100.0), Some(104.2)));
        assert_eq!(told(-1.0), (Some(0.0), Some(-1.0)));
        assert_eq!(told(40.0), (Some(40.0), None));
        let none = Raw::of(Span::Weekly, Metric::Requests).counts(Some(0.0), Some(0.0)).at(now);
        assert_eq!(none, None, "nothing of nothing is not a hundred percent");
    }

    #[test]
    fn a_window_without_a_date_leaves_the_end_unknown() {
        let now = at("2026-11-20T08:00:00Z");
        let window = |span, reset: Option<&str>| {
            Raw::of(span, Metric::Percent).percent(Some(100.0)).resetting(reset.map(at)).at(now)
        };
        let verdict =
            Reading::of([window(Span::Hours(5), Some("2026-11-20T10:00:00Z")), window(Span::Weekly, None)]).verdict();
        assert_eq!(verdict.ruling.finding, Finding::LimitHit);
        assert_eq!(verdict.reason.as_deref(), Some("window_weekly_exhausted"));
        assert_eq!(verdict.ruling.reset, Some(super::ResetRule::Never));
    }

    #[test]
    fn a_window_is_named_after_its_length() {
        let cases = [
            (60.0, Some(Span::Minute)),
            (3600.0, Some(Span::Hours(1))),
            (18_000.0, Some(Span::Hours(5))),
            (86_400.0, Some(Span::Daily)),
            (604_800.0, Some(Span::Weekly)),
            (2_592_000.0, Some(Span::Monthly)),
            (0.0, None),
            (f64::NAN, None),
        ];
        for (secs, span) in cases {
            assert_eq!(span_of(secs), span, "{secs}");
        }
    }
}
