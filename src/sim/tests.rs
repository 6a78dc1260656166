//! Worlds lived through.

use super::{Trial, simulate};

#[test]
fn a_week_keeps_every_law() {
    for seed in 0..6 {
        let began = std::time::Instant::now();
        let outcome = simulate(&Trial { seed, days: 7, without: 0 });
        eprintln!("{:?} {:?}", began.elapsed(), outcome.counts);
        if seed == 0 {
            for line in outcome.story {
                eprintln!("{line}");
            }
        }
    }
}
