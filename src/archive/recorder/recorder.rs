//! A stream read, judged by policy, and kept as segments.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::archive::{ArchiveError, Kept, Limits, Segmenter};
use crate::base::Report;
use crate::base::text;
use crate::base::text::count;
use crate::cli::Failure;
use crate::format::{EndKind, FormatError, Reader, Record, Role, StreamRecord};
use crate::keys::Signers;
use crate::seal::{SealError, Witness};
use crate::storage::Input;

use super::recover;
use super::segment_files::{DiskShelf, Folder};
use super::sweep::sweep;
use super::syncer::Syncer;

const SWEEP_STEP: u64 = 1 << 20;

/// What may be written.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Only streams of this role.
    pub only: Option<Role>,
    /// An original that is not sealed may be written, too.
    pub plain_original: bool,
    /// Only epochs that one of these has signed.
    pub signers: Option<Signers>,
}

/// How it is kept.
#[derive(Debug, Clone)]
pub struct RecordSettings {
    /// The folder, made if missing.
    pub folder: PathBuf,
    /// Length of a segment.
    pub segment: Duration,
    /// What was written is on the disk so long after.
    pub sync: Duration,
    /// How much is kept.
    pub limits: Limits,
    /// What may be written.
    pub policy: Policy,
}

impl Policy {
    /// # Errors
    ///
    /// The stream may not be written (4).
    fn check(&self, s: &StreamRecord) -> Result<(), Failure> {
        let role = |r| if r == Role::Public { "public stream" } else { "original" };
        if let Some(only) = self.only.filter(|only| *only != s.role) {
            let text = format!("this is an {} of {}", role(s.role), text::quoted(&s.camera));
            let text = if s.role == Role::Public { text.replacen("an ", "a ", 1) } else { text };
            return Err(Failure::refused(format!(
                "{text}, and --only {} was said",
                if only == Role::Public { "public" } else { "original" }
            ))
            .hint("nothing of it was written"));
        }
        if s.role == Role::Original && !s.sealed() && !self.plain_original {
            return Err(Failure::refused(format!("this original of {} is not sealed", text::quoted(&s.camera)))
                .hint("seal it with encrypt-stream, or say --allow-plain-original; nothing of it was written"));
        }
        Ok(())
    }
}

/// Keeps the streams of `input` as segments in a folder.
///
/// # Errors
///
/// A stream that may not be written (4); an input that is damaged or cut (3), a disk that is full (1): what came before is kept.
pub fn record(input: Input, settings: RecordSettings, report: &Report) -> anyhow::Result<()> {
    // a limit on the size of files shall be an error like a full disk, not the end of the process
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)))
        .context("cannot install a signal handler")?;
    let mut recorder = Recorder {
        witness: settings.policy.signers.clone().map(Witness::demanding),
        settings,
        report,
        began: Instant::now(),
        open: None,
        stream: None,
        kept: Vec::new(),
        held: 0,
        next_sweep: 0,
    };
    let recorded = recorder.run(Reader::new(input));
    let ended = recorder.end();
    recorded.and(ended)
}

struct Recorder<'a> {
    settings: RecordSettings,
    /// Where signatures are asked for.
    witness: Option<Witness>,
    report: &'a Report,
    began: Instant,
    /// From the first stream that may be written on.
    open: Option<(Segmenter<DiskShelf>, Syncer, JoinHandle<()>)>,
    stream: Option<StreamRecord>,
    kept: Vec<Kept>,
    /// Bytes of the finished segments of the camera.
    held: u64,
    /// Bytes of the segment being written at which the oldest are looked for again.
    next_sweep: u64,
}

impl Recorder<'_> {
    fn run(&mut self, mut reader: Reader<Input>) -> anyhow::Result<()> {
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
                    self.vouched(&record, reader.raw(), reader.record_offset())?;
                    self.begin(s)?;
                    self.take(record, reader.raw())?;
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
            self.vouched(&record, reader.raw(), reader.record_offset())?;
            self.take(record, reader.raw())?;
        }
        let stopped = self.open.as_mut().map_or(Ok(None), |(s, ..)| s.stop());
        self.settle(stopped)?;
        match fault {
            None => Ok(()),
            Some(e @ FormatError::Io(_)) => Err(e.into()),
            Some(e) => {
                Err(Failure::damaged(format!("the input is not whole: {e}")).hint("what came before it is kept").into())
            }
        }
    }

    /// Checks the signature of the epoch that ends with this record. Where it is not right, or not of an accepted signer, the epoch
    /// is taken out of its segment again.
    fn vouched(&mut self, record: &Record, raw: &[u8], at: u64) -> anyhow::Result<()> {
        let Some(Err(e)) = self.witness.as_mut().map(|w| w.see(record, raw, at)) else { return Ok(()) };
        let stopped = self.open.as_mut().map_or(Ok(None), |(s, ..)| s.stop());
        self.settle(stopped)?;
        let kept = match self.kept.is_empty() {
            true => "nothing of it was kept",
            false => "the epochs before it are kept",
        };
        Err(Failure::refused(refusal(&e)).hint(kept).into())
    }

    fn begin(&mut self, s: &StreamRecord) -> anyhow::Result<()> {
        // nothing of a refused stream may follow the one before it in its segment
        if let Err(refused) = self.settings.policy.check(s) {
            let stopped = self.open.as_mut().map_or(Ok(None), |(s, ..)| s.stop());
            self.settle(stopped)?;
            return Err(refused.into());
        }
        if self.open.is_none() {
            let name = text::quoted_path(&self.settings.folder);
            let folder =
                Folder::open(&self.settings.folder).with_context(|| format!("cannot open the folder {name}"))?;
            recover::finish_all(&folder, self.settings.policy.signers.as_ref(), self.report);
            let (report, at) = (self.report.clone(), name.clone());
            let tell = move |e: &io::Error| {
                report.warn(format!("the disk did not keep what was written to {at}: {}", text::io_reason(e)));
            };
            let (syncer, thread) = Syncer::start(self.settings.sync, tell).context("cannot start a thread")?;
            let shelf = DiskShelf { folder, syncer: syncer.clone() };
            let length = i64::try_from(self.settings.segment.as_nanos()).unwrap_or(i64::MAX);
            let segmenter = match &self.witness {
                // what nobody has signed yet does not stay
                Some(_) => Segmenter::new(shelf, length).closed_epochs_only(),
                None => Segmenter::new(shelf, length),
            };
            self.open = Some((segmenter, syncer, thread));
        }
        self.stream = Some(s.clone());
        self.sweep();
        Ok(())
    }

    fn take(&mut self, record: Record, raw: &[u8]) -> anyhow::Result<()> {
        let now = i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let Some((segmenter, ..)) = &mut self.open else {
            return match record {
                Record::Grant(_) => Err(ArchiveError::Sidecar.into()),
                _ => Ok(()),
            };
        };
        let taken = segmenter.take(record, raw, now);
        self.settle(taken)?;
        let writing = self.writing();
        let over = |keep| self.held > 0 && self.held.saturating_add(writing) > keep;
        if writing >= self.next_sweep && self.settings.limits.keep_bytes.is_some_and(over) {
            self.sweep();
            // what cannot be removed now is tried again, but not at every record
            self.next_sweep = writing + SWEEP_STEP;
        }
        Ok(())
    }

    /// Notes a segment that was finished; saves what is there when the disk did not take more.
    fn settle(&mut self, taken: Result<Option<Kept>, ArchiveError>) -> anyhow::Result<()> {
        match taken {
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
                Err(e.into())
            }
        }
    }

    fn sweep(&mut self) {
        if self.settings.limits.is_none() {
            return;
        }
        let writing = self.writing();
        if let (Some((segmenter, ..)), Some(s)) = (&mut self.open, &self.stream) {
            self.held = sweep(&segmenter.shelf().folder, s, writing, self.settings.limits, self.report);
        }
    }

    fn writing(&self) -> u64 {
        self.open.as_ref().and_then(|(s, ..)| s.open()).map_or(0, |(_, bytes)| bytes)
    }

    /// Ends the thread and says what there is.
    fn end(&mut self) -> anyhow::Result<()> {
        let Some((_, syncer, thread)) = self.open.take() else { return Ok(()) };
        syncer.stop();
        let _ = thread.join();
        let bytes = self.kept.iter().map(|k| k.bytes).sum();
        let folder = text::quoted_path(&self.settings.folder);
        let n = self.kept.len() as u64;
        self.report.note(format!("{}, {} in {folder}", count(n, "segment"), text::human_size(bytes)));
        Ok(())
    }
}

fn refusal(e: &SealError) -> String {
    match e {
        SealError::Unsigned => "the stream is not signed, and --signer or --ca asks for it".into(),
        e => e.to_string(),
    }
}
