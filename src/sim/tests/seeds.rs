//! Worlds in which a law was once broken, or that look for one by hand.

use super::super::{Trial, simulate};

/// What was broken there once, made small: the seed, the days, the mishaps left out, and what it was.
const BROKEN_ONCE: &[(u64, u32, u128, &str)] =
    &[(298, 7, 0x0007_ffff_ffff_fffd_6bfe, "what a crash left in doubt counts for the hour of automation")];

#[test]
fn what_was_broken_once_holds() {
    for (seed, days, without, what) in BROKEN_ONCE {
        let outcome = simulate(&Trial { without: *without, ..Trial::whole(*seed, *days) });
        assert_eq!(outcome.breach, None, "{what}");
    }
}

/// `SEEDS=0..60 DAYS=7 cargo test --release --lib by_hand -- --ignored --nocapture`
#[test]
#[ignore = "looks at as many worlds as one likes"]
fn worlds_by_hand() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(default);
    let (from, to, days) = (number("FROM", 0), number("TO", 20), number("DAYS", 7) as u32);
    for seed in from..to {
        let outcome = simulate(&Trial::whole(seed, days));
        eprintln!("{seed} {:?}", outcome.counts);
        if let Some(breach) = outcome.breach {
            eprintln!("{}{breach:?}", outcome.story.join("\n"));
        }
    }
}
