//! What is supposed, what would come of it, and how that differs from today.

use super::cost::{by_token, days_from};
use super::crisis::{stranded, vendors, what_happens};
use super::{
    CrisisCounts, Speech, account_name, chain_line, clock, count, expected_end, fine_span, forecast_window, level,
    list, outage_headline, percent, skip_reason,
};
use jiff::Timestamp;

use crate::domain::{Hypothesis, Imagined, OutageLevel, PlanOrigin, Prospect, SkipReason, Supposed, Wish};

/// Stands wherever something is only supposed.
pub const A_SIMULATION: &str = "A simulation: nothing is sent";

/// What both columns of the comparison assume.
pub const HOW_COMPARED: &str = "Each as if what the program proposes at that moment was carried out then: at level Crisis what crisis mode \
     does, else the plan. Until another time crons run as they do now.";

/// What a clock that is moved assumes.
pub const UNTIL_THEN: &str = "Until then crons run as they do now";

/// Without a gateway.
pub const NOTHING_TO_SUPPOSE: &str =
    "What would happen is worked out from the crons and the quotas of a gateway, once it is connected.";

/// Before it is made so.
pub const WHAT_IS_MADE_SO: &str = "This changes your mapping and settings; all of it is one step of undo. Nothing is sent to the \
     gateway: what follows from it is a plan that waits for you.";

/// Beside it, where an account is to be treated as down.
pub const NO_CRISIS_IS_ENTERED: &str =
    "It enters no crisis mode: that waits for you, or for automation, as in any outage.";

/// "T2: try Kimi first. 3 of its crons go there. Others do not: …".
#[must_use]
pub fn try_first(name: &str, n_crons: usize, why_not: Option<&SkipReason>, speech: &Speech<'_>) -> String {
    let go = match n_crons {
        0 => String::new(),
        1 => ". 1 of its crons goes there".to_owned(),
        n => format!(". {n} of its crons go there"),
    };
    let head = if n_crons == 0 { "Nobody goes there" } else { "Others do not" };
    let why_not = why_not.map(|why| format!(". {head}: {}", skip_reason(why, speech))).unwrap_or_default();
    format!("{name}{go}{why_not}")
}

/// "Anthropic and Google are down, Kimi is back, it is Sat 04:00, in 18 h": `None` where nothing is supposed.
#[must_use]
pub fn supposition(supposed: &Hypothesis, speech: &Speech<'_>) -> Option<String> {
    let mut said = Vec::new();
    for (how, what) in [(Supposed::Down, "down"), (Supposed::Back, "back")] {
        let of = supposed.accounts.iter().filter(|(_, of)| **of == how);
        let names: Vec<_> = of.map(|(account, _)| account_name(account)).collect();
        if !names.is_empty() {
            said.push(format!("{} {} {what}", list(&names), if names.len() == 1 { "is" } else { "are" }));
        }
    }
    for ((account, window), used) in &supposed.windows {
        let window = window.replace('_', " ");
        said.push(format!("{}'s {window} window is at {}", account_name(account), percent(*used)));
    }
    match supposed.tiers.len() {
        0 => {}
        1 => said.push("1 cron has another tier".to_owned()),
        n => said.push(format!("{n} crons have another tier")),
    }
    for tier in supposed.chains.keys() {
        said.push(format!("{}'s chain is another", tier.code()));
    }
    said.extend(supposed.at.map(|at| format!("it is {}", clock_and_ahead(at, speech))));
    (!said.is_empty()).then(|| said.join(", "))
}

/// "18:00, in 1 h 30 min": as exact as it was set.
#[must_use]
pub fn clock_and_ahead(at: Timestamp, speech: &Speech<'_>) -> String {
    format!("{}, in {}", clock(at, speech), fine_span(at.duration_since(speech.now)))
}

/// "Crisis: Anthropic and Google are down. 4 crons keep running, 9 pause until 18:00.": what would be done.
#[must_use]
pub fn prospect(prospect: &Prospect, speech: &Speech<'_>) -> String {
    let plan = &prospect.plan;
    let who = match prospect.level() {
        OutageLevel::Crisis => {
            format!("Crisis: {} are down.", vendors(plan.outage.down.iter().map(|down| &down.vendor)))
        }
        _ => outage_headline(&plan.outage, speech),
    };
    let happens = what_happens(plan, speech).filter(|_| !plan.changes.is_empty() || prospect.in_crisis());
    let what = match (happens, &plan.origin) {
        (Some(what), PlanOrigin::Recovery) => format!("What crisis mode changed is given back: {what}."),
        (Some(what), _) => format!("{what}."),
        (None, PlanOrigin::Recovery) => "Nothing of it can be given back yet.".to_owned(),
        (None, _) => "Every cron stays as it is.".to_owned(),
    };
    let mut said = format!("{who} {what}");
    if let Some(stranded) = stranded(CrisisCounts::of(plan).stranded) {
        said = format!("{said} {stranded}.");
    }
    if prospect.in_crisis() {
        said = format!("{said} {}.", expected_end(prospect.expected_end, speech));
    }
    said
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub what: String,
    pub today: String,
    pub then: String,
}

impl Compared {
    /// It makes a difference.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.today != self.then
    }
}

/// Today beside what is imagined. What is nothing in both is left out where it is rare.
#[must_use]
pub fn compared(imagined: &Imagined, speech: &Speech<'_>) -> Vec<Compared> {
    let (today, then) = (&*imagined.today, &*imagined.then);
    let row = |what: &str, said: &dyn Fn(&Prospect) -> String| Compared {
        what: what.to_owned(),
        today: said(today),
        then: said(then),
    };
    let counts = [CrisisCounts::of(&today.plan), CrisisCounts::of(&then.plan)];
    let counted = |what: &str, of: &dyn Fn(&CrisisCounts) -> usize| {
        let [today, then] = [of(&counts[0]), of(&counts[1])].map(|n| n.to_string());
        Compared { what: what.to_owned(), today, then }
    };
    let rare = |one: &Compared| one.today != "0" || one.then != "0";
    let mut rows = vec![
        row("Level", &|one| level(one.level()).to_owned()),
        row("Changes", &changes),
        counted("Move", &|counts| counts.moves),
        counted("Pause", &|counts| counts.pauses),
    ];
    let others = [
        counted("Run again", &|counts| counts.resumes),
        counted("Stay paused", &|counts| counts.stays_paused),
        counted("Held back", &|counts| counts.held),
        counted("Stranded", &|counts| counts.stranded),
    ];
    rows.extend(others.into_iter().filter(rare));
    rows.push(row("Fail otherwise", &failing));
    rows.push(row("Runs out first", &|one| first_to_run_out(one)));
    rows.push(row("Runs out at", &|one| first_runs_out_at(one, speech)));
    rows.push(next_days(today, then));
    rows
}

/// What is to come costs: of a week, or as far as runs are told, which may be less far from another time.
fn next_days(today: &Prospect, then: &Prospect) -> Compared {
    let [days, later] = [today, then].map(|one| days_from(&one.costs, one.at));
    let [said, imagined] = [today, then].map(|one| by_token(&one.costs.by_token().1));
    if days == later {
        return Compared { what: format!("Next {days}"), today: said, then: imagined };
    }
    let [today, then] = [(said, days), (imagined, later)].map(|(said, days)| format!("{said} in {days}"));
    Compared { what: "Next days".to_owned(), today, then }
}

/// "16, 1 left out".
fn changes(prospect: &Prospect) -> String {
    let changes = &prospect.plan.changes;
    match changes.iter().filter(|change| !change.ticked).count() {
        0 => changes.len().to_string(),
        n => format!("{}, {n} left out", changes.len()),
    }
}

/// What is done at that moment, for the title over its numbers: at each level what the program proposes there.
#[must_use]
pub fn carried_out(prospect: &Prospect) -> &'static str {
    match prospect.plan.origin {
        PlanOrigin::Crisis => "crisis mode on",
        PlanOrigin::Recovery => "given back",
        _ => "plan applied",
    }
}

/// "31, of 4 crons": within a day, if nothing is done.
fn failing(prospect: &Prospect) -> String {
    let failing = prospect.failing;
    match (failing.n_runs as usize, failing.n_crons) {
        (0, 0) => "none".to_owned(),
        (0, n) => format!("those of {}", count(n, "cron")),
        (runs, crons) => format!("{runs}, of {}", count(crons, "cron")),
    }
}

/// "Kimi weekly".
fn first_to_run_out(prospect: &Prospect) -> String {
    let first = prospect.forecast.first_to_run_out();
    let said = first.map(|window| format!("{} {}", account_name(&window.account), forecast_window(window)));
    said.unwrap_or_else(|| "no window".to_owned())
}

/// "Sat 13:40".
fn first_runs_out_at(prospect: &Prospect, speech: &Speech<'_>) -> String {
    let at = prospect.forecast.first_to_run_out().and_then(|window| window.claim.runs_out_at());
    at.map_or_else(|| "–".to_owned(), |at| clock(at, speech))
}

/// Why nothing of what is supposed can be made so.
#[must_use]
pub fn not_made_so(supposed: &Hypothesis) -> &'static str {
    match (supposed.accounts.is_empty(), supposed.at.is_some(), supposed.windows.is_empty()) {
        (false, true, _) => "What is supposed of accounts is about another time: put the clock back to now",
        (false, false, _) => "It is so already, or nobody's word makes it so",
        (true, _, false) => "Nobody's word fills or empties a window",
        (true, true, true) => "Nobody's word moves the clock",
        (true, false, true) => "It is so already",
    }
}

/// What is changed when it is made so: "Treat Anthropic as down until tomorrow 09:46".
#[must_use]
pub fn wish(wish: &Wish, speech: &Speech<'_>) -> String {
    match wish {
        Wish::Sort { crons, tier } => format!("Sort {} into {}", count(crons.len(), "cron"), tier.code()),
        Wish::Chain { tier, routes } => format!("{} tries {}", tier.code(), chain_line(routes, speech)),
        Wish::TreatAsDown { account, until } => {
            format!("Treat {} as down until {}", account_name(account), clock(*until, speech))
        }
        Wish::Trust { account } => format!("Believe again what is seen of {}", account_name(account)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::super::testing::{at, world};
    use super::*;
    use crate::domain::{
        AccountCost, AccountId, ComingRuns, Costs, Decision, FailingRuns, Forecast, Health, Outage, Pays, Plan, PlanId,
        Reason, RouteKey, Tier, TrackRecord, Usd, Used, VendorDown, VendorId, Verdict,
    };

    fn imagined(level: OutageLevel, down: &[&str], origin: PlanOrigin) -> Prospect {
        let now = at("2026-11-23 06:00");
        let down = down.iter().map(|vendor| VendorDown {
            vendor: VendorId::new(*vendor),
            health: Health::Unreachable,
            since: None,
            resets_at: None,
        });
        let stays = Decision {
            cron: "a".into(),
            verdict: Verdict::Stay,
            chosen: None,
            model: None,
            skipped: Arc::default(),
            reason: Reason::NoEvidence,
            since: None,
            would_change: None,
        };
        Prospect {
            at: now,
            plan: Plan {
                id: PlanId::new("a"),
                at: now,
                origin,
                outage: Outage { level, down: down.collect() },
                changes: Vec::new(),
                decisions: vec![stays],
                notes: Vec::new(),
                daily_cost: None,
                writes: None,
            },
            forecast: Forecast {
                at: now,
                until: now,
                windows: Vec::new(),
                coming: ComingRuns::default(),
                record: TrackRecord::default(),
            },
            costs: Costs::default(),
            expected_end: None,
            failing: FailingRuns::default(),
        }
    }

    #[test]
    fn a_sentence_says_who_is_down_and_what_comes_of_it() {
        let world = world();
        let cases = [
            (
                imagined(OutageLevel::Crisis, &["anthropic", "google"], PlanOrigin::Crisis),
                "Crisis: Anthropic and Google are down. 1 cron keeps running. No provider says when it ends.",
            ),
            (
                imagined(OutageLevel::Degraded, &["kimi"], PlanOrigin::Distribution),
                "1 provider is down: Kimi. Every cron stays as it is.",
            ),
            (
                imagined(OutageLevel::Healthy, &[], PlanOrigin::Recovery),
                "No provider is down. Nothing of it can be given back yet.",
            ),
        ];
        for (what, expected) in cases {
            assert_eq!(prospect(&what, &world.speech()), expected);
        }
    }

    #[test]
    fn what_is_supposed_is_said_in_one_line() {
        let world = world();
        let mut supposed = Hypothesis::default();
        assert_eq!(supposition(&supposed, &world.speech()), None);
        for (account, how) in [("anthropic", Supposed::Down), ("google", Supposed::Down), ("kimi", Supposed::Back)] {
            supposed.accounts.insert(AccountId::new(account), how);
        }
        supposed.windows.insert((AccountId::new("zai"), "5h".to_owned()), 0.9);
        supposed.tiers.insert("a".into(), Tier::T2);
        supposed.at = Some(at("2026-11-24 04:00"));
        assert_eq!(
            supposition(&supposed, &world.speech()).as_deref(),
            Some(
                "Anthropic and Google are down, Kimi is back, Z.ai's 5h window is at 90%, 1 cron has another tier, it is \
                 tomorrow 04:00, in 22 h"
            )
        );
    }

    #[test]
    fn what_differs_from_today_is_seen_and_what_is_nothing_in_both_is_left_out() {
        let world = world();
        let today = Arc::new(imagined(OutageLevel::Healthy, &[], PlanOrigin::Distribution));
        let mut then = imagined(OutageLevel::Crisis, &["kimi", "zai"], PlanOrigin::Crisis);
        then.failing = FailingRuns { n_crons: 1, n_runs: 24 };
        let imagined = Imagined { supposed: Hypothesis::default(), today, then: Arc::new(then) };
        let rows = compared(&imagined, &world.speech());
        let differ: Vec<_> =
            rows.iter().filter(|row| row.differs()).map(|row| (row.what.as_str(), row.then.as_str())).collect();
        let expected = [("Level", "Crisis"), ("Fail otherwise", "24, of 1 cron")];
        assert_eq!(differ, expected);
        assert!(rows.iter().all(|row| row.what != "Held back"), "{rows:?}");
    }

    #[test]
    fn what_is_to_come_costs_says_how_far_it_is_told_and_what_has_no_known_price() {
        let used = |dollars, n_unpriced| Used { n_runs: 200, tokens: 1e6, money: Usd(dollars), n_unpriced };
        let of = |days: i64, used: Used| {
            let mut one = imagined(OutageLevel::Healthy, &[], PlanOrigin::Distribution);
            let account = AccountId::new("openai");
            let cost = AccountCost { account, pays: Pays::ByToken, flat: None, past: Used::default(), coming: used };
            one.costs = Costs { until: one.at + SignedDuration::from_hours(24 * days), accounts: vec![cost] };
            one
        };
        for (today, then, expected) in [
            (of(7, used(0.0, 0)), of(7, used(4.2, 0)), ["Next 7 days", "$0 by token", "$4.20 by token"]),
            (
                of(7, used(0.0, 0)),
                of(7, used(4.2, 9)),
                ["Next 7 days", "$0 by token", "$4.20 by token and 9 runs without a known price"],
            ),
            (of(3, used(0.0, 0)), of(3, used(0.0, 0)), ["Next 3 d", "$0 by token", "$0 by token"]),
            (of(7, used(0.0, 0)), of(2, used(0.0, 0)), ["Next days", "$0 by token in 7 days", "$0 by token in 2 d"]),
        ] {
            let row = next_days(&today, &then);
            assert_eq!([row.what, row.today, row.then], expected);
        }
    }

    #[test]
    fn a_route_says_who_goes_there_and_why_others_do_not() {
        let world = world();
        let why = SkipReason::Untested;
        for (n_crons, why_not, expected) in [
            (0, None, "T2: try Kimi first"),
            (1, None, "T2: try Kimi first. 1 of its crons goes there"),
            (0, Some(&why), "T2: try Kimi first. Nobody goes there: untested: nobody has seen it serve yet"),
            (
                3,
                Some(&why),
                "T2: try Kimi first. 3 of its crons go there. Others do not: untested: nobody has seen it serve yet",
            ),
        ] {
            assert_eq!(try_first("T2: try Kimi first", n_crons, why_not, &world.speech()), expected);
        }
    }

    #[test]
    fn a_wish_says_what_it_changes() {
        let world = world();
        let routes = ["kimi", "minimax"].map(RouteKey::new).to_vec();
        let cases = [
            (Wish::Sort { crons: vec!["a".into(), "b".into()], tier: Tier::T1 }, "Sort 2 crons into T1"),
            (Wish::Chain { tier: Tier::T2, routes }, "T2 tries Kimi → MiniMax → pause"),
            (
                Wish::TreatAsDown { account: AccountId::new("anthropic"), until: at("2026-11-24 06:00") },
                "Treat Anthropic as down until tomorrow 06:00",
            ),
            (Wish::Trust { account: AccountId::new("zai") }, "Believe again what is seen of Z.ai"),
        ];
        for (one, expected) in cases {
            assert_eq!(wish(&one, &world.speech()), expected);
        }
    }
}
