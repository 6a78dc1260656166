//! What happened, one line each, found by comparing pictures: several changes between two of them are several lines.
//!
//! Never a secret, because no picture holds one; and never a name that steers the terminal.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::exit;
use super::health::acts;
use super::speech;
use crate::domain::{Connection, OutageLevel, Switch, SwitchId, Trouble};
use crate::engine::Snapshot;
use crate::words::{self, Said, on_one_line};

/// What was told so far.
#[derive(Default)]
pub(super) struct Journal {
    before: Option<Arc<Snapshot>>,
    level: OutageLevel,
    /// Of the last connection that failed.
    trouble: Option<Trouble>,
    problems: BTreeMap<String, Said>,
}

impl Journal {
    pub(super) fn tell(&mut self, now: &Arc<Snapshot>) {
        let before = self.before.replace(now.clone());
        self.connection(before.as_deref(), now);
        self.level(now);
        self.problems(now);
        // Of another folder, or of this one after somebody else had it, nothing of before can be compared.
        let same = |before: &&Arc<Snapshot>| {
            before.folder.as_ref().map(|folder| &folder.path) == now.folder.as_ref().map(|folder| &folder.path)
        };
        folder(before.as_deref(), now);
        if let Some(before) = before.as_ref().filter(same).filter(|_| now.folder.is_some()) {
            switches(before, now);
            job(before, now);
            crisis(before, now);
        }
    }

    fn connection(&mut self, before: Option<&Snapshot>, now: &Snapshot) {
        let was = before.is_some_and(|before| before.connection.info().is_some());
        match &now.connection {
            Connection::Connected(info) if !was => {
                self.trouble = None;
                let (gateway, version) = (on_one_line(&info.name), on_one_line(&info.version));
                tracing::info!(event = "connected", gateway, version, "connected: {}", words::access(info.access));
            }
            Connection::Waiting { name, trouble, .. } | Connection::Stopped { name, trouble, .. }
                if self.trouble.as_ref() != Some(trouble) =>
            {
                let event = if was { "lost" } else { "not_connected" };
                let (gateway, said) = (on_one_line(name), on_one_line(&words::trouble(trouble).what));
                tracing::warn!(event, gateway, "{said}");
                self.trouble = Some(trouble.clone());
            }
            _ => {}
        }
    }

    /// Only what was planned with a gateway in sight says something of the providers.
    fn level(&mut self, now: &Snapshot) {
        if now.connection.info().is_none() || now.crons_as_of.is_none() || now.level() == self.level {
            return;
        }
        let zone = TimeZone::system();
        let said = words::outage(&now.plan.outage, &speech(now, &zone));
        let (from, level) = (super::super::output::mode(self.level), super::super::output::mode(now.level()));
        tracing::warn!(event = "level", from, level, "{}", on_one_line(&said));
        self.level = now.level();
    }

    fn problems(&mut self, now: &Snapshot) {
        let zone = TimeZone::system();
        let speech = speech(now, &zone);
        let told: BTreeMap<_, _> =
            now.problems.iter().map(|problem| (problem.id.clone(), exit::problem(&problem.what, &speech))).collect();
        for (id, said) in told.iter().filter(|(id, _)| !self.problems.contains_key(*id)) {
            let remedy = said.remedy.as_deref().map(on_one_line);
            tracing::warn!(event = "problem", id = on_one_line(id), remedy, "{}", on_one_line(&said.what));
        }
        for (id, said) in self.problems.iter().filter(|(id, _)| !told.contains_key(*id)) {
            tracing::info!(event = "problem_cleared", id = on_one_line(id), "no longer: {}", on_one_line(&said.what));
        }
        self.problems = told;
    }
}

/// Whose turn it is.
fn folder(before: Option<&Snapshot>, now: &Snapshot) {
    // One that cannot be written is nobody's, and a problem of its own.
    let held_by = |snapshot: &Snapshot| {
        let folder = snapshot.folder.as_ref()?;
        (folder.held_by.is_some() || acts(snapshot)).then(|| folder.held_by.clone())
    };
    let was = before.and_then(held_by);
    match held_by(now) {
        Some(None) if was != Some(None) => {
            let path = now.folder.as_ref().map(|folder| folder.path.display().to_string()).unwrap_or_default();
            tracing::info!(event = "acts", folder = path, "acts on this state folder");
        }
        Some(Some(holder)) if was.as_ref() != Some(&Some(holder.clone())) => {
            let holder = on_one_line(&holder);
            tracing::info!(event = "waits", holder, "waits: another program holds the state folder");
        }
        None if was == Some(None) && now.stands_aside => {
            tracing::info!(event = "stands_aside", "the state folder is let go");
        }
        _ => {}
    }
}

fn switches(before: &Snapshot, now: &Snapshot) {
    let newest: Option<&SwitchId> = before.switches.first().map(|switch| &switch.id);
    let fresh: Vec<&Switch> = now.switches.iter().take_while(|switch| Some(&switch.id) != newest).collect();
    let zone = TimeZone::system();
    let speech = speech(now, &zone);
    for switch in fresh.into_iter().rev() {
        let model = |fields: &crate::domain::Fields| fields.model.clone().unwrap_or_else(|| "default".to_owned());
        tracing::info!(
            event = "switch",
            cron = switch.cron.as_str(),
            plan = switch.plan.as_str(),
            from = on_one_line(&model(&switch.from)),
            to = on_one_line(&model(&switch.to)),
            enabled = switch.to.enabled,
            "{}: {}",
            on_one_line(&switch.name),
            on_one_line(&words::reason(&switch.reason, &speech))
        );
    }
}

fn job(before: &Snapshot, now: &Snapshot) {
    let Some(job) = &now.job else { return };
    let known = before.job.as_ref().filter(|before| before.id == job.id);
    let (_, lines) = job.progress();
    if known.is_none() {
        tracing::info!(
            event = "job_begins",
            job = job.id,
            plan = job.plan.id.as_str(),
            lines,
            "{}",
            words::job_headline(job)
        );
    }
    if !job.running() && known.is_none_or(|before| before.running()) {
        let done = job.verified();
        tracing::info!(event = "job_ends", job = job.id, done, lines, "{}", words::job_headline(job));
    }
}

fn crisis(before: &Snapshot, now: &Snapshot) {
    let mode = |snapshot: &Snapshot| snapshot.crisis.state.mode.clone();
    match (mode(before), mode(now)) {
        (None, Some(entered)) => {
            tracing::warn!(event = "crisis_entered", by = words::started_by(entered.by), "crisis mode was entered");
        }
        (Some(_), None) => {
            let owed = now.ledger.len();
            tracing::info!(event = "crisis_left", owed, "crisis mode was left");
        }
        _ => {}
    }
}
