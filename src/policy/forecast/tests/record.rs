//! Claims of the past, made anew with what was known then.

use super::{DAYS, LARGE, LIFE, Life, cron, crons, now, observe, pattern};
use crate::domain::{Claim, Settings};
use crate::policy::track_record;

#[test]
fn each_finished_turn_is_foretold_from_its_middle_and_judged() {
    let obs = observe(crons(), vec![LIFE.window()]);
    let record = track_record(&LIFE.history(), &obs, &Settings::default());
    assert!(record.claims.len() >= DAYS as usize - 2, "the first days teach: {}", record.claims.len());
    assert_eq!(record.n_right(), record.claims.len());
    assert!(record.claims.is_sorted_by_key(|claim| claim.at));
    assert!(record.claims.iter().all(|claim| claim.at < now() && claim.ran_out_at.is_none()));
    assert!(record.claims.iter().all(|claim| matches!(claim.said, Claim::Lasts { .. })));
}

#[test]
fn a_turn_that_runs_out_is_right_when_it_was_said_for_that_time() {
    let heavy = Life { ratio: 0.005, ..LIFE };
    let obs = observe(crons(), vec![heavy.window()]);
    let mut history = heavy.history();
    let right = track_record(&history, &obs, &Settings::default());
    assert!(right.claims.len() >= 5 && right.n_right() == right.claims.len(), "{right:?}");
    assert!(right.claims.iter().all(|claim| matches!(claim.said, Claim::RunsOut { .. }) && claim.ran_out_at.is_some()));

    // Yesterday everything was used up two hours after its middle: nobody could know.
    let yesterday = right.claims.last().expect("some").at;
    for sample in history.windows.values_mut().flat_map(|past| &mut past.samples) {
        let hours = sample.at.duration_since(yesterday).as_secs_f64() / 3_600.0;
        if (0.5..8.0).contains(&hours) {
            sample.used_ratio = 1.0;
        }
    }
    let wrong = track_record(&history, &obs, &Settings::default());
    assert_eq!(wrong.n_right() + 1, wrong.claims.len(), "{:?}", wrong.claims.last());
}

#[test]
fn what_was_hardly_used_was_never_in_question() {
    let light = Life { ratio: 0.001, ..LIFE };
    let obs = observe(crons(), vec![light.window()]);
    assert_eq!(track_record(&light.history(), &obs, &Settings::default()).claims, []);
}

#[test]
fn a_cron_that_runs_more_often_now_is_foretold_as_it_ran_then() {
    let twice =
        |index: i64| cron(&format!("c{index:02}"), LARGE, pattern(&format!("{0}-59/30 * * * *", index * 5 % 30)));
    let obs = observe((0..12).map(twice).collect(), vec![LIFE.window()]);
    let record = track_record(&LIFE.history(), &obs, &Settings::default());
    assert!(record.claims.len() >= DAYS as usize - 2, "{}", record.claims.len());
    assert_eq!(record.n_right(), record.claims.len(), "it lasted each day: {:?}", record.claims);
}
