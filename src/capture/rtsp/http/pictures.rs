//! A camera that sends pictures: each is a packet, at the time at which it came.

use std::time::Instant;

use crate::format::{Track, TrackKind};
use crate::media::{Packet, jpeg_size};

use super::super::connection::Event;
use super::super::disconnect::Disconnect;
use super::super::seen::{Seen, Shared};
use super::Body;
use super::multipart::Parts;

/// Times are in ticks of a microsecond.
const TIME_BASE: (u32, u32) = (1, 1_000_000);

/// A connection that plays.
pub(in super::super) struct Pictures {
    body: Body,
    parts: Parts,
    shared: Shared,
    began: Instant,
    tracks: Vec<Track>,
    /// Came with the change of the tracks.
    kept: Option<Packet>,
    /// Whether something was left out that is no picture.
    missing: bool,
}

impl Pictures {
    /// Of this body of type `multipart/x-mixed-replace`.
    pub fn new(body: Body, shared: Shared) -> Self {
        let (parts, began) = (Parts::default(), Instant::now());
        Pictures { body, parts, shared, began, tracks: Vec::new(), kept: None, missing: false }
    }

    /// The track, once a picture came.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Waits until the track is known.
    ///
    /// # Errors
    ///
    /// The connection is over.
    pub async fn first(&mut self) -> Result<(), Disconnect> {
        while self.tracks.is_empty() {
            // the picture itself is kept
            self.next().await?;
        }
        Ok(())
    }

    /// What comes next.
    ///
    /// # Errors
    ///
    /// The connection is over.
    pub async fn next(&mut self) -> Result<Event, Disconnect> {
        loop {
            if let Some(packet) = self.kept.take() {
                return Ok(Event::Packet(packet));
            }
            if let Some(part) = self.parts.next()? {
                self.shared.saw(Seen::Packets);
                if let Some(event) = self.event(part) {
                    return Ok(event);
                }
                continue;
            }
            match self.body.next().await? {
                Some(bytes) => self.parts.push(&bytes),
                None => return Err(Disconnect::Lost("the camera ended the connection".to_owned())),
            }
        }
    }

    /// The event that a part is.
    fn event(&mut self, part: Vec<u8>) -> Option<Event> {
        let Some((width, height)) = jpeg_size(&part) else {
            // cameras send empty parts, too
            self.missing |= !part.is_empty();
            return None;
        };
        let track = Track { width, height, ..Track::new(TrackKind::Video, "mjpeg", TIME_BASE) };
        let pts = Some(i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX));
        let gap = std::mem::take(&mut self.missing);
        let packet =
            Packet { track: 0, pts, dts: pts, duration: 0, key: true, corrupt: false, gap, hidden: false, data: part };
        if self.tracks.first() == Some(&track) {
            return Some(Event::Packet(packet));
        }
        self.tracks = vec![track];
        self.kept = Some(packet);
        Some(Event::Changed(self.tracks.clone()))
    }
}
