//! Which segments are the oldest, and too many.

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Nothing that ended longer ago than this, ns.
    pub keep_ns: Option<i64>,
    /// No more bytes than this.
    pub keep_bytes: Option<u64>,
}

impl Limits {
    /// There is no limit.
    pub fn is_none(&self) -> bool {
        *self == Limits::default()
    }
}

/// A finished segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged {
    /// Its size.
    pub bytes: u64,
    /// UTC of its end, ns, as far as it is known.
    pub to_ns: Option<i64>,
}

/// How many of the segments, oldest first, are to be removed. `writing` is the size of the one that is being written,
/// in bytes, which stays.
///
/// Segments go from the oldest on, and never one without all that are older: a recording is shortened, it gets no
/// holes. A segment without a time is as old as the one after it.
pub fn oldest_to_remove(segments: &[Aged], writing: u64, limits: Limits, now_ns: i64) -> usize {
    let by_age = limits.keep_ns.map_or(0, |keep| {
        let young = |s: &Aged| s.to_ns.is_some_and(|to| to > now_ns.saturating_sub(keep));
        let old = segments.iter().take_while(|s| !young(s)).count();
        segments.iter().take(old).rposition(|s| s.to_ns.is_some()).map_or(0, |i| i + 1)
    });
    let by_size = limits.keep_bytes.map_or(0, |keep| {
        let mut held = segments.iter().fold(writing, |sum, s| sum.saturating_add(s.bytes));
        segments
            .iter()
            .take_while(|s| {
                held > keep && {
                    held = held.saturating_sub(s.bytes);
                    true
                }
            })
            .count()
    });
    by_age.max(by_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[Option<i64>]) -> Vec<Aged> {
        times.iter().map(|to_ns| Aged { bytes: 10, to_ns: *to_ns }).collect()
    }

    #[test]
    fn what_ended_before_the_limit_goes() {
        let segments = of(&[Some(100), Some(200), Some(300)]);
        let at = |now| oldest_to_remove(&segments, 0, Limits { keep_ns: Some(50), keep_bytes: None }, now);
        assert_eq!([at(149), at(150), at(251), at(1000), at(i64::MIN)], [0, 1, 2, 3, 0]);
    }

    #[test]
    fn one_without_a_time_goes_with_the_next() {
        let keep = Limits { keep_ns: Some(50), keep_bytes: None };
        assert_eq!(oldest_to_remove(&of(&[None, Some(100), None, Some(900)]), 0, keep, 500), 2);
        assert_eq!(oldest_to_remove(&of(&[None, None]), 0, keep, 500), 0);
        assert_eq!(oldest_to_remove(&of(&[Some(900), Some(100)]), 0, keep, 500), 0, "no holes");
    }

    #[test]
    fn the_size_counts_what_is_being_written() {
        let segments = of(&[Some(1), Some(2), Some(3)]);
        let with =
            |writing, keep| oldest_to_remove(&segments, writing, Limits { keep_ns: None, keep_bytes: Some(keep) }, 0);
        assert_eq!(
            [with(0, 30), with(1, 30), with(10, 30), with(11, 30), with(99, 30), with(0, 0)],
            [0, 1, 1, 2, 3, 3]
        );
    }
}
