//! The streams that an input becomes: one, unless it describes its tracks anew in a way that has no place in packets.

use crate::format::{Reason, Track, TrackKind};
use crate::media::Packet;

use super::{CaptureError, Feed};

/// What is kept of a sound that has changed, until a key frame comes with which the next stream can begin.
const MAX_HELD: usize = 4 << 20;
const MAX_HELD_NS: i64 = 8_000_000_000;

/// Packets into streams, each chained to the one before.
pub(super) struct Streams {
    /// None only after an error.
    feed: Option<Feed>,
    /// The tracks of the packet that came last.
    tracks: Vec<Track>,
    next: Option<Next>,
}

/// The stream that comes next.
struct Next {
    /// Which tracks have changed.
    changed: Vec<bool>,
    /// Their packets.
    held: Vec<Packet>,
    bytes: usize,
}

impl Streams {
    /// `feed` was begun with these tracks.
    pub fn new(feed: Feed, tracks: &[Track]) -> Self {
        Streams { feed: Some(feed), tracks: tracks.to_vec(), next: None }
    }

    /// Writes a packet of these tracks; false when it was asked to stop.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn write(&mut self, tracks: &[Track], packet: Packet) -> Result<bool, CaptureError> {
        if self.tracks != tracks {
            let before = std::mem::replace(&mut self.tracks, tracks.to_vec());
            let goes_on = self.next.is_none() && self.feed.as_mut().is_some_and(|feed| feed.goes_on(tracks));
            if !goes_on {
                let next = self.next.get_or_insert(Next { changed: Vec::new(), held: Vec::new(), bytes: 0 });
                next.changed.resize(tracks.len(), false);
                let differs = tracks.iter().zip(&before).map(|(now, before)| now != before);
                next.changed.iter_mut().zip(differs).for_each(|(changed, differs)| *changed |= differs);
            }
        }
        if let Some(next) = &mut self.next {
            let place = usize::from(packet.track);
            let is_changed = next.changed.get(place).is_some_and(|changed| *changed);
            let is_video = self.tracks.get(place).is_some_and(|t| t.kind == TrackKind::Video);
            // pictures that lean on one in the stream before would lean on nothing
            let begins = is_video && (packet.key || is_changed) || next.is_full(&self.tracks, &packet);
            match (begins, is_changed) {
                (false, true) => {
                    next.bytes += packet.data.len();
                    next.held.push(packet);
                    return Ok(true);
                }
                (false, false) => {}
                (true, _) => self.begin_next(Some(&packet))?,
            }
        }
        self.feed.as_mut().map_or(Ok(false), |feed| feed.write(packet))
    }

    /// Another source goes on with these tracks, and `first`: where they cannot go into the stream, a next one begins.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn next_source(&mut self, tracks: &[Track], first: &Packet) -> Result<(), CaptureError> {
        self.begin_next(None)?;
        self.tracks = tracks.to_vec();
        if self.feed.as_mut().is_some_and(|feed| !feed.goes_on(tracks)) {
            self.next = Some(Next { changed: Vec::new(), held: Vec::new(), bytes: 0 });
            self.begin_next(Some(first))?;
        }
        Ok(())
    }

    /// Begins the stream that comes next, with what was kept for it; `first` follows.
    fn begin_next(&mut self, first: Option<&Packet>) -> Result<(), CaptureError> {
        let Some(next) = self.next.take() else { return Ok(()) };
        let Some(first) = next.held.first().or(first) else { return Ok(()) };
        let Some(feed) = self.feed.take() else { return Ok(()) };
        let feed = self.feed.insert(feed.next_stream(&self.tracks, first)?);
        next.held.into_iter().try_for_each(|packet| feed.write(packet).map(drop))
    }

    /// The source begins again.
    pub fn next_round(&mut self) -> Result<(), CaptureError> {
        self.begin_next(None)?;
        self.feed.iter_mut().for_each(Feed::next_round);
        Ok(())
    }

    /// Closes the stream that is written, and the output.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn finish(mut self, reason: Reason) -> Result<(), CaptureError> {
        self.begin_next(None)?;
        self.feed.map_or(Ok(()), |feed| feed.finish(reason))
    }
}

impl Next {
    /// Nothing more is kept, though no key frame came.
    fn is_full(&self, tracks: &[Track], packet: &Packet) -> bool {
        let ns = |p: &Packet| tracks.get(usize::from(p.track))?.to_ns(p.dts.or(p.pts)?);
        let since = self.held.first().and_then(ns).zip(ns(packet)).map(|(first, now)| now.saturating_sub(first));
        self.bytes > MAX_HELD || since.is_some_and(|ns| ns > MAX_HELD_NS)
    }
}
