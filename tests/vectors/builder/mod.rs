//! An independent writer of the container, made from vidveil-stream(5) with ring alone. It shares no code with the
//! crate, so that a mistake in `src/format` or `src/seal` cannot hide itself in the vectors.

pub mod build;
pub mod case_bonds;
mod case_ends;
pub mod case_header;
pub mod case_keys;
pub mod case_large;
pub mod case_order;
pub mod case_plain;
pub mod case_sealed;
pub mod case_signed;
pub mod case_slots;
pub mod case_success;
pub mod cases;
pub mod file;
pub mod material;
mod parts;
pub mod reader;
pub mod schedule;
pub mod specs;
pub mod wire;
