//! Desktop notifications.

use super::Performer;
use crate::domain::Notice;

impl Performer {
    #[expect(clippy::unused_self, reason = "the desktop is asked from here")]
    pub(super) fn notify(&self, notice: Notice) {
        tracing::info!(?notice, "a notice");
    }
}
