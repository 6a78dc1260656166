//! Usage pages of providers, read from what a person saved or pasted.
//!
//! Pure, and in one pass: page → facts → rows → windows. Nothing is known by heart: a window is a
//! word that names one, a number beside a word that says used or left, and perhaps a reset. What
//! is not plain becomes a note; nothing is invented.

mod dialect;
mod fact;
mod html;
mod labels;
mod number;
mod page;
mod plan;
mod read;
mod rows;
mod scan;
mod way;
mod when;
mod whose;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::when::Clock;
use self::whose::Owner;
use crate::domain::{Billing, DashboardNote, DashboardReading, ReadingConfidence, Service};

/// Pages are smaller; what is larger is something else.
pub const MAX_DASHBOARD_BYTES: usize = 2 * 1024 * 1024;

/// Notes beyond these are only counted.
const MAX_NOTES: usize = 12;
/// A page has a handful of windows; a list of models may have more.
const MAX_WINDOWS: usize = 200;

/// A saved page or a pasted text, and what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct DashboardPage<'a> {
    pub text: &'a str,
    pub service: Service,
    pub billing: Billing,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// Of the person who saw it: pages show their own time.
    pub zone: &'a TimeZone,
}

/// Why a page gives no windows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DashboardError {
    #[error("the page is larger than {} MiB", MAX_DASHBOARD_BYTES / 1024 / 1024)]
    TooLarge,
    /// `found` is a machine word; a person is told the name.
    #[error("this page is of another service: {}", found.name().unwrap_or(found.code()))]
    OtherService { found: Service },
    #[error("nothing here looks like a quota: {why}")]
    NoQuota { why: NoQuota, notes: Vec<DashboardNote> },
}

/// What the page is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoQuota {
    #[error("there is no text")]
    Empty,
    #[error("it is a page to sign in at")]
    SignIn,
    #[error("the page is a program that draws its numbers later")]
    Program,
    #[error("it is a single-file archive, not a page")]
    Archive,
    #[error("no number stands beside the name of a window")]
    NoWindows,
}

/// Where a service shows its quota to a person.
#[must_use]
pub fn dashboard_link(service: Service) -> Option<&'static str> {
    dialect::of(service).link
}

/// Reads a page.
///
/// # Errors
/// When it is too large, belongs to somebody else, or tells of no quota.
pub fn read_dashboard(input: &DashboardPage<'_>) -> Result<DashboardReading, DashboardError> {
    if input.text.len() > MAX_DASHBOARD_BYTES {
        return Err(DashboardError::TooLarge);
    }
    let page = page::of(input.text);
    let owner = whose::of(&page, input.service);
    if let Owner::Other(found) = owner {
        return Err(DashboardError::OtherService { found });
    }
    let dialect = dialect::of(input.service);
    let clock = Clock { now: input.seen_at, zone: input.zone };
    let facts = scan::facts(&page.text, &dialect, &clock);
    let lower = page.text.to_ascii_lowercase();
    let around = read::Around {
        lines: page.text.lines().collect(),
        says_limit: ["limit", "限额", "限制", "上限"].iter().any(|word| lower.contains(word)),
        billing: input.billing,
        now: input.seen_at,
    };
    let mut found = read::windows(rows::gather(&facts, &page.text), &around);
    let n_windows = found.windows.len();
    found.windows.truncate(MAX_WINDOWS);
    match owner {
        Owner::Sibling(service) => found.notes.push(DashboardNote::Sibling { service }),
        Owner::Maybe(service) => found.notes.push(DashboardNote::MaybeOther { service }),
        _ => {}
    }
    if page.cut_off {
        found.notes.push(DashboardNote::CutOff);
    }
    let n_left = n_windows - found.windows.len();
    let notes = tidy(found.notes, n_left);
    if found.windows.is_empty() && found.money.is_none() {
        return Err(DashboardError::NoQuota { why: instead(&page, &lower, input.text), notes });
    }
    let open = notes.iter().any(leaves_open);
    let confidence = if open { ReadingConfidence::Low } else { found.confidence.unwrap_or(ReadingConfidence::Medium) };
    Ok(DashboardReading {
        service: input.service,
        seen_at: input.seen_at,
        windows: found.windows,
        money: found.money,
        plan: plan::of(&page.text, &dialect),
        notes,
        confidence,
    })
}

fn leaves_open(note: &DashboardNote) -> bool {
    !matches!(note, DashboardNote::AmountsLeftOut | DashboardNote::Sibling { .. } | DashboardNote::NoWindow { .. })
}

/// Each once, the important ones first, and not too many.
fn tidy(mut notes: Vec<DashboardNote>, n_left: usize) -> Vec<DashboardNote> {
    notes.sort();
    notes.dedup();
    let n = notes.len().saturating_sub(MAX_NOTES) + n_left;
    notes.truncate(MAX_NOTES);
    notes.extend((n > 0).then_some(DashboardNote::More { n }));
    notes
}

/// What a page without windows is.
fn instead(page: &page::Page, lower: &str, input: &str) -> NoQuota {
    const SIGN_IN: &[&str] = &[
        "sign in",
        "log in",
        "login",
        "continue with google",
        "password",
        "welcome back",
        "登录",
        "验证码",
        "密码",
        "扫码",
    ];
    let head: String = input.chars().take(2000).collect::<String>().to_ascii_lowercase();
    let n_letters = lower.chars().filter(|letter| letter.is_alphanumeric()).take(600).count();
    if head.contains("mime-version:") && head.contains("multipart/related") {
        NoQuota::Archive
    } else if n_letters < 600 && SIGN_IN.iter().any(|word| lower.contains(word)) {
        NoQuota::SignIn
    } else if page.is_html && n_letters < 80 {
        NoQuota::Program
    } else if n_letters == 0 {
        NoQuota::Empty
    } else {
        NoQuota::NoWindows
    }
}
