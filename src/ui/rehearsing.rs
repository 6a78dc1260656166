//! A rehearsal that is under way on a thread of its own: how far it is, what came of it, and the way to end it early.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use egui::Context;

use crate::domain::{Drill, Rehearsal};
use crate::engine::Snapshot;
use crate::sim;

/// In thousandths: fine enough for a bar.
const WHOLE: f32 = 1000.0;

#[derive(Debug, Default)]
pub enum Rehearsing {
    #[default]
    Nothing,
    UnderWay(UnderWay),
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
pub struct UnderWay {
    drill: Drill,
    part: Arc<AtomicU32>,
    /// Nobody waits for it any more.
    ended: Arc<AtomicBool>,
    answer: Receiver<Option<Rehearsal>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Rehearsing {
    /// Begins one, instead of one that may be under way.
    #[must_use]
    pub fn begin(ctx: &Context, seen: &Snapshot, drill: Drill) -> Self {
        let (part, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let (send, answer) = sync_channel(1);
        let under_way = UnderWay { drill: drill.clone(), part: part.clone(), ended: ended.clone(), answer };
        let (ctx, seen) = (ctx.clone(), seen.clone());
        let work = move || {
            let mut progress = |lived: f32| {
                let lived = (lived * WHOLE) as u32;
                if part.swap(lived, Ordering::Relaxed) != lived {
                    ctx.request_repaint_after(Duration::from_millis(1));
                }
                if ended.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            // Nobody waits for it when that fails.
            send.send(sim::rehearse(&seen, &drill, &mut progress)).ok();
            ctx.request_repaint_after(Duration::from_millis(1));
        };
        match thread::Builder::new().name("rehearsal".to_owned()).spawn(work) {
            Ok(_) => Self::UnderWay(under_way),
            Err(error) => {
                tracing::warn!(%error, "no thread for a rehearsal");
                Self::Failed
            }
        }
    }

    /// What is rehearsed now.
    pub fn drill(&self) -> Option<&Drill> {
        match self {
            Self::UnderWay(under_way) => Some(&under_way.drill),
            _ => None,
        }
    }

    /// Takes what came of it.
    pub fn listen(&mut self) {
        let Self::UnderWay(under_way) = self else { return };
        match under_way.answer.try_recv() {
            Ok(lived) => self.take(lived),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => *self = Self::Failed,
        }
    }

    /// Waits for it.
    pub fn wait(&mut self) {
        let Self::UnderWay(under_way) = self else { return };
        match under_way.answer.recv() {
            Ok(lived) => self.take(lived),
            Err(_) => *self = Self::Failed,
        }
    }

    fn take(&mut self, lived: Option<Rehearsal>) {
        let Self::UnderWay(under_way) = self else { return };
        let drill = under_way.drill.clone();
        *self = lived.map_or(Self::Failed, |lived| Self::Over(Arc::new(Rehearsed { drill, lived })));
    }

    /// How much of it is lived through, while it is under way.
    #[must_use]
    pub fn part(&self) -> Option<f32> {
        match self {
            Self::UnderWay(under_way) => Some(under_way.part.load(Ordering::Relaxed) as f32 / WHOLE),
            _ => None,
        }
    }

    #[must_use]
    pub fn over(&self) -> Option<&Arc<Rehearsed>> {
        match self {
            Self::Over(rehearsed) => Some(rehearsed),
            _ => None,
        }
    }
}
