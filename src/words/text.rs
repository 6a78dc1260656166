//! Small change of language: plurals, lists, dollars.

use crate::domain::{Usd, steers};

/// "1 cron", "2 crons".
#[must_use]
pub fn count(n: usize, singular: &str) -> String {
    if n == 1 { format!("1 {singular}") } else { format!("{n} {singular}s") }
}

/// "a", "a and b", "a, b and c".
#[must_use]
pub fn list<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// What others wrote, as a terminal may show it: what would steer it is pictured (`␛`), lines stay lines.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { letter } else { pictured(letter) }).collect()
}

/// The same as a part of one line: a line end in a name is pictured too.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    text.chars().map(pictured).collect()
}

fn pictured(letter: char) -> char {
    match u32::from(letter) {
        code @ 0..=0x1F => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7F => '␡',
        _ if steers(letter) => char::REPLACEMENT_CHARACTER,
        _ => letter,
    }
}

/// "$25", "$1.10", "$0.004": cents only where they say something.
#[must_use]
pub fn usd(amount: Usd) -> String {
    let amount = amount.0;
    if amount != 0.0 && amount.abs() < 0.01 {
        return format!("${}", trimmed(&format!("{amount:.4}")));
    }
    let text = format!("{amount:.2}");
    format!("${}", text.strip_suffix(".00").unwrap_or(&text))
}

fn trimmed(number: &str) -> &str {
    number.trim_end_matches('0').trim_end_matches('.')
}

/// Upper case for the first letter, for a clause that opens a line.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Lower case for the first letter, for a sentence that follows a colon; what begins with two capitals stays.
pub fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    let (Some(first), second) = (chars.next(), chars.next()) else { return String::new() };
    if second.is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(text.chars().skip(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::{count, list, on_one_line, printable, usd};
    use crate::domain::Usd;

    #[test]
    fn one_is_singular_and_none_is_plural() {
        assert_eq!([count(0, "cron"), count(1, "cron"), count(2, "cron")], ["0 crons", "1 cron", "2 crons"]);
    }

    #[test]
    fn a_list_ends_with_and() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn what_would_steer_a_terminal_is_pictured() {
        let cases = [
            ("Nightly 余 🦀 👩‍🚀 naïve", "Nightly 余 🦀 👩‍🚀 naïve", "plain letters stay"),
            ("red\u{1b}[31m", "red␛[31m", "an escape"),
            ("a\tb\rc\u{7f}", "a␉b␍c␡", "other controls"),
            ("gpj\u{202e}exe\u{85}", "gpj\u{fffd}exe\u{fffd}", "what turns the writing around"),
        ];
        for (text, shown, why) in cases {
            assert_eq!((printable(text).as_str(), on_one_line(text).as_str()), (shown, shown), "{why}");
        }
        assert_eq!(printable("two\nlines"), "two\nlines");
        assert_eq!(on_one_line("two\nlines"), "two␊lines");
    }

    #[test]
    fn dollars_show_cents_only_where_they_say_something() {
        let cases = [(25.0, "$25"), (1.1, "$1.10"), (0.0, "$0"), (0.004, "$0.004"), (0.42, "$0.42")];
        for (amount, said) in cases {
            assert_eq!(usd(Usd(amount)), said);
        }
    }
}
