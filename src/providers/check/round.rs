//! What to ask next, and what the answers show together. Pure: the moment is an argument.
//!
//! Free before paid. The provider's own wait is law. A source of the quota that fails never changes
//! health, and without a key the only news is that the host answers.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Paid, tokens};
use crate::domain::{
    Advice, Allowance, Asked, CheckReport, Cost, Diagnosis, DiagnosisScope, Finding, HealthState, Money, NotAsked,
    Proof, Purpose, Secret, Undocumented, Withheld,
};
use crate::providers::diagnose::diagnose;
use crate::providers::evidence::{Answer, Evidence, PriorWindow, Request, RequestKind};
use crate::providers::headers::Headers;
use crate::providers::http::{NO_ANSWER, Reply};
use crate::providers::requests::{Ask, AuthScheme, Needed, origin};

/// Between two jobs of one token.
const BETWEEN_PAID: SignedDuration = SignedDuration::from_mins(30);

/// One check under way.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) check: Check<'a>,
    diagnosis: Option<Diagnosis>,
    proof: Proof,
    windows: Vec<Allowance>,
    money: Option<Money>,
    plan: Option<String>,
    quota_trouble: Option<Diagnosis>,
    host_answers: Option<bool>,
    key_belongs_to: Option<String>,
    told_to_wait: bool,
    requests: Vec<Asked>,
    not_asked: Vec<NotAsked>,
    tokens_spent: u64,
}

impl<'a> Round<'a> {
    pub(super) fn new(check: Check<'a>) -> Self {
        Self {
            check,
            diagnosis: None,
            proof: Proof::Nothing,
            windows: Vec::new(),
            money: None,
            plan: None,
            quota_trouble: None,
            host_answers: None,
            key_belongs_to: None,
            told_to_wait: false,
            requests: Vec::new(),
            not_asked: Vec::new(),
            tokens_spent: 0,
        }
    }

    /// Why `ask` is not sent now.
    pub(super) fn objection(&self, ask: &Ask) -> Option<Withheld> {
        if !ask.documented && self.check.account.undocumented == Undocumented::Off {
            return Some(Withheld::SwitchedOff);
        }
        if self.key_for(ask).is_none() && ask.needs_key() {
            // One free question without a key shows whether the host is there.
            let looks = ask.purpose == Purpose::Health && ask.cost == Cost::Free && self.requests.is_empty();
            return (!looks).then_some(Withheld::NoKey);
        }
        if self.told_to_wait {
            return Some(Withheld::ToldToWait);
        }
        if ask.purpose != Purpose::Sibling && !self.wanted(ask) {
            return Some(Withheld::Answered);
        }
        match ask.cost {
            Cost::Free => None,
            Cost::Paid => self.objection_to_paying(),
        }
    }

    fn objection_to_paying(&self) -> Option<Withheld> {
        let Paid::LastResort { last_at } = self.check.paid else { return Some(Withheld::CostsTokens) };
        let now = self.check.now;
        if self.known_windows().iter().any(|window| still_used_up(window, now)) {
            return Some(Withheld::WindowUsedUp);
        }
        let until = last_at.and_then(|last| last.checked_add(BETWEEN_PAID).ok()).filter(|until| *until > now)?;
        Some(Withheld::TooSoon { until })
    }

    /// What this check has read, and what only an earlier one did.
    fn known_windows(&self) -> Vec<PriorWindow> {
        let read = self.windows.iter().map(PriorWindow::from);
        let older = self.check.prior.iter().filter(|prior| self.windows.iter().all(|window| window.id != prior.id));
        read.chain(older.cloned()).collect()
    }

    /// Whether an answer to `ask` could still tell something.
    fn wanted(&self, ask: &Ask) -> bool {
        let Some(known) = &self.diagnosis else { return true };
        let open = matches!(known.state, HealthState::Unknown) || known.finding == Finding::ProbeNotPermitted;
        match ask.needed {
            Needed::Always => open || known.state == HealthState::Up,
            Needed::IfOpen => open || (known.finding == Finding::NoPlanForKey && ask.cost == Cost::Free),
        }
    }

    /// A service that needs none is never shown one.
    pub(super) fn key_for(&self, ask: &Ask) -> Option<&'a Secret> {
        let carried = ask.auth != AuthScheme::None;
        self.check.key.filter(|key| carried && !key.reveal().trim().is_empty())
    }

    /// Whether the key was refused here and nothing at the vendor's other addresses is known yet.
    pub(super) fn key_refused(&self) -> bool {
        let refused = self
            .diagnosis
            .as_ref()
            .is_some_and(|known| matches!(known.finding, Finding::InvalidKey | Finding::InvalidKeyOrRegion));
        refused && self.key_belongs_to.is_none()
    }

    pub(super) fn withhold(&mut self, ask: &Ask, why: Withheld) {
        self.not_asked.push(NotAsked { purpose: ask.purpose, why });
    }

    pub(super) fn no_way(&mut self) {
        self.not_asked.push(NotAsked { purpose: Purpose::Health, why: Withheld::NoWay });
    }

    /// An answer has come.
    pub(super) fn take(&mut self, ask: &Ask, reply: Reply) {
        let keyless = ask.needs_key() && self.key_for(ask).is_none();
        self.note(ask, &reply);
        if ask.cost == Cost::Paid {
            self.tokens_spent += tokens::spent(&reply.answer);
        }
        let found = self.diagnosed(ask, reply.answer);
        match ask.purpose {
            // What is said to a stranger says nothing of the account.
            _ if keyless => {
                let about_host = matches!(found.state, HealthState::Down | HealthState::Overloaded);
                self.diagnosis = Some(found).filter(|_| about_host);
            }
            Purpose::Sibling => self.weigh_sibling(ask, &found),
            Purpose::Quota => self.weigh_quota(ask, found),
            Purpose::Model => self.weigh_model(found),
            Purpose::Health | Purpose::LastResort => self.weigh_health(ask, found),
        }
    }

    fn note(&mut self, ask: &Ask, reply: &Reply) {
        let (status, transport_error, wait) = match &reply.answer {
            Answer::Http { status, headers, .. } => {
                (Some(*status), None, Headers::new(headers).retry_after(self.check.now))
            }
            Answer::Nothing { transport_error } => (None, Some(transport_error.clone()), None),
            Answer::BodyOnly(_) | Answer::Prose(_) => (None, None, None),
        };
        if ask.purpose != Purpose::Sibling {
            self.told_to_wait |= wait.is_some() && status.is_some_and(|status| status >= 400);
            self.host_answers = Some(self.host_answers == Some(true) || status.is_some());
        }
        let url = ask.shown_url().to_owned();
        let asked = Asked {
            purpose: ask.purpose,
            url,
            status,
            transport_error,
            took: reply.took,
            cost: ask.cost,
            retry_at: wait,
        };
        self.requests.push(asked);
    }

    fn diagnosed(&self, ask: &Ask, answer: Answer) -> Diagnosis {
        let account = self.check.account;
        let no_answer = matches!(&answer, Answer::Nothing { transport_error } if transport_error == NO_ANSWER);
        let of_quota = matches!(ask.kind, RequestKind::Quota | RequestKind::Balance);
        let evidence = Evidence {
            // Its own code: the account's id may be any name.
            provider: ask.service.code().to_owned(),
            billing: account.billing,
            plan: account.plan.clone(),
            request: Request { kind: Some(ask.kind), url: Some(ask.url.clone()), model: ask.model.clone() },
            prior_quota: self.known_windows(),
            answer,
            now: self.check.now,
        };
        let mut found = diagnose(&evidence);
        account.id.as_str().clone_into(&mut found.provider);
        // The host takes connections; only its book-keeping is slow.
        if no_answer && of_quota { turned(found, Finding::UsageFailed) } else { found }
    }

    fn weigh_health(&mut self, ask: &Ask, found: Diagnosis) {
        self.keep_reading(&found);
        if found.scope == DiagnosisScope::QuotaEndpoint {
            self.quota_trouble = Some(found);
            return;
        }
        // The list of models takes the key, so it is the plan that is missing.
        let confirmed = self.diagnosis.as_ref().is_some_and(|known| known.finding == Finding::NoPlanForKey);
        if confirmed && found.state == HealthState::Up {
            return;
        }
        self.proof = worth(ask, &found);
        self.diagnosis = Some(found);
    }

    /// Windows and money can show that jobs cannot run; that they could not be read shows nothing.
    fn weigh_quota(&mut self, ask: &Ask, found: Diagnosis) {
        let read = found.http_status.is_some_and(|status| (200..300).contains(&status))
            && (!found.windows.is_empty() || found.money.is_some());
        if !read {
            self.quota_trouble = Some(found);
            return;
        }
        self.keep_reading(&found);
        let known = self.diagnosis.as_ref();
        if known.is_none_or(|known| matches!(known.state, HealthState::Up | HealthState::Unknown)) {
            self.proof = worth(ask, &found).max(self.proof);
            self.diagnosis = Some(found);
        }
    }

    /// A model may be missing; that its counter of tokens is busy says nothing.
    fn weigh_model(&mut self, found: Diagnosis) {
        if found.state == HealthState::ModelUnavailable {
            self.diagnosis = Some(found);
        }
    }

    fn weigh_sibling(&mut self, ask: &Ask, found: &Diagnosis) {
        let taken = matches!(found.state, HealthState::Up | HealthState::QuotaExhausted | HealthState::RateLimited)
            && found.http_status.is_some_and(|status| (200..300).contains(&status) || status == 429)
            && found.scope != DiagnosisScope::QuotaEndpoint;
        let Some(known) = self.diagnosis.take() else { return };
        if !taken {
            self.diagnosis = Some(known);
            return;
        }
        self.key_belongs_to = Some(origin(&ask.url).to_owned());
        self.diagnosis = Some(Diagnosis {
            state: HealthState::Misconfigured,
            finding: Finding::InvalidKeyOrRegion,
            reason: "key_of_other_address".to_owned(),
            scope: DiagnosisScope::Account,
            advice: Advice::FixEndpoint,
            ..known
        });
    }

    fn keep_reading(&mut self, found: &Diagnosis) {
        for window in &found.windows {
            self.windows.retain(|known| (&known.id, &known.covers) != (&window.id, &window.covers));
            self.windows.push(window.clone());
        }
        self.money = found.money.clone().or(self.money.take());
        self.plan = found.plan.clone().or(self.plan.take());
    }

    pub(super) fn report(self) -> CheckReport {
        let own = self.requests.iter().filter(|asked| asked.purpose != Purpose::Sibling);
        let waits = own.filter_map(|asked| asked.retry_at);
        let retry_at = waits.chain(self.diagnosis.as_ref().and_then(|found| found.retry_at)).max();
        let up = self.diagnosis.as_ref().is_some_and(|found| found.state == HealthState::Up);
        CheckReport {
            account: self.check.account.id.clone(),
            checked_at: self.check.now,
            diagnosis: self.diagnosis,
            proof: if up { self.proof } else { Proof::Nothing },
            windows: self.windows,
            money: self.money,
            plan: self.plan,
            quota_trouble: self.quota_trouble,
            host_answers: self.host_answers,
            key_belongs_to: self.key_belongs_to,
            retry_at,
            requests: self.requests,
            not_asked: self.not_asked,
            tokens_spent: self.tokens_spent,
        }
    }
}

/// What a good answer to `ask` shows: a refused request took the key, and no more.
fn worth(ask: &Ask, found: &Diagnosis) -> Proof {
    match (found.state, found.scope) {
        (HealthState::Up, DiagnosisScope::Account) if found.finding != Finding::QuotaNotReported => ask.proof,
        (HealthState::Up, _) => ask.proof.min(Proof::Key),
        _ => Proof::Nothing,
    }
}

fn still_used_up(window: &PriorWindow, now: Timestamp) -> bool {
    let passed = window.reset_at.is_some_and(|reset| reset <= now);
    window.blocks_chat && !passed && window.used_percent.is_some_and(|used| used >= 100.0)
}

fn turned(found: Diagnosis, finding: Finding) -> Diagnosis {
    let profile = finding.profile();
    Diagnosis {
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason: profile.reason.to_owned(),
        scope: profile.scope,
        advice: profile.advice,
        ..found
    }
}
