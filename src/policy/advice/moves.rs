//! Which crons run elsewhere until a window comes back, so that it lasts.
//!
//! The fewest that keep every window below what is aimed at: crons of T3 and T2 before simple ones, those that must
//! keep running or ask first last of all, and of alike ones those first that take most. Where that cannot be reached,
//! as much as there is room for, and it is said. A cron goes to the first route of its chain that serves and has room.
//! Nothing is overruled: pins, holds, guards, agents' rights and the rules of a crisis stand.

use jiff::{SignedDuration, Timestamp};

use super::plan::advised_plan;
use super::room::{AIM, Room, limit};
use crate::domain::{
    AccountId, Claim, Cron, CronId, Detour, Detours, Forecast, Foretold, Helps, Level, MadeBy, ModelRef, NoWay, Pays,
    PlanMode, RouteKey, RunsOut, Settings, Tier, TierEntry, WindowForecast,
};
use crate::policy::chain::{Link, cheaper};
use crate::policy::early::near_off;
use crate::policy::forecast::{Learned, forecast};
use crate::policy::ground::Ground;
use crate::policy::standing::later;

/// A cron that takes less of the window is not worth a change.
const LEAST: f64 = 0.002;

/// So much later it must run out to be worth moving anything.
const LATER: SignedDuration = SignedDuration::from_mins(15);

/// Levels are compared with so much tolerance: they are said in whole percents.
const ROUNDED: f64 = 0.005;

/// What advice is worked out from.
pub(super) struct Scenery<'a> {
    pub learned: &'a Learned,
    pub ground: &'a Ground<'a>,
    pub forecast: &'a Forecast,
    pub to: To,
}

/// Which of the routes with room a cron goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// The first of its chain.
    First,
    /// The cheapest; plans and what runs at home before what is paid by the token.
    Cheapest,
}

/// A window that is used up, or into what its owner keeps free, before it comes back.
pub(super) struct Due<'a> {
    window: &'a WindowForecast,
    at: Timestamp,
    resets_at: Timestamp,
    reserve: f64,
}

impl Due<'_> {
    /// The account and the label of the window.
    pub fn key(&self) -> (AccountId, String) {
        (self.window.account.clone(), self.window.label.clone())
    }

    /// When it runs out.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Whether a window that ran out so much later is worth moving anything.
pub(super) fn helps(before: Timestamp, after: Timestamp) -> bool {
    after > later(before, LATER)
}

/// The first to run out comes first.
pub(super) fn running_out<'a>(forecast: &'a Forecast, settings: &Settings) -> Vec<Due<'a>> {
    let due = |window: &'a WindowForecast| {
        let reserve = settings.reserve(&window.account);
        let resets_at = window.resets_at.filter(|reset| *reset > forecast.at)?;
        Some(Due { window, at: reached(window, reserve)?, resets_at, reserve })
    };
    let mut due: Vec<Due<'a>> = forecast.windows.iter().filter_map(due).collect();
    due.sort_by(|a, b| (a.at, &a.window.account, &a.window.label).cmp(&(b.at, &b.window.account, &b.window.label)));
    due
}

/// When it is used but for the reserve, where that is claimed.
fn reached(window: &WindowForecast, reserve: f64) -> Option<Timestamp> {
    if reserve <= 0.0 {
        return window.claim.runs_out_at();
    }
    if !matches!(window.claim, Claim::RunsOut { .. } | Claim::Lasts { .. }) {
        return None;
    }
    let free = 1.0 - reserve;
    let after = window.band.iter().position(|point| point.likely >= free)?;
    let Some(before) = after.checked_sub(1).map(|index| window.band[index]) else { return Some(window.band[0].at) };
    let after = window.band[after];
    let part = (free - before.likely) / (after.likely - before.likely).max(f64::MIN_POSITIVE);
    let secs = after.at.duration_since(before.at).as_secs_f64() * part;
    Some(later(before.at, SignedDuration::from_secs(secs as i64)))
}

/// What can be done about a window that runs out.
pub(super) fn runs_out(scene: &Scenery<'_>, due: &Due<'_>) -> RunsOut {
    let end = |window: &WindowForecast| window.band.last().map_or(window.used_ratio, |point| point.likely);
    let before = end(due.window);
    let mut said = RunsOut {
        account: due.window.account.clone(),
        label: due.window.label.clone(),
        at: due.at,
        resets_at: due.resets_at,
        reserve: due.reserve,
        level: Level {
            account: due.window.account.clone(),
            label: due.window.label.clone(),
            before,
            after: before,
            at: due.resets_at,
        },
        others: Vec::new(),
        detours: Detours::new(),
        helps: Helps::Not(NoWay::Crisis),
        plan: advised_plan(&Detours::new(), scene.ground.obs, scene.ground.settings),
    };
    let found = match choose(scene, due) {
        Ok(found) => found,
        Err(why) => {
            said.helps = Helps::Not(why);
            return said;
        }
    };
    let (obs, settings) = (scene.ground.obs, scene.ground.settings);
    let plan = advised_plan(&found.detours, obs, settings);
    let detours = found.detours.into_iter().filter(|(id, _)| plan.change(id).is_some()).collect();
    let after = forecast(scene.learned, obs, settings, Some(&plan), obs.at);
    let Some(after) = after.window(&due.window.account, &due.window.label) else { return said };
    let goal = limit(settings, &due.window.account);
    let level = end(after);
    said.helps = match reached(after, due.reserve) {
        Some(at) if !helps(due.at, at) => Helps::Not(NoWay::TooLittle),
        Some(at) => Helps::Later(at),
        None if level <= goal + ROUNDED => Helps::Below(found.others.iter().fold(goal, |most, _| most.max(AIM))),
        None => Helps::Lasts,
    };
    if matches!(said.helps, Helps::Not(_)) {
        return said;
    }
    said.level.after = level;
    said.others = found.others;
    said.detours = detours;
    said.plan = plan;
    said
}

/// What was chosen, and the windows that get more to do by it.
pub(super) struct Found {
    pub detours: Detours,
    others: Vec<Level>,
}

/// A cron that may go, and what it takes of the window until its reset.
struct Pick<'a> {
    cron: usize,
    id: &'a CronId,
    share: f64,
    rank: u8,
    ways: Vec<(&'a RouteKey, &'a ModelRef)>,
}

/// Which crons go where until the window comes back.
pub(super) fn choose(scene: &Scenery<'_>, due: &Due<'_>) -> Result<Found, NoWay> {
    let (obs, settings) = (scene.ground.obs, scene.ground.settings);
    if obs.mode != PlanMode::Ordinary {
        return Err(NoWay::Crisis);
    }
    let mut room = Room::new(scene.learned, obs, settings, scene.forecast, due.resets_at);
    let picks = picks(scene, due, &room)?;
    let goal = limit(settings, &due.window.account);
    let level = |room: &Room<'_>| room.level(due.window).map_or(f64::INFINITY, |level| level.after);
    let mut chosen: Vec<(&Pick<'_>, &RouteKey, &ModelRef)> = Vec::new();
    for pick in &picks {
        if level(&room) <= goal {
            break;
        }
        if let Some((route, model)) = pick.ways.iter().find(|(_, model)| room.holds(pick.cron, model)) {
            room.put(pick.cron, model, 1.0);
            chosen.push((pick, route, model));
        }
    }
    if chosen.is_empty() {
        return Err(NoWay::NoRoom);
    }
    // With the last of them fewer of its kind may be enough.
    let last = chosen.last().map(|(pick, ..)| pick.rank);
    for index in (0..chosen.len()).rev() {
        let (pick, _, model) = chosen[index];
        if Some(pick.rank) == last && level(&room) + pick.share <= goal {
            room.put(pick.cron, model, -1.0);
            chosen.remove(index);
        }
    }
    let detour = |route: &RouteKey| Detour { route: route.clone(), until: due.resets_at };
    let detours = chosen.iter().map(|(pick, route, _)| (pick.id.clone(), detour(route))).collect();
    Ok(Found { detours, others: room.filled() })
}

/// Everything that may go somewhere, in the order in which it should.
fn picks<'a>(scene: &'a Scenery<'_>, due: &Due<'_>, room: &Room<'_>) -> Result<Vec<Pick<'a>>, NoWay> {
    let obs = scene.ground.obs;
    let rate = scene.learned.rate(&due.window.account, &due.window.label).ok_or(NoWay::OtherUse)?;
    let on_it = scene.forecast.coming.crons.iter().enumerate().filter(|(_, coming)| {
        coming.account == due.window.account
            && due.window.covers.covers(&coming.model)
            && coming.foretold == Foretold::Told
    });
    let share =
        |index: usize, id: &CronId| f64::from(room.n_starts(index, scene.forecast.at, due.resets_at)) * rate.takes(id);
    let on_it: Vec<(usize, &CronId, f64)> =
        on_it.map(|(index, coming)| (index, &coming.cron, share(index, &coming.cron))).collect();
    let on_it: Vec<_> = on_it.into_iter().filter(|(.., share)| *share >= LEAST).collect();
    if on_it.is_empty() {
        return Err(NoWay::OtherUse);
    }
    let mut picks = Vec::new();
    for (index, id, share) in on_it {
        let Some((cron, entry)) = obs.crons.get(id).zip(obs.tiers.get(id)) else { continue };
        if may_move(scene, cron, entry) {
            let last = entry.critical || entry.ask_first;
            let rank = u8::from(last) * 2 + u8::from(entry.tier == Tier::T1);
            let own = &scene.forecast.coming.crons[index].model;
            picks.push(Pick { cron: index, id, share, rank, ways: ways(scene, due.window, entry, own) });
        }
    }
    if picks.is_empty() {
        return Err(NoWay::NoneMayMove);
    }
    picks.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| b.share.total_cmp(&a.share)).then_with(|| a.id.cmp(b.id)));
    Ok(picks)
}

/// Nobody's decision about it would be overruled, and nothing else is about to happen to it.
fn may_move(scene: &Scenery<'_>, cron: &Cron, entry: &TierEntry) -> bool {
    let obs = scene.ground.obs;
    // One that was sent somewhere already goes back from there, and nowhere else.
    let sent = entry.detour.as_ref().is_some_and(|detour| detour.until > obs.at);
    let decided = entry.pinned.is_some() || entry.hold.is_some() || sent;
    let underway = obs.busy.contains(&cron.id) || obs.edited.contains(&cron.id) || obs.ledger.contains_key(&cron.id);
    let agreed = cron.made_by != MadeBy::Agent || entry.edit_agent_made;
    cron.routable() && cron.enabled && agreed && !decided && !underway && !near_off(cron)
}

/// The routes of its chain that serve and do not draw on the window, in the chain's order.
fn ways<'a>(
    scene: &'a Scenery<'_>,
    window: &WindowForecast,
    entry: &TierEntry,
    own: &ModelRef,
) -> Vec<(&'a RouteKey, &'a ModelRef)> {
    let chain = scene.ground.chains.of(entry.tier, entry.critical && entry.above_guard);
    let draws = |model: &ModelRef| model.account() == window.account && window.covers.covers(model);
    let mut serving: Vec<&Link> = chain.links.iter().filter(|link| link.serves()).collect();
    if scene.to == To::Cheapest {
        let paid = |link: &Link| {
            let by_token = |model: &ModelRef| scene.ground.settings.pays(&model.account()) == Pays::ByToken;
            link.model.as_ref().is_some_and(by_token)
        };
        // Of equals the first of the chain.
        serving.sort_by(|a, b| {
            let price = |link: &Link| if paid(link) { link.output_price } else { None };
            paid(a).cmp(&paid(b)).then_with(|| cheaper(price(a), price(b)))
        });
    }
    let ways = serving.into_iter().filter_map(|link| Some((&link.key, link.model.as_ref()?)));
    ways.filter(|(_, model)| *model != own && !draws(model)).collect()
}
