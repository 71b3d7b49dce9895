//! Base: what every service needs and none of it owns: text, clocks, values of options, stop and reports.

pub(crate) mod clock;
pub mod parse;
pub mod text;

pub use clock::{SystemClock, random_id, wall_ns};
