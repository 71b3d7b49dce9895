//! `--overlay`, the child's side: the original with outlines of what is hidden becomes a plain stream, which only the
//! parent reads.

use std::fs::File;
use std::io::Write;

use crate::format::{Clock, Frame, PlainWriter, Reason, Role, StreamRecord, Suite, Track, sha256};
use crate::media::Packet;

use super::error::ProtectError;

/// Length of the plain stream's epochs, in nanoseconds; the sealed one has its own.
const EPOCH_NS: i64 = 60_000_000_000;

/// Makes a plain stream of the packets of outlined pictures.
pub(super) struct Overlay {
    original: StreamRecord,
    writer: Option<PlainWriter<Vec<u8>>>,
}

impl Overlay {
    /// The overlay of `original`, without a track.
    pub fn new(original: &StreamRecord) -> Self {
        Overlay { original: original.clone(), writer: None }
    }

    /// The encoder writes this track from here on.
    pub fn begins(&mut self, track: &Track, now: Clock, output: &mut File) -> Result<(), ProtectError> {
        self.end(Reason::ConfigChanged, now, output)?;
        let mut id = [0; 16];
        let mut seed = b"vidveil1 overlay\0".to_vec();
        seed.extend_from_slice(&self.original.id);
        seed.extend_from_slice(format!("{}x{}", track.width, track.height).as_bytes());
        id.copy_from_slice(&sha256(&seed)[..16]);
        // whoever is in it is recognised: it is an original
        let record = StreamRecord {
            id,
            role: Role::Original,
            suite: Suite::Plain,
            continues: None,
            signer: Vec::new(),
            tracks: vec![track.clone()],
            ..self.original.clone()
        };
        self.writer = Some(PlainWriter::begin(Vec::new(), &record, EPOCH_NS)?);
        Ok(())
    }

    /// Writes a packet of the track.
    pub fn packet(&mut self, p: &Packet, now: Clock, output: &mut File) -> Result<(), ProtectError> {
        let Some(w) = &mut self.writer else { return Ok(()) };
        w.frame(&Frame { track: 0, ..p.to_frame() }, &p.data, now)?;
        output.write_all(w.get_mut())?;
        w.get_mut().clear();
        Ok(())
    }

    /// Ends the stream, if there is one.
    pub fn end(&mut self, reason: Reason, now: Clock, output: &mut File) -> Result<(), ProtectError> {
        let Some(mut w) = self.writer.take() else { return Ok(()) };
        w.finish(reason, now)?;
        Ok(output.write_all(&w.into_output())?)
    }
}
