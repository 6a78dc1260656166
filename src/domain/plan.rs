//! A plan: for every cron where it should be and why, and for those that differ what to write.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    CronId, Fields, Health, ModelRef, OutageLevel, Patch, PlanId, Revision, RouteKey, ScheduleEdit, Tier, Usd, VendorId,
};

/// What would bring every cron to where it should be. Equal observations give equal plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Hash of the changes: two plans that would write the same have the same id.
    pub id: PlanId,
    pub at: Timestamp,
    pub origin: PlanOrigin,
    pub outage: Outage,
    /// What to write: critical ones first, then by next run, then by name and id.
    pub changes: Vec<Change>,
    /// One for every cron, in the order of ids.
    pub decisions: Vec<Decision>,
    /// What a person should know beside the changes.
    pub notes: Vec<PlanNote>,
    pub daily_cost: Option<CostEstimate>,
    /// What of the gateway's write limit is used up already.
    #[serde(default)]
    pub writes: Option<WritesUsed>,
}

/// Writes since the gateway's limit began to count; at `renewed_at` it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WritesUsed {
    pub n_used: u32,
    pub renewed_at: Timestamp,
}

impl Plan {
    #[must_use]
    pub fn decision(&self, cron: &CronId) -> Option<&Decision> {
        self.decisions.binary_search_by(|decision| decision.cron.cmp(cron)).ok().map(|at| &self.decisions[at])
    }

    #[must_use]
    pub fn change(&self, cron: &CronId) -> Option<&Change> {
        self.changes.iter().find(|change| change.cron == *cron)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanOrigin {
    Distribution,
    /// The rules of crisis mode.
    Crisis,
    /// Gives back what is owed: in stages.
    Recovery,
    /// Sends crons elsewhere for a while, because a quota would run out.
    Advice,
    /// Lets crons start apart that would start together.
    Spreading,
    /// Takes back these switches of this plan.
    Undo {
        of: PlanId,
    },
}

/// One cron to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub cron: CronId,
    pub name: String,
    pub tier: Option<Tier>,
    pub critical: bool,
    /// The definition the plan was made on; the write is refused when it moved.
    pub revision: Option<Revision>,
    pub from: Fields,
    pub to: Fields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleEdit>,
    /// What `from.model` and `to.model` run as; `None` when the gateway lists nothing of the kind.
    pub from_model: Option<ModelRef>,
    pub to_model: Option<ModelRef>,
    pub to_route: Option<RouteKey>,
    pub kind: ChangeKind,
    pub reason: Reason,
    pub cause: Cause,
    pub next_run_at: Option<Timestamp>,
    /// Since when it runs; such a cron is paused only after its run.
    pub running_since: Option<Timestamp>,
    pub marks: Vec<ChangeMark>,
    /// Whether the line is ticked when it is first shown.
    pub ticked: bool,
}

impl Change {
    /// It ends a debt, as far as that can be ended now.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        self.kind == ChangeKind::Resume || self.reason == Reason::GivenBack
    }

    #[must_use]
    pub fn patch(&self) -> Patch {
        Patch { schedule: self.schedule.as_ref().map(|edit| edit.to.clone()), ..Patch::between(&self.from, &self.to) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChangeKind {
    /// Another model.
    Move,
    /// Only the fallbacks, because the user edited the chain.
    Refit,
    Pause,
    /// A pause of ours ends; the model may change with it.
    Resume,
    /// A switch is taken back.
    Undo,
    /// It starts a little later than the others that start with it.
    Spread,
}

/// Health changes may be applied by automation; the user's own edits wait for *Apply*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Health,
    Edit,
    /// A quota is foretold to run out; like an edit it waits for *Apply*.
    Forecast,
    Undo,
}

/// What a person must know before this line is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeMark {
    /// An edit drops its stored authority. Unticked unless the user agreed once.
    AgentMade,
    /// A one-shot that is due before the expected return: treated as critical.
    OneShot,
    /// It runs now; a pause waits for the end of the run.
    Running,
    /// The chosen route is unknown: nobody has seen it serve yet.
    Untested,
}

/// Where one cron should be, and what was passed over on the way there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub cron: CronId,
    pub verdict: Verdict,
    /// The route it should be on; `None` for pause, or when nothing is decided for it.
    pub chosen: Option<RouteKey>,
    /// The model of that route, or the pinned one.
    pub model: Option<ModelRef>,
    /// Shared by all crons that went through the same chain in the same way.
    pub skipped: Arc<[Skipped]>,
    pub reason: Reason,
    /// When the newest fact behind this decision became true.
    pub since: Option<Timestamp>,
    /// What would change it.
    pub would_change: Option<Trigger>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Already where it should be.
    Stay,
    /// In the plan's changes.
    Change,
    /// Its route does not serve and nothing better is known; it is left and listed.
    Waiting,
    /// Critical, and no route within its guard serves: left as it is, reported loudly.
    Stranded,
    /// Not ours to decide: see the reason.
    LeftAlone,
}

/// A route that was passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    pub route: RouteKey,
    pub why: SkipReason,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SkipReason {
    /// The gateway does not list its model, or the route has none yet.
    NotSetUp,
    SetAside {
        until: Timestamp,
    },
    /// Its account or model is known not to serve.
    Down {
        health: Health,
        since: Option<Timestamp>,
    },
    /// The gateway refuses runs on it until then.
    GatewayWaits {
        until: Timestamp,
    },
    /// A quota window that covers its model is used up.
    WindowExhausted {
        label: String,
        resets_at: Option<Timestamp>,
    },
    /// Above the tier's cost guard.
    AboveGuard {
        price: Usd,
        guard: Usd,
    },
    /// Its price is unknown, so the guard cannot allow it.
    PriceUnknown {
        guard: Usd,
    },
    /// Serving, but not long enough yet to return to.
    Settling {
        until: Timestamp,
    },
    /// Unknown: a change caused by health does not move a cron there from a route not known to fail.
    Untested,
    /// It serves, and the cron was sent elsewhere until then to spare it.
    Spared {
        until: Timestamp,
    },
    /// A better route was found before it.
    NotNeeded,
}

/// Why a cron is, or should be, where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// The first route of its chain that serves. `ahead` are the routes skipped before it.
    FirstServing {
        route: RouteKey,
        ahead: Arc<[Skipped]>,
        /// Since when it serves, where that alone moves the cron: its own route does not fail.
        #[serde(default)]
        since: Option<Timestamp>,
    },
    /// Its own route fails; this is the next one that may be tried.
    NextInChain {
        route: RouteKey,
        ahead: Arc<[Skipped]>,
    },
    /// Critical: the cheapest serving route of any chain within its guard.
    CheapestForCritical {
        route: RouteKey,
    },
    /// The user sent it there until then, so that a quota lasts.
    Detour {
        route: RouteKey,
        until: Timestamp,
    },
    /// The user set the tier, the pin or the chain.
    UsersEdit {
        route: RouteKey,
    },
    /// Its fallbacks follow the chain the user edited.
    ChainEdited,
    /// Nothing in the chain serves, and it would run before anything is expected back.
    NothingServes {
        expected_return: Option<Timestamp>,
    },
    /// A crisis: the cheapest route of its chain that serves.
    CheapestInCrisis {
        route: RouteKey,
    },
    /// A crisis: it is not critical, so what still serves is kept for others.
    PausedInCrisis {
        expected_return: Option<Timestamp>,
    },
    /// One of its next failures would have the gateway switch it off, and another route serves.
    LastChance {
        route: RouteKey,
        n_errors: u32,
    },
    /// The gateway switched it off after failures of this outage: it is offered to be switched on again.
    SwitchedOffInOutage {
        at: Option<Timestamp>,
    },
    /// Nothing serves, but its next run lies after the expected return.
    RunsAfterReturn {
        expected_return: Timestamp,
    },
    /// Nothing serves and it must keep running.
    CriticalStranded,
    /// Pinned to a route that does not serve.
    PinnedOnDeadRoute {
        model: Option<ModelRef>,
    },
    Pinned {
        model: Option<ModelRef>,
    },
    PinnedCriticalOnDeadRoute {
        model: Option<ModelRef>,
    },
    /// A route of its chain has served long enough: our pause ends.
    Resumes {
        route: RouteKey,
    },
    /// Back on what it had before our pause.
    GivenBack,
    /// It waits until a better route has served for the settle time.
    Settling {
        route: RouteKey,
        until: Timestamp,
    },
    /// The better route is untested, and its own is not known to fail.
    BetterIsUntested {
        route: RouteKey,
    },
    /// No tier yet.
    Unsorted,
    /// Command, script, system event: it has no model.
    NoModel,
    GatewayOwned,
    OwnMark,
    Held {
        why: super::HoldReason,
    },
    /// Paused by the user; it stays paused.
    PausedByUser,
    /// Switched off by the gateway after its failures.
    AutoDisabled,
    /// Paused by us, and nothing serves yet.
    StillPaused,
    /// No route of its tier is set up.
    ChainNotSetUp {
        tier: Tier,
    },
    /// Several models may be meant by a route of its chain; the user has not said which.
    RouteUnanswered {
        route: RouteKey,
    },
    /// Its state is unknown and nothing speaks for a change.
    NoEvidence,
    /// The gateway is away.
    GatewayAway,
    /// Being written right now.
    Busy,
    /// The user took a switch back.
    Undone {
        of: PlanId,
    },
    /// Others start in the same minute.
    StartsApart {
        /// So much later than now.
        later: SignedDuration,
    },
    /// Everything is as it should be.
    AsIntended {
        route: RouteKey,
    },
}

impl Reason {
    /// Its own route is known not to serve, and another may.
    #[must_use]
    pub fn leaves_what_fails(&self) -> bool {
        matches!(
            self,
            Self::FirstServing { since: None, .. } | Self::NextInChain { .. } | Self::CheapestForCritical { .. }
        )
    }
}

/// What would change a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trigger {
    /// That route comes back and has served for `settle`.
    RouteServes {
        route: RouteKey,
        settle: SignedDuration,
    },
    At {
        at: Timestamp,
    },
    /// The user does something: a tier, an unpin, a lifted hold.
    TheUser,
    /// Any route of its chain serves.
    AnyRouteServes,
    /// The route it is on stops serving.
    RouteFails {
        route: RouteKey,
    },
}

/// How bad it is, by vendor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outage {
    pub level: OutageLevel,
    pub down: Vec<VendorDown>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VendorDown {
    pub vendor: VendorId,
    pub health: Health,
    pub since: Option<Timestamp>,
    pub resets_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlanNote {
    /// Nothing of this tier can be planned.
    ChainNotSetUp {
        tier: Tier,
    },
    /// A chain names a route that is not matched to a model.
    RouteNotMatched {
        route: RouteKey,
    },
    /// A one-shot due before the expected return, kept running.
    OneShotKept {
        cron: CronId,
        name: String,
        due: Timestamp,
    },
    CriticalStranded {
        cron: CronId,
        name: String,
    },
    /// One click "unpin until recovery" helps.
    PinnedCritical {
        cron: CronId,
        name: String,
    },
    Waiting {
        n_crons: usize,
        expected_return: Option<Timestamp>,
    },
    UnsortedFailing {
        n_crons: usize,
        /// Which; absent in plans of earlier versions.
        #[serde(default)]
        crons: Vec<CronId>,
    },
}

/// What the enabled routable crons cost a day, before and after, where prices and use are known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostEstimate {
    pub before: Usd,
    pub after: Usd,
}

/// Plans are shared between threads.
pub type SharedPlan = Arc<Plan>;
