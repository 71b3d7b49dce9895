//! Connected parts of a mask, found on its runs.

use super::mask::Mask;

/// Pixels `start..end` of row `y` that belong to part `part`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub y: usize,
    pub start: usize,
    pub end: usize,
    pub part: usize,
}

/// The parts of a mask.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Runs from the top, each row from the left.
    pub runs: Vec<Run>,
    /// Pixels of each part.
    pub area: Vec<usize>,
}

impl Parts {
    /// Parts of a mask; `diagonal` joins pixels that only touch at a corner.
    pub fn of(mask: &Mask, diagonal: bool) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let mut parent: Vec<usize> = Vec::new();
        let reach = usize::from(diagonal);
        let mut above = 0..0;
        for y in 0..mask.height {
            let (row, first) = (mask.row(y), runs.len());
            let mut next = above.start;
            let mut x = 0;
            while let Some(start) = find_bit(row, x, 0) {
                let end = find_bit(row, start, u64::MAX).map_or(mask.width, |e| e.min(mask.width));
                let part = parent.len();
                parent.push(part);
                while next < above.end && runs[next].end + reach <= start {
                    next += 1;
                }
                let mut touch = next;
                while touch < above.end && runs[touch].start < end + reach {
                    join(&mut parent, part, runs[touch].part);
                    touch += 1;
                }
                runs.push(Run { y, start, end, part });
                x = end;
            }
            above = first..runs.len();
        }
        let mut number = vec![usize::MAX; parent.len()];
        let mut area = Vec::new();
        for run in &mut runs {
            let root = find(&mut parent, run.part);
            if number[root] == usize::MAX {
                number[root] = area.len();
                area.push(0);
            }
            run.part = number[root];
            area[run.part] += run.end - run.start;
        }
        Self { runs, area }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.area.len()
    }
}

/// The first bit from `x` on that is set after all were flipped by `flip`.
fn find_bit(row: &[u64], x: usize, flip: u64) -> Option<usize> {
    let mut word = (row.get(x / 64)? ^ flip) & u64::MAX << (x % 64);
    let mut i = x / 64;
    while word == 0 {
        i += 1;
        word = row.get(i)? ^ flip;
    }
    Some(i * 64 + word.trailing_zeros() as usize)
}

fn find(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(parent, a), find(parent, b));
    // The older number stays the root, so numbering does not depend on the order of joins.
    parent[a.max(b)] = a.min(b);
}
