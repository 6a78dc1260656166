//! Worlds lived through.

use super::{Trial, simulate};

mod mutations;
mod seeds;

#[test]
fn days_of_all_kinds_keep_every_law() {
    for seed in 0..4 {
        let outcome = simulate(&Trial::whole(seed, 2));
        let story = outcome.story.join("\n");
        assert_eq!(outcome.breach, None, "seed {seed}: {:#?}\n{story}", outcome.mishaps);
        assert!(outcome.counts.writes > 0, "seed {seed}: something was done");
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let lived = || {
        let outcome = simulate(&Trial::whole(7, 1));
        (outcome.counts, outcome.story)
    };
    assert_eq!(lived(), lived());
}
