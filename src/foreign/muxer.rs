//! Packets into a container that the child makes. What it writes comes back as pieces and their places: the caller has
//! the file.

use std::io::{SeekFrom, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::base::Report;
use crate::format::Track;
use crate::jail::Watch;
use crate::media::{MediaError, MuxFormat, Packet, WriteSeek};

use super::child::Running;
use super::options::{Foreign, ForeignError, Work};
use super::wire::{self, Kind};

/// Bytes that a container takes besides the packets: some in any case, some for each packet, and the packets
/// once more.
const BASE: u64 = 16 << 20;
const FOR_A_PACKET: u64 = 256;

/// Where the container is written.
pub enum MuxTarget {
    /// Cannot be sought in.
    Pipe(Box<dyn Write + Send>),
    /// A new file.
    File(Box<dyn WriteSeek + Send>),
}

/// As [`crate::media::Muxer`], in a child. What was given to it is written soon, not at once.
pub struct Muxer {
    stdin: Option<ChildStdin>,
    watch: Watch,
    given: Arc<AtomicU64>,
    relaying: Option<JoinHandle<Result<(), ForeignError>>>,
}

impl Muxer {
    /// Writes the header for `tracks`. Time 0 is `begins_ns`, UTC ns since 1970.
    ///
    /// # Errors
    ///
    /// As [`crate::media::Muxer::new`]; the child cannot be started or confined, or died.
    pub fn new(
        target: MuxTarget,
        format: MuxFormat,
        tracks: &[Track],
        begins_ns: Option<i64>,
        foreign: &Foreign,
        report: &Report,
    ) -> Result<Self, ForeignError> {
        let body = wire::tracks_to_body(tracks).ok_or(ForeignError::Nonsense)?;
        let work = Work::Mux { format, pipe: matches!(target, MuxTarget::Pipe(_)), begins_ns };
        let mut child = Running::start(foreign, &work, Stdio::piped(), None, report)?;
        let (stdin, watch) = (child.stdin.take(), child.watch.clone());
        let given = Arc::new(AtomicU64::new(BASE));
        let (begun, begins) = sync_channel(1);
        let room = Arc::clone(&given);
        let relaying = Some(thread::spawn(move || relay(child, target, &room, &begun)));
        let mut muxer = Muxer { stdin, watch, given, relaying };
        muxer.give(Kind::Tracks, &[&body])?;
        // a codec that has no place in the container is known before the first packet is
        if begins.recv().is_ok() { Ok(muxer) } else { Err(muxer.failure()) }
    }

    /// As [`crate::media::Muxer::write`]; what fails may be reported with a later packet.
    ///
    /// # Errors
    ///
    /// As there; the child died, or did not get on.
    pub fn write(&mut self, packet: &Packet) -> Result<(), ForeignError> {
        self.give(Kind::Packet, &[&wire::packet_head(packet), &packet.data])
    }

    /// As [`crate::media::Muxer::finish`].
    ///
    /// # Errors
    ///
    /// As [`Muxer::write`].
    pub fn finish(mut self) -> Result<(), ForeignError> {
        self.give(Kind::End, &[])?;
        self.watch.ending();
        self.stdin = None;
        self.join()
    }

    fn give(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<(), ForeignError> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        self.given.fetch_add(FOR_A_PACKET + 2 * bytes as u64, Ordering::Relaxed);
        self.watch.give();
        match self.stdin.as_mut().map(|stdin| wire::send(stdin, kind, parts)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Why the child takes no more.
    fn failure(&mut self) -> ForeignError {
        self.stdin = None;
        self.join().err().unwrap_or(ForeignError::Nonsense)
    }

    fn join(&mut self) -> Result<(), ForeignError> {
        self.relaying.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Err(ForeignError::Nonsense)))
    }
}

impl Drop for Muxer {
    fn drop(&mut self) {
        // what it was given is written; there is no end to it
        self.watch.ending();
        self.stdin = None;
        let _ = self.join();
    }
}

/// Writes what the child gives, until it has finished. `begun` hears that it has made its header.
fn relay(
    mut child: Running,
    mut target: MuxTarget,
    room: &AtomicU64,
    begun: &SyncSender<()>,
) -> Result<(), ForeignError> {
    let watch = child.watch.clone();
    loop {
        match child.receive()? {
            Some((Kind::Output, body)) => {
                // a player may pause for as long as it likes
                watch.hold(true);
                let written = target.put(&body, room.load(Ordering::Relaxed));
                watch.hold(false);
                written?;
            }
            Some((Kind::Done, _)) if watch.done() => drop(begun.try_send(())),
            Some((Kind::End, _)) => return Ok(()),
            _ => return Err(ForeignError::Nonsense),
        }
    }
}

impl MuxTarget {
    /// Writes a piece: its place, and its bytes. None lies after `room` bytes.
    fn put(&mut self, piece: &[u8], room: u64) -> Result<(), ForeignError> {
        let (place, bytes) = piece.split_first_chunk().ok_or(ForeignError::Nonsense)?;
        let place = u64::from_be_bytes(*place);
        let end = place.checked_add(bytes.len() as u64).ok_or(ForeignError::Nonsense)?;
        let written = match self {
            MuxTarget::File(_) if end > room => return Err(ForeignError::Nonsense),
            MuxTarget::File(file) => file.seek(SeekFrom::Start(place)).and_then(|_| file.write_all(bytes)),
            MuxTarget::Pipe(pipe) => pipe.write_all(bytes).and_then(|()| pipe.flush()),
        };
        written.map_err(|e| MediaError::Write(e).into())
    }
}
