//! Segments in their order, and what is between them.

use std::collections::BTreeMap;

use crate::base::clock::is_step;
use crate::format::{Continues, Role};

use super::name::Form;
use super::segment::{Segment, SegmentState};

/// A segment and where it is.
#[derive(Debug, Clone)]
pub struct Entry<P> {
    /// Where: a path, a file.
    pub place: P,
    /// What kind of file it is.
    pub form: Form,
    /// Size of the file.
    pub bytes: u64,
    /// What it holds.
    pub segment: Segment,
}

/// What one camera gave, in order.
#[derive(Debug, Clone)]
pub struct Recording<P> {
    /// The camera's name.
    pub camera: String,
    /// Original or public.
    pub role: Role,
    /// Streams by the time of their beginning, and in a stream by epoch.
    pub entries: Vec<Entry<P>>,
}

/// What is between a segment and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// The next epoch of the same stream, which names the close record before it.
    Follows,
    /// Epochs of the stream are not there.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// It does not name the close record before it: one of the two was changed, or is of another recording of that id.
    Broken,
    /// Another stream, which names the one before and its last close record.
    Continued,
    /// Another stream, which names the one before and another last close record: epochs were lost from the end of it.
    ContinuedLater,
    /// Another stream, which does not name the one before.
    New,
}

/// Between the segments `index - 1` and `index` of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seams {
    /// Number of the segment after it.
    pub index: usize,
    /// What it is.
    pub seam: Seam,
    /// UTC of the end before it, ns.
    pub from_ns: Option<i64>,
    /// UTC of the beginning after it, ns.
    pub to_ns: Option<i64>,
    /// By how much the recorder's clock was set in between.
    pub clock_step: Option<ClockStep>,
    /// For how many ns two recordings that do not know of each other were both made, by the clock: it was set back
    /// between them by as much or more, or two recorders wrote at once.
    pub overlap_ns: Option<i64>,
}

/// The recorder's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStep {
    /// By how many ns; negative: back.
    pub ns: i64,
    /// Only the least of it is known: another recording has another monotonic clock.
    pub at_least: bool,
}

/// The recordings that the segments make, by camera and role.
///
/// Of two files that begin with the same epoch of the same stream one counts: a finished one before a repaired one
/// before one that is being written.
pub fn recordings<P>(entries: impl IntoIterator<Item = Entry<P>>) -> Vec<Recording<P>> {
    type Streams<P> = BTreeMap<[u8; 16], Vec<Entry<P>>>;
    let mut cameras: BTreeMap<(String, bool), Streams<P>> = BTreeMap::new();
    for e in entries {
        let s = &e.segment.stream;
        let streams = cameras.entry((s.camera.clone(), s.role == Role::Public)).or_default();
        streams.entry(s.id).or_default().push(e);
    }
    let made = cameras.into_iter().map(|((camera, public), streams)| {
        let mut streams: Vec<Vec<Entry<P>>> = streams.into_values().map(in_order).collect();
        streams.sort_by_key(|s| s.first().and_then(|e| e.segment.from_ns));
        let streams = after_those_they_continue(streams);
        let role = if public { Role::Public } else { Role::Original };
        Recording { camera, role, entries: streams.into_iter().flatten().collect() }
    });
    made.collect()
}

/// Streams by time, but each after the one that it continues: a clock that was set back makes it begin before that one.
fn after_those_they_continue<P>(streams: Vec<Vec<Entry<P>>>) -> Vec<Vec<Entry<P>>> {
    let heads: Vec<_> =
        streams.iter().map(|s| s.first().map(|e| (e.segment.stream.id, e.segment.stream.continues))).collect();
    let by_id: BTreeMap<[u8; 16], usize> = heads.iter().enumerate().filter_map(|(n, h)| Some(((*h)?.0, n))).collect();
    let before = |n: usize| by_id.get(&heads.get(n).copied().flatten()?.1?.stream).copied();
    let mut placed = vec![false; streams.len()];
    let mut order = Vec::with_capacity(streams.len());
    for n in 0..streams.len() {
        let (mut row, mut next) = (Vec::new(), Some(n));
        while let Some(at) = next.filter(|at| !std::mem::replace(placed.get_mut(*at).unwrap_or(&mut true), true)) {
            row.push(at);
            next = before(at);
        }
        order.extend(row.into_iter().rev());
    }
    let mut streams: Vec<Option<Vec<Entry<P>>>> = streams.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| streams.get_mut(n)?.take()).collect()
}

fn in_order<P>(mut stream: Vec<Entry<P>>) -> Vec<Entry<P>> {
    let first = |e: &Entry<P>| e.segment.epochs.map(|(first, _)| first);
    stream.sort_by_key(|e| (first(e), rank(e)));
    stream.dedup_by_key(|e| first(e));
    stream
}

/// A damaged file comes after its repaired copy.
fn rank<P>(e: &Entry<P>) -> (bool, Form) {
    (matches!(e.segment.state, SegmentState::Damaged(_)), e.form)
}

impl<P> Recording<P> {
    /// Leaves the segments that hold anything from `from_ns` up to `to_ns` (UTC, ns), and those before them without
    /// which they cannot be shown.
    pub fn select(&mut self, from_ns: Option<i64>, to_ns: Option<i64>) {
        let is_wanted = |s: &Segment| {
            let late = s.from_ns.zip(to_ns).is_some_and(|(begin, to)| begin >= to);
            let early = s.to_ns.zip(from_ns).is_some_and(|(end, from)| end <= from);
            !late && !early
        };
        let mut after: Option<&Segment> = None;
        let mut stays: Vec<bool> = Vec::with_capacity(self.entries.len());
        for e in self.entries.iter().rev() {
            let is_leant_on = after.is_some_and(|a| a.leans() && a.stream.id == e.segment.stream.id);
            let wanted = is_leant_on || is_wanted(&e.segment);
            after = wanted.then_some(&e.segment);
            stays.push(wanted);
        }
        self.entries.retain(|_| stays.pop().unwrap_or(true));
    }

    /// What is between them, one for each segment but the first.
    pub fn seams(&self) -> Vec<Seams> {
        let pairs = self.entries.iter().zip(self.entries.iter().skip(1)).enumerate();
        let seam = |(i, (a, b)): (usize, (&Entry<P>, &Entry<P>))| Seams {
            index: i + 1,
            seam: between(&a.segment, &b.segment),
            from_ns: a.segment.to_ns,
            to_ns: b.segment.from_ns,
            clock_step: clock_step(&a.segment, &b.segment),
            overlap_ns: self.overlap(i + 1),
        };
        pairs.map(seam).collect()
    }

    /// How long the recordings before and after the seam `index` overlap, if they are of different streams of which
    /// neither goes on with the other.
    fn overlap(&self, index: usize) -> Option<i64> {
        let (before, after) = self.entries.split_at_checked(index)?;
        let (a, b) = (&before.last()?.segment, &after.first()?.segment);
        if a.stream.id == b.stream.id || b.stream.continues.is_some_and(|c| c.stream == a.stream.id) {
            return None;
        }
        let begin = before.iter().map(|e| &e.segment).find(|s| s.stream.id == a.stream.id)?.from_ns?;
        let end = after.iter().map(|e| &e.segment).rfind(|s| s.stream.id == b.stream.id)?.to_ns?;
        let overlap = a.to_ns?.saturating_sub(b.from_ns?).min(end.saturating_sub(begin));
        is_step(overlap).filter(|ns| *ns > 0)
    }
}

fn between(a: &Segment, b: &Segment) -> Seam {
    if a.stream.id == b.stream.id {
        let (Some((first, _)), Some((_, begun))) = (b.epochs, a.epochs) else { return Seam::Broken };
        let next = a.last_closed().map_or(begun, |last| last.saturating_add(1));
        return match first.checked_sub(next) {
            Some(0) if a.tail == 0 && b.previous_close == a.last_close() => Seam::Follows,
            Some(n) if n > 0 => Seam::Missing { first: next, last: first - 1 },
            _ => Seam::Broken,
        };
    }
    match b.stream.continues {
        Some(c) if c.stream == a.stream.id && c.last_close == a.last_close() => Seam::Continued,
        Some(c) if c.stream == a.stream.id => Seam::ContinuedLater,
        _ => Seam::New,
    }
}

fn clock_step(a: &Segment, b: &Segment) -> Option<ClockStep> {
    let ((_, before), (after, _)) = (a.clocks?, b.clocks?);
    if a.stream.id == b.stream.id {
        return after.step_since(before).map(|ns| ClockStep { ns, at_least: false });
    }
    b.stream.continues.filter(|c| c.stream == a.stream.id)?;
    after.step_back_since(before).map(|ns| ClockStep { ns, at_least: true })
}

/// What a new stream says that it continues: the stream of the segment, and its last close record.
pub fn continued(last: &Segment) -> Continues {
    Continues { stream: last.stream.id, last_close: last.last_close() }
}
