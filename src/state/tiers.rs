//! `cron-tiers.json`: which tier a cron has, and what else the user decided about it.
//!
//! A view: it reads entries out of the file's value and says how that value must change. The shape
//! of an entry, and of the tier in it (`1`, `"1"`, `"T1"`), stays as it was found. Documented in
//! `state/README.md`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::{CronId, Detour, Hold, HoldReason, ModelRef, Pin, RouteKey, Tier, TierEntry, TierMap};

use super::BadValue;
use super::document::as_object;

const CRONS: &str = "crons";

/// Reads all entries; a bad one costs only itself. `now` dates a hold that has no date.
#[must_use]
pub fn read(root: &Value, now: Timestamp) -> (TierMap, Vec<BadValue>) {
    let (mut tiers, mut bad) = (TierMap::new(), Vec::new());
    match root.get(CRONS) {
        None | Some(Value::Null) => {}
        Some(Value::Object(crons)) => {
            for (id, value) in crons {
                if let Some(entry) = read_entry(&format!("{CRONS}.{id}"), value, now, &mut bad) {
                    tiers.insert(CronId::new(id), entry);
                }
            }
        }
        Some(other) => bad.push(BadValue::expected(CRONS, "an object", other)),
    }
    (tiers, bad)
}

fn read_entry(path: &str, value: &Value, now: Timestamp, bad: &mut Vec<BadValue>) -> Option<TierEntry> {
    let Value::Object(fields) = value else {
        let tier = read_tier(value);
        if tier.is_none() {
            bad.push(BadValue::expected(path, "a tier from 1 to 3", value));
        }
        return tier.map(TierEntry::new);
    };
    let found = fields.get("tier").unwrap_or(&Value::Null);
    let Some(tier) = read_tier(found) else {
        bad.push(BadValue::expected(format!("{path}.tier"), "a tier from 1 to 3", found));
        return None;
    };
    let mut flag = |key: &str| match fields.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(other) => {
            bad.push(BadValue::expected(format!("{path}.{key}"), "true or false", other));
            false
        }
    };
    let (critical, above_guard) = (flag("critical"), flag("above_guard"));
    let (edit_agent_made, may_miss_one_shot) = (flag("edit_agent_made"), flag("may_miss_one_shot"));
    let ask_first = flag("ask_first");
    Some(TierEntry {
        tier,
        critical,
        above_guard,
        pinned: read_pin(path, fields.get("pinned"), bad),
        hold: read_hold(path, fields.get("hold"), now, bad),
        detour: read_detour(path, fields.get("detour"), bad),
        edit_agent_made,
        may_miss_one_shot,
        ask_first,
        note: fields.get("note").and_then(Value::as_str).filter(|note| !note.is_empty()).map(str::to_owned),
    })
}

/// `1`, `1.0`, `"1"`, `"T1"`, `"t1"`, `"tier 1"`.
fn read_tier(value: &Value) -> Option<Tier> {
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?))?,
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            let digits = text.strip_prefix("tier").or_else(|| text.strip_prefix('t')).unwrap_or(&text);
            digits.trim_matches([' ', '_', '-']).parse().ok()?
        }
        _ => return None,
    };
    Tier::from_number(number)
}

fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=9.0).contains(&number)).then_some(number as u64)
}

/// A pin that cannot be read still pins: never re-routing by mistake is the safe side.
fn read_pin(path: &str, value: Option<&Value>, bad: &mut Vec<BadValue>) -> Option<Pin> {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(Pin { model: None }),
        Some(Value::String(text)) if ModelRef::parse(text).is_some() => Some(Pin { model: ModelRef::parse(text) }),
        Some(other) => {
            bad.push(BadValue::expected(format!("{path}.pinned"), "true, false or provider/model", other));
            Some(Pin { model: None })
        }
    }
}

/// As with a pin, a hold that cannot be read still holds.
fn read_hold(path: &str, value: Option<&Value>, now: Timestamp, bad: &mut Vec<BadValue>) -> Option<Hold> {
    let by_hand = Hold { since: now, why: HoldReason::ByHand };
    match value {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(by_hand),
        Some(Value::Object(fields)) => {
            let since = fields.get("since").and_then(Value::as_str).and_then(|since| since.parse().ok());
            if since.is_none() {
                bad.push(BadValue::new(format!("{path}.hold.since"), "expected a date and time"));
            }
            let undone = fields.get("why").and_then(Value::as_str) == Some("undone");
            let why = if undone { HoldReason::Undone } else { HoldReason::ByHand };
            Some(Hold { since: since.unwrap_or(now), why })
        }
        Some(other) => {
            bad.push(BadValue::expected(format!("{path}.hold"), "true, false or an object", other));
            Some(by_hand)
        }
    }
}

/// One that cannot be read is none: then its chain decides, as it will at the end of one anyway.
fn read_detour(path: &str, value: Option<&Value>, bad: &mut Vec<BadValue>) -> Option<Detour> {
    let value = value.filter(|value| !matches!(value, Value::Null | Value::Bool(false)))?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let read = text("route").zip(text("until").and_then(|until| until.parse().ok()));
    if read.is_none() {
        bad.push(BadValue::expected(format!("{path}.detour"), "an object with a route and until when", value));
    }
    read.map(|(route, until)| Detour { route: RouteKey::new(route), until })
}

/// Entries that were taken out of the file, kept so that giving one back brings its unknown
/// fields back too.
pub type TakenOut = BTreeMap<CronId, Value>;

/// The file's value with these entries changed, and nothing else.
///
/// `before` is what `root` was read as; `names` gives new entries their name.
#[must_use]
pub fn patched(
    root: &Value,
    before: &TierMap,
    changes: &BTreeMap<CronId, Option<TierEntry>>,
    names: &BTreeMap<CronId, String>,
    taken_out: &mut TakenOut,
) -> Value {
    let mut root = root.clone();
    let crons = as_object(&mut root[CRONS]);
    let mut n_gone = 0;
    for (id, change) in changes {
        match change {
            Some(entry) => {
                let fresh = || taken_out.remove(id).unwrap_or_else(|| fresh_entry(names.get(id), entry));
                let slot = crons.entry(id.as_str()).or_insert_with(fresh);
                // One that was taken out, or could not be read, is compared with what it says.
                let said = || read_entry("", slot, Timestamp::UNIX_EPOCH, &mut Vec::new());
                let before = before.get(id).cloned().or_else(said);
                patch_entry(slot, before.as_ref(), entry);
            }
            None => {
                // Marked first, removed in one pass: taking out thousands stays linear.
                if let Some(slot) = crons.get_mut(id.as_str()) {
                    taken_out.insert(id.clone(), slot.take());
                    n_gone += 1;
                }
            }
        }
    }
    if n_gone > 0 {
        crons.retain(|id, _| changes.get(id.as_str()) != Some(&None));
    }
    root
}

/// The fields that the older scripts expect in every entry, in their order.
fn fresh_entry(name: Option<&String>, entry: &TierEntry) -> Value {
    let mut fields = Map::new();
    if let Some(name) = name {
        fields.insert("name".to_owned(), Value::from(name.as_str()));
    }
    fields.insert("tier".to_owned(), Value::from(entry.tier.number()));
    fields.insert("critical".to_owned(), Value::Bool(entry.critical));
    Value::Object(fields)
}

/// Writes the fields that differ from what the entry was read as.
fn patch_entry(slot: &mut Value, before: Option<&TierEntry>, after: &TierEntry) {
    if !slot.is_object() {
        // A bare tier stays one as long as it is all there is to say.
        if *after == TierEntry::new(after.tier) {
            *slot = tier_like(slot, after.tier);
            return;
        }
        *slot = json!({ "tier": slot.take() });
    }
    let fields = as_object(slot);
    let found = fields.get("tier").unwrap_or(&Value::Null);
    if read_tier(found) != Some(after.tier) {
        let tier = tier_like(found, after.tier);
        fields.insert("tier".to_owned(), tier);
    }
    let unread = TierEntry::new(after.tier);
    let before = before.unwrap_or(&unread);
    set_flag(fields, "critical", before.critical, after.critical);
    set_flag(fields, "above_guard", before.above_guard, after.above_guard);
    set_flag(fields, "edit_agent_made", before.edit_agent_made, after.edit_agent_made);
    set_flag(fields, "may_miss_one_shot", before.may_miss_one_shot, after.may_miss_one_shot);
    set_flag(fields, "ask_first", before.ask_first, after.ask_first);
    if before.pinned != after.pinned {
        let pin = |pin: &Pin| pin.model.as_ref().map_or(Value::Bool(true), |model| Value::from(model.as_str()));
        set_or_drop(fields, "pinned", after.pinned.as_ref().map(pin));
    }
    if before.hold != after.hold {
        set_or_drop(fields, "hold", after.hold.as_ref().map(hold_value));
    }
    if before.detour != after.detour {
        let value = |detour: &Detour| json!({"route": detour.route.as_str(), "until": detour.until.to_string()});
        set_or_drop(fields, "detour", after.detour.as_ref().map(value));
    }
    if before.note != after.note {
        set_or_drop(fields, "note", after.note.as_deref().map(Value::from));
    }
}

fn hold_value(hold: &Hold) -> Value {
    let why = match hold.why {
        HoldReason::Undone => "undone",
        HoldReason::ByHand => "by_hand",
    };
    json!({"since": hold.since.to_string(), "why": why})
}

/// The tier in the way the file spells it: `"T1"` becomes `"T2"`, `1` becomes `2`.
fn tier_like(found: &Value, tier: Tier) -> Value {
    match found {
        Value::String(text) if read_tier(found).is_some() => {
            // The tier that was read from it is its last digit.
            let digit = text.rfind(|letter: char| letter.is_ascii_digit()).unwrap_or(0);
            Value::from(format!("{}{}{}", &text[..digit], tier.number(), &text[digit + 1..]))
        }
        _ => Value::from(tier.number()),
    }
}

/// A flag that is off is written only where the key is there already.
fn set_flag(fields: &mut Map<String, Value>, key: &str, before: bool, after: bool) {
    if before != after && (after || fields.contains_key(key)) {
        fields.insert(key.to_owned(), Value::Bool(after));
    }
}

fn set_or_drop(fields: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            fields.insert(key.to_owned(), value);
        }
        None => {
            fields.shift_remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
