//! What must hold after everything that happens.

use super::happening::{Happening, Scene};
use super::outcome::Breach;

/// Each law has a name, and a deliberate fault that it must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// An unpinned critical cron is never paused by us.
    CriticalNeverPaused,
}

/// Those who watch: they remember what happened as far as a law needs it.
#[derive(Debug, Default)]
pub struct Laws {}

impl Laws {
    /// What does not hold any more, right after `happening`.
    #[must_use]
    pub fn judge(&mut self, happening: &Happening<'_>, scene: &Scene<'_>) -> Option<Breach> {
        let _ = (happening, scene);
        None
    }
}
