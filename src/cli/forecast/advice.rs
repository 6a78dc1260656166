//! What `forecast` advises: lines of text, and a part of its document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Apart, Helps, Level, NoWay, Outlook, PaidFallbacks, QuotaAdvice, RunsOut, Together};
use crate::words::{self, Speech};

/// What is said of each, and the numbers below it.
pub(super) fn lines(outlook: &Outlook, speech: &Speech<'_>) -> Vec<String> {
    if outlook.advice.is_empty() {
        return vec![words::no_advice(&outlook.forecast).to_owned()];
    }
    let mut lines = Vec::new();
    for advice in &outlook.advice {
        let said = words::quota_advice(advice, speech);
        lines.push(said.whole());
        lines.extend(said.numbers.iter().map(|number| format!("  {number}")));
        if let QuotaAdvice::RunsOut(advice) = advice {
            lines.extend(advice.plan.changes.iter().map(|change| {
                let tier = change.tier.map_or("–", crate::domain::Tier::code);
                let (name, to) = (words::on_one_line(&change.name), words::target(change, speech));
                format!("  {tier}  {name}: {} → {to}", words::origin(change, speech))
            }));
        }
    }
    lines
}

/// One advice; which fields it has depends on its `kind`.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Row {
    RunsOut {
        said: String,
        account: String,
        window: String,
        at: Timestamp,
        resets_at: Timestamp,
        reserve: f64,
        /// `below`, `lasts`, `later` or `nothing`.
        helps: &'static str,
        /// `later`: until when it lasts with the moves.
        lasts_until: Option<Timestamp>,
        /// `nothing`: why.
        why_not: Option<&'static str>,
        moves: Vec<Move>,
        levels: Vec<LevelRow>,
    },
    PaidFallbacks {
        said: String,
        account: String,
        instead_of: String,
        n_runs: u32,
        crons: Vec<String>,
        cost_usd: f64,
        n_unpriced: u32,
        first_at: Timestamp,
        last_at: Timestamp,
    },
    Together {
        said: String,
        account: String,
        n_together: u32,
        n_crons: u32,
        at: Timestamp,
        apart: Option<ApartRow>,
    },
}

/// What would keep them apart.
#[derive(Debug, Serialize)]
pub(super) struct ApartRow {
    /// By cron, in seconds.
    staggers: BTreeMap<String, i64>,
    n_together: u32,
    latest_seconds: i64,
}

impl ApartRow {
    fn of(apart: &Apart) -> Self {
        let staggers = apart.staggers.iter().map(|(cron, stagger)| (cron.to_string(), stagger.as_secs()));
        Self { staggers: staggers.collect(), n_together: apart.n_together, latest_seconds: apart.latest.as_secs() }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Move {
    cron: String,
    name: String,
    tier: Option<u8>,
    route: String,
    until: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct LevelRow {
    account: String,
    window: String,
    before: f64,
    after: f64,
    at: Timestamp,
}

impl Row {
    pub fn of(advice: &QuotaAdvice, speech: &Speech<'_>) -> Self {
        let said = words::quota_advice(advice, speech).whole();
        match advice {
            QuotaAdvice::RunsOut(advice) => Self::runs_out(said, advice),
            QuotaAdvice::PaidFallbacks(paid) => Self::paid(said, paid),
            QuotaAdvice::Together(Together { account, n_together, n_crons, at, apart }) => Self::Together {
                said,
                account: account.to_string(),
                n_together: *n_together,
                n_crons: *n_crons,
                at: *at,
                apart: apart.as_ref().map(ApartRow::of),
            },
        }
    }

    fn runs_out(said: String, advice: &RunsOut) -> Self {
        let (helps, lasts_until, why_not) = match advice.helps {
            Helps::Below(_) => ("below", None, None),
            Helps::Lasts => ("lasts", None, None),
            Helps::Later(at) => ("later", Some(at), None),
            Helps::Not(why) => ("nothing", None, Some(why_not(why))),
        };
        let sent = |change: &crate::domain::Change| {
            let detour = advice.detours.get(&change.cron)?;
            Some(Move {
                cron: change.cron.to_string(),
                name: change.name.clone(),
                tier: change.tier.map(crate::domain::Tier::number),
                route: detour.route.to_string(),
                until: detour.until,
            })
        };
        let levels = std::iter::once(&advice.level).chain(&advice.others);
        Self::RunsOut {
            said,
            account: advice.account.to_string(),
            window: advice.label.clone(),
            at: advice.at,
            resets_at: advice.resets_at,
            reserve: advice.reserve,
            helps,
            lasts_until,
            why_not,
            moves: advice.plan.changes.iter().filter_map(sent).collect(),
            levels: levels.map(LevelRow::of).collect(),
        }
    }

    fn paid(said: String, paid: &PaidFallbacks) -> Self {
        Self::PaidFallbacks {
            said,
            account: paid.account.to_string(),
            instead_of: paid.instead_of.to_string(),
            n_runs: paid.n_runs,
            crons: paid.crons.iter().map(ToString::to_string).collect(),
            cost_usd: paid.cost.0,
            n_unpriced: paid.n_unpriced,
            first_at: paid.first_at,
            last_at: paid.last_at,
        }
    }
}

impl LevelRow {
    fn of(level: &Level) -> Self {
        let Level { account, label, before, after, at } = level;
        Self { account: account.to_string(), window: label.clone(), before: *before, after: *after, at: *at }
    }
}

fn why_not(why: NoWay) -> &'static str {
    match why {
        NoWay::OtherUse => "other_use",
        NoWay::NoneMayMove => "none_may_move",
        NoWay::NoRoom => "no_room",
        NoWay::TooLittle => "too_little",
        NoWay::Crisis => "crisis",
    }
}
