//! Notices when another program edits a state file.
//!
//! Waits until it has been quiet for a moment, so that a burst of writes is one call, and says
//! nothing of our own writes: their content is known. The call only says *that* something changed;
//! reading it is [`Folder::reload`](super::Folder::reload).

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::files::{self, Known};
use super::{StateError, names};

const QUIET: Duration = Duration::from_millis(200);
/// More than this many unread events say no more than "look again".
const MAX_EVENTS: usize = 256;

/// Watches until dropped.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Reports every change of content from now on. [`Folder::watch`](super::Folder::watch) is the
    /// one that leaves out an open folder's own writes.
    ///
    /// # Errors
    /// When the system cannot watch the folder.
    pub fn new(path: &Path, on_change: impl Fn() + Send + 'static) -> Result<Self, StateError> {
        let known = Known::default();
        for name in all_names(path) {
            known.saw(path, &name);
        }
        Self::of_known(path, known, on_change)
    }

    pub(super) fn of_known(
        path: &Path,
        known: Known,
        on_change: impl Fn() + Send + 'static,
    ) -> Result<Self, StateError> {
        let failed = |source| StateError::Watch { path: path.to_owned(), source };
        let (send, receive) = sync_channel::<()>(MAX_EVENTS);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| concerns_us(&event)) {
                match send.try_send(()) {
                    // A full queue already says it; after the end nobody listens.
                    Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
                }
            }
        })
        .map_err(failed)?;
        // Files that appeared before the watch began are no news.
        for name in all_names(path) {
            if names::is_quota(&name) {
                known.saw(path, &name);
            }
        }
        watcher.watch(path, RecursiveMode::NonRecursive).map_err(failed)?;
        let folder = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("state-watch".to_owned())
            .spawn(move || follow(&receive, &folder, &known, on_change))
            .map_err(|error| StateError::read(path, error))?;
        Ok(Self { watcher: Some(watcher), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Ends the events, and with them the thread.
        self.watcher = None;
        if let Some(thread) = self.thread.take() {
            // It only could have panicked in the callback, which reported that itself.
            thread.join().ok();
        }
    }
}

fn concerns_us(event: &notify::Event) -> bool {
    let is_known = |path: &PathBuf| path.file_name().is_some_and(|name| names::is_known(&name.to_string_lossy()));
    !event.kind.is_access() && (event.paths.is_empty() || event.paths.iter().any(is_known))
}

fn follow(events: &Receiver<()>, folder: &Path, known: &Known, on_change: impl Fn()) {
    while events.recv().is_ok() {
        loop {
            match events.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let mut is_foreign = false;
        for name in all_names(folder) {
            is_foreign |= known.saw(folder, &name);
        }
        if is_foreign {
            on_change();
        }
    }
}

/// The files that are looked at; the log is only ever appended to, and not read back.
fn all_names(folder: &Path) -> Vec<String> {
    let fixed = names::FILES.iter().filter(|name| **name != names::SWITCHES).map(|name| (*name).to_owned());
    let quotas = super::scraped::files(folder);
    let quotas = quotas.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    fixed.chain(quotas).collect()
}

impl Known {
    /// Looks at a file; says whether its content is neither ours nor seen before.
    fn saw(&self, folder: &Path, name: &str) -> bool {
        // One that cannot be read now is looked at again with the next event.
        let Ok(bytes) = files::read(&folder.join(name)) else { return false };
        !self.is_known(name, bytes.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{CronId, Tier, TierEntry};
    use crate::state::{Folder, atomic};

    #[test]
    fn what_we_wrote_or_read_is_no_news() {
        let place = tempfile::tempdir().unwrap();
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        let (mut folder, _) = Folder::open(place.path(), "test", now).unwrap();
        let known = folder.known().clone();
        let is_news = || known.saw(place.path(), names::TIERS);
        let edit = |text: &str| atomic::write(&place.path().join(names::TIERS), text.as_bytes()).unwrap();
        assert!(!is_news(), "no file, as before");
        let change = BTreeMap::from([(CronId::new("a"), Some(TierEntry::new(Tier::T1)))]);
        folder.save_tiers(&change, &BTreeMap::new()).unwrap();
        assert!(!is_news(), "ours");
        let ours = std::fs::read_to_string(place.path().join(names::TIERS)).unwrap();
        edit("{}");
        assert!(is_news(), "theirs");
        assert!(!is_news(), "told once");
        edit(&ours);
        assert!(is_news(), "taken back by them is news too");
        edit("{\"x\": 1}");
        folder.reload(now).unwrap();
        assert!(!is_news(), "read already");
        std::fs::remove_file(place.path().join(names::TIERS)).unwrap();
        assert!(is_news(), "deleted");
    }
}
