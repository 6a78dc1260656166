//! The program and its engine against a real OpenClaw gateway with mock model providers.
//!
//! Every test is ignored, because it needs npm: `tests/gateway/run.sh` installs and starts the
//! gateway and runs them one after another. `stock` expects the built-in configuration of
//! `tests/gateway/start.sh`, `single` one with a single model provider.

mod checks;
mod crisis;
mod engine;
mod fires;
mod gateway;
mod owner;
mod program;
mod secrets;
mod serve;
mod single;
mod speed;
mod stock;
