//! Random edits of a stream's records, for the tests that change streams.

use proptest::prelude::*;

use super::seal::records;

/// Something done to the records of a stream; numbers count round.
#[derive(Debug, Clone)]
pub enum Edit {
    Drop(usize),
    Repeat(usize),
    Swap(usize, usize),
    Insert(usize, usize),
    Replace(usize, usize),
    /// From here on the other stream.
    Splice(usize, usize),
    Reverse(usize, usize),
    /// Whole epochs: those between two starts or keys records go, or come twice.
    Epochs(usize, usize, bool),
}

/// Any edit.
pub fn edit() -> impl Strategy<Value = Edit> {
    let (a, b) = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (0..9u8, a, b).prop_map(|(kind, a, b)| {
        let (a, b) = (a.index(64), b.index(64));
        match kind {
            0 => Edit::Drop(a),
            1 => Edit::Repeat(a),
            2 => Edit::Swap(a, b),
            3 => Edit::Insert(a, b),
            4 => Edit::Replace(a, b),
            5 => Edit::Splice(a, b),
            6 => Edit::Reverse(a, b),
            kind => Edit::Epochs(a, b, kind == 7),
        }
    })
}

/// Does it, with another stream's records at hand.
pub fn apply(edit: &Edit, mine: &mut Vec<Vec<u8>>, other: &[Vec<u8>]) {
    let n = mine.len().max(1);
    let (m, from) = (|i: usize| i % n, |i: usize| other[i % other.len()].clone());
    if mine.is_empty() {
        return;
    }
    match *edit {
        Edit::Drop(i) => drop(mine.remove(m(i))),
        Edit::Repeat(i) => mine.insert(m(i), mine[m(i)].clone()),
        Edit::Swap(i, j) => mine.swap(m(i), m(j)),
        Edit::Insert(i, j) => mine.insert(m(i), from(j)),
        Edit::Replace(i, j) => mine[m(i)] = from(j),
        Edit::Splice(i, j) => {
            mine.truncate(m(i));
            mine.extend_from_slice(&other[j % other.len()..]);
        }
        Edit::Reverse(i, j) => {
            let (a, b) = (m(i).min(m(j)), m(i).max(m(j)));
            mine[a..=b].reverse();
        }
        Edit::Epochs(i, j, twice) => {
            let starts: Vec<_> = (0..n).filter(|k| matches!(mine[*k][0], 2 | 3)).collect();
            let Some(pick) = starts.len().checked_sub(1) else { return };
            let (a, b) = (starts[i % (pick + 1)], starts[j % (pick + 1)]);
            let run = mine[a.min(b)..a.max(b)].to_vec();
            if twice {
                mine.splice(a..a, run);
            } else {
                mine.drain(a.min(b)..a.max(b));
            }
        }
    }
}

/// The records of a container of one stream.
pub fn split(container: &[u8]) -> Vec<Vec<u8>> {
    records(container).into_iter().map(|(_, r)| container[r].to_vec()).collect()
}
