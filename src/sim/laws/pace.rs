//! The gateway's write limit, counted as the gateway counts it: each caller, each method, from the first call on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::happening::{Call, Computer, Hand, Method, Scene};
use super::{Broken, Law};

#[derive(Debug, Default)]
pub(super) struct Paces {
    windows: BTreeMap<(Computer, Method), (Timestamp, u32)>,
}

const CALLS: u32 = 30;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Calls are under way for a moment: the first of a window may arrive later than it was sent.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(5);
const EARLY: u32 = 2;

impl Paces {
    /// Another life is another caller.
    pub(super) fn started(&mut self, computer: Computer) {
        self.windows.retain(|(caller, _), _| *caller != computer);
    }

    pub(super) fn judge(&mut self, call: &Call, scene: &Scene<'_>) -> Option<Broken> {
        let Hand::Engine(computer) = call.by else { return None };
        let window = self.windows.entry((computer, call.method)).or_insert((scene.now, 0));
        if scene.now.duration_since(window.0) >= WINDOW {
            *window = (scene.now, 0);
        }
        window.1 += 1;
        let nearly_over = scene.now.duration_since(window.0) > WINDOW - UNDER_WAY;
        let allowed = if nearly_over { CALLS + EARLY } else { CALLS };
        let n_calls = window.1;
        (n_calls > allowed).then(|| {
            let seen = format!("computer {computer} made call {n_calls} of {:?} since {}", call.method, window.0);
            (Law::WritePace, seen)
        })
    }
}
