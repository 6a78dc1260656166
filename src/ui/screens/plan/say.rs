//! The plan screen's own short lines: what the plan counts.

use crate::ui::screens::ticks::Counts;

/// "5 crons move, 2 pause, 1 left out".
pub(super) fn headline(counts: Counts) -> String {
    let verbs = [
        (counts.moves, "moves", "move"),
        (counts.resumes, "runs again", "run again"),
        (counts.pauses, "pauses", "pause"),
        (counts.refits, "gets new fallbacks", "get new fallbacks"),
        (counts.undone, "goes back", "go back"),
    ];
    let mut parts: Vec<String> = Vec::new();
    for (n, one, many) in verbs.into_iter().filter(|(n, ..)| *n > 0) {
        let noun = if parts.is_empty() { if n == 1 { " cron" } else { " crons" } } else { "" };
        parts.push(format!("{n}{noun} {}", if n == 1 { one } else { many }));
    }
    if counts.left_out() > 0 {
        let noun = if parts.is_empty() { if counts.left_out() == 1 { " change" } else { " changes" } } else { "" };
        parts.push(format!("{}{noun} left out", counts.left_out()));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Counts, headline};

    #[test]
    fn the_headline_counts_in_words() {
        let none = Counts::default();
        let cases = [
            (Counts { total: 6, ticked: 5, moves: 5, ..none }, "5 crons move, 1 left out"),
            (Counts { total: 1, ticked: 1, pauses: 1, ..none }, "1 cron pauses"),
            (
                Counts { total: 4, ticked: 4, moves: 1, resumes: 2, refits: 1, ..none },
                "1 cron moves, 2 run again, 1 gets new fallbacks",
            ),
            (Counts { total: 2, ticked: 2, undone: 2, ..none }, "2 crons go back"),
            (Counts { total: 2, ..none }, "2 changes left out"),
        ];
        for (counts, expected) in cases {
            assert_eq!(headline(counts), expected);
        }
    }
}
