//! Where the socket is, and that only this user gets in.
//!
//! Invariants: only the holder of the lease opens a door, so what stands at its path is a dead one's; the socket has
//! its rights before it has its name; a door is shut before the lease is given away.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

const NAME: &str = "service.sock";
/// What fits into the address of a socket everywhere, its end included: 104 bytes on macOS, 108 on Linux.
const LONGEST: usize = 103;

/// Listeners as they come; `None`: nobody is let in any more.
pub type Post = mpsc::Receiver<Option<UnixListener>>;

/// The store's end: it knows when the folder is ours.
#[derive(Debug)]
pub struct Door {
    /// For folders whose own path is too long or no text, or on a disk that takes no sockets.
    elsewhere: Option<PathBuf>,
    post: mpsc::Sender<Option<UnixListener>>,
    socket: Option<PathBuf>,
}

impl Door {
    pub fn new(elsewhere: Option<PathBuf>) -> (Self, Post) {
        let (post, listeners) = mpsc::channel(4);
        (Self { elsewhere, post, socket: None }, listeners)
    }

    /// Opens the door of a folder whose lease is ours, and says where it is.
    ///
    /// # Errors
    /// When no place takes a socket.
    pub fn open(&mut self, folder: &Path) -> io::Result<PathBuf> {
        self.shut();
        let folder = std::path::absolute(folder)?;
        let (listener, socket) = listen(&folder, NAME).or_else(|error| {
            let elsewhere = self.elsewhere.as_ref().ok_or(error)?.join("model-orchestrator");
            fs::create_dir_all(&elsewhere)?;
            let print = Sha256::digest(folder.as_os_str().as_bytes());
            let name = u64::from_be_bytes(print[..8].try_into().expect("a digest has more"));
            listen(&elsewhere, &format!("{name:016x}.sock"))
        })?;
        listener.set_nonblocking(true)?;
        self.socket = Some(socket.clone());
        self.post.blocking_send(Some(listener)).map_err(|_ended| ErrorKind::BrokenPipe)?;
        Ok(socket)
    }

    /// Whether whoever looks for it still finds it.
    pub fn is_there(&self) -> bool {
        let is_socket = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
        self.socket.as_ref().is_some_and(is_socket)
    }

    /// Nobody comes in any more; who is in stays.
    pub fn shut(&mut self) {
        if let Some(socket) = self.socket.take() {
            // Without a listener behind it it would only be refused.
            fs::remove_file(socket).ok();
            self.post.blocking_send(None).ok();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
    }
}

fn listen(folder: &Path, name: &str) -> io::Result<(UnixListener, PathBuf)> {
    let path = folder.join(name);
    // Who looks for it reads its path as text.
    if path.as_os_str().len() > LONGEST || path.to_str().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    // Nobody else may enter this one, so nobody meets the socket before its rights are narrow.
    let private = tempfile::Builder::new().prefix(".s").rand_bytes(4).tempdir_in(folder)?;
    fs::set_permissions(private.path(), Permissions::from_mode(0o700))?;
    let first = private.path().join("s");
    let listener = UnixListener::bind(&first)?;
    fs::set_permissions(&first, Permissions::from_mode(0o600))?;
    fs::rename(&first, &path)?;
    Ok((listener, path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_door_is_for_its_owner_replaces_a_dead_one_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(folder.path().join(NAME)).unwrap());
        let (mut door, mut post) = Door::new(None);
        let socket = door.open(folder.path()).unwrap();
        assert_eq!(socket, folder.path().join(NAME));
        assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        let _listener = post.blocking_recv().flatten().expect("a listener");
        UnixStream::connect(&socket).expect("it lets us in");
        assert!(door.is_there());
        fs::remove_file(&socket).unwrap();
        assert!(!door.is_there(), "somebody took it away");
        door.open(folder.path()).unwrap();
        UnixStream::connect(&socket).expect("it lets us in again");
        while !matches!(post.try_recv(), Err(mpsc::error::TryRecvError::Empty)) {}
        drop(door);
        assert!(matches!(post.blocking_recv(), Some(None)), "the other side hears of it");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_with_a_long_path_has_its_door_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let long = place.path().join("a".repeat(120));
        fs::create_dir(&long).unwrap();
        let (mut door, _post) = Door::new(None);
        assert!(door.open(&long).is_err());
        let (mut door, _post) = Door::new(Some(place.path().to_owned()));
        let socket = door.open(&long).unwrap();
        assert!(socket.starts_with(place.path().join("model-orchestrator")), "{}", socket.display());
        UnixStream::connect(&socket).expect("it lets us in");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_whose_path_is_no_text_has_its_door_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let odd = place.path().join(std::ffi::OsStr::from_bytes(b"\xff"));
        fs::create_dir(&odd).unwrap();
        let (mut door, _post) = Door::new(None);
        assert!(door.open(&odd).is_err());
        let (mut door, _post) = Door::new(Some(place.path().to_owned()));
        let socket = door.open(&odd).unwrap();
        assert!(socket.to_str().is_some() && socket.starts_with(place.path()), "{}", socket.display());
    }
}
