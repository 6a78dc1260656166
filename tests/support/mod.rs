//! What several tests lean on.

mod rig;

pub use rig::{Rig, Running};
