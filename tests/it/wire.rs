//! The gateway client against a scripted peer that plays what a real gateway was seen to answer, and
//! against a real gateway where one runs.

mod calls;
mod encryption;
mod endings;
mod handshake;
mod news;
mod peer;
mod real;
