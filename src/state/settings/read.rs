//! From the value of `settings.json` to [`Settings`], field by field.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::domain::{
    AccountId, Chain, ModelFacts, ModelRef, Price, PriceTable, Route, RouteKey, Settings, Tier, Usd, VendorId,
    vendor_of,
};
use crate::state::BadValue;

/// What the file says, over the defaults.
#[must_use]
pub fn read(root: &Value) -> (Settings, Vec<BadValue>) {
    let mut settings = Settings::default();
    let mut bad = Vec::new();
    let top = Section { path: String::new(), fields: root.as_object(), bad: &mut bad };
    top.into_settings(&mut settings);
    (settings, bad)
}

/// An object of the file, with its path for what is wrong in it. An absent one has no fields.
struct Section<'a, 'b> {
    path: String,
    fields: Option<&'a Map<String, Value>>,
    bad: &'b mut Vec<BadValue>,
}

impl<'a> Section<'a, '_> {
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
        let mut billing = self.section("billing");
        for key in billing.keys() {
            if let Some(choice) = billing.choice(&key, super::BILLINGS) {
                settings.account_mut(&AccountId::new(&key)).billing = choice;
            }
        }
        let mut section = self.section("thresholds");
        let thresholds = &mut settings.thresholds;
        set(&mut thresholds.crisis_vendors, section.whole("crisis_vendors", 1, 1_000));
        set(&mut thresholds.settle, section.duration("settle_minutes", 60.0, 24.0 * 60.0));
        set(&mut thresholds.strained_ratio, section.percent("strained_percent"));
        set(&mut thresholds.proof_lasts, section.duration("proof_lasts_hours", 3600.0, 24.0 * 365.0));
        let mut section = self.section("automation");
        let automation = &mut settings.automation;
        set(&mut automation.level, section.choice("level", super::LEVELS));
        set(&mut automation.max_ratio, section.percent("max_percent_of_crons"));
        set(&mut automation.max_crons, section.whole("max_crons", 0, u32::MAX));
        let mut section = self.section("window");
        set(&mut settings.window.theme, section.choice("theme", super::THEMES));
        set(&mut settings.window.compact_cards, section.flag("compact_cards"));
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

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields?.get(key).filter(|value| !value.is_null())
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn is_number(&self, key: &str) -> bool {
        self.get(key).is_some_and(Value::is_number)
    }

    fn keys(&self) -> Vec<String> {
        self.fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn complain(&mut self, key: &str, wanted: &str) {
        let found = self.fields.and_then(|fields| fields.get(key)).unwrap_or(&Value::Null);
        self.bad.push(BadValue::expected(self.path_of(key), wanted, found));
    }

    /// The value, if `read` can read it; a complaint if it is there and cannot be read.
    fn field<T>(&mut self, key: &str, wanted: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = read(self.get(key)?);
        if value.is_none() {
            self.complain(key, wanted);
        }
        value
    }

    fn section(&mut self, key: &str) -> Section<'a, '_> {
        let fields = self.field(key, "an object", Value::as_object);
        Section { path: self.path_of(key), fields, bad: self.bad }
    }

    fn each(mut self, mut visit: impl FnMut(&str, Entry<'a, '_>)) {
        for key in self.keys() {
            if self.has(&key) {
                if self.get(&key).is_some_and(Value::is_object) {
                    visit(&key, Entry::Of(self.section(&key)));
                } else {
                    self.complain(&key, "an object");
                }
            } else {
                visit(&key, Entry::Null);
            }
        }
    }

    fn each_tier(self, mut visit: impl FnMut(Tier, Entry<'a, '_>)) {
        self.each(|key, entry| match (tier_of(key), entry) {
            (Some(tier), entry) => visit(tier, entry),
            (None, Entry::Of(section)) => {
                let path = section.path.clone();
                section.bad.push(BadValue::new(path, "expected T1, T2 or T3 as its name"));
            }
            (None, Entry::Null) => {}
        });
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.field(key, "text", |value| value.as_str().map(str::to_owned))
    }

    fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        self.field(key, "a list of texts", |value| value.as_array()?.iter().map(text).collect())
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        self.field(key, "true or false", Value::as_bool)
    }

    fn model(&mut self, key: &str) -> Option<ModelRef> {
        self.field(key, "provider/model", |value| ModelRef::parse(value.as_str()?))
    }

    fn moment(&mut self, key: &str) -> Option<Timestamp> {
        self.field(key, "a date and time", |value| value.as_str()?.parse().ok())
    }

    fn choice<T: Copy>(&mut self, key: &str, codes: &[(T, &'static str)]) -> Option<T> {
        let wanted = codes.iter().map(|(_, code)| *code).collect::<Vec<_>>().join(", ");
        self.field(key, &format!("one of {wanted}"), |value| {
            let said = value.as_str()?;
            codes.iter().find(|(_, code)| *code == said).map(|(choice, _)| *choice)
        })
    }

    fn whole(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        self.field(key, &format!("a whole number from {least} to {most}"), |value| {
            let number = u32::try_from(value.as_u64()?).ok()?;
            (least..=most).contains(&number).then_some(number)
        })
    }

    fn number(&mut self, key: &str, most: f64) -> Option<f64> {
        self.field(key, &format!("a number from 0 to {most}"), |value| {
            value.as_f64().filter(|number| (0.0..=most).contains(number))
        })
    }

    fn money(&mut self, key: &str) -> Option<f64> {
        self.number(key, 1e6)
    }

    fn percent(&mut self, key: &str) -> Option<f64> {
        self.number(key, 100.0).map(|percent| percent / 100.0)
    }

    fn duration(&mut self, key: &str, unit_secs: f64, most: f64) -> Option<SignedDuration> {
        let number = self.number(key, most)?;
        Some(SignedDuration::from_millis((number * unit_secs * 1000.0).round() as i64))
    }
}

/// A member of a section that holds objects by name.
enum Entry<'a, 'b> {
    /// Taken out on purpose.
    Null,
    Of(Section<'a, 'b>),
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn tier_of(key: &str) -> Option<Tier> {
    Tier::ALL.into_iter().find(|tier| tier.code() == key)
}
