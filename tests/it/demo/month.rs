//! The month before a demo begins: believable, the same for the same seed, and such that a forecast can learn from it.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::demo::{Demo, DemoClock, DemoOptions, Month, cron_id};
use model_orchestrator::domain::{AccountId, QuotaWindow, RunRecord, RunStatus};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn month_before(now: Timestamp) -> Month {
    let options = DemoOptions { clock: DemoClock::Manual(now), ..DemoOptions::default() };
    Demo::start(options).unwrap().month()()
}

fn of<'a>(month: &'a Month, account: &str, label: &str) -> Vec<&'a QuotaWindow> {
    let fits = |(id, window): &&'a (AccountId, QuotaWindow)| id.as_str() == account && window.label == label;
    month.readings.iter().filter(fits).map(|(_, window)| window).collect()
}

/// Use within each period, in percent: what was read last before the window began anew.
fn peaks(readings: &[&QuotaWindow]) -> BTreeMap<Timestamp, f64> {
    let resets = readings.iter().map(|window| (window.resets_at.unwrap(), window.used_ratio * 100.0));
    let mut peaks: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for (reset, used) in resets {
        let peak = peaks.entry(reset).or_default();
        *peak = peak.max(used);
    }
    peaks
}

#[test]
fn every_window_fills_from_its_beginning_to_its_reset_and_ends_where_it_stands() {
    let now = at("2026-11-25T14:20:00Z");
    let month = month_before(now);
    for (account, label, used_now) in [
        ("anthropic", "5h", 38.0),
        ("anthropic", "Week", 54.0),
        ("google", "Daily", 30.0),
        ("kimi", "5h", 22.0),
        ("kimi", "Week", 31.0),
        ("openai", "5h", 9.0),
        ("zai", "5h", 83.0),
        ("zai", "Week", 31.0),
    ] {
        let readings = of(&month, account, label);
        assert!(readings.len() > 300, "{account} {label}: {}", readings.len());
        let mut before: Option<&QuotaWindow> = None;
        for reading in &readings {
            assert!(reading.observed_at <= now && reading.resets_at > Some(reading.observed_at));
            if let Some(before) = before {
                assert!(before.observed_at < reading.observed_at);
                let same = before.resets_at == reading.resets_at;
                assert!(!same || before.used_ratio <= reading.used_ratio, "{account} {label} never shrinks");
            }
            before = Some(reading);
        }
        let last = readings.last().unwrap();
        assert!((last.used_ratio * 100.0 - used_now).abs() <= 1.0, "{account} {label}: {}", last.used_ratio);
        let highest = peaks(&readings).into_values().fold(0.0, f64::max);
        assert!(highest < 97.0, "{account} {label} never ran out: {highest}");
    }
}

#[test]
fn runs_follow_the_schedules_and_week_ends_are_quieter() {
    let now = at("2026-11-25T14:20:00Z");
    let month = month_before(now);
    assert!(month.runs.len() > 20_000, "{}", month.runs.len());
    assert!(month.runs.iter().all(|run| run.at > now - SignedDuration::from_hours(24 * 30) && run.finished_at < now));
    assert!(month.runs.windows(2).all(|pair| (&pair[0].cron, pair[0].at) < (&pair[1].cron, pair[1].at)));
    let well = month.runs.iter().filter(|run| run.status == RunStatus::Ok && run.usage.is_some()).count();
    assert!(well * 100 > month.runs.len() * 98, "few failed");
    let (mut weekdays, mut weekends) = (Vec::new(), Vec::new());
    // What is used by hand alone.
    for (reset, peak) in peaks(&of(&month, "openai", "5h")) {
        let day = (reset - SignedDuration::from_hours(4)).to_zoned(TimeZone::UTC);
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if (9..16).contains(&day.hour()) {
            if weekend { &mut weekends } else { &mut weekdays }.push(peak);
        }
    }
    let mean = |peaks: &[f64]| peaks.iter().sum::<f64>() / peaks.len() as f64;
    assert!(mean(&weekends) * 2.0 < mean(&weekdays), "{weekends:?} {weekdays:?}");
}

#[test]
fn whenever_the_demo_begins_googles_day_is_too_short_for_what_is_scheduled_and_was_long_enough_before() {
    for hour in (0..24).step_by(3) {
        let now = at("2026-11-25T00:20:00Z") + SignedDuration::from_hours(hour);
        let month = month_before(now);
        let readings = of(&month, "google", "Daily");
        let last = readings.last().unwrap();
        let left = last.resets_at.unwrap().duration_since(now).as_secs_f64() / 3_600.0;
        // What its runs use in an hour, by the last day; two of them ran half as often before this one.
        let began = last.resets_at.unwrap() - SignedDuration::from_hours(24);
        let doubled = ["uptime-probe", "partner-api-ping"].map(cron_id);
        let recent = |run: &&RunRecord| {
            run.provider.as_deref() == Some("google") && run.at > now - SignedDuration::from_hours(24)
        };
        let tokens = |run: &RunRecord| {
            let times = if run.at < began && doubled.contains(&run.cron) { 2 } else { 1 };
            run.usage.map_or(0, |used| used.total) * times
        };
        let tokens: u64 = month.runs.iter().filter(recent).map(tokens).sum();
        let an_hour = tokens as f64 / 1_000.0 * 0.041 / 23.3;
        let out_in = (100.0 - last.used_ratio * 100.0) / an_hour;
        assert!(
            out_in < left * 0.9,
            "at {now}: {:.0} % used, out in {out_in:.1} h of {left:.1}",
            last.used_ratio * 100.0
        );
        let peaks: Vec<f64> = peaks(&readings).into_values().collect();
        assert!(peaks[1..28].iter().all(|peak| (50.0..96.0).contains(peak)), "{peaks:?}");
    }
}

#[test]
fn it_is_the_same_month_for_the_same_moment() {
    let now = at("2026-11-25T14:20:00Z");
    let (one, other) = (month_before(now), month_before(now));
    assert_eq!(one.runs, other.runs);
    assert_eq!(one.readings, other.readings);
}
