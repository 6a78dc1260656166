//! CPU work of one frame of the board, from layout to triangles, at 50, 1,000 and 10,000 cards.
//!
//! To compare with: a frame may take 16.7 ms on a 60 Hz screen, and the board half of it.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark prints")]

#[path = "../tests/support/board.rs"]
#[allow(dead_code, clippy::wildcard_imports, reason = "a test world needs most nouns; the tests use more of it")]
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use egui::{Event, MouseWheelUnit, RawInput, Rect, TouchPhase, pos2, vec2};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{AccountId, Outlook, ProviderAccount, QuotaWindow, Source, Tier};
use model_orchestrator::engine::{Foresight, Snapshot};
use model_orchestrator::ui::screens::board::Board;
use model_orchestrator::ui::theme;
use support::{FLASH, MINIMAX, World};

fn world(n: usize) -> Snapshot {
    let mut world = World::default();
    for i in 0..n {
        let cron = world.cron(&format!("job {i:05} of the night shift"), Some(Tier::ALL[i % 3]), MINIMAX);
        if i % 7 == 0 {
            cron.goes_to(FLASH);
        }
    }
    world.snapshot()
}

/// The same with the quotas at the foot: two accounts with two windows each, and a million starts to come.
fn with_quotas(n: usize) -> (Snapshot, Arc<Outlook>) {
    let mut snapshot = world(n);
    let window = |label: &str, hours: i64| QuotaWindow {
        resets_at: Some(snapshot.at + SignedDuration::from_hours(hours)),
        ..QuotaWindow::new(label, 0.4, snapshot.at, Source::UsageStatus)
    };
    let windows = [window("5h", 3), window("weekly", 100)].to_vec();
    let accounts = ["google", "minimax"].map(AccountId::new);
    snapshot.accounts = Arc::new(accounts.clone().map(|id| (id.clone(), ProviderAccount::implied(id))).into());
    Arc::make_mut(&mut snapshot.fleet).windows = accounts.map(|id| (id, windows.clone())).into();
    Arc::make_mut(&mut snapshot.settings).window.quota_strip = true;
    let until = snapshot.at + SignedDuration::from_hours(7 * 24);
    let outlook = Foresight::default().outlook(&snapshot, until);
    (snapshot, Arc::new(outlook))
}

/// A board in a context of its own.
struct Desk {
    ctx: egui::Context,
    board: Board,
    snapshot: Snapshot,
    foreseen: Option<Arc<Outlook>>,
    zone: TimeZone,
}

impl Desk {
    fn new(n: usize) -> Self {
        Self::of(world(n), None)
    }

    fn of(snapshot: Snapshot, foreseen: Option<Arc<Outlook>>) -> Self {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let mut desk = Self { ctx, board: Board::default(), snapshot, foreseen, zone: TimeZone::UTC };
        for _ in 0..3 {
            desk.frame(Vec::new());
        }
        desk
    }

    /// Layout and tessellation, as the window does them.
    fn frame(&mut self, events: Vec<Event>) {
        let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0)));
        let input = RawInput { screen_rect, events, ..RawInput::default() };
        let output = self.ctx.run_ui(input, |ui| {
            egui::CentralPanel::default().show(ui, |ui| {
                black_box(self.board.ui(ui, &self.snapshot, self.foreseen.as_ref(), &self.zone));
            });
        });
        let shapes = output.shapes.clone();
        let scale = output.pixels_per_point;
        output.drop_without_applying_deltas();
        black_box(self.ctx.tessellate(shapes, scale));
    }
}

fn wheel(y: f32) -> Event {
    Event::MouseWheel {
        source: egui::MouseWheelSource::Wheel,
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, y),
        phase: TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    }
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("board frame");
    for n in [50, 1_000, 10_000] {
        let mut desk = Desk::new(n);
        let mut step = 0_u16;
        group.bench_with_input(BenchmarkId::new("hover", n), &n, |bencher, _| {
            bencher.iter(|| {
                step = step.wrapping_add(1);
                desk.frame(vec![Event::PointerMoved(pos2(300.0 + f32::from(step % 600), 400.0))]);
            });
        });
        group.bench_with_input(BenchmarkId::new("scroll", n), &n, |bencher, _| {
            bencher.iter(|| desk.frame(vec![Event::PointerMoved(pos2(500.0, 400.0)), wheel(-40.0)]));
        });
        group.bench_with_input(BenchmarkId::new("one cron changed", n), &n, |bencher, _| {
            bencher.iter(|| {
                // Another map with one other cron in it: what an event of the gateway brings.
                let mut crons = (*desk.snapshot.crons).clone();
                if let Some(cron) = crons.values_mut().next() {
                    Arc::make_mut(cron).consecutive_errors ^= 1;
                }
                desk.snapshot.crons = Arc::new(crons);
                desk.frame(Vec::new());
            });
        });
    }
    group.finish();
}

/// What a person feels is the slowest frame, not the mean: 2,000 frames each, in milliseconds.
fn percentiles(_: &mut Criterion) {
    type Events = fn(u16) -> Vec<Event>;
    println!("\n{:<28} {:>8} {:>8} {:>8}", "frame, ms", "p50", "p99", "max");
    for n in [50, 1_000, 10_000] {
        let mut desk = Desk::new(n);
        let hover: Events = |step| vec![Event::PointerMoved(pos2(300.0 + f32::from(step % 600), 400.0))];
        let scroll: Events = |step| {
            let down = if step % 400 < 200 { -40.0 } else { 40.0 };
            vec![Event::PointerMoved(pos2(500.0, 400.0)), wheel(down)]
        };
        for (name, events) in [("hover", hover), ("scroll", scroll)] {
            told(&format!("{n} cards, {name}"), &mut desk, events);
        }
        let (snapshot, outlook) = with_quotas(n);
        let mut desk = Desk::of(snapshot, Some(outlook));
        let windows: Events = |step| vec![Event::PointerMoved(pos2(400.0, 660.0 + f32::from(step % 100)))];
        let bars: Events = |step| vec![Event::PointerMoved(pos2(300.0 + f32::from(step % 800), 770.0))];
        for (name, events) in [("cards", hover), ("windows", windows), ("bars", bars)] {
            told(&format!("{n} cards, quotas, {name}"), &mut desk, events);
        }
    }
}

fn told(name: &str, desk: &mut Desk, events: fn(u16) -> Vec<Event>) {
    let mut took: Vec<f64> = (0..2_000)
        .map(|step| {
            let started = Instant::now();
            desk.frame(events(step));
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took[took.len() * share / 1000 - 1];
    println!("{name:<28} {:>8.3} {:>8.3} {:>8.3}", at(500), at(990), at(1000));
}

criterion_group!(benches, percentiles, frames);
criterion_main!(benches);
