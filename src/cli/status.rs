//! `status`: how things stand, in a few lines.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::session::{Context, Session};
use super::{exit, output, print};
use crate::domain::{Access, Health, Tier};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    gateway: GatewayRow,
    demo: bool,
    mode: &'static str,
    summary: String,
    down: Vec<DownRow>,
    crons: Counts,
    plan: PlanRow,
    folder: Option<String>,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct GatewayRow {
    name: String,
    url: String,
    version: String,
    access: &'static str,
}

#[derive(Debug, Serialize)]
struct DownRow {
    vendor: String,
    health: &'static str,
    since: Option<Timestamp>,
    resets_at: Option<Timestamp>,
    said: String,
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

#[derive(Debug, Serialize)]
struct ProblemRow {
    id: String,
    what: String,
    remedy: Option<String>,
    since: Timestamp,
}

pub(super) fn run(session: &mut Session, as_json: bool) -> Result<Exit, Failure> {
    let context = session.ready()?;
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
    let down = snapshot.plan.outage.down.iter().map(|down| DownRow {
        vendor: down.vendor.to_string(),
        health: health_code(&down.health),
        since: down.since,
        resets_at: down.resets_at,
        said: words::vendor_down(down, &speech),
    });
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
        demo: snapshot.demo,
        mode: output::mode(snapshot.level()),
        summary: words::outage(&snapshot.plan.outage, &speech),
        down: down.collect(),
        crons: counts(context),
        plan: PlanRow {
            id: snapshot.plan.id.to_string(),
            changes: snapshot.plan.changes.len(),
            summary: words::plan_summary(&snapshot.plan, &speech),
        },
        folder: snapshot.folder.as_ref().map(|folder| folder.path.display().to_string()),
        problems: problems.collect(),
    }
}

fn text(context: &Context) -> String {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let level = words::level(snapshot.level());
    let mut lines = vec![
        format!("{level} · {}", words::outage(&snapshot.plan.outage, &speech)),
        words::connection(&snapshot.connection, &speech),
        crons_line(&counts(context)),
        format!("{} · {}", words::plan_headline(&snapshot.plan), words::plan_summary(&snapshot.plan, &speech)),
    ];
    if let Some(folder) = &snapshot.folder {
        lines.push(format!("State folder {}", folder.path.display()));
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

fn counts(context: &Context) -> Counts {
    let snapshot = &context.snapshot;
    let mut counts = Counts { total: snapshot.crons.len(), ..Counts::default() };
    let mut by_tier: BTreeMap<Tier, usize> = BTreeMap::new();
    for cron in snapshot.crons.values().filter(|cron| cron.routable()) {
        counts.routable += 1;
        counts.failing += usize::from(cron.failing());
        counts.paused_by_us += usize::from(snapshot.ledger.contains_key(&cron.id));
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
        Access::UnprovenVersion => "unproven_version",
    }
}

fn health_code(health: &Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Up => "up",
        Health::Strained => "strained",
        Health::LimitHit { .. } => "limit_hit",
        Health::Overloaded => "overloaded",
        Health::RefusedKey => "refused_key",
        Health::OutOfBalance => "out_of_balance",
        Health::Unreachable => "unreachable",
        Health::RateLimited => "rate_limited",
        Health::ByHand { .. } => "down_by_hand",
    }
}
