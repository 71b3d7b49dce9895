//! The public stream as it is written, signed where that is asked for.

use std::io::Write;
use std::sync::Arc;

use crate::format::{Close, FormatError, Frame, Start, StreamRecord, Writer, sha256};
use crate::keys::Signer;
use crate::seal::{EpochSigner, SealError};

/// A [`Writer`] of plain streams that signs their epochs.
pub(super) struct SignedWriter<W> {
    writer: Writer<W>,
    signer: Option<(Arc<Signer>, EpochSigner)>,
    stream_hash: [u8; 32],
}

impl<W: Write> SignedWriter<W> {
    /// A writer at the beginning of a stream. Without a signer it copies what it is given.
    pub fn new(output: W, signer: Option<Signer>) -> Result<Self, SealError> {
        let signer = match signer.map(Arc::new) {
            Some(s) => Some((Arc::clone(&s), EpochSigner::new(s)?)),
            None => None,
        };
        Ok(SignedWriter { writer: Writer::new(output), signer, stream_hash: [0; 32] })
    }

    /// Begins a stream; the signer's certificate goes into it.
    pub fn stream(&mut self, s: &StreamRecord) -> Result<(), SealError> {
        let signer = self.signer.as_ref().map(|(s, _)| s.certificate().der().to_vec()).unwrap_or_default();
        self.stream_hash = sha256(&self.writer.stream(&StreamRecord { signer, ..s.clone() })?);
        Ok(())
    }

    /// Opens an epoch after the close record that was written, which is not the one that `s` names when it was signed.
    pub fn start(&mut self, s: &Start, raw: &[u8]) -> Result<(), SealError> {
        let Some((_, signer)) = &mut self.signer else { return Ok(self.writer.start(s, raw)?) };
        let s = Start { previous_close: self.writer.last_close(), ..s.clone() };
        let record = s.to_record().map_err(|_| SealError::Crypto)?;
        self.writer.start(&s, &record)?;
        signer.start(self.stream_hash, [0; 32], &s, &record)
    }

    /// One frame, as it is.
    pub fn frame(&mut self, f: &Frame, raw: &[u8]) -> Result<(), SealError> {
        self.writer.frame(f, raw)?;
        match &mut self.signer {
            Some((_, signer)) => signer.frame_copied(raw),
            None => Ok(()),
        }
    }

    /// One frame with this packet.
    pub fn plain_frame(&mut self, f: &Frame, packet: &[u8]) -> Result<(), SealError> {
        let mut record = Vec::new();
        self.writer.plain_frame(f, packet, &mut record)?;
        match &mut self.signer {
            Some((_, signer)) => signer.frame_copied(&record),
            None => Ok(()),
        }
    }

    /// Closes the epoch, and signs it.
    pub fn close(&mut self, c: &Close, raw: &[u8]) -> Result<(), SealError> {
        let Some((_, signer)) = &mut self.signer else { return Ok(self.writer.close(c, raw)?) };
        let record = |c: &Close| c.to_record().map_err(|_| SealError::Crypto);
        let mut c = Close { signature: Some(signer.blank()), ..c.clone() };
        c.signature = Some(signer.sign(&record(&c)?)?);
        Ok(self.writer.close(&c, &record(&c)?)?)
    }

    /// Ends the stream.
    pub fn finish(&mut self) -> Result<(), FormatError> {
        self.writer.finish()
    }

    /// The sink.
    pub fn into_output(self) -> W {
        self.writer.into_output()
    }
}
