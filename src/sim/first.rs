//! What a simulated world begins with: crons of all kinds, their tiers, and somebody's settings.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::gateway;
use crate::domain::{
    AgentTurn, Automation, AutomationLevel, CheckSettings, Cron, CronId, MadeBy, ModelRef, Payload, Pin, QuietHours,
    RouteKey, Schedule, Settings, Tier, TierEntry, TierMap,
};

pub const MODELS: [&str; 5] = [
    "minimax/MiniMax-M3",
    "google/gemini-3-flash",
    "kimi/kimi-k2",
    "anthropic/claude-opus-4",
    "anthropic/claude-sonnet-4",
];
const ROUTES: [&str; 5] = ["minimax", "gemini_flash", "kimi", "opus", "sonnet"];
const EVERY_MINUTES: [i64; 8] = [20, 60, 60, 120, 240, 240, 480, 1440];
const EXPRESSIONS: [(&str, &str); 5] = [
    ("0 8 * * *", "Europe/Berlin"),
    ("*/30 9-17 * * 1-5", "America/New_York"),
    ("15 */2 * * *", "UTC"),
    ("0 0 * * 0", "Asia/Kolkata"),
    ("30 23 * * *", "Australia/Lord_Howe"),
];

pub fn crons(rng: &mut Rng, now: Timestamp, days: u32) -> (Vec<Cron>, TierMap) {
    // Now and then so many that one job meets the gateway's write limit.
    let n_crons = if rng.u8(0..10) == 0 { rng.usize(60..=70) } else { rng.usize(25..=36) };
    let mut tiers = TierMap::new();
    let mut crons = Vec::new();
    for n in 0..n_crons {
        let id = CronId::new(format!("cron-{n:02}"));
        let tier = [Tier::T1, Tier::T2, Tier::T3][rng.usize(..3)];
        let home = match tier {
            Tier::T1 => MODELS[0],
            Tier::T2 => MODELS[1],
            Tier::T3 => MODELS[3],
        };
        let model = match rng.u8(0..20) {
            0 => None,
            1 | 2 => Some(MODELS[rng.usize(..MODELS.len())]),
            _ => Some(home),
        };
        let turn = AgentTurn {
            message: format!("do number {n}"),
            model: model.map(str::to_owned),
            timeout: Some(SignedDuration::from_secs(120)),
            ..AgentTurn::default()
        };
        let schedule = match rng.u8(0..10) {
            0 => Schedule::At { at: now + SignedDuration::from_mins(rng.i64(60..=i64::from(days) * 1440)) },
            1 | 2 => {
                let (expr, zone) = EXPRESSIONS[rng.usize(..EXPRESSIONS.len())];
                Schedule::Cron { expr: expr.to_owned(), zone: Some(zone.to_owned()), stagger: None }
            }
            _ => Schedule::Every {
                every: SignedDuration::from_mins(EVERY_MINUTES[rng.usize(..EVERY_MINUTES.len())]),
                anchor: Some(now + SignedDuration::from_secs(rng.i64(1..=3600))),
            },
        };
        let payload = if n % 14 == 13 { Payload::Other("command".to_owned()) } else { Payload::AgentTurn(turn) };
        let mut cron = Cron::new(id.clone(), format!("cron {n}"), schedule, payload);
        cron.enabled = rng.u8(0..12) != 0;
        cron.delete_after_run = cron.one_shot();
        if rng.u8(0..16) == 0 {
            cron.made_by = MadeBy::Agent;
        }
        gateway::schedule(&mut cron, now);
        if cron.routable() && rng.u8(0..8) != 0 {
            let model = ModelRef::parse(MODELS[rng.usize(..MODELS.len())]);
            let pin = (rng.u8(0..16) == 0).then_some(Pin { model });
            tiers.insert(id, TierEntry { critical: rng.u8(0..5) == 0, pinned: pin, ..TierEntry::new(tier) });
        }
        crons.push(cron);
    }
    let heartbeat = Cron::new(
        CronId::new("heartbeat"),
        "heartbeat",
        Schedule::Every { every: SignedDuration::from_mins(60), anchor: Some(now) },
        Payload::Other("heartbeat".to_owned()),
    );
    crons.push(heartbeat);
    (crons, tiers)
}

/// Somebody's: chains whose routes are matched, and automation of some level.
pub fn settings(rng: &mut Rng) -> Settings {
    let every = SignedDuration::from_mins([15, 30, 60][rng.usize(..3)]);
    let level = match rng.u8(0..10) {
        0..=5 => AutomationLevel::ActWithinLimits,
        6..=8 => AutomationLevel::Ask,
        _ => AutomationLevel::Observe,
    };
    let quiet = (rng.u8(0..4) == 0).then(QuietHours::default);
    let automation = Automation { level, max_crons: rng.u32(8..=40), quiet, ..Automation::default() };
    let checks = CheckSettings { every, ..CheckSettings::default() };
    let mut settings = Settings { checks, automation, ..Settings::default() };
    for (route, model) in ROUTES.into_iter().zip(MODELS) {
        if let Some(route) = settings.routes.get_mut(&RouteKey::new(route)) {
            route.model = ModelRef::parse(model);
        }
    }
    settings
}
