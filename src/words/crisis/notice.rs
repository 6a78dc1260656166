//! What is said on the desktop: a title that stands alone, and a line below it.

use super::outage_headline;
use crate::domain::{Notice, Outage};
use crate::words::{Said, Speech, count, outage, vendor_name};

/// The title, and what it means for the reader.
#[must_use]
pub fn notice(notice: &Notice, speech: &Speech<'_>) -> Said {
    let said = |what: String, remedy: String| Said { what, remedy: Some(remedy) };
    match notice {
        Notice::Outage { level, down, n_move, n_pause } => {
            let found = Outage { level: *level, down: down.clone() };
            let title = outage_headline(&found, speech).trim_end_matches('.').to_owned();
            let causes = outage(&found, speech);
            let offer = match (n_move, n_pause) {
                (0, 0) => String::new(),
                (n_move, n_pause) => format!("\nCrisis mode would move {n_move} and pause {n_pause}"),
            };
            said(title, format!("{causes}{offer}"))
        }
        Notice::CrisisEntered { n_move, n_pause } => said(
            "Automation has entered crisis mode".to_owned(),
            format!("{} move, {n_pause} pause. Recovery gives back what was changed.", count(*n_move, "cron")),
        ),
        Notice::RecoveryReady { n_crons } => said(
            format!("{} can get back what {} had", count(*n_crons, "cron"), they(*n_crons)),
            "The providers serve again".to_owned(),
        ),
        Notice::Recovered { n_crons, n_missed } => said(
            format!("{} got back what {} had", count(*n_crons, "cron"), they(*n_crons)),
            match n_missed {
                0 => "No run was missed".to_owned(),
                1 => "1 run was missed: it can be run now".to_owned(),
                n => format!("{n} runs were missed: they can be run now"),
            },
        ),
        Notice::Relapse { vendor } => said(
            format!("{} failed again while crons were given back to it", vendor_name(vendor)),
            "Giving back has stopped. It is offered again once it has served for longer.".to_owned(),
        ),
        Notice::NearlyOff { cron, n_errors } => said(
            format!("{cron} failed {n_errors} times in a row"),
            "After its tenth failure the gateway switches it off".to_owned(),
        ),
    }
}

fn they(n: usize) -> &'static str {
    if n == 1 { "it" } else { "they" }
}
