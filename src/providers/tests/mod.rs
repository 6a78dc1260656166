//! What may be asked of providers.

mod requests;
