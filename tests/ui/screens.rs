//! The screens beside the board: by label and keyboard, in the room they have at 1024×700.

#[path = "../support/providers.rs"]
pub mod accounts;
#[path = "../support/screens.rs"]
pub mod scene;

mod activity;
mod drawer;
mod plan;
mod providers;
mod quotas;
mod settings;
mod transfer;
mod welcome;
mod what_if;

use egui::accesskit::Role;
use egui::{Key, Theme, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::tz::TimeZone;
use model_orchestrator::engine::{Command, Edit, SettingsChange, Snapshot};
use model_orchestrator::ui::action::Action;
use model_orchestrator::ui::theme;

use scene::Scene;

/// What a screen has at 1280×800, and at 1024×700 with the sidebar folded.
const WIDE: [f32; 2] = [1104.0, 726.0];
const NARROW: [f32; 2] = [972.0, 600.0];

/// One screen, what it draws, and what it was asked for.
struct Stage<V> {
    view: V,
    snapshot: Snapshot,
    wishes: Vec<Action>,
}

type Draw<V> = fn(&mut V, &mut Ui, &Snapshot, &TimeZone) -> Vec<Action>;

fn stage<V: 'static>(view: V, draw: Draw<V>, scene: Scene, size: [f32; 2]) -> Harness<'static, Stage<V>> {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(Theme::Dark)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(
            move |ui, stage: &mut Stage<V>| {
                let margin = egui::Margin::same(16);
                let wishes = egui::Frame::new()
                    .inner_margin(margin)
                    .show(ui, |ui| draw(&mut stage.view, ui, &stage.snapshot, &zone));
                stage.wishes.extend(wishes.inner);
            },
            Stage { view, snapshot: scene.snapshot, wishes: Vec::new() },
        );
    settle(&mut harness);
    harness
}

/// A few frames; labels that count ask for frames for ever.
fn settle<V>(harness: &mut Harness<'_, Stage<V>>) {
    harness.run_steps(4);
}

/// What can be operated under that name; texts of the same words are passed over.
fn control<'h, V>(harness: &'h Harness<'_, Stage<V>>, label: &'h str) -> egui_kittest::Node<'h> {
    harness.get_by(move |node| node.role() != Role::Label && node.label().as_deref() == Some(label))
}

fn click<V>(harness: &mut Harness<'_, Stage<V>>, label: &str) {
    harness.get_by_label(label).click();
    settle(harness);
}

fn key<V>(harness: &mut Harness<'_, Stage<V>>, key: Key) {
    harness.key_press(key);
    settle(harness);
}

/// Writes into the field with that name, after what stands there.
fn write<V>(harness: &mut Harness<'_, Stage<V>>, label: &str, text: &str) {
    control(harness, label).focus();
    harness.step();
    control(harness, label).type_text(text);
    settle(harness);
}

fn change<V>(harness: &mut Harness<'_, Stage<V>>, change: impl FnOnce(&mut Snapshot)) {
    let snapshot = &mut harness.state_mut().snapshot;
    change(snapshot);
    snapshot.revision += 1;
    settle(harness);
}

/// What the engine was told, oldest first; nothing is told twice by accident.
fn told<V>(harness: &Harness<'_, Stage<V>>) -> Vec<Command> {
    let command = |wish: &Action| match wish {
        Action::Tell(command) => Some(command.clone()),
        _ => None,
    };
    harness.state().wishes.iter().filter_map(command).collect()
}

fn edits<V>(harness: &Harness<'_, Stage<V>>) -> Vec<Edit> {
    let edit = |command| match command {
        Command::Edit(edit) => Some(edit),
        _ => None,
    };
    told(harness).into_iter().filter_map(edit).collect()
}

fn changes<V>(harness: &Harness<'_, Stage<V>>) -> Vec<SettingsChange> {
    let change = |command| match command {
        Command::Settings(change) => Some(change),
        _ => None,
    };
    told(harness).into_iter().filter_map(change).collect()
}

/// Everything a screen reader could read out.
fn read_out<V>(harness: &Harness<'_, Stage<V>>) -> Vec<String> {
    let said = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        [node.label(), node.value(), node.description()]
    };
    harness.root().children_recursive().flat_map(said).flatten().collect()
}

fn says<V>(harness: &Harness<'_, Stage<V>>, text: &str) -> bool {
    read_out(harness).iter().any(|said| said.contains(text))
}

/// Nothing that can be pressed lies outside the room the screen has.
fn fits<V>(harness: &Harness<'_, Stage<V>>, size: [f32; 2], labels: &[&str]) {
    let room = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
    for label in labels {
        let rect = control(harness, label).rect();
        assert!(room.contains_rect(rect), "{label} at {rect:?} is not inside {room:?}");
    }
}

/// As long as the gateway allows, with a Chinese beginning and an emoji.
fn long_name() -> String {
    format!("余额周报 📈 {}", "a very long name ".repeat(12))
}
