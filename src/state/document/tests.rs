//! Untouched bytes stay, whatever wrote the file.

use serde_json::{Value, json};

use super::*;

/// Lines that differ, as a person would see them in a diff.
fn diff(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<_>, Vec<_>) = (before.split('\n').collect(), after.split('\n').collect());
    let same_start = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - same_start;
    let same_end = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let removed = before[same_start..before.len() - same_end].iter().map(|line| format!("-{line}"));
    let added = after[same_start..after.len() - same_end].iter().map(|line| format!("+{line}"));
    removed.chain(added).collect()
}

fn change(text: &str, edit: impl FnOnce(&mut Value)) -> String {
    let document = Document::parse(text.as_bytes()).expect("parses");
    let mut target = document.root().clone();
    edit(&mut target);
    let after = document.rewritten(&target);
    let written = String::from_utf8(after.bytes()).expect("text");
    let again = Document::parse(written.as_bytes()).expect("what was written parses");
    assert_eq!(*again.root(), target, "what was written says what was wanted: {written}");
    written
}

#[test]
fn only_the_changed_value_changes_whatever_the_style() {
    let cases = [
        ("{\n  \"a\": {\n    \"tier\": 1,\n    \"x\": 1.0\n  }\n}\n", "jq"),
        ("{\n    \"a\": {\n        \"tier\": 1,\n        \"x\": 1e3\n    }\n}", "python indent=4, no line end"),
        ("{\"a\": {\"tier\": 1, \"x\": \"\\u4f59\"}}", "python on one line"),
        ("{\"a\":{\"tier\":1,\"x\":\"余\"}}\n", "compact"),
        ("{\r\n\t\"a\": {\r\n\t\t\"tier\": 1\r\n\t}\r\n}\r\n", "tabs, Windows line ends"),
        ("\u{feff}{ \"a\" : { \"tier\" : 1 , \"x\" : [ 1,2 ,3 ] } }", "byte order mark, odd spaces"),
        ("\n\n{\"a\":\n{\"tier\":\n1\n}}\n\n", "values on their own lines"),
        ("{\"a\": {\"tier\": 9, \"tier\": 1, \"x\": 12345678901234567890123}}", "doubled key, long number"),
        ("{\"a\": {\"t\\u0069er\": 1}, \"b\\/c\": \"\\/\"}", "escaped key and slash"),
    ];
    for (text, why) in cases {
        let after = change(text, |root| root["a"]["tier"] = json!(2));
        let at = last_tier(text).expect("has a tier");
        let expected = format!("{}2{}", &text[..at], &text[at + 1..]);
        assert_eq!(after, expected, "{why}");
    }
}

/// The place of the value of the last `tier` key.
fn last_tier(text: &str) -> Option<usize> {
    let key = text.rfind("tier\"").or_else(|| text.rfind("er\""))?;
    text[key..].find('1').map(|offset| key + offset)
}

#[test]
fn a_new_member_follows_the_style_around_it() {
    let add = |root: &mut Value| root["crons"]["new"] = json!({"name": "余 🦀", "tier": 3, "tags": ["a", "b"]});
    let cases = [
        (
            "{\n  \"crons\": {\n    \"old\": {\n      \"tier\": 1\n    }\n  }\n}\n",
            vec![
                "+    },",
                "+    \"new\": {",
                "+      \"name\": \"余 🦀\",",
                "+      \"tier\": 3,",
                "+      \"tags\": [",
                "+        \"a\",",
                "+        \"b\"",
                "+      ]",
            ],
            "one member per line",
        ),
        (
            "{\n \"crons\": {\n  \"old\": {\"tier\": 1}\n }\n}",
            vec![
                "-  \"old\": {\"tier\": 1}",
                "+  \"old\": {\"tier\": 1},",
                "+  \"new\": {\"name\": \"余 🦀\", \"tier\": 3, \"tags\": [\"a\", \"b\"]}",
            ],
            "one cron per line",
        ),
        (
            "{\"crons\":{\"old\":{\"tier\":1}}}",
            vec![
                "-{\"crons\":{\"old\":{\"tier\":1}}}",
                "+{\"crons\":{\"old\":{\"tier\":1},\"new\":{\"name\":\"余 🦀\",\"tier\":3,\"tags\":[\"a\",\"b\"]}}}",
            ],
            "compact",
        ),
        (
            "{\"crons\": {\"old\": {\"name\": \"\\u4f59\"}}}",
            vec![
                "-{\"crons\": {\"old\": {\"name\": \"\\u4f59\"}}}",
                "+{\"crons\": {\"old\": {\"name\": \"\\u4f59\"}, \"new\": {\"name\": \"\\u4f59 \\ud83e\\udd80\", \
                 \"tier\": 3, \"tags\": [\"a\", \"b\"]}}}",
            ],
            "ASCII only",
        ),
        (
            "{\n  \"crons\": {}\n}\n",
            vec![
                "-  \"crons\": {}",
                "+  \"crons\": {",
                "+    \"new\": {",
                "+      \"name\": \"余 🦀\",",
                "+      \"tier\": 3,",
                "+      \"tags\": [",
                "+        \"a\",",
                "+        \"b\"",
                "+      ]",
                "+    }",
                "+  }",
            ],
            "the first entry",
        ),
    ];
    for (text, expected, why) in cases {
        assert_eq!(diff(text, &change(text, add)), expected, "{why}");
    }
}

#[test]
fn removing_a_member_takes_its_line_and_one_comma() {
    let text = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n";
    let cases = [
        ("a", "{\n  \"b\": 2,\n  \"c\": 3\n}\n"),
        ("b", "{\n  \"a\": 1,\n  \"c\": 3\n}\n"),
        ("c", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"),
    ];
    for (key, expected) in cases {
        let after = change(text, |root| {
            root.as_object_mut().unwrap().shift_remove(key);
        });
        assert_eq!(after, expected, "without {key}");
    }
    let none = change("{ \"a\": 1 }", |root| root.as_object_mut().unwrap().clear());
    assert_eq!(none, "{}");
}

#[test]
fn a_list_changes_item_by_item() {
    let text = "{\"list\": [1, 2, 3], \"x\": 1.50}";
    let cases = [
        (json!([1, 5, 3]), "[1, 5, 3]"),
        (json!([1, 2]), "[1, 2]"),
        (json!([1, 2, 3, 4]), "[1, 2, 3, 4]"),
        (json!([]), "[]"),
        (json!(["a"]), "[\"a\"]"),
    ];
    for (list, expected) in cases {
        let after = change(text, |root| root["list"] = list.clone());
        assert_eq!(after, format!("{{\"list\": {expected}, \"x\": 1.50}}"));
    }
}

#[test]
fn a_new_file_is_readable_and_ends_its_last_line() {
    let file = Document::empty().rewritten(&json!({"crons": {"id": {"tier": 1}}}));
    let expected = "{\n  \"crons\": {\n    \"id\": {\n      \"tier\": 1\n    }\n  }\n}\n";
    assert_eq!(String::from_utf8(file.bytes()).unwrap(), expected);
}

#[test]
fn what_is_not_a_document_says_why() {
    let cases: [(&[u8], &str); 7] = [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"{\"a\": 1", "line 1, column 7: EOF while parsing an object"),
        (b"{\"a\": \"\xff\"}", "not UTF-8 text (byte 7)"),
        (b"[1]", "expected an object at the top, found a list"),
        (b"{\"a\": 1}\n}", "line 2, column 1: trailing characters"),
    ];
    for (bytes, why) in cases {
        assert_eq!(Document::parse(bytes).expect_err("must not parse").to_string(), why);
    }
}

#[test]
fn changes_of_different_fields_come_together_and_the_same_field_is_a_conflict() {
    let base = json!({"a": {"tier": 1, "note": "x"}, "b": {"tier": 1}, "c": 1});
    let cases = [
        (
            json!({"a": {"tier": 2, "note": "x"}, "b": {"tier": 1}, "c": 1}),
            json!({"a": {"tier": 1, "note": "y"}, "b": {"tier": 1}, "c": 1, "d": 4}),
            json!({"a": {"tier": 2, "note": "y"}, "b": {"tier": 1}, "c": 1, "d": 4}),
            vec![],
            "different fields of one entry",
        ),
        (
            json!({"a": {"tier": 2, "note": "x"}, "b": {"tier": 1}, "c": 1}),
            json!({"a": {"tier": 3, "note": "x"}, "b": {"tier": 1}, "c": 1}),
            json!({"a": {"tier": 3, "note": "x"}, "b": {"tier": 1}, "c": 1}),
            vec!["a.tier"],
            "the same field: theirs stands, ours is asked about",
        ),
        (
            json!({"a": {"tier": 1, "note": "x"}, "c": 1}),
            json!({"a": {"tier": 1, "note": "x"}, "b": {"tier": 2}, "c": 1}),
            json!({"a": {"tier": 1, "note": "x"}, "b": {"tier": 2}, "c": 1}),
            vec!["b"],
            "removed here, changed there",
        ),
        (
            json!({"a": {"tier": 2, "note": "x"}, "b": {"tier": 1}}),
            json!({"a": {"tier": 2, "note": "x"}, "b": {"tier": 1}, "c": 1}),
            json!({"a": {"tier": 2, "note": "x"}, "b": {"tier": 1}}),
            vec![],
            "the same change on both sides, and one removed here only",
        ),
    ];
    for (ours, theirs, expected, conflicts, why) in cases {
        let (merged, found) = merge(&base, &ours, &theirs, Prefer::Theirs);
        assert_eq!((merged, found), (expected, conflicts.into_iter().map(str::to_owned).collect()), "{why}");
    }
}

#[test]
fn a_number_is_read_back_to_its_last_digit() {
    for number in [100.333_333_333_333_33, 0.1 + 0.2, 99.666_666_666_666_67, 1e-7, 5e-324, f64::MAX] {
        change("{\"used\": 0}", |root| root["used"] = json!(number));
    }
}

#[test]
fn what_a_doubled_key_hides_can_be_left_out() {
    let cases = [
        (
            "{\n  \"a\": 1.0,\n  \"b\": [{\"c\": 1, \"c\": 2}]\n}\n",
            Some("{\n  \"a\": 1.0,\n  \"b\": [\n    {\n      \"c\": 2\n    }\n  ]\n}\n"),
        ),
        ("{\"a\":{\"x\":1},\"\\u0061\":{}}", Some("{\"a\":{}}")),
        ("{\"a\" : 1e3, \"b\": {\"a\": 1}}", None),
    ];
    for (text, expected) in cases {
        let document = Document::parse(text.as_bytes()).expect("parses");
        let plain = document.without_hidden();
        assert_eq!(String::from_utf8(plain.bytes()).as_deref(), Ok(expected.unwrap_or(text)));
        assert_eq!(plain.root(), document.root());
    }
}
