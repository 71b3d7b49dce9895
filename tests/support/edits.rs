//! Random edits of a stream's records, for the tests that change streams.

use proptest::prelude::*;

use super::seal::records;

#[path = "../../fuzz/mutate/moves.rs"]
mod moves;
pub use moves::{Edit, apply};

/// Any edit.
pub fn edit() -> impl Strategy<Value = Edit> {
    let (a, b) = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (0..9usize, a, b).prop_map(|(kind, a, b)| Edit::of(kind, a.index(64), b.index(64)))
}

/// The records of a container of one stream.
pub fn split(container: &[u8]) -> Vec<Vec<u8>> {
    records(container).into_iter().map(|(_, r)| container[r].to_vec()).collect()
}
