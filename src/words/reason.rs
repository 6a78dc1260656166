//! Reasons, skipped routes and triggers: *explain* in sentences.
//!
//! A reason is a clause without a full stop, so that it can stand in a table; a trigger is a sentence.

use jiff::{SignedDuration, Timestamp};

use super::health::{predicate, route_is_prepaid, state_since};
use super::{
    Speech, clock, clock_and_relative, clock_with_day, count, list, long_span, model_name, relative, route_name, span,
    usd,
};
use crate::domain::{
    Cause, Change, ChangeKind, Decision, Health, HoldReason, ModelRef, PlanNote, Reason, RouteKey, SkipReason, Skipped,
    SuggestionReason, Tier, Trigger,
};

/// More failing routes than this are named without each one's cause.
const MAX_CAUSES: usize = 2;

/// One sentence without a full stop: "MiniMax is out of credits; Flash 3 is next in the chain and serves".
pub fn reason(reason: &Reason, speech: &Speech<'_>) -> String {
    let name = |route: &RouteKey| route_name(route, speech);
    match reason {
        Reason::FirstServing { route, ahead, .. } => match passed_over(ahead, speech) {
            Some(passed) => format!("{passed}; {} is next in the chain and serves", name(route)),
            None => format!("{} is first in the chain and serves", name(route)),
        },
        Reason::NextInChain { route, ahead } => match passed_over(ahead, speech) {
            Some(passed) => format!("{passed}; {} is next in the chain", name(route)),
            None => format!("{} is next in the chain", name(route)),
        },
        Reason::CheapestForCritical { route } => {
            format!("critical, and its chain does not serve; {} is the cheapest that does", name(route))
        }
        Reason::CheapestInCrisis { route } => {
            format!("in a crisis simple crons run on the cheapest route that serves: {}", name(route))
        }
        Reason::PausedInCrisis { expected_return: Some(at) } => {
            format!("not critical: it pauses in a crisis, until about {}", clock_with_day(*at, speech))
        }
        Reason::PausedInCrisis { expected_return: None } => "not critical: it pauses in a crisis".to_owned(),
        Reason::LastChance { route, n_errors } => {
            format!(
                "failed {n_errors} times in a row and is switched off by the gateway at ten; {} serves",
                name(route)
            )
        }
        Reason::SwitchedOffInOutage { .. } => "the gateway switched it off after failures of this outage".to_owned(),
        Reason::Detour { route, until } => {
            format!("to {} until {}, so that a quota lasts", name(route), clock(*until, speech))
        }
        Reason::UsersEdit { route } => format!("its tier asks for {}", name(route)),
        Reason::ChainEdited => "its chain was edited: its fallbacks follow".to_owned(),
        Reason::NothingServes { expected_return: Some(at) } => {
            format!("nothing in its chain serves before {}", clock_with_day(*at, speech))
        }
        Reason::NothingServes { expected_return: None } => "nothing in its chain serves".to_owned(),
        Reason::RunsAfterReturn { expected_return } => {
            let at = clock_with_day(*expected_return, speech);
            format!("a provider is expected back {at}, before its next run")
        }
        Reason::CriticalStranded => "critical, and no route within its cost guard serves: left as it is".to_owned(),
        Reason::PinnedOnDeadRoute { model } => {
            format!("pinned to {}, which does not serve", pinned_to(model.as_ref(), speech))
        }
        Reason::Pinned { model } => format!("pinned to {}", pinned_to(model.as_ref(), speech)),
        Reason::PinnedCriticalOnDeadRoute { model } => {
            format!("critical and pinned to {}, which does not serve: left as it is", pinned_to(model.as_ref(), speech))
        }
        Reason::Resumes { route } => format!("{} serves again: the pause ends", name(route)),
        Reason::GivenBack => "given back what it had before".to_owned(),
        Reason::Settling { route, until } => {
            format!("{} serves again, but must go on until {} first", name(route), clock(*until, speech))
        }
        Reason::BetterIsUntested { route } => {
            format!("{} comes first but is untested, and nothing speaks against its own route", name(route))
        }
        Reason::Unsorted => "unsorted: it has no tier yet".to_owned(),
        Reason::NoModel => "it runs no agent turn, so it has no model".to_owned(),
        Reason::GatewayOwned => "the gateway's own job".to_owned(),
        Reason::OwnMark => "placed by this program".to_owned(),
        Reason::Held { why: HoldReason::Undone } => "held since you undid a switch".to_owned(),
        Reason::Held { why: HoldReason::ByHand } => "held by you".to_owned(),
        Reason::PausedByUser => "paused by you".to_owned(),
        Reason::AutoDisabled => "switched off by the gateway after its failures".to_owned(),
        Reason::StillPaused => "paused by us, and nothing in its chain serves yet".to_owned(),
        Reason::ChainNotSetUp { tier } => format!("no route of {} is set up", tier.code()),
        Reason::RouteUnanswered { route } => format!("waits for your word which model {} is", name(route)),
        Reason::NoEvidence => "nothing is known yet that speaks for a change".to_owned(),
        Reason::GatewayAway => "the gateway is away".to_owned(),
        Reason::Busy => "being written now".to_owned(),
        Reason::Undone { .. } => "your undo of a switch".to_owned(),
        Reason::StartsApart { later } => {
            format!("starts {} later, so that fewer start at once", span(*later))
        }
        Reason::AsIntended { route } => format!("on {}, as it should be", name(route)),
    }
}

/// A route that has served for longer than this did not just come back.
const LONG_BACK: SignedDuration = SignedDuration::from_hours(24);

/// The reason of one line of a plan: "primary serves again since 05:40, settled 20 min".
pub fn change_reason(change: &Change, speech: &Speech<'_>) -> String {
    match returned_since(change, speech) {
        Some(at) => {
            let settled = span(speech.now.duration_since(at));
            format!("primary serves again since {}, settled {settled}", clock(at, speech))
        }
        None => reason(&change.reason, speech),
    }
}

/// Since when the front of the chain is back, when that is what moves the cron.
pub(super) fn returned_since(change: &Change, speech: &Speech<'_>) -> Option<Timestamp> {
    let Reason::FirstServing { ahead, since, .. } = &change.reason else { return None };
    let by_health = change.cause == Cause::Health && change.kind == ChangeKind::Move;
    let nothing_ahead = ahead.iter().all(|skipped| matches!(skipped.why, SkipReason::NotSetUp));
    let recent = |at: &Timestamp| *at <= speech.now && speech.now.duration_since(*at) < LONG_BACK;
    since.filter(|at| by_health && nothing_ahead && recent(at))
}

/// "MiniMax is out of credits and Kimi is rate limited"; `None` when nothing worth a word was skipped.
fn passed_over(ahead: &[Skipped], speech: &Speech<'_>) -> Option<String> {
    // A route that was never set up is no news on each line; it stands in the chain's header.
    let told: Vec<_> = ahead.iter().filter(|skipped| !matches!(skipped.why, SkipReason::NotSetUp)).collect();
    match told.len() {
        0 => None,
        n if n <= MAX_CAUSES => {
            let clauses: Vec<_> = told.iter().map(|skipped| clause(skipped, speech)).collect();
            Some(list(&clauses))
        }
        _ => {
            let names: Vec<_> = told.iter().map(|skipped| route_name(&skipped.route, speech)).collect();
            Some(format!("{} are passed over", list(&names)))
        }
    }
}

/// Subject and predicate: "Kimi has hit its quota limit until 18:00".
fn clause(skipped: &Skipped, speech: &Speech<'_>) -> String {
    let name = route_name(&skipped.route, speech);
    match &skipped.why {
        SkipReason::NotSetUp => format!("{name} is not set up"),
        SkipReason::SetAside { until } => format!("{name} is set aside until {}", clock(*until, speech)),
        SkipReason::Down { health, .. } => {
            format!("{name} {}", predicate(health, route_is_prepaid(&skipped.route, speech), speech))
        }
        SkipReason::GatewayWaits { until } => format!("the gateway waits with {name} until {}", clock(*until, speech)),
        SkipReason::WindowExhausted { label, resets_at: Some(at) } => {
            format!("{name} has used up its {label} window until {}", clock(*at, speech))
        }
        SkipReason::WindowExhausted { label, resets_at: None } => format!("{name} has used up its {label} window"),
        SkipReason::AboveGuard { .. } => format!("{name} is above the cost guard"),
        SkipReason::PriceUnknown { .. } => format!("{name} has no known price"),
        SkipReason::Settling { until } => format!("{name} settles until {}", clock(*until, speech)),
        SkipReason::Untested => format!("{name} is untested"),
        SkipReason::Spared { until } => format!("{name} is spared until {}", clock(*until, speech)),
        SkipReason::NotNeeded => format!("{name} is not needed"),
    }
}

/// "skipped: out of credits since 21:04".
pub fn skipped(skipped: &Skipped, speech: &Speech<'_>) -> String {
    match &skipped.why {
        SkipReason::NotNeeded => "not needed".to_owned(),
        SkipReason::Down { health, since: at } => {
            format!("skipped: {}", state_since(health, *at, route_is_prepaid(&skipped.route, speech), speech))
        }
        why => format!("skipped: {}", skip_reason(why, speech)),
    }
}

/// The same without the route, for a chip's hover.
///
/// Not knowing the account, it says no money word; [`skipped`] does where one is due.
pub fn skip_reason(why: &SkipReason, speech: &Speech<'_>) -> String {
    match why {
        SkipReason::NotSetUp => "not set up: the gateway lists no model for it".to_owned(),
        SkipReason::SetAside { until } => format!("set aside until {}", clock_with_day(*until, speech)),
        SkipReason::Down { health: Health::OutOfBalance, since: Some(at) } => {
            format!("does not serve since {}", clock(*at, speech))
        }
        SkipReason::Down { health: Health::OutOfBalance, since: None } => "does not serve".to_owned(),
        SkipReason::Down { health, since: at } => state_since(health, *at, false, speech),
        SkipReason::GatewayWaits { until } => format!("gateway waits until {}", clock_and_relative(*until, speech)),
        SkipReason::WindowExhausted { label, resets_at: Some(at) } if *at > speech.now => {
            format!("{label} window used up — resets {}", clock_with_day(*at, speech))
        }
        SkipReason::WindowExhausted { label, .. } => {
            format!("{label} window used up — reset date not reported yet")
        }
        SkipReason::AboveGuard { price, guard } => {
            format!("above the cost guard: {} over {} per 1M output tokens", usd(*price), usd(*guard))
        }
        SkipReason::PriceUnknown { guard } => {
            format!("price unknown, and the cost guard allows {} per 1M output tokens", usd(*guard))
        }
        SkipReason::Settling { until } => {
            format!("serves again, settles until {}", clock_and_relative(*until, speech))
        }
        SkipReason::Untested => "untested: nobody has seen it serve yet".to_owned(),
        SkipReason::Spared { until } => format!("spared until {}, so that its quota lasts", clock(*until, speech)),
        SkipReason::NotNeeded => "not needed".to_owned(),
    }
}

/// "It returns to MiniMax when that account has served for 10 minutes."
pub fn trigger(decision: &Decision, speech: &Speech<'_>) -> Option<String> {
    let said = match decision.would_change.as_ref()? {
        Trigger::RouteServes { route, settle } => {
            let verb = if decision.model.is_some() { "returns to" } else { "runs again on" };
            let credit = if lacks_credit(decision, route, speech) { "has credit and " } else { "" };
            let served = format!("{credit}has served for {}", long_span(*settle));
            format!("It {verb} {} when that account {served}.", route_name(route, speech))
        }
        Trigger::At { at } if matches!(decision.reason, Reason::Detour { .. }) => {
            format!("Its chain decides again {}.", clock_and_relative(*at, speech))
        }
        Trigger::At { at } => format!("This is looked at again {}.", clock_and_relative(*at, speech)),
        Trigger::RouteFails { route } => {
            format!("It leaves {} when that route stops serving.", route_name(route, speech))
        }
        Trigger::AnyRouteServes => "It runs again when any route of its chain serves.".to_owned(),
        Trigger::TheUser => users_turn(&decision.reason).to_owned(),
    };
    Some(said)
}

fn lacks_credit(decision: &Decision, route: &RouteKey, speech: &Speech<'_>) -> bool {
    let out = |skipped: &Skipped| {
        skipped.route == *route && matches!(skipped.why, SkipReason::Down { health: Health::OutOfBalance, .. })
    };
    decision.skipped.iter().any(out) && route_is_prepaid(route, speech)
}

fn users_turn(reason: &Reason) -> &'static str {
    match reason {
        Reason::Unsorted => "It is distributed once you give it a tier.",
        Reason::Pinned { .. } | Reason::PinnedOnDeadRoute { .. } | Reason::PinnedCriticalOnDeadRoute { .. } => {
            "It follows its chain once you unpin it."
        }
        Reason::Held { .. } => "It follows its chain once you lift the hold or change its tier.",
        Reason::PausedByUser => "It runs again once you switch it on.",
        Reason::AutoDisabled => "It runs again once you switch it on; look at its last error first.",
        Reason::SwitchedOffInOutage { .. } => "It runs again once you tick its line and give back, or switch it on.",
        Reason::ChainNotSetUp { .. } => "It is distributed once a route of its chain is set up.",
        Reason::RouteUnanswered { .. } => "It is distributed once you say which model that route is.",
        Reason::CriticalStranded => "A higher cost guard or another route would let it run.",
        _ => "Only you change this.",
    }
}

pub fn note(note: &PlanNote, speech: &Speech<'_>) -> String {
    match note {
        PlanNote::ChainNotSetUp { tier } => format!("{}: chain not set up, so nothing is planned for it", tier.code()),
        PlanNote::RouteNotMatched { route } => {
            format!("{} is not matched to a model of this gateway: it is skipped", route_name(route, speech))
        }
        PlanNote::OneShotKept { name, due, .. } => {
            let due = clock_and_relative(*due, speech);
            format!("{name} runs once ({due}): treated as critical so that it is not missed")
        }
        PlanNote::CriticalStranded { name, .. } => {
            format!("{name} is critical and no route within its cost guard serves: it will fail as it is")
        }
        PlanNote::PinnedCritical { name, .. } => {
            format!("{name} is critical and pinned to a route that does not serve: unpin it until recovery")
        }
        PlanNote::Waiting { n_crons, expected_return } => {
            let verb = if *n_crons == 1 { "waits" } else { "wait" };
            let until = expected_return.map(|at| format!(", expected back {}", clock_with_day(at, speech)));
            format!("{} {verb} for a provider{}", count(*n_crons, "cron"), until.unwrap_or_default())
        }
        PlanNote::UnsortedFailing { n_crons, .. } => {
            let (routes, them) =
                if *n_crons == 1 { ("is on a route that does", "it") } else { ("are on routes that do", "them") };
            format!("{} {routes} not serve: give {them} a tier to move {them}", count(*n_crons, "unsorted cron"))
        }
    }
}

/// "health", "you", "undo".
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Health => "health",
        Cause::Edit => "you",
        Cause::Forecast => "forecast",
        Cause::Undo => "undo",
    }
}

/// Why that tier was suggested.
pub fn suggestion(why: &SuggestionReason) -> String {
    match why {
        SuggestionReason::ReportsOk { word } => format!("its message says “{word}”: it runs a check and reports"),
        SuggestionReason::ReadsAndDecides { word } => format!("its message says “{word}”: it reads and decides"),
        SuggestionReason::ThinksOrWrites { word } => format!("its message says “{word}”: it thinks or writes"),
        SuggestionReason::RunsOften { every } => format!("it runs every {}, so it is likely simple", span(*every)),
        SuggestionReason::LongMessage { n_chars } => {
            format!("its message is long ({n_chars} characters), so it is likely demanding")
        }
        SuggestionReason::Nothing => "nothing in it speaks for another tier".to_owned(),
    }
}

/// "Simple", "Medium", "Complex".
pub fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::T1 => "Simple",
        Tier::T2 => "Medium",
        Tier::T3 => "Complex",
    }
}

/// Since when a decision stands, for the details: "since 21:04, 40 min ago".
pub fn decided_since(decision: &Decision, speech: &Speech<'_>) -> Option<String> {
    let at = decision.since?;
    Some(format!("since {}, {}", clock(at, speech), relative(at, speech.now)))
}

fn pinned_to(model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    model.map_or_else(|| "the model it has".to_owned(), |model| model_name(model, speech))
}

#[cfg(test)]
mod tests;
