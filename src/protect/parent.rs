//! The parent: has the key, never a decoder.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::base::{Report, lock};
use crate::jail::{self, JailProgram, Watch};
use crate::playback::{PlaybackError, Source, write_plain_noting};
use crate::seal::Opened;
use crate::storage::StreamOutput;

use super::beats;
use super::error::ProtectError;
use super::manifest_fill::Originals;
use super::options::PictureOptions;
use super::pipes;
use super::public_signer::PublicSigner;
use super::relay::relay;
use super::review::Review;
use super::signed_writer::SignedWriter;
use super::tail::{Owed, write_owed};
use super::words::{LastWords, relay_words};

/// Exit status of a child whose pipe nobody reads any more: that of a program which SIGPIPE ends.
const READER_GONE: i32 = 141;

/// A run of [`protect`]: what is read and what is written.
pub struct ProtectJob {
    /// The original.
    pub source: Source,
    /// The original once more, of which the child learns everything first.
    pub first_pass: Option<Source>,
    /// Where the public stream is written.
    pub output: StreamOutput,
    /// Who signs the public stream.
    pub signer: Option<PublicSigner>,
    /// What is written for review.
    pub review: Review,
    /// For how long a child may make no progress before it is ended.
    pub picture_time: Duration,
}

/// Opens an original, has a child hide and encode, and writes the public stream. `program` is the child: it calls
/// [`super::work`] with its stdin and stdout, and says on its stderr what is wrong.
///
/// When the child dies, the pictures that it was given and that have not come are hidden whole.
///
/// # Errors
///
/// As [`Source::next`] and [`Source::verdict`]; a file of the job cannot be written; the child failed or died.
pub fn protect(
    job: ProtectJob,
    options: &PictureOptions,
    program: &JailProgram,
    report: &Report,
) -> Result<(), ProtectError> {
    let ProtectJob { mut source, first_pass, output, signer, review, picture_time } = job;
    let (mut study, mut pipes) = (None, Vec::new());
    if first_pass.is_some() {
        let (file, end) = pipes::to_child()?;
        pipes.push(("study", end));
        study = Some(file);
    }
    let review = review.start(&mut pipes, report)?;
    let signed_until_ns = signer.as_ref().map(|s| s.signer.certificate().not_after_ns());
    let worker = Worker::start(options, pipes, signed_until_ns, program, report)?;
    let watching = worker.watch(picture_time);
    let (watch, owed, originals) = (worker.watch.clone(), worker.owed.clone(), Originals::default());
    let mut stdin = ToChild { pipe: worker.stdin, gone: false };
    let relaying = {
        let (child, watch, owed) = (Arc::clone(&worker.child), watch.clone(), owed.clone());
        let (originals, report, stdout) = (originals.clone(), report.clone(), worker.stdout);
        thread::spawn(move || {
            let mut writer = SignedWriter::new(output, signer, &report)?;
            let came = |pts| {
                watch.moves();
                owed.came(pts);
            };
            let result = relay(stdout, &mut writer, &originals, Some(&owed), came);
            if result.is_err() {
                // nobody takes the pictures any more; this also ends the feeding
                let _ = lock(&child).kill();
            }
            Ok((writer, result))
        })
    };
    let give = |opened: &Opened| {
        if matches!(opened, Opened::Frame(_)) {
            watch.give();
        }
    };
    if let (Some(mut first), Some(mut pipe)) = (first_pass, study.take()) {
        // the second pass reports what is wrong with the input, or with the child
        let _ = write_plain_noting(&mut first, &mut pipe, give);
    }
    let fed = write_plain_noting(&mut source, &mut stdin, |opened| {
        originals.note(opened);
        owed.note(opened);
        give(opened);
    });
    let child_gone = stdin.gone;
    watch.ending();
    drop(stdin);
    let (mut writer, relayed) = relaying.join().unwrap_or(Err(ProtectError::Thread))?;
    let ended = lock(&worker.child).wait().map_err(ProtectError::Wait)?;
    watch.over();
    let _ = watching.join();
    let words = worker.words.join().unwrap_or_default();
    let died = ended.code().is_none() && relayed.is_ok();
    if died {
        // whatever happens here, the child's death is what is reported
        let again = Again { options, signed_until_ns, program, picture_time };
        let _ = hide_owed(&owed, &mut writer, &originals, &again, report);
    }
    match &relayed {
        // what was written before the signer's end stays, with an end
        Ok(_) | Err(ProtectError::Playback(PlaybackError::Seal(_))) => writer.into_output().finish()?,
        Err(_) => {}
    }

    let reviewed = review.finish();
    if !child_gone && !died {
        fed?;
    }
    let whole = relayed?;
    match ended.code() {
        Some(0) if whole || !source.is_whole() => source.verdict().map_err(ProtectError::Playback).and(reviewed),
        Some(0) => Err(ProtectError::WorkerStopped),
        // a report that cannot be written, or an overlay that cannot be sealed, is why the child had to stop
        Some(READER_GONE) if reviewed.is_err() => reviewed,
        Some(code) => Err(ProtectError::Worker { code, message: words.error, hint: words.hint }),
        None if watch.was_overdue() => Err(ProtectError::WorkerHung(picture_time)),
        None => Err(ProtectError::WorkerDied(ended)),
    }
}

/// A running child.
struct Worker {
    child: Arc<Mutex<Child>>,
    stdin: ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
    words: JoinHandle<LastWords>,
    watch: Watch,
    owed: Owed,
}

impl Worker {
    /// Starts one with the child's ends of `pipes`.
    fn start(
        options: &PictureOptions,
        mut pipes: Vec<(&str, OwnedFd)>,
        signed_until_ns: Option<i64>,
        program: &JailProgram,
        report: &Report,
    ) -> Result<Self, ProtectError> {
        let (beating, end) = pipes::from_child()?;
        pipes.push(("beats", end));
        let mut arguments = options.to_arguments();
        arguments.extend(pipes.iter().map(|(name, end)| OsString::from(pipes::flag(name, end))));
        arguments.extend(signed_until_ns.map(|ns| format!("--signed-until={ns}").into()));
        let mut child = jail::spawn(program, arguments, Stdio::piped()).map_err(ProtectError::Start)?;
        // the child has them now; ours would keep its readers waiting
        drop(pipes);
        let stdin = child.stdin.take().ok_or(ProtectError::NoPipes)?;
        let stdout = child.stdout.take().ok_or(ProtectError::NoPipes)?;
        let stderr = child.stderr.take().ok_or(ProtectError::NoPipes)?;
        let report = report.clone();
        let words = thread::spawn(move || relay_words(stderr, &report));
        let (child, watch) = (Arc::new(Mutex::new(child)), Watch::default());
        count_beats(beating, &watch, &child);
        let stdout = BufReader::with_capacity(256 * 1024, stdout);
        Ok(Worker { child, stdin, stdout, words, watch, owed: Owed::new(options.scene.track) })
    }

    /// Ends it when it does not get on for `limit`.
    fn watch(&self, limit: Duration) -> JoinHandle<()> {
        let child = Arc::clone(&self.child);
        self.watch.start(limit, move || drop(lock(&child).kill()))
    }
}

fn count_beats(pipe: File, watch: &Watch, child: &Arc<Mutex<Child>>) {
    let (watch, child) = (watch.clone(), Arc::clone(child));
    thread::spawn(move || {
        if !beats::count(pipe, &watch) {
            // it lies
            let _ = lock(&child).kill();
        }
    });
}

/// Has another child hide all pictures that are owed. It is given their times, and nothing that was read.
fn hide_owed(
    owed: &Owed,
    writer: &mut SignedWriter<StreamOutput>,
    originals: &Originals,
    again: &Again<'_>,
    report: &Report,
) -> Result<(), ProtectError> {
    let streams = owed.take();
    if streams.is_empty() {
        return Ok(());
    }
    let options = PictureOptions { hide_all: true, two_pass: false, realtime: None, ..again.options.clone() };
    let mut worker = Worker::start(&options, Vec::new(), again.signed_until_ns, again.program, report)?;
    let watching = worker.watch(again.picture_time);
    streams.iter().for_each(|stream| (0..stream.pictures()).for_each(|_| worker.watch.give()));
    worker.watch.ending();
    let mut stdin = worker.stdin;
    let feeding = thread::spawn(move || write_owed(&streams, &mut stdin));
    let moves = |_| worker.watch.moves();
    let relayed = relay(&mut worker.stdout, writer, originals, None, moves);
    if relayed.is_err() {
        let _ = lock(&worker.child).kill();
    }
    let _ = feeding.join();
    let _ = lock(&worker.child).wait();
    worker.watch.over();
    let _ = watching.join();
    relayed.map(drop)
}

/// What it takes to start a child again.
struct Again<'a> {
    options: &'a PictureOptions,
    signed_until_ns: Option<i64>,
    program: &'a JailProgram,
    picture_time: Duration,
}

/// The child's stdin.
struct ToChild {
    pipe: ChildStdin,
    /// The child reads no more of it: why is known when it has ended.
    gone: bool,
}

impl Write for ToChild {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.pipe.write(bytes);
        self.gone |= written.as_ref().is_err_and(|e| e.kind() == ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe.flush()
    }
}
