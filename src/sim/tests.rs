//! Worlds lived through.

use super::{Trial, simulate};

mod mutations;
mod seeds;

#[test]
fn a_week_keeps_every_law() {
    let from: u64 = std::env::var("FROM").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
    let n: u64 = std::env::var("N").ok().and_then(|v| v.parse().ok()).unwrap_or(4);
    for seed in from..from + n {
        let outcome = simulate(&Trial { seed, days: 7, without: 0 });
        eprintln!("seed {seed} {:?} {:?}", outcome.counts, outcome.breach);
        if outcome.breach.is_some() {
            for line in outcome.story.iter().rev().take(30).rev() {
                eprintln!("    {line}");
            }
        }
    }
}
