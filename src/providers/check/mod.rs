//! Checks one account: asks it what may be asked, in order, and says what that shows.
//!
//! What to ask next and what an answer is worth is decided in `round`, without waiting for anything;
//! here the questions are only carried. One request of an account is under way at a time.

mod round;
mod tokens;

use std::time::Duration;

use jiff::Timestamp;

use round::Round;

use super::evidence::PriorWindow;
use super::http::Http;
use super::requests::{Ask, Questions, questions};
use crate::domain::{Allowance, CheckReport, ProviderAccount, Secret};

/// What to check, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    pub account: &'a ProviderAccount,
    /// Without one only the host is looked at, unless the service needs none.
    pub key: Option<&'a Secret>,
    /// The model in question, as the provider calls it; without one nothing costs tokens.
    pub model: Option<&'a str>,
    /// The windows of an earlier reading.
    pub prior: &'a [PriorWindow],
    pub paid: Paid,
    pub now: Timestamp,
    /// For each request.
    pub patience: Duration,
}

/// Whether tokens may be spent when nothing free can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    Never,
    /// At most one token's job in half an hour, and none while a window is used up.
    LastResort {
        last_at: Option<Timestamp>,
    },
}

/// How long a request may take when nobody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Asks an account what it may be asked. Never fails: what goes wrong is in the report.
pub async fn check(http: &Http, check: Check<'_>) -> CheckReport {
    let questions = questions(check.account, check.model);
    carry_out(http, check, &questions).await
}

pub(super) async fn carry_out(http: &Http, check: Check<'_>, questions: &Questions) -> CheckReport {
    let mut round = Round::new(check);
    if questions.asks.is_empty() {
        round.no_way();
    }
    for ask in &questions.asks {
        put(http, &mut round, ask).await;
    }
    for ask in &questions.siblings {
        if round.key_refused() {
            put(http, &mut round, ask).await;
        }
    }
    round.report()
}

async fn put(http: &Http, round: &mut Round<'_>, ask: &Ask) {
    if let Some(why) = round.objection(ask) {
        return round.withhold(ask, why);
    }
    match http.send(ask, round.key_for(ask), round.check.patience).await {
        Ok(reply) => round.take(ask, reply),
        Err(refusal) => round.withhold(ask, refusal.into()),
    }
}

impl From<&Allowance> for PriorWindow {
    fn from(window: &Allowance) -> Self {
        Self {
            id: window.id.clone(),
            used_percent: window.used_percent,
            reset_at: window.reset_at,
            blocks_chat: window.blocks_chat(),
        }
    }
}
