//! Going to a moment of a file without reading what is before it.

use std::io::{Read, Seek};

use crate::format::{Frame, Index, IndexEntry, StreamRecord, Track};
use crate::seal::{Bond, Opened, Opener, SealError};

/// Epochs that are tried, from the wanted one backwards, before all of the file is read.
const TRIES: usize = 4;

/// Where the first stream of a file begins, for jumps by its index.
#[derive(Debug, Clone)]
pub struct SeekIndex {
    sealed: bool,
    tracks: Vec<Track>,
    lead: u16,
    /// Offset of the first keys record, in a plain stream of the first start record.
    first: u64,
}

impl SeekIndex {
    /// To be called when `opener` has just given the stream record `s`; `lead` is the track by which a place to begin
    /// is chosen.
    pub fn new<R: Read>(opener: &Opener<R>, s: &StreamRecord, lead: u16) -> Self {
        let reader = opener.reader();
        let at = if s.sealed() { reader.record_offset() } else { reader.offset() };
        let first = at.saturating_sub(reader.stream_offset());
        SeekIndex { sealed: s.sealed(), tracks: s.tracks.clone(), lead, first }
    }

    /// Goes to the last epoch that begins with a key frame of the leading track shown at or before `time_ns`.
    ///
    /// False when there is none to jump to; the opener then stands where it was. The index is a hint: what it points at
    /// is read and compared before it counts. Where it lies, the opener is put back to the first epoch, and the answer
    /// is true: the place is right, only not near.
    ///
    /// # Errors
    ///
    /// The file cannot be sought in.
    pub fn jump<R: Read + Seek>(&self, opener: &mut Opener<R>, index: &Index, time_ns: i64) -> Result<bool, SealError> {
        let here = opener.reader().offset().saturating_sub(opener.reader().stream_offset());
        let before = |e: &&IndexEntry| e.time_ns.is_some_and(|ns| ns <= time_ns);
        let candidates = index.entries.iter().rev().filter(before).take_while(|e| e.offset > here).take(TRIES);
        let unproven = opener.unproven_session();
        let mut moved = false;
        for e in candidates {
            moved = true;
            // an error here is the index's fault until reading everything says otherwise
            match self.fits(opener, index, here, e, time_ns) {
                Ok(true) if self.land(opener, &[e.keys_offset], e)? => return Ok(true),
                Ok(_) => opener.forget_unproven(unproven),
                Err(_) => break,
            }
        }
        if moved {
            opener.jump(self.first)?;
            opener.forget_unproven(unproven);
        }
        Ok(moved)
    }

    /// Stands before the start record that the entry names, its session's keys at hand. `keys_at` are the keys records
    /// that are read on the way, the entry's last. False where the session does not open, or where it is not known to
    /// go on from one that opened: the index passes over a session then.
    fn land<R: Read + Seek>(&self, opener: &mut Opener<R>, keys_at: &[u64], e: &IndexEntry) -> Result<bool, SealError> {
        if self.sealed {
            let mut has_keys = false;
            for at in keys_at {
                let can_tell = opener.bond().is_some();
                opener.jump(*at)?;
                has_keys = match opener.next()? {
                    Some(Opened::Keys(_)) if can_tell && opener.bond() == Some(Bond::Unproven) => return Ok(false),
                    Some(Opened::Keys(k) | Opened::Closed(k)) => opener.has_keys_for(k.session, e.epoch),
                    _ => return Ok(false),
                };
            }
            if !has_keys {
                return Ok(false);
            }
        }
        opener.jump(e.offset)?;
        Ok(true)
    }

    /// Whether the epoch is where and when the entry says, and can be shown from its beginning on.
    fn fits<R: Read + Seek>(
        &self,
        opener: &mut Opener<R>,
        index: &Index,
        here: u64,
        e: &IndexEntry,
        time_ns: i64,
    ) -> Result<bool, SealError> {
        if !self.land(opener, &index.keys_between(here, e), e)? {
            return Ok(false);
        }
        if !matches!(opener.next()?, Some(Opened::Start(s)) if s.epoch == e.epoch) {
            return Ok(false);
        }
        let mut first = true;
        while let Some(Opened::Frame(f)) = opener.next()? {
            if first && self.ns(&f, f.decode_time()) != e.time_ns {
                return Ok(false);
            }
            first = false;
            if f.track == self.lead {
                return Ok(f.flags.key && self.ns(&f, f.show_time()).is_some_and(|t| t <= time_ns));
            }
        }
        Ok(false)
    }

    fn ns(&self, f: &Frame, ticks: Option<i64>) -> Option<i64> {
        self.tracks.get(usize::from(f.track))?.to_ns(ticks?)
    }
}
