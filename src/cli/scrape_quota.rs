//! `scrape-quota`: the quota windows on a saved or pasted usage page, and with `--write` into the
//! state folder. Asks no provider.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::{Common, ScrapeQuotaArguments};
use super::exit::{Exit, Failure};
use super::print;
use super::quota::{BalanceRow, WindowRow};
use super::session::Session;
use crate::domain::{AccountId, Billing, Catalog, DashboardNote, DashboardReading, Service, Settings, default_billing};
use crate::engine::Command;
use crate::providers::{DashboardError, DashboardPage, MAX_DASHBOARD_BYTES, NoQuota, dashboard_link, read_dashboard};
use crate::words::{self, Speech};

#[derive(Debug, Serialize)]
struct Document<'a> {
    provider: &'a AccountId,
    service: &'static str,
    seen_at: Timestamp,
    plan: Option<&'a str>,
    confidence: &'static str,
    windows: Vec<WindowRow>,
    balance: Option<BalanceRow>,
    notes: Vec<NoteRow>,
    /// The file that holds it now.
    written: Option<String>,
}

#[derive(Debug, Serialize)]
struct NoteRow {
    code: &'static str,
    said: String,
}

pub(super) fn run(
    common: &Common,
    arguments: &ScrapeQuotaArguments,
    open: impl Fn(&Common) -> Result<Session, Failure>,
) -> Result<Exit, Failure> {
    let account = &arguments.account;
    let service = Service::of(account.as_str(), None);
    let Some(from) = arguments.from.as_deref() else { return Err(live(service)) };
    let now = now();
    let (text, written_at) = read(from)?;
    let seen_at = arguments.now.unwrap_or_else(|| whole(written_at.filter(|at| *at < now).unwrap_or(now)));
    let zone = arguments.zone.clone().unwrap_or_else(TimeZone::system);
    let billing = arguments.billing.unwrap_or_else(|| billing(account, service));
    let page = DashboardPage { text: &text, service, billing, seen_at, zone: &zone };
    let reading = read_dashboard(&page).map_err(|error| refused(&error, service))?;
    let written = if arguments.write { Some(keep(&mut open(common)?, account, &reading)?) } else { None };
    if common.json {
        print::json(&document(account, &reading, written))?;
    } else {
        let (settings, catalog) = (Settings::default(), Catalog::default());
        let speech = Speech { now, zone: &zone, settings: &settings, catalog: &catalog };
        print::text(&preview(&reading, written.as_deref(), &speech))?;
    }
    Ok(Exit::Done)
}

/// An id that names a plan is one, whatever its vendor sells otherwise.
fn billing(account: &AccountId, service: Service) -> Billing {
    match default_billing(account) {
        Billing::QuotaPlan => Billing::QuotaPlan,
        _ => service.default_billing(),
    }
}

fn live(service: Service) -> Failure {
    let page = dashboard_link(service).unwrap_or("the provider's usage page");
    Failure::new(Exit::Usage, "without --from there is nothing to read: this command asks no provider").with_remedy(
        format!("Use the check in the window; or open {page}, save it or copy its text, and name the file with --from"),
    )
}

fn refused(error: &DashboardError, service: Service) -> Failure {
    let page = dashboard_link(service).unwrap_or("the provider's usage page");
    let said = |exit| Failure::new(exit, error.to_string());
    match error {
        DashboardError::TooLarge => too_large(error),
        DashboardError::OtherService { .. } => {
            said(Exit::Usage).with_remedy(format!("Name the account it belongs to, or take the page from {page}"))
        }
        DashboardError::NoQuota { why, notes } => {
            let remedy = match why {
                NoQuota::SignIn => format!("Sign in, then save {page} again"),
                NoQuota::Empty | NoQuota::Program | NoQuota::Archive => {
                    format!("Open {page}, select all, copy, and pass the text")
                }
                NoQuota::NoWindows if notes.is_empty() => format!("Take the page from {page}"),
                NoQuota::NoWindows => notes.iter().map(words::dashboard_note).collect::<Vec<_>>().join("\n"),
            };
            said(Exit::NotTold).with_remedy(remedy)
        }
    }
}

fn too_large(error: &DashboardError) -> Failure {
    Failure::new(Exit::Usage, error.to_string()).with_remedy("Copy the visible text of the page instead")
}

/// The text, and when the file was written.
fn read(from: &Path) -> Result<(String, Option<Timestamp>), Failure> {
    if from == Path::new("-") {
        if io::stdin().is_terminal() {
            print::aside("Paste the page, then end with Ctrl-D");
        }
        return Ok((text_of(io::stdin().lock(), "standard input")?, None));
    }
    let name = from.display().to_string();
    let file = File::open(from).map_err(|error| Failure::new(Exit::Failed, format!("cannot open {name}: {error}")))?;
    let written_at = file.metadata().and_then(|meta| meta.modified()).ok();
    let written_at = written_at.and_then(|time| Timestamp::try_from(time).ok());
    Ok((text_of(file, &name)?, written_at))
}

fn text_of(source: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    source
        .take(MAX_DASHBOARD_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot read {name}: {error}")))?;
    if bytes.len() > MAX_DASHBOARD_BYTES {
        return Err(too_large(&DashboardError::TooLarge));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Exit::Usage, format!("{name} is no text: byte {at} is not UTF-8"))
            .with_remedy("Save the page as UTF-8, or copy its visible text")
    })
}

/// Writes it through the engine, which owns the folder; returns the file.
fn keep(session: &mut Session, account: &AccountId, reading: &DashboardReading) -> Result<String, Failure> {
    session.folder()?;
    let command = Command::KeepReading { account: account.clone(), reading: Box::new(reading.clone()) };
    session.tell(command)?;
    let folder = session.snapshot().folder.as_ref().map(|folder| folder.path.clone()).unwrap_or_default();
    Ok(folder.join(format!("{account}-quota.json")).display().to_string())
}

/// Pages tell minutes; a fraction of a second would only look exact.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[expect(clippy::disallowed_methods, reason = "a pasted page is of now; --now sets another moment")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn preview(reading: &DashboardReading, written: Option<&str>, speech: &Speech<'_>) -> String {
    let mut lines = vec![format!("As seen {}", words::clock_with_day(reading.seen_at, speech))];
    lines.extend(reading.plan.as_ref().map(|plan| format!("Plan: {plan}")));
    lines.extend(reading.windows.iter().map(|window| words::dashboard_window(window, speech)));
    lines.extend(reading.money.as_ref().and_then(words::dashboard_money));
    lines.push(words::reading_confidence(reading.confidence).to_owned());
    lines.extend(reading.notes.iter().map(|note| format!("  {}", words::dashboard_note(note))));
    lines.push(match written {
        Some(file) => format!("Kept in {file}"),
        None => "Nothing was written; --write keeps it in the state folder".to_owned(),
    });
    lines.join("\n")
}

fn document<'a>(account: &'a AccountId, reading: &'a DashboardReading, written: Option<String>) -> Document<'a> {
    Document {
        provider: account,
        service: reading.service.code(),
        seen_at: reading.seen_at,
        plan: reading.plan.as_deref(),
        confidence: reading.confidence.code(),
        windows: reading.windows.iter().map(WindowRow::told).collect(),
        balance: reading.money.clone().map(BalanceRow::from),
        notes: reading.notes.iter().map(note_row).collect(),
        written,
    }
}

fn note_row(note: &DashboardNote) -> NoteRow {
    NoteRow { code: words::dashboard_note_code(note), said: words::dashboard_note(note) }
}
