//! What will become of a quota window, in words: when it runs out, where it will be, or why nothing is said.
//!
//! Invariant: what is not claimed is never said as if it were, and a claim comes with how sure it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::time::hour_and_minute;
use super::{Speech, account_name, clock, count, limit_name, list, source, span};
use crate::domain::{
    BandPoint, Claim, Cluster, ComingRuns, Confidence, Forecast, Learning, ProviderAccount, Settings, Silence,
    TrackRecord, Unit, WindowForecast,
};

/// "weekly", "requests day, gemini-3-flash".
#[must_use]
pub fn forecast_window(window: &WindowForecast) -> String {
    limit_name(&window.label, &window.covers)
}

/// A share of a window, such as "48%".
#[must_use]
pub fn percent(ratio: f64) -> String {
    format!("{:.0}%", ratio * 100.0)
}

/// In few words, for beside a bar: "runs out 13:40 ± 40 min", "quota limit hit — resets 08:00". `None` where the bar says it.
#[must_use]
pub fn claim_in_short(window: &WindowForecast, speech: &Speech<'_>) -> Option<String> {
    Some(match &window.claim {
        Claim::RunsOut { early, likely, late, .. } => {
            let at = clock(*likely, speech);
            match late {
                Some(late) => format!("runs out {at} ± {}", span(half_of(*early, *late))),
                None => format!("runs out {at}, or lasts"),
            }
        }
        Claim::Lasts { .. } => return None,
        Claim::UsedUp => match window.resets_at {
            Some(at) => format!("quota limit hit — resets {}", clock(at, speech)),
            None => "quota limit hit — reset not reported".to_owned(),
        },
        Claim::Learning(learning) => learning_in_short(*learning),
        Claim::Silent(silence) => silence_in_short(*silence),
    })
}

/// In fewer words still, where those leave no room: "runs out 13:40".
#[must_use]
pub fn claim_in_brief(window: &WindowForecast, speech: &Speech<'_>) -> Option<String> {
    let Claim::RunsOut { likely, .. } = &window.claim else { return None };
    Some(format!("runs out {}", clock(*likely, speech)))
}

/// The whole of it, for a table and a screen reader.
#[must_use]
pub fn claim(window: &WindowForecast, speech: &Speech<'_>) -> String {
    match &window.claim {
        Claim::RunsOut { early, likely, late, chance } => {
            let within = match late {
                Some(late) => format!("{}–{}", clock(*early, speech), clock(*late, speech)),
                None => format!("from {} on, or not at all", clock(*early, speech)),
            };
            let before = window.resets_at.filter(|reset| reset > likely);
            let before = before.map(|reset| format!(", {} before its reset", span(reset.duration_since(*likely))));
            let before = before.unwrap_or_default();
            format!("runs out {} ({within}){before}, {} likely", clock(*likely, speech), self::chance(*chance))
        }
        Claim::Lasts { at_reset, at_worst, chance } => {
            let worst = at_worst
                .map(|at| format!("; used up {} if much is used, {} likely", clock(at, speech), self::chance(*chance)));
            format!("lasts until its reset, {} used then{}", band(at_reset), worst.unwrap_or_default())
        }
        Claim::UsedUp => claim_in_short(window, speech).unwrap_or_default(),
        Claim::Learning(Learning::Readings { seen, needed }) => {
            format!("still learning what uses it: {seen} of {needed} stretches between two readings were seen")
        }
        Claim::Silent(silence) => match silence {
            Silence::BarelyBegun => "just begun: too little of it has passed or was used to tell".to_owned(),
            Silence::NotStarted => "not started: it begins with its first use".to_owned(),
            Silence::Stale { age } => format!("last read {} ago, which is too old to tell from", span(*age)),
            Silence::RolledOver => "its reset has passed, and nobody has read it since".to_owned(),
            Silence::NoReset => "nobody tells when it resets".to_owned(),
            Silence::PaceAlone => {
                "used in bursts outside of the schedule: where it may go is drawn, no moment is told".to_owned()
            }
            Silence::Down => "its account is down, and nobody says until when: nothing uses it".to_owned(),
            Silence::NotOfRuns => "no scheduled run waits for it".to_owned(),
        },
    }
}

/// Nothing that is foretold is certain.
fn chance(chance: f64) -> String {
    percent(chance.clamp(0.01, 0.99))
}

fn half_of(early: Timestamp, late: Timestamp) -> SignedDuration {
    late.duration_since(early) / 2
}

fn learning_in_short(Learning::Readings { seen, needed }: Learning) -> String {
    format!("still learning: {seen} of {needed} readings")
}

fn silence_in_short(silence: Silence) -> String {
    match silence {
        Silence::BarelyBegun => "just begun".to_owned(),
        Silence::NotStarted => "begins with its first use".to_owned(),
        Silence::Stale { age } => format!("last read {} ago", span(age)),
        Silence::RolledOver => "rolled over, not read since".to_owned(),
        Silence::NoReset => "reset not reported".to_owned(),
        Silence::PaceAlone => "used in bursts: no moment told".to_owned(),
        Silence::Down => "its account is down".to_owned(),
        Silence::NotOfRuns => "no scheduled run waits for it".to_owned(),
    }
}

/// "62% (55–70%)".
#[must_use]
pub fn band(point: &BandPoint) -> String {
    let (low, high) = (percent(point.low), percent(point.high));
    let likely = percent(point.likely);
    if low == high { likely } else { format!("{likely} ({}–{high})", low.trim_end_matches('%')) }
}

/// How far a claim can be trusted, and from what: "good confidence, from 120 readings and 640 runs since 28 Oct 06:00".
#[must_use]
pub fn basis(window: &WindowForecast, speech: &Speech<'_>) -> String {
    let basis = &window.basis;
    let since = basis.since.map(|since| format!(" since {}", clock(since, speech))).unwrap_or_default();
    let from = format!(
        "from {} and {}{since}",
        count(basis.n_stretches as usize, "reading"),
        count(basis.n_runs as usize, "run")
    );
    format!("{} confidence, {from}", confidence(basis.confidence))
}

#[must_use]
pub const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Fair => "fair",
        Confidence::Good => "good",
    }
}

/// What a window's coming use is made of: "31 scheduled runs take 22%, other use 4%".
#[must_use]
pub fn growth(window: &WindowForecast) -> String {
    let growth = &window.growth;
    let runs = format!("{} take {}", count(growth.n_runs as usize, "scheduled run"), percent(growth.scheduled_ratio));
    let variable = match growth.n_variable {
        0 => String::new(),
        n => format!(", among it {} on events", count(n as usize, "cron")),
    };
    format!("{runs}, other use {}{variable}", percent(growth.other_ratio))
}

/// What one unit takes: "1 M tokens take 0.8%".
#[must_use]
pub fn weight(window: &WindowForecast) -> Option<String> {
    let ratio = window.basis.ratio_per_unit?;
    let unit = match window.basis.unit {
        Unit::MillionTokens => "1 M tokens take",
        Unit::Run => "a run takes",
    };
    Some(format!("{unit} {:.1}%", ratio * 100.0))
}

/// What the owner of an account keeps, and who heeds it: "20% of each quota is kept free for you: by advice, and by distribution, which
/// looks at quotas".
#[must_use]
pub fn kept_free(ratio: f64, settings: &Settings) -> String {
    let who = if settings.distribution.quota_aware {
        "by advice, and by distribution, which looks at quotas"
    } else {
        "by advice; distribution does not look at quotas"
    };
    format!("{} of each quota is kept free for you: {who}", percent(ratio))
}

/// What keeping a part of a quota free means.
pub const WHO_KEEPS_FREE: &str = "Advice leaves that much of it alone, and so does distribution where it looks at quotas (Settings, Thresholds). \
     What else is planned does not look at it";

/// Who read it and when: "Kimi, 1 min ago".
#[must_use]
pub fn forecast_source(window: &WindowForecast, account: Option<&ProviderAccount>, speech: &Speech<'_>) -> String {
    let age = super::age(window.observed_at, speech.now);
    match account {
        Some(account) => format!("{}, {age}", source(window.source, account)),
        None => format!("read {age}"),
    }
}

/// How old the numbers are, by who told them: "gateway 2 min ago, Kimi now". The oldest of each counts.
#[must_use]
pub fn numbers_from(windows: &[(&WindowForecast, &ProviderAccount)], speech: &Speech<'_>) -> String {
    let mut oldest: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (window, account) in windows {
        let at = oldest.entry(source(window.source, account)).or_insert(window.observed_at);
        *at = window.observed_at.min(*at);
    }
    let said: Vec<_> = oldest.iter().map(|(from, at)| format!("{from} {}", super::age(*at, speech.now))).collect();
    said.join(", ")
}

/// When it comes back: "resets 18:00", or what is known instead.
#[must_use]
pub fn forecast_reset(window: &WindowForecast, speech: &Speech<'_>) -> String {
    match window.resets_at {
        Some(at) if at <= speech.now => format!("rolled over {}", clock(at, speech)),
        Some(at) => clock(at, speech),
        None => "not reported".to_owned(),
    }
}

/// "31 runs start together on Kimi at :00 and :30." The minutes are those of the clock here.
#[must_use]
pub fn clusters(coming: &ComingRuns, speech: &Speech<'_>) -> Option<String> {
    let first = coming.clusters.first()?;
    let minute = |at: Timestamp| format!(":{}", &hour_and_minute(speech.zone.to_datetime(at))[3..]);
    let alike = |cluster: &&Cluster| cluster.account == first.account && cluster.n_together * 2 >= first.n_together;
    let big: Vec<_> = coming.clusters.iter().filter(alike).take(4).collect();
    let same = big.iter().all(|cluster| cluster.n_together == first.n_together);
    let minutes: Vec<_> = big.iter().map(|cluster| minute(cluster.at)).collect();
    let up_to = if same { "" } else { "Up to " };
    let (runs, account) = (count(first.n_together as usize, "run"), account_name(&first.account));
    Some(format!("{up_to}{runs} start together on {account} at {}.", list(&minutes)))
}

/// "right 13 of the last 14 times", or what is missing for that.
#[must_use]
pub fn record(record: &TrackRecord) -> String {
    match record.claims.len() {
        0 => "no claim could be judged yet: that needs windows that are over".to_owned(),
        1 => format!("right {} of 1 time", record.n_right()),
        n => format!("right {} of the last {n} times", record.n_right()),
    }
}

/// What the whole forecast rests on, and how good it was.
#[must_use]
pub fn forecast_footer(forecast: &Forecast) -> String {
    let made_of = "Forecast from scheduled runs and their measured tokens";
    let learning = |window: &&WindowForecast| matches!(window.claim, Claim::Learning(_));
    let n_learning = forecast.windows.iter().filter(learning).count();
    let still = match n_learning {
        0 => String::new(),
        n if n == forecast.windows.len() => " · still learning: a few hours of readings are needed".to_owned(),
        n => format!(" · still learning {}", count(n, "window")),
    };
    format!("{made_of} · {}{still}", record(&forecast.record))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::testing::{World, at, world};
    use super::{basis, claim, claim_in_short, clusters, forecast_footer, growth, kept_free, numbers_from, record};
    use crate::domain::{
        AccountId, BandPoint, Basis, Claim, Cluster, ComingRuns, Confidence, Forecast, Growth, Learning, ModelScope,
        PastClaim, ProviderAccount, Settings, Silence, Source, TrackRecord, WindowForecast, WindowStart,
    };

    #[test]
    fn what_is_kept_free_says_who_heeds_it() {
        let mut settings = Settings::default();
        let said = kept_free(0.2, &settings);
        assert_eq!(said, "20% of each quota is kept free for you: by advice; distribution does not look at quotas");
        settings.distribution.quota_aware = true;
        let said = kept_free(0.2, &settings);
        assert_eq!(
            said,
            "20% of each quota is kept free for you: by advice, and by distribution, which looks at quotas"
        );
    }

    fn window(claim: Claim) -> WindowForecast {
        WindowForecast {
            account: AccountId::new("kimi"),
            label: "weekly".to_owned(),
            span: None,
            metric: None,
            covers: ModelScope::All,
            used_ratio: 0.71,
            observed_at: at("2026-11-23 05:59"),
            source: Source::Probe,
            resets_at: Some(at("2026-11-24 09:00")),
            started_at: None,
            starts: WindowStart::Unknown,
            claim,
            band: Vec::new(),
            growth: Growth { scheduled_ratio: 0.22, other_ratio: 0.04, n_runs: 31, n_variable: 2, by_cron: Vec::new() },
            basis: Basis { confidence: Confidence::Good, n_stretches: 120, n_runs: 640, ..Basis::default() },
            past: Vec::new(),
            next: Vec::new(),
        }
    }

    fn point(low: f64, likely: f64, high: f64) -> BandPoint {
        BandPoint { at: at("2026-11-24 09:00"), low, likely, high }
    }

    fn said(world: &World, what: Claim) -> (Option<String>, String) {
        let window = window(what);
        (claim_in_short(&window, &world.speech()), claim(&window, &world.speech()))
    }

    #[test]
    fn a_claim_names_its_moment_and_how_sure_it_is() {
        let world = world();
        let runs_out =
            |late| Claim::RunsOut { early: at("2026-11-23 13:00"), likely: at("2026-11-23 13:40"), late, chance: 0.9 };
        let (short, whole) = said(&world, runs_out(Some(at("2026-11-23 14:20"))));
        assert_eq!(short.as_deref(), Some("runs out 13:40 ± 40 min"));
        assert_eq!(whole, "runs out 13:40 (13:00–14:20), 19 h before its reset, 90% likely");
        let (short, whole) = said(&world, runs_out(None));
        assert_eq!(short.as_deref(), Some("runs out 13:40, or lasts"));
        assert!(whole.contains("(from 13:00 on, or not at all)"), "{whole}");

        let lasts = |at_worst| Claim::Lasts { at_reset: point(0.55, 0.62, 0.7), at_worst, chance: 0.2 };
        let (short, whole) = said(&world, lasts(None));
        assert_eq!((short, whole.as_str()), (None, "lasts until its reset, 62% (55–70%) used then"));
        let (_, whole) = said(&world, lasts(Some(at("2026-11-24 07:00"))));
        assert!(whole.ends_with("; used up tomorrow 07:00 if much is used, 20% likely"), "{whole}");

        let (short, whole) = said(&world, Claim::UsedUp);
        assert_eq!(short.as_deref(), Some("quota limit hit — resets tomorrow 09:00"));
        assert_eq!(whole, "quota limit hit — resets tomorrow 09:00");
    }

    #[test]
    fn what_is_not_claimed_says_why() {
        let world = world();
        let cases = [
            (Claim::Learning(Learning::Readings { seen: 3, needed: 8 }), "still learning: 3 of 8 readings"),
            (Claim::Silent(Silence::BarelyBegun), "just begun"),
            (Claim::Silent(Silence::NotStarted), "begins with its first use"),
            (Claim::Silent(Silence::Stale { age: SignedDuration::from_hours(7) }), "last read 7 h ago"),
            (Claim::Silent(Silence::RolledOver), "rolled over, not read since"),
            (Claim::Silent(Silence::NoReset), "reset not reported"),
            (Claim::Silent(Silence::PaceAlone), "used in bursts: no moment told"),
            (Claim::Silent(Silence::Down), "its account is down"),
            (Claim::Silent(Silence::NotOfRuns), "no scheduled run waits for it"),
        ];
        for (what, expected) in cases {
            let (short, whole) = said(&world, what);
            assert_eq!(short.as_deref(), Some(expected));
            assert!(!whole.contains("runs out") && !whole.contains("lasts"), "{whole}");
        }
    }

    #[test]
    fn what_a_claim_rests_on_is_said_with_it() {
        let world = world();
        let window = window(Claim::UsedUp);
        assert_eq!(basis(&window, &world.speech()), "good confidence, from 120 readings and 640 runs");
        assert_eq!(growth(&window), "31 scheduled runs take 22%, other use 4%, among it 2 crons on events");
    }

    #[test]
    fn minutes_at_which_many_start_are_those_of_the_clock_here() {
        let mut world = world();
        let cluster = |n_together, moment| Cluster {
            account: AccountId::new("kimi"),
            minute: 0,
            n_together,
            at: at(moment),
            n_crons: n_together,
        };
        let coming = |clusters| ComingRuns { clusters, ..ComingRuns::default() };
        let both = coming(vec![cluster(31, "2026-11-23 07:00"), cluster(31, "2026-11-23 06:30")]);
        assert_eq!(clusters(&both, &world.speech()).as_deref(), Some("31 runs start together on Kimi at :00 and :30."));
        world.zone = jiff::tz::TimeZone::get("Asia/Kolkata").expect("a zone");
        let first = coming(vec![cluster(31, "2026-11-23 07:00"), cluster(2, "2026-11-23 06:15")]);
        assert_eq!(clusters(&first, &world.speech()).as_deref(), Some("31 runs start together on Kimi at :30."));
        assert_eq!(clusters(&coming(Vec::new()), &world.speech()), None);
    }

    #[test]
    fn numbers_are_as_old_as_the_oldest_of_their_source() {
        let world = world();
        let account = ProviderAccount::implied(AccountId::new("kimi"));
        let old = WindowForecast { observed_at: at("2026-11-23 05:40"), ..window(Claim::UsedUp) };
        let told = WindowForecast { source: Source::UsageStatus, observed_at: world.now, ..old.clone() };
        let windows = [(&window(Claim::UsedUp), &account), (&old, &account), (&told, &account)];
        assert_eq!(numbers_from(&windows, &world.speech()), "Kimi 20 min ago, gateway now");
    }

    #[test]
    fn the_record_counts_what_was_right() {
        let past = |right| PastClaim {
            account: AccountId::new("kimi"),
            label: "weekly".to_owned(),
            at: at("2026-11-20 06:00"),
            said: Claim::UsedUp,
            ran_out_at: None,
            right,
        };
        let judged = TrackRecord { claims: vec![past(true), past(false), past(true)] };
        assert_eq!(record(&judged), "right 2 of the last 3 times");
        let windows = vec![window(Claim::Learning(Learning::Readings { seen: 0, needed: 8 }))];
        let now = at("2026-11-23 06:00");
        let forecast =
            Forecast { at: now, until: now, windows, coming: ComingRuns::default(), record: TrackRecord::default() };
        assert_eq!(
            forecast_footer(&forecast),
            "Forecast from scheduled runs and their measured tokens · no claim could be judged yet: that needs \
             windows that are over · still learning: a few hours of readings are needed"
        );
    }
}
