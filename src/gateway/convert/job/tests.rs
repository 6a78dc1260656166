//! How jobs are read.
