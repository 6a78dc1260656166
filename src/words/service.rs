//! What the program in the background says of itself, and of what stands in its way.

use super::count;
use crate::domain::PlanOrigin;

/// Who holds the folder while `serve` stands aside.
pub const A_WINDOW: &str = "a window that acts instead of this program";

/// A health file is replaced whole, and removed at the end: it is no place for state files.
#[must_use]
pub fn health_among_state(folder: &str) -> String {
    format!("the health file would lie among state files: {folder}")
}

#[must_use]
pub fn not_a_health_file(file: &str) -> String {
    format!("there is a file already that is no health file of this program: {file}")
}

/// Which command does what is left of an apply that was interrupted.
#[must_use]
pub const fn goes_on_from_a_shell(of: &PlanOrigin) -> &'static str {
    match of {
        // Where an advice sends crons is in the mapping, so the ordinary plan has what is left of it.
        PlanOrigin::Distribution | PlanOrigin::Advice => {
            "What is left is planned again: look at it with plan, go on with distribute"
        }
        PlanOrigin::Spreading => "What is left starts as before: go on in the window, where it was begun",
        PlanOrigin::Crisis => "What is left is planned again: look at it with crisis --dry-run, go on with crisis",
        PlanOrigin::Recovery => {
            "What is left to give back is planned again: look at it with recover --dry-run, go on with recover"
        }
        PlanOrigin::Undo { .. } => "What still stands is planned again: go on with undo",
    }
}

/// A simulation that was told to end.
#[must_use]
pub fn worlds_finished(done: usize, asked: usize) -> String {
    format!("Stopped: {done} of {} came to its end", count(asked, "world"))
}
