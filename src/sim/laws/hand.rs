//! Laws of the user's hand: what is off stays off, what they changed is theirs, what is held is left alone.

use jiff::{SignedDuration, Timestamp};

use super::past::{OffBy, Past, agreed};
use super::write::Write;
use super::{Broken, Law};
use crate::domain::{ChangeKind, Reason, Switch};

pub(super) fn judge(write: &Write<'_>, past: &Past, now: Timestamp) -> Option<Broken> {
    switched_on(write, past)
        .or_else(|| overwritten(write, past))
        .or_else(|| paused_again(write, past, now))
        .or_else(|| left_alone(write, past, now))
        .or_else(|| run_ended(write, past, now))
}

fn kind(write: &Write<'_>) -> Option<ChangeKind> {
    write.change().map(|change| change.kind)
}

fn switched_on(write: &Write<'_>, past: &Past) -> Option<Broken> {
    // Taking a pause back is asked for with that pause in sight.
    if !write.switches_on() || kind(write) == Some(ChangeKind::Undo) {
        return None;
    }
    let asked = past.asked(write);
    let law = match past.track(write.before).off_by? {
        OffBy::Us | OffBy::Doubt => return None,
        // Offered, and somebody agreed.
        OffBy::Gateway if asked => return None,
        OffBy::Gateway | OffBy::Others => Law::OnlyOursIsResumed,
        OffBy::Start => Law::OffStaysOff,
    };
    Some((law, write.name()))
}

/// A field that is given back is still what we wrote.
fn overwritten(write: &Write<'_>, past: &Past) -> Option<Broken> {
    let change = write.change()?;
    let theirs = if change.kind == ChangeKind::Undo {
        // The newest word of this program on that field is what stands there.
        let ours = |changes: &dyn Fn(&Switch) -> bool| {
            let of_cron = write.desk.disk.switches.iter().filter(|switch| switch.cron == change.cron);
            of_cron.filter(|switch| changes(switch)).max_by_key(|switch| switch.at).map(|switch| &switch.to)
        };
        let was = write.before.fields();
        let model = ours(&|switch| switch.from.model != switch.to.model);
        let fallbacks = ours(&|switch| switch.from.fallbacks != switch.to.fallbacks);
        let enabled = ours(&|switch| switch.from.enabled != switch.to.enabled);
        write.patch.model.is_some() && model.is_none_or(|to| to.model != was.model)
            || write.patch.fallbacks.is_some() && fallbacks.is_none_or(|to| to.fallbacks != was.fallbacks)
            || write.patch.enabled.is_some() && enabled.is_none_or(|to| to.enabled != was.enabled)
    } else if change.reason == Reason::GivenBack {
        let theirs = past.track(write.before).theirs_for(write.by, write.before);
        let pin = write.desk.disk.tiers.get(&change.cron).and_then(|entry| entry.pinned.as_ref());
        // What is pinned elsewhere is their newest word.
        let pinned = pin.is_some_and(|pin| pin.model.is_some());
        !pinned && (theirs.model && write.patch.model.is_some() || theirs.fallbacks && write.patch.fallbacks.is_some())
    } else {
        false
    };
    theirs.then(|| (Law::UsersFieldStays, write.name()))
}

/// The program remembers for a day what it paused; a little less, as clocks are set.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(22);

/// What it paused last is on: a person wanted that, and is not to be worn out.
fn paused_again(write: &Write<'_>, past: &Past, now: Timestamp) -> Option<Broken> {
    let id = &write.before.id;
    let wanted = past.asked(write) || past.pause_asked(write.by, id, now) || kind(write) == Some(ChangeKind::Undo);
    if !write.pauses() || wanted || past.unseen(id) {
        return None;
    }
    let newest = write.desk.disk.switches.iter().find(|switch| switch.cron == *id)?;
    let clock = now.checked_add(write.desk.skew).unwrap_or(now);
    let lately = (SignedDuration::ZERO..REMEMBERED).contains(&clock.duration_since(newest.at));
    let ours = !newest.to.enabled && newest.undone_by.is_none() && lately;
    ours.then(|| (Law::UsersFieldStays, format!("paused again since somebody switched it on: {}", write.name())))
}

fn left_alone(write: &Write<'_>, past: &Past, now: Timestamp) -> Option<Broken> {
    let change = write.change()?;
    if change.kind == ChangeKind::Undo || !past.mapping_stands(write.by, &change.cron, now) {
        return None;
    }
    if !write.before.routable() && !change.gives_back() {
        return Some((Law::HeldStays, write.name()));
    }
    let sorted = write.desk.disk.tiers.contains_key(&change.cron);
    if !sorted && !change.gives_back() {
        return Some((Law::HeldStays, write.name()));
    }
    let entry = agreed(write.desk, &change.cron)?;
    if entry.hold.is_some() {
        return Some((Law::HeldStays, write.name()));
    }
    let pin = entry.pinned.as_ref()?;
    let (written, gives_back) = (write.patch.model.as_ref()?, change.gives_back());
    let pinned = pin.model.as_ref().is_some_and(|model| written.as_deref() == Some(model.as_str()));
    (!pinned && !gives_back).then(|| (Law::PinStays, write.name()))
}

/// A run that began just now may not be known yet.
const NEWS_TAKES: SignedDuration = SignedDuration::from_secs(5);

/// The gateway ends the run of a cron that is switched off.
fn run_ended(write: &Write<'_>, past: &Past, now: Timestamp) -> Option<Broken> {
    let since = write.before.running_since.filter(|_| write.pauses())?;
    let seen = write.desk.picture?.crons.get(&write.before.id).is_some_and(|cron| cron.running_since.is_some());
    let long = now.duration_since(since) > NEWS_TAKES;
    let asked = past.pause_asked(write.by, &write.before.id, now) || kind(write) == Some(ChangeKind::Undo);
    (seen && long && !asked).then(|| (Law::RunsEnd, write.name()))
}
