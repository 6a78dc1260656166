//! Vendors that come and go all day.

use super::*;

/// Two vendors, six minutes away and six minutes there.
pub(super) fn flaps(scene: &mut Outside, mut each: impl FnMut(&mut Outside)) {
    let mut stands = |scene: &mut Outside, stands: &Provider| {
        for account in ["kimi", "anthropic"] {
            scene.provider(account, stands.clone());
        }
        for _ in 0..2 {
            each(scene);
            scene.pass(3);
        }
    };
    for _ in 0..24 * 5 {
        stands(scene, &Provider::UsedUp { resets_at: None });
        stands(scene, &Provider::Serves);
        let evidence = ["t1", "t2-crit"].map(|cron| scene.gateway.crons[&CronId::new(cron)].clone());
        for cron in evidence {
            scene.runs(cron.id.as_str(), None);
        }
    }
}

#[test]
fn a_day_of_flapping_is_at_most_three_crises_for_a_person_who_clicks_on_everything() {
    let mut scene = all_well();
    let mut n_crises = 0;
    flaps(&mut scene, |scene| {
        if scene.world.job.as_ref().is_some_and(apply_job_runs) {
            return;
        }
        if scene.world.crisis.mode.is_none() && level(scene) == OutageLevel::Crisis {
            n_crises += 1;
            enter(scene);
        } else if ready(scene) {
            begin_recovery(scene);
        } else if scene.world.crisis.governs() && !ticked(&scene.world.plan).is_empty() {
            apply_plan(scene);
        }
    });
    assert!((1..=3).contains(&n_crises), "{n_crises} crises");
    let n_writes = scene.writes.len();
    assert!(n_writes <= 3 * 6, "{n_writes} writes: crons go there and back with the crisis alone");
    let Readiness::Settling { until, n_relapses } = view(&scene).readiness.clone() else {
        panic!("{:?}", view(&scene).readiness)
    };
    assert!(n_relapses >= 5 && until > scene.now + SignedDuration::from_mins(200), "patience has grown: {until}");
    scene.pass(300);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    all_as_before(&scene, "after the flapping");
}

fn apply_job_runs(job: &crate::engine::step::apply::JobState) -> bool {
    job.running()
}
