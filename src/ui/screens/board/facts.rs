//! What the board needs to know of every cron, worked out once for each change of the world.
//!
//! Building walks all crons once; what did not change since the last time is taken over. Nothing
//! here is done per frame.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::domain::{
    Cron, CronId, Decision, Ledger, ModelRef, Plan, Reason, Settings, Suggestion, Tier, TierEntry, TierMap, Verdict,
};
use crate::engine::Snapshot;
use crate::ui::paused::{PausedBy, paused_by};
use crate::ui::screens::preview::{crisis_is_shown, shown_plan};
use crate::words::{self, Speech};

use super::chain::{ChainView, chain_views};

/// A column of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    Unsorted,
    Tier(Tier),
    /// Crons without a model, and the gateway's own: shown on request, never moved.
    NotRoutable,
}

impl Lane {
    pub const ALL: [Self; 5] =
        [Self::Unsorted, Self::Tier(Tier::T1), Self::Tier(Tier::T2), Self::Tier(Tier::T3), Self::NotRoutable];

    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Unsorted => 0,
            Self::Tier(tier) => usize::from(tier.number()),
            Self::NotRoutable => 4,
        }
    }

    /// "Tier 1 · Simple".
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unsorted => "Unsorted",
            Self::Tier(Tier::T1) => "Tier 1 · Simple",
            Self::Tier(Tier::T2) => "Tier 2 · Medium",
            Self::Tier(Tier::T3) => "Tier 3 · Complex",
            Self::NotRoutable => "Not routable",
        }
    }

    #[must_use]
    pub fn explained(self) -> &'static str {
        match self {
            Self::Unsorted => "no tier yet, not touched",
            Self::Tier(Tier::T1) => "runs a script, reports OK",
            Self::Tier(Tier::T2) => "reads, screens, decides simply",
            Self::Tier(Tier::T3) => "strategy, analysis, long context",
            Self::NotRoutable => "without a model, never touched",
        }
    }

    /// The tier a card gets by being dropped here; `None` where nothing can be dropped.
    #[must_use]
    pub fn drop_tier(self) -> Option<Option<Tier>> {
        match self {
            Self::Unsorted => Some(None),
            Self::Tier(tier) => Some(Some(tier)),
            Self::NotRoutable => None,
        }
    }
}

/// One cron as a card.
#[derive(Clone, Debug)]
pub struct Card {
    pub cron: Arc<Cron>,
    pub lane: Lane,
    pub critical: bool,
    pub pinned: bool,
    pub held: bool,
    pub failing: bool,
    pub saving: bool,
    pub paused: Option<PausedBy>,
    /// Its line in the plan.
    pub change: Option<usize>,
    /// Critical in a crisis: it runs on, wherever it goes.
    pub keeps_running: bool,
    /// Critical, and nothing serves.
    pub stranded: bool,
    /// In a crisis: changed only if it lasts until its next run.
    pub held_back: bool,
    /// Its route fails and nothing better is known.
    pub waiting: bool,
    /// What it runs as now.
    pub model: Option<ModelRef>,
    pub suggested: Option<Tier>,
    text: Rc<CardText>,
}

/// Texts that depend on the cron alone.
#[derive(Debug)]
struct CardText {
    sort_key: String,
    haystack: OnceCell<String>,
}

impl Card {
    #[must_use]
    pub fn id(&self) -> &CronId {
        &self.cron.id
    }

    #[must_use]
    pub fn sort_key(&self) -> &str {
        &self.text.sort_key
    }

    /// Everything that search looks at, in lower case.
    #[must_use]
    pub fn haystack(&self) -> &str {
        self.text.haystack.get_or_init(|| {
            let cron = &self.cron;
            let error = cron.last_run.as_ref().and_then(|run| run.error.as_deref());
            let parts = [
                Some(cron.name.as_str()),
                cron.description.as_deref(),
                cron.turn().and_then(|turn| turn.model.as_deref()),
                self.model.as_ref().map(ModelRef::as_str),
                error,
                Some(cron.id.as_str()),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase()
        })
    }
}

/// All cards, in the order of ids, with what the header counts.
#[derive(Debug, Default)]
pub struct Facts {
    source: Option<Source>,
    /// Grows whenever the cards were built anew.
    pub revision: u64,
    pub cards: Vec<Card>,
    pub chains: [ChainView; 3],
    /// What the crisis does to each tier, for the line below its title.
    in_crisis: [Option<String>; 3],
}

/// The parts of a snapshot that cards depend on.
#[derive(Debug)]
struct Source {
    crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    tiers: Arc<TierMap>,
    plan: Arc<Plan>,
    ledger: Arc<Ledger>,
    suggestions: Arc<BTreeMap<CronId, Suggestion>>,
    saving: Arc<std::collections::BTreeSet<CronId>>,
    settings: Arc<Settings>,
    catalog: Arc<crate::domain::Catalog>,
    fleet: Arc<crate::domain::Fleet>,
    matches: Arc<Vec<crate::domain::RouteMatch>>,
    crisis: bool,
}

impl Source {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            crons: snapshot.crons.clone(),
            tiers: snapshot.tiers.clone(),
            plan: shown_plan(snapshot).clone(),
            ledger: snapshot.ledger.clone(),
            suggestions: snapshot.suggestions.clone(),
            saving: snapshot.saving.clone(),
            settings: snapshot.settings.clone(),
            catalog: snapshot.catalog.clone(),
            fleet: snapshot.fleet.clone(),
            matches: snapshot.matches.clone(),
            crisis: crisis_is_shown(snapshot),
        }
    }

    fn is_of(&self, snapshot: &Snapshot) -> bool {
        Arc::ptr_eq(&self.crons, &snapshot.crons)
            && Arc::ptr_eq(&self.tiers, &snapshot.tiers)
            && Arc::ptr_eq(&self.plan, shown_plan(snapshot))
            && Arc::ptr_eq(&self.ledger, &snapshot.ledger)
            && Arc::ptr_eq(&self.suggestions, &snapshot.suggestions)
            && Arc::ptr_eq(&self.saving, &snapshot.saving)
            && Arc::ptr_eq(&self.settings, &snapshot.settings)
            && Arc::ptr_eq(&self.catalog, &snapshot.catalog)
            && Arc::ptr_eq(&self.fleet, &snapshot.fleet)
            && Arc::ptr_eq(&self.matches, &snapshot.matches)
            && self.crisis == crisis_is_shown(snapshot)
    }
}

impl Facts {
    /// The facts of `snapshot`: `before` itself when nothing they depend on has changed.
    #[must_use]
    pub fn of(snapshot: &Snapshot, before: &Rc<Self>, speech: &Speech<'_>) -> Rc<Self> {
        if before.source.as_ref().is_some_and(|source| source.is_of(snapshot)) {
            return before.clone();
        }
        let mut resolver = Resolver { catalog: &snapshot.catalog, known: BTreeMap::new() };
        let plan = shown_plan(snapshot);
        let changes: BTreeMap<&CronId, usize> =
            plan.changes.iter().enumerate().map(|(index, change)| (&change.cron, index)).collect();
        let mut decisions = plan.decisions.iter().peekable();
        let mut tiers = snapshot.tiers.iter().peekable();
        let mut old = before.cards.iter().peekable();
        let mut cards = Vec::with_capacity(snapshot.crons.len());
        // Everything is in the order of ids, so one walk finds what belongs together.
        for (id, cron) in snapshot.crons.iter().filter(|(_, cron)| !cron.is_our_own()) {
            while tiers.next_if(|(other, _)| *other < id).is_some() {}
            while decisions.next_if(|decision| decision.cron < *id).is_some() {}
            while old.next_if(|card| card.cron.id < *id).is_some() {}
            let entry = tiers.peek().filter(|(other, _)| *other == id).map(|(_, entry)| *entry);
            let decision = decisions.peek().filter(|decision| decision.cron == *id).copied();
            let text = old.peek().filter(|card| Arc::ptr_eq(&card.cron, cron)).map(|card| card.text.clone());
            let known = Known { entry, decision, change: changes.get(id).copied(), text };
            cards.push(card(snapshot, cron, known, &mut resolver));
        }
        Rc::new(Self {
            revision: before.revision + 1,
            chains: chain_views(snapshot),
            in_crisis: Tier::ALL.map(|tier| {
                let shown = crisis_is_shown(snapshot);
                shown.then(|| words::tier_in_crisis(plan, &snapshot.tiers, tier, speech)).flatten()
            }),
            source: Some(Source::of(snapshot)),
            cards,
        })
    }

    #[must_use]
    pub fn card(&self, id: &CronId) -> Option<&Card> {
        self.index(id).map(|index| &self.cards[index])
    }

    #[must_use]
    pub fn in_crisis(&self, lane: Lane) -> Option<&str> {
        match lane {
            Lane::Tier(tier) => self.in_crisis[usize::from(tier.number()) - 1].as_deref(),
            Lane::Unsorted | Lane::NotRoutable => None,
        }
    }

    #[must_use]
    pub fn index(&self, id: &CronId) -> Option<usize> {
        self.cards.binary_search_by(|card| card.cron.id.cmp(id)).ok()
    }
}

struct Known<'a> {
    entry: Option<&'a TierEntry>,
    decision: Option<&'a Decision>,
    change: Option<usize>,
    text: Option<Rc<CardText>>,
}

fn card<'a>(snapshot: &Snapshot, cron: &'a Arc<Cron>, known: Known<'_>, resolver: &mut Resolver<'a>) -> Card {
    let entry = known.entry;
    let lane = match (cron.routable(), entry) {
        (false, _) => Lane::NotRoutable,
        (true, None) => Lane::Unsorted,
        (true, Some(entry)) => Lane::Tier(entry.tier),
    };
    let text = known
        .text
        .unwrap_or_else(|| Rc::new(CardText { sort_key: cron.name.to_lowercase(), haystack: OnceCell::new() }));
    Card {
        lane,
        critical: entry.is_some_and(|entry| entry.critical),
        pinned: entry.is_some_and(|entry| entry.pinned.is_some()),
        held: entry.is_some_and(|entry| entry.hold.is_some()),
        failing: cron.failing(),
        saving: snapshot.saving.contains(&cron.id),
        paused: paused_by(snapshot, cron),
        change: known.change,
        keeps_running: entry.is_some_and(|entry| entry.critical) && cron.enabled && crisis_is_shown(snapshot),
        stranded: known.decision.is_some_and(|decision| decision.verdict == Verdict::Stranded),
        held_back: crisis_is_shown(snapshot)
            && known.decision.is_some_and(|decision| matches!(decision.reason, Reason::RunsAfterReturn { .. })),
        waiting: known.decision.is_some_and(|decision| decision.verdict == Verdict::Waiting),
        model: resolver.model(cron),
        suggested: (lane == Lane::Unsorted).then(|| snapshot.suggestions.get(&cron.id)).flatten().map(|s| s.tier),
        cron: cron.clone(),
        text,
    }
}

/// Resolves stored model names, each once.
struct Resolver<'a> {
    catalog: &'a crate::domain::Catalog,
    known: BTreeMap<(Option<&'a str>, Option<&'a str>), Option<ModelRef>>,
}

impl<'a> Resolver<'a> {
    fn model(&mut self, cron: &'a Cron) -> Option<ModelRef> {
        let stored = cron.turn()?.model.as_deref();
        let agent = cron.agent.as_deref();
        let catalog = self.catalog;
        self.known.entry((stored, agent)).or_insert_with(|| catalog.resolve(stored, agent)).clone()
    }
}
