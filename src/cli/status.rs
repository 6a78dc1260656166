//! `status`: how things stand, in a few lines.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{self, DownRow};
use super::session::{Context, Session};
use super::standing::{self, CrisisRow};
use super::take_over::{self, OwnerRow};
use super::{exit, print};
use crate::domain::{Access, Background, Planned, SwitchOff, Tier, Triage};
use crate::words::{self, Said};

#[derive(Debug, Serialize)]
struct Document {
    gateway: GatewayRow,
    /// Who acts on the gateway; `null`: nobody yet.
    owner: Option<OwnerRow>,
    demo: bool,
    mode: &'static str,
    summary: String,
    down: Vec<DownRow>,
    crisis: CrisisRow,
    crons: Counts,
    plan: PlanRow,
    triage: Vec<TriageRow>,
    folder: Option<String>,
    /// The program in the background that acts on this folder.
    background: Option<Background>,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct GatewayRow {
    name: String,
    url: String,
    version: String,
    access: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    total: usize,
    routable: usize,
    t1: usize,
    t2: usize,
    t3: usize,
    unsorted: usize,
    critical: usize,
    pinned: usize,
    held: usize,
    paused_by_us: usize,
    failing: usize,
}

#[derive(Debug, Serialize)]
struct PlanRow {
    id: String,
    changes: usize,
    summary: String,
}

/// A failing cron, the most urgent first.
#[derive(Debug, Serialize)]
struct TriageRow {
    cron: String,
    name: String,
    critical: bool,
    kind: &'static str,
    mender: &'static str,
    account: Option<String>,
    failures: u32,
    switch_off: &'static str,
    switch_off_at: Option<Timestamp>,
    planned: Option<&'static str>,
    what: String,
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProblemRow {
    id: String,
    what: String,
    remedy: Option<String>,
    since: Timestamp,
}

pub(super) fn run(session: &mut Session, as_json: bool) -> Result<Exit, Failure> {
    // It tells of every problem itself.
    let context = session.ready_quietly()?;
    if as_json {
        print::json(&document(&context))?;
    } else {
        print::text(&text(&context))?;
    }
    Ok(Exit::Done)
}

fn document(context: &Context) -> Document {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let info = snapshot.connection.info();
    let problems = snapshot.problems.iter().map(|problem| {
        let said = exit::problem(&problem.what, &speech);
        ProblemRow { id: problem.id.clone(), what: said.what, remedy: said.remedy, since: problem.since }
    });
    Document {
        gateway: GatewayRow {
            name: info.map_or_else(String::new, |info| info.name.clone()),
            url: info.map_or_else(String::new, |info| info.url.clone()),
            version: info.map_or_else(String::new, |info| info.version.clone()),
            access: info.map_or("none", |info| access_code(info.access)),
        },
        owner: take_over::owner(snapshot),
        demo: snapshot.demo,
        mode: output::mode(snapshot.level()),
        summary: words::outage(&snapshot.plan.outage, &speech),
        down: output::down(context),
        crisis: standing::row(context),
        crons: counts(context),
        plan: PlanRow {
            id: snapshot.plan.id.to_string(),
            changes: snapshot.plan.changes.len(),
            summary: words::plan_summary(&snapshot.plan, &speech),
        },
        triage: snapshot.triage.iter().map(|entry| triage_row(entry, context)).collect(),
        folder: snapshot.folder.as_ref().map(|folder| folder.path.display().to_string()),
        background: snapshot.background.clone(),
        problems: problems.collect(),
    }
}

fn text(context: &Context) -> String {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let mut lines = vec![
        output::outage(context),
        words::connection(&snapshot.connection, &speech),
        crons_line(&counts(context)),
        format!("{} · {}", words::plan_headline(&snapshot.plan), words::plan_summary(&snapshot.plan, &speech)),
    ];
    // Another's is said by its problem.
    let here = snapshot.owner.as_ref().filter(|_| take_over::acts(snapshot));
    lines.extend(here.map(|mark| words::owner(mark, true, &speech)));
    lines.extend(standing::lines(context));
    lines.extend(standing::held(context));
    lines.extend(triage_lines(context));
    if let Some(folder) = &snapshot.folder {
        let through =
            super::session::background(snapshot).map_or_else(String::new, |other| format!(" · through {other}"));
        lines.push(format!("State folder {}{through}", folder.path.display()));
    }
    for problem in snapshot.problems.iter() {
        let said = exit::problem(&problem.what, &speech);
        let remedy = said.remedy.map(|remedy| format!(" · {remedy}")).unwrap_or_default();
        lines.push(format!("! {}{remedy}", said.what));
    }
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    lines.join("\n")
}

/// "50 crons: 18 in T1, 15 in T2, 12 in T3, 3 unsorted, 2 without a model · 4 critical".
fn crons_line(counts: &Counts) -> String {
    let sorted = [
        (counts.t1, "in T1"),
        (counts.t2, "in T2"),
        (counts.t3, "in T3"),
        (counts.unsorted, "unsorted"),
        (counts.total - counts.routable, "without a model"),
    ];
    let marked = [
        (counts.critical, "critical"),
        (counts.pinned, "pinned"),
        (counts.held, "held"),
        (counts.paused_by_us, "paused by us"),
        (counts.failing, "failing"),
    ];
    let said = |parts: &[(usize, &str)]| {
        let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        parts.join(", ")
    };
    let (sorted, marked) = (said(&sorted), said(&marked));
    let total = words::count(counts.total, "cron");
    let sorted = if sorted.is_empty() { total } else { format!("{total}: {sorted}") };
    if marked.is_empty() { sorted } else { format!("{sorted} · {marked}") }
}

fn triage_row(entry: &Triage, context: &Context) -> TriageRow {
    let said = words::triage(entry, &context.speech());
    let (switch_off, switch_off_at) = match &entry.switch_off {
        SwitchOff::Far => ("far", None),
        SwitchOff::Near { next_run_at } => ("near", *next_run_at),
        SwitchOff::Off { at, .. } => ("off", *at),
        SwitchOff::Over => ("over", None),
    };
    let planned = match &entry.planned {
        Planned::Moves { .. } => Some("moves"),
        Planned::Pauses => Some("pauses"),
        Planned::Nothing { .. } => None,
    };
    TriageRow {
        cron: entry.cron.to_string(),
        name: name(entry, context).to_owned(),
        critical: context.snapshot.tiers.get(&entry.cron).is_some_and(|entry| entry.critical),
        kind: entry.kind.code(),
        mender: entry.kind.mender().code(),
        account: entry.account.as_ref().map(ToString::to_string),
        failures: entry.failures,
        switch_off,
        switch_off_at,
        planned,
        what: said.what,
        remedy: said.remedy,
    }
}

fn name<'a>(entry: &'a Triage, context: &'a Context) -> &'a str {
    context.snapshot.crons.get(&entry.cron).map_or(entry.cron.as_str(), |cron| &cron.name)
}

/// More than this are counted, not listed: failures, and the crons of one failure.
const MOST_TRIAGE_LINES: usize = 8;
const MOST_NAMES: usize = 3;

/// "× Invoice chaser and 2 more · Kimi: quota limit hit — … · Apply the plan: …": what is the same is said once.
fn triage_lines(context: &Context) -> Vec<String> {
    let mut groups: Vec<(Said, Vec<&str>)> = Vec::new();
    for entry in context.snapshot.triage.iter() {
        let said = words::triage(entry, &context.speech());
        match groups.iter_mut().find(|(known, _)| *known == said) {
            Some((_, names)) => names.push(name(entry, context)),
            None => groups.push((said, vec![name(entry, context)])),
        }
    }
    let mut lines: Vec<_> =
        groups.iter().take(MOST_TRIAGE_LINES).map(|(said, names)| triage_line(said, names)).collect();
    let left: usize = groups.iter().skip(MOST_TRIAGE_LINES).map(|(_, names)| names.len()).sum();
    if left > 0 {
        lines.push(format!("× {left} more: status --json lists them all"));
    }
    lines
}

fn triage_line(said: &Said, crons: &[&str]) -> String {
    let mut named: Vec<_> = crons.iter().take(MOST_NAMES).map(|name| (*name).to_owned()).collect();
    if crons.len() > MOST_NAMES {
        named.push(format!("{} more", crons.len() - MOST_NAMES));
    }
    let remedy = said.remedy.as_ref().map(|remedy| format!(" · {remedy}")).unwrap_or_default();
    format!("× {} · {}{remedy}", words::list(&named), said.what)
}

fn counts(context: &Context) -> Counts {
    let snapshot = &context.snapshot;
    let total = snapshot.crons.values().filter(|cron| !cron.is_our_own()).count();
    let mut counts = Counts { total, ..Counts::default() };
    let mut by_tier: BTreeMap<Tier, usize> = BTreeMap::new();
    for cron in snapshot.crons.values().filter(|cron| cron.routable()) {
        counts.routable += 1;
        counts.failing += usize::from(cron.failing());
        counts.paused_by_us +=
            usize::from(snapshot.ledger.get(&cron.id).is_some_and(|debt| debt.pauses(&cron.fields())));
        let Some(entry) = snapshot.tiers.get(&cron.id) else {
            counts.unsorted += 1;
            continue;
        };
        *by_tier.entry(entry.tier).or_default() += 1;
        counts.critical += usize::from(entry.critical);
        counts.pinned += usize::from(entry.pinned.is_some());
        counts.held += usize::from(entry.hold.is_some());
    }
    let of = |tier| by_tier.get(&tier).copied().unwrap_or_default();
    (counts.t1, counts.t2, counts.t3) = (of(Tier::T1), of(Tier::T2), of(Tier::T3));
    counts
}

fn access_code(access: Access) -> &'static str {
    match access {
        Access::ReadWrite => "read_write",
        Access::ReadOnlyScopes => "read_only_scopes",
        Access::FolderHeld => "folder_held",
        Access::FolderNotWritable => "folder_not_writable",
        Access::GatewayOwned => "gateway_owned",
        Access::AnotherGateway => "another_gateway",
        Access::UnprovenVersion => "unproven_version",
    }
}
