//! The public stream as it is written, signed where that is asked for.

use std::io::Write;
use std::sync::Arc;

use crate::base::{Report, wall_ns};
use crate::format::{Close, FormatError, Frame, Start, StreamRecord, Writer, sha256};
use crate::keys::SignerFault;
use crate::recipients::SignerWatch;
use crate::seal::{EpochSigner, SealError};

use super::public_signer::PublicSigner;

/// A [`Writer`] of plain streams that signs their epochs.
pub(super) struct SignedWriter<W> {
    writer: Writer<W>,
    signing: Option<Signing>,
    /// A stream that begins when its first epoch shows whether it can be signed.
    begins: Option<StreamRecord>,
    stream_hash: [u8; 32],
    /// Id and last close record of the stream written last.
    last: ([u8; 16], [u8; 32]),
    /// Some epoch was written whole.
    has_epochs: bool,
    report: Report,
}

struct Signing {
    certificate: Vec<u8>,
    signer: EpochSigner,
    watch: SignerWatch,
    goes_on_unsigned: bool,
}

impl<W: Write> SignedWriter<W> {
    /// A writer at the beginning of a stream. Without a signer it copies what it is given.
    pub fn new(output: W, signer: Option<PublicSigner>, report: &Report) -> Result<Self, SealError> {
        let signing = |s: PublicSigner| -> Result<_, SealError> {
            let PublicSigner { signer, watch, goes_on_unsigned } = s;
            let certificate = signer.certificate().der().to_vec();
            Ok(Signing { certificate, signer: EpochSigner::new(Arc::new(signer))?, watch, goes_on_unsigned })
        };
        Ok(SignedWriter {
            writer: Writer::new(output),
            signing: signer.map(signing).transpose()?,
            begins: None,
            stream_hash: [0; 32],
            last: Default::default(),
            has_epochs: false,
            report: report.clone(),
        })
    }

    /// Begins a stream; the signer's certificate goes into it. Where it is signed, it is written with its first epoch.
    pub fn stream(&mut self, s: &StreamRecord) -> Result<(), SealError> {
        let (last, close) = self.last;
        let mut s = s.clone();
        // only here it is known what was written
        s.continues.iter_mut().filter(|c| c.stream == last).for_each(|c| c.last_close = close);
        self.last = (s.id, [0; 32]);
        self.begins = Some(s);
        if self.signing.is_none() { self.begin() } else { Ok(()) }
    }

    /// Opens an epoch after the close record that was written, which is not the one that `s` names when it was signed.
    ///
    /// Errors: [`SealError::OwnSigner`], before anything of the epoch is written, when the signer may not sign it.
    pub fn start(&mut self, s: &Start, raw: &[u8]) -> Result<(), SealError> {
        self.check_signer(s.wall_ns)?;
        self.begin()?;
        let Some(signing) = &mut self.signing else { return Ok(self.writer.start(s, raw)?) };
        let s = Start { previous_close: self.writer.last_close(), ..s.clone() };
        let record = s.to_record().map_err(|_| SealError::Crypto)?;
        self.writer.start(&s, &record)?;
        signing.signer.start(self.stream_hash, [0; 32], &s, &record)
    }

    /// One frame, as it is.
    pub fn frame(&mut self, f: &Frame, raw: &[u8]) -> Result<(), SealError> {
        self.writer.frame(f, raw)?;
        match &mut self.signing {
            Some(signing) => signing.signer.frame_copied(raw),
            None => Ok(()),
        }
    }

    /// One frame with this packet.
    pub fn plain_frame(&mut self, f: &Frame, packet: &[u8]) -> Result<(), SealError> {
        let mut record = Vec::new();
        self.writer.plain_frame(f, packet, &mut record)?;
        match &mut self.signing {
            Some(signing) => signing.signer.frame_copied(&record),
            None => Ok(()),
        }
    }

    /// Closes the epoch, and signs it.
    pub fn close(&mut self, c: &Close, raw: &[u8]) -> Result<(), SealError> {
        match &mut self.signing {
            None => self.writer.close(c, raw)?,
            Some(Signing { signer, .. }) => {
                let record = |c: &Close| c.to_record().map_err(|_| SealError::Crypto);
                let mut c = Close { signature: Some(signer.blank()), ..c.clone() };
                c.signature = Some(signer.sign(&record(&c)?)?);
                self.writer.close(&c, &record(&c)?)?;
            }
        }
        (self.last.1, self.has_epochs) = (self.writer.last_close(), true);
        Ok(())
    }

    /// Ends the stream; does nothing where none was begun.
    pub fn finish(&mut self) -> Result<(), FormatError> {
        if self.begins.take().is_some() { Ok(()) } else { self.writer.finish() }
    }

    /// The sink.
    pub fn into_output(self) -> W {
        self.writer.into_output()
    }

    /// Whether the signer may sign an epoch that states this time. At the beginning of a stream it must be valid now,
    /// too; else nothing is signed any more, where that is allowed.
    fn check_signer(&mut self, stated_ns: i64) -> Result<(), SealError> {
        let Some(Signing { signer, watch, goes_on_unsigned, .. }) = &mut self.signing else { return Ok(()) };
        let now = wall_ns();
        watch.check(now);
        let begins = self.begins.is_some();
        let checked = signer.check(stated_ns).and_then(|()| if begins { signer.check(now) } else { Ok(()) });
        match checked {
            Err(e @ SealError::OwnSigner { fault: SignerFault::Expired, .. }) if begins && *goes_on_unsigned => {
                self.report.warn(format!("{e}: from here on nothing is signed"));
                self.signing = None;
                Ok(())
            }
            // an archive from before the signer's time, which the epochs state
            Err(e @ SealError::OwnSigner { fault: SignerFault::NotYetValid, at_ns, .. }) if at_ns == stated_ns => {
                if begins {
                    self.report.warn(format!("{e}: readers that ask for the signer refuse what is that old"));
                }
                Ok(())
            }
            Err(e) => {
                // what was signed stays
                if self.has_epochs {
                    self.report.keep_output();
                }
                Err(e)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Writes the stream record that waits for the first epoch.
    fn begin(&mut self) -> Result<(), SealError> {
        if let Some(s) = self.begins.take() {
            let signer = self.signing.as_ref().map(|s| s.certificate.clone()).unwrap_or_default();
            self.stream_hash = sha256(&self.writer.stream(&StreamRecord { signer, ..s })?);
        }
        Ok(())
    }
}
