//! The right to act on a state folder: one holder at a time, freed by the system when it dies.
//!
//! The lock is on `lease.lock`, and on the folder itself where a system locks folders: a file can be removed while it
//! is locked, and made anew by the next who asks. Who holds it is told in `lease.json` beside it, because a locked
//! file cannot be read everywhere. What `lease.json` says counts only while the lock is taken.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{StateError, atomic, files};

pub(super) const LOCK_FILE: &str = "lease.lock";
pub(super) const HOLDER_FILE: &str = "lease.json";
const SOCKET: &str = "socket";

/// Held until dropped, or until this process ends in whatever way.
#[derive(Debug)]
pub struct Lease {
    _lock: File,
    _folder: Option<File>,
    holder_file: PathBuf,
    said: Value,
}

impl Lease {
    /// Tells others where the holder lets itself be watched.
    ///
    /// # Errors
    /// When it cannot be written down; a path that is no text cannot be.
    pub fn served_at(&mut self, socket: &Path) -> Result<(), StateError> {
        let unsayable = || StateError::write(socket, std::io::ErrorKind::InvalidFilename.into());
        self.said[SOCKET] = socket.to_str().ok_or_else(unsayable)?.into();
        self.tell()
    }

    /// Says anew who holds it.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn tell(&self) -> Result<(), StateError> {
        atomic::write(&self.holder_file, format!("{:#}\n", self.said).as_bytes())
    }

    /// Whether others still read who holds it.
    pub fn is_told(&self) -> bool {
        said_in(&self.holder_file) == self.said
    }
}

/// Where the holder of `folder` lets itself be watched, if it does. Counts only while somebody holds it.
pub fn service_of(folder: &Path) -> Option<PathBuf> {
    Some(said_in(&folder.join(HOLDER_FILE))[SOCKET].as_str()?.into())
}

/// How asking for the lease ended.
#[derive(Debug)]
pub enum Asked {
    Granted(Lease),
    /// Somebody else has it; this is what they say of themselves.
    HeldBy(String),
}

/// Asks for the lease of `folder` without waiting.
///
/// # Errors
/// When the lock file cannot be made: the folder cannot be written.
pub fn ask(folder: &Path, holder: &str, now: Timestamp) -> Result<Asked, StateError> {
    let lock_path = folder.join(LOCK_FILE);
    let holder_file = folder.join(HOLDER_FILE);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lock = options.open(&lock_path).map_err(|error| StateError::write(&lock_path, error))?;
    match lock.try_lock() {
        Ok(()) => {
            let Ok(of_folder) = lock_folder(folder) else { return Ok(Asked::HeldBy(holder_text(&holder_file))) };
            let said = json!({"holder": holder, "pid": std::process::id(), "since": now.to_string()});
            atomic::write(&holder_file, format!("{said:#}\n").as_bytes())?;
            Ok(Asked::Granted(Lease { _lock: lock, _folder: of_folder, holder_file, said }))
        }
        Err(TryLockError::WouldBlock) => Ok(Asked::HeldBy(holder_text(&holder_file))),
        Err(TryLockError::Error(error)) => Err(StateError::write(&lock_path, error)),
    }
}

/// Somebody holds the folder, whoever has its lock file.
struct Taken;

/// `None`: this system, or this disk, locks no folders.
fn lock_folder(folder: &Path) -> Result<Option<File>, Taken> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let Ok(opened) = File::open(folder) else { return Ok(None) };
    match opened.try_lock() {
        Ok(()) => Ok(Some(opened)),
        Err(TryLockError::WouldBlock) => Err(Taken),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Unreadable words of the holder do not matter: that it holds the lock does.
fn holder_text(path: &Path) -> String {
    let said = said_in(path);
    let holder = said["holder"].as_str().unwrap_or("another program").to_owned();
    let since = said["since"].as_str().and_then(|since| since.parse::<Timestamp>().ok());
    match (said["pid"].as_u64(), since) {
        (Some(pid), Some(since)) => format!("{holder} (process {pid}, since {})", since.strftime("%F %H:%M UTC")),
        _ => holder,
    }
}

fn said_in(path: &Path) -> Value {
    let said = files::read(path).ok().flatten();
    said.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Only a courtesy: a stale file counts for nothing once the lock is free.
        fs::remove_file(&self.holder_file).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_granted_once_and_again_after_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        let first = ask(folder.path(), "window on home-mini", now).unwrap();
        assert!(matches!(first, Asked::Granted(_)));
        match ask(folder.path(), "command line", now).unwrap() {
            Asked::HeldBy(holder) => {
                assert!(holder.starts_with("window on home-mini (process "), "{holder}");
                assert!(holder.contains("since 2026-11-23 07:00 UTC"), "{holder}");
            }
            Asked::Granted(_) => panic!("granted twice"),
        }
        drop(first);
        assert!(matches!(ask(folder.path(), "command line", now).unwrap(), Asked::Granted(_)));
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_whose_path_is_no_text_is_refused_and_the_rest_still_told() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let Asked::Granted(mut lease) = ask(folder.path(), "test", Timestamp::UNIX_EPOCH).unwrap() else {
            panic!("it is free")
        };
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/srv/\xff/service.sock"));
        assert!(matches!(lease.served_at(odd), Err(StateError::Write { .. })));
        assert_eq!(service_of(folder.path()), None);
        lease.served_at(Path::new("/srv/service.sock")).unwrap();
        assert_eq!(service_of(folder.path()), Some("/srv/service.sock".into()));
        assert!(lease.is_told());
        fs::remove_file(folder.path().join(HOLDER_FILE)).unwrap();
        assert!(!lease.is_told());
        lease.tell().unwrap();
        assert_eq!(service_of(folder.path()), Some("/srv/service.sock".into()), "the same words");
    }

    #[cfg(unix)]
    #[test]
    fn whoever_removes_the_lock_file_frees_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let first = ask(folder.path(), "serve on home-mini", Timestamp::UNIX_EPOCH).unwrap();
        fs::remove_file(folder.path().join(LOCK_FILE)).unwrap();
        for _ in 0..2 {
            let asked = ask(folder.path(), "next", Timestamp::UNIX_EPOCH).unwrap();
            assert!(matches!(&asked, Asked::HeldBy(holder) if holder.starts_with("serve on home-mini")), "{asked:?}");
        }
        drop(first);
        assert!(matches!(ask(folder.path(), "next", Timestamp::UNIX_EPOCH).unwrap(), Asked::Granted(_)));
    }

    #[test]
    fn a_stale_note_of_a_killed_holder_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        atomic::write(&folder.path().join(HOLDER_FILE), b"{\"holder\": \"killed\"}").unwrap();
        let asked = ask(folder.path(), "next", Timestamp::UNIX_EPOCH).unwrap();
        assert!(matches!(asked, Asked::Granted(_)));
    }
}
