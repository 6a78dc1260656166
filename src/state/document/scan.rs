//! Where everything stands in the text of a JSON file.
//!
//! Runs only on text that serde has accepted, so it needs to find borders, not errors.

use std::ops::Range;

/// A value and where it stands.
pub(super) struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

pub(super) enum Kind {
    Scalar,
    Object(Vec<Part>),
    Array(Vec<Part>),
}

/// One member of an object, or one item of an array.
pub(super) struct Part {
    /// White space before it.
    pub lead: Range<usize>,
    /// Of a member: its key with quotes, and what that says.
    pub key: Option<(Range<usize>, String)>,
    pub value: Node,
    /// White space after it, up to the comma or the closing bracket.
    pub trail: Range<usize>,
}

impl Part {
    pub fn name(&self) -> &str {
        self.key.as_ref().map_or("", |(_, name)| name)
    }

    /// From the end of the key to the value: the colon and the space around it.
    pub fn mid(&self) -> Range<usize> {
        self.key
            .as_ref()
            .map_or(self.value.span.start..self.value.span.start, |(span, _)| span.end..self.value.span.start)
    }
}

impl Node {
    pub fn parts(&self) -> &[Part] {
        match &self.kind {
            Kind::Scalar => &[],
            Kind::Object(parts) | Kind::Array(parts) => parts,
        }
    }
}

/// Finds the borders of everything in `text`, which must be valid JSON.
pub(super) fn scan(text: &str) -> Node {
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    scanner.value()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) -> Range<usize> {
        let start = self.at;
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        start..self.at
    }

    fn value(&mut self) -> Node {
        let start = self.at;
        let kind = match self.peek() {
            b'{' => Kind::Object(self.parts(b'}')),
            b'[' => Kind::Array(self.parts(b']')),
            b'"' => {
                self.string();
                Kind::Scalar
            }
            _ => {
                while !matches!(self.peek(), 0 | b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') {
                    self.at += 1;
                }
                Kind::Scalar
            }
        };
        Node { span: start..self.at, kind }
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'\\' => self.at += 2,
                b'"' | 0 => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        start..self.at
    }

    fn parts(&mut self, close: u8) -> Vec<Part> {
        let mut parts = Vec::new();
        self.at += 1;
        loop {
            let lead = self.space();
            if self.peek() == close || self.at >= self.text.len() {
                self.at += 1;
                return parts;
            }
            let key = (close == b'}').then(|| {
                let span = self.string();
                self.space();
                self.at += 1;
                self.space();
                let name = serde_json::from_str(&self.text[span.clone()]).unwrap_or_default();
                (span, name)
            });
            let value = self.value();
            let trail = self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
            parts.push(Part { lead, key, value, trail });
        }
    }
}
