//! Copies a JSON text, saying something else only where the wanted value differs.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Map, Value};

use super::fresh::{Style, style_of};
use super::scan::{Kind, Node, Part, scan};

/// `text`, which says `old`, changed as little as possible to say `new`.
pub(super) fn rewrite(text: &str, old: &Value, new: &Value) -> String {
    let root = scan(text);
    let style = style_of(text, &root);
    let mut writer = Writer { text, style, out: String::with_capacity(text.len() + 256) };
    writer.copy(0..root.span.start);
    let multi = writer.style.multi;
    writer.value(&root, old, new, multi, "");
    writer.copy(root.span.end..text.len());
    writer.out
}

/// `text`, which says `root`, written anew where an object has a key twice.
pub(super) fn without_hidden(text: &str, root: &Value) -> String {
    let node = scan(text);
    if !hides(&node) {
        return text.to_owned();
    }
    let style = style_of(text, &node);
    let mut out = String::with_capacity(text.len());
    style.write(&mut out, root, style.multi, "");
    out + &text[node.span.end..]
}

fn hides(node: &Node) -> bool {
    let mut names = BTreeSet::new();
    let parts = node.parts();
    parts.iter().any(|part| part.key.is_some() && !names.insert(part.name()) || hides(&part.value))
}

struct Writer<'a> {
    text: &'a str,
    style: Style,
    out: String,
}

impl Writer<'_> {
    fn copy(&mut self, span: Range<usize>) {
        self.out.push_str(&self.text[span]);
    }

    /// `multi` says how a value is laid out that is wholly new, `indent` is that of its line.
    fn value(&mut self, node: &Node, old: &Value, new: &Value, multi: bool, indent: &str) {
        if old == new {
            return self.copy(node.span.clone());
        }
        match (&node.kind, old, new) {
            (Kind::Object(parts), Value::Object(old), Value::Object(new)) => {
                self.object(parts, old, new, multi, indent);
            }
            (Kind::Array(parts), Value::Array(old), Value::Array(new)) => self.array(parts, old, new, multi, indent),
            _ => self.style.write(&mut self.out, new, multi, indent),
        }
    }

    fn object(
        &mut self,
        parts: &[Part],
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        multi: bool,
        indent: &str,
    ) {
        let kept: Vec<&Part> = parts.iter().filter(|part| new.contains_key(part.name())).collect();
        let added: Vec<_> = new.iter().filter(|(key, _)| !old.contains_key(*key)).collect();
        let layout = Layout::of(self.text, &self.style, parts, multi, indent);
        let has_doubled = parts.len() > old.len();
        self.out.push('{');
        for (n, part) in kept.iter().enumerate() {
            let more = n + 1 < kept.len() || !added.is_empty();
            let is_shadowed = has_doubled && kept[n + 1..].iter().any(|later| later.name() == part.name());
            self.part(parts, part, n, more, |writer| match (old.get(part.name()), new.get(part.name())) {
                // Of a doubled key only the last counts; the others stay as they are.
                (Some(old), Some(new)) if !is_shadowed => {
                    writer.value(&part.value, old, new, layout.values_multi, &layout.indent);
                }
                _ => writer.copy(part.value.span.clone()),
            });
        }
        for (n, (key, value)) in added.iter().enumerate() {
            self.lead_of_added(kept.len() + n, &layout);
            self.style.string(&mut self.out, key);
            self.out.push_str(&layout.colon);
            self.style.write(&mut self.out, value, layout.values_multi, &layout.indent);
        }
        self.close(kept.len() + added.len(), &layout, '}');
    }

    fn array(&mut self, parts: &[Part], old: &[Value], new: &[Value], multi: bool, indent: &str) {
        let layout = Layout::of(self.text, &self.style, parts, multi, indent);
        let n_kept = parts.len().min(new.len());
        self.out.push('[');
        for (n, part) in parts[..n_kept].iter().enumerate() {
            self.part(parts, part, n, n + 1 < new.len(), |writer| {
                writer.value(&part.value, &old[n], &new[n], layout.values_multi, &layout.indent);
            });
        }
        for (n, value) in new.iter().enumerate().skip(n_kept) {
            self.lead_of_added(n, &layout);
            self.style.write(&mut self.out, value, layout.values_multi, &layout.indent);
        }
        self.close(new.len(), &layout, ']');
    }

    /// A part that stays: its own white space, unless it became the first or was the last.
    fn part(&mut self, all: &[Part], part: &Part, n: usize, more: bool, value: impl FnOnce(&mut Self)) {
        let lead = if n == 0 { all[0].lead.clone() } else { part.lead.clone() };
        self.copy(lead);
        if let Some((key, _)) = &part.key {
            self.copy(key.clone());
            self.copy(part.mid());
        }
        value(self);
        if more {
            let was_last = all.last().is_some_and(|last| std::ptr::eq(last, part));
            if !was_last {
                self.copy(part.trail.clone());
            }
            self.out.push(',');
        }
    }

    fn lead_of_added(&mut self, n: usize, layout: &Layout) {
        if n > 0 && !self.out.ends_with(',') {
            self.out.push(',');
        }
        self.out.push_str(if n == 0 { &layout.first_lead } else { &layout.lead });
    }

    fn close(&mut self, n_parts: usize, layout: &Layout, bracket: char) {
        if n_parts > 0 {
            self.out.push_str(&layout.closing);
        }
        self.out.push(bracket);
    }
}

/// How the parts of one object or array are laid out, for those that are added to it.
struct Layout {
    first_lead: String,
    lead: String,
    colon: String,
    closing: String,
    indent: String,
    values_multi: bool,
}

impl Layout {
    fn of(text: &str, style: &Style, parts: &[Part], multi: bool, indent: &str) -> Self {
        let Some((first, last)) = parts.first().zip(parts.last()) else {
            return Self::of_empty(style, multi, indent);
        };
        let first_lead = text[first.lead.clone()].to_owned();
        let last_lead = &text[last.lead.clone()];
        let on_lines = last_lead.contains('\n');
        let lead = if on_lines || parts.len() > 1 { last_lead } else { style.gap };
        let siblings = parts.iter().rev().find(|part| !part.value.parts().is_empty());
        let values_multi = siblings.map_or(on_lines && style.multi, |part| {
            part.value.parts().first().is_some_and(|inner| text[inner.lead.clone()].contains('\n'))
        });
        let colon = &text[last.mid()];
        Self {
            lead: lead.to_owned(),
            colon: if colon.contains('\n') || colon.is_empty() { &style.colon } else { colon }.to_owned(),
            closing: text[last.trail.clone()].to_owned(),
            indent: last_lead.rsplit_once('\n').map_or(indent, |(_, indent)| indent).to_owned(),
            first_lead,
            values_multi,
        }
    }

    fn of_empty(style: &Style, multi: bool, indent: &str) -> Self {
        let (inner, lead, closing) = if multi {
            let inner = format!("{indent}{}", style.unit);
            let lead = format!("{}{inner}", style.newline);
            (inner, lead, format!("{}{indent}", style.newline))
        } else {
            (indent.to_owned(), String::new(), String::new())
        };
        Self {
            first_lead: lead.clone(),
            lead: if multi { lead } else { style.gap.to_owned() },
            colon: style.colon.clone(),
            closing,
            indent: inner,
            values_multi: multi,
        }
    }
}
