//! Accounts as the documents show them: how each stands, what is known of its quota, what was asked.
//!
//! Health and quota stay apart here, too: a quota that could not be read is told of beside the health.

use jiff::Timestamp;
use serde::Serialize;

use super::quota::{BalanceRow, WindowRow};
use super::session::Context;
use crate::domain::{
    AccountId, Advice, Asked, Billing, Breaker, CheckReport, Cost, Diagnosis, Health, HealthState, KeyState, Look,
    Model, ModelRef, ModelScope, NotAsked, ProviderAccount, QuotaWindow, ResetConfidence, Source, Span, Vital,
    Withheld,
};
use crate::words::{self, AccountSaid, AccountSeen};

/// One account.
#[derive(Debug, Serialize)]
pub(super) struct AccountRow {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) service: &'static str,
    pub(super) billing: &'static str,
    pub(super) plan: Option<String>,
    pub(super) set_up: bool,
    pub(super) set_aside_until: Option<Timestamp>,
    pub(super) down_until: Option<Timestamp>,
    pub(super) health: &'static str,
    pub(super) temporary: bool,
    pub(super) reason: Option<String>,
    pub(super) scope: Option<&'static str>,
    pub(super) reset_at: Option<Timestamp>,
    pub(super) reset_confidence: &'static str,
    pub(super) headline: String,
    pub(super) action: &'static str,
    pub(super) advice: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) source: &'static str,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) breaker: &'static str,
    pub(super) gateway_waits_until: Option<Timestamp>,
    pub(super) models: Vec<ModelRow>,
    pub(super) windows: Vec<KnownWindowRow>,
    pub(super) balance: Option<KnownBalanceRow>,
    /// Why the quota could not be read.
    pub(super) quota_trouble: Option<String>,
    pub(super) key: &'static str,
    pub(super) asked: Vec<AskedRow>,
    pub(super) not_asked: Vec<NotAskedRow>,
    pub(super) tokens_spent: u64,
    pub(super) checked_at: Option<Timestamp>,
    pub(super) next_check_at: Option<Timestamp>,
    /// It asked for patience: nobody asks it before.
    pub(super) not_before: Option<Timestamp>,
    pub(super) http_status: Option<u16>,
    pub(super) provider_code: Option<String>,
    pub(super) provider_quote: Option<String>,
}

/// A model that is worse off than its account.
#[derive(Debug, Serialize)]
pub(super) struct ModelRow {
    pub(super) model: String,
    pub(super) health: &'static str,
    pub(super) temporary: bool,
    pub(super) reset_at: Option<Timestamp>,
    pub(super) headline: String,
}

#[derive(Debug, Serialize)]
pub(super) struct KnownWindowRow {
    #[serde(flatten)]
    pub(super) window: WindowRow,
    /// As its source calls it.
    label: String,
    reset_confidence: &'static str,
    source: &'static str,
    observed_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct KnownBalanceRow {
    #[serde(flatten)]
    pub(super) balance: BalanceRow,
    source: &'static str,
    observed_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct AskedRow {
    purpose: &'static str,
    /// Without query; there is never a key in it. `None` of a question that the gateway put.
    url: Option<String>,
    status: Option<u16>,
    transport_error: Option<String>,
    ms: Option<u64>,
    /// `None` when it is not known what this one cost.
    tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct NotAskedRow {
    purpose: &'static str,
    why: &'static str,
    until: Option<Timestamp>,
}

/// All that is known of one account.
pub(super) struct Known<'a> {
    context: &'a Context,
    pub(super) account: &'a ProviderAccount,
    vital: Option<&'a Vital>,
    pub(super) look: Option<&'a Look>,
    pub(super) windows: &'a [QuotaWindow],
    pub(super) set_up: bool,
}

impl<'a> Known<'a> {
    pub(super) fn of(account: &'a ProviderAccount, context: &'a Context) -> Self {
        let snapshot = &context.snapshot;
        Self {
            context,
            account,
            vital: snapshot.fleet.vital_of(&account.id, snapshot.settings.routed(&account.id)),
            look: snapshot.looks.accounts.get(&account.id),
            windows: snapshot.fleet.windows.get(&account.id).map_or(&[], Vec::as_slice),
            set_up: snapshot.catalog.sets_up_account(&account.id),
        }
    }

    fn now(&self) -> Timestamp {
        self.context.snapshot.at
    }

    /// The last look, if this program took it: what an earlier one asked is not asked now.
    pub(super) fn report(&self, since: Timestamp) -> Option<&'a CheckReport> {
        self.last_report().filter(|report| report.checked_at >= since)
    }

    fn last_report(&self) -> Option<&'a CheckReport> {
        self.look?.report.as_deref()
    }

    /// The gateway put a question to the provider for this look.
    pub(super) fn gateway_asked(&self, since: Timestamp) -> bool {
        self.source().is_some_and(|(source, at)| source == Source::GatewayProbe && at >= since)
    }

    pub(super) fn source(&self) -> Option<(Source, Timestamp)> {
        self.vital.and_then(|vital| Some((vital.source, vital.observed_at?)))
    }

    pub(super) fn breaker(&self) -> Option<&'a Breaker> {
        self.vital.map(|vital| &vital.breaker)
    }

    /// Why the quota could not be read.
    pub(super) fn quota_trouble(&self) -> Option<&'a Diagnosis> {
        self.last_report()?.quota_trouble.as_ref()
    }

    pub(super) fn next_look_at(&self) -> Option<Timestamp> {
        self.look?.due_at
    }

    /// When something of it comes back: the account itself, else the first of its windows that matter for
    /// longer than an hour.
    pub(super) fn next_reset(&self) -> Option<Timestamp> {
        let long = self.windows.iter().filter(|window| !is_short(window));
        let windows = long.filter_map(|window| window.resets_at);
        self.reset().0.or_else(|| windows.filter(|at| *at > self.now()).min())
    }

    pub(super) fn said(&self) -> AccountSaid {
        words::account_state(&self.seen(self.vital, self.windows), &self.context.speech())
    }

    fn seen<'b>(&'b self, vital: Option<&'b Vital>, windows: &'b [QuotaWindow]) -> AccountSeen<'b> {
        AccountSeen { account: self.account, vital, look: self.look, windows, set_up: self.set_up }
    }

    /// The answer behind the health; of an unknown one the answer that could not be made out.
    fn answer(&self) -> Option<&'a Diagnosis> {
        let explained = self.vital.and_then(Vital::explained);
        let unclear = || {
            let found = self.last_report()?.diagnosis.as_ref()?;
            let open = matches!(found.state, HealthState::Unknown | HealthState::NoKey);
            (open && self.vital.is_none_or(|vital| vital.health == Health::Unknown)).then_some(found)
        };
        explained.or_else(unclear)
    }

    fn state(&self) -> HealthState {
        let answer = self.answer();
        let known = self.vital.map(|vital| match vital.health {
            Health::LimitHit { resets_at: Some(at) } if answer.is_none() => self.limit_until(at),
            _ => vital.state(),
        });
        let known = known.filter(|state| *state != HealthState::Unknown).or(answer.map(|answer| answer.state));
        as_billed(known.unwrap_or(HealthState::Unknown), self.account.billing)
    }

    /// A limit that only a window explains is of the window's kind.
    fn limit_until(&self, at: Timestamp) -> HealthState {
        let ends_then = |window: &&QuotaWindow| window.resets_at == Some(at) && window.used_ratio >= 1.0;
        self.windows.iter().find(ends_then).map_or(HealthState::QuotaExhausted, limit_of)
    }

    /// When it comes back, and how far that can be trusted.
    pub(super) fn reset(&self) -> (Option<Timestamp>, ResetConfidence) {
        let Some(vital) = self.vital else { return (None, ResetConfidence::Unknown) };
        reset(vital, self.windows, self.now())
    }

    /// Those that are worse off than the account: by their own health, or by a used-up window of their own.
    pub(super) fn models(&self) -> Vec<ModelRow> {
        let listed = self.context.snapshot.catalog.models.values();
        listed.filter(|model| model.id.provider() == self.account.id.as_str()).filter_map(|m| self.model(m)).collect()
    }

    fn model(&self, model: &Model) -> Option<ModelRow> {
        let own = self.context.snapshot.fleet.models.get(&model.id).filter(|vital| vital.health.fails());
        let (vital, state) = match own {
            Some(vital) => (vital.clone(), vital.state()),
            None => self.used_up(&model.id)?,
        };
        let state = as_billed(state, self.account.billing);
        if state == self.state() {
            return None;
        }
        let explained = vital.explained();
        Some(ModelRow {
            model: model.id.to_string(),
            health: state.code(),
            temporary: explained.map_or_else(|| passes(state), |said| said.temporary),
            reset_at: reset(&vital, self.windows, self.now()).0,
            headline: words::account_state(
                &AccountSeen { look: None, set_up: true, ..self.seen(Some(&vital), self.windows) },
                &self.context.speech(),
            )
            .headline,
        })
    }

    /// What a used-up window that covers only some models means for this one.
    fn used_up(&self, model: &ModelRef) -> Option<(Vital, HealthState)> {
        let lasts = self.context.settings.thresholds.proof_lasts;
        let current = |window: &&QuotaWindow| match window.resets_at {
            Some(at) => at > self.now(),
            None => window.observed_at.checked_add(lasts).is_ok_and(|until| until > self.now()),
        };
        let of_model = |window: &&QuotaWindow| window.covers != ModelScope::All && window.covers.covers(model);
        let full = self.windows.iter().filter(|window| window.used_ratio >= 1.0).filter(of_model).filter(current);
        let window = full.max_by_key(|window| window.resets_at.unwrap_or(Timestamp::MAX))?;
        let health = Health::LimitHit { resets_at: window.resets_at };
        Some((Vital { health, ..Vital::default() }, limit_of(window)))
    }
}

/// The row of one account; what was asked since then was asked for it.
pub(super) fn row(known: &Known<'_>, since: Timestamp) -> AccountRow {
    let (account, speech, now) = (known.account, known.context.speech(), known.now());
    let (answer, state, said) = (known.answer(), known.state(), known.said());
    let (reset_at, confidence) = known.reset();
    let report = known.report(since);
    let ahead = |until: Option<Timestamp>| until.filter(|until| *until > now);
    let fleet = &known.context.snapshot.fleet;
    AccountRow {
        id: account.id.to_string(),
        label: account.label.clone(),
        service: account.service.code(),
        billing: billing_code(account.billing),
        plan: fleet.plans.get(&account.id).or(account.plan.as_ref()).cloned(),
        set_up: known.set_up,
        set_aside_until: ahead(account.set_aside_until),
        down_until: ahead(account.down_until),
        health: state.code(),
        temporary: answer.map_or_else(|| passes(state), |answer| answer.temporary),
        reason: answer.map(|answer| answer.reason.clone()),
        scope: answer.map(|answer| answer.scope.code()),
        reset_at,
        reset_confidence: confidence.code(),
        headline: said.headline,
        action: advice(answer, state, reset_at, account.billing).code(),
        advice: said.next,
        since: known.vital.and_then(|vital| vital.since),
        source: source_code(known.vital.map_or(Source::Nothing, |vital| vital.source)),
        observed_at: known.vital.and_then(|vital| vital.observed_at),
        breaker: known.breaker().map_or("closed", breaker_code),
        gateway_waits_until: ahead(known.vital.and_then(|vital| vital.gateway_waits_until)),
        models: known.models(),
        windows: known.windows.iter().map(|window| window_row(window, now)).collect(),
        balance: balance_row(&account.id, known.context),
        quota_trouble: known.quota_trouble().map(|trouble| words::diagnosis_headline(trouble, &speech)),
        key: key_code(known.look.map_or(&KeyState::NotLookedFor, |look| &look.key)),
        asked: report
            .map(asked_rows)
            .into_iter()
            .flatten()
            .chain(known.gateway_asked(since).then(by_gateway))
            .collect(),
        not_asked: report.map(|report| report.not_asked.iter().map(not_asked_row).collect()).unwrap_or_default(),
        tokens_spent: report.map_or(0, |report| report.tokens_spent),
        checked_at: known.last_report().map(|report| report.checked_at),
        next_check_at: known.next_look_at(),
        not_before: ahead(known.look.and_then(|look| look.not_before)),
        http_status: answer.and_then(|answer| answer.http_status),
        provider_code: answer.and_then(|answer| answer.provider_code.clone()),
        provider_quote: answer.and_then(|answer| answer.quote.clone()),
    }
}

fn limit_of(window: &QuotaWindow) -> HealthState {
    if is_short(window) { HealthState::RateLimited } else { HealthState::QuotaExhausted }
}

fn is_short(window: &QuotaWindow) -> bool {
    matches!(window.span, Some(Span::Minute | Span::Hours(0..=1)))
}

/// Nothing but a prepaid account is out of balance, whatever it was when it answered.
fn as_billed(state: HealthState, billing: Billing) -> HealthState {
    match state {
        HealthState::BalanceEmpty if billing != Billing::PrepaidCredits => HealthState::QuotaExhausted,
        state => state,
    }
}

fn reset(vital: &Vital, windows: &[QuotaWindow], now: Timestamp) -> (Option<Timestamp>, ResetConfidence) {
    let answer = vital.explained().filter(|answer| answer.reset_at.is_some());
    let learned = match vital.health {
        Health::LimitHit { resets_at } => resets_at,
        _ => None,
    };
    let at = learned.or(answer.and_then(|answer| answer.reset_at)).filter(|at| *at > now);
    let Some(at) = at else { return (None, ResetConfidence::Unknown) };
    let told = answer.filter(|answer| answer.reset_at == Some(at)).map(|answer| answer.reset_confidence);
    let read = || windows.iter().find(|window| window.resets_at == Some(at)).map(|window| window.reset_confidence);
    (Some(at), told.or_else(read).unwrap_or(ResetConfidence::Derived))
}

/// Whether time alone mends it, when no answer says so.
fn passes(state: HealthState) -> bool {
    matches!(
        state,
        HealthState::RateLimited | HealthState::QuotaExhausted | HealthState::Overloaded | HealthState::Down
    )
}

fn advice(answer: Option<&Diagnosis>, state: HealthState, reset_at: Option<Timestamp>, billing: Billing) -> Advice {
    match (answer, state) {
        (Some(answer), _) if as_billed(answer.state, billing) == answer.state => answer.advice,
        (_, HealthState::QuotaExhausted) if reset_at.is_none() => Advice::OpenDashboard,
        (_, HealthState::RateLimited | HealthState::QuotaExhausted) => Advice::Wait,
        (_, HealthState::Overloaded) => Advice::Backoff,
        (_, HealthState::BalanceEmpty) => Advice::TopUp,
        (_, HealthState::Auth) => Advice::FixKey,
        (_, HealthState::Down) => Advice::CheckNetwork,
        _ => Advice::None,
    }
}

fn window_row(window: &QuotaWindow, now: Timestamp) -> KnownWindowRow {
    KnownWindowRow {
        window: WindowRow::known(window, now),
        label: window.label.clone(),
        reset_confidence: window.reset_confidence.code(),
        source: source_code(window.source),
        observed_at: window.observed_at,
    }
}

fn balance_row(account: &AccountId, context: &Context) -> Option<KnownBalanceRow> {
    let read = context.snapshot.fleet.money.get(account)?;
    Some(KnownBalanceRow {
        balance: BalanceRow::from(read.money.clone()),
        source: source_code(read.source),
        observed_at: read.observed_at,
    })
}

fn asked_rows(report: &CheckReport) -> Vec<AskedRow> {
    let n_paid = report.requests.iter().filter(|asked| asked.cost == Cost::Paid).count();
    let tokens = |asked: &Asked| match asked.cost {
        Cost::Free => Some(0),
        Cost::Paid => (n_paid == 1).then_some(report.tokens_spent),
    };
    let row = |asked: &Asked| AskedRow {
        purpose: asked.purpose.code(),
        url: Some(asked.url.clone()),
        status: asked.status,
        transport_error: asked.transport_error.clone(),
        ms: u64::try_from(asked.took.as_millis()).ok(),
        tokens: tokens(asked),
    };
    report.requests.iter().map(row).collect()
}

fn by_gateway() -> AskedRow {
    AskedRow { purpose: "gateway_probe", url: None, status: None, transport_error: None, ms: None, tokens: None }
}

fn not_asked_row(left_out: &NotAsked) -> NotAskedRow {
    let until = match left_out.why {
        Withheld::TooSoon { until } => Some(until),
        _ => None,
    };
    NotAskedRow { purpose: left_out.purpose.code(), why: left_out.why.code(), until }
}

fn billing_code(billing: Billing) -> &'static str {
    match billing {
        Billing::QuotaPlan => "quota_plan",
        Billing::RateTier => "rate_tier",
        Billing::PrepaidCredits => "prepaid_credits",
        Billing::Local => "local",
    }
}

fn source_code(source: Source) -> &'static str {
    match source {
        Source::Nothing => "nothing",
        Source::Run => "run",
        Source::Cooldown => "cooldown",
        Source::UsageStatus => "usage_status",
        Source::Probe => "probe",
        Source::GatewayProbe => "gateway_probe",
        Source::Page => "page",
        Source::Hand => "hand",
    }
}

fn breaker_code(breaker: &Breaker) -> &'static str {
    match breaker {
        Breaker::Closed { .. } => "closed",
        Breaker::Open { .. } => "open",
        Breaker::HalfOpen { .. } => "half_open",
    }
}

fn key_code(key: &KeyState) -> &'static str {
    match key {
        KeyState::NotLookedFor => "not_looked_for",
        KeyState::OfGateway => "of_gateway",
        KeyState::NotNeeded => "not_needed",
        KeyState::Ready { .. } => "ready",
        KeyState::Missing { .. } => "missing",
    }
}
