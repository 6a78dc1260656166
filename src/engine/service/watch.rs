//! The end that watches: one connection to the program that holds the folder, from the greeting to its end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::input::{Heard, Input};
use super::super::{Command, Event, Ticket};
use super::frame::{self, COMMAND_LIMIT, FrameError, HELLO_LIMIT, PICTURE_LIMIT};
use super::wire::{Ask, Hello, NotWatched, Said};
use crate::domain::{Background, ProblemKind, Refusal};

/// A program that takes longer to greet is not there for us.
const GREETING: Duration = Duration::from_secs(5);
/// One that says nothing for so long is frozen: it says at least every two seconds that it is there.
const SILENT: Duration = Duration::from_secs(10);

/// Watches until either end goes. What is heard, and at last that there is no more, goes to `inputs`.
pub async fn watch(
    link: u64,
    socket: PathBuf,
    this: Background,
    asks: mpsc::Receiver<(Ticket, Command)>,
    inputs: mpsc::Sender<Input>,
) {
    let greeted = timeout(GREETING, greet(&socket, &this)).await.unwrap_or(Err(NotWatched::Silent));
    let (service, stream) = match greeted {
        Ok(greeted) => greeted,
        Err(why) => {
            // The engine has ended: nobody is left to tell.
            inputs.send(Input::Watched { link, result: Err(why) }).await.ok();
            return;
        }
    };
    inputs.send(Input::Watched { link, result: Ok(service) }).await.ok();
    let (from, to) = stream.into_split();
    let why = tokio::select! {
        why = hear(link, from, &inputs) => why,
        why = ask(link, to, asks, &inputs) => why,
    };
    inputs.send(Input::Heard { link, what: Heard::End(why) }).await.ok();
}

async fn greet(socket: &Path, this: &Background) -> Result<(Background, UnixStream), NotWatched> {
    let mut stream = UnixStream::connect(socket).await.map_err(|_nobody| NotWatched::Gone)?;
    let hello: Option<Hello> = frame::read(&mut stream, HELLO_LIMIT).await.map_err(|error| reason(&error))?;
    let hello = hello.ok_or(NotWatched::Gone)?;
    hello.check()?;
    let ours = frame::write(&Hello::of(this), HELLO_LIMIT).map_err(|error| reason(&error))?;
    stream.write_all(&ours).await.map_err(|_gone| NotWatched::Gone)?;
    Ok((hello.who(), stream))
}

async fn hear(link: u64, mut from: OwnedReadHalf, inputs: &mpsc::Sender<Input>) -> NotWatched {
    loop {
        let Ok(said) = timeout(SILENT, frame::read(&mut from, PICTURE_LIMIT)).await else { return NotWatched::Silent };
        let what = match said {
            Ok(Some(Said::Alive)) => continue,
            Ok(Some(Said::Picture(changes))) => Heard::Picture(changes),
            Ok(Some(Said::Event(event))) => Heard::Event(event),
            Ok(None) => return NotWatched::Gone,
            Err(error) => return reason(&error),
        };
        if inputs.send(Input::Heard { link, what }).await.is_err() {
            return NotWatched::Gone;
        }
    }
}

async fn ask(
    link: u64,
    mut to: OwnedWriteHalf,
    mut asks: mpsc::Receiver<(Ticket, Command)>,
    inputs: &mpsc::Sender<Input>,
) -> NotWatched {
    while let Some((ticket, command)) = asks.recv().await {
        let ask = Ask { ticket: ticket.0, command: from_here(command) };
        match frame::write(&ask, COMMAND_LIMIT) {
            Ok(bytes) => {
                if to.write_all(&bytes).await.is_err() {
                    return NotWatched::Gone;
                }
            }
            Err(error) => {
                let why = Refusal::Problem(ProblemKind::Refused { detail: error.to_string() });
                let what = Heard::Event(Event::Refused { ticket, why });
                inputs.send(Input::Heard { link, what }).await.ok();
            }
        }
    }
    NotWatched::Gone
}

/// The other program stands in another folder.
fn from_here(command: Command) -> Command {
    let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    match command {
        Command::PreviewImport { from } => Command::PreviewImport { from: whole(from) },
        other => other,
    }
}

fn reason(error: &FrameError) -> NotWatched {
    match error {
        FrameError::Gone(_) => NotWatched::Gone,
        other => NotWatched::NotUnderstood { detail: other.to_string() },
    }
}
