//! Models added for a while, as the last routes of their tiers.

use jiff::Timestamp;

use crate::domain::{Route, RouteKey, Settings, TemporaryModel, vendor_of};

/// The settings with a route for each temporary model that has not expired.
///
/// A configured one ends the chains of the tiers in its hint, unless they name its model already; a
/// standby one is a route that no chain names.
#[must_use]
pub fn with_temporary(settings: &Settings, temporary: &[TemporaryModel], now: Timestamp) -> Settings {
    let mut with = settings.clone();
    let lasting = temporary.iter().filter(|added| added.expires_at.is_none_or(|until| until > now));
    for added in lasting {
        let Some(model) = &added.model else { continue };
        let key = RouteKey::temporary(&added.id);
        let route = Route {
            label: added.id.clone(),
            vendor: vendor_of(&model.account()),
            model: Some(model.clone()),
            price: None,
            set_aside_until: None,
        };
        for tier in added.tiers.iter().filter(|_| !added.is_standby) {
            let chain = with.chains.entry(*tier).or_default();
            let named =
                chain.routes.iter().filter_map(|key| with.routes.get(key)?.model.as_ref()).any(|known| known == model);
            if !named {
                chain.routes.push(key.clone());
            }
        }
        with.routes.insert(key, route);
    }
    with
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ModelRef, Tier};

    #[test]
    fn a_temporary_model_ends_the_chains_of_its_tiers_until_it_expires() {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().expect("a moment");
        let added = |id: &str, is_standby, hours: i64| TemporaryModel {
            id: id.to_owned(),
            model: ModelRef::parse("mistral/large"),
            is_standby,
            tiers: vec![Tier::T1, Tier::T2],
            expires_at: Some(now + jiff::SignedDuration::from_hours(hours)),
        };
        let settings = Settings::default();
        let key = RouteKey::temporary("mistral");
        let last = |settings: &Settings, tier| settings.chain(tier).routes.last().cloned();
        let with = with_temporary(&settings, &[added("mistral", false, 1)], now);
        assert_eq!((last(&with, Tier::T1), last(&with, Tier::T2)), (Some(key.clone()), Some(key.clone())));
        assert_eq!(with.chain(Tier::T3), settings.chain(Tier::T3));
        let standby = with_temporary(&settings, &[added("mistral", true, 1)], now);
        assert_eq!(standby.chains, settings.chains, "never chosen by itself");
        assert!(standby.routes.contains_key(&key), "but there to be chosen");
        assert_eq!(with_temporary(&settings, &[added("mistral", false, 0)], now), settings, "expired");
        let twice = with_temporary(&settings, &[added("one", false, 1), added("two", false, 1)], now);
        assert_eq!(
            twice.chain(Tier::T1).routes.len(),
            settings.chain(Tier::T1).routes.len() + 1,
            "one model, one place"
        );
    }
}
