//! What was pasted or saved, made into plain lines: one spelling for signs, no marks nobody sees.

use super::html;

/// The text of a page in one spelling, and what it says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Lines; a cell of a table and a part between dots are lines of their own.
    pub(super) text: String,
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) cut_off: bool,
    pub(super) is_html: bool,
}

pub(super) fn of(input: &str) -> Page {
    if !html::is_html(input) {
        let text = plain(input);
        let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
        let url = first.starts_with("http").then(|| first.split_whitespace().next().unwrap_or_default().to_owned());
        return Page { text, url, ..Page::default() };
    }
    let found = html::strip(input);
    Page { text: plain(&found.text), title: plain(&found.title), url: found.url, cut_off: found.cut_off, is_html: true }
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split(['\n', '\r', '\t', '|', '·', '•', '│', '∙', '⋅']) {
        let start = out.len();
        for letter in line.chars().filter_map(sign) {
            if !(letter == ' ' && (out.len() == start || out.ends_with(' '))) {
                out.push(letter);
            }
        }
        if out.ends_with(' ') {
            out.pop();
        }
        if out.len() > start {
            out.push('\n');
        }
    }
    out
}

/// One spelling for each sign; `None` for those without a shape.
fn sign(letter: char) -> Option<char> {
    Some(match letter {
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}' => return None,
        '\u{ffe5}' => '¥',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '’' | '‘' => '\'',
        '−' | '–' | '—' | '‑' | '‐' => '-',
        '〜' => '~',
        _ if letter.is_whitespace() || letter.is_control() => ' ',
        _ => letter,
    })
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn one_spelling_for_what_looks_alike() {
        let cases = [
            ("已使用：６３％，剩余３７％", "已使用:63%,剩余37%\n"),
            ("5\u{2011}hour\u{a0} limit \u{200b}", "5-hour limit\n"),
            ("￥12.50\tWeekly | 63% used · Resets", "¥12.50\nWeekly\n63% used\nResets\n"),
            ("\r\n\r\n  a \r\n b\u{3000}c", "a\nb c\n"),
        ];
        for (input, expected) in cases {
            assert_eq!(of(input).text, expected);
        }
        assert_eq!(
            of("https://claude.ai/settings/usage\nUsage").url.as_deref(),
            Some("https://claude.ai/settings/usage")
        );
    }
}
