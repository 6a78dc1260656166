//! What holds of every advice, whatever is decided about crons and however windows fill.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::room::AIM;
use super::{Life, ROOMY, SHORT, Scene, hours};
use crate::domain::{Claim, Hold, HoldReason, MadeBy, Pin, Price, QuotaAdvice, Tier, Usd};
use crate::policy::{forecast, learn};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_advice_overrules_nothing_and_makes_no_other_window_run_out(
        marks in prop::collection::vec((0..10_u8, 1..4_u64, any::<bool>()), 16),
        takes in (0.001..0.01_f64, 0.0005..0.01_f64),
        guards in (prop::option::of(1.0..4.0_f64), prop::option::of(1.0..4.0_f64)),
    ) {
        let lives = [Life { ratio: takes.0, ..SHORT }, Life { ratio: takes.1, ..ROOMY }];
        let mut scene = Scene::new(lives);
        let route = scene.settings.routes.get_mut("other").expect("it is there");
        route.price = Some(Price { input: Usd(1.0), output: Usd(2.5) });
        for (tier, guard) in [(Tier::T1, guards.0), (Tier::T2, guards.1)] {
            scene.settings.cost_guard.extend(guard.map(|guard| (tier, Usd(guard))));
        }
        let tiers = Arc::make_mut(&mut scene.obs.tiers);
        let crons = Arc::make_mut(&mut scene.obs.crons);
        for ((entry, cron), (mark, tier, critical)) in tiers.values_mut().zip(crons.values_mut()).zip(&marks) {
            entry.tier = Tier::from_number(*tier).expect("a tier");
            entry.critical = *critical;
            match mark {
                0 => entry.pinned = Some(Pin { model: None }),
                1 => entry.hold = Some(Hold { since: hours(-1), why: HoldReason::Undone }),
                2 => Arc::make_mut(cron).made_by = MadeBy::Agent,
                3 => Arc::make_mut(cron).enabled = false,
                4 => entry.above_guard = true,
                _ => {}
            }
        }
        let (obs, settings) = (&scene.obs, &scene.settings);
        let learned = learn(&scene.history, obs);
        let before = forecast(&learned, obs, settings, None, hours(48));
        let ran_out = |label: &str, of: &crate::domain::Forecast| {
            of.window(&label.into(), "Daily").is_some_and(|window| matches!(window.claim, Claim::RunsOut { .. }))
        };
        let again = scene.advice();
        for one in again.iter().zip(scene.advice()) {
            prop_assert_eq!(one.0, &one.1, "the same again");
        }
        for advice in again {
            let QuotaAdvice::RunsOut(advice) = advice else { continue };
            prop_assert_eq!(advice.detours.len(), advice.plan.changes.len());
            for change in &advice.plan.changes {
                let entry = &obs.tiers[&change.cron];
                prop_assert!(entry.pinned.is_none() && entry.hold.is_none() && change.ticked, "{:?}", change);
                let guard = settings.cost_guard.get(&entry.tier).filter(|_| !(entry.critical && entry.above_guard));
                prop_assert!(guard.is_none_or(|guard| guard.0 >= 2.5), "above its guard: {:?}", change);
                prop_assert!(change.to.enabled && change.from.enabled, "nothing pauses or wakes: {:?}", change);
            }
            for level in &advice.others {
                prop_assert!(level.after <= AIM + 1e-9, "{:?}", level);
            }
            let after = forecast(&learned, obs, settings, Some(&advice.plan), hours(48));
            for window in &after.windows {
                let account = window.account.as_str();
                prop_assert!(ran_out(account, &before) || !ran_out(account, &after), "{} runs out now", account);
            }
        }
    }
}
