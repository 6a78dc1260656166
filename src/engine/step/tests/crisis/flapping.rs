//! Vendors that come and go all day.

use super::*;

/// Two vendors, six minutes away and six minutes there.
pub(super) fn flaps(play: &mut Outside, mut each: impl FnMut(&mut Outside)) {
    let mut stands = |play: &mut Outside, stands: &Provider| {
        for account in ["kimi", "anthropic"] {
            play.provider(account, stands.clone());
        }
        for _ in 0..2 {
            each(play);
            play.pass(3);
        }
    };
    for _ in 0..24 * 5 {
        stands(play, &Provider::UsedUp { resets_at: None });
        stands(play, &Provider::Serves);
        let evidence = ["t1", "t2-crit"].map(|cron| play.gateway.crons[&CronId::new(cron)].clone());
        for cron in evidence {
            play.runs(cron.id.as_str(), None);
        }
    }
}

#[test]
fn a_day_of_flapping_is_at_most_three_crises_for_a_person_who_clicks_on_everything() {
    let mut play = all_well();
    let mut n_crises = 0;
    flaps(&mut play, |play| {
        if play.world.job.as_ref().is_some_and(apply_job_runs) {
            return;
        }
        if play.world.crisis.mode.is_none() && level(play) == OutageLevel::Crisis {
            n_crises += 1;
            enter(play);
        } else if ready(play) {
            begin_recovery(play);
        } else if play.world.crisis.governs() && !ticked(&play.world.plan).is_empty() {
            apply_plan(play);
        }
    });
    assert!((1..=3).contains(&n_crises), "{n_crises} crises");
    let n_writes = play.gateway.writes.len();
    assert!(n_writes <= 3 * 6, "{n_writes} writes: crons go there and back with the crisis alone");
    let Readiness::Settling { until, n_relapses } = view(&play).readiness.clone() else {
        panic!("{:?}", view(&play).readiness)
    };
    assert!(n_relapses >= 5 && until > play.now + SignedDuration::from_mins(200), "patience has grown: {until}");
    play.pass(300);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    all_as_before(&play, "after the flapping");
}

fn apply_job_runs(job: &crate::engine::step::apply::JobState) -> bool {
    job.running()
}
