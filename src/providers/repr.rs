//! Dictionaries as Python prints them, for errors that passed through a Python client.

use serde_json::Value;

/// `{'error': {'code': '1308', 'param': None}}` as JSON, when the whole of `text` is one.
pub(super) fn parse(text: &str) -> Option<Value> {
    if !text.starts_with("{'") {
        return None;
    }
    let mut json = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut depth = 0_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => json.push_str(&string(&mut letters, letter)?),
            '{' | '[' => {
                depth += 1;
                json.push(letter);
            }
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                json.push(letter);
                if depth == 0 {
                    break;
                }
            }
            first if first.is_ascii_alphabetic() => {
                let mut word = String::from(first);
                while let Some(next) = letters.next_if(char::is_ascii_alphabetic) {
                    word.push(next);
                }
                json.push_str(match word.as_str() {
                    "None" => "null",
                    "True" => "true",
                    "False" => "false",
                    _ => return None,
                });
            }
            other => json.push(other),
        }
    }
    serde_json::from_str(&json).ok()
}

/// The rest of a string that began with `quote`, in JSON's spelling.
fn string(letters: &mut impl Iterator<Item = char>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                other => text.push(other),
            },
            letter if letter == quote => return Some(Value::String(text).to_string()),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn a_printed_dictionary_is_read_like_json() {
        let text =
            r#"{'error': {'code': '1308', 'message': "You've \"hit\" it", 'param': None, 'n': [1, True]}} trailing"#;
        let value = json!({"error": {"code": "1308", "message": "You've \"hit\" it", "param": null, "n": [1, true]}});
        assert_eq!(parse(text), Some(value));
        for nonsense in ["{'a': b}", "{'a': 'b", "{\"a\": 1}", "{'a': 1]}"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
