//! What a peer said, made safe to show: without our secrets, on one line, not too long.

use std::fmt;
use std::sync::Arc;

use crate::domain::Secret;

/// Longest quotation of a peer, in characters.
const LONGEST: usize = 300;

/// The secrets of one connection, to be blanked out of everything that is quoted.
#[derive(Clone, Default)]
pub(crate) struct Scrub {
    secrets: Arc<[Secret]>,
}

impl Scrub {
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self { secrets: secrets.into_iter().collect() }
    }

    /// A peer's text for a person.
    pub(crate) fn quote(&self, text: &str) -> String {
        // Secrets go first: cutting or joining lines could leave a piece of one behind.
        let blanked = self.secrets.iter().fold(text.to_owned(), |text, secret| secret.scrub(&text));
        let line: String = blanked.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.trim();
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        }
    }
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrub(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::Scrub;
    use crate::domain::Secret;

    #[test]
    fn a_quotation_holds_no_secret_no_line_break_and_no_novel() {
        let scrub = Scrub::new([Secret::new("s3cret"), Secret::new("other")]);
        assert_eq!(scrub.quote("bad s3cret\nand other"), "bad ••• and •••");
        let long = format!("{}s3cret", "x".repeat(298));
        let quoted = scrub.quote(&long);
        assert!(!quoted.contains("s3"), "a cut must not leave half a secret: {quoted}");
        assert!(scrub.quote(&"é".repeat(1000)).chars().count() <= 301);
    }
}
