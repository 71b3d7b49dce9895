//! Sealing: plain frames in, a sealed stream out.
//!
//! A sealer holds the keys of the epoch that it is in and of what follows in the session, nothing earlier, and no
//! private key.

use std::io::Write;
use std::sync::Arc;

use crate::format::{
    Clock, EpochMeter, Fault, FormatError, Frame, Reason, RecordType, Start, StreamRecord, Suite, Writer, limits,
    sha256,
};
use crate::keys::{RecipientSet, Signer};

use super::epoch_signature::EpochSigner;
use super::error::SealError;
use super::seal_settings::{RecipientSource, SealSettings};
use super::sealing_epoch::{Epoch, frame_fault};
use super::sealing_session::{NewSession, Session};
use super::signer_end::SignerEnd;

/// Writes one sealed stream.
pub struct Sealer<W> {
    writer: Writer<W>,
    source: Box<dyn RecipientSource>,
    settings: SealSettings,
    meter: EpochMeter,
    stream_hash: [u8; 32],
    tracks: usize,
    session: Option<Session>,
    epoch: Option<Epoch>,
    next_epoch: u64,
    last_close: [u8; 32],
    buf: Vec<u8>,
    signer: Option<(EpochSigner, SignerEnd)>,
}

impl<W: Write> Sealer<W> {
    /// Begins the sealed stream `s` and opens its first epoch. Nothing is written when there are too few recipients or
    /// too many.
    ///
    /// Errors: [`SealError::NoRecipients`], [`SealError::Recipients`], write errors.
    pub fn begin(
        output: W,
        s: &StreamRecord,
        settings: SealSettings,
        source: Box<dyn RecipientSource>,
        now: Clock,
    ) -> Result<Self, SealError> {
        // its close records could not be written: nothing here signs
        if !s.signer.is_empty() {
            return Err(FormatError::unwritable(RecordType::Stream, Fault::Signature).into());
        }
        let s = StreamRecord { suite: Suite::Sealed, ..s.clone() };
        Sealer::begin_with(output, s, settings, source, None, now)
    }

    /// The same, with every epoch signed; the signer's certificate goes into the stream record.
    ///
    /// Errors: also [`SealError::OwnSigner`] for a certificate that may not sign now, and when the system gives no
    /// thread.
    pub fn begin_signed(
        output: W,
        s: &StreamRecord,
        settings: SealSettings,
        source: Box<dyn RecipientSource>,
        signer: Arc<Signer>,
        now: Clock,
    ) -> Result<Self, SealError> {
        let s = StreamRecord { suite: Suite::Sealed, signer: signer.certificate().der().to_vec(), ..s.clone() };
        let end = SignerEnd::new(signer.certificate().not_after_ns(), &s);
        let signer = EpochSigner::new(signer)?;
        signer.check(now.wall_ns)?;
        Sealer::begin_with(output, s, settings, source, Some((signer, end)), now)
    }

    fn begin_with(
        output: W,
        s: StreamRecord,
        settings: SealSettings,
        source: Box<dyn RecipientSource>,
        signer: Option<(EpochSigner, SignerEnd)>,
        now: Clock,
    ) -> Result<Self, SealError> {
        let mut sealer = Sealer {
            writer: Writer::new(output),
            source,
            settings,
            meter: EpochMeter::new(&s, settings.rekey_ns),
            stream_hash: [0; 32],
            tracks: s.tracks.len(),
            session: None,
            epoch: None,
            next_epoch: 0,
            last_close: [0; 32],
            buf: Vec::new(),
            signer,
        };
        let recipients = sealer.ask(now)?;
        let record = s.to_record().map_err(|f| FormatError::unwritable(RecordType::Stream, f))?;
        sealer.stream_hash = sha256(&record);
        let session = sealer.next_session(&recipients, now)?;
        sealer.writer.stream(&s)?;
        sealer.open_epoch(&recipients, session, now)?;
        Ok(sealer)
    }

    /// Seals a frame; `f.counter` is ignored. Closes and opens epochs and sessions as they fall due.
    ///
    /// Errors: [`SealError::NoRecipients`] when no certificate is valid any more, and [`SealError::SignerEnds`] before
    /// that of the signer is not: the stream has then been closed properly with that reason, and the frame was not
    /// written.
    pub fn frame(&mut self, f: &Frame, packet: &[u8], now: Clock) -> Result<(), SealError> {
        // before anything changes: a frame that cannot be written leaves the stream as it is
        self.check(f, packet)?;
        let signer_ends = self.signer.as_mut().and_then(|(signer, end)| end.is_now(f, now).then(|| signer.ended()));
        if let Some(e) = signer_ends {
            self.finish(Reason::NoRecipients)?;
            return Err(e);
        }
        let over = self.meter.over(f, packet.len(), now);
        if over || self.epoch.as_ref().is_none_or(|e| now.wall_ns >= e.valid_until_ns) {
            self.turn(now)?;
        }
        let Some(epoch) = self.epoch.as_mut() else { return Err(closed()) };
        let f = epoch.seal(f, packet, self.settings.pad as usize, &mut self.buf)?;
        self.meter.add(&f, packet.len());
        self.writer.frame(&f, &self.buf)?;
        if let Some((signer, _)) = &mut self.signer {
            self.buf = signer.frame(std::mem::take(&mut self.buf))?;
        }
        Ok(())
    }

    fn check(&self, f: &Frame, packet: &[u8]) -> Result<(), SealError> {
        let fault = match f {
            _ if f.track as usize >= self.tracks => Fault::UnknownTrack,
            _ if f.duration < 0 => Fault::Duration,
            _ if packet.len() > limits::PACKET => Fault::TooLong,
            _ => return Ok(()),
        };
        Err(frame_fault(fault))
    }

    /// Closes the open epoch with LAST and the reason, and ends the stream.
    pub fn finish(&mut self, reason: Reason) -> Result<(), SealError> {
        self.close_epoch(reason)?;
        self.session = None;
        Ok(self.writer.finish()?)
    }

    /// SHA-256 of the close record written last.
    pub fn last_close(&self) -> [u8; 32] {
        self.last_close
    }

    /// The sink, when the stream is finished.
    pub fn into_output(self) -> W {
        self.writer.into_output()
    }

    /// One epoch ends, and the next one begins if anybody may still open it.
    fn turn(&mut self, now: Clock) -> Result<(), SealError> {
        // what can fail comes before the old epoch closes, so that it can still be closed as the last
        let signs = self.signer.as_ref().map_or(Ok(()), |(signer, _)| signer.check(now.wall_ns));
        let next = signs.and_then(|()| self.ask(now)).and_then(|r| self.next_session(&r, now).map(|s| (r, s)));
        match next {
            Ok((recipients, session)) => {
                self.close_epoch(Reason::NotLast)?;
                self.open_epoch(&recipients, session, now)
            }
            Err(e) => {
                use SealError::{NoRecipients, OwnSigner, Recipients};
                let nobody = matches!(e, NoRecipients { .. } | Recipients(_) | OwnSigner { .. });
                self.finish(if nobody { Reason::NoRecipients } else { Reason::Failed })?;
                Err(e)
            }
        }
    }

    fn ask(&mut self, now: Clock) -> Result<RecipientSet, SealError> {
        let set = self.source.recipients(now.wall_ns).map_err(SealError::Recipients)?;
        if set.usable.len() < self.settings.minimum_recipients.max(1) {
            return Err(SealError::NoRecipients { left_out: set.left_out });
        }
        Ok(set)
    }

    /// The session that the next epoch begins, and its keys record; `None` when the open one goes on.
    fn next_session(&self, recipients: &RecipientSet, now: Clock) -> Result<Option<NewSession>, SealError> {
        let goes_on =
            self.session.as_ref().is_some_and(|s| s.goes_on(recipients, self.next_epoch, &self.settings, now));
        if goes_on {
            return Ok(None);
        }
        let before = self.session.as_ref();
        Session::begin(&self.stream_hash, before, self.next_epoch, recipients, self.settings.key_room, now).map(Some)
    }

    fn open_epoch(
        &mut self,
        recipients: &RecipientSet,
        session: Option<NewSession>,
        now: Clock,
    ) -> Result<(), SealError> {
        if let Some(NewSession { session, keys, record }) = session {
            self.writer.keys(&keys, &record)?;
            self.source.opened(session.first_epoch, recipients);
            self.session = Some(session);
        }
        let Some(session) = self.session.as_mut() else { return Err(closed()) };
        let number = session.chain.epoch();
        let keys = session.chain.next_epoch(self.tracks);
        let start = Start {
            session: session.number,
            epoch: number,
            wall_ns: now.wall_ns,
            mono_ns: now.mono_ns,
            previous_close: self.writer.last_close(),
            keys_hash: session.keys_hash,
            commitments: keys.iter().map(|k| k.commitment()).collect(),
        };
        let record = start.to_record().map_err(|f| FormatError::unwritable(RecordType::Start, f))?;
        let hash = sha256(&record);
        self.writer.start(&start, &record)?;
        if let Some((signer, _)) = &mut self.signer {
            signer.start(self.stream_hash, session.commitment, &start, &record)?;
        }
        self.meter.open(now);
        self.next_epoch = number.saturating_add(1);
        let valid_until_ns = recipients.valid_until_ns().unwrap_or(now.wall_ns);
        self.epoch = Some(Epoch::open(number, &keys, &hash, valid_until_ns)?);
        Ok(())
    }

    fn close_epoch(&mut self, reason: Reason) -> Result<(), SealError> {
        let Some(epoch) = self.epoch.take() else { return Ok(()) };
        let (close, record) = epoch.close(reason, self.signer.as_mut().map(|(signer, _)| signer))?;
        self.writer.close(&close, &record)?;
        self.last_close = sha256(&record);
        Ok(())
    }
}

/// Nothing can be sealed after the stream was closed.
fn closed() -> SealError {
    frame_fault(Fault::Order)
}
