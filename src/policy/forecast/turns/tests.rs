//! Readings as providers give them: resets that come early, are put off, or wait for the first use.

use jiff::{SignedDuration, Timestamp};

use super::{Turn, how_they_start, not_begun, turns};
use crate::domain::{BlockEnd, QuotaSample, Source, Span, WindowStart};

fn at(mins: i64) -> Timestamp {
    "2026-11-23T00:00:00Z".parse::<Timestamp>().expect("a moment") + SignedDuration::from_mins(mins)
}

fn read(mins: i64, percent: f64, resets: Option<i64>) -> QuotaSample {
    QuotaSample { at: at(mins), used_ratio: percent / 100.0, resets_at: resets.map(at), source: Source::UsageStatus }
}

fn found(samples: &[QuotaSample], now: i64) -> Vec<Turn> {
    turns(samples.iter().copied(), Some(Span::Hours(5)), at(now))
}

/// Start, end, peak in percent, and how it ended.
type Over = (i64, i64, f64, BlockEnd);

/// The turns that are over.
fn over(turns: &[Turn]) -> Vec<Over> {
    let mins = |moment: Timestamp| moment.duration_since(at(0)).as_mins();
    let blocks = turns.iter().filter_map(|turn| turn.block);
    blocks.map(|block| (mins(block.started_at), mins(block.ended_at), block.peak_ratio * 100.0, block.end)).collect()
}

fn mins(mins: i64) -> SignedDuration {
    SignedDuration::from_mins(mins)
}

#[test]
fn a_turn_ends_as_it_was_told_or_early_or_at_another_time() {
    let cases: [(&str, &[QuotaSample], &[Over]); 7] = [
        (
            "one follows the other",
            &[
                read(10, 2.0, Some(300)),
                read(290, 60.0, Some(300)),
                read(305, 1.0, Some(600)),
                read(590, 40.0, Some(600)),
            ],
            &[(0, 300, 60.0, BlockEnd::AsTold), (300, 600, 40.0, BlockEnd::AsTold)],
        ),
        (
            "the use fell two hours before the time, and a new start was told",
            &[
                read(10, 2.0, Some(300)),
                read(170, 60.0, Some(300)),
                read(190, 4.0, Some(480)),
                read(400, 30.0, Some(480)),
            ],
            &[(0, 180, 60.0, BlockEnd::Early { by: mins(120) }), (180, 480, 30.0, BlockEnd::AsTold)],
        ),
        (
            "put off by an hour while the use went on, within its readings",
            &[read(10, 2.0, Some(300)), read(170, 60.0, Some(360)), read(350, 80.0, Some(360))],
            &[(0, 360, 80.0, BlockEnd::Moved { by: mins(60) })],
        ),
        (
            "brought forward",
            &[read(10, 2.0, Some(300)), read(170, 60.0, Some(240))],
            &[(0, 240, 60.0, BlockEnd::Moved { by: mins(-60) })],
        ),
        (
            "in some minutes is another moment at every reading: it did not move",
            &[read(10, 2.0, Some(300)), read(170, 60.0, Some(302)), read(180, 62.0, Some(299))],
            &[(0, 299, 62.0, BlockEnd::AsTold)],
        ),
        (
            "a reset that nobody tells is seen by the use",
            &[read(10, 20.0, None), read(170, 60.0, None), read(180, 0.0, None), read(200, 3.0, None)],
            &[(10, 180, 60.0, BlockEnd::Unannounced)],
        ),
        (
            "two sources that differ a little are no reset, and what was counted before its own reset is no reading",
            &[
                read(10, 50.0, Some(300)),
                read(20, 46.0, Some(300)),
                read(310, 48.0, Some(300)),
                read(320, 1.0, Some(600)),
            ],
            &[(0, 300, 50.0, BlockEnd::AsTold)],
        ),
    ];
    for (why, samples, expected) in cases {
        assert_eq!(over(&found(samples, 620))[..expected.len()], *expected, "{why}");
        assert!(over(&found(samples, 620)).len() <= expected.len() + 1, "{why}");
    }
}

#[test]
fn a_turn_goes_on_until_its_reset_passes() {
    let samples = [read(10, 2.0, Some(300)), read(200, 60.0, Some(300))];
    let going_on = found(&samples, 299);
    assert_eq!((going_on.len(), over(&going_on).len()), (1, 0));
    assert_eq!((going_on[0].started_at, going_on[0].newest().used_ratio), (at(0), 0.6));
    assert_eq!(over(&found(&samples, 300)).len(), 1);
}

#[test]
fn what_was_used_up_is_remembered_with_the_first_reading_that_said_so() {
    let samples = [read(10, 90.0, Some(300)), read(100, 100.0, Some(300)), read(200, 100.0, Some(300))];
    let block = found(&samples, 301)[0].block.expect("it is over");
    assert_eq!((block.used_up_at, block.n_samples), (Some(at(100)), 3));
}

#[test]
fn nothing_is_filled_in_where_nobody_looked() {
    let samples =
        [read(10, 10.0, Some(300)), read(20, 11.0, Some(300)), read(200, 50.0, Some(300)), read(230, 55.0, Some(300))];
    let turn = &found(&samples, 240)[0];
    let knots: Vec<(i64, bool)> =
        turn.knots.iter().map(|knot| (knot.at.duration_since(at(0)).as_mins(), knot.after_gap)).collect();
    // Thinned out to a sixteenth of the window, but the edges of the gap are kept.
    assert_eq!(knots, [(0, false), (10, false), (20, false), (200, true), (230, false)]);
}

#[test]
fn a_window_that_waits_for_its_first_use_is_told_from_one_that_follows_at_once() {
    let turn = |begins: i64| [read(begins + 5, 1.0, Some(begins + 300)), read(begins + 250, 40.0, Some(begins + 300))];
    let of = |begins: &[i64]| {
        how_they_start(
            &found(&begins.iter().flat_map(|one| turn(*one)).collect::<Vec<_>>(), 9_000),
            Some(Span::Hours(5)),
        )
    };
    let cases = [
        (&[0, 300, 600][..], WindowStart::AtReset, "one after the other"),
        (&[0, 300, 900, 1_200], WindowStart::AtReset, "a whole one was not seen"),
        (&[0, 420, 733, 1_100], WindowStart::AtFirstUse, "with pauses between them"),
        (&[0, 420], WindowStart::Unknown, "one pause proves nothing"),
        (&[0], WindowStart::Unknown, "only one was seen"),
    ];
    for (begins, expected, why) in cases {
        assert_eq!(of(begins), expected, "{why}");
    }
}

#[test]
fn a_window_begins_with_its_first_use_when_its_end_recedes_until_then() {
    let samples = [
        read(0, 0.0, Some(300)),
        read(60, 0.0, Some(360)),
        read(120, 0.0, Some(420)),
        read(180, 1.0, Some(440)),
        read(400, 30.0, Some(440)),
    ];
    assert_eq!(over(&found(&samples, 450)), [(140, 440, 30.0, BlockEnd::AsTold)]);
    let not = |percent: f64, resets: i64| not_begun(percent / 100.0, at(60), Some(at(resets)), Some(Span::Hours(5)));
    assert!(not(0.0, 360) && not(0.0, 357), "five hours to go");
    assert!(!not(0.0, 340) && !not(1.0, 360), "it runs already");
}
