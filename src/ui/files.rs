//! Paths from the user: a native dialog on its own thread, and reading what was typed.
//!
//! A desktop may have no dialog service, and then the dialog answers as if it was cancelled, so
//! whoever asks for a path always offers a text field too.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::action::Pick;

/// What came of a native dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Chosen(PathBuf),
    /// Cancelled, or there is no dialog service: the two look alike from here.
    Nothing,
}

/// A way to let the user choose a path outside the window.
pub trait FilePicker: std::fmt::Debug {
    /// Opens the dialog for `pick` and returns at once.
    fn browse(&mut self, pick: &Pick, suggested: Option<&Path>, ctx: &egui::Context);

    /// The answer, once, when there is one.
    fn poll(&mut self) -> Option<Answer>;

    /// A dialog is open, or on its way.
    fn browsing(&self) -> bool;
}

/// The desktop's own dialogs.
#[derive(Debug, Default)]
pub struct NativeDialogs {
    answer: Option<Receiver<Option<PathBuf>>>,
}

impl FilePicker for NativeDialogs {
    fn browse(&mut self, pick: &Pick, suggested: Option<&Path>, ctx: &egui::Context) {
        if self.answer.is_some() {
            return;
        }
        // The dialog is made here, on the main thread, where macOS wants it; only the waiting moves.
        let dialog = open_dialog(pick, suggested);
        let (send, answer) = sync_channel(1);
        let ctx = ctx.clone();
        let waiting = thread::Builder::new().name("file-dialog".to_owned()).spawn(move || {
            let path = wait_for(dialog).map(|file| file.path().to_path_buf());
            // Nobody listens any more when the window has gone; then the path is of no use.
            send.send(path).ok();
            ctx.request_repaint_after(std::time::Duration::from_millis(1));
        });
        self.answer = Some(answer);
        if let Err(error) = waiting {
            // Without its thread the channel is closed, which reads as "nothing chosen".
            tracing::warn!(%error, "cannot open a file dialog");
        }
    }

    fn poll(&mut self) -> Option<Answer> {
        let answer = match self.answer.as_ref()?.try_recv() {
            Ok(Some(path)) => Answer::Chosen(path),
            Ok(None) | Err(TryRecvError::Disconnected) => Answer::Nothing,
            Err(TryRecvError::Empty) => return None,
        };
        self.answer = None;
        Some(answer)
    }

    fn browsing(&self) -> bool {
        self.answer.is_some()
    }
}

type Dialog = std::pin::Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

fn open_dialog(pick: &Pick, suggested: Option<&Path>) -> Dialog {
    let mut dialog = rfd::AsyncFileDialog::new().set_title(title(pick));
    if let Some(folder) = suggested.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        dialog = dialog.set_directory(folder);
    }
    match pick {
        Pick::ImportFolder | Pick::ExportFolder => Box::pin(dialog.pick_folder()),
        Pick::ImportFile => Box::pin(dialog.pick_file()),
        Pick::ExportFile(name) | Pick::ExportText { name, .. } => Box::pin(dialog.set_file_name(name).save_file()),
    }
}

/// What the dialog and the prompt in the window are called.
#[must_use]
pub fn title(pick: &Pick) -> String {
    match pick {
        Pick::ImportFolder => "Import a state folder".to_owned(),
        Pick::ImportFile => "Import a state file".to_owned(),
        Pick::ExportFolder => "Export the state folder".to_owned(),
        Pick::ExportFile(name) | Pick::ExportText { name, .. } => format!("Export {name}"),
    }
}

/// Runs a future to its end on this thread.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// Why what was typed is not a path yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathTrouble {
    Empty,
    /// Nobody could say where it starts.
    NotWhole,
}

/// The path somebody typed, pasted or dropped: quotes, `file://` and `~` are understood.
///
/// # Errors
/// When nothing was typed, or a path that does not start at a root or at `~`.
pub fn typed_path(text: &str, home: Option<&Path>) -> Result<PathBuf, PathTrouble> {
    let text = text.trim();
    let text = text.strip_prefix("file://").unwrap_or(text);
    let quoted = |quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let text = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    if text.is_empty() {
        return Err(PathTrouble::Empty);
    }
    let at_home = if text == "~" { Some("") } else { text.strip_prefix("~/") };
    let path = match (at_home, home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    };
    if path.is_absolute() { Ok(path) } else { Err(PathTrouble::NotWhole) }
}

/// The user's home, where `~` starts.
#[must_use]
pub fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{PathTrouble, typed_path};

    #[test]
    fn a_typed_path_is_read_as_people_write_it() {
        let cases = [
            ("/tmp/state", Ok("/tmp/state"), "as it stands"),
            ("  /tmp/state \n", Ok("/tmp/state"), "pasted with blanks"),
            ("~/state", Ok("/home/ann/state"), "below home"),
            ("~", Ok("/home/ann"), "home itself"),
            ("\"/tmp/my state\"", Ok("/tmp/my state"), "copied with quotes"),
            ("file:///tmp/state", Ok("/tmp/state"), "copied as an address"),
            ("", Err(PathTrouble::Empty), "nothing yet"),
            ("state", Err(PathTrouble::NotWhole), "nobody knows where it starts"),
            ("~bob/state", Err(PathTrouble::NotWhole), "somebody else's home is not looked up"),
        ];
        for (text, expected, why) in cases {
            let path = typed_path(text, Some(Path::new("/home/ann")));
            assert_eq!(path, expected.map(PathBuf::from), "{text:?}: {why}");
        }
    }
}
