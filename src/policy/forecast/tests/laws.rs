//! What holds whatever was read and whatever runs.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{LARGE, cron, mins, now, observe, run, told};
use crate::domain::{
    AccountId, Claim, Metric, ModelScope, QuotaSample, QuotaWindow, Schedule, Settings, Source, Span, UsageHistory,
    WindowForecast, WindowHistory,
};
use crate::policy::track_record;

const SPANS: [Option<Span>; 7] = [
    None,
    Some(Span::Minute),
    Some(Span::Hours(5)),
    Some(Span::Daily),
    Some(Span::Weekly),
    Some(Span::Monthly),
    Some(Span::Endless),
];

/// Minutes before now, share used, minutes until its reset.
type Reading = (i64, f64, Option<i64>);

fn reading() -> impl Strategy<Value = Reading> {
    let used =
        prop_oneof![0.0..1.1_f64, Just(0.0), Just(1.0), (0..100_u8).prop_map(|percent| f64::from(percent) / 100.0)];
    let left = prop_oneof![(-60..20_000_i64).prop_map(Some), Just(None), Just(Some(5_000_000))];
    (0..50_000_i64, used, left)
}

fn sample((ago, used_ratio, left): Reading) -> QuotaSample {
    let resets_at = left.map(|left| mins(left - ago));
    QuotaSample { at: mins(-ago), used_ratio, resets_at, source: Source::UsageStatus }
}

/// Two kinds of crons, and how often the second starts.
fn schedules(every: i64) -> [Schedule; 2] {
    let expr = "*/10 * * * *".to_owned();
    [
        Schedule::Cron { expr, zone: Some("Europe/Brussels".to_owned()), stagger: Some(SignedDuration::from_mins(3)) },
        Schedule::Every { every: SignedDuration::from_mins(every), anchor: Some(now()) },
    ]
}

fn holds(window: &WindowForecast) -> Result<(), TestCaseError> {
    for point in &window.band {
        prop_assert!(point.low <= point.likely && point.likely <= point.high, "{point:?}");
        prop_assert!(point.low >= 0.0 && point.high.is_finite(), "{point:?}");
    }
    for two in window.band.windows(2) {
        prop_assert!(two[0].at < two[1].at && two[0].likely <= two[1].likely && two[0].high <= two[1].high, "{two:?}");
    }
    let reset = window.resets_at.unwrap_or(now());
    match &window.claim {
        Claim::RunsOut { early, likely, late, chance } => {
            prop_assert!(now() <= *early && early <= likely && *likely <= reset, "{:?}", window.claim);
            prop_assert!(late.is_none_or(|late| *likely <= late && late <= reset), "{:?}", window.claim);
            prop_assert!((0.5 - 1e-3..=1.0).contains(chance), "{chance}");
        }
        Claim::Lasts { at_worst, chance, .. } => {
            prop_assert!(at_worst.is_none_or(|worst| now() <= worst && worst <= reset), "{:?}", window.claim);
            prop_assert!((0.0..=0.5 + 1e-3).contains(chance), "{chance}");
        }
        Claim::UsedUp | Claim::Learning(_) | Claim::Silent(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_forecast_is_in_order_and_within_its_window(
        readings in prop::collection::vec(reading(), 0..120),
        runs in prop::collection::vec((0..50_000_i64, 0..3_000_000_u64), 0..200),
        shown in reading(),
        span in prop::sample::select(&SPANS[..]),
        requests in any::<bool>(),
        every in 1..3_000_i64,
    ) {
        let metric = Some(if requests { Metric::Requests } else { Metric::Percent });
        let mut samples: Vec<QuotaSample> = readings.into_iter().map(sample).collect();
        samples.sort_by_key(|sample| sample.at);
        samples.dedup_by_key(|sample| sample.at);
        let mut runs: Vec<_> = runs.into_iter().map(|(ago, tokens)| run("a", mins(-ago), tokens)).collect();
        runs.sort_by_key(|run| run.at);
        let past = WindowHistory { span, metric, covers: ModelScope::All, samples };
        let history = UsageHistory { windows: BTreeMap::from([((AccountId::new("acme"), "W".to_owned()), past)]), runs };
        let now_shown = sample((shown.0 % 600, shown.1, shown.2));
        let window = QuotaWindow {
            span,
            metric,
            resets_at: now_shown.resets_at,
            ..QuotaWindow::new("W", now_shown.used_ratio, now_shown.at, Source::UsageStatus)
        };
        let [first, second] = schedules(every);
        let obs = observe(vec![cron("a", LARGE, first), cron("b", LARGE, second)], vec![window]);
        let one = told(&history, &obs);
        prop_assert_eq!(&one, &told(&history, &obs));
        for window in &one.windows {
            holds(window)?;
        }
        prop_assert!(one.coming.starts.is_sorted());
        for claim in track_record(&history, &obs, &Settings::default()).claims {
            prop_assert!(claim.at < now());
        }
    }
}
