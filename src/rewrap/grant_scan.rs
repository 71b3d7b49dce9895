//! Which epochs show something from a time to a time, and can be granted.

use std::io::{Read, Seek};

use crate::format::{Index, StreamRecord};
use crate::playback::Moment;
use crate::seal::{GrantedEpochs, Granter, OpenableEpoch};

use super::error::RewrapError;
use super::grant_job::{GrantJob, GrantSummary};

/// What was found.
pub(super) struct FoundEpochs {
    /// The epochs of each stream.
    pub epochs: Vec<GrantedEpochs>,
    pub summary: GrantSummary,
}

/// Where an epoch is by the times of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Before,
    Within,
    After,
}

/// The epochs of an input, read one by one.
pub(super) struct GrantScan<'a> {
    pub job: &'a GrantJob,
    /// When the first picture of the input is shown, UTC ns.
    beginning_utc: Option<i64>,
    found: Vec<GrantedEpochs>,
    /// Epochs before the first that is asked for, from the last one with a key frame on: without them it is not shown.
    before: Vec<OpenableEpoch>,
    /// The first epoch, where it leans on one that is not granted.
    leans: Option<u64>,
    /// When the first picture of them is shown and when the last one ends, UTC ns.
    shown: Option<(i64, i64)>,
    /// An epoch that was asked for and cannot be opened.
    refused: Option<u64>,
    /// When the last picture that was read ends, UTC ns.
    last_end: Option<i64>,
    /// Where the input is truncated.
    pub cut: Option<String>,
}

impl<'a> GrantScan<'a> {
    /// Nothing was read yet.
    pub fn new(job: &'a GrantJob) -> Self {
        GrantScan {
            job,
            beginning_utc: None,
            found: Vec::new(),
            before: Vec::new(),
            leans: None,
            shown: None,
            refused: None,
            last_end: None,
            cut: None,
        }
    }

    /// Whether something was found already.
    pub fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// Reads only the epochs that are asked for, which the index names; false when the index is wrong.
    pub fn read_by_index<R: Read + Seek>(&mut self, granter: &mut Granter<R>, index: &Index) -> bool {
        let Ok(Some(first)) = granter.next() else { return false };
        let Ok(mut position) = self.add(granter.stream(), first) else { return false };
        if position == Position::Before {
            let from = self.job.span.from.and_then(|m| self.utc(m));
            let from = from.zip(granter.stream()).map(|(utc, s)| s.media_ns(utc));
            match from.map(|ns| granter.go_near(index, ns)) {
                Some(Ok(moved)) => {
                    let Ok(Some(epoch)) = granter.next() else { return false };
                    let Ok(now) = self.add(granter.stream(), epoch) else { return false };
                    if moved && now != Position::Before {
                        // it should have begun before the time that was asked for
                        return false;
                    }
                    position = now;
                }
                _ => return false,
            }
        }
        while position != Position::After {
            match granter.next() {
                Ok(Some(epoch)) => match self.add(granter.stream(), epoch) {
                    Ok(now) => position = now,
                    Err(_) => return false,
                },
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        true
    }

    /// Adds an epoch of `stream`.
    ///
    /// # Errors
    ///
    /// The stream has none of the tracks.
    pub fn add(&mut self, stream: Option<&StreamRecord>, epoch: OpenableEpoch) -> Result<Position, RewrapError> {
        let Some(s) = stream else { return Ok(Position::Before) };
        if self.job.tracks.of(s).is_empty() {
            return Err(RewrapError::NoTrack);
        }
        let shown = epoch.shown_ns.map(|(a, b)| (s.utc_ns(a), s.utc_ns(b)));
        let position = match shown {
            Some((first, end)) => {
                self.last_end = self.last_end.max(Some(end));
                let beginning = *self.beginning_utc.get_or_insert(first);
                let at = |m: Moment| utc(m, beginning);
                let begun = self.job.span.from.is_none_or(|m| end > at(m));
                let over = self.job.span.to.is_some_and(|m| first >= at(m));
                match (begun, over) {
                    (_, true) => Position::After,
                    (true, false) => Position::Within,
                    (false, false) => Position::Before,
                }
            }
            // nothing in it has a time: it goes with the epoch before it
            None if self.found.iter().any(|g| g.stream_hash == epoch.stream_hash) => Position::Within,
            None => Position::Before,
        };
        match position {
            Position::Within if !epoch.can_be_granted() => {
                self.refused.get_or_insert(epoch.epoch);
            }
            Position::Within => {
                if self.found.is_empty() {
                    self.reach_back(s, &epoch, shown);
                }
                self.grant(epoch, shown);
            }
            Position::Before => self.hold(epoch),
            Position::After => {}
        }
        Ok(position)
    }

    /// Keeps an epoch that is not asked for: one that is may lean on it.
    fn hold(&mut self, epoch: OpenableEpoch) {
        let goes_on = self.before.last().is_some_and(|last| goes_on(last, &epoch));
        if epoch.key_ns.is_some() || !goes_on {
            self.before.clear();
        }
        // what does not open is not granted, and what leans on it is not shown
        if !epoch.can_be_granted() {
            self.before.clear();
        } else if epoch.key_ns.is_some() || !self.before.is_empty() {
            self.before.push(epoch);
        }
    }

    /// Before the first epoch that is asked for: grants those that it leans on.
    fn reach_back(&mut self, s: &StreamRecord, epoch: &OpenableEpoch, shown: Option<(i64, i64)>) {
        let before = std::mem::take(&mut self.before);
        let from = self.job.span.from.and_then(|m| self.utc(m));
        let in_time = match (from, shown) {
            (Some(from), Some((first, _))) => {
                // whatever begins after that moment comes after a gap: nothing was shown then
                epoch.key_ns.is_some_and(|ns| s.utc_ns(ns) <= from) || epoch.stands_alone && first > from
            }
            _ => epoch.stands_alone,
        };
        if in_time {
            return;
        }
        if before.last().is_some_and(|last| goes_on(last, epoch)) {
            for epoch in before {
                let shown = epoch.shown_ns.map(|(a, b)| (s.utc_ns(a), s.utc_ns(b)));
                self.grant(epoch, shown);
            }
        } else if !epoch.stands_alone && epoch.epoch > 0 {
            self.leans = Some(epoch.epoch);
        }
    }

    fn grant(&mut self, epoch: OpenableEpoch, shown: Option<(i64, i64)>) {
        if let Some((first, end)) = shown {
            let (a, b) = self.shown.unwrap_or((first, end));
            self.shown = Some((a.min(first), b.max(end)));
        }
        let hash = epoch.stream_hash;
        match self.found.iter_mut().find(|g| g.stream_hash == hash) {
            Some(found) => epoch.grant(found),
            None => {
                let mut found = GrantedEpochs::new(hash);
                epoch.grant(&mut found);
                self.found.push(found);
            }
        }
    }

    fn utc(&self, m: Moment) -> Option<i64> {
        Some(utc(m, self.beginning_utc?))
    }

    /// Everything was read.
    ///
    /// # Errors
    ///
    /// Some epoch does not open with the keys of `granter`, or nothing is shown at that time.
    pub fn finish<R: Read>(self, granter: &Granter<R>) -> Result<FoundEpochs, RewrapError> {
        if let Some(epoch) = self.refused {
            return Err(RewrapError::NotGranted { epoch, recipients: granter.who_could().to_vec() });
        }
        let range = self.found.first().and_then(GrantedEpochs::range);
        let (Some(range), Some(shown_utc_ns)) = (range, self.shown) else {
            return Err(RewrapError::NothingShown { shown_utc_ns: self.beginning_utc.zip(self.last_end) });
        };
        let epochs = self.found.iter().map(GrantedEpochs::epochs).sum();
        let (leans, cut, unproven) = (self.leans, self.cut, granter.unproven_session());
        let summary = GrantSummary { epochs, range, shown_utc_ns, leans, cut, unproven };
        Ok(FoundEpochs { epochs: self.found, summary })
    }
}

/// Whether the second epoch is the next one of the same stream.
fn goes_on(last: &OpenableEpoch, next: &OpenableEpoch) -> bool {
    last.stream_hash == next.stream_hash && last.epoch.checked_add(1) == Some(next.epoch)
}

fn utc(m: Moment, beginning_utc: i64) -> i64 {
    match m {
        Moment::SinceBeginning(ns) => beginning_utc.saturating_add(ns),
        Moment::Utc(ns) => ns,
    }
}
