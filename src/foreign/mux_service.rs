//! The child that makes a container: packets in, pieces of a file out.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use crate::base::lock;
use crate::media::{MediaError, MuxFormat, MuxOutput, Muxer};

use super::wire::{self, Kind, PIECE};
use super::wire_error::WireError;

/// What it says, to which its muxer and itself take turns.
type Output = Arc<Mutex<BufWriter<File>>>;

/// Makes a container of what comes from `input`. Its time 0 is `begins_ns`, UTC.
pub(super) fn mux(
    input: File,
    output: BufWriter<File>,
    format: MuxFormat,
    pipe: bool,
    begins_ns: Option<i64>,
) -> io::Result<()> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let output = Arc::new(Mutex::new(output));
    let fail = |error: &MediaError| wire::send_failure(&mut *lock(&output), &WireError::of(error));
    let Some((Kind::Tracks, body)) = wire::receive(&mut input, 0)? else { return Err(wire::nonsense()) };
    let tracks = wire::tracks_of(&body).ok_or_else(wire::nonsense)?;
    let pieces = Pieces { output: Arc::clone(&output), place: 0, length: 0 };
    let target = if pipe { MuxOutput::Pipe(Box::new(pieces)) } else { MuxOutput::File(Box::new(pieces)) };
    let mut muxer = match Muxer::dated(target, format, &tracks, begins_ns) {
        Ok(muxer) => muxer,
        Err(error) => return fail(&error),
    };
    wire::send(&mut *lock(&output), Kind::Done, &[])?;
    while let Some((kind, body)) = wire::receive(&mut input, 0)? {
        let result = match kind {
            Kind::Packet => muxer.write(&wire::packet_of(&body, tracks.len()).ok_or_else(wire::nonsense)?),
            Kind::End => {
                return match muxer.finish() {
                    Ok(()) => wire::send(&mut *lock(&output), Kind::End, &[]),
                    Err(error) => fail(&error),
                };
            }
            _ => return Err(wire::nonsense()),
        };
        if let Err(error) = result {
            return fail(&error);
        }
        let mut output = lock(&output);
        wire::put(&mut *output, Kind::Done, &[])?;
        if input.buffer().is_empty() {
            // whoever watches live does not wait for the next packet
            output.flush()?;
        }
    }
    Ok(())
}

/// What the muxer writes, as pieces and their places.
struct Pieces {
    output: Output,
    place: u64,
    length: u64,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = bytes.get(..PIECE).unwrap_or(bytes);
        wire::put(&mut *lock(&self.output), Kind::Output, &[&self.place.to_be_bytes(), bytes])?;
        self.place += bytes.len() as u64;
        self.length = self.length.max(self.place);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Pieces {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.place = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.place)
    }
}
