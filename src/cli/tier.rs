//! `tier`: sorts crons and marks them; nothing is sent to the gateway.

use serde::Serialize;

use super::args::{TierArguments, Wanted};
use super::exit::{Exit, Failure};
use super::session::{Context, NotDone, Session, read_only};
use super::table::table;
use super::{consent, names, output, print};
use crate::domain::{CronId, ModelRef, Pin, Problem, Refusal, Tier, TierEntry};
use crate::engine::{Command, Edit, Snapshot};
use crate::words;

/// The problem of a mapping that could not be written.
const NOT_SAVED: &str = "state/cron-tiers.json/save";
const TIERS: &str = "The tiers are T1, T2, T3 and unsorted";

#[derive(Debug, Serialize)]
struct Document {
    crons: Vec<CronRow>,
    /// What distribution would change now.
    planned_changes: usize,
}

#[derive(Debug, Serialize)]
struct CronRow {
    cron: String,
    name: String,
    tier: Option<u8>,
    critical: bool,
    pinned: Option<String>,
    held: bool,
    ask_first: bool,
    allowed: Vec<&'static str>,
}

pub(super) fn run(session: &mut Session, arguments: &TierArguments, as_json: bool) -> Result<Exit, Failure> {
    let context = session.ready()?;
    let crons = chosen(arguments, &context)?;
    let edits = edits(arguments, &crons, &context)?;
    if let Some(failure) = read_only(&context).filter(|_| folder_held(&context)) {
        return Err(failure);
    }
    for edit in &edits {
        match session.ask(Command::Edit(edit.clone())) {
            Ok(_) | Err(NotDone::Refused(Refusal::NothingToDo)) => {}
            Err(not_done) => return Err(session.failure(not_done)),
        }
    }
    let context = session.shows(|snapshot| snapshot.saving.is_empty() && decided(&edits, &crons, snapshot))?;
    // A mapping that could not be written was put back, and the snapshot says why.
    if let Some(problem) = not_saved(&context.snapshot) {
        return Err(Failure::of_problem(&problem.what, &context.speech()));
    }
    let document = document(&crons, &context);
    if as_json {
        print::json(&document)?;
    } else {
        print::text(&text(&document, &context))?;
    }
    Ok(Exit::Done)
}

/// Marks live in the state folder, so only its holder stands in the way; the gateway's rights do not.
fn folder_held(context: &Context) -> bool {
    context.snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some())
}

fn chosen(arguments: &TierArguments, context: &Context) -> Result<Vec<CronId>, Failure> {
    let mut crons = Vec::new();
    for named in arguments.crons() {
        let cron = names::cron(&context.snapshot.crons, named)
            .map_err(|unknown| if like_a_tier(named) { unknown.with_remedy(TIERS) } else { unknown })?;
        if !cron.routable() {
            return Err(Failure::new(Exit::Usage, format!("{} has no model, so it has no tier", cron.name)));
        }
        if !crons.contains(&cron.id) {
            crons.push(cron.id.clone());
        }
    }
    if crons.is_empty() {
        return Err(Failure::new(Exit::Usage, "name at least one cron before the tier"));
    }
    Ok(crons)
}

/// "T4", "t0".
fn like_a_tier(word: &str) -> bool {
    word.strip_prefix(['T', 't']).is_some_and(|number| number.parse::<u8>().is_ok())
}

fn edits(arguments: &TierArguments, crons: &[CronId], context: &Context) -> Result<Vec<Edit>, Failure> {
    let crons = crons.to_vec();
    let mut edits = Vec::new();
    if let Some(wanted) = arguments.tier() {
        let tier = match wanted {
            Wanted::Tier(tier) => Some(tier),
            Wanted::Unsorted => None,
        };
        edits.push(Edit::SetTier { crons: crons.clone(), tier });
    }
    if let Some(critical) = arguments.critical() {
        edits.push(Edit::SetCritical { crons: crons.clone(), critical });
    }
    if let Some(named) = &arguments.pin {
        edits.push(Edit::SetPin { crons: crons.clone(), pin: Some(Pin { model: Some(pinned(named, context)?) }) });
    }
    if arguments.unpin {
        edits.push(Edit::SetPin { crons: crons.clone(), pin: None });
    }
    if let Some(hold) = arguments.hold() {
        edits.push(Edit::SetHold { crons: crons.clone(), hold });
    }
    if let Some(ask_first) = arguments.ask_first() {
        edits.push(Edit::SetAskFirst { crons: crons.clone(), ask_first });
    }
    let consents = arguments.consents().map_err(|consent| {
        Failure::new(Exit::Usage, format!("{} is both allowed and forbidden", consent::word(consent)))
    })?;
    edits.extend(consents.into_iter().map(|(to, agrees)| Edit::Agree { crons: crons.clone(), to, agrees }));
    let marks_need_a_tier = arguments.tier() == Some(Wanted::Unsorted) && edits.len() > 1;
    if marks_need_a_tier {
        return Err(Failure::new(Exit::Usage, "an unsorted cron has no marks: give it a tier"));
    }
    if arguments.tier().is_none() {
        let unsorted = crons.iter().find(|id| !context.snapshot.tiers.contains_key(*id));
        let name = unsorted.and_then(|id| context.snapshot.crons.get(id)).map(|cron| cron.name.clone());
        if let Some(name) = name {
            return Err(
                Failure::new(Exit::Usage, format!("{name} is unsorted")).with_remedy("Give it a tier: T1, T2 or T3")
            );
        }
        if edits.is_empty() {
            return Err(Failure::new(Exit::Usage, "say a tier, T1, T2, T3 or unsorted, or an option"));
        }
    }
    Ok(edits)
}

fn not_saved(snapshot: &Snapshot) -> Option<&Problem> {
    snapshot.problems.iter().find(|problem| problem.id == NOT_SAVED)
}

/// Whether the mapping says what was asked for, or had to be put back.
fn decided(edits: &[Edit], crons: &[CronId], snapshot: &Snapshot) -> bool {
    let says = |id: &CronId| edits.iter().all(|edit| holds(edit, snapshot.tiers.get(id)));
    not_saved(snapshot).is_some() || crons.iter().all(says)
}

/// Whether an entry is as an edit wants it.
fn holds(edit: &Edit, entry: Option<&TierEntry>) -> bool {
    let is = |wanted: &dyn Fn(&TierEntry) -> bool| entry.is_some_and(wanted);
    match edit {
        Edit::SetTier { tier, .. } => entry.map(|entry| entry.tier) == *tier,
        Edit::SetCritical { critical, .. } => is(&|entry| entry.critical == *critical),
        Edit::SetPin { pin, .. } => is(&|entry| entry.pinned == *pin),
        Edit::SetHold { hold, .. } => is(&|entry| entry.hold.is_some() == *hold),
        Edit::Agree { to, agrees, .. } => is(&|entry| consent::is_given(*to, entry) == *agrees),
        Edit::SetAskFirst { ask_first, .. } => is(&|entry| entry.ask_first == *ask_first),
        Edit::AcceptSuggestions { .. } | Edit::SetNote { .. } => true,
    }
}

fn pinned(named: &str, context: &Context) -> Result<ModelRef, Failure> {
    let catalog = &context.snapshot.catalog;
    names::model(named, &context.settings, catalog, |text| catalog.resolve(Some(text), None))
}

fn document(crons: &[CronId], context: &Context) -> Document {
    let snapshot = &context.snapshot;
    let row = |id: &CronId| {
        let entry = snapshot.tiers.get(id);
        CronRow {
            cron: id.to_string(),
            name: snapshot.crons.get(id).map_or_else(String::new, |cron| cron.name.clone()),
            tier: entry.map(|entry| entry.tier.number()),
            critical: entry.is_some_and(|entry| entry.critical),
            pinned: output::pinned(entry),
            held: entry.is_some_and(|entry| entry.hold.is_some()),
            ask_first: entry.is_some_and(|entry| entry.ask_first),
            allowed: consent::given(entry),
        }
    };
    Document { crons: crons.iter().map(row).collect(), planned_changes: snapshot.plan.changes.len() }
}

fn text(document: &Document, context: &Context) -> String {
    let rows: Vec<_> = document
        .crons
        .iter()
        .map(|row| {
            let tier = row.tier.and_then(|tier| Tier::from_number(u64::from(tier))).map_or("unsorted", Tier::code);
            let pinned = row.pinned.as_ref().map(|model| format!("pinned to {model}"));
            let allowed = (!row.allowed.is_empty()).then(|| format!("allowed: {}", row.allowed.join(" ")));
            let (critical, held) = (row.critical.then_some("critical"), row.held.then_some("held"));
            let asks = row.ask_first.then(|| "automation asks first".to_owned());
            let marks = [critical.map(str::to_owned), pinned, held.map(str::to_owned), asks, allowed];
            let marks: Vec<_> = marks.into_iter().flatten().collect();
            [tier.to_owned(), row.name.clone(), marks.join(", ")]
        })
        .collect();
    format!("{}{}", table(&rows), words::plan_headline(&context.snapshot.plan))
}
