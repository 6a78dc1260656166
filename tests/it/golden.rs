//! The rules of distribution as cases a person can review: `tests/golden/*.json`.
//!
//! Each file holds one observation in the language of [`world`], and what the plan makes of every
//! cron in it: `move gemini_flash: first serving (health)`, `pause: nothing serves (health)`,
//! `stay: settling`, `left alone: unsorted`. Marks follow in brackets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model_orchestrator::domain::{
    Cause, Change, ChangeKind, ChangeMark, Decision, ModelRef, Plan, PlanNote, Reason, SkipReason, Trigger, Verdict,
};
use model_orchestrator::policy::plan;
use serde::Deserialize;

pub mod world;

use world::{MODELS, Wishes, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    observation: World,
    #[serde(default)]
    settings: Wishes,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// One line for every cron of the case.
    crons: BTreeMap<String, String>,
    #[serde(default)]
    level: Option<String>,
    /// The ids of the changes, in the order they are written.
    #[serde(default)]
    order: Option<Vec<String>>,
    /// What is written as fallbacks, by cron, as routes.
    #[serde(default)]
    fallbacks: BTreeMap<String, Vec<String>>,
    /// `route: why`, by cron.
    #[serde(default)]
    skipped: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    would_change: BTreeMap<String, String>,
    #[serde(default)]
    notes: Option<Vec<String>>,
}

#[test]
fn every_golden_case_is_planned_as_written() {
    let mut wrong = Vec::new();
    let files = case_files();
    for file in &files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let text = fs::read_to_string(file).expect("a readable case");
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        wrong.extend(differences(&case).into_iter().map(|what| format!("{name}: {what}\n    {}", case.why)));
    }
    assert!(files.len() >= 40, "only {} cases were found", files.len());
    assert!(wrong.is_empty(), "{} of the expectations fail:\n{}", wrong.len(), wrong.join("\n"));
}

fn case_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = fs::read_dir(folder).expect("the folder of the cases").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

fn differences(case: &Case) -> Vec<String> {
    let obs = case.observation.observe();
    let plan = plan(&obs, &case.settings.settings(&case.observation));
    let expect = &case.expect;
    let mut wrong = Vec::new();
    let mut compare = |what: &str, expected: String, actual: String| {
        if expected != actual {
            wrong.push(format!("{what}\n    expected {expected}\n    planned  {actual}"));
        }
    };
    let said: BTreeMap<String, String> =
        plan.decisions.iter().map(|decision| (decision.cron.to_string(), say(decision, &plan))).collect();
    compare("crons", format!("{:#?}", expect.crons), format!("{said:#?}"));
    if let Some(level) = &expect.level {
        compare("level", level.clone(), words(&format!("{:?}", plan.outage.level)));
    }
    if let Some(order) = &expect.order {
        let actual: Vec<String> = plan.changes.iter().map(|change| change.cron.to_string()).collect();
        compare("order", format!("{order:?}"), format!("{actual:?}"));
    }
    for (cron, routes) in &expect.fallbacks {
        let change = plan.changes.iter().find(|change| change.cron.as_str() == cron);
        compare(
            &format!("fallbacks of {cron}"),
            format!("{routes:?}"),
            format!("{:?}", change.map(fallbacks).unwrap_or_default()),
        );
    }
    let decision = |cron: &str| plan.decisions.iter().find(|decision| decision.cron.as_str() == cron);
    for (cron, routes) in &expect.skipped {
        let actual: Vec<String> = decision(cron).map(skipped).unwrap_or_default();
        compare(&format!("skipped by {cron}"), format!("{routes:?}"), format!("{actual:?}"));
    }
    for (cron, trigger) in &expect.would_change {
        let actual = decision(cron)
            .and_then(|decision| decision.would_change.as_ref())
            .map_or("nothing".to_owned(), say_trigger);
        compare(&format!("what would change {cron}"), trigger.clone(), actual);
    }
    if let Some(notes) = &expect.notes {
        let actual: Vec<String> = plan.notes.iter().filter_map(say_note).collect();
        compare("notes", format!("{notes:?}"), format!("{actual:?}"));
    }
    wrong
}

/// `FirstServing { .. }` as "first serving".
fn words(debug: &str) -> String {
    let name: String = debug.chars().take_while(|letter| letter.is_alphanumeric()).collect();
    let mut said = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !said.is_empty() {
            said.push(' ');
        }
        said.extend(letter.to_lowercase());
    }
    said
}

fn say(decision: &Decision, plan: &Plan) -> String {
    let reason = words(&format!("{:?}", decision.reason));
    let verdict = match decision.verdict {
        Verdict::Change => {
            let change = plan.changes.iter().find(|change| change.cron == decision.cron);
            return change.map_or("a change without its line".to_owned(), say_change);
        }
        other => words(&format!("{other:?}")),
    };
    match &decision.reason {
        Reason::Settling { route, .. } | Reason::BetterIsUntested { route } => format!("{verdict}: {reason} {route}"),
        _ => format!("{verdict}: {reason}"),
    }
}

fn say_change(change: &Change) -> String {
    let kind = words(&format!("{:?}", change.kind));
    let target = match (&change.to_model, change.kind) {
        (_, ChangeKind::Pause) => String::new(),
        (Some(model), _) => format!(" {}", route_of(model)),
        (None, _) => " default".to_owned(),
    };
    let reason = words(&format!("{:?}", change.reason));
    let cause = match change.cause {
        Cause::Health => "health",
        Cause::Edit => "edit",
        Cause::Forecast => "forecast",
        Cause::Undo => "undo",
    };
    let mut marks: Vec<String> = change.marks.iter().map(|mark: &ChangeMark| words(&format!("{mark:?}"))).collect();
    if !change.ticked {
        marks.push("unticked".to_owned());
    }
    let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) };
    format!("{kind}{target}: {reason} ({cause}){marks}")
}

fn route_of(model: &ModelRef) -> String {
    let known = MODELS.iter().find(|(_, id)| *id == model.as_str());
    known.map_or_else(|| model.to_string(), |(route, _)| (*route).to_owned())
}

fn fallbacks(change: &Change) -> Vec<String> {
    let names = change.to.fallbacks.iter().flat_map(|list| list.iter());
    names.map(|name| ModelRef::parse(name).map_or_else(|| name.clone(), |model| route_of(&model))).collect()
}

fn skipped(decision: &Decision) -> Vec<String> {
    let say = |why: &SkipReason| match why {
        SkipReason::Down { health, .. } => words(&format!("{health:?}")),
        other => words(&format!("{other:?}")),
    };
    decision.skipped.iter().map(|skipped| format!("{}: {}", skipped.route, say(&skipped.why))).collect()
}

fn say_trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::RouteServes { route, .. } => format!("{route} serves"),
        Trigger::RouteFails { route } => format!("{route} fails"),
        Trigger::At { at } => format!("at {at}"),
        Trigger::TheUser => "the user".to_owned(),
        Trigger::AnyRouteServes => "any route serves".to_owned(),
    }
}

/// Notes on single crons and tiers; what the routes lack is shown by `skipped`.
fn say_note(note: &PlanNote) -> Option<String> {
    let name = words(&format!("{note:?}"));
    match note {
        PlanNote::RouteNotMatched { .. } => None,
        PlanNote::ChainNotSetUp { tier } => Some(format!("{name} {}", tier.code())),
        PlanNote::OneShotKept { cron, .. }
        | PlanNote::CriticalStranded { cron, .. }
        | PlanNote::PinnedCritical { cron, .. } => Some(format!("{name} {cron}")),
        PlanNote::Waiting { n_crons, .. } => Some(format!("{name} {n_crons}")),
        PlanNote::UnsortedFailing { crons, .. } => {
            let crons: Vec<_> = crons.iter().map(ToString::to_string).collect();
            Some(format!("{name} {}", crons.join(" ")))
        }
    }
}
