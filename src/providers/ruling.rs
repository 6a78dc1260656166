//! What a table's row decides, and how a table is looked up.

use super::customs::Case;
use super::fault::Fault;
use super::reading::Reading;
use super::reset::ResetRule;
use crate::domain::{Advice, Billing, DiagnosisScope, Finding};

/// One decision: a finding, narrowed where a provider knows better.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ruling {
    pub(super) finding: Finding,
    pub(super) reason: Reason,
    pub(super) scope: Option<DiagnosisScope>,
    pub(super) reset: Option<ResetRule>,
    pub(super) advice: Option<Advice>,
}

/// The machine word of a ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The finding's own.
    OfFinding,
    Word(&'static str),
    /// The provider's code behind the service's name: `zai_1308`.
    Code,
}

pub(super) const fn is(finding: Finding) -> Ruling {
    Ruling { finding, reason: Reason::OfFinding, scope: None, reset: None, advice: None }
}

impl Ruling {
    pub(super) const fn because(mut self, word: &'static str) -> Self {
        self.reason = Reason::Word(word);
        self
    }

    pub(super) const fn by_code(mut self) -> Self {
        self.reason = Reason::Code;
        self
    }

    pub(super) const fn about(mut self, scope: DiagnosisScope) -> Self {
        self.scope = Some(scope);
        self
    }

    pub(super) const fn until(mut self, reset: ResetRule) -> Self {
        self.reset = Some(reset);
        self
    }

    pub(super) const fn advising(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }
}

/// A ruling for one case, with what only that case knows.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) ruling: Ruling,
    /// The code that decided, for [`Reason::Code`].
    pub(super) code: Option<String>,
    /// A machine word that had to be put together.
    pub(super) reason: Option<String>,
    pub(super) model: Option<String>,
    pub(super) reading: Reading,
}

impl From<Ruling> for Verdict {
    fn from(ruling: Ruling) -> Self {
        Self { ruling, code: None, reason: None, model: None, reading: Reading::default() }
    }
}

impl From<Finding> for Verdict {
    fn from(finding: Finding) -> Self {
        is(finding).into()
    }
}

impl Verdict {
    pub(super) fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    pub(super) fn with_model(mut self, model: Option<String>) -> Self {
        self.model = model.or(self.model);
        self
    }

    pub(super) fn with_reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Is(Ruling),
    /// Words of money: what they mean depends on how the account bills.
    Money {
        reason: Reason,
    },
}

/// Codes, and what each means.
pub(super) type Codes = &'static [(&'static [&'static str], Rule)];
/// Opening words, and the code each stands for.
pub(super) type Phrases = &'static [(&'static str, &'static str)];

/// The first of `codes` that the table knows.
pub(super) fn look_up(table: Codes, codes: &[String], case: &Case<'_>) -> Option<Verdict> {
    codes.iter().find_map(|code| {
        let row = table.iter().find(|(known, _)| known.iter().any(|known| known.eq_ignore_ascii_case(code)));
        row.map(|(_, rule)| apply(*rule, code, case))
    })
}

/// The code that the opening of the message stands for.
pub(super) fn code_of_phrase(table: Phrases, fault: &Fault) -> Option<String> {
    let opening = fault.opening();
    table.iter().find(|(phrase, _)| opening.contains(phrase)).map(|(_, code)| (*code).to_owned())
}

fn apply(rule: Rule, code: &str, case: &Case<'_>) -> Verdict {
    let verdict = match rule {
        Rule::Is(ruling) => ruling.into(),
        Rule::Money { reason } => money(case, reason),
    };
    Verdict { code: Some(code.to_owned()), ..verdict }
}

/// A provider says the money is gone. Only a prepaid account can believe it; on a plan it is a used
/// up window, and on a rate tier a limit that nobody dates.
pub(super) fn money(case: &Case<'_>, reason: Reason) -> Verdict {
    match case.billing() {
        Billing::PrepaidCredits => Ruling { reason, ..is(Finding::NoBalance) }.into(),
        Billing::QuotaPlan => Ruling { reason, ..is(Finding::LimitHit) }.into(),
        Billing::RateTier | Billing::Local => Finding::NoReset.into(),
    }
}
