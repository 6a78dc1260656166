//! Every recorded case, compared in everything it expects.

use std::collections::BTreeMap;

use super::case::{Case, all, says};

/// How many cases there are: one that got lost would not be missed otherwise.
const RECORDED: usize = 188;

#[test]
fn every_recorded_answer_is_diagnosed_as_expected() {
    let cases = all();
    assert_eq!(cases.len(), RECORDED);
    let faults: BTreeMap<String, Vec<String>> =
        cases.iter().map(|case| (case.name.clone(), case.faults())).filter(|(_, faults)| !faults.is_empty()).collect();
    let lines: Vec<_> = faults.values().flatten().map(String::as_str).collect();
    assert!(faults.is_empty(), "{} of {RECORDED} fail:\n{}", faults.len(), lines.join("\n"));
}

#[test]
fn a_prepaid_account_hears_of_its_balance_where_others_hear_of_a_limit() {
    let mut compared = 0;
    for case in all() {
        let Some(prepaid) = case.expect.get("if_billing_prepaid") else { continue };
        let mut variant = Case { name: format!("{} prepaid", case.name), ..case.clone() };
        variant.document["account"]["billing"] = "prepaid_credits".into();
        let found = variant.diagnosis();
        assert_eq!(prepaid["health"], found.state.code(), "{}", variant.name);
        assert!(!found.temporary, "{}", variant.name);
        let headline = variant.headline(&found);
        let wording = prepaid["wording"].as_str().unwrap_or_default();
        // The reference leaves the name out that the headline has.
        let (state, needs) = wording.split_once(" — ").unwrap_or((wording, ""));
        let what = needs.trim_start_matches("needs ");
        assert!(headline.starts_with(state) && headline.contains(what), "{}: {headline}", variant.name);
        compared += 1;
    }
    assert_eq!(compared, 6);
}

#[test]
fn a_template_matches_its_filling_and_nothing_else() {
    let cases = [
        ("Up", "Up", true),
        ("Up", "Up — more", false),
        ("resets on {reset}", "resets on 1 Dec", true),
        ("resets on {reset}", "resets on ", false),
        ("hit, resets on {a}; others", "hit, resets on 1 Dec; others", true),
        ("hit, resets on {a}; others", "hit, resets on 1 Dec", false),
    ];
    for (template, said, expected) in cases {
        assert_eq!(says(template, said), expected, "{template} {said}");
    }
}
