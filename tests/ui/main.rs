//! Screens by label and keyboard, without a window.

mod advice;
mod board;
mod crisis;
mod elsewhere;
mod keyboard;
mod lit;
mod screens;
mod shell;

#[path = "../support/board.rs"]
mod support;

#[path = "../support/rig.rs"]
#[expect(dead_code, reason = "other tests lean on the rest of it")]
mod rig;
