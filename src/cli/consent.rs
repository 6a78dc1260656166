//! What a person can agree to, cron by cron, in the words of the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::domain::TierEntry;
use crate::engine::Consent;

/// As `--allow` takes it and the documents name it.
pub(super) fn word(consent: Consent) -> &'static str {
    match consent {
        Consent::EditAgentMade => "agent-edit",
        Consent::ExceedGuard => "above-guard",
        Consent::MissOneShot => "miss-one-shot",
    }
}

pub(super) fn is_given(consent: Consent, entry: &TierEntry) -> bool {
    match consent {
        Consent::EditAgentMade => entry.edit_agent_made,
        Consent::ExceedGuard => entry.above_guard,
        Consent::MissOneShot => entry.may_miss_one_shot,
    }
}

/// The words of all that was agreed to for one cron.
pub(super) fn given(entry: Option<&TierEntry>) -> Vec<&'static str> {
    let all = entry.into_iter().flat_map(|entry| Consent::value_variants().iter().map(move |consent| (entry, consent)));
    all.filter(|(entry, consent)| is_given(**consent, entry)).map(|(_, consent)| word(*consent)).collect()
}

impl ValueEnum for Consent {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::EditAgentMade, Self::ExceedGuard, Self::MissOneShot]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::EditAgentMade => "Edits, although an agent made it and it loses its stored authority",
            Self::ExceedGuard => "While it is critical, routes above its tier's cost guard",
            Self::MissOneShot => "A pause that makes it miss its one run",
        };
        Some(PossibleValue::new(word(*self)).help(help))
    }
}
