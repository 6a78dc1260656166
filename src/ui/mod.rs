//! The window: draws a snapshot, returns wishes. No I/O, no locks, no planning.

pub mod action;
pub mod app;
pub mod files;
pub mod foreseen;
pub mod icon;
pub mod paused;
pub mod rehearsing;
pub mod rights;
pub mod run;
pub mod screens;
pub mod shell;
pub mod system_theme;
pub mod theme;
pub mod widgets;

pub use run::{Running, Wake, WindowError, run_window};
