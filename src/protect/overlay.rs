//! `--overlay`: the original with outlines of what is hidden. The child makes a plain stream of it for the parent's eyes only.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use crate::archive::Archiver;
use crate::base::Report;
use crate::cli::flags::RecipientFlags;
use crate::format::{Clock, Frame, PlainWriter, Reader, Reason, Role, StreamRecord, Suite, Track, sha256};
use crate::media::Packet;
use crate::recipients::{CertificateFiles, Recipients, RecipientsOptions};
use crate::seal::SealSettings;
use crate::storage::StreamOutput;

/// Length of the plain stream's epochs; the sealed one has its own.
const EPOCH_NS: i64 = 60_000_000_000;

/// The child's side: packets of outlined pictures become a plain stream.
pub(super) struct Overlay {
    original: StreamRecord,
    writer: Option<PlainWriter<Vec<u8>>>,
}

impl Overlay {
    pub fn new(original: &StreamRecord) -> Self {
        Overlay { original: original.clone(), writer: None }
    }

    /// The encoder writes this track from here on.
    pub fn begins(&mut self, track: &Track, now: Clock, output: &mut File) -> anyhow::Result<()> {
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

    pub fn packet(&mut self, p: &Packet, now: Clock, output: &mut File) -> anyhow::Result<()> {
        let Some(w) = &mut self.writer else { return Ok(()) };
        w.frame(&Frame { track: 0, ..p.to_frame() }, &p.data, now)?;
        output.write_all(w.get_mut())?;
        w.get_mut().clear();
        Ok(())
    }

    pub fn end(&mut self, reason: Reason, now: Clock, output: &mut File) -> anyhow::Result<()> {
        let Some(mut w) = self.writer.take() else { return Ok(()) };
        w.finish(reason, now)?;
        Ok(output.write_all(&w.into_output())?)
    }
}

/// The parent's side: where it goes, and for whom.
pub(super) struct SealedOverlay {
    pub output: StreamOutput,
    pub recipients: Vec<PathBuf>,
}

impl SealedOverlay {
    /// Certificates that are named and not there, told before any work.
    ///
    /// # Errors
    ///
    /// As [`CertificateFiles::new`].
    pub fn new(output: StreamOutput, recipients: &RecipientFlags) -> anyhow::Result<Self> {
        CertificateFiles::new(&recipients.recipients)?;
        Ok(SealedOverlay { output, recipients: recipients.recipients.clone() })
    }

    /// Seals what the child gives.
    ///
    /// # Errors
    ///
    /// As [`Archiver::run`]; a child that gives nothing is told elsewhere.
    pub fn seal(self, plain: File, report: &Report) -> anyhow::Result<()> {
        let files = CertificateFiles::new(&self.recipients)?;
        let recipients = Recipients::open(files, &RecipientsOptions::default(), report)?;
        let reader = Reader::new(BufReader::with_capacity(256 * 1024, plain));
        Archiver::new(SealSettings::default(), None, self.output).run(reader, || recipients.clone(), report)
    }
}
