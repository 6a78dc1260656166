//! What others wrote, as it may be shown and kept: on one line, not too long, without anything that could be a key.

/// Longest quotation, in characters.
const LONGEST: usize = 300;

/// `None` when nothing is left to quote.
#[must_use]
pub fn quotation(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| if holds_secret(word) { "•••" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    let cut = line.char_indices().nth(LONGEST).map(|(end, _)| format!("{}…", &line[..end]));
    Some(cut.unwrap_or(line)).filter(|line| !line.is_empty())
}

/// `key=sk-…` and `"sk-…"` hold one as well.
fn holds_secret(word: &str) -> bool {
    word.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter)).any(looks_secret)
}

fn looks_secret(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let prefixed = ["sk-", "sk_", "ak-", "AIza", "gsk_", "xai-", "eyJ", "ghp_", "gho_", "ghu_"]
        .iter()
        .any(|start| word.starts_with(start));
    let random = word.len() >= 32
        && word.bytes().any(|letter| letter.is_ascii_digit())
        && word.bytes().any(|letter| letter.is_ascii_alphabetic());
    prefixed || random
}

#[cfg(test)]
mod tests {
    use super::quotation;

    #[test]
    fn a_quotation_holds_no_key_and_no_novel() {
        let cases = [
            (
                "Incorrect API key provided: sk-proj-1234567890abcdef.\nSee\thttps://platform.openai.com/docs",
                "Incorrect API key provided: ••• See https://platform.openai.com/docs",
            ),
            ("refused (key=sk-1234) twice", "refused ••• twice"),
            ("token \"0123456789abcdef0123456789abcdef\": no", "token ••• no"),
            ("command exited with code 7", "command exited with code 7"),
        ];
        for (text, quoted) in cases {
            assert_eq!(quotation(text).as_deref(), Some(quoted));
        }
        assert!(quotation(&"ab ".repeat(1000)).is_some_and(|line| line.chars().count() == 301));
        assert_eq!(quotation("  "), None);
    }
}
