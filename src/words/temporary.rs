//! Temporary models in words.

use super::{Speech, clock_and_relative, clock_with_day};
use crate::domain::{TemporaryModel, Tier};

/// "goes Fri 18:00, in 4 d", "went yesterday 18:00", "stays until it is removed".
#[must_use]
pub fn temporary_expiry(added: &TemporaryModel, speech: &Speech<'_>) -> String {
    match added.expires_at {
        None => "stays until it is removed".to_owned(),
        Some(at) if at <= speech.now => format!("ended {}", clock_with_day(at, speech)),
        Some(at) => format!("goes {}", clock_and_relative(at, speech)),
    }
}

/// "T1, T2", "standby", "no tier".
#[must_use]
pub fn temporary_tiers(added: &TemporaryModel) -> String {
    let tiers: Vec<_> = added.tiers.iter().map(|tier| Tier::code(*tier)).collect();
    match (added.is_standby, tiers.is_empty()) {
        (true, _) => "standby".to_owned(),
        (false, true) => "no tier".to_owned(),
        (false, false) => tiers.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{temporary_expiry, temporary_tiers};
    use crate::domain::{TemporaryModel, Tier};

    #[test]
    fn a_temporary_model_says_where_it_serves_and_when_it_goes() {
        let world = world();
        let added = TemporaryModel {
            id: "trial".to_owned(),
            model: None,
            is_standby: false,
            tiers: vec![Tier::T1, Tier::T2],
            expires_at: Some(at("2026-11-27 18:00")),
        };
        let speech = &world.speech();
        assert_eq!(temporary_tiers(&added), "T1, T2");
        assert_eq!(temporary_expiry(&added, speech), "goes Fri 18:00, in 5 d");
        let ended = TemporaryModel { expires_at: Some(at("2026-11-22 18:00")), is_standby: true, ..added };
        assert_eq!(
            (temporary_tiers(&ended).as_str(), temporary_expiry(&ended, speech).as_str()),
            ("standby", "ended yesterday 18:00")
        );
        let stays = TemporaryModel { expires_at: None, is_standby: false, tiers: Vec::new(), ..ended };
        assert_eq!(
            (temporary_tiers(&stays).as_str(), temporary_expiry(&stays, speech).as_str()),
            ("no tier", "stays until it is removed")
        );
    }
}
