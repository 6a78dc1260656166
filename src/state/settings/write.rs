//! From [`Settings`] to the value of `settings.json`: only what the file says otherwise is written.

use jiff::SignedDuration;
use jiff::civil::Time;
use serde_json::{Value, json};

use crate::domain::{Price, QuietHours, Route, Settings, Tier, Usd};
use crate::state::document::number;
use crate::state::writer::Writer;

use super::{accounts, code_of, read};

/// The file's value saying `after`; everything it says already, and all that is unknown, stays.
#[must_use]
pub fn patched(root: &Value, after: &Settings) -> Value {
    let (before, _) = read(root);
    let defaults = Settings::default();
    let mut writer = Writer { root: root.clone() };
    writer.routes(&before, after, &defaults);
    writer.chains(&before, after);
    writer.prices(&before, after, &defaults);
    writer.guards(&before, after, &defaults);
    let minutes = |span: &SignedDuration| number(span.as_secs_f64() / 60.0);
    accounts::write(&mut writer, &before, after);
    let (was, is) = (&before.checks, &after.checks);
    writer.differing(&["checks", "every_minutes"], &was.every, &is.every, minutes);
    writer.differing(&["checks", "paid_per_day"], &was.paid_per_day, &is.paid_per_day, |n| json!(n));
    let (was, is) = (&before.thresholds, &after.thresholds);
    let hours = |span: &SignedDuration| number(span.as_secs_f64() / 3600.0);
    writer.differing(&["thresholds", "crisis_vendors"], &was.crisis_vendors, &is.crisis_vendors, |n| json!(n));
    writer.differing(&["thresholds", "settle_minutes"], &was.settle, &is.settle, minutes);
    writer.differing(&["thresholds", "strained_percent"], &was.strained_ratio, &is.strained_ratio, percent);
    writer.differing(&["thresholds", "proof_lasts_hours"], &was.proof_lasts, &is.proof_lasts, hours);
    let (was, is) = (&before.distribution, &after.distribution);
    writer.differing(&["distribution", "quota_aware"], &was.quota_aware, &is.quota_aware, |flag| json!(flag));
    writer
        .differing(&["distribution", "edit_schedules"], &was.edits_schedules, &is.edits_schedules, |flag| json!(flag));
    let (was, is) = (&before.automation, &after.automation);
    writer.differing(&["automation", "level"], &was.level, &is.level, |level| code_of(super::LEVELS, level).into());
    writer.differing(&["automation", "max_percent_of_crons"], &was.max_ratio, &is.max_ratio, percent);
    writer.differing(&["automation", "max_crons"], &was.max_crons, &is.max_crons, |n| json!(n));
    writer.quiet_hours(was.quiet, is.quiet);
    let (was, is) = (&before.notifications, &after.notifications);
    writer.differing(&["notifications", "outage"], &was.outage, &is.outage, |flag| json!(flag));
    writer.differing(&["notifications", "recovery"], &was.recovery, &is.recovery, |flag| json!(flag));
    writer.differing(&["notifications", "attention"], &was.attention, &is.attention, |flag| json!(flag));
    let (was, is) = (&before.history, &after.history);
    writer.differing(&["history", "keep_days"], &was.keep_days, &is.keep_days, |n| json!(n));
    let (was, is) = (&before.window, &after.window);
    writer.differing(&["window", "theme"], &was.theme, &is.theme, |theme| code_of(super::THEMES, theme).into());
    writer.differing(&["window", "compact_cards"], &was.compact_cards, &is.compact_cards, |flag| json!(flag));
    writer.differing(&["window", "quota_strip"], &was.quota_strip, &is.quota_strip, |flag| json!(flag));
    writer.root
}

impl Writer {
    fn quiet_hours(&mut self, was: Option<QuietHours>, is: Option<QuietHours>) {
        let path = ["automation", "quiet_hours"];
        let Some(quiet) = is else { return self.nullable(&path, was.as_ref(), None, |_| Value::Null) };
        if was == is {
            return;
        }
        let was = self.object_at(&path).then_some(was).flatten();
        let time = |time: &Time| time_of_day(*time);
        self.nullable(
            &["automation", "quiet_hours", "from"],
            was.map(|was| was.from).as_ref(),
            Some(&quiet.from),
            time,
        );
        self.nullable(&["automation", "quiet_hours", "to"], was.map(|was| was.to).as_ref(), Some(&quiet.to), time);
    }

    fn routes(&mut self, before: &Settings, after: &Settings, defaults: &Settings) {
        for (key, is) in &after.routes {
            // Without the entry the default would come back, so it is the default that is compared.
            let was = before.routes.get(key);
            let base = was.or(defaults.routes.get(key));
            if was.is_none() {
                self.set(&["routes", key.as_str()], json!({}));
            }
            self.route(key.as_str(), base, is);
        }
        for key in before.routes.keys().filter(|key| !after.routes.contains_key(*key)) {
            let path = ["routes", key.as_str()];
            if defaults.routes.contains_key(key) { self.set(&path, Value::Null) } else { self.unset(&path) }
        }
    }

    fn route(&mut self, key: &str, was: Option<&Route>, is: &Route) {
        let path = |field| ["routes", key, field];
        if was.is_none_or(|was| was.label != is.label) {
            self.set(&path("label"), Value::from(is.label.as_str()));
        }
        if was.is_none_or(|was| was.vendor != is.vendor) {
            self.set(&path("vendor"), Value::from(is.vendor.as_str()));
        }
        let model = is.model.as_ref().map(|model| Value::from(model.as_str()));
        self.optional(&path("model"), was.is_none_or(|was| was.model != is.model), model);
        let price = is.price.map(|price| price_value(&price));
        self.optional(&path("price_usd"), was.is_none_or(|was| was.price != is.price), price);
        let until = is.set_aside_until.map(|until| Value::from(until.to_string()));
        self.optional(&path("set_aside_until"), was.is_none_or(|was| was.set_aside_until != is.set_aside_until), until);
    }

    fn chains(&mut self, before: &Settings, after: &Settings) {
        for tier in Tier::ALL {
            let (was, is) = (before.chain(tier), after.chain(tier));
            self.differing(&["chains", tier.code(), "order"], &was.order, &is.order, |order| {
                code_of(super::ORDERS, order).into()
            });
            self.differing(&["chains", tier.code(), "routes"], &was.routes, &is.routes, |routes| json!(routes));
        }
    }

    fn prices(&mut self, before: &Settings, after: &Settings, defaults: &Settings) {
        let (was, is) = (&before.prices, &after.prices);
        self.differing(&["prices", "as_of"], &was.as_of, &is.as_of, |date| Value::from(date.to_string()));
        let find = |table: &crate::domain::PriceTable, pattern: &str| {
            table.models.iter().rev().find(|facts| facts.pattern == pattern).cloned()
        };
        for facts in &is.models {
            if find(was, &facts.pattern).as_ref() != Some(facts) {
                let path = |field| ["prices", "models", facts.pattern.as_str(), field];
                if self.root.pointer("/prices/models").is_none_or(|models| !models[&facts.pattern].is_object()) {
                    self.set(&["prices", "models", &facts.pattern], json!({}));
                }
                self.set(&path("vendor"), Value::from(facts.vendor.as_str()));
                self.set(&path("input"), number(facts.price.input.0));
                self.set(&path("output"), number(facts.price.output.0));
                self.set(&path("capability"), Value::from(facts.capability));
            }
        }
        for gone in was.models.iter().filter(|facts| find(is, &facts.pattern).is_none()) {
            let path = ["prices", "models", gone.pattern.as_str()];
            let is_default = find(&defaults.prices, &gone.pattern).is_some();
            if is_default { self.set(&path, Value::Null) } else { self.unset(&path) }
        }
    }

    fn guards(&mut self, before: &Settings, after: &Settings, defaults: &Settings) {
        for tier in Tier::ALL {
            let (was, is) = (before.cost_guard.get(&tier), after.cost_guard.get(&tier));
            let path = ["cost_guard_usd", tier.code()];
            match is {
                _ if was == is => {}
                Some(Usd(limit)) => self.set(&path, number(*limit)),
                None if defaults.cost_guard.contains_key(&tier) => self.set(&path, Value::Null),
                None => self.unset(&path),
            }
        }
    }
}

/// "22:00", as a person writes it.
fn time_of_day(time: Time) -> Value {
    let is_whole = time.second() == 0 && time.subsec_nanosecond() == 0;
    if is_whole { format!("{:02}:{:02}", time.hour(), time.minute()).into() } else { time.to_string().into() }
}

fn price_value(price: &Price) -> Value {
    json!({"input": number(price.input.0), "output": number(price.output.0)})
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "one of the functions given to `differing`")]
fn percent(ratio: &f64) -> Value {
    // 0.28 * 100.0 is 28.000000000000004.
    number((ratio * 100.0 * 1e6).round() / 1e6)
}
