//! The list of coming runs: in order, with its clusters, and never too long.

use jiff::SignedDuration;

use super::{LARGE, cron, mins, now, observe, pattern};
use crate::domain::{Cluster, ComingRuns, Cron, Foretold, Schedule, Settings, Start, UsageHistory};
use crate::policy::{forecast, learn};

fn coming(crons: Vec<Cron>, until: i64) -> ComingRuns {
    let obs = observe(crons, Vec::new());
    forecast(&learn(&UsageHistory::default(), &obs), &obs, &Settings::default(), None, mins(until)).coming
}

#[test]
fn starts_of_all_crons_come_in_one_order_and_those_that_cannot_be_told_are_marked() {
    let coming = coming(
        vec![
            cron("a", LARGE, pattern("30 * * * *")),
            cron("b", LARGE, pattern("0,30 * * * *")),
            cron("c", LARGE, Schedule::At { at: mins(45) }),
            Cron { conditional: true, ..cron("d", LARGE, pattern("* * * * *")) },
            Cron { enabled: false, ..cron("e", LARGE, pattern("* * * * *")) },
            cron("f", LARGE, Schedule::Event { kind: "stream".to_owned() }),
            cron("g", LARGE, Schedule::Every { every: SignedDuration::from_millis(10), anchor: Some(now()) }),
        ],
        60,
    );
    let names: Vec<(&str, Foretold, u32)> =
        coming.crons.iter().map(|one| (one.cron.as_str(), one.foretold, one.n_starts)).collect();
    assert_eq!(
        names,
        [
            ("a", Foretold::Told, 1),
            ("b", Foretold::Told, 2),
            ("c", Foretold::Told, 1),
            ("d", Foretold::Variable, 0),
            ("f", Foretold::Variable, 0),
            ("g", Foretold::Variable, 0),
        ],
        "what is off is not carried"
    );
    let start = |after_secs, cron| Start { after_secs, cron };
    assert_eq!(coming.starts, [start(1_800, 0), start(1_800, 1), start(2_700, 2), start(3_600, 1)]);
}

#[test]
fn minutes_at_which_many_start_together_are_called_out() {
    let mut crons: Vec<Cron> =
        (0..12).map(|index| cron(&format!("h{index:02}"), LARGE, pattern("0 * * * *"))).collect();
    crons.extend((0..7).map(|index| cron(&format!("m{index}"), LARGE, pattern("30 20 * * *"))));
    crons.extend((0..6).map(|index| cron(&format!("o{index}"), "other/large", pattern("15 20 * * *"))));
    crons.extend((0..9).map(|index| cron(&format!("x{index}"), LARGE, pattern(&format!("{} * * * *", index * 4 + 1)))));
    let coming = coming(crons, 24 * 60);
    assert_eq!(
        coming.clusters,
        [
            Cluster { account: "acme".into(), minute: 0, n_together: 12, at: mins(60), n_crons: 12 },
            Cluster { account: "other".into(), minute: 15, n_together: 6, at: mins(6 * 60 + 15), n_crons: 6 },
        ],
        "twelve are many anywhere, six are all that the other account has in a day, seven of five hundred are few"
    );
    let even: Vec<Cron> =
        (0..60).map(|index| cron(&format!("{index:02}"), LARGE, pattern(&format!("{index} * * * *")))).collect();
    assert_eq!(super::coming::coming(even, 24 * 60).clusters, [], "sixty that are spread evenly are none");
}

#[test]
fn too_many_are_told_less_far() {
    let crons: Vec<Cron> = (0..40).map(|index| cron(&format!("{index:02}"), LARGE, pattern("*/5 * * * * *"))).collect();
    let coming = coming(crons, 7 * 24 * 60);
    assert!(coming.until < mins(36 * 60) && coming.until > mins(34 * 60), "{}", coming.until);
    assert!(coming.starts.len() <= 1_000_000 && coming.starts.len() > 990_000, "{}", coming.starts.len());
}
