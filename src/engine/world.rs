//! The engine's whole knowledge. Plain values: no socket, no file, no clock, no lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::step::apply::{self, JobState};
use super::step::aside::Aside;
use super::step::automation::Tried;
use super::step::check::{self, Checks};
use super::step::crisis::{self, Following};
use super::step::edit::Saves;
use super::step::edit_history::EditHistory;
use super::step::edited::Wish;
use super::step::own::{self, Mark, OwnChecks};
use super::step::past::Past;
use super::step::sparing::{self, Sparing};
use super::step::triage::{self, Failure};
use super::step::undo::Offer;
use super::{FolderInfo, Snapshot, Ticket};
use crate::domain::{
    Access, AccountId, Catalog, Connection, Crisis, CrisisView, Cron, CronId, Discovered, Fleet, GatewayTarget, Health,
    ImportPreview, KnownGateway, Ledger, Looks, ModelRef, Observation, OutageLevel, Plan, PlanId, PlanOrigin, Problem,
    ProblemKind, ProviderAccount, Readiness, RouteMatch, RunRecord, ServiceUnit, Settings, Suggestion, Switch,
    TemporaryModel, TierMap, Triage, VendorId,
};
use crate::fault::{self, Fault};
use crate::policy;

/// What is, as far as the engine knows.
#[derive(Debug)]
pub struct World {
    pub(super) revision: u64,
    pub(super) state_root: PathBuf,
    pub(super) demo: bool,
    /// Grows with every connection attempt; answers of earlier ones are dropped.
    pub(super) session: u64,
    pub(super) target: Option<GatewayTarget>,
    pub(super) attempt: u32,
    pub(super) connection: Connection,
    pub(super) folder: Option<FolderInfo>,
    /// Another program on this folder with which there is a word.
    pub(super) aside: Aside,
    /// A number for each connection to such a program.
    pub(super) last_link: u64,
    /// A holder that cannot be watched, however often it is asked.
    pub(super) unwatchable: Option<String>,
    /// Told to let the folder go, once no line is in flight.
    pub(super) letting_go: Option<Ticket>,
    /// There is no window here: others watch this engine, and it watches nobody.
    pub(super) serves: bool,
    /// When a folder that somebody else holds is asked for again.
    pub(super) lease_at: Option<Timestamp>,
    pub(super) discovered: Arc<Vec<Discovered>>,
    pub(super) known: Arc<Vec<KnownGateway>>,

    pub(super) settings: Arc<Settings>,
    /// A settings file was set aside: what stands in for it says nothing of the user's wishes.
    pub(super) settings_lost: bool,
    /// Changes of the settings that are not on disk yet.
    pub(super) settings_unsaved: u32,
    /// The settings with sure matches filled in: what the policy plans with.
    pub(super) effective: Arc<Settings>,
    /// The same with as much patience as relapses have taught.
    pub(super) planning: Arc<Settings>,
    pub(super) crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    pub(super) crons_as_of: Option<Timestamp>,
    /// How many changes of single crons were seen, and which one was each cron's last: a list that
    /// was asked for before is older.
    pub(super) changes_seen: u64,
    pub(super) last_change: BTreeMap<CronId, u64>,
    /// A list could not be read: it is asked for again then.
    pub(super) refetch_at: Option<Timestamp>,
    pub(super) evidence: Evidence,
    pub(super) catalog: Arc<Catalog>,
    pub(super) catalog_known: bool,
    pub(super) fleet: Arc<Fleet>,
    pub(super) tiers: Arc<TierMap>,
    pub(super) accounts: Arc<BTreeMap<AccountId, ProviderAccount>>,
    accounts_of: Option<Facts>,
    pub(super) looks: Arc<Looks>,
    pub(super) checks: Checks,
    pub(super) temporary: Arc<Vec<TemporaryModel>>,
    pub(super) ledger: Arc<Ledger>,
    /// The file was lost: the journal may know more.
    pub(super) ledger_lost: bool,
    /// How many ledgers were sent to the disk, and with which of them each debt last changed.
    pub(super) ledgers_sent: u64,
    pub(super) debts_sent: BTreeMap<CronId, u64>,
    pub(super) suggestions: Arc<BTreeMap<CronId, Suggestion>>,
    /// The same, and the cron that each was read from.
    suggested: BTreeMap<CronId, (Arc<Cron>, Suggestion)>,
    pub(super) matches: Arc<Vec<RouteMatch>>,
    /// The settings with the sure ones filled in, and what both were made of.
    matched: Arc<Settings>,
    matched_of: Option<Facts>,
    pub(super) edited: Arc<BTreeSet<CronId>>,
    /// For crons that were edited in this life: the wish under which they were left alone last.
    pub(super) unedited: BTreeMap<CronId, Wish>,
    /// `edited` is not as it was last written down.
    pub(super) edits_unsaved: bool,
    pub(super) down_since: BTreeMap<VendorId, Timestamp>,

    pub(super) plan: Arc<Plan>,
    pub(super) triage: Arc<Vec<Triage>>,
    /// The last failed run of each failing cron, diagnosed once.
    pub(super) failures: BTreeMap<CronId, Failure>,
    /// Crisis mode, and what must be remembered of it.
    pub(super) crisis: Arc<Crisis>,
    pub(super) crisis_view: Arc<CrisisView>,
    pub(super) following: Following,
    pub(super) tried: Tried,
    /// What is remembered of quotas and runs.
    pub(super) past: Past,
    /// Where distribution sends crons so that no quota runs out.
    pub(super) sparing: Sparing,
    /// This computer's, for quiet hours.
    pub(super) zone: TimeZone,
    /// The one-shots that this program keeps on the gateway.
    pub(super) own: OwnChecks,
    /// The mark that says who acts on the gateway.
    pub(super) mark: Mark,
    pub(super) offer: Option<Offer>,
    pub(super) job: Option<JobState>,
    pub(super) next_job: u64,
    /// The gateway's write limit: the window's start and the calls since.
    pub(super) write_window: Option<(Timestamp, u32)>,
    /// Gateway versions on which a guarded write was refused as it must be.
    pub(super) proven: BTreeSet<String>,
    pub(super) switches: Arc<Vec<Switch>>,
    pub(super) runs: Arc<BTreeMap<CronId, Vec<RunRecord>>>,
    pub(super) history: EditHistory,
    pub(super) saving: Arc<BTreeSet<CronId>>,
    pub(super) saves: BTreeMap<CronId, Saves>,
    pub(super) import: Option<Arc<ImportPreview>>,
    pub(super) problems: Arc<Vec<Problem>>,

    pub(super) dirty: Dirty,
    /// When quotas and models are asked for again.
    pub(super) refresh_at: Option<Timestamp>,
    pub(super) wake_policy_at: Option<Timestamp>,
    /// When all definitions were last copied to the history.
    pub(super) definitions_kept_at: Option<Timestamp>,
    /// What the status files last said.
    pub(super) status_written: Option<StatusKey>,
    pub(super) closing: bool,
    /// The service of this folder.
    pub(super) service: Arc<ServiceUnit>,
}

/// What the next [`settle`](super::step::settle) has to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dirty {
    /// Something is different on screen.
    pub shown: bool,
    /// Crons, models, health, tiers or settings changed: plan again.
    pub plan: bool,
}

/// What was asked for on connecting and has come, or could not be had.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    pub runs: bool,
    pub usage: bool,
    /// The gateway was still asking the providers: quotas are asked for once more.
    pub usage_pending: bool,
    /// The last list of models could not be had.
    pub models_failed: bool,
    /// The last report was an old one, and was asked for anew.
    pub usage_was_old: bool,
}

/// What the status files depend on: written again when it differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StatusKey {
    level: OutageLevel,
    health: Vec<(AccountId, Health)>,
    models: Vec<(ModelRef, Health)>,
    settings: Arc<Settings>,
}

impl World {
    /// The status files as they should be, or `None` while nobody may write them.
    pub(super) fn status_key(&self) -> Option<StatusKey> {
        let writable = self.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
        (writable && self.ready() && self.connected()).then(|| StatusKey {
            level: self.plan.outage.level,
            health: self.fleet.accounts.iter().map(|(id, vital)| (id.clone(), vital.health.clone())).collect(),
            models: self.fleet.models.iter().map(|(id, vital)| (id.clone(), vital.health.clone())).collect(),
            settings: self.effective.clone(),
        })
    }

    #[must_use]
    pub fn new(state_root: PathBuf, now: Timestamp) -> Self {
        Self {
            revision: 0,
            state_root,
            demo: false,
            session: 0,
            target: None,
            attempt: 0,
            connection: Connection::None,
            folder: None,
            aside: Aside::No,
            last_link: 0,
            unwatchable: None,
            letting_go: None,
            serves: false,
            lease_at: None,
            discovered: Arc::default(),
            known: Arc::default(),
            settings: Arc::default(),
            settings_lost: false,
            settings_unsaved: 0,
            effective: Arc::default(),
            planning: Arc::default(),
            crons: Arc::default(),
            crons_as_of: None,
            changes_seen: 0,
            last_change: BTreeMap::new(),
            refetch_at: None,
            evidence: Evidence::default(),
            catalog: Arc::default(),
            catalog_known: false,
            fleet: Arc::default(),
            tiers: Arc::default(),
            accounts: Arc::default(),
            accounts_of: None,
            looks: Arc::default(),
            checks: Checks::default(),
            temporary: Arc::default(),
            ledger: Arc::default(),
            ledger_lost: false,
            ledgers_sent: 0,
            debts_sent: BTreeMap::new(),
            suggestions: Arc::default(),
            suggested: BTreeMap::new(),
            matches: Arc::default(),
            matched: Arc::default(),
            matched_of: None,
            edited: Arc::default(),
            unedited: BTreeMap::new(),
            edits_unsaved: false,
            down_since: BTreeMap::new(),
            plan: Arc::new(empty_plan(now)),
            triage: Arc::default(),
            failures: BTreeMap::new(),
            crisis: Arc::default(),
            crisis_view: Arc::default(),
            following: Following::default(),
            tried: Tried::default(),
            past: Past::default(),
            sparing: Sparing::default(),
            zone: TimeZone::UTC,
            own: OwnChecks::default(),
            mark: Mark::default(),
            offer: None,
            job: None,
            next_job: 1,
            write_window: None,
            proven: BTreeSet::new(),
            switches: Arc::default(),
            runs: Arc::default(),
            history: EditHistory::default(),
            saving: Arc::default(),
            saves: BTreeMap::new(),
            import: None,
            problems: Arc::default(),
            dirty: Dirty { shown: true, plan: false },
            refresh_at: None,
            wake_policy_at: None,
            definitions_kept_at: None,
            status_written: None,
            closing: false,
            service: Arc::default(),
        }
    }

    /// A program that begins to run: whether it looks at accounts unasked, the zone of its computer, and where it can
    /// be started from.
    #[must_use]
    pub fn begin(state_root: PathBuf, watch: bool, zone: TimeZone, program: Option<PathBuf>, now: Timestamp) -> Self {
        let mut world = Self::new(state_root, now);
        world.checks.by_itself = watch;
        world.zone = zone;
        world.own.program = program;
        world
    }

    /// Forgets everything that belongs to one gateway.
    pub(super) fn leave_gateway(&mut self, now: Timestamp) {
        let fresh = Self::new(std::mem::take(&mut self.state_root), now);
        let old = std::mem::replace(self, fresh);
        self.revision = old.revision;
        self.session = old.session + 1;
        self.discovered = old.discovered;
        self.known = old.known;
        self.next_job = old.next_job;
        self.proven = old.proven;
        self.last_link = old.last_link;
        self.serves = old.serves;
        self.zone = old.zone;
        self.ledgers_sent = old.ledgers_sent;
        self.checks = check::after(&old.checks);
        self.own = own::after(&old.own);
    }

    /// Whether crons, models and files are all here, so that planning makes sense.
    pub(super) fn ready(&self) -> bool {
        self.folder.is_some() && self.crons_as_of.is_some() && self.catalog_known
    }

    pub(super) fn connected(&self) -> bool {
        matches!(self.connection, Connection::Connected(_))
    }

    /// A moment that the gateway told, by our clock.
    pub(super) fn by_our_clock(&self, theirs: Timestamp) -> Timestamp {
        theirs.saturating_sub(self.skew()).unwrap_or(theirs)
    }

    /// A moment of ours as the gateway must be told it.
    pub(super) fn by_gateways_clock(&self, ours: Timestamp) -> Timestamp {
        ours.saturating_add(self.skew()).unwrap_or(ours)
    }

    fn skew(&self) -> SignedDuration {
        let skew = self.connection.info().map_or(SignedDuration::ZERO, |info| info.clock_skew);
        // Less is the time that a message takes.
        if skew.abs() > SKEW_IGNORED { skew } else { SignedDuration::ZERO }
    }

    pub(super) fn access(&self) -> Option<Access> {
        self.connection.info().map(|info| info.access)
    }

    /// Everything the policy may know, now.
    pub(super) fn observation(&self, now: Timestamp) -> Observation {
        Observation {
            at: now,
            gateway_reachable: self.connected() && self.ready(),
            crons: self.crons.clone(),
            catalog: self.catalog.clone(),
            fleet: self.fleet.clone(),
            tiers: sparing::mapping(self),
            ledger: self.ledger.clone(),
            edited: self.edited.clone(),
            down_since: self.down_since.clone(),
            previous_level: self.plan.outage.level,
            busy: Arc::new(self.job.as_ref().map(JobState::busy).unwrap_or_default()),
            mode: crisis::plan_mode(self),
        }
    }

    /// The state folder cannot be written.
    pub(super) fn takes_nothing(&self) -> bool {
        self.problems.iter().any(|problem| matches!(problem.what, ProblemKind::FolderNotWritable { .. }))
    }

    /// Shows a problem, once for each id; the newest words win, the first date stays.
    pub(super) fn raise(&mut self, id: impl Into<String>, what: ProblemKind, now: Timestamp) {
        let id = id.into();
        let problems = Arc::make_mut(&mut self.problems);
        if let Some(problem) = problems.iter_mut().find(|problem| problem.id == id) {
            if problem.what == what {
                return;
            }
            problem.what = what;
        } else {
            tracing::warn!(%id, ?what, "problem");
            problems.push(Problem { id, what, since: now });
        }
        self.dirty.shown = true;
    }

    pub(super) fn clear(&mut self, id: &str) {
        if self.problems.iter().any(|problem| problem.id == id) {
            Arc::make_mut(&mut self.problems).retain(|problem| problem.id != id);
            self.dirty.shown = true;
        }
    }

    /// When time alone will change something: the loop sends `Input::Tick` then.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let retry_at = match &self.connection {
            Connection::Waiting { retry_at, .. } => Some(*retry_at),
            _ => None,
        };
        // Without its gateway, or before it has told its crons, a job can do nothing.
        let may_go_on = (self.connected() && self.ready()) || fault::on(Fault::WakesInVain);
        let job = self.job.as_ref().filter(|_| may_go_on).and_then(JobState::next_wake);
        let ours = [self.lease_at, self.refresh_at, self.refetch_at, self.wake_policy_at, check::next_wake(self)];
        let others = [own::next_wake(self), own::mark::next_wake(self), self.tried.next_wake(), self.past.next_wake()];
        ours.into_iter().chain(others).chain([retry_at, job]).flatten().min()
    }

    /// Whether everything asked for was carried out, so that the process may end.
    #[must_use]
    pub fn may_end(&self) -> bool {
        self.closing && !self.job.as_ref().is_some_and(JobState::writing)
    }

    /// The picture for the faces.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        self.watched().unwrap_or_else(|| self.own_picture(now))
    }

    fn own_picture(&self, now: Timestamp) -> Snapshot {
        Snapshot {
            revision: self.revision,
            at: now,
            demo: self.demo,
            connection: self.connection.clone(),
            folder: self.folder.clone(),
            owner: own::mark::seen(self),
            background: None,
            waiting: self.waiting(),
            stands_aside: self.stands_aside(),
            service: self.service.clone(),
            discovered: self.discovered.clone(),
            known: self.known.clone(),
            settings: self.effective.clone(),
            crons: self.crons.clone(),
            crons_as_of: self.crons_as_of,
            evidence_read: self.evidence.runs && self.evidence.usage,
            history_read: self.past.is_read(),
            tiers: self.tiers.clone(),
            catalog: self.catalog.clone(),
            fleet: self.fleet.clone(),
            accounts: self.accounts.clone(),
            looks: self.looks.clone(),
            temporary: self.temporary.clone(),
            ledger: self.ledger.clone(),
            suggestions: self.suggestions.clone(),
            matches: self.matches.clone(),
            match_asked: self.match_asked(),
            plan: self.plan.clone(),
            triage: self.triage.clone(),
            crisis: self.crisis_view.clone(),
            offer: self.offer.as_ref().map(|offer| offer.plan.clone()),
            job: self.job.as_ref().map(JobState::picture),
            switches: self.switches.clone(),
            runs: self.runs.clone(),
            history: self.past.usage.clone(),
            undo: self.history.undo_label(),
            redo: self.history.redo_label(),
            saving: self.saving.clone(),
            import: self.import.clone(),
            problems: self.problems.clone(),
            ended: None,
        }
    }

    /// Some chain names a route for which several models fit.
    fn match_asked(&self) -> bool {
        use crate::domain::MatchCertainty::Asks;
        self.catalog_known && self.matches.iter().any(|found| found.certainty == Asks)
    }

    /// A tier for every unsorted cron: read again only where what it is read from is different.
    fn suggest(&mut self) {
        let mut known = std::mem::take(&mut self.suggested);
        let unsorted = self.crons.values().filter(|cron| cron.routable() && !self.tiers.contains_key(&cron.id));
        for cron in unsorted {
            let kept = known.remove(&cron.id).filter(|(of, _)| Arc::ptr_eq(of, cron) || reads_alike(of, cron));
            let suggestion = kept.map_or_else(|| policy::suggest_tier(cron), |(_, suggestion)| suggestion);
            self.suggested.insert(cron.id.clone(), (cron.clone(), suggestion));
        }
        let suggestions = self.suggested.iter().map(|(id, (_, suggestion))| (id.clone(), suggestion.clone()));
        self.suggestions = Arc::new(suggestions.collect());
    }

    /// Matches follow from the settings and the catalog alone, and most facts leave both as they are.
    fn match_routes(&mut self) {
        if is_new(&mut self.matched_of, &self.settings, &self.catalog) {
            self.matches = Arc::new(policy::match_routes(&self.settings, &self.catalog));
            self.matched = Arc::new(policy::with_matches(&self.settings, &self.matches));
        }
    }

    /// As matches do, so do the accounts.
    fn describe_accounts(&mut self) {
        if is_new(&mut self.accounts_of, &self.effective, &self.catalog) {
            self.accounts = Arc::new(accounts_of(&self.effective, &self.catalog));
        }
    }

    /// Recomputes everything that follows from crons, models, tiers, settings and health.
    pub(super) fn derive(&mut self, now: Timestamp) {
        if self.catalog_known {
            self.match_routes();
            self.effective = if self.temporary.is_empty() {
                self.matched.clone()
            } else {
                Arc::new(policy::with_temporary(&self.matched, &self.temporary, now))
            };
        } else {
            self.effective = self.settings.clone();
        }
        self.describe_accounts();
        self.suggest();
        let mut fleet = (*self.fleet).clone();
        for account in self.accounts.values() {
            policy::absorb_hand(&mut fleet, account, now);
        }
        policy::advance(&mut fleet, &self.effective, now);
        if fleet != *self.fleet {
            self.fleet = Arc::new(fleet);
        }
        let failing = policy::vendors_failing_at(&self.observation(now), &self.effective);
        self.down_since.retain(|vendor, _| failing.contains(vendor));
        for vendor in failing {
            self.down_since.entry(vendor).or_insert(now);
        }
        crisis::follow(self, &self.observation(now));
        self.planning = self.patient(now);
        let observation = self.observation(now);
        let planning = self.planning.clone();
        let ground = policy::Ground::new(&observation, &planning);
        let mut plan = ground.plan(observation.mode);
        plan.writes = apply::writes_used(self.write_window);
        self.settle_edits(&plan);
        let expires = self.temporary.iter().filter_map(|added| added.expires_at).filter(|at| *at > now).min();
        let next = policy::next_wake(&observation, &plan, &planning);
        self.plan = Arc::new(plan);
        self.dirty.shown = true;
        crisis::draw(self, &observation, &ground);
        let ready = match self.crisis_view.readiness {
            Readiness::Settling { until, .. } => Some(until).filter(|until| *until > now),
            _ => None,
        };
        self.wake_policy_at = [expires, next, ready].into_iter().flatten().min();
        let said = triage::said(self, now);
        let triage = policy::triage(&observation, &self.plan, &said);
        if triage != *self.triage {
            self.triage = Arc::new(triage);
        }
    }

    fn patient(&self, now: Timestamp) -> Arc<Settings> {
        let settle = policy::patience(&self.crisis, &self.effective, now);
        if settle == self.effective.thresholds.settle {
            return self.effective.clone();
        }
        let mut patient = (*self.effective).clone();
        patient.thresholds.settle = settle;
        Arc::new(patient)
    }

    /// A round of checks is over: the status files say so, even if nothing else is new.
    pub(super) fn checks_ended(&mut self) {
        self.status_written = None;
        self.dirty.plan = true;
        self.dirty.shown = true;
    }

    /// Something was heard of this cron: a list asked for earlier knows less.
    pub(super) fn note_change(&mut self, cron: &CronId) {
        self.changes_seen += 1;
        self.last_change.insert(cron.clone(), self.changes_seen);
        self.dirty.plan = true;
        self.dirty.shown = true;
    }

    /// An edit whose cron needs no change any more is no longer pending.
    fn settle_edits(&mut self, plan: &Plan) {
        use crate::domain::{Reason, Verdict};
        // Without crons or models nothing can be said to be in place.
        if self.edited.is_empty() || !self.connected() || !self.ready() {
            return;
        }
        let settled: Vec<CronId> = self
            .edited
            .iter()
            .filter(|id| {
                plan.decision(id).is_none_or(|decision| match decision.verdict {
                    Verdict::Stay => true,
                    // Nothing is left to carry out for a cron that was pinned, held or unsorted.
                    Verdict::LeftAlone => {
                        matches!(decision.reason, Reason::Pinned { .. } | Reason::Held { .. } | Reason::Unsorted)
                    }
                    _ => false,
                })
            })
            .cloned()
            .collect();
        if !settled.is_empty() {
            let edited = Arc::make_mut(&mut self.edited);
            for id in settled {
                edited.remove(&id);
            }
            self.edits_unsaved = true;
        }
    }
}

/// Whether a tier that was suggested for one of them fits the other.
fn reads_alike(one: &Cron, other: &Cron) -> bool {
    let same = one.name == other.name && one.description == other.description;
    same && one.payload == other.payload && one.schedule == other.schedule
}

/// What something was worked out from.
type Facts = (Arc<Settings>, Arc<Catalog>);

/// Whether something that was worked out of `known` has to be worked out anew, of these.
fn is_new(known: &mut Option<Facts>, settings: &Arc<Settings>, catalog: &Arc<Catalog>) -> bool {
    let same = known.as_ref().is_some_and(|of| Arc::ptr_eq(&of.0, settings) && Arc::ptr_eq(&of.1, catalog));
    if !same {
        *known = Some((settings.clone(), catalog.clone()));
    }
    !same
}

/// Those that the user described, the gateway lists, or a route leads to.
fn accounts_of(settings: &Settings, catalog: &Catalog) -> BTreeMap<AccountId, ProviderAccount> {
    let routed = settings.routes.values().filter_map(crate::domain::Route::account);
    let ids = settings.accounts.keys().cloned().chain(catalog.accounts()).chain(routed);
    ids.map(|id| (id.clone(), settings.account(&id))).collect()
}

fn empty_plan(now: Timestamp) -> Plan {
    Plan {
        id: PlanId::new("empty"),
        at: now,
        origin: PlanOrigin::Distribution,
        outage: crate::domain::Outage { level: OutageLevel::Healthy, down: Vec::new() },
        changes: Vec::new(),
        decisions: Vec::new(),
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

/// Clocks that are no further apart count as one.
const SKEW_IGNORED: SignedDuration = SignedDuration::from_secs(2);

/// How long the engine waits before it asks for models and quotas again.
pub(super) const REFRESH_EVERY: SignedDuration = SignedDuration::from_mins(5);
