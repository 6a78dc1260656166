//! `forecast`: what will become of every quota window, and what to do about it.

mod advice;
pub(super) mod costs;

use std::collections::BTreeMap;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::session::{Context, Session};
use super::table::table;
use crate::domain::{BandPoint, Claim, Forecast, Outlook, PastClaim, TrackRecord, WindowForecast};
use crate::engine::Foresight;
use crate::words::{self, Speech};

#[derive(Debug, Args)]
pub(super) struct ForecastArguments {
    /// How far the runs to come are counted
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub(super) days: u32,
}

pub(super) fn run(session: &mut Session, arguments: &ForecastArguments, as_json: bool) -> Result<Exit, Failure> {
    session.ready()?;
    // The folder's history is read while the gateway is asked.
    session.gives_time(|snapshot| snapshot.history_read);
    let context = session.context();
    let snapshot = &context.snapshot;
    let days = SignedDuration::from_hours(24 * i64::from(arguments.days));
    let until = snapshot.at.checked_add(days).unwrap_or(snapshot.at);
    let outlook = Foresight::default().outlook(snapshot, until);
    if as_json {
        print::json(&Document::of(&outlook, &context))?;
    } else {
        print::text(&text(&outlook, &context))?;
    }
    Ok(Exit::Done)
}

fn text(outlook: &Outlook, context: &Context) -> String {
    let (forecast, speech) = (&outlook.forecast, context.speech());
    if forecast.windows.is_empty() {
        return "No provider has told a quota yet. `check` asks them.\n".to_owned();
    }
    let more = words::clusters(&forecast.coming, &speech).into_iter().chain([words::forecast_footer(forecast)]);
    let advice = advice::lines(outlook, &speech).join("\n");
    let more = words::costs_line(&outlook.costs, &speech).into_iter().chain(more);
    format!("{}\n{advice}\n\n{}", windows(forecast, &speech), more.map(|line| line + "\n").collect::<String>())
}

/// Every window in a row.
pub(super) fn windows(forecast: &Forecast, speech: &Speech<'_>) -> String {
    let head = ["account", "window", "used", "resets", "forecast"].map(str::to_owned);
    let row = |window: &WindowForecast| {
        [
            words::account_name(&window.account),
            words::forecast_window(window),
            words::percent(window.used_ratio),
            words::forecast_reset(window, speech),
            words::claim(window, speech),
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(forecast.windows.iter().map(row)).collect();
    table(&rows)
}

/// Every moment RFC 3339 in UTC, every share from 0.0 to 1.0 and above it when more would be used.
#[derive(Debug, Serialize)]
struct Document {
    at: Timestamp,
    until: Timestamp,
    first_to_run_out: Option<Named>,
    windows: Vec<Window>,
    coming: Coming,
    record: Record,
    /// The most urgent first.
    advice: Vec<advice::Row>,
    costs: costs::Document,
}

#[derive(Debug, Serialize)]
pub(super) struct Named {
    account: String,
    window: String,
    at: Timestamp,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the name that the document promises")]
pub(super) struct Window {
    account: String,
    window: String,
    used: f64,
    observed_at: Timestamp,
    resets_at: Option<Timestamp>,
    claim: &'static str,
    said: String,
    /// Of running out before the reset.
    chance: Option<f64>,
    runs_out: Option<RunsOut>,
    at_reset: Option<Band>,
    scheduled: f64,
    other: f64,
    n_runs: u32,
    confidence: &'static str,
}

#[derive(Debug, Serialize)]
struct RunsOut {
    early: Timestamp,
    likely: Timestamp,
    /// `null`: it may last after all.
    late: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Band {
    low: f64,
    likely: f64,
    high: f64,
}

#[derive(Debug, Serialize)]
struct Coming {
    until: Timestamp,
    n_runs: usize,
    /// By account.
    runs: BTreeMap<String, u32>,
    clusters: Vec<Together>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the name that the document promises")]
struct Together {
    account: String,
    minute: u8,
    n_together: u32,
    n_crons: u32,
    first_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Record {
    n_claims: usize,
    n_right: usize,
    /// Oldest first.
    claims: Vec<Claimed>,
}

/// What would have been claimed of a window that is over, and what became of it.
#[derive(Debug, Serialize)]
struct Claimed {
    account: String,
    window: String,
    at: Timestamp,
    /// `null`: that it lasts.
    runs_out: Option<RunsOut>,
    /// `null`: it lasted.
    ran_out_at: Option<Timestamp>,
    right: bool,
}

impl Claimed {
    fn of(claim: &PastClaim) -> Self {
        Self {
            account: claim.account.to_string(),
            window: claim.label.clone(),
            at: claim.at,
            runs_out: RunsOut::of(&claim.said),
            ran_out_at: claim.ran_out_at,
            right: claim.right,
        }
    }
}

impl Record {
    fn of(record: &TrackRecord) -> Self {
        let claims: Vec<_> = record.claims.iter().map(Claimed::of).collect();
        Self { n_claims: claims.len(), n_right: record.n_right(), claims }
    }
}

impl RunsOut {
    fn of(claim: &Claim) -> Option<Self> {
        match *claim {
            Claim::RunsOut { early, likely, late, .. } => Some(Self { early, likely, late }),
            _ => None,
        }
    }
}

impl Document {
    fn of(outlook: &Outlook, context: &Context) -> Self {
        let forecast = &outlook.forecast;
        let coming = &forecast.coming;
        let mut runs = BTreeMap::new();
        for cron in &coming.crons {
            *runs.entry(cron.account.to_string()).or_insert(0) += cron.n_starts;
        }
        let clusters = coming.clusters.iter().map(|cluster| Together {
            account: cluster.account.to_string(),
            minute: cluster.minute,
            n_together: cluster.n_together,
            n_crons: cluster.n_crons,
            first_at: cluster.at,
        });
        Self {
            at: forecast.at,
            until: forecast.until,
            first_to_run_out: Named::first_of(forecast),
            windows: forecast.windows.iter().map(|window| Window::of(window, context)).collect(),
            coming: Coming { until: coming.until, n_runs: coming.starts.len(), runs, clusters: clusters.collect() },
            record: Record::of(&forecast.record),
            advice: outlook.advice.iter().map(|advice| advice::Row::of(advice, &context.speech())).collect(),
            costs: costs::Document::of(&outlook.costs),
        }
    }
}

impl Named {
    pub(super) fn first_of(forecast: &Forecast) -> Option<Self> {
        let window = forecast.first_to_run_out()?;
        let at = window.claim.runs_out_at()?;
        Some(Self { account: window.account.to_string(), window: window.label.clone(), at })
    }
}

impl Window {
    pub(super) fn of(window: &WindowForecast, context: &Context) -> Self {
        let (claim, chance, at_reset) = match &window.claim {
            Claim::RunsOut { chance, .. } => ("runs_out", Some(*chance), None),
            Claim::Lasts { at_reset, chance, .. } => ("lasts", Some(*chance), Some(band(at_reset))),
            Claim::UsedUp => ("used_up", None, None),
            Claim::Learning(_) => ("learning", None, None),
            Claim::Silent(_) => ("silent", None, None),
        };
        Self {
            account: window.account.to_string(),
            window: window.label.clone(),
            used: window.used_ratio,
            observed_at: window.observed_at,
            resets_at: window.resets_at,
            claim,
            said: words::claim(window, &context.speech()),
            chance,
            runs_out: RunsOut::of(&window.claim),
            at_reset,
            scheduled: window.growth.scheduled_ratio,
            other: window.growth.other_ratio,
            n_runs: window.growth.n_runs,
            confidence: words::confidence(window.basis.confidence),
        }
    }
}

fn band(point: &BandPoint) -> Band {
    Band { low: point.low, likely: point.likely, high: point.high }
}
