//! How a file is written: the style found in it, for the values that are new.

use serde_json::Value;

use super::scan::Node;

/// The habits of whoever wrote the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub newline: &'static str,
    /// One step of indentation.
    pub unit: String,
    /// Between key and value: `: `.
    pub colon: String,
    /// After a comma on one line.
    pub gap: &'static str,
    /// Text beyond ASCII is written as `\u4f59`.
    pub ascii: bool,
    /// The top object has one member per line.
    pub multi: bool,
}

/// Reads the habits from a file. One without content gets ours: two spaces, one member per line.
pub(super) fn style_of(text: &str, root: &Node) -> Style {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let first = root.parts().first();
    let multi = first.is_none_or(|part| text[part.lead.clone()].contains('\n'));
    let unit = first
        .map(|part| &text[part.lead.clone()])
        .and_then(|lead| lead.rsplit_once('\n'))
        .map_or("  ", |(_, indent)| indent)
        .to_owned();
    let colon = first.map_or(": ", |part| &text[part.mid()]);
    let colon = if colon.contains('\n') { ": " } else { colon }.to_owned();
    let gap = if first_gap(text, root).unwrap_or(colon.ends_with(' ')) { " " } else { "" };
    Style { newline, unit, colon, gap, ascii: text.is_ascii() && escapes_beyond_ascii(text), multi }
}

/// Whether the first comma within a line is followed by a space.
fn first_gap(text: &str, node: &Node) -> Option<bool> {
    let leads = node.parts().iter().skip(1).map(|part| &text[part.lead.clone()]);
    let mut inline = leads.filter(|lead| !lead.contains('\n'));
    inline
        .next()
        .map(|lead| !lead.is_empty())
        .or_else(|| node.parts().iter().find_map(|part| first_gap(text, &part.value)))
}

fn escapes_beyond_ascii(text: &str) -> bool {
    text.match_indices("\\u").any(|(at, _)| {
        let digits = text.get(at + 2..at + 6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        digits.is_some_and(|code| code >= 0x80)
    })
}

impl Style {
    /// Writes a value; `multi` puts members on lines of their own, `indent` is that of its line.
    pub fn write(&self, out: &mut String, value: &Value, multi: bool, indent: &str) {
        match value {
            Value::Object(map) => {
                let members = map.iter().map(|(key, value)| (Some(key.as_str()), value));
                self.container(out, ('{', '}'), members, multi, indent);
            }
            Value::Array(items) => {
                self.container(out, ('[', ']'), items.iter().map(|item| (None, item)), multi, indent);
            }
            Value::String(text) => self.string(out, text),
            scalar => out.push_str(&scalar.to_string()),
        }
    }

    fn container<'a>(
        &self,
        out: &mut String,
        (open, close): (char, char),
        members: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Value)>,
        multi: bool,
        indent: &str,
    ) {
        out.push(open);
        let multi = multi && members.len() > 0;
        let inner = format!("{indent}{}", self.unit);
        for (n, (key, value)) in members.enumerate() {
            if n > 0 {
                out.push(',');
            }
            match (multi, n) {
                (true, _) => {
                    out.push_str(self.newline);
                    out.push_str(&inner);
                }
                (false, 0) => {}
                (false, _) => out.push_str(self.gap),
            }
            if let Some(key) = key {
                self.string(out, key);
                out.push_str(&self.colon);
            }
            self.write(out, value, multi, &inner);
        }
        if multi {
            out.push_str(self.newline);
            out.push_str(indent);
        }
        out.push(close);
    }

    pub fn string(&self, out: &mut String, text: &str) {
        use std::fmt::Write as _;
        let quoted = Value::from(text).to_string();
        if !self.ascii {
            out.push_str(&quoted);
            return;
        }
        for letter in quoted.chars() {
            if letter.is_ascii() {
                out.push(letter);
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
}
