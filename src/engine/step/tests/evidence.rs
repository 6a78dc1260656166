//! When the plan knows what was to be learned on connecting.

use super::super::super::input::Fetched;
use super::*;

fn fetched(world: &mut World, what: Fetched) -> bool {
    let session = world.session;
    step(world, Input::Fetched { session, what }, NOW);
    world.snapshot(NOW).evidence_read
}

#[test]
fn evidence_is_read_once_runs_and_quotas_came_or_could_not_be_had() {
    let runs = || Fetched::Runs { cron: None, runs: Vec::new(), offset: 0, more: false };
    let of_one = || Fetched::Runs { cron: Some(CronId::new("1")), runs: Vec::new(), offset: 0, more: false };
    let usage = |refreshing| {
        Fetched::Usage(crate::gateway::Usage { refreshing, observed_at: NOW, ..crate::gateway::Usage::default() })
    };
    let failed = |what| Fetched::Failed { what, detail: "busy".to_owned() };
    let cases = [
        (vec![runs(), usage(false)], "both came"),
        (vec![usage(false), failed("runs")], "a part that cannot be had is not waited for"),
        (vec![of_one(), failed("usage"), failed("models"), runs()], "the runs of one cron are not all runs"),
        (vec![runs(), usage(true), usage(true)], "the gateway still asks the providers: once more and no longer"),
    ];
    for (answers, why) in cases {
        let mut world = world(&[cron("1", "a/one")], Vec::new());
        let n = answers.len();
        let read: Vec<bool> = answers.into_iter().map(|what| fetched(&mut world, what)).collect();
        let expected: Vec<bool> = (1..=n).map(|nth| nth == n).collect();
        assert_eq!(read, expected, "{why}");
    }
}

/// The gateway refuses its list of models for a second whenever a cooldown begins.
#[test]
fn a_list_of_models_that_fails_once_is_asked_for_again_without_a_word() {
    let mut world = world(&[cron("1", "a/one")], Vec::new());
    let failed = || Fetched::Failed { what: "models", detail: "not ready".to_owned() };
    fetched(&mut world, failed());
    assert!(world.problems.is_empty() && world.refetch_at.is_some());
    fetched(&mut world, failed());
    assert!(!world.problems.is_empty(), "twice is a problem");
    let catalog = (*world.catalog).clone();
    fetched(&mut world, Fetched::Catalog(catalog));
    assert!(world.problems.is_empty());
    fetched(&mut world, failed());
    assert!(world.problems.is_empty());
}
