//! A rehearsal on a thread of its own: how far it is, what came of it, and the way to end it early.
//!
//! One thread at a time: who asks for another rehearsal ends the one that is under way, and the new one begins when that is gone and no
//! pointer is held down, so that a slider that is dragged begins one and not a hundred.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use egui::Context;

use crate::domain::{Drill, Rehearsal};
use crate::engine::Snapshot;
use crate::sim;

/// In thousandths: fine enough for a bar.
const WHOLE: f32 = 1000.0;
/// Until it is looked again whether the thread before is gone.
const A_MOMENT: Duration = Duration::from_millis(20);

/// What is rehearsed, or was; and the thread, which may still be about what was asked before.
#[derive(Debug, Default)]
pub struct Rehearsing {
    now: State,
    thread: Option<UnderWay>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Nothing,
    /// Asked for, and not begun.
    Wanted(Drill),
    UnderWay(Drill),
    Over(Arc<Rehearsed>),
    /// It did not come to an end: we were wrong, or there is no thread.
    Failed,
}

/// What was rehearsed, and what came of it.
#[derive(Debug)]
pub struct Rehearsed {
    pub drill: Drill,
    pub lived: Rehearsal,
}

#[derive(Debug)]
struct UnderWay {
    part: Arc<AtomicU32>,
    /// Nobody waits for it any more.
    ended: Arc<AtomicBool>,
    answer: Receiver<Option<Rehearsal>>,
    handle: JoinHandle<()>,
}

impl Drop for Rehearsing {
    fn drop(&mut self) {
        self.end();
    }
}

impl Rehearsing {
    /// Asks for one, instead of any other: [`Rehearsing::keep_up`] begins it.
    pub fn want(&mut self, drill: Drill) {
        self.end();
        self.now = State::Wanted(drill);
    }

    /// Nothing is rehearsed any more, and what was is forgotten.
    pub fn end(&mut self) {
        if let Some(thread) = &self.thread {
            thread.ended.store(true, Ordering::Relaxed);
        }
        self.now = State::Nothing;
    }

    /// Takes what came of it, and begins what is asked for once nothing is in the way.
    pub fn keep_up(&mut self, ctx: &Context, seen: &Snapshot) {
        self.listen();
        if !matches!(self.now, State::Wanted(_)) {
            return;
        }
        if self.thread.is_some() {
            ctx.request_repaint_after(A_MOMENT);
        } else if !ctx.input(|input| input.pointer.any_down()) {
            // A pointer that is let go is news, which draws anew.
            self.begin(ctx, seen);
        }
    }

    fn begin(&mut self, ctx: &Context, seen: &Snapshot) {
        let State::Wanted(drill) = std::mem::take(&mut self.now) else { return };
        match under_way(ctx, seen, &drill) {
            Ok(thread) => (self.now, self.thread) = (State::UnderWay(drill), Some(thread)),
            Err(error) => {
                tracing::warn!(%error, "no thread for a rehearsal");
                self.now = State::Failed;
            }
        }
    }

    fn listen(&mut self) {
        let Some(thread) = &self.thread else { return };
        match thread.answer.try_recv() {
            Ok(lived) => self.take(lived),
            Err(TryRecvError::Disconnected) => self.take(None),
            Err(TryRecvError::Empty) => {}
        }
        // It is there until it is really gone.
        if !matches!(self.now, State::UnderWay(_)) {
            self.thread.take_if(|thread| thread.handle.is_finished());
        }
    }

    /// Waits for it, where it is under way.
    pub fn wait(&mut self) {
        if !matches!(self.now, State::UnderWay(_)) {
            return;
        }
        let Some(thread) = self.thread.take() else { return };
        let lived = thread.answer.recv().ok().flatten();
        self.take(lived.filter(|_| thread.handle.join().is_ok()));
    }

    fn take(&mut self, lived: Option<Rehearsal>) {
        self.now = match (std::mem::take(&mut self.now), lived) {
            (State::UnderWay(drill), Some(lived)) => State::Over(Arc::new(Rehearsed { drill, lived })),
            (State::UnderWay(_), None) => State::Failed,
            // What was ended has no answer that somebody waits for.
            (other, _) => other,
        };
    }

    /// What is rehearsed now, or will be in a moment.
    #[must_use]
    pub fn drill(&self) -> Option<&Drill> {
        match &self.now {
            State::UnderWay(drill) | State::Wanted(drill) => Some(drill),
            _ => None,
        }
    }

    /// How much of it is lived through, until it is over.
    #[must_use]
    pub fn part(&self) -> Option<f32> {
        match (&self.now, &self.thread) {
            (State::UnderWay(_), Some(thread)) => Some(thread.part.load(Ordering::Relaxed) as f32 / WHOLE),
            (State::Wanted(_), _) => Some(0.0),
            _ => None,
        }
    }

    #[must_use]
    pub fn over(&self) -> Option<&Arc<Rehearsed>> {
        match &self.now {
            State::Over(rehearsed) => Some(rehearsed),
            _ => None,
        }
    }

    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self.now, State::Failed)
    }
}

fn under_way(ctx: &Context, seen: &Snapshot, drill: &Drill) -> std::io::Result<UnderWay> {
    let (part, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (send, answer) = sync_channel(1);
    let (part_there, ended_there) = (part.clone(), ended.clone());
    let (ctx, seen, drill) = (ctx.clone(), seen.clone(), drill.clone());
    let work = move || {
        let mut progress = |lived: f32| {
            let lived = (lived * WHOLE) as u32;
            if part_there.swap(lived, Ordering::Relaxed) != lived {
                ctx.request_repaint_after(Duration::from_millis(1));
            }
            if ended_there.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // Nobody waits for it when that fails.
        send.send(sim::rehearse(&seen, &drill, &mut progress)).ok();
        ctx.request_repaint_after(Duration::from_millis(1));
    };
    let handle = thread::Builder::new().name("rehearsal".to_owned()).spawn(work)?;
    Ok(UnderWay { part, ended, answer, handle })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use egui::{Event, Modifiers, PointerButton, RawInput, pos2};
    use jiff::{SignedDuration, Timestamp, tz::TimeZone};

    use super::*;
    use crate::domain::{AccountId, Hypothesis, OutageLasts, Supposed};
    use crate::engine::World;

    fn now() -> Timestamp {
        "2026-11-27T10:00:00Z".parse().expect("a moment")
    }

    fn drill(minute: i64) -> Drill {
        let at = Some(now() + SignedDuration::from_mins(minute));
        let accounts = [(AccountId::new("kimi"), Supposed::Down)].into();
        let supposed = Hypothesis { at, accounts, ..Hypothesis::default() };
        Drill { supposed, lasts: OutageLasts::For(SignedDuration::from_hours(1)), zone: TimeZone::UTC, seed: 1 }
    }

    fn pointer(pressed: bool) -> RawInput {
        let (pos, button, modifiers) = (pos2(5.0, 5.0), PointerButton::Primary, Modifiers::NONE);
        RawInput { events: vec![Event::PointerButton { pos, button, pressed, modifiers }], ..RawInput::default() }
    }

    fn frame(ctx: &Context, input: RawInput, mut draw: impl FnMut()) {
        ctx.run_ui(input, |_| draw()).textures_delta.clear();
    }

    /// Draws so often, and asks for another one each time.
    fn drag(ctx: &Context, rehearsing: &mut Rehearsing, seen: &Snapshot, minutes: std::ops::Range<i64>) {
        for minute in minutes {
            frame(ctx, RawInput::default(), || {
                rehearsing.want(drill(minute));
                rehearsing.keep_up(ctx, seen);
            });
        }
    }

    #[test]
    fn a_slider_that_is_dragged_begins_one_rehearsal_when_it_is_let_go() {
        let (ctx, mut rehearsing) = (Context::default(), Rehearsing::default());
        let seen = World::new(PathBuf::new(), now()).snapshot(now());
        rehearsing.want(drill(1));
        frame(&ctx, pointer(false), || rehearsing.keep_up(&ctx, &seen));
        let first = rehearsing.thread.as_ref().expect("nothing is in its way").handle.thread().id();
        frame(&ctx, pointer(true), || {});
        drag(&ctx, &mut rehearsing, &seen, 2..60);
        let same = rehearsing.thread.as_ref().is_none_or(|thread| thread.handle.thread().id() == first);
        assert!(same && matches!(rehearsing.now, State::Wanted(_)), "{rehearsing:?}");
        if let Some(thread) = &rehearsing.thread {
            assert!(thread.ended.load(Ordering::Relaxed), "nobody waits for the first one");
            while !thread.handle.is_finished() {
                thread::yield_now();
            }
        }
        drag(&ctx, &mut rehearsing, &seen, 60..70);
        assert!(rehearsing.thread.is_none(), "the pointer is held down: {rehearsing:?}");
        frame(&ctx, pointer(false), || rehearsing.keep_up(&ctx, &seen));
        assert!(
            matches!(rehearsing.now, State::UnderWay(_)),
            "it is let go, and nothing is in the way: {rehearsing:?}"
        );
        rehearsing.wait();
        assert_eq!(rehearsing.over().map(|over| &over.drill), Some(&drill(69)));
    }

    #[test]
    fn another_one_waits_until_the_thread_of_the_one_before_is_gone() {
        let (ctx, mut rehearsing) = (Context::default(), Rehearsing::default());
        let seen = World::new(PathBuf::new(), now()).snapshot(now());
        let (send, answer) = sync_channel(1);
        let (go, gone) = sync_channel::<()>(0);
        // It does not look whether it is ended: a step of it takes long.
        let handle = thread::Builder::new().name("rehearsal".to_owned()).spawn(move || drop((gone.recv(), send)));
        let (part, ended) = (Arc::default(), Arc::default());
        let thread = UnderWay { part, ended, answer, handle: handle.expect("a thread") };
        (rehearsing.now, rehearsing.thread) = (State::UnderWay(drill(1)), Some(thread));
        drag(&ctx, &mut rehearsing, &seen, 2..9);
        assert!(matches!(rehearsing.now, State::Wanted(_)) && rehearsing.part() == Some(0.0), "{rehearsing:?}");
        go.send(()).expect("it listens");
        while rehearsing.over().is_none() {
            frame(&ctx, RawInput::default(), || rehearsing.keep_up(&ctx, &seen));
            thread::yield_now();
        }
        assert_eq!(rehearsing.over().map(|over| &over.drill), Some(&drill(8)));
    }
}
