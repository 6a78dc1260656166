//! The window: draws a snapshot, returns wishes. No I/O, no locks, no planning.

pub mod action;
pub mod files;
pub mod icon;
pub mod screens;
pub mod theme;
pub mod widgets;
