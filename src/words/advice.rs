//! What to do about a quota that runs out, in words: one sentence, and the numbers behind it.
//!
//! Invariant: what would happen is never said as if it had, and what an advice does not reach is said with it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::time::day_and_time;
use super::{Speech, account_name, clock, count, list, percent, route_name, span, usd};
use crate::domain::{
    Apart, Claim, Forecast, Helps, Level, NoWay, PaidFallbacks, QuotaAdvice, RouteKey, RunsOut, Tier, Together,
};

/// A window that is to be used this much may as well run out.
const CLOSE: f64 = 0.97;

/// What a button does that leads to the plan of an advice.
pub const SHOWS_THE_PLAN: &str = "Shows exactly these changes; nothing is written before you apply";

/// The same where that has to be allowed first.
pub const ALLOWS_AND_SHOWS: &str = "Allows this program to give schedules a stagger (Settings, Thresholds) and shows exactly these \
     changes; nothing is written before you apply";

/// Beside the quotas' name, where that happened within a day.
pub const PAID_LATELY: &str = "runs of a plan were paid by the token";

/// One advice, as it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdviceSaid {
    /// What is the matter. A whole sentence.
    pub what: String,
    /// What to do, and what that leads to. A whole sentence.
    pub so: String,
    /// The numbers, each short.
    pub numbers: Vec<String>,
}

impl AdviceSaid {
    /// Everything, for a screen reader and a terminal.
    #[must_use]
    pub fn whole(&self) -> String {
        [self.what.as_str(), self.so.as_str()].join(" ").trim_end().to_owned()
    }
}

/// What is said of an advice.
#[must_use]
pub fn quota_advice(advice: &QuotaAdvice, speech: &Speech<'_>) -> AdviceSaid {
    match advice {
        QuotaAdvice::RunsOut(advice) => runs_out(advice, speech),
        QuotaAdvice::PaidFallbacks(paid) => paid_fallbacks(paid, speech),
        QuotaAdvice::Together(together) => self::together(together, speech),
    }
}

/// What stands where there is nothing to advise.
#[must_use]
pub fn no_advice(forecast: &Forecast) -> &'static str {
    let claims = || forecast.windows.iter().map(|window| &window.claim);
    if !claims().any(|claim| matches!(claim, Claim::Lasts { .. } | Claim::UsedUp)) {
        return "Too little is known yet to tell whether anything runs out before its reset";
    }
    if claims().any(|claim| *claim == Claim::UsedUp) {
        return "Nothing else runs out before its reset";
    }
    "Nothing runs out before its reset"
}

fn runs_out(advice: &RunsOut, speech: &Speech<'_>) -> AdviceSaid {
    let window = format!("{}'s {}", account_name(&advice.account), quota(&advice.label));
    let before = span(advice.resets_at.duration_since(advice.at).max(SignedDuration::ZERO));
    let when = at_clock(advice.at, speech);
    let what = if advice.reserve > 0.0 {
        let reserve = percent(advice.reserve);
        format!("{window} is used but for the {reserve} you keep free {when}, {before} before its reset.")
    } else {
        format!("{window} runs out {when}, {before} before its reset.")
    };
    let reset = at_clock(advice.resets_at, speech);
    let moving = || format!("Moving {}", moves(advice, speech));
    let so = match advice.helps {
        Helps::Below(share) => {
            let share = percent(share);
            format!("{} keeps {} below {share} until it resets {reset}.", moving(), touched(advice))
        }
        Helps::Lasts => {
            let used = percent(advice.level.after);
            // Nothing that is foretold is that exact.
            let lets = if advice.level.after < CLOSE { "lets" } else { "may let" };
            format!("{} {lets} it last until it resets {reset}, {used} used then; no more of them can move.", moving())
        }
        Helps::Later(later) => {
            format!("{} lets it last until {}; no more of them can move.", moving(), clock(later, speech))
        }
        Helps::Not(why) => format!("It resets {reset}. {}", no_way(why)),
    };
    AdviceSaid { what, so, numbers: numbers(advice, speech) }
}

/// "daily quota", "5-hour quota".
fn quota(label: &str) -> String {
    let name = label.replace('_', " ");
    match name.to_ascii_lowercase().as_str() {
        "daily" | "day" => "daily quota".to_owned(),
        "week" | "weekly" => "weekly quota".to_owned(),
        "month" | "monthly" => "monthly quota".to_owned(),
        other => match other.strip_suffix('h').filter(|hours| hours.parse::<u32>().is_ok()) {
            Some(hours) => format!("{hours}-hour quota"),
            None => format!("{name} quota"),
        },
    }
}

/// "at 13:40", "tomorrow at 09:00".
fn at_clock(at: Timestamp, speech: &Speech<'_>) -> String {
    let (day, time) = day_and_time(at, speech);
    day.map_or_else(|| format!("at {time}"), |day| format!("{day} at {time}"))
}

/// "these 6 T2 crons to Kimi", "these 4 T2 crons and 1 T1 cron to Kimi and this T1 cron to MiniMax".
fn moves(advice: &RunsOut, speech: &Speech<'_>) -> String {
    // The demanding tiers first.
    let mut by_route: BTreeMap<&RouteKey, BTreeMap<Reverse<Option<Tier>>, usize>> = BTreeMap::new();
    for change in &advice.plan.changes {
        let Some(route) = &change.to_route else { continue };
        *by_route.entry(route).or_default().entry(Reverse(change.tier)).or_default() += 1;
    }
    let mut routes: Vec<_> = by_route.into_iter().map(|(route, tiers)| (tiers.values().sum(), route, tiers)).collect();
    routes.sort_by_key(|(n, ..): &(usize, _, _)| Reverse(*n));
    let to = |(n, route, tiers): &(usize, &RouteKey, BTreeMap<Reverse<Option<Tier>>, usize>)| {
        let of_tier = |(Reverse(tier), n): (&Reverse<Option<Tier>>, &usize)| {
            count(*n, &tier.map_or_else(|| "cron".to_owned(), |tier| format!("{} cron", tier.code())))
        };
        let crons = list(&tiers.iter().map(of_tier).collect::<Vec<_>>());
        let route = route_name(route, speech);
        match crons.strip_prefix("1 ").filter(|_| *n == 1) {
            Some(one) => format!("this {one} to {route}"),
            None => format!("these {crons} to {route}"),
        }
    };
    list(&routes.iter().map(to).collect::<Vec<_>>())
}

/// "it", "both", "all of them": the accounts whose windows are touched.
fn touched(advice: &RunsOut) -> &'static str {
    let mut others: Vec<_> =
        advice.others.iter().map(|level| &level.account).filter(|account| **account != advice.account).collect();
    others.sort();
    others.dedup();
    match others.len() {
        0 => "it",
        1 => "both",
        _ => "all of them",
    }
}

fn no_way(why: NoWay) -> &'static str {
    match why {
        NoWay::OtherUse => "Hardly any of it is used by scheduled runs, so moving crons does not help.",
        NoWay::NoneMayMove => "None of its crons may move: they are pinned, held, unsorted or about to change.",
        NoWay::NoRoom => "No other route of its crons' chains serves with enough room.",
        NoWay::TooLittle => "The crons that may move make too little difference.",
        NoWay::Crisis => "In crisis mode its rules decide where crons run.",
    }
}

fn numbers(advice: &RunsOut, speech: &Speech<'_>) -> Vec<String> {
    if advice.detours.is_empty() {
        return vec![format!("{} {} would be used", name(&advice.level), percent(advice.level.before))];
    }
    let level = |level: &Level| {
        let (before, after) = (percent(level.before), percent(level.after));
        format!("{} {before} → {after} {}", name(level), at_clock(level.at, speech))
    };
    let back = format!("back to their chains {}", at_clock(advice.resets_at, speech));
    std::iter::once(&advice.level).chain(&advice.others).map(level).chain([back]).collect()
}

fn name(level: &Level) -> String {
    format!("{} {}", account_name(&level.account), level.label)
}

fn paid_fallbacks(paid: &PaidFallbacks, speech: &Speech<'_>) -> AdviceSaid {
    let (runs, crons) = (count(paid.n_runs as usize, "run"), count(paid.crons.len(), "cron"));
    let (account, instead_of) = (account_name(&paid.account), account_name(&paid.instead_of));
    let cost = match (paid.n_runs == paid.n_unpriced, paid.n_unpriced) {
        (true, _) => "what they cost is not known".to_owned(),
        (false, 0) => format!("they cost about {}", usd(paid.cost)),
        (false, n) => format!("they cost about {}, and {n} of them have no known price", usd(paid.cost)),
    };
    AdviceSaid {
        what: format!("{runs} of {crons} fell back from {instead_of} to {account}, which is paid by the token."),
        so: format!("In the last seven days {cost}; the last one ran {}.", at_clock(paid.last_at, speech)),
        numbers: Vec::new(),
    }
}

fn together(together: &Together, speech: &Speech<'_>) -> AdviceSaid {
    let (runs, account) = (count(together.n_together as usize, "run"), account_name(&together.account));
    let crons = count(together.n_crons as usize, "cron");
    let so = match &together.apart {
        Some(Apart { staggers, n_together, latest }) => {
            let some = staggers.len();
            let up_to = if staggers.len() == 1 { "" } else { "up to " };
            let most = count(*n_together as usize, "run");
            format!(
                "Letting {some} of its crons start {up_to}{} later leaves at most {most} in one minute.",
                span(*latest)
            )
        }
        None => format!(
            "Schedules of {crons} that lie a few minutes apart would keep clear of limits of a minute; they are yours \
             to change."
        ),
    };
    AdviceSaid {
        what: format!("{runs} start together on {account} {}.", at_clock(together.at, speech)),
        so,
        numbers: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
