//! Plain streams in, sealed streams out.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Report, SystemClock, random_id, text};
use crate::format::{Continues, EndKind, FormatError, Frame, Reader, Reason, Record, Role, StreamRecord, Suite};
use crate::keys::{Signer, SignerFault};
use crate::recipients::RecipientsError;
use crate::seal::{RecipientSource, SealError, SealSettings, Sealer};
use crate::storage::StreamOutput;

use super::continue_from::continued_stream;
use super::error::ArchiveError;

/// Seals the streams of one input, one after the other.
pub struct Encryptor {
    settings: SealSettings,
    camera: Option<String>,
    output: Option<StreamOutput>,
    sealer: Option<Sealer<StreamOutput>>,
    signer: Option<Arc<Signer>>,
    /// When the signer's certificate has ended, streams are not signed.
    goes_on_unsigned: bool,
    clock: SystemClock,
    /// Ids of the stream before: the input's and ours, and our last close record.
    last: Option<([u8; 16], Continues)>,
    /// The stream record written last.
    record: Option<StreamRecord>,
    /// A recording, or a folder of them, that the first stream goes on from.
    after: Option<PathBuf>,
    /// What was sealed stays when sealing fails.
    keeps_output: bool,
}

impl Encryptor {
    /// An encryptor that writes to `output`, and gives the streams the name `camera` where there is one.
    pub fn new(settings: SealSettings, camera: Option<String>, output: StreamOutput) -> Self {
        let clock = SystemClock::start();
        let output = Some(output);
        Encryptor {
            settings,
            camera,
            output,
            sealer: None,
            signer: None,
            goes_on_unsigned: false,
            clock,
            last: None,
            record: None,
            after: None,
            keeps_output: true,
        }
    }

    /// Signs every epoch. Before the signer's certificate ends, the stream is closed; then `goes_on_unsigned` says
    /// whether another one goes on that is not signed, or sealing stops.
    pub fn signed_by(self, signer: Signer, goes_on_unsigned: bool) -> Self {
        Encryptor { signer: Some(Arc::new(signer)), goes_on_unsigned, ..self }
    }

    /// What is sealed is made of footage that stays: after a failure its output is thrown away.
    pub fn of_kept_footage(self) -> Self {
        Encryptor { keeps_output: false, ..self }
    }

    /// The first stream names the one that was recorded last in `place`, a file or an archive folder.
    pub fn after(self, place: Option<PathBuf>) -> Self {
        Encryptor { after: place, ..self }
    }

    /// Seals everything that `reader` gives, for the recipients that `source` makes for each stream.
    ///
    /// # Errors
    ///
    /// No certificate can be used, at the start or later, or that of the signer ends; the input is truncated or
    /// damaged: what came before is sealed and closed.
    pub fn run<S: RecipientSource + 'static>(
        self,
        reader: Reader<impl Read>,
        source: impl Fn() -> S,
        report: &Report,
    ) -> Result<(), ArchiveError> {
        let minimum = self.settings.minimum_recipients;
        self.seal(reader, source, report).map_err(|e| match e {
            ArchiveError::Seal(SealError::NoRecipients { left_out }) => {
                RecipientsError::NoneLeft { left_out, minimum }.into()
            }
            e => e,
        })
    }

    fn seal<S: RecipientSource + 'static>(
        mut self,
        mut reader: Reader<impl Read>,
        source: impl Fn() -> S,
        report: &Report,
    ) -> Result<(), ArchiveError> {
        let mut fault = None;
        loop {
            let record = match reader.next() {
                Ok(Some(r)) => r,
                Ok(None) => break,
                Err(e @ (FormatError::Empty | FormatError::Header { .. })) if self.sealer.is_none() => {
                    return Err(e.into());
                }
                Err(e) => {
                    fault = Some(e);
                    break;
                }
            };
            match record {
                Record::Stream(s) => self.begin(s, source(), report)?,
                Record::Frame(f) => self.frame(&f, reader.payload(), &source, report)?,
                Record::Close(c) if c.reason != Reason::NotLast => self.end(c.reason)?,
                Record::End(e) => {
                    if e.kind != EndKind::Complete {
                        fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                    }
                    // an excerpt has no close record with LAST
                    self.end(Reason::InputCut)?;
                }
                Record::Cut => {
                    fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                    self.end(Reason::InputCut)?;
                }
                _ => {}
            }
        }
        self.end(Reason::InputCut)?;
        if let Some(output) = self.output.take() {
            output.finish()?;
        }
        match fault {
            None => Ok(()),
            Some(e @ FormatError::Io(_)) => Err(e.into()),
            Some(e) => Err(ArchiveError::SealedInPart(e)),
        }
    }

    fn begin(
        &mut self,
        s: StreamRecord,
        source: impl RecipientSource + 'static,
        report: &Report,
    ) -> Result<(), ArchiveError> {
        if s.sealed() {
            return Err(ArchiveError::AlreadySealed);
        }
        let camera = self.camera.clone().unwrap_or_else(|| s.camera.clone());
        let continues = match (&self.last, &s.continues) {
            (Some((input, ours)), Some(c)) if c.stream == *input => Some(*ours),
            (None, _) => self.recorded_before(&camera, s.role, report)?,
            _ => None,
        };
        let input_id = s.id;
        let record =
            StreamRecord { id: random_id()?, suite: Suite::Sealed, camera, continues, signer: Vec::new(), ..s };
        self.begin_sealed(record, input_id, source, report)
    }

    /// Begins this sealed stream; `input_id` is that of the plain one.
    fn begin_sealed(
        &mut self,
        record: StreamRecord,
        input_id: [u8; 16],
        source: impl RecipientSource + 'static,
        report: &Report,
    ) -> Result<(), ArchiveError> {
        let output = self.output.take().ok_or(ArchiveError::Nested)?;
        self.clock = SystemClock::start();
        let now = self.clock.now();
        let expired = |s: &mut Arc<Signer>| s.check(now.wall_ns) == Err(SignerFault::Expired);
        if self.goes_on_unsigned && self.signer.take_if(expired).is_some() {
            report.warn("the signer's certificate has expired: from here on nothing is signed");
        }
        let source = Box::new(source);
        self.sealer = Some(match &self.signer {
            None => Sealer::begin(output, &record, self.settings, source, now)?,
            Some(s) => Sealer::begin_signed(output, &record, self.settings, source, Arc::clone(s), now)?,
        });
        self.last = Some((input_id, Continues { stream: record.id, last_close: [0; 32] }));
        self.record = Some(record);
        if self.keeps_output {
            // from here on there is footage in the output
            report.keep_output();
        }
        Ok(())
    }

    fn frame<S: RecipientSource + 'static>(
        &mut self,
        f: &Frame,
        packet: &[u8],
        source: &impl Fn() -> S,
        report: &Report,
    ) -> Result<(), ArchiveError> {
        let now = self.clock.now();
        match self.sealer()?.frame(f, packet, now) {
            Err(e @ SealError::SignerEnds { .. }) if self.goes_on_unsigned => {
                report.warn(format!("{e}: from here on nothing is signed"));
                self.signer = None;
                self.begin_next(source(), report)?;
                let now = self.clock.now();
                Ok(self.sealer()?.frame(f, packet, now)?)
            }
            sealed => Ok(sealed?),
        }
    }

    /// Another stream of the same input goes on from the one that was closed.
    fn begin_next(&mut self, source: impl RecipientSource + 'static, report: &Report) -> Result<(), ArchiveError> {
        let (sealer, record) = (self.sealer.take(), self.record.take());
        let (Some(sealer), Some(record), Some((input_id, _))) = (sealer, record, self.last) else {
            return Err(SealError::Crypto.into());
        };
        let continues = Some(Continues { stream: record.id, last_close: sealer.last_close() });
        self.output = Some(sealer.into_output());
        self.begin_sealed(StreamRecord { id: random_id()?, continues, ..record }, input_id, source, report)
    }

    fn recorded_before(&self, camera: &str, role: Role, report: &Report) -> Result<Option<Continues>, ArchiveError> {
        let Some(place) = &self.after else { return Ok(None) };
        let before = continued_stream(place, camera, role)?;
        if before.is_none() {
            let place = text::quoted_path(place);
            report.note(format!("nothing of {} was recorded in {place} before", text::quoted(camera)));
        }
        Ok(before)
    }

    /// Closes the stream that is open, if one is.
    fn end(&mut self, reason: Reason) -> Result<(), ArchiveError> {
        let Some(mut sealer) = self.sealer.take() else { return Ok(()) };
        sealer.finish(reason)?;
        if let Some((_, ours)) = &mut self.last {
            ours.last_close = sealer.last_close();
        }
        self.output = Some(sealer.into_output());
        Ok(())
    }

    fn sealer(&mut self) -> Result<&mut Sealer<StreamOutput>, SealError> {
        self.sealer.as_mut().ok_or(SealError::Crypto)
    }
}
