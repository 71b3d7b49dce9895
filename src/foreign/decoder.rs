//! Pictures out of packets that the child is given.

use std::collections::VecDeque;
use std::process::Stdio;

use crate::base::Report;
use crate::format::Track;
use crate::media::{MediaError, Packet, Picture};

use super::child::Running;
use super::options::{Foreign, ForeignError, Work};
use super::wire::{self, Kind};

/// More pictures than this never come for one packet.
const MOST: usize = 256;

/// As [`crate::media::Decoder`], in a child.
pub struct Decoder {
    child: Running,
    pixels: u32,
    ready: VecDeque<Picture>,
}

impl Decoder {
    /// A decoder for `track`.
    ///
    /// # Errors
    ///
    /// As [`crate::media::Decoder::new`]; the child cannot be started or confined, or died.
    pub fn new(track: &Track, foreign: &Foreign, report: &Report) -> Result<Self, ForeignError> {
        let unknown = || MediaError::UnknownCodec(track.codec.clone());
        let body = wire::tracks_to_body(std::slice::from_ref(track)).ok_or_else(unknown)?;
        let child = Running::start(foreign, &Work::Decode, Stdio::piped(), None, report)?;
        let mut decoder = Decoder { child, pixels: foreign.limits.max_pixels, ready: VecDeque::new() };
        decoder.ask(Kind::Tracks, &[&body])?;
        Ok(decoder)
    }

    /// As [`crate::media::Decoder::send`].
    ///
    /// # Errors
    ///
    /// As there; the child died, or did not get on.
    pub fn send(&mut self, packet: &Packet) -> Result<(), ForeignError> {
        self.ask(Kind::Packet, &[&wire::packet_head(packet), &packet.data])
    }

    /// As [`crate::media::Decoder::flush`].
    ///
    /// # Errors
    ///
    /// As [`Decoder::send`].
    pub fn flush(&mut self) -> Result<(), ForeignError> {
        self.ask(Kind::End, &[])
    }

    /// As [`crate::media::Decoder::receive`].
    pub fn receive(&mut self) -> Option<Picture> {
        self.ready.pop_front()
    }

    /// Asks for something, and takes the pictures that come until it is done.
    fn ask(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<(), ForeignError> {
        self.child.watch.give();
        self.child.send(kind, parts)?;
        for _ in 0..MOST {
            let answer = self.child.receive();
            if matches!(answer, Err(ForeignError::Media(_))) {
                let _ = self.child.watch.done();
            }
            match answer? {
                Some((Kind::Picture, body)) => {
                    let picture = wire::picture_of(&body, self.pixels).ok_or(ForeignError::Nonsense)?;
                    self.ready.push_back(picture);
                }
                Some((Kind::Done, _)) => {
                    let _ = self.child.watch.done();
                    return Ok(());
                }
                _ => break,
            }
        }
        Err(ForeignError::Nonsense)
    }
}
