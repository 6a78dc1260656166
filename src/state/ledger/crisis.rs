//! Section `crisis` of `ledger.json`: crisis mode, and what was given back until somebody has read it.
//!
//! Invariants: a bad value costs only itself and stays in the file until it is changed. A mode that
//! cannot be read is on, and ends only by hand.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::{
    Crisis, CrisisMode, CronId, Missed, Recovering, RecoveryReport, ReportLine, Seal, StartedBy, VendorId,
};
use crate::state::BadValue;
use crate::state::section::Section;
use crate::state::writer::{Writer, code_of};

pub(super) const SECTION: &str = "crisis";
const KNOWN: [&str; 6] = ["mode", "left_at", "away", "relapses", "came_back", "report"];
const STARTERS: &[(StartedBy, &str)] = &[(StartedBy::Hand, "hand"), (StartedBy::Automation, "automation")];
const SEALS: &[(Seal, &str)] = &[(Seal::Identical, "identical"), (Seal::Differs, "differs")];

/// Crisis mode as the file says it; `now` dates a mode that has no date.
#[must_use]
pub fn read(root: &Value, now: Timestamp) -> (Crisis, Vec<BadValue>) {
    let mut bad = Vec::new();
    let mut top = Section { path: String::new(), fields: root.as_object(), bad: &mut bad };
    let crisis = top.section(SECTION).into_crisis(now);
    (crisis, bad)
}

impl Section<'_, '_> {
    fn into_crisis(mut self, now: Timestamp) -> Crisis {
        let fields = self.fields.into_iter().flatten();
        let unknown = fields.filter(|(key, _)| !KNOWN.contains(&key.as_str()));
        Crisis {
            unknown: unknown.map(|(key, value)| (key.clone(), value.clone())).collect(),
            mode: self.mode(now),
            left_at: self.moment("left_at"),
            away: self.list("away", "a vendor", vendor_of).into_iter().collect(),
            relapses: self.list("relapses", "a date and time", moment_of),
            came_back: self.section("came_back").into_moments(),
            report: self.section("report").into_report(now),
        }
    }

    fn mode(&mut self, now: Timestamp) -> Option<CrisisMode> {
        self.value("mode").filter(|mode| **mode != Value::Bool(false))?;
        let mut mode = self.section("mode");
        let (since, by) = mode.begun(now);
        let mut recovering = mode.section("recovering");
        let recovering = recovering.fields.is_some().then(|| {
            let (since, by) = recovering.begun(now);
            Recovering { since, by }
        });
        Some(CrisisMode { since, by, recovering })
    }

    fn begun(&mut self, now: Timestamp) -> (Timestamp, StartedBy) {
        let since = self.needed("since", "a date and time", Self::moment);
        let by = self.needed("by", "hand or automation", |section, key| section.choice(key, STARTERS));
        (since.unwrap_or(now), by.unwrap_or(StartedBy::Hand))
    }

    fn list<T>(&mut self, key: &str, wanted: &str, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        let items = self.field(key, "a list", Value::as_array);
        let mut known = Vec::new();
        for (at, item) in items.into_iter().flatten().enumerate() {
            match read(item) {
                Some(item) => known.push(item),
                None => self.bad.push(BadValue::expected(format!("{}.{at}", self.path_of(key)), wanted, item)),
            }
        }
        known
    }

    fn into_moments(mut self) -> BTreeMap<VendorId, Timestamp> {
        let vendors = self.keys();
        vendors.into_iter().filter_map(|vendor| Some((VendorId::new(&vendor), self.moment(&vendor)?))).collect()
    }

    fn into_report(mut self, now: Timestamp) -> Option<RecoveryReport> {
        self.fields?;
        let since = self.needed("since", "a date and time", Self::moment).unwrap_or(now);
        let mut lines = Vec::new();
        self.each_of_list("lines", |line| lines.extend(line.into_line(since)));
        Some(RecoveryReport { since, lines })
    }

    /// One without a cron is nobody's.
    fn into_line(mut self, since: Timestamp) -> Option<ReportLine> {
        let cron = self.needed("cron", "the id of a cron", Self::text)?;
        let back_at = self.needed("back_at", "a date and time", Self::moment);
        let seal = self.needed("seal", "identical or differs", |section, key| section.choice(key, SEALS));
        Some(ReportLine {
            name: self.text("name").unwrap_or_else(|| cron.clone()),
            cron: CronId::new(cron),
            back_at: back_at.unwrap_or(since),
            seal: seal.unwrap_or(Seal::Differs),
            paused_from: self.moment("paused_from"),
            missed: self.section("missed").into_missed(),
            ran_at: self.moment("ran_at"),
        })
    }

    fn into_missed(mut self) -> Option<Missed> {
        let n_runs = self.needed("n_runs", "a whole number", |section, key| section.whole(key, 0, u32::MAX))?;
        Some(Missed { n_runs, first: self.moment("first"), last: self.moment("last") })
    }

    /// A value that belongs there: its absence is complained of, unless its section is missing as a whole.
    fn needed<T>(&mut self, key: &str, wanted: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<T> {
        if self.fields.is_some() && !self.has(key) {
            self.complain(key, wanted);
        }
        read(self, key)
    }
}

fn moment_of(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn vendor_of(value: &Value) -> Option<VendorId> {
    value.as_str().map(VendorId::new)
}

/// The file's value saying `is`; `was` is what it was read as, and what is the same in both stays.
#[must_use]
pub fn patched(root: &Value, was: &Crisis, is: &Crisis) -> Value {
    let mut writer = Writer { root: root.clone() };
    if was.mode != is.mode {
        put_begun(&mut writer, &[SECTION, "mode"], is.mode.as_ref().map(|mode| (mode.since, mode.by)));
        if is.mode.is_some() {
            let recovering = is.recovering().map(|recovering| (recovering.since, recovering.by));
            put_begun(&mut writer, &[SECTION, "mode", "recovering"], recovering);
        }
    }
    writer.nullable(&[SECTION, "left_at"], was.left_at.as_ref(), is.left_at.as_ref(), moment);
    if was.away != is.away {
        let path = [SECTION, "away"];
        let unread = unread(writer.at(&path), |item| vendor_of(item).is_none());
        writer.set(&path, is.away.iter().map(|vendor| vendor.as_str().into()).chain(unread).collect());
    }
    if was.relapses != is.relapses {
        let path = [SECTION, "relapses"];
        let unread = unread(writer.at(&path), |item| moment_of(item).is_none());
        writer.set(&path, is.relapses.iter().map(moment).chain(unread).collect());
    }
    for (vendor, at) in is.came_back.iter().filter(|(vendor, at)| was.came_back.get(*vendor) != Some(*at)) {
        writer.set(&[SECTION, "came_back", vendor.as_str()], moment(at));
    }
    for vendor in was.came_back.keys().filter(|vendor| !is.came_back.contains_key(*vendor)) {
        writer.unset(&[SECTION, "came_back", vendor.as_str()]);
    }
    put_report(&mut writer, was.report.as_ref(), is.report.as_ref());
    for (key, value) in &is.unknown {
        if writer.at(&[SECTION, key]).is_none() {
            writer.set(&[SECTION, key], value.clone());
        }
    }
    writer.root
}

fn moment(at: &Timestamp) -> Value {
    Value::from(at.to_string())
}

fn put_begun(writer: &mut Writer, path: &[&str], is: Option<(Timestamp, StartedBy)>) {
    let Some((since, by)) = is else {
        if writer.at(path).is_some() {
            writer.set(path, Value::Null);
        }
        return;
    };
    writer.object_at(path);
    let (at, code) = ([path, &["since"]].concat(), code_of(STARTERS, &by));
    if writer.at(&at).and_then(moment_of) != Some(since) {
        writer.set(&at, moment(&since));
    }
    let at = [path, &["by"]].concat();
    if writer.at(&at).and_then(Value::as_str) != Some(code) {
        writer.set(&at, code.into());
    }
}

fn put_report(writer: &mut Writer, was: Option<&RecoveryReport>, is: Option<&RecoveryReport>) {
    let path = [SECTION, "report"];
    let Some(report) = is else { return writer.nullable(&path, was, None, |_| Value::Null) };
    if was == is {
        return;
    }
    let was = writer.object_at(&path).then_some(was).flatten();
    if was.is_none_or(|was| was.since != report.since) {
        writer.set(&[SECTION, "report", "since"], moment(&report.since));
    }
    if was.is_none_or(|was| was.lines != report.lines) {
        let path = [SECTION, "report", "lines"];
        let since = was.map_or(report.since, |was| was.since);
        let lines = lines(writer.at(&path), since, &report.lines);
        writer.set(&path, lines);
    }
}

/// The list saying these lines: one of a cron keeps what else is said there, and what is no line stays.
fn lines(found: Option<&Value>, since: Timestamp, lines: &[ReportLine]) -> Value {
    let read = |item: &Value| {
        Section { path: String::new(), fields: Some(item.as_object()?), bad: &mut Vec::new() }.into_line(since)
    };
    let unread = unread(found, |item| read(item).is_none());
    let mut known: Vec<(ReportLine, &Value)> =
        found.and_then(Value::as_array).into_iter().flatten().filter_map(|item| Some((read(item)?, item))).collect();
    let mut items = Vec::with_capacity(lines.len() + unread.len());
    for line in lines {
        let at = known.iter().position(|(was, _)| was.cron == line.cron);
        let item = at.map(|at| known.remove(at));
        let (was, root) = item.map_or((None, json!({})), |(was, item)| (Some(was), item.clone()));
        items.push(put_line(Writer { root }, was.as_ref(), line));
    }
    items.extend(unread);
    Value::Array(items)
}

fn put_line(mut writer: Writer, was: Option<&ReportLine>, is: &ReportLine) -> Value {
    let mut put = |key: &str, differs: bool, value: Value| {
        if differs {
            writer.set(&[key], value);
        }
    };
    put("cron", was.is_none(), is.cron.as_str().into());
    put("name", was.is_none_or(|was| was.name != is.name), is.name.as_str().into());
    put("back_at", was.is_none_or(|was| was.back_at != is.back_at), moment(&is.back_at));
    put("seal", was.is_none_or(|was| was.seal != is.seal), code_of(SEALS, &is.seal).into());
    let before = was.and_then(|was| was.paused_from);
    writer.nullable(&["paused_from"], before.as_ref(), is.paused_from.as_ref(), moment);
    let before = was.and_then(|was| was.missed);
    match is.missed {
        None => writer.nullable(&["missed"], before.as_ref(), None, |_| Value::Null),
        Some(missed) if before != is.missed => {
            let before = writer.object_at(&["missed"]).then_some(before).flatten();
            if before.is_none_or(|before| before.n_runs != missed.n_runs) {
                writer.set(&["missed", "n_runs"], missed.n_runs.into());
            }
            let (first, last) = before.map_or((None, None), |before| (before.first, before.last));
            writer.nullable(&["missed", "first"], first.as_ref(), missed.first.as_ref(), moment);
            writer.nullable(&["missed", "last"], last.as_ref(), missed.last.as_ref(), moment);
        }
        Some(_) => {}
    }
    let before = was.and_then(|was| was.ran_at);
    writer.nullable(&["ran_at"], before.as_ref(), is.ran_at.as_ref(), moment);
    writer.root
}

/// The items of a list that cannot be read: they stay.
fn unread(list: Option<&Value>, is_unread: impl Fn(&Value) -> bool) -> Vec<Value> {
    list.and_then(Value::as_array).into_iter().flatten().filter(|item| is_unread(item)).cloned().collect()
}
