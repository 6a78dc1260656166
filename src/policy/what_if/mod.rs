//! What would be: what is, brought to another moment and changed as somebody supposes, and the plan that the ordinary
//! rules make of it.
//!
//! In reading order: time goes on, things are supposed, what would be done, which runs would fail.

mod later;

mod suppose;

mod failing;
mod prospect;

pub use prospect::prospect;
pub use suppose::{Variant, supposed};
