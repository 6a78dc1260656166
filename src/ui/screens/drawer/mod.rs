//! The details of one cron.

pub mod explain;
