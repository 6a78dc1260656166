//! `explain`: why a cron is where it is, what was skipped, what would change it.

use jiff::Timestamp;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::session::{Context, Session};
use super::table::table;
use super::{consent, names, output, print};
use crate::domain::{Cron, Decision, RouteKey, Tier, TierEntry, Verdict};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    cron: String,
    name: String,
    tier: Option<u8>,
    critical: bool,
    pinned: Option<String>,
    held: bool,
    ask_first: bool,
    allowed: Vec<&'static str>,
    enabled: bool,
    schedule: String,
    next_run_at: Option<Timestamp>,
    now: String,
    verdict: Option<&'static str>,
    chosen: Option<String>,
    model: Option<String>,
    reason: Option<String>,
    since: Option<Timestamp>,
    chain: Vec<RouteRow>,
    would_change: Option<String>,
    suggestion: Option<SuggestionRow>,
    owed: Option<OwedRow>,
}

/// What this program did to it and owes back.
#[derive(Debug, Serialize)]
struct OwedRow {
    since: Timestamp,
    paused: bool,
    before: String,
    said: String,
}

#[derive(Debug, Serialize)]
struct RouteRow {
    route: String,
    label: String,
    model: Option<String>,
    state: &'static str,
    why: String,
}

#[derive(Debug, Serialize)]
struct SuggestionRow {
    tier: u8,
    reason: String,
}

pub(super) fn run(session: &mut Session, named: &str, as_json: bool) -> Result<Exit, Failure> {
    let context = session.ready()?;
    let cron = names::cron(&context.snapshot.crons, named)?;
    let document = document(cron, &context);
    if as_json {
        print::json(&document)?;
    } else {
        print::text(&text(cron, &document, &context))?;
    }
    Ok(Exit::Done)
}

fn document(cron: &Cron, context: &Context) -> Document {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let entry = snapshot.tiers.get(&cron.id);
    let decision = snapshot.plan.decision(&cron.id);
    let resolved = cron.turn().and_then(|turn| snapshot.catalog.resolve(turn.model.as_deref(), cron.agent.as_deref()));
    Document {
        cron: cron.id.to_string(),
        name: cron.name.clone(),
        tier: entry.map(|entry| entry.tier.number()),
        critical: entry.is_some_and(|entry| entry.critical),
        pinned: output::pinned(entry),
        held: entry.is_some_and(|entry| entry.hold.is_some()),
        ask_first: entry.is_some_and(|entry| entry.ask_first),
        allowed: consent::given(entry),
        enabled: cron.enabled,
        schedule: words::schedule(&cron.schedule, &speech),
        next_run_at: cron.next_run_at,
        now: if cron.routable() { output::reference(&cron.fields(), resolved.as_ref()) } else { "no model".to_owned() },
        verdict: decision.map(|decision| verdict(decision.verdict)),
        chosen: decision.and_then(|decision| decision.chosen.as_ref()).map(ToString::to_string),
        model: decision.and_then(|decision| decision.model.as_ref()).map(ToString::to_string),
        reason: decision.map(|decision| reason(decision, context)),
        since: decision.and_then(|decision| decision.since),
        chain: chain(entry, decision, context),
        would_change: decision.and_then(|decision| words::trigger(decision, &speech)),
        suggestion: snapshot.suggestions.get(&cron.id).map(|suggestion| SuggestionRow {
            tier: suggestion.tier.number(),
            reason: words::suggestion(&suggestion.why),
        }),
        owed: snapshot.ledger.get(&cron.id).map(|debt| OwedRow {
            since: debt.opened_at,
            paused: debt.paused(),
            before: output::reference(
                &debt.before,
                snapshot.catalog.resolve(debt.before.model.as_deref(), None).as_ref(),
            ),
            said: words::debt(debt, &speech),
        }),
    }
}

/// A cron in the plan gives the reason of its line, which can say since when.
fn reason(decision: &Decision, context: &Context) -> String {
    let speech = context.speech();
    match context.snapshot.plan.change(&decision.cron) {
        Some(change) => words::change_reason(change, &speech),
        None => words::reason(&decision.reason, &speech),
    }
}

/// Every route of its chain in order, and what became of it.
fn chain(entry: Option<&TierEntry>, decision: Option<&Decision>, context: &Context) -> Vec<RouteRow> {
    let (Some(entry), Some(decision)) = (entry, decision) else { return Vec::new() };
    if decision.verdict == Verdict::LeftAlone || entry.pinned.is_some() {
        return Vec::new();
    }
    let mut routes: Vec<&RouteKey> = context.settings.chain(entry.tier).routes.iter().collect();
    // A critical cron may be on a route of another tier's chain.
    routes.extend(decision.chosen.iter().filter(|chosen| !context.settings.chain(entry.tier).routes.contains(chosen)));
    routes.into_iter().map(|route| route_row(route, decision, context)).collect()
}

fn route_row(route: &RouteKey, decision: &Decision, context: &Context) -> RouteRow {
    let speech = context.speech();
    let skipped = decision.skipped.iter().find(|skipped| skipped.route == *route);
    let (state, why) = match skipped {
        _ if decision.chosen.as_ref() == Some(route) => ("chosen", "chosen".to_owned()),
        Some(skipped) if matches!(skipped.why, crate::domain::SkipReason::NotNeeded) => {
            ("not_needed", words::skipped(skipped, &speech))
        }
        Some(skipped) => ("skipped", words::skipped(skipped, &speech)),
        None => ("not_needed", "not needed".to_owned()),
    };
    let model = context.settings.routes.get(route).and_then(|route| route.model.as_ref());
    RouteRow {
        route: route.to_string(),
        label: words::route_name(route, &speech),
        model: model.map(ToString::to_string),
        state,
        why,
    }
}

fn text(cron: &Cron, document: &Document, context: &Context) -> String {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let entry = snapshot.tiers.get(&cron.id);
    let mut lines = vec![format!("{} · {} · {}", cron.name, standing(entry), cron.id)];
    let next = cron.next_run_at.map(|at| format!(" · next {}", words::clock_and_relative(at, &speech)));
    lines.push(format!("{}{}", document.schedule, next.unwrap_or_default()));
    lines.push(match snapshot.plan.change(&cron.id) {
        Some(change) => format!("{} → {}", words::origin(change, &speech), words::target(change, &speech)),
        None if !cron.enabled => format!("{}, paused", words::cron_model(cron, &speech)),
        None => words::cron_model(cron, &speech),
    });
    if let Some(reason) = &document.reason {
        lines.push(format!("Why: {reason}"));
    }
    if let Some(owed) = &document.owed {
        lines.push(format!("Owed: {}", owed.said));
    }
    if let Some(suggestion) = &document.suggestion {
        lines.push(format!("Suggested: T{}, {}", suggestion.tier, suggestion.reason));
    }
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    let mut text = lines.join("\n") + "\n";
    if !document.chain.is_empty() {
        text.push_str(&chain_table(document));
    }
    if let Some(trigger) = &document.would_change {
        text.push_str(trigger);
    }
    text
}

fn chain_table(document: &Document) -> String {
    let mut rows: Vec<_> = document
        .chain
        .iter()
        .enumerate()
        .map(|(at, row)| [format!("  {}", at + 1), row.label.clone(), row.why.clone()])
        .collect();
    let paused = if document.chosen.is_none() { "chosen" } else { "not needed" };
    rows.push([format!("  {}", rows.len() + 1), "pause".to_owned(), paused.to_owned()]);
    table(&rows)
}

/// "T1, critical, pinned, agent-edit allowed".
fn standing(entry: Option<&TierEntry>) -> String {
    let Some(entry) = entry else { return "unsorted".to_owned() };
    let marks = [
        (entry.critical, "critical"),
        (entry.pinned.is_some(), "pinned"),
        (entry.hold.is_some(), "held"),
        (entry.ask_first, "automation asks first"),
    ];
    let marks = marks.into_iter().filter(|(set, _)| *set).map(|(_, mark)| mark.to_owned());
    let allowed = consent::given(Some(entry)).into_iter().map(|word| format!("{word} allowed"));
    std::iter::once(Tier::code(entry.tier).to_owned()).chain(marks).chain(allowed).collect::<Vec<_>>().join(", ")
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stay => "stay",
        Verdict::Change => "change",
        Verdict::Waiting => "waiting",
        Verdict::Stranded => "stranded",
        Verdict::LeftAlone => "left_alone",
    }
}
