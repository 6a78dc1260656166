//! Whether a number counts what was used or what is left: decided by the word beside it.

use super::fact::{Fact, Kind, Way};

/// Letters that may stand between a number and its word in one line.
const FAR: usize = 14;
/// The longest line that is only a word for the number above or below it.
const SHORT_LINE: usize = 30;

/// For each fact, what its number counts, `None` when no word beside it tells; and for each word
/// whether a number has it.
pub(super) fn of_all(facts: &[Fact], text: &str) -> (Vec<Option<Way>>, Vec<bool>) {
    let lines: Vec<usize> = text.lines().map(str::len).collect();
    let mut ways = vec![None; facts.len()];
    let mut taken = vec![false; facts.len()];
    let mut words_lead = None;
    for at in 0..facts.len() {
        if is_label(&facts[at].kind) {
            words_lead = None;
        }
        if !counts(&facts[at].kind) {
            continue;
        }
        let beside = |other: usize| {
            let fact = facts.get(other)?;
            let Kind::Way(way) = fact.kind else { return None };
            let (first, second) = if other < at { (other, at) } else { (at, other) };
            let near = near(&facts[first], &facts[second], text, lines.get(fact.line).copied().unwrap_or(0));
            (near && !taken[other]).then_some((other, way, fact.line == facts[at].line))
        };
        let left = at.checked_sub(1).and_then(beside);
        // "63% of your weekly limit used": the word stands behind the window.
        let over = usize::from(is_of(&facts[at].kind) && facts.get(at + 1).is_some_and(|next| is_label(&next.kind)));
        let right = beside(at + 1 + over);
        let leads =
            *words_lead.get_or_insert(left.is_some_and(|(.., same)| same || right.is_none_or(|(.., same)| !same)));
        let chosen = match (left, right) {
            (Some(left), Some(right)) if left.2 != right.2 => Some(if left.2 { left } else { right }),
            (Some(left), Some(right)) => Some(if leads { left } else { right }),
            (one, other) => one.or(other),
        };
        if let Some((word, way, _)) = chosen {
            taken[word] = true;
            ways[at] = Some(way);
        }
    }
    (ways, taken)
}

pub(super) fn is_label(kind: &Kind) -> bool {
    matches!(kind, Kind::Span(_) | Kind::Limit(_) | Kind::Model(_) | Kind::Feature(_) | Kind::Everything | Kind::Beside)
}

fn counts(kind: &Kind) -> bool {
    matches!(kind, Kind::Percent { .. } | Kind::Pair { .. } | Kind::Number(_))
}

pub(super) fn is_of(kind: &Kind) -> bool {
    matches!(kind, Kind::Percent { of: true, .. } | Kind::Pair { of: true, .. })
}

/// Close together in one line, or one of them alone in the next.
fn near(first: &Fact, second: &Fact, text: &str, word_line: usize) -> bool {
    let between = text.get(first.end..second.start).unwrap_or_default();
    let letters = between.chars().filter(|letter| letter.is_alphanumeric()).take(FAR + 1).count();
    match second.line - first.line {
        0 => letters <= FAR,
        1 => letters <= 2 && word_line <= SHORT_LINE,
        _ => false,
    }
}
