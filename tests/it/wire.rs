//! The gateway client against a scripted peer that plays what a real gateway was seen to answer, and
//! against a real gateway where one runs.

mod real;
