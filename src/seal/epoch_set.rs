//! The epochs of a stream that were seen.

use std::collections::BTreeMap;

use super::granted::Epochs;

/// The maximum number of runs that are kept. There are several only where a fault was found before.
const RUNS: usize = 1 << 12;

/// Numbers of epochs, as runs.
#[derive(Debug, Default)]
pub(super) struct EpochSet {
    /// The last epoch of each run by its first one. No two runs touch.
    runs: BTreeMap<u64, u64>,
}

impl EpochSet {
    /// Adds epochs.
    pub fn add(&mut self, added: Epochs) {
        let Epochs { mut first, mut last } = added;
        // those that overlap or touch it become one with it
        while let Some((&from, &to)) = self.runs.range(..=last.saturating_add(1)).next_back() {
            if to.saturating_add(1) < first {
                break;
            }
            self.runs.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        if self.runs.len() < RUNS {
            self.runs.insert(first, last);
        }
    }

    /// The first epochs of `all` that were seen, if some were.
    pub fn seen(&self, all: Epochs) -> Option<Epochs> {
        let before = self.runs.range(..=all.first).next_back().filter(|(_, last)| **last >= all.first);
        let run = before.or_else(|| self.runs.range(all.first..=all.last).next());
        run.map(|(&first, &last)| Epochs { first: first.max(all.first), last: last.min(all.last) })
    }

    /// The first epochs of `all` that were not seen, if some were not.
    pub fn unseen(&self, all: Epochs) -> Option<Epochs> {
        let mut first = all.first;
        while let Some(seen) = self.seen(Epochs { first, last: all.last }) {
            if seen.first > first {
                return Some(Epochs { first, last: seen.first - 1 });
            }
            first = seen.last.checked_add(1).filter(|next| *next <= all.last)?;
        }
        Some(Epochs { first, last: all.last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a set of single numbers, for every set of runs up to a size.
    #[test]
    fn runs_say_what_single_numbers_say() {
        let all = || (0..7u64).flat_map(|first| (first..7).map(move |last| Epochs { first, last }));
        for (a, b, c) in all().flat_map(|a| all().flat_map(move |b| all().map(move |c| (a, b, c)))) {
            let mut set = EpochSet::default();
            [a, b].into_iter().for_each(|run| set.add(run));
            let is_in = |n: u64| [a, b].iter().any(|run| (run.first..=run.last).contains(&n));
            let first_run = |wanted: bool| {
                let first = (c.first..=c.last).find(|n| is_in(*n) == wanted)?;
                let last = (first..=c.last).take_while(|n| is_in(*n) == wanted).last()?;
                Some(Epochs { first, last })
            };
            assert_eq!((set.seen(c), set.unseen(c)), (first_run(true), first_run(false)), "{a:?} {b:?} {c:?}");
        }
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        let mut set = EpochSet::default();
        set.add(Epochs { first: u64::MAX, last: u64::MAX });
        set.add(Epochs { first: 0, last: u64::MAX - 1 });
        assert_eq!(set.unseen(Epochs { first: 0, last: u64::MAX }), None);
        assert_eq!(set.seen(Epochs { first: 5, last: u64::MAX }), Some(Epochs { first: 5, last: u64::MAX }));
    }
}
