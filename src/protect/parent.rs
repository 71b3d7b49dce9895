//! The parent: has the key, never a decoder.

use std::io::{self, BufReader, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::base::{Report, lock};
use crate::playback::{Source, write_plain, write_plain_noting};
use crate::storage::StreamOutput;

use super::error::ProtectError;
use super::manifest_fill::Originals;
use super::options::{PictureOptions, WorkerProgram};
use super::pipes;
use super::public_signer::PublicSigner;
use super::relay::relay;
use super::review::Review;
use super::signed_writer::SignedWriter;

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
}

/// Opens an original, has a child hide and encode, and writes the public stream.
///
/// # Errors
///
/// As [`Source::next`] and [`Source::verdict`]; a file of the job cannot be written; the child failed or died.
pub fn protect(
    job: ProtectJob,
    options: &PictureOptions,
    program: &WorkerProgram,
    report: &Report,
) -> Result<(), ProtectError> {
    let ProtectJob { mut source, first_pass, output, signer, review } = job;
    let (mut study, mut pipes) = (None, Vec::new());
    if first_pass.is_some() {
        let (file, end) = pipes::to_child()?;
        pipes.push(("study", end));
        study = Some(file);
    }
    let review = review.start(&mut pipes, report)?;
    let signed_until_ns = signer.as_ref().map(|s| s.signer.certificate().not_after_ns());
    let mut child = spawn(options, &pipes, signed_until_ns, program)?;
    // the child has them now; ours would keep its readers waiting
    drop(pipes);
    let mut stdin = ToChild { pipe: child.stdin.take().ok_or(ProtectError::NoPipes)?, gone: false };
    let stdout = child.stdout.take().ok_or(ProtectError::NoPipes)?;
    let child = Arc::new(Mutex::new(child));
    let originals = Originals::default();
    let relay = {
        let (child, originals, report) = (Arc::clone(&child), originals.clone(), report.clone());
        thread::spawn(move || {
            let stdout = BufReader::with_capacity(256 * 1024, stdout);
            let result = SignedWriter::new(output, signer, &report)
                .map_err(ProtectError::from)
                .and_then(|writer| relay(stdout, writer, &originals));
            if result.is_err() {
                // nobody takes the pictures any more; this also ends the feeding
                let _ = lock(&child).kill();
            }
            result
        })
    };
    if let (Some(mut first), Some(mut pipe)) = (first_pass, study.take()) {
        // the second pass reports what is wrong with the input, or with the child
        let _ = write_plain(&mut first, &mut pipe);
    }
    let fed = write_plain_noting(&mut source, &mut stdin, |opened| originals.note(opened));
    let child_gone = stdin.gone;
    drop(stdin);
    let relayed = relay.join().unwrap_or(Err(ProtectError::Thread));
    let ended = lock(&child).wait().map_err(ProtectError::Wait)?;

    let reviewed = review.finish();
    if !child_gone {
        fed?;
    }
    let whole = relayed?;
    match ended.code() {
        Some(0) if whole || !source.is_whole() => source.verdict().map_err(ProtectError::Playback).and(reviewed),
        Some(0) => Err(ProtectError::WorkerStopped),
        // a report that cannot be written, or an overlay that cannot be sealed, is why the child had to stop
        Some(READER_GONE) if reviewed.is_err() => reviewed,
        Some(code) => Err(ProtectError::Worker { code }),
        None => Err(ProtectError::WorkerDied(ended)),
    }
}

fn spawn(
    options: &PictureOptions,
    pipes: &[(&str, OwnedFd)],
    signed_until_ns: Option<i64>,
    program: &WorkerProgram,
) -> Result<Child, ProtectError> {
    let mut child = Command::new(&program.path);
    child.args(&program.arguments).args(options.to_arguments());
    child.args(pipes.iter().map(|(name, end)| pipes::flag(name, end)));
    child.args(signed_until_ns.map(|ns| format!("--signed-until={ns}")));
    for variable in &program.hidden_variables {
        child.env_remove(variable);
    }
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(ProtectError::Start)
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
