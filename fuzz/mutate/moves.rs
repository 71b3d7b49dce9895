//! Records of a stream that go, come twice, change places, or come from another stream.

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

impl Edit {
    /// The edit of this number, 0 to 8, at two places.
    pub fn of(kind: usize, a: usize, b: usize) -> Self {
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
    }
}

/// Does it, with another stream's records at hand.
pub fn apply<T: Clone + AsRef<[u8]>>(edit: &Edit, mine: &mut Vec<T>, other: &[T]) {
    let n = mine.len().max(1);
    let (m, from) = (|i: usize| i % n, |i: usize| other[i % other.len()].clone());
    if mine.is_empty() || other.is_empty() {
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
            let starts: Vec<_> = (0..n).filter(|k| matches!(mine[*k].as_ref().first(), Some(2 | 3))).collect();
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
