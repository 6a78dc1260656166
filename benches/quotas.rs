//! CPU work of one frame of the Quotas screen, from layout to triangles, while it is panned and zoomed: a thousand crons that
//! start a hundred thousand times a week, twelve accounts with three windows each, after thirty days.
//!
//! To compare with: 8 ms, half of a frame on a 60 Hz screen.
//!
//! Run: `cargo bench --bench quotas`.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark prints")]

#[path = "support/busy.rs"]
#[allow(dead_code, reason = "the forecast's own benchmark uses more of it")]
mod busy;
#[path = "../tests/support/board.rs"]
#[allow(dead_code, clippy::wildcard_imports, reason = "a test world needs most nouns; the tests use more of it")]
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use egui::epaint::Primitive;
use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, RawInput, Rect, TouchPhase, pos2, vec2};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{Outlook, Settings};
use model_orchestrator::engine::{Foresight, Snapshot};
use model_orchestrator::ui::screens::quotas::Quotas;
use model_orchestrator::ui::theme;

fn snapshot() -> Snapshot {
    let obs = busy::observe();
    let settings = Settings::default();
    let accounts = obs.catalog.accounts().into_iter().map(|id| (id.clone(), settings.account(&id)));
    Snapshot {
        accounts: Arc::new(accounts.collect()),
        at: obs.at,
        history: Arc::new(busy::history(&obs)),
        crons: obs.crons,
        tiers: obs.tiers,
        catalog: obs.catalog,
        fleet: obs.fleet,
        ..support::World::default().snapshot()
    }
}

/// The screen in a context of its own, with a forecast as far as it wants one.
struct Desk {
    ctx: egui::Context,
    screen: Quotas,
    snapshot: Snapshot,
    foresight: Foresight,
    outlook: Option<(SignedDuration, Outlook)>,
    /// Of the newest frame.
    n_triangles: usize,
}

impl Desk {
    fn new() -> Self {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let (screen, foresight) = (Quotas::default(), Foresight::default());
        let mut desk = Self { ctx, screen, snapshot: snapshot(), foresight, outlook: None, n_triangles: 0 };
        for _ in 0..3 {
            desk.frame(Vec::new());
        }
        desk
    }

    /// Layout and tessellation, as the window does them, in milliseconds; the forecast is another thread's.
    fn frame(&mut self, events: Vec<Event>) -> f64 {
        let ahead = self.screen.ahead();
        if self.outlook.as_ref().is_none_or(|(reach, _)| *reach != ahead) {
            let outlook = self.foresight.outlook(&self.snapshot, self.snapshot.at + ahead);
            self.outlook = Some((ahead, outlook));
        }
        let outlook = self.outlook.as_ref().map(|(_, outlook)| outlook);
        let started = Instant::now();
        let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0)));
        let input = RawInput { screen_rect, events, ..RawInput::default() };
        let output = self.ctx.run_ui(input, |ui| {
            egui::CentralPanel::default().show(ui, |ui| {
                black_box(self.screen.ui(ui, &self.snapshot, outlook, &TimeZone::UTC));
            });
        });
        let shapes = output.shapes.clone();
        let scale = output.pixels_per_point;
        output.drop_without_applying_deltas();
        let meshes = black_box(self.ctx.tessellate(shapes, scale));
        let took = started.elapsed().as_secs_f64() * 1e3;
        self.n_triangles = meshes.iter().map(|mesh| triangles(&mesh.primitive)).sum();
        took
    }
}

fn triangles(primitive: &Primitive) -> usize {
    match primitive {
        Primitive::Mesh(mesh) => mesh.indices.len() / 3,
        Primitive::Callback(_) => 0,
    }
}

fn moved(x: f32) -> Event {
    Event::PointerMoved(pos2(x, 300.0))
}

fn button(x: f32, pressed: bool) -> Event {
    let modifiers = Modifiers::NONE;
    Event::PointerButton { pos: pos2(x, 300.0), button: PointerButton::Primary, pressed, modifiers }
}

/// To and fro with the button down.
fn pan(step: u16) -> Vec<Event> {
    let phase = f32::from(step % 200);
    let x = 400.0 + 5.0 * if phase < 100.0 { phase } else { 200.0 - phase };
    if step == 0 { vec![moved(x), button(x, true)] } else { vec![moved(x)] }
}

/// In and out again around the pointer.
fn zoom(step: u16) -> Vec<Event> {
    let y = if step % 60 < 30 { 12.0 } else { -12.0 };
    let (unit, phase) = (MouseWheelUnit::Point, TouchPhase::Move);
    let (source, modifiers) = (MouseWheelSource::Wheel, Modifiers::CTRL);
    vec![moved(700.0), Event::MouseWheel { source, unit, delta: vec2(0.0, y), phase, modifiers }]
}

fn hover(step: u16) -> Vec<Event> {
    vec![moved(300.0 + f32::from(step % 900))]
}

/// What a person feels is the slowest frame, not the mean: 2,000 frames each.
fn main() {
    type Events = fn(u16) -> Vec<Event>;
    let n_starts = Foresight::default()
        .forecast(&snapshot(), None, busy::now() + SignedDuration::from_hours(7 * 24))
        .coming
        .starts
        .len();
    println!("{} crons, {n_starts} starts in a week\n", busy::N_CRONS);
    println!("{:<28} {:>8} {:>8} {:>8} {:>11}", "frame, ms", "p50", "p99", "max", "triangles");
    for (name, events) in [("hover", hover as Events), ("pan", pan), ("zoom", zoom)] {
        let mut desk = Desk::new();
        let mut took: Vec<f64> = (0..2_000).map(|step| desk.frame(events(step))).collect();
        assert!(desk.n_triangles > 1_000, "the windows are drawn: {}", desk.n_triangles);
        took.sort_by(f64::total_cmp);
        let at = |share: usize| took[took.len() * share / 1000 - 1];
        println!("{name:<28} {:>8.3} {:>8.3} {:>8.3} {:>11}", at(500), at(990), at(1000), desk.n_triangles);
    }
}
