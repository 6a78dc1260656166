//! What is asked and said around the plans of a crisis, where there is no plan to speak of.

use jiff::Timestamp;

use crate::words::{Speech, clock, count};

/// `crisis`, while it is being ended.
pub const IS_BEING_ENDED: &str =
    "It is being ended. Going back to its rules makes a new plan, which is shown before it is applied.";
pub const STAY_IN_CRISIS: &str = "Stop giving back, and stay in crisis mode?";
pub const STAYED_IN_CRISIS: &str = "crisis mode goes on; nothing of its plan was applied";

/// "End crisis mode and give back 23 crons?"
#[must_use]
pub fn recover_question(n_crons: usize, mode_on: bool) -> String {
    match (n_crons, mode_on) {
        (0, _) => "End crisis mode?".to_owned(),
        (n, true) => format!("End crisis mode and give back {}?", count(n, "cron")),
        (n, false) => format!("Give back {}?", count(n, "cron")),
    }
}

pub const NOTHING_OWED_ANY_MORE: &str = "Nothing is owed any more";

/// The other program that holds the state folder or the gateway does what this one was asked for.
#[must_use]
pub fn hand_over(other: &str) -> String {
    format!("{other} acts on this gateway already: it does what is due, as its automation is set")
}

pub const NOTHING_DUE: &str = "Nothing is due";

/// "Due: 15 crons move to Flash 3. Do it with crisis"
#[must_use]
pub fn due(what: &str, command: &str) -> String {
    format!("Due: {what} Do it with {command}")
}

/// "2 changes of your own wait for distribute"; `None` when there is none.
#[must_use]
pub fn own_changes_wait(n: usize) -> Option<String> {
    let verb = if n == 1 { "waits" } else { "wait" };
    (n > 0).then(|| format!("{} of your own {verb} for distribute", count(n, "change")))
}

/// The crisis screen before the crons are listed, and without a gateway.
pub const READING_CRONS: [&str; 2] =
    ["Reading the crons…", "What a crisis would change follows as soon as the list is complete."];
pub const NO_PLAN_NOW: &str = "Nothing can be planned now";

/// The crisis screen when nothing would change, and why.
pub const NOTHING_WOULD_CHANGE: &str = "Nothing would change";

#[must_use]
pub const fn why_nothing_would_change(any_sorted: bool) -> &'static str {
    if any_sorted {
        "Every cron is where crisis mode would have it."
    } else {
        "No cron has a tier yet. Sort some on the board, and say which are critical."
    }
}

pub const WOULD_BE_USED_UP: &str = "Would be used up";
pub const WAY_BACK: &str = "The way back";
pub const NOTHING_DOWN_OR_OWED: &str = "No provider is down, and nothing is owed.";

/// "Set aside until 2 Dec 09:00"
#[must_use]
pub fn set_aside_until(until: Timestamp, speech: &Speech<'_>) -> String {
    format!("Set aside until {}", clock(until, speech))
}
