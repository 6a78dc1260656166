//! Failures: what happened, and what to do about it.
use super::{Said, Speech};
use crate::domain::{Connection, ProblemKind, Refusal, Trouble};
pub fn problem(kind: &ProblemKind, speech: &Speech<'_>) -> Said {
    let _ = (kind, speech);
    Said { what: String::new(), remedy: None }
}
pub fn trouble(trouble: &Trouble) -> Said {
    let _ = trouble;
    Said { what: String::new(), remedy: None }
}
pub fn refusal(refusal: &Refusal, speech: &Speech<'_>) -> Said {
    let _ = (refusal, speech);
    Said { what: String::new(), remedy: None }
}
/// "Connected to home-mini · read and write", "Connecting to home-mini…".
pub fn connection(connection: &Connection, speech: &Speech<'_>) -> String {
    let _ = (connection, speech);
    String::new()
}
