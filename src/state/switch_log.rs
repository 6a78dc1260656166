//! `switches.log`: one line for every switch, in the order they happened, never rewritten.
//!
//! `2026-02-13T12:00:00Z | NAME | FROM -> TO | REASON`, readable by `cut` and by the older scripts.
//! Inside a field `\`, `|` and line ends are written as `\\`, `\|`, `\n`, `\r`, and other letters that steer a
//! terminal as `\u{1b}`, as are white space around a field and an arrow inside one; so a line stays a line, a
//! separator a separator, and `cat` is safe.

use jiff::Timestamp;

use crate::domain::steers;

/// One line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// To the second.
    pub at: Timestamp,
    pub name: String,
    pub from: String,
    pub to: String,
    pub reason: String,
}

impl LogLine {
    /// The line without its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let [name, from, to, reason] = [&self.name, &self.from, &self.to, &self.reason].map(|field| escaped(field));
        format!("{at} | {name} | {from} -> {to} | {reason}")
    }

    /// `None` for what is not a whole line, such as the last one after a crash.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end_matches(['\r', '\n']);
        let fields = split_unescaped(line);
        let [at, name, change, reason] = fields.as_slice() else { return None };
        let (from, to) = change.split_once(" -> ")?;
        Some(Self {
            at: at.trim().parse().ok()?,
            name: unescaped(name.trim()),
            from: unescaped(from.trim()),
            to: unescaped(to.trim()),
            reason: unescaped(reason.trim()),
        })
    }
}

/// All whole lines of a log, oldest first.
#[must_use]
pub fn read(text: &str) -> Vec<LogLine> {
    text.lines().filter_map(LogLine::parse).collect()
}

fn escaped(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let inner = field.len() - field.trim_start().len()..field.trim_end().len();
    for (at, letter) in field.char_indices() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '|' => out.push_str("\\|"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other if steers(other) || !inner.contains(&at) => out.extend(other.escape_unicode()),
            '>' if out.ends_with(" -") => out.extend(letter.escape_unicode()),
            other => out.push(other),
        }
    }
    out
}

fn unescaped(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('u') => out.push(by_number(&mut letters)),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (other, false) => out.push(other),
        }
    }
    out
}

/// The letter of `{1b}`.
fn by_number(letters: &mut std::str::Chars<'_>) -> char {
    let digits: String = letters.skip_while(|letter| *letter == '{').take_while(|letter| *letter != '}').collect();
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn split_unescaped(line: &str) -> Vec<&str> {
    let (mut fields, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, letter) in line.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '|' => {
                fields.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(&line[start..]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> LogLine {
        LogLine {
            at: "2026-02-13T12:00:00Z".parse().unwrap(),
            name: name.to_owned(),
            from: "minimax/MiniMax-M3".to_owned(),
            to: "PAUSED".to_owned(),
            reason: "nothing in T1 serves".to_owned(),
        }
    }

    #[test]
    fn a_line_reads_as_the_older_scripts_write_it() {
        let text = "2026-02-13T12:00:00Z | digest | minimax/MiniMax-M3 -> PAUSED | nothing in T1 serves";
        assert_eq!(line("digest").to_text(), text);
        assert_eq!(LogLine::parse(text), Some(line("digest")));
    }

    #[test]
    fn any_name_comes_back_and_stays_on_its_line() {
        for name in [
            "a | b",
            "余 🦀",
            "two\nlines",
            "end\\",
            "\\n",
            "\\|",
            "a -> b",
            "cr\r\nlf",
            "\u{1b}[31m",
            "a\u{202e}b",
            "\\u{1b}",
            "",
            " around ",
            "\u{3000}",
            "two\u{85}lines\u{2028}more",
        ] {
            let text = line(name).to_text();
            assert!(!text.contains(steers), "{text}");
            assert_eq!(LogLine::parse(&text), Some(line(name)), "{name:?}");
            let from = LogLine { from: name.to_owned(), ..line("digest") };
            assert_eq!(LogLine::parse(&from.to_text()), Some(from), "as a model");
        }
    }

    #[test]
    fn half_a_last_line_is_passed_over() {
        let whole = line("digest").to_text();
        for cut in 0..whole.rfind('|').unwrap() {
            let text = format!("{whole}\n{}", &whole[..cut]);
            assert_eq!(read(&text), [line("digest")], "cut after {cut} bytes");
        }
    }
}
