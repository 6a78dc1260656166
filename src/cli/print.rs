//! The two ways out: results on standard output, problems on standard error.
//!
//! Whatever a gateway or a file says, nothing of it steers the terminal. A reader that has gone away (`| head`) is no failure.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;

use super::exit::{Exit, Failure};
use crate::domain::steers;
use crate::words::{Said, printable};

/// Writes a result as it is, ending with a line break.
pub(super) fn text(result: &str) -> Result<(), Failure> {
    let end = if result.is_empty() || result.ends_with('\n') { "" } else { "\n" };
    deliver(&mut io::stdout().lock(), &printable(&format!("{result}{end}")))
}

/// Writes a result as one JSON document.
pub(super) fn json<T: Serialize>(document: &T) -> Result<(), Failure> {
    let document = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write the document: {error}")))?;
    text(&escaped(&document))
}

/// The same document, with every letter that steers a terminal written as `\u202e`; such a letter stands in texts
/// only.
fn escaped(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for letter in document.chars() {
        if letter != '\n' && steers(letter) {
            let mut units = [0; 2];
            out.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(letter);
        }
    }
    out
}

/// Says on standard error what a person should know beside the result.
pub(super) fn aside(remark: &str) {
    // Nobody is left to tell when standard error is gone.
    writeln!(io::stderr().lock(), "{}", printable(remark)).ok();
}

/// Says beside the result what it goes without; with `--json` as one line that is a document.
pub(super) fn warning(said: &Said, as_json: bool) {
    #[derive(Serialize)]
    struct Document<'a> {
        warning: Row<'a>,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        what: &'a str,
        remedy: Option<&'a str>,
    }
    if as_json {
        let row = Row { what: &said.what, remedy: said.remedy.as_deref() };
        if let Ok(document) = serde_json::to_string(&Document { warning: row }) {
            return aside(&escaped(&document));
        }
    }
    aside(&said.what);
    if let Some(remedy) = &said.remedy {
        aside(remedy);
    }
}

/// One line on standard error that is written over and over.
pub(super) fn over_and_over(line: &str) {
    let mut out = io::stderr().lock();
    // Nobody is left to look when standard error is gone.
    write!(out, "\r\u{1b}[K{line}").and_then(|()| out.flush()).ok();
}

/// Says why it did not work; with `--json` as a document too.
pub(super) fn failure(failure: &Failure, as_json: bool) {
    #[derive(Serialize)]
    struct Document<'a> {
        error: Row<'a>,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        code: &'static str,
        what: &'a str,
        remedy: Option<&'a str>,
    }
    if as_json {
        let row = Row { code: failure.exit.name(), what: &failure.what, remedy: failure.remedy.as_deref() };
        if let Ok(document) = serde_json::to_string(&Document { error: row }) {
            return aside(&escaped(&document));
        }
    }
    aside(&failure.what);
    if let Some(remedy) = &failure.remedy {
        aside(remedy);
    }
}

/// Asks a person; `None` when there is nobody to ask.
pub(super) fn confirm(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{} [y/N] ", printable(question)).and_then(|()| stderr.flush()).ok()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn deliver(out: &mut impl Write, result: &str) -> Result<(), Failure> {
    match out.write_all(result.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{deliver, escaped};

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_document_says_the_same_without_steering_the_terminal() {
        let name = "a\u{202e}b\u{85}\u{1b}\n余";
        let document = serde_json::to_string_pretty(&[name]).expect("a document");
        let said = escaped(&document);
        assert!(said.contains("\\u202e") && !said.contains(['\u{202e}', '\u{85}']), "{said}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&said).expect("a document"), [name]);
    }

    #[test]
    fn a_reader_that_has_gone_away_is_no_failure() {
        assert!(deliver(&mut Broken(io::ErrorKind::BrokenPipe), "result").is_ok());
        assert!(deliver(&mut Broken(io::ErrorKind::StorageFull), "result").is_err());
    }
}
