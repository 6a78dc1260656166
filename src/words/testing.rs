//! A small world for the tests of this room: Monday 2026-11-23, 06:00 in Berlin.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Speech;
use crate::domain::{
    AgentTurn, Catalog, Cause, Change, ChangeKind, Cron, CronId, Decision, Fields, Model, ModelRef, Payload, Reason,
    RouteKey, Schedule, Settings, Tier, Verdict,
};

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) settings: Settings,
    pub(super) catalog: Catalog,
}

impl World {
    pub(super) fn speech(&self) -> Speech<'_> {
        Speech { now: self.now, zone: &self.zone, settings: &self.settings, catalog: &self.catalog }
    }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("the zone database has Berlin")
}

/// A moment by the clock of Berlin: `2026-11-23 18:00`.
pub(super) fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().expect("a date and a time");
    berlin().to_timestamp(local).expect("exists in Berlin")
}

pub(super) fn model(reference: &str) -> ModelRef {
    ModelRef::parse(reference).expect("provider/model")
}

/// The default chains, matched to a gateway that lists one model for each route and Gemini 3 Pro.
pub(super) fn world() -> World {
    let mut world = World {
        now: at("2026-11-23 06:00"),
        zone: berlin(),
        settings: Settings::default(),
        catalog: Catalog::default(),
    };
    let listed = [
        ("minimax/MiniMax-M3", "MiniMax M3", None, Some("minimax")),
        ("google/gemini-3-flash", "Gemini 3 Flash", Some("flash"), Some("gemini_flash")),
        ("google/gemini-3-pro", "Gemini 3 Pro", None, None),
        ("kimi/k2", "Kimi K2", None, Some("kimi")),
        ("anthropic/claude-opus", "Claude Opus", None, Some("opus")),
        ("anthropic/claude-sonnet", "Claude Sonnet", None, Some("sonnet")),
    ];
    for (id, name, alias, route) in listed {
        let entry = Model { name: name.to_owned(), alias: alias.map(str::to_owned), ..Model::new(model(id)) };
        world.catalog.models.insert(model(id), entry);
        if let Some(route) = route {
            let route = world.settings.routes.get_mut(&RouteKey::new(route)).expect("a default route");
            route.model = Some(model(id));
        }
    }
    world
}

pub(super) fn cron(stored_model: Option<&str>) -> Cron {
    let turn = AgentTurn { model: stored_model.map(str::to_owned), ..AgentTurn::default() };
    Cron::new(
        CronId::new("c1"),
        "Heartbeat ping",
        Schedule::Event { kind: "on-exit".to_owned() },
        Payload::AgentTurn(turn),
    )
}

/// A health change of an enabled T1 cron between two listed models.
pub(super) fn change(name: &str, from: Option<&str>, to: Option<&str>) -> Change {
    let fields = |stored: Option<&str>| Fields { model: stored.map(str::to_owned), fallbacks: None, enabled: true };
    Change {
        cron: CronId::new(name),
        name: name.to_owned(),
        tier: Some(Tier::T1),
        critical: false,
        revision: None,
        from: fields(from),
        to: fields(to),
        schedule: None,
        from_model: from.and_then(ModelRef::parse),
        to_model: to.and_then(ModelRef::parse),
        to_route: None,
        kind: ChangeKind::Move,
        reason: Reason::NoEvidence,
        cause: Cause::Health,
        next_run_at: None,
        running_since: None,
        marks: Vec::new(),
        ticked: true,
    }
}

pub(super) fn decision(reason: Reason) -> Decision {
    Decision {
        cron: CronId::new("c1"),
        verdict: Verdict::Stay,
        chosen: None,
        model: None,
        skipped: Arc::default(),
        reason,
        since: None,
        would_change: None,
    }
}
