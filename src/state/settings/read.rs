//! From the value of `settings.json` to [`Settings`], field by field.

use serde_json::Value;

use crate::domain::{
    AccountId, Chain, HistorySettings, ModelFacts, Price, PriceTable, QuietHours, Route, RouteKey, Settings, Usd,
    VendorId, vendor_of,
};
use crate::state::BadValue;
use crate::state::section::{Entry, Section, set, tier_of};

use super::accounts;

/// What the file says, over the defaults.
#[must_use]
pub fn read(root: &Value) -> (Settings, Vec<BadValue>) {
    let mut settings = Settings::default();
    let mut bad = Vec::new();
    let top = Section { path: String::new(), fields: root.as_object(), bad: &mut bad };
    top.into_settings(&mut settings);
    (settings, bad)
}

impl Section<'_, '_> {
    fn into_settings(mut self, settings: &mut Settings) {
        self.section("routes").each(|key, section| match section {
            Entry::Null => drop(settings.routes.remove(key)),
            Entry::Of(section) => {
                let key = RouteKey::new(key);
                let before = settings.routes.get(&key).cloned();
                settings.routes.insert(key.clone(), section.into_route(&key, before));
            }
        });
        self.section("chains").each_tier(|tier, section| {
            if let Entry::Of(section) = section {
                let before = settings.chains.remove(&tier).unwrap_or_default();
                settings.chains.insert(tier, section.into_chain(before));
            }
        });
        self.section("prices").into_prices(&mut settings.prices);
        self.section("cost_guard_usd").into_guards(settings);
        accounts::read_older(self.section("billing"), settings);
        accounts::read(self.section("accounts"), settings);
        let mut section = self.section("checks");
        set(&mut settings.checks.every, section.minutes_or_never("every_minutes", 24.0 * 60.0));
        set(&mut settings.checks.paid_per_day, section.whole("paid_per_day", 0, u32::MAX));
        let mut section = self.section("thresholds");
        let thresholds = &mut settings.thresholds;
        set(&mut thresholds.crisis_vendors, section.whole("crisis_vendors", 1, 1_000));
        set(&mut thresholds.settle, section.duration("settle_minutes", 60.0, 24.0 * 60.0));
        set(&mut thresholds.strained_ratio, section.percent("strained_percent"));
        set(&mut thresholds.proof_lasts, section.duration("proof_lasts_hours", 3600.0, 24.0 * 365.0));
        let mut section = self.section("distribution");
        set(&mut settings.distribution.quota_aware, section.flag("quota_aware"));
        set(&mut settings.distribution.edits_schedules, section.flag("edit_schedules"));
        let mut section = self.section("automation");
        let automation = &mut settings.automation;
        set(&mut automation.level, section.choice("level", super::LEVELS));
        set(&mut automation.max_ratio, section.percent("max_percent_of_crons"));
        set(&mut automation.max_crons, section.whole("max_crons", 0, u32::MAX));
        automation.quiet = section.section("quiet_hours").into_quiet_hours();
        let mut section = self.section("notifications");
        let notifications = &mut settings.notifications;
        set(&mut notifications.outage, section.flag("outage"));
        set(&mut notifications.recovery, section.flag("recovery"));
        set(&mut notifications.attention, section.flag("attention"));
        let mut section = self.section("history");
        let days = section.whole("keep_days", HistorySettings::LEAST_DAYS, HistorySettings::MOST_DAYS);
        set(&mut settings.history.keep_days, days);
        let mut section = self.section("window");
        set(&mut settings.window.theme, section.choice("theme", super::THEMES));
        set(&mut settings.window.compact_cards, section.flag("compact_cards"));
        set(&mut settings.window.quota_strip, section.flag("quota_strip"));
    }

    /// An end that is not said, or cannot be read, is the usual one: they hold all the same.
    fn into_quiet_hours(mut self) -> Option<QuietHours> {
        self.fields?;
        let mut quiet = QuietHours::default();
        set(&mut quiet.from, self.time_of_day("from"));
        set(&mut quiet.to, self.time_of_day("to"));
        Some(quiet)
    }

    fn into_route(mut self, key: &RouteKey, before: Option<Route>) -> Route {
        let model = self.model("model");
        let vendor = || model.as_ref().map_or_else(|| VendorId::new(key.as_str()), |model| vendor_of(&model.account()));
        let mut route = before.unwrap_or_else(|| Route {
            label: key.to_string(),
            vendor: vendor(),
            model: None,
            price: None,
            set_aside_until: None,
        });
        set(&mut route.label, self.text("label"));
        set(&mut route.vendor, self.text("vendor").map(VendorId::from));
        route.model = model;
        route.price = if self.has("price_usd") { self.section("price_usd").into_price() } else { None };
        route.set_aside_until = self.moment("set_aside_until");
        route
    }

    fn into_chain(mut self, mut chain: Chain) -> Chain {
        set(&mut chain.order, self.choice("order", super::ORDERS));
        if let Some(list) = self.texts("routes") {
            chain.routes = list.iter().map(RouteKey::new).collect();
        }
        chain
    }

    fn into_price(mut self) -> Option<Price> {
        let (input, output) = (self.money("input"), self.money("output"));
        Some(Price { input: Usd(input?), output: Usd(output?) })
    }

    fn into_prices(mut self, table: &mut PriceTable) {
        if let Some(text) = self.text("as_of") {
            match text.parse() {
                Ok(date) => table.as_of = date,
                Err(_) => self.complain("as_of", "a date such as 2026-11-22"),
            }
        }
        self.section("models").each(|pattern, entry| {
            let at = table.models.iter().position(|facts| facts.pattern == pattern);
            match (entry, at) {
                (Entry::Null, Some(at)) => drop(table.models.remove(at)),
                (Entry::Null, None) => {}
                (Entry::Of(section), Some(at)) => section.into_facts(&mut table.models[at]),
                (Entry::Of(section), None) => {
                    let vendor = vendor_of(&AccountId::new(pattern));
                    let price = Price { input: Usd(0.0), output: Usd(0.0) };
                    let mut facts = ModelFacts { pattern: pattern.to_owned(), vendor, price, capability: 50 };
                    // Half a price would pass for a cheap one.
                    if section.is_number("input") && section.is_number("output") {
                        section.into_facts(&mut facts);
                        table.models.push(facts);
                    } else {
                        let path = section.path.clone();
                        section.bad.push(BadValue::new(path, "expected input and output prices"));
                    }
                }
            }
        });
    }

    fn into_facts(mut self, facts: &mut ModelFacts) {
        set(&mut facts.vendor, self.text("vendor").map(VendorId::from));
        set(&mut facts.price.input, self.money("input").map(Usd));
        set(&mut facts.price.output, self.money("output").map(Usd));
        set(&mut facts.capability, self.whole("capability", 0, 100).map(|number| number as u8));
    }

    fn into_guards(mut self, settings: &mut Settings) {
        for key in self.keys() {
            let Some(tier) = tier_of(&key) else {
                self.complain(&key, "T1, T2 or T3 as its name");
                continue;
            };
            if self.fields.is_some_and(|fields| fields[&key].is_null()) {
                settings.cost_guard.remove(&tier);
            } else if let Some(limit) = self.money(&key) {
                settings.cost_guard.insert(tier, Usd(limit));
            }
        }
    }
}
