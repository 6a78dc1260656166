//! OpenClaw's configuration file: JSON5, with parts kept in other files.

use std::path::Path;

use serde_json::{Map, Value};

/// Files larger than this are no configuration.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Nor are those with brackets within brackets beyond this; the parser would need a stack for each.
const DEEPEST: i32 = 128;

/// The configuration at `path` with its included files, or nothing when it cannot be read. Why it cannot
/// be is not said: a parser's words may quote a token.
pub(super) fn read(path: &Path) -> Option<Value> {
    let mut config = parse(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    include(&mut config, folder);
    if let Value::Object(sections) = &mut config {
        for section in sections.values_mut() {
            include(section, folder);
        }
    }
    Some(config)
}

fn parse(path: &Path) -> Option<Value> {
    if std::fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    if is_too_deep(&text) { None } else { json5::from_str(&text).ok() }
}

/// Brackets in texts and comments are none, and a bracket too many that closes makes up for none that opens.
fn is_too_deep(text: &str) -> bool {
    let mut depth: i32 = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = (depth - 1).max(0),
            '"' | '\'' => skip_text(&mut letters, letter),
            '/' if letters.next_if_eq(&'/').is_some() => {
                letters.find(|letter| matches!(letter, '\n' | '\r' | '\u{2028}' | '\u{2029}'));
            }
            '/' if letters.next_if_eq(&'*').is_some() => {
                while letters.any(|letter| letter == '*') && letters.peek() != Some(&'/') {}
                letters.next();
            }
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// To the end of a text that began with `quote`.
fn skip_text(letters: &mut impl Iterator<Item = char>, quote: char) {
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if letter == quote {
            return;
        }
    }
}

/// Replaces `$include` with the files it names; what stands beside it wins. Inside included files it is
/// not followed further.
fn include(section: &mut Value, folder: &Path) {
    let Value::Object(fields) = section else { return };
    let Some(wanted) = fields.remove("$include") else { return };
    let names: Vec<&str> = match &wanted {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut merged = Value::Object(Map::new());
    for name in names {
        if let Some(part) = parse(&folder.join(name)) {
            merge(&mut merged, part);
        }
    }
    merge(&mut merged, std::mem::take(section));
    *section = merged;
}

/// Lays `over` on `base`: objects field by field, anything else replaced.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::{DEEPEST, is_too_deep};

    #[test]
    fn nothing_that_closes_where_it_does_not_count_hides_how_deep_it_is() {
        let many = usize::try_from(DEEPEST).unwrap() + 1;
        let (open, close) = ("[".repeat(many), "]".repeat(many));
        for hidden in [
            open.clone(),
            format!("//{close}\n{open}"),
            format!("/*{close}/*/{close}*/{open}"),
            format!("'{close}',{open}"),
            format!("\"\\\"{close}\",{open}"),
            format!("{close}{open}"),
            "[ //]\n".repeat(many),
            "[ //]\u{2028}".repeat(many),
            "[ /*]*/".repeat(many),
            "{'}': ".repeat(many),
        ] {
            assert!(is_too_deep(&hidden), "{hidden}");
        }
        for shallow in [
            format!("// {open}\n{{}}"),
            format!("{{a: '{open}', /* {open} **/ b: \"\\\"{open}\"}}"),
            "[{}],".repeat(many),
            format!("{}{}", &open[1..], &close[1..]),
        ] {
            assert!(!is_too_deep(&shallow), "{shallow}");
        }
    }
}
