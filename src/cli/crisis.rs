//! `crisis`: says what crisis mode and re-routing alone would do, and does one of them.

use std::sync::Arc;

use serde::Serialize;

use super::apply::{self, Carried, Order, Stages};
use super::args::CrisisArguments;
use super::exit::{Exit, Failure};
use super::output::{self, DownRow, LineRow, PlanDocument};
use super::print;
use super::session::{Context, Session};
use super::standing::{self, CrisisRow, GroupRow};
use crate::domain::{ChangeKind, Plan};
use crate::engine::{Command, Snapshot};
use crate::words::{self, CrisisGroup, UntickedLines};

const LEFT_OUT: &str = "Agree to what an edit costs those that agents made: tier CRON --allow agent-edit";

#[derive(Debug, Serialize)]
struct Document {
    level: &'static str,
    summary: String,
    down: Vec<DownRow>,
    crisis: CrisisRow,
    /// What would be done, or was.
    does: &'static str,
    plan: Option<PlanDocument>,
    groups: Vec<GroupRow>,
    /// Both ways in a sentence; `null` where there is none now.
    enter: Option<String>,
    only_reroute: Option<String>,
    lines: Vec<LineRow>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Enter,
    /// Crisis mode is on: what is left of its plan.
    GoOn,
    OnlyReroute,
}

impl Way {
    fn of(arguments: &CrisisArguments, snapshot: &Snapshot) -> Self {
        match (snapshot.crisis.state.mode.is_some(), arguments.only_reroute) {
            (true, _) => Self::GoOn,
            (false, true) => Self::OnlyReroute,
            (false, false) => Self::Enter,
        }
    }

    /// Re-routing alone pauses nothing.
    fn groups(self, plan: &Plan) -> Vec<CrisisGroup> {
        if self != Self::OnlyReroute {
            return words::crisis_groups(plan);
        }
        let mut moves = plan.clone();
        moves.changes.retain(|change| change.kind != ChangeKind::Pause);
        words::crisis_groups(&moves)
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::GoOn => "go_on",
            Self::OnlyReroute => "only_reroute",
        }
    }

    fn plan(self, snapshot: &Snapshot) -> Option<Arc<Plan>> {
        match self {
            Self::Enter => snapshot.crisis.enter.clone(),
            // While it is being ended the rules of a crisis do not plan.
            Self::GoOn => snapshot.crisis.state.governs().then(|| snapshot.plan.clone()),
            Self::OnlyReroute => Some(snapshot.plan.clone()),
        }
    }

    fn command(self, plan: &Plan) -> Option<Command> {
        match self {
            Self::Enter => Some(Command::EnterCrisis { plan: plan.id.clone(), crons: words::ticked_lines(plan) }),
            Self::GoOn => apply::ticked_of(plan),
            Self::OnlyReroute => apply::apply_of(plan, words::reroute_lines(plan)),
        }
    }

    fn question(self, n_lines: usize) -> String {
        let changes = words::count(n_lines, "change");
        match self {
            Self::Enter => format!("Enter crisis mode with {changes}?"),
            Self::GoOn | Self::OnlyReroute => format!("Apply {changes}?"),
        }
    }
}

pub(super) fn run(session: &mut Session, arguments: &CrisisArguments, as_json: bool) -> Result<Exit, Failure> {
    let mut context = session.ready()?;
    let way = Way::of(arguments, &context.snapshot);
    if way == Way::GoOn && arguments.only_reroute {
        return Err(Failure::new(Exit::Usage, "crisis mode is on, so re-routing alone is not what is planned")
            .with_remedy("End it with recover, or leave --only-reroute out"));
    }
    let stays = context.snapshot.crisis.state.recovering().is_some() && !arguments.dry_run;
    // Staying in a crisis stops the job that gives back.
    if !stays && !arguments.dry_run {
        apply::not_at_work(&context)?;
    }
    if !as_json {
        print::text(&text(way, &context))?;
    }
    if stays {
        may(session, &context, way, arguments, as_json, words::STAY_IN_CRISIS)?;
        session.tell(Command::StayInCrisis)?;
        session.shows(|snapshot| snapshot.crisis.state.governs() && !output::at_work(snapshot))?;
        // Going back to the rules of a crisis makes a plan that nobody was shown yet.
        context = session.settle()?;
        if !as_json {
            print::text(&text(way, &context))?;
        }
    }
    let shown = way.plan(&context.snapshot);
    let nothing = shown.as_deref().is_none_or(|plan| way.command(plan).is_none());
    if arguments.dry_run || nothing {
        return told(way, shown.as_deref(), Vec::new(), &context, as_json, Exit::Done);
    }
    let n_lines = shown.as_deref().map_or(0, |plan| words::ticked_lines(plan).len());
    may(session, &context, way, arguments, as_json, &way.question(n_lines)).map_err(|failure| match failure.exit {
        Exit::NeedsAnswer if stays => Failure::new(Exit::NeedsAnswer, words::STAYED_IN_CRISIS),
        _ => failure,
    })?;
    let Some(shown) = shown else { return Ok(Exit::Done) };
    let order = Order {
        shown,
        yes: arguments.yes,
        again: &|snapshot| way.plan(snapshot),
        command: &|plan| way.command(plan),
        stages: Stages::Wait,
    };
    let carried = apply::carry_out(session, &order)?;
    finish(session, way, &carried, as_json)
}

/// Whether to go on; if not, the document says what would be done.
fn may(
    session: &Session,
    context: &Context,
    way: Way,
    arguments: &CrisisArguments,
    as_json: bool,
    question: &str,
) -> Result<(), Failure> {
    let stopped = apply::forbidden(session).map_or_else(|| apply::agreed(arguments.yes, as_json, question), Err);
    if let Err(failure) = &stopped {
        told(way, way.plan(&context.snapshot).as_deref(), Vec::new(), context, as_json, failure.exit)?;
    }
    stopped
}

fn finish(session: &mut Session, way: Way, carried: &Carried, as_json: bool) -> Result<Exit, Failure> {
    let context = session.context();
    let lines = carried.applied.as_ref().map(apply::rows).unwrap_or_default();
    if as_json {
        return told(way, Some(&carried.plan), lines, &context, as_json, carried.exit());
    }
    if let Some(applied) = &carried.applied {
        apply::report(session, applied)?;
    }
    if let Some(mode) = words::crisis_mode(&context.snapshot.crisis.state, &context.speech()) {
        print::text(&mode)?;
    }
    Ok(carried.exit())
}

/// The document, when one is wanted.
fn told(
    way: Way,
    plan: Option<&Plan>,
    lines: Vec<LineRow>,
    context: &Context,
    as_json: bool,
    exit: Exit,
) -> Result<Exit, Failure> {
    if as_json {
        print::json(&document(way, plan, lines, context))?;
    }
    Ok(exit)
}

fn document(way: Way, plan: Option<&Plan>, lines: Vec<LineRow>, context: &Context) -> Document {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let off = snapshot.crisis.state.mode.is_none();
    Document {
        level: output::mode(snapshot.level()),
        summary: words::outage(&snapshot.plan.outage, &speech),
        down: output::down(context),
        crisis: standing::row(context),
        does: way.code(),
        groups: plan.map(|plan| standing::group_rows(&way.groups(plan), context)).unwrap_or_default(),
        plan: plan.map(|plan| output::plan(plan, context)),
        enter: snapshot.crisis.enter.as_ref().map(|plan| words::enter_sentence(plan, &speech)),
        only_reroute: off.then(|| words::reroute_sentence(&snapshot.plan, &speech)),
        lines,
    }
}

/// Who is down, both ways in a sentence, and what happens to whom.
fn text(way: Way, context: &Context) -> String {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let view = &snapshot.crisis;
    let mut lines = vec![words::outage_headline(&snapshot.plan.outage, &speech)];
    if !snapshot.plan.outage.down.is_empty() {
        lines.push(words::expected_end(view.expected_end, &speech));
    }
    lines.extend(standing::lines(context));
    lines.push(String::new());
    if view.state.recovering().is_some() {
        lines.push(words::IS_BEING_ENDED.to_owned());
    } else if way == Way::GoOn {
        lines.push(format!("What is left: {}", words::plan_summary(&snapshot.plan, &speech)));
    } else {
        let enter = view.enter.as_ref().map(|plan| words::enter_sentence(plan, &speech));
        let enter = enter.unwrap_or_else(|| format!("{}.", words::NO_PLAN_NOW));
        lines.push(format!("Crisis mode: {enter}"));
        lines.push(format!("Only re-route: {}", words::reroute_sentence(&snapshot.plan, &speech)));
    }
    if let Some(plan) = way.plan(snapshot) {
        let groups = way.groups(&plan);
        if !groups.is_empty() {
            lines.push(String::new());
            lines.extend(standing::group_lines(&groups, context));
        }
        if UntickedLines::of(&plan).agent_made > 0 {
            lines.push(LEFT_OUT.to_owned());
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    lines.join("\n") + "\n"
}
