//! Replaces a file at once or not at all: written beside, synced, renamed.
//!
//! Invariant: whatever happens, the path holds the whole old content or the whole new content. A
//! crash may leave a hidden temporary file behind; [`sweep`] removes it at the next start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::StateError;

const TEMP_SUFFIX: &str = ".tmp";

/// Replaces the content of `path` by `bytes`.
///
/// # Errors
/// With the path, when the disk is full or the folder cannot be written; the old file is intact.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    write_with(path, |file| file.write_all(bytes))
}

/// Like [`write()`], with the content coming from `fill`.
///
/// A symbolic link stays one: the file it points to is replaced. A new file is readable by its
/// owner only; an existing one keeps its permissions.
///
/// # Errors
/// As [`write()`]; also whatever `fill` returns.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), StateError> {
    // A path that does not exist yet, or a dangling link, is written where it was named.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&real, fill).map_err(|error| StateError::write(path, error))
}

fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let before = match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(meta) => Some(meta.permissions()),
        Err(_) => None,
    };
    // Dropping it on any early return removes the temporary file.
    let mut temp = tempfile::Builder::new()
        .prefix(&format!(".{}.", name.to_string_lossy()))
        .suffix(TEMP_SUFFIX)
        .tempfile_in(folder)?;
    fill(temp.as_file_mut())?;
    temp.as_file_mut().flush()?;
    if let Some(permissions) = before {
        temp.as_file().set_permissions(permissions)?;
    }
    temp.as_file().sync_all()?;
    temp.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Appends one line and waits until it is on disk.
///
/// A last line that was cut off by a crash is ended first, so that the new one stands alone.
///
/// # Errors
/// With the path, when it cannot be written.
pub fn append_line(path: &Path, line: &str) -> Result<(), StateError> {
    append(path, line).map_err(|error| StateError::write(path, error))
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let is_new = !path.exists();
    if !is_new && !path.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = String::new();
    if !is_new && ends_within_a_line(path)? {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    match path.parent() {
        Some(folder) if is_new => sync_folder(folder),
        _ => Ok(()),
    }
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0_u8];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Makes a rename durable. Windows cannot open folders, and needs no such step.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes what a crash between writing and renaming left behind, for the given file names.
///
/// Nothing else is touched, and a file that cannot be removed is left: it is hidden and harmless.
pub fn sweep(folder: &Path, is_ours: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if temp_owner(&entry.file_name().to_string_lossy()).is_some_and(&is_ours) {
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// The file a temporary file was meant to become.
fn temp_owner(name: &str) -> Option<&str> {
    let stem = name.strip_prefix('.')?.strip_suffix(TEMP_SUFFIX)?;
    stem.rsplit_once('.').map(|(owner, _random)| owner)
}

/// Moves a file that does not parse out of the way, under a dated name that is not taken.
///
/// # Errors
/// When it cannot be renamed.
pub fn set_aside(path: &Path, word: &str, now: jiff::Timestamp) -> Result<PathBuf, StateError> {
    let kept_as = free_name(path, word, now);
    fs::rename(path, &kept_as).map_err(|error| StateError::write(path, error))?;
    Ok(kept_as)
}

/// `cron-tiers.json.broken-2026-11-23T070000Z`, with a number when that is taken.
pub(super) fn free_name(path: &Path, word: &str, now: jiff::Timestamp) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let dated = format!("{name}.{word}-{}", now.strftime("%Y-%m-%dT%H%M%SZ"));
    let mut candidate = path.with_file_name(&dated);
    let mut number = 2;
    while candidate.symlink_metadata().is_ok() {
        candidate = path.with_file_name(format!("{dated}-{number}"));
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        write(&path, b"old").unwrap();
        let error = write_with(&path, |file| {
            file.write_all(b"half of the new")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert!(error.to_string().contains("ledger.json"), "an I/O error names its path: {error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["ledger.json"], "the temporary file is gone");
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_private_and_existing_ones_keep_their_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write(&path, b"1").unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"2").unwrap();
        assert_eq!(mode(), 0o644);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("cron-tiers.json"));
        write(&real, b"old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().file_type().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn only_our_own_leftovers_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".ledger.json.a1B2c3.tmp", ".other.json.a1B2c3.tmp", "ledger.json", ".hidden"] {
            File::create(folder.path().join(name)).unwrap().write_all(b"x").unwrap();
        }
        sweep(folder.path(), |owner| owner == "ledger.json");
        assert_eq!(names(folder.path()), [".hidden", ".other.json.a1B2c3.tmp", "ledger.json"]);
    }

    #[test]
    fn a_broken_file_never_replaces_another_broken_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cron-tiers.json");
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        for content in [b"one".as_slice(), b"two"] {
            write(&path, content).unwrap();
            set_aside(&path, "broken", now).unwrap();
        }
        assert_eq!(
            names(folder.path()),
            ["cron-tiers.json.broken-2026-11-23T070000Z", "cron-tiers.json.broken-2026-11-23T070000Z-2"]
        );
    }

    #[test]
    fn a_line_cut_off_by_a_crash_does_not_swallow_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("switches.log");
        write(&path, b"whole\nhal").unwrap();
        append_line(&path, "next").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nhal\nnext\n");
    }
}
