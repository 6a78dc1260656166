//! Everything the engine can be told, by a person, a subcommand or a timer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{
    AccountId, Automation, Chain, CheckSettings, CronId, DashboardReading, Detours, ExportWhat, GatewayTarget,
    ImportChoice, ModelRef, Notifications, Pin, PlanId, Price, ProviderAccount, Route, RouteKey, Secret, Staggers,
    SwitchId, TemporaryModel, ThemeChoice, Tier, Usd,
};

pub use crate::domain::DemoOutage;

/// What a face may ask for. Nothing but [`Command::Apply`], [`Command::EnterCrisis`], [`Command::Recover`],
/// [`Command::RetryFailed`] and [`Command::ContinueJob`] leads to a call that changes a cron of the user's.
///
/// Serialised it goes to the program in the background and nowhere else: a key may be in it. What a program says to
/// its own engine alone cannot be serialised.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Leaves the current gateway, opens the state folder of `target` and connects.
    #[serde(skip)]
    Connect(Target),
    /// Leaves the gateway and closes its folder. Refused while an apply job runs.
    #[serde(skip)]
    Disconnect,
    /// Looks for gateways on this machine again.
    #[serde(skip)]
    Discover,
    /// Fetches crons, models and quotas anew.
    Refresh,
    /// Changes the mapping: saved to `cron-tiers.json`, undoable, never sent to the gateway.
    Edit(Edit),
    /// Takes the newest edit of mapping or settings back, or does it again.
    UndoEdit,
    RedoEdit,
    /// Changes `settings.json`, undoable like an edit unless it is only about the window.
    Settings(SettingsChange),
    /// Several [`Command::Edit`] and [`Command::Settings`] as one step of undo.
    Together(Vec<Command>),
    /// Carries out the named lines of a plan that was shown; refused if the world drifted.
    Apply {
        plan: PlanId,
        crons: Vec<CronId>,
    },
    /// Switches crisis mode on and carries out the named lines of [`CrisisView::enter`]; refused if the world drifted.
    ///
    /// [`CrisisView::enter`]: crate::domain::CrisisView::enter
    EnterCrisis {
        plan: PlanId,
        crons: Vec<CronId>,
    },
    /// Carries out the named lines of [`CrisisView::recover`], in stages, and switches crisis mode off at their end;
    /// refused if the world drifted.
    ///
    /// [`CrisisView::recover`]: crate::domain::CrisisView::recover
    Recover {
        plan: PlanId,
        crons: Vec<CronId>,
    },
    /// Does now what automation may do by itself; its word is in [`CrisisView::automation`].
    ///
    /// [`CrisisView::automation`]: crate::domain::CrisisView::automation
    Automate,
    /// Does not wait for the run of what was given back first.
    GoOn,
    /// Goes back to the rules of crisis mode while, or after, something was given back.
    StayInCrisis,
    /// Lets crons run once, now: what they missed while they were paused.
    RunNow {
        crons: Vec<CronId>,
    },
    /// The user has read what was missed.
    DismissReport,
    /// Finishes the line in flight and leaves the rest as not started.
    StopJob,
    /// The same for a face that began it and does not wait any longer: no person's word, so automation goes on.
    LeaveTheRest,
    /// Plans the failed and stopped lines of the finished job again and applies those that still differ.
    RetryFailed,
    /// Goes on with a job that was stopped or interrupted.
    ContinueJob,
    /// Removes the finished job from the screen; its journal stays.
    DismissJob,
    /// A cron that shall pause has not finished its run in time: pause it now, killing the run.
    PauseNow {
        cron: CronId,
    },
    /// Offers a plan that takes these switches back ([`Snapshot::offer`]), all of them whatever
    /// their number; applying it is [`Command::Apply`].
    ///
    /// [`Snapshot::offer`]: super::Snapshot::offer
    PrepareUndo(UndoScope),
    /// Offers a plan that sends crons elsewhere until a quota comes back ([`Snapshot::offer`]); applying it is
    /// [`Command::Apply`], which also writes into the mapping where they are sent and until when.
    ///
    /// [`Snapshot::offer`]: super::Snapshot::offer
    PrepareAdvice(Detours),
    /// Offers a plan that gives these crons these staggers, so that fewer start together ([`Snapshot::offer`]); applying
    /// it is [`Command::Apply`]. Refused unless [`SettingsChange::SetEditsSchedules`] allows it.
    ///
    /// [`Snapshot::offer`]: super::Snapshot::offer
    PrepareApart(Staggers),
    /// The plan on offer is not wanted.
    DiscardOffer,
    /// Fetches the last runs of one cron for the details drawer.
    LoadRuns {
        cron: CronId,
    },
    /// Reads a folder or file and offers a preview; nothing is written.
    PreviewImport {
        from: PathBuf,
    },
    /// Writes what the preview showed; files whose choice is `Keep` are left as they are.
    ConfirmImport {
        preview: u64,
        choices: BTreeMap<String, ImportChoice>,
    },
    CancelImport,
    /// Copies the state folder, or one file of it, without secrets.
    Export {
        to: PathBuf,
        what: ExportWhat,
    },
    /// Looks at these accounts, or at all of them, now. Done when every answer is in.
    Check {
        accounts: Option<Vec<AccountId>>,
    },
    /// Looks at an account that is not saved yet, with a key that is kept nowhere; see [`Looks::test`].
    ///
    /// [`Looks::test`]: crate::domain::Looks::test
    TestAccount {
        account: Box<ProviderAccount>,
        #[serde(with = "super::service::key")]
        key: Option<Secret>,
    },
    /// Forgets the result of a test.
    DismissTest,
    /// Keeps an account's key in the desktop's keychain, for the address that the account has now; `None` removes it.
    KeepKey {
        account: AccountId,
        #[serde(with = "super::service::key")]
        key: Option<Secret>,
    },
    /// Adds or changes a temporary model; `None` takes the one with that id out.
    PutTemporary {
        id: String,
        model: Option<TemporaryModel>,
    },
    /// Writes what a provider's page said to the account's quota file; it counts from then on.
    KeepReading {
        account: AccountId,
        reading: Box<DashboardReading>,
    },
    /// The program in the background sees to it that it can be found: its door and its word in the folder are made
    /// anew where somebody took them away.
    KeepDoor,
    /// Removes a problem that the user has read.
    DismissProblem {
        id: String,
    },
    /// The built-in demo only: lets a provider fail, or serve again.
    DemoOutage {
        provider: String,
        outage: DemoOutage,
    },
    /// From now on this folder acts on the gateway, whatever computer did until now, and it is the gateway of this
    /// folder. Done when its mark was read back.
    TakeOver,
    /// This folder acts on the gateway no more: its mark is taken off. Another one may act, and so may this one when
    /// it next has to write.
    LetGo,
    /// The program without a window lets this one act until it ends, or is told to go on itself.
    ActHere {
        here: bool,
    },
    /// Lets the desktop's session run the engine without a window, now and at each start; `false` ends that.
    #[serde(skip)]
    InstallService {
        installed: bool,
    },
    /// Finishes the line in flight, records the rest, releases the lease and ends.
    #[serde(skip)]
    Shutdown,
}

/// One change of the mapping. Several crons change as one step of undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// `None` puts them back among the unsorted. A new tier lifts a hold.
    SetTier {
        crons: Vec<CronId>,
        tier: Option<Tier>,
    },
    /// Gives each cron the tier that was suggested for it.
    AcceptSuggestions {
        crons: Vec<CronId>,
    },
    SetCritical {
        crons: Vec<CronId>,
        critical: bool,
    },
    /// `None` unpins.
    SetPin {
        crons: Vec<CronId>,
        pin: Option<Pin>,
    },
    SetHold {
        crons: Vec<CronId>,
        hold: bool,
    },
    /// The user agrees once to something that is otherwise never done to these crons, or no longer does.
    Agree {
        crons: Vec<CronId>,
        to: Consent,
        agrees: bool,
    },
    /// Automation never changes these by itself, or may again.
    SetAskFirst {
        crons: Vec<CronId>,
        ask_first: bool,
    },
    SetNote {
        cron: CronId,
        note: Option<String>,
    },
}

/// What the user can agree to, cron by cron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consent {
    /// An edit may cost an agent-made cron its stored authority.
    EditAgentMade,
    /// A critical cron may run on a route above its tier's cost guard.
    ExceedGuard,
    /// A one-shot may be paused like any other cron, although it is then lost.
    MissOneShot,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SettingsChange {
    /// Matches routes to models of the gateway.
    MatchRoutes(BTreeMap<RouteKey, Option<ModelRef>>),
    SetChain {
        tier: Tier,
        chain: Chain,
    },
    /// Adds a route or replaces it.
    PutRoute {
        key: RouteKey,
        route: Route,
    },
    /// Also takes it out of every chain.
    RemoveRoute {
        key: RouteKey,
    },
    /// `None` goes back to the table's price.
    SetPrice {
        route: RouteKey,
        price: Option<Price>,
    },
    /// `None` lifts the limit.
    SetGuard {
        tier: Tier,
        guard: Option<Usd>,
    },
    /// Adds an account or changes what its owner says of it.
    PutAccount(Box<ProviderAccount>),
    /// What its owner said of it is forgotten; one that the gateway lists stays.
    RemoveAccount {
        id: AccountId,
    },
    SetChecks(CheckSettings),
    /// Distribution also looks at what is foretold of quotas.
    SetQuotaAware(bool),
    /// Schedules may be given a stagger where somebody asks for it.
    SetEditsSchedules(bool),
    SetAutomation(Automation),
    SetNotifications(Notifications),
    SetTheme(ThemeChoice),
    SetCompactCards(bool),
    /// The quotas at the foot of the board.
    SetQuotaStrip(bool),
    SetCrisisVendors(u32),
    SetSettleMinutes(u32),
    /// How long the history is kept; what is older is dropped at once.
    SetHistoryDays(u32),
    /// Back to the defaults, matches included.
    ResetChains,
}

/// Which gateway to talk to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The built-in demo, with a state folder of its own that is removed at the end.
    Demo,
    Gateway(GatewayTarget),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndoScope {
    /// Every switch of this plan that still stands.
    Plan(PlanId),
    Switch(SwitchId),
    /// Every switch of the newest plan that still stands.
    Last,
    /// The plan or the switch whose id is this, or the only one whose id begins so.
    Named(String),
}
