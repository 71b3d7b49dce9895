//! A stream read, checked against the policy, and kept as segments.

use std::io;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::archive::error::ArchiveError;
use crate::archive::retention::Limits;
use crate::archive::segmenter::{Kept, Segmenter};
use crate::base::Report;
use crate::base::text::{self, count};
use crate::format::{EndKind, FormatError, Reader, Record, StreamRecord};
use crate::seal::SignatureCheck;
use crate::storage::Input;

use super::policy::Policy;
use super::recover;
use super::segment_files::{Folder, FolderStore};
use super::sweep::{Writing, sweep};
use super::syncer::Syncer;

/// When the oldest segments cannot be removed now, this is tried again after as many bytes.
const SWEEP_STEP: u64 = 1 << 20;

/// Where and how streams are recorded.
#[derive(Debug, Clone)]
pub struct RecorderOptions {
    /// The folder, made if missing.
    pub folder: PathBuf,
    /// A segment ends with the first epoch that ends when it is as long as this.
    pub segment: Duration,
    /// After this time, what was written is on the disk.
    pub sync: Duration,
    /// How much is kept.
    pub limits: Limits,
    /// What may be recorded.
    pub policy: Policy,
}

impl RecorderOptions {
    /// Records into `folder`: segments of ten minutes, on the disk after a second, all kept, no policy but that an
    /// original must be sealed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        RecorderOptions {
            folder: folder.into(),
            segment: Duration::from_secs(600),
            sync: Duration::from_secs(1),
            limits: Limits::default(),
            policy: Policy::default(),
        }
    }
}

/// Keeps the streams of `input` as segments in a folder.
///
/// Where the size of files is limited, a caller that does not handle SIGXFSZ is ended by that signal; otherwise it is
/// an error as on a full disk.
///
/// # Errors
///
/// The policy refuses a stream; the input is damaged or truncated; the disk is full. What came before is kept.
pub fn record(input: Input, options: RecorderOptions, report: &Report) -> Result<(), ArchiveError> {
    let mut recorder = Recorder {
        signature_check: options.policy.signers.clone().map(SignatureCheck::demanding),
        options,
        report,
        began: Instant::now(),
        open: None,
        stream: None,
        kept: Vec::new(),
        held: 0,
        next_sweep: 0,
        warned_of_leaning: false,
    };
    let recorded = recorder.run(Reader::new(input));
    recorder.end();
    recorded
}

struct Recorder<'a> {
    options: RecorderOptions,
    /// Where signatures are asked for.
    signature_check: Option<SignatureCheck>,
    report: &'a Report,
    began: Instant,
    /// Since the first stream that may be recorded.
    open: Option<(Segmenter<FolderStore>, Syncer, JoinHandle<()>)>,
    stream: Option<StreamRecord>,
    kept: Vec<Kept>,
    /// Bytes of the finished segments of the camera.
    held: u64,
    /// Bytes of the segment being written at which the oldest are searched for again.
    next_sweep: u64,
    warned_of_leaning: bool,
}

impl Recorder<'_> {
    fn run(&mut self, mut reader: Reader<Input>) -> Result<(), ArchiveError> {
        let mut fault = None;
        loop {
            let record = match reader.next() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(e @ (FormatError::Empty | FormatError::Header { .. })) if self.open.is_none() => {
                    return Err(e.into());
                }
                Err(e) => {
                    fault.get_or_insert(e);
                    break;
                }
            };
            match &record {
                Record::Stream(s) => {
                    self.check_signature(&record, reader.raw(), reader.record_offset())?;
                    self.begin(s)?;
                    self.add(record, reader.raw())?;
                    continue;
                }
                Record::End(e) if matches!(e.kind, EndKind::Recovered | EndKind::Cut) => {
                    fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                }
                Record::Cut => {
                    fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                }
                _ => {}
            }
            self.check_signature(&record, reader.raw(), reader.record_offset())?;
            self.add(record, reader.raw())?;
        }
        self.stop_segment()?;
        match fault {
            None => Ok(()),
            Some(e @ FormatError::Io(_)) => Err(e.into()),
            Some(e) => Err(ArchiveError::RecordedInPart(e)),
        }
    }

    /// Checks the signature of the epoch that ends with this record. Where it is not right, or not of an accepted
    /// signer, the epoch is taken out of its segment again.
    fn check_signature(&mut self, record: &Record, raw: &[u8], at: u64) -> Result<(), ArchiveError> {
        let Some(Err(fault)) = self.signature_check.as_mut().map(|w| w.read(record, raw, at)) else { return Ok(()) };
        self.stop_segment()?;
        Err(ArchiveError::Refused { fault, kept: !self.kept.is_empty() })
    }

    fn stop_segment(&mut self) -> Result<(), ArchiveError> {
        let stopped = self.open.as_mut().map_or(Ok(None), |(s, ..)| s.stop());
        self.settle(stopped)
    }

    fn begin(&mut self, s: &StreamRecord) -> Result<(), ArchiveError> {
        // nothing of a refused stream may follow the one before it in its segment
        if let Err(refused) = self.options.policy.check(s) {
            self.stop_segment()?;
            return Err(refused);
        }
        if self.open.is_none() {
            let path = &self.options.folder;
            let folder =
                Folder::open(path).map_err(|source| ArchiveError::OpenFolder { path: path.clone(), source })?;
            recover::finish_all(&folder, self.options.policy.signers.as_ref(), self.report);
            let (report, at) = (self.report.clone(), text::quoted_path(path));
            let warn = move |e: &io::Error| {
                report.warn(format!("the disk did not keep what was written to {at}: {}", text::io_reason(e)));
            };
            let (syncer, thread) = Syncer::start(self.options.sync, warn).map_err(ArchiveError::Thread)?;
            let store = FolderStore { folder, syncer: syncer.clone() };
            let length = i64::try_from(self.options.segment.as_nanos()).unwrap_or(i64::MAX);
            let mut segmenter = Segmenter::new(store, length);
            if self.signature_check.is_some() {
                // an epoch that is not signed yet does not stay
                segmenter = segmenter.closed_epochs_only();
            }
            self.open = Some((segmenter, syncer, thread));
        }
        self.stream = Some(s.clone());
        self.sweep();
        Ok(())
    }

    fn add(&mut self, record: Record, raw: &[u8]) -> Result<(), ArchiveError> {
        let now = i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let Some((segmenter, ..)) = &mut self.open else {
            return if let Record::Grant(_) = record { Err(ArchiveError::Sidecar) } else { Ok(()) };
        };
        let added = segmenter.add(record, raw, now);
        self.settle(added)?;
        let writing = self.writing();
        let over = |keep| self.held > 0 && self.held.saturating_add(writing) > keep;
        if writing >= self.next_sweep && self.options.limits.keep_bytes.is_some_and(over) {
            self.sweep();
            // what cannot be removed now is tried again, but not at every record
            self.next_sweep = writing + SWEEP_STEP;
        }
        Ok(())
    }

    /// Notes a segment that was finished; saves what is there when the disk did not take more.
    fn settle(&mut self, added: Result<Option<Kept>, ArchiveError>) -> Result<(), ArchiveError> {
        match added {
            Ok(None) => Ok(()),
            Ok(Some(kept)) => {
                self.kept.push(kept);
                self.next_sweep = 0;
                self.sweep();
                Ok(())
            }
            Err(e) => {
                let rescued = self.open.as_mut().map_or(Ok(None), |(s, ..)| s.rescue());
                if let Ok(Some(kept)) = rescued {
                    self.kept.push(kept);
                }
                Err(e)
            }
        }
    }

    fn sweep(&mut self) {
        if self.options.limits.is_none() {
            return;
        }
        let bytes = self.writing();
        if let (Some((segmenter, ..)), Some(s)) = (&mut self.open, &self.stream) {
            let writing = Writing { bytes, leans: segmenter.leans() };
            let stays = sweep(&segmenter.store().folder, s, writing, self.options.limits, self.report);
            self.held = stays.held;
            if stays.is_leant_on && !std::mem::replace(&mut self.warned_of_leaning, true) {
                self.report.warn(
                    "more is kept than --keep and --keep-bytes say: what they keep cannot be shown without the segments \
                     before it, back to the last key frame",
                );
            }
        }
    }

    fn writing(&self) -> u64 {
        self.open.as_ref().and_then(|(s, ..)| s.open()).map_or(0, |(_, bytes)| bytes)
    }

    /// Ends the thread and reports what there is.
    fn end(&mut self) {
        let Some((_, syncer, thread)) = self.open.take() else { return };
        syncer.stop();
        let _ = thread.join();
        let bytes = self.kept.iter().map(|k| k.bytes).sum();
        let folder = text::quoted_path(&self.options.folder);
        let n = self.kept.len() as u64;
        self.report.note(format!("{}, {} in {folder}", count(n, "segment"), text::human_size(bytes)));
    }
}
