//! A plan in one line, and its lines in a few words.

use jiff::{SignedDuration, Timestamp};

use super::health::{route_is_prepaid, state};
use super::model::stored_model;
use super::reason::returned_since;
use super::{Speech, clock, count, list, model_name, pause_ends, route_name, span};
use crate::domain::{
    Cause, Change, ChangeKind, ChangeMark, Decision, Fields, ModelRef, Plan, PlanOrigin, Reason, RouteKey, SkipReason,
    Skipped, Verdict, WritesUsed,
};

/// The gateway takes this many writes in each span of [`PACE_SPAN`]…
const PACE_WRITES: i64 = 30;
const PACE_SPAN: SignedDuration = SignedDuration::from_secs(60);
/// …and this is what one takes on an ordinary gateway.
const ONE_WRITE: SignedDuration = SignedDuration::from_millis(150);
/// More groups than this are summed up.
const MAX_GROUPS: usize = 4;

/// "6 changes planned", "Nothing to change".
pub fn plan_headline(plan: &Plan) -> String {
    match (plan.changes.len(), &plan.origin) {
        (0, PlanOrigin::Distribution | PlanOrigin::Crisis | PlanOrigin::Advice | PlanOrigin::Spreading) => {
            "Nothing to change".to_owned()
        }
        (0, PlanOrigin::Recovery) => "Nothing to give back".to_owned(),
        (0, PlanOrigin::Undo { .. }) => "Nothing left to undo".to_owned(),
        (n, PlanOrigin::Distribution | PlanOrigin::Crisis) => format!("{} planned", count(n, "change")),
        (n, PlanOrigin::Spreading) => format!("{} to start apart", count(n, "cron")),
        (n, PlanOrigin::Advice) => format!("{} advised", count(n, "change")),
        (n, PlanOrigin::Recovery) => format!("{} to give back", count(n, "cron")),
        (1, PlanOrigin::Undo { .. }) => "1 switch to undo".to_owned(),
        (n, PlanOrigin::Undo { .. }) => format!("{n} switches to undo"),
    }
}

/// The same, and how many of them are left out unless somebody ticks them: "16 changes planned, 1 left out".
pub fn plan_headline_and_left_out(plan: &Plan) -> String {
    match plan.changes.iter().filter(|change| !change.ticked).count() {
        0 => plan_headline(plan),
        n => format!("{}, {n} left out", plan_headline(plan)),
    }
}

/// "5 move from MiniMax (out of credits) to Flash 3, 1 returns to Flash 3. Takes about 1 s.": what the plan proposes.
pub fn plan_summary(plan: &Plan, speech: &Speech<'_>) -> String {
    ticked_summary(plan, |line| plan.changes[line].ticked, speech)
}

/// The same of the lines that are ticked now.
pub fn ticked_summary(plan: &Plan, ticked: impl Fn(usize) -> bool, speech: &Speech<'_>) -> String {
    if plan.changes.is_empty() {
        return nothing_to_do(plan);
    }
    let lines = plan.changes.iter().enumerate();
    let changes: Vec<&Change> = lines.filter(|(line, _)| ticked(*line)).map(|(_, change)| change).collect();
    let groups = grouped(&changes, speech);
    let mut said: Vec<_> = groups.iter().take(MAX_GROUPS).map(|(group, n)| group.words(*n)).collect();
    let rest: usize = groups.iter().skip(MAX_GROUPS).map(|(_, n)| n).sum();
    if rest > 0 {
        said.push(count(rest, "other change"));
    }
    let left = plan.changes.len() - changes.len();
    if changes.is_empty() {
        return format!("{} left out unless you tick {}.", count(left, "change"), them(left));
    }
    let left = if left == 0 { String::new() } else { format!(" {left} left out unless you tick {}.", them(left)) };
    let undoes = matches!(plan.origin, PlanOrigin::Undo { .. });
    // Who only starts at the former time again stays where distribution wants it.
    let held = if undoes && changes.iter().any(|change| change.from != change.to) {
        " What goes back is held until you lift it."
    } else {
        ""
    };
    if plan.origin == PlanOrigin::Recovery && changes.len() > 1 {
        return format!("{}.{left} In stages: one first, then a quarter, then the rest.", said.join(", "));
    }
    let back = changes.iter().find_map(|change| match change.reason {
        Reason::Detour { until, .. } if plan.origin == PlanOrigin::Advice => Some(until),
        _ => None,
    });
    let back = back.map(|at| format!(" Their chains decide again {}.", clock(at, speech))).unwrap_or_default();
    format!(
        "{}.{left}{held}{back} Takes about {}.",
        said.join(", "),
        span(time_to_apply(changes.len(), plan.writes, speech.now))
    )
}

fn them(n: usize) -> &'static str {
    if n == 1 { "it" } else { "them" }
}

/// How long writing that many crons takes from `now` at the gateway's pace, when some of it is used up already.
pub fn time_to_apply(n_writes: usize, used: Option<WritesUsed>, now: Timestamp) -> SignedDuration {
    let n_writes = i64::try_from(n_writes).unwrap_or(i64::MAX / PACE_SPAN.as_secs());
    let used = used.filter(|used| now < used.renewed_at);
    let free = PACE_WRITES - used.map_or(0, |used| i64::from(used.n_used).min(PACE_WRITES));
    let (waits, later) = if n_writes <= free {
        (SignedDuration::ZERO, n_writes)
    } else {
        let first = used.map_or(PACE_SPAN, |used| used.renewed_at.duration_since(now));
        let full = (n_writes - free - 1) / PACE_WRITES;
        (first + SignedDuration::from_secs(full * PACE_SPAN.as_secs()), n_writes - free - full * PACE_WRITES)
    };
    let time = waits + ONE_WRITE * i32::try_from(later).unwrap_or(0);
    SignedDuration::from_secs(time.as_secs().max(1))
}

fn nothing_to_do(plan: &Plan) -> String {
    let with = |verdict: Verdict| plan.decisions.iter().filter(|decision| decision.verdict == verdict).count();
    let because = |reason: fn(&Reason) -> bool| plan.decisions.iter().filter(|d: &&Decision| reason(&d.reason)).count();
    if plan.decisions.is_empty() {
        return "No cron to plan for".to_owned();
    }
    if because(|reason| matches!(reason, Reason::GatewayAway)) > 0 {
        return "The gateway is away: nothing is planned until it is back".to_owned();
    }
    let mut open = Vec::new();
    let stranded = with(Verdict::Stranded);
    if stranded > 0 {
        open.push(format!("{} without a serving route", count(stranded, "critical cron")));
    }
    let waiting = with(Verdict::Waiting);
    if waiting > 0 {
        open.push(format!("{waiting} waiting for a provider"));
    }
    let not_set_up = because(|reason| matches!(reason, Reason::ChainNotSetUp { .. }));
    if not_set_up > 0 {
        open.push(format!("{not_set_up} in a chain that is not set up"));
    }
    let unanswered = because(|reason| matches!(reason, Reason::RouteUnanswered { .. }));
    if unanswered > 0 {
        open.push(format!("{unanswered} waiting for your word which model a route is"));
    }
    let unsorted = because(|reason| matches!(reason, Reason::Unsorted));
    if unsorted > 0 {
        open.push(format!("{unsorted} unsorted"));
    }
    match open.len() {
        0 => "Every cron is where it should be".to_owned(),
        _ => format!("No change would help now: {}", list(&open)),
    }
}

/// Lines that are said together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Group {
    Move {
        from: String,
        why: Option<String>,
        to: String,
    },
    Return {
        to: String,
    },
    Edit {
        to: String,
    },
    Refit,
    Pause {
        until: Option<String>,
    },
    Resume {
        on: String,
    },
    Undo {
        to: String,
    },
    UndoFallbacks,
    /// "later": an undo's are at their former time again.
    Starts {
        again: bool,
    },
}

impl Group {
    fn words(&self, n: usize) -> String {
        let verb = |one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        match self {
            Self::Move { from, why: Some(why), to } => format!("{} from {from} ({why}) to {to}", verb("moves", "move")),
            Self::Move { from, why: None, to } => format!("{} from {from} to {to}", verb("moves", "move")),
            Self::Return { to } => format!("{} to {to}", verb("returns", "return")),
            Self::Edit { to } => format!("{} to {to} (your choice)", verb("moves", "move")),
            Self::Refit => verb("gets new fallbacks", "get new fallbacks"),
            Self::Pause { until: Some(until) } => format!("{} until {until}", verb("pauses", "pause")),
            Self::Pause { until: None } => format!("{} until something serves", verb("pauses", "pause")),
            Self::Resume { on } => format!("{} again on {on}", verb("runs", "run")),
            Self::UndoFallbacks => verb("gets its former fallbacks back", "get their former fallbacks back"),
            Self::Undo { to } => format!("{} back to {to}", verb("goes", "go")),
            Self::Starts { again: false } => format!("{} a little later", verb("starts", "start")),
            Self::Starts { again: true } => format!("{} at the former time again", verb("starts", "start")),
        }
    }

    fn of(change: &Change, speech: &Speech<'_>) -> Self {
        let to = fields(&change.to, change.to_model.as_ref(), speech);
        match change.kind {
            ChangeKind::Spread => Self::Starts { again: false },
            ChangeKind::Undo if change.schedule.is_some() && change.from == change.to => Self::Starts { again: true },
            ChangeKind::Refit => Self::Refit,
            ChangeKind::Pause => Self::Pause { until: pause_ends(&change.reason).map(|at| clock(at, speech)) },
            ChangeKind::Resume => Self::Resume { on: to },
            ChangeKind::Undo if only_fallbacks(change) => Self::UndoFallbacks,
            ChangeKind::Undo => Self::Undo { to },
            ChangeKind::Move if change.reason == Reason::GivenBack => Self::Undo { to },
            ChangeKind::Move if change.cause == Cause::Edit => Self::Edit { to },
            ChangeKind::Move if returned_since(change, speech).is_some() => Self::Return { to },
            ChangeKind::Move => {
                let from = fields(&change.from, change.from_model.as_ref(), speech);
                Self::Move { from, why: why_it_leaves(change, speech), to }
            }
        }
    }
}

/// The model stays, also when somebody else chose it since.
fn only_fallbacks(change: &Change) -> bool {
    (&change.from.model, change.from.enabled) == (&change.to.model, change.to.enabled)
}

/// The biggest group first; equal ones in the plan's order.
fn grouped(changes: &[&Change], speech: &Speech<'_>) -> Vec<(Group, usize)> {
    let mut groups: Vec<(Group, usize)> = Vec::new();
    for change in changes {
        let group = Group::of(change, speech);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, n)) => *n += 1,
            None => groups.push((group, 1)),
        }
    }
    groups.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    groups
}

/// "out of credits": what is wrong with the route it is on, when the reason tells.
fn why_it_leaves(change: &Change, speech: &Speech<'_>) -> Option<String> {
    let (Reason::FirstServing { ahead, .. } | Reason::NextInChain { ahead, .. }) = &change.reason else { return None };
    let left = change.from_model.as_ref()?;
    let on_it = |skipped: &&Skipped| {
        speech.settings.routes.get(&skipped.route).and_then(|route| route.model.as_ref()) == Some(left)
    };
    let skipped = ahead.iter().find(on_it)?;
    let said = match &skipped.why {
        SkipReason::Down { health, .. } => {
            let said = state(health, route_is_prepaid(&skipped.route, speech), speech);
            said.split(" — ").next().unwrap_or_default().to_owned()
        }
        SkipReason::GatewayWaits { until } => format!("gateway waits until {}", clock(*until, speech)),
        SkipReason::WindowExhausted { label, .. } => format!("{label} window used up"),
        SkipReason::AboveGuard { .. } => "above the cost guard".to_owned(),
        SkipReason::PriceUnknown { .. } => "price unknown".to_owned(),
        SkipReason::SetAside { until } => format!("set aside until {}", clock(*until, speech)),
        SkipReason::NotSetUp => "not set up".to_owned(),
        SkipReason::Spared { .. } | SkipReason::Settling { .. } | SkipReason::Untested | SkipReason::NotNeeded => {
            return None;
        }
    };
    Some(said)
}

/// What a line writes: "Flash 3", "paused", "Flash 3, runs again", "Kimi, former fallbacks".
pub fn target(change: &Change, speech: &Speech<'_>) -> String {
    let model = model_text(&change.to, change.to_model.as_ref(), speech);
    if let Some(edit) = change.schedule.as_ref().filter(|_| change.from == change.to) {
        let later = edit.to.delay(&change.cron) - edit.from.delay(&change.cron);
        let how = if later.is_negative() { "earlier" } else { "later" };
        return format!("{model}, {} {how}", span(later.abs()));
    }
    match (change.from.enabled, change.to.enabled) {
        (true, false) => "paused".to_owned(),
        (false, true) => format!("{model}, runs again"),
        (false, false) => format!("{model}, stays paused"),
        (true, true) if only_fallbacks(change) && change.kind == ChangeKind::Undo => {
            format!("{model}, former fallbacks")
        }
        (true, true) if only_fallbacks(change) => format!("{model}, new fallbacks"),
        (true, true) => model,
    }
}

/// What a line starts from: "MiniMax", "paused", "agent default".
pub fn origin(change: &Change, speech: &Speech<'_>) -> String {
    fields(&change.from, change.from_model.as_ref(), speech)
}

/// The three fields as one text, for logs and Activity: "MiniMax", "paused", "agent default".
pub fn fields(fields: &Fields, model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    if fields.enabled { model_text(fields, model, speech) } else { "paused".to_owned() }
}

pub(super) fn model_text(fields: &Fields, model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    match (&fields.model, model) {
        (Some(_), Some(model)) => model_name(model, speech),
        (stored, _) => stored_model(stored.as_deref(), None, speech),
    }
}

pub fn mark(mark: &ChangeMark) -> &'static str {
    match mark {
        ChangeMark::AgentMade => "made by an agent: an edit would drop its stored authority",
        ChangeMark::OneShot => "runs once and would be missed: treated as critical",
        ChangeMark::Running => "runs now; a pause waits for the end of its run",
        ChangeMark::Untested => "untested: nobody has seen this route serve yet",
    }
}

/// "MiniMax → Flash 3 → pause": a chain as one line.
pub fn chain_line(routes: &[RouteKey], speech: &Speech<'_>) -> String {
    let mut names: Vec<_> = routes.iter().map(|route| route_name(route, speech)).collect();
    names.push("pause".to_owned());
    names.join(" → ")
}

#[cfg(test)]
mod tests;
