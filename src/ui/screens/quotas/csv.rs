//! The numbers of the screen for other programs: one line for each window, moments in UTC.

use jiff::Timestamp;

use crate::domain::{BandPoint, Claim};
use crate::words::{self, Speech};

use super::lanes::{Lane, What};

pub(super) const NAME: &str = "quotas.csv";

const TITLES: &str = "account,window,used_percent,resets_at,claim,runs_out_early,runs_out_likely,runs_out_late,\
chance_percent,at_reset_low_percent,at_reset_likely_percent,at_reset_high_percent,confidence,source,read_at";

pub(super) fn csv(lanes: &[Lane<'_>], speech: &Speech<'_>) -> String {
    let mut text = format!("{TITLES}\r\n");
    for lane in lanes {
        let cells = cells(lane, speech);
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

fn cells(lane: &Lane<'_>, speech: &Speech<'_>) -> [String; 15] {
    let claim = lane.claim(speech);
    let none = String::new;
    let What::Window(window) = &lane.what else {
        let mut cells = std::array::from_fn(|_| none());
        [cells[0], cells[1], cells[4]] = [lane.name.to_owned(), lane.label(), claim];
        return cells;
    };
    let moment = |at: Option<Timestamp>| at.map(|at| format!("{at:.0}")).unwrap_or_default();
    let number = |ratio: f64| format!("{:.1}", ratio * 100.0);
    let (moments, chance, at_reset) = match &window.claim {
        Claim::RunsOut { early, likely, late, chance } => ([Some(*early), Some(*likely), *late], Some(*chance), None),
        Claim::Lasts { at_reset, at_worst, chance } => ([*at_worst, None, None], Some(*chance), Some(*at_reset)),
        Claim::UsedUp | Claim::Learning(_) | Claim::Silent(_) => ([None; 3], None, None),
    };
    let [earliest, likely, latest] = moments.map(moment);
    let of_reset = |part: fn(&BandPoint) -> f64| at_reset.as_ref().map(|point| number(part(point))).unwrap_or_default();
    let sure = if window.band.is_empty() { "" } else { words::confidence(window.basis.confidence) };
    [
        lane.name.to_owned(),
        lane.label(),
        number(window.used_ratio),
        moment(window.resets_at),
        claim,
        earliest,
        likely,
        latest,
        chance.map(number).unwrap_or_default(),
        of_reset(|point| point.low),
        of_reset(|point| point.likely),
        of_reset(|point| point.high),
        sure.to_owned(),
        words::source(window.source, lane.account),
        moment(Some(window.observed_at)),
    ]
}

/// A cell that is no formula to a spreadsheet, whatever an account is called.
fn quoted(cell: &str) -> String {
    let safe = if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (cell, expected) in [
            ("Kimi", "Kimi"),
            ("Kimi, work", "\"Kimi, work\""),
            ("the \"big\" one", "\"the \"\"big\"\" one\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
