//! Small parts that several screens draw: marks, chips, pills, buttons, sections, sliders, cut text.
//!
//! Each takes what it shows and returns the toolkit's answer; none knows the engine.

mod button;
mod clock;
mod kept;
mod keys;
mod mark;
mod section;
mod tag;
mod text;
mod track;

pub use button::*;
pub use clock::*;
pub use kept::*;
pub use keys::*;
pub use mark::*;
pub use section::*;
pub use tag::*;
pub use text::*;
pub use track::*;
