//! A small language for observations: routes by state, crons by what matters about them.
//!
//! Everything a case does not mention has a dull default, so that a case shows only its point.
//! Times are relative to the moment of the observation: `+5m`, `-2h`, `+3d`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::*;
use serde::Deserialize;

/// The moment of every observation.
pub fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().expect("a moment")
}

/// What the gateway of the cases lists: one model for each default route, and three that no chain names.
pub const MODELS: &[(&str, &str)] = &[
    ("minimax", "minimax/MiniMax-M3"),
    ("gemini_flash", "google/gemini-3-flash"),
    ("kimi", "moonshot/kimi-k2.5"),
    ("opus", "anthropic/claude-opus-4-5"),
    ("sonnet", "anthropic/claude-sonnet-4-5"),
    ("gemini_pro", "google/gemini-3-pro"),
    ("gpt", "openai/gpt-5-mini"),
    ("mystery", "acme/mystery-1"),
];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// State by route: see [`set_route`]. Routes that are not named are unknown.
    pub routes: BTreeMap<String, String>,
    pub crons: Vec<CronLine>,
    pub gateway_away: bool,
    pub previous_level: Option<OutageLevel>,
    /// When a vendor was first seen fully down.
    pub down_since: BTreeMap<String, String>,
    /// The agents' default model, as a route or a reference.
    pub default_model: Option<String>,
    /// `crisis` while crisis mode is on.
    pub mode: PlanMode,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CronLine {
    pub id: String,
    pub name: Option<String>,
    pub tier: Option<String>,
    /// A route, `default` for none, or any text as stored.
    pub on: String,
    pub next: Option<String>,
    pub fallbacks: Option<Vec<String>>,
    pub critical: bool,
    pub above_guard: bool,
    /// `here`, or a route.
    pub pinned: Option<String>,
    pub held: bool,
    /// Where it was sent, and until when.
    pub detour: Option<[String; 2]>,
    /// `user`, `us` or `gateway`.
    pub off_by: Option<String>,
    /// What it was on before our pause, where that is not what it is on now.
    pub was_on: Option<String>,
    /// What a crisis changed of it, a pause or not.
    pub owed: Option<Owed>,
    /// Failed runs in a row, and the gateway's code for the last one.
    pub errors: u32,
    pub error: Option<String>,
    /// When its definition was changed last, where that was after its last run.
    pub updated: Option<String>,
    /// When the gateway switched it off, with `off_by`.
    pub switched_off: Option<String>,
    pub one_shot: bool,
    pub may_miss: bool,
    pub running: bool,
    pub agent_made: bool,
    pub agreed: bool,
    pub edited: bool,
    pub busy: bool,
    /// `command`, `heartbeat`, `own mark`; else an agent turn.
    pub kind: Option<String>,
}

/// A debt. What is not said of the fields before or of those that we wrote is as the cron holds it now, but
/// before it was on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owed {
    pub was: OwedFields,
    pub wrote: OwedFields,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwedFields {
    pub on: Option<String>,
    pub fallbacks: Option<Vec<String>>,
    pub off: Option<bool>,
}

impl OwedFields {
    fn over(&self, now: Fields) -> Fields {
        Fields {
            model: self.on.as_deref().map_or(now.model, stored),
            fallbacks: self.fallbacks.as_deref().map_or(now.fallbacks, |routes| Some(stored_list(routes))),
            enabled: self.off.map_or(now.enabled, |off| !off),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wishes {
    pub chains: BTreeMap<String, Vec<String>>,
    pub order: BTreeMap<String, ChainOrder>,
    /// Dollars by tier; `null` lifts the guard.
    pub guard: BTreeMap<String, Option<f64>>,
    /// Dollars per million output tokens, by route.
    pub price: BTreeMap<String, f64>,
    pub crisis_vendors: Option<u32>,
    /// Until when, by route, whatever its state.
    pub set_aside: BTreeMap<String, String>,
}

/// `+5m` after the moment of the observation, `-2h` before it.
pub fn moment(text: &str) -> Timestamp {
    let (sign, rest) = text.split_at(1);
    let length = span(rest);
    now() + if sign == "-" { -length } else { length }
}

fn span(text: &str) -> SignedDuration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap_or_else(|_| panic!("not a span: {text:?}"));
    let secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("not a unit: {other:?}"),
    };
    SignedDuration::from_secs(number * secs)
}

fn tier(text: &str) -> Tier {
    Tier::ALL.into_iter().find(|tier| tier.code() == text).unwrap_or_else(|| panic!("not a tier: {text:?}"))
}

pub fn model(route: &str) -> Option<ModelRef> {
    MODELS.iter().find(|(key, _)| *key == route).and_then(|(_, model)| ModelRef::parse(model))
}

fn stored(text: &str) -> Option<String> {
    match text {
        "default" => None,
        _ => Some(model(text).map_or_else(|| text.to_owned(), |model| model.as_str().to_owned())),
    }
}

fn stored_list(routes: &[String]) -> Arc<[String]> {
    routes.iter().filter_map(|route| stored(route)).collect()
}

impl Wishes {
    pub fn settings(&self, world: &World) -> Settings {
        let mut settings = Settings::default();
        for extra in ["gemini_pro", "gpt", "mystery"] {
            let model = model(extra).expect("listed above");
            let route = Route {
                label: extra.to_owned(),
                vendor: vendor_of(&model.account()),
                model: None,
                price: None,
                set_aside_until: None,
            };
            settings.routes.insert(RouteKey::new(extra), route);
        }
        for (key, route) in &mut settings.routes {
            let state = world.routes.get(key.as_str()).map_or("unknown", String::as_str);
            route.model = model(key.as_str()).filter(|_| !["unmatched", "asks"].contains(&state));
            let aside = self.set_aside.get(key.as_str()).map(String::as_str);
            route.set_aside_until = aside.or(state.strip_prefix("aside ")).map(moment);
            let price = self.price.get(key.as_str());
            route.price = price.map(|output| Price { input: Usd(0.0), output: Usd(*output) });
        }
        for (code, routes) in &self.chains {
            let chain = Chain { order: ChainOrder::Listed, routes: routes.iter().map(RouteKey::new).collect() };
            settings.chains.insert(tier(code), chain);
        }
        for (code, order) in &self.order {
            settings.chains.entry(tier(code)).or_default().order = *order;
        }
        for (code, guard) in &self.guard {
            settings.cost_guard.remove(&tier(code));
            settings.cost_guard.extend(guard.map(|guard| (tier(code), Usd(guard))));
        }
        settings.thresholds.crisis_vendors = self.crisis_vendors.unwrap_or(2);
        settings
    }
}

impl World {
    pub fn observe(&self) -> Observation {
        let mut fleet = Fleet::default();
        let mut catalog = Catalog::default();
        for (route, id) in MODELS {
            let id = ModelRef::parse(id).expect("a reference");
            let state = self.routes.get(*route).map_or("unknown", String::as_str);
            set_route(&mut fleet, &mut catalog, route, &id, state);
        }
        catalog.default_model = self.default_model.as_deref().and_then(stored).and_then(|text| ModelRef::parse(&text));
        let lines = &self.crons;
        let ids = |wanted: &dyn Fn(&CronLine) -> bool| -> Arc<BTreeSet<CronId>> {
            Arc::new(lines.iter().filter(|line| wanted(line)).map(|line| CronId::new(&line.id)).collect())
        };
        let since = self.down_since.iter();
        Observation {
            at: now(),
            gateway_reachable: !self.gateway_away,
            crons: Arc::new(lines.iter().map(|line| (CronId::new(&line.id), Arc::new(line.cron()))).collect()),
            catalog: Arc::new(catalog),
            fleet: Arc::new(fleet),
            tiers: Arc::new(lines.iter().filter_map(|line| Some((CronId::new(&line.id), line.entry()?))).collect()),
            ledger: Arc::new(lines.iter().filter_map(|line| Some((CronId::new(&line.id), line.debt()?))).collect()),
            edited: ids(&|line| line.edited),
            down_since: since.map(|(vendor, at)| (VendorId::new(vendor), moment(at))).collect(),
            previous_level: self.previous_level.unwrap_or_default(),
            busy: ids(&|line| line.busy),
            mode: self.mode,
        }
    }
}

/// States: `unknown` · `up` (for a day), `up 5m` · `strained` · `limit`, `limit +3h` · `overloaded` ·
/// `refused` · `balance` · `unreachable` · `cooldown +8m` · `window`, `window +3h` (used up) ·
/// `model limit +3h` (the account serves) · `absent` (not listed) · `no key` · `unmatched` · `asks` (two
/// accounts sell it) · `aside +2d`.
pub fn set_route(fleet: &mut Fleet, catalog: &mut Catalog, route: &str, id: &ModelRef, state: &str) {
    if state == "absent" {
        return;
    }
    let mut listed = Model { name: route.to_owned(), alias: Some(format!("{route}-alias")), ..Model::new(id.clone()) };
    let (word, when) = state
        .rsplit_once(' ')
        .filter(|(_, when)| when.ends_with(['s', 'm', 'h', 'd']))
        .map_or((state, None), |(word, when)| (word, Some(when)));
    let later = when.filter(|when| when.starts_with(['+', '-'])).map(moment);
    let vital = |health: Health| Vital {
        health,
        since: Some(moment("-1h")),
        observed_at: Some(moment("-1m")),
        source: Source::Run,
        ..Vital::default()
    };
    let serving =
        |health: Health, since: Timestamp| Vital { since: Some(since), serving_since: Some(since), ..vital(health) };
    let account = match word {
        "unknown" | "unmatched" | "aside" => None,
        "asks" => {
            let rival = ModelRef::of(&format!("{}-plan", id.account()), id.model());
            catalog.models.insert(rival.clone(), Model::new(rival));
            None
        }
        "up" => Some(serving(Health::Up, when.map_or(moment("-1d"), |when| moment(&format!("-{when}"))))),
        "strained" => Some(serving(Health::Strained, moment("-1d"))),
        "limit" => Some(vital(Health::LimitHit { resets_at: later })),
        "overloaded" => Some(vital(Health::Overloaded)),
        "refused" => Some(vital(Health::RefusedKey)),
        "balance" => Some(vital(Health::OutOfBalance)),
        "unreachable" => Some(vital(Health::Unreachable)),
        "cooldown" => {
            listed.available = false;
            listed.unavailable_reason = Some("cooldown".to_owned());
            listed.unavailable_until = later;
            None
        }
        "no key" => {
            listed.available = false;
            listed.unavailable_reason = Some("no_credential".to_owned());
            None
        }
        "window" => {
            let window = QuotaWindow {
                resets_at: later,
                covers: ModelScope::Models(vec![id.clone()]),
                ..QuotaWindow::new("5h", 1.0, moment("-1m"), Source::UsageStatus)
            };
            fleet.windows.entry(id.account()).or_default().push(window);
            Some(serving(Health::Up, moment("-1d")))
        }
        "model limit" => {
            fleet.models.insert(id.clone(), vital(Health::LimitHit { resets_at: later }));
            Some(serving(Health::Up, moment("-1d")))
        }
        other => panic!("not a state: {other:?}"),
    };
    if let Some(account) = account {
        fleet.accounts.insert(id.account(), account);
    }
    catalog.models.insert(id.clone(), listed);
}

impl CronLine {
    pub fn fields(&self) -> Fields {
        Fields {
            model: stored(&self.on),
            fallbacks: self.fallbacks.as_deref().map(stored_list),
            enabled: self.off_by.is_none(),
        }
    }

    pub fn cron(&self) -> Cron {
        let fields = self.fields();
        let payload = match self.kind.as_deref() {
            Some(kind @ ("command" | "heartbeat")) => Payload::Other(kind.to_owned()),
            _ => Payload::AgentTurn(AgentTurn {
                message: "go".to_owned(),
                model: fields.model,
                fallbacks: fields.fallbacks,
                ..AgentTurn::default()
            }),
        };
        let next_run_at = self.next.as_deref().map(moment).filter(|_| fields.enabled);
        let off = AutoDisabled {
            at: self.switched_off.as_deref().map(moment),
            reason: None,
            consecutive_errors: FAILURES_TO_SWITCH_OFF,
        };
        Cron {
            enabled: fields.enabled,
            revision: Some(Revision::new(format!("rev-{}", self.id))),
            next_run_at,
            running_since: self.running.then(|| moment("-1m")),
            consecutive_errors: self.errors,
            last_run: self.error.as_deref().map(failed_run),
            // The gateway notes the end of a run there too.
            updated_at: self.error.as_ref().map(|_| moment(self.updated.as_deref().unwrap_or("-1m"))),
            auto_disabled: (self.off_by.as_deref() == Some("gateway")).then_some(off),
            declaration_key: (self.kind.as_deref() == Some("own mark")).then(|| format!("{OWN_KEY_PREFIX}owner")),
            made_by: if self.agent_made { MadeBy::Agent } else { MadeBy::Operator },
            ..Cron::new(
                CronId::new(&self.id),
                self.name.clone().unwrap_or_else(|| self.id.clone()),
                if self.one_shot {
                    Schedule::At { at: next_run_at.unwrap_or_else(now) }
                } else {
                    Schedule::Cron { expr: "0 * * * *".to_owned(), zone: None, stagger: None }
                },
                payload,
            )
        }
    }

    pub fn entry(&self) -> Option<TierEntry> {
        let pin = |text: &String| Pin { model: model(text) };
        Some(TierEntry {
            critical: self.critical,
            above_guard: self.above_guard,
            pinned: self.pinned.as_ref().map(pin),
            detour: self
                .detour
                .as_ref()
                .map(|[route, until]| Detour { route: route.as_str().into(), until: moment(until) }),
            hold: self.held.then(|| Hold { since: moment("-1d"), why: HoldReason::ByHand }),
            edit_agent_made: self.agreed,
            may_miss_one_shot: self.may_miss,
            ..TierEntry::new(tier(self.tier.as_deref()?))
        })
    }

    pub fn debt(&self) -> Option<LedgerEntry> {
        let ours = self.off_by.as_deref() == Some("us");
        let now = self.fields();
        let model = self.was_on.as_deref().map_or(now.model.clone(), stored);
        let before = Fields { model, enabled: true, ..now.clone() };
        if let Some(owed) = &self.owed {
            let before = owed.was.over(Fields { enabled: true, ..now.clone() });
            let entry = debt(&self.cron(), before, owed.wrote.over(now));
            return Some(LedgerEntry { why: LedgerReason::Crisis, ..entry });
        }
        ours.then(|| debt(&self.cron(), before.clone(), Fields { enabled: false, ..before }))
    }
}

/// A run that ended a minute ago in what the gateway calls `reason`: `billing`, `timeout`; in a sentence of the
/// gateway's own otherwise.
fn failed_run(reason: &str) -> LastRun {
    let code = !reason.contains(' ');
    LastRun {
        at: moment("-2m"),
        status: RunStatus::Error,
        error: Some(if code { format!("the model returned a {reason} error") } else { reason.to_owned() }),
        error_reason: code.then(|| reason.to_owned()),
        undelivered: false,
        duration: Some(SignedDuration::from_mins(1)),
    }
}

/// A ledger entry as the engine opens it for a pause.
pub fn debt(cron: &Cron, before: Fields, wrote: Fields) -> LedgerEntry {
    LedgerEntry {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        opened_at: moment("-1h"),
        why: LedgerReason::NothingServes,
        before,
        wrote,
        revision_before: cron.revision.clone(),
        definition: Arc::clone(&cron.definition),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::new(),
    }
}
