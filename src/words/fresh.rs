//! What came into a plan while somebody was reading it.

/// How many lines would be written that were not there when the user began to read.
#[must_use]
pub fn new_lines(n: usize) -> String {
    if n == 1 { "1 line is new".to_owned() } else { format!("{n} lines are new") }
}

/// Why the button rests: "The plan has just changed: 1 line is new".
#[must_use]
pub fn plan_just_changed(new: &str) -> String {
    format!("The plan has just changed: {new}")
}
