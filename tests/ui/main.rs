//! Screens by label and keyboard, without a window.

mod board;
mod crisis;
mod elsewhere;
mod keyboard;
mod screens;
mod shell;

#[path = "../support/board.rs"]
mod support;
