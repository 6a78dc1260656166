//! (being built)
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::Discovered;

/// The part of the environment that discovery reads.
#[derive(Clone, Debug, Default)]
pub struct Env {
    pub home: Option<PathBuf>,
    pub vars: BTreeMap<String, String>,
}

/// Gateways of this machine.
#[must_use]
pub fn discover(_env: &Env) -> Vec<Discovered> {
    Vec::new()
}

impl Env {
    /// What this process was started with.
    #[must_use]
    pub fn process() -> Self {
        Self { home: std::env::home_dir(), vars: std::env::vars().collect() }
    }
}
