//! `plan`: what would change, and why.

use std::collections::BTreeMap;

use super::args::{Answers, PlanArguments};
use super::exit::{Exit, Failure};
use super::session::{Context, NotDone, Session};
use super::table::{cut, table};
use super::{names, output, print};
use crate::domain::{ModelRef, Plan, Refusal, RouteKey};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::words::{self, UntickedLines};

/// Cells of a name in a table; the document has it whole.
pub(super) const MAX_NAME: usize = 40;
/// For crons that an agent made.
pub(super) const LEFT_OUT: &str = "[ ] is left out until you agree: model-orchestrator tier CRON --allow agent-edit\n";

pub(super) fn run(session: &mut Session, arguments: &PlanArguments, as_json: bool) -> Result<Exit, Failure> {
    let context = answered(session, &arguments.answers)?;
    let plan = &context.snapshot.plan;
    if as_json {
        print::json(&output::plan(plan, &context))?;
    } else {
        print::text(&text(plan, &context))?;
    }
    let differs = arguments.exit_code && !plan.changes.is_empty();
    Ok(if differs { Exit::Changes } else { Exit::Done })
}

/// Waits for the plan, and remembers the answers that came with the command.
pub(super) fn answered(session: &mut Session, answers: &Answers) -> Result<Context, Failure> {
    let context = session.ready()?;
    if answers.matches.is_empty() {
        return Ok(context);
    }
    let mut matches = BTreeMap::new();
    for (route, model) in &answers.matches {
        let key = RouteKey::new(route);
        if !context.snapshot.settings.routes.contains_key(&key) {
            let known: Vec<_> = context.snapshot.settings.routes.keys().map(ToString::to_string).collect();
            return Err(Failure::new(Exit::Usage, format!("no route is called '{route}'"))
                .with_remedy(format!("There are {}", words::list(&known))));
        }
        let catalog = &context.snapshot.catalog;
        let listed = |text: &str| catalog.resolve(Some(text), None).filter(|model| catalog.lists(model));
        let model: ModelRef = names::model(model, &context.settings, catalog, listed)?;
        matches.insert(key, Some(model));
    }
    let answered = matches.clone();
    match session.ask(Command::Settings(SettingsChange::MatchRoutes(matches))) {
        Ok(_) | Err(NotDone::Refused(Refusal::NothingToDo)) => {}
        Err(not_done) => return Err(session.failure(not_done)),
    }
    let model = |snapshot: &Snapshot, key| snapshot.settings.routes.get(key).and_then(|route| route.model.clone());
    session.shows(|snapshot| answered.iter().all(|(key, answer)| model(snapshot, key) == *answer))
}

/// The plan for people: sentence, lines, notes, questions.
pub(super) fn text(plan: &Plan, context: &Context) -> String {
    let speech = context.speech();
    let mut text = format!("{}\n{}\n", words::plan_headline(plan), words::plan_summary(plan, &speech));
    if !plan.changes.is_empty() {
        text.push('\n');
        text.push_str(&lines(plan, context));
    }
    if UntickedLines::of(plan).agent_made > 0 {
        text.push_str(LEFT_OUT);
    }
    let notes: Vec<_> = plan.notes.iter().map(|note| words::on_one_line(&words::note(note, &speech))).collect();
    if !notes.is_empty() {
        text.push('\n');
        text.extend(notes.iter().map(|note| format!("{note}\n")));
    }
    let questions = questions(context);
    if !questions.is_empty() {
        text.push('\n');
        text.push_str(&questions);
    }
    text
}

/// Every change in a row.
pub(super) fn lines(plan: &Plan, context: &Context) -> String {
    let speech = context.speech();
    let mut previous = String::new();
    let rows: Vec<_> = plan
        .changes
        .iter()
        .map(|change| {
            let mut why = words::change_reason(change, &speech);
            if why == previous {
                "same reason".clone_into(&mut why);
            } else {
                previous.clone_from(&why);
            }
            for mark in &change.marks {
                why = format!("{why} · {}", words::mark(mark));
            }
            [
                if change.ticked { "[x]" } else { "[ ]" }.to_owned(),
                change.tier.map_or("-", crate::domain::Tier::code).to_owned(),
                format!("{}{}", cut(&change.name, MAX_NAME), if change.critical { " ★" } else { "" }),
                format!("{} → {}", words::origin(change, &speech), words::target(change, &speech)),
                why,
            ]
        })
        .collect();
    table(&rows)
}

/// The routes whose model only the user can name, and how to answer.
pub(super) fn questions(context: &Context) -> String {
    let asked = output::questions(context);
    let line = |row: &output::QuestionRow| {
        let first = row.candidates.first().map_or("provider/model", String::as_str);
        format!(
            "Which model is {}? It could be {}. Answer with --match {}={first}\n",
            row.label,
            words::list(&row.candidates),
            row.route
        )
    };
    asked.iter().map(line).collect()
}
