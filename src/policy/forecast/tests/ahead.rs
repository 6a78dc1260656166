//! Where a window will be read: on the way that is foretold, and after its reset in the turn that holds then.

use super::*;
use crate::policy::forecast::windows_at;

fn read(life: &Life, at: Timestamp) -> QuotaWindow {
    let obs = observe(crons(), vec![life.window()]);
    let windows = windows_at(&learn(&life.history(), &obs), &obs, &Settings::default(), at);
    windows[&AccountId::new("acme")][0].clone()
}

#[test]
fn before_its_reset_it_is_where_the_forecast_has_it() {
    let (life, evening) = (LIFE, mins(5 * 60));
    let window = read(&life, evening);
    let obs = observe(crons(), vec![life.window()]);
    let expected = only(&told(&life.history(), &obs)).expected(evening).expect("a way").likely;
    assert!(near(window.used_ratio, expected, 0.01), "{} and {expected}", window.used_ratio);
    assert!(near(window.used_ratio, life.used(evening), 0.02), "{}", window.used_ratio);
    assert_eq!((window.observed_at, window.resets_at), (evening, life.window().resets_at));
}

#[test]
fn after_its_reset_it_has_what_was_used_since() {
    for (hours, of_day) in [(16, 6.0), (10, 0.0), (24 * 5 + 2, 16.0)] {
        let at = mins(hours * 60);
        let window = read(&LIFE, at);
        let expected = of_day * 12.0 * LIFE.ratio;
        assert!(near(window.used_ratio, expected, 0.02), "in {hours} h: {} and {expected}", window.used_ratio);
        let left = window.resets_at.expect("a reset").duration_since(at);
        assert_eq!(left, SignedDuration::from_hours(24) - SignedDuration::from_hours(of_day as i64), "in {hours} h");
    }
}

#[test]
fn what_runs_out_is_used_up_until_its_reset() {
    let life = Life { ratio: 1.0 / 220.0, ..LIFE };
    let late = mins(9 * 60 + 55);
    assert_eq!(read(&life, late).used_ratio.to_bits(), 1.0_f64.to_bits());
    assert_eq!(read(&life, late).resets_at, life.window().resets_at);
}

#[test]
fn of_what_was_never_seen_only_the_reset_is_told() {
    let obs = observe(crons(), vec![LIFE.window()]);
    let nothing = learn(&UsageHistory::default(), &obs);
    let used = |at| windows_at(&nothing, &obs, &Settings::default(), at)[&AccountId::new("acme")][0].used_ratio;
    assert!(near(used(mins(60)), LIFE.window().used_ratio, 1e-9), "it stays what was read");
    assert!(near(used(mins(24 * 60)), 0.0, 1e-9));
}
