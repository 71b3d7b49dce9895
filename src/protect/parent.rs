//! The parent: has the key, never a decoder.

use std::ffi::OsString;
use std::io::{BufReader, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;

use crate::base::Report;
use crate::cli::{Failure, Status, secrets::agent};
use crate::format::{Close, FormatError, Manifest, Reader, Reason, Record, Role, TrackTotals};
use crate::keys::Signer;
use crate::playback::{Source, write_plain, write_plain_noting};
use crate::storage::StreamOutput;

use super::manifest_fill::Originals;
use super::review::Review;
use super::signed_writer::SignedWriter;
use super::{PictureFlags, pipes};

/// Hidden first argument that makes a `protect` process the child.
pub const WORKER: &str = "--worker";

/// Opens `source`, has a child hide and encode, and writes the public stream to `output`, signed if there is a signer. With
/// `first_pass`, the same input once more, the child learns all of it first.
///
/// # Errors
///
/// As [`Source::next`] and [`Source::verdict`]; the child's failure, with the child's status; a child that died (3).
pub fn protect(
    mut source: Source,
    first_pass: Option<Source>,
    output: StreamOutput,
    signer: Option<Signer>,
    flags: &PictureFlags,
    review: Review,
    quiet: bool,
    report: &Report,
) -> anyhow::Result<()> {
    let (mut study, mut pipes) = (None, Vec::new());
    if first_pass.is_some() {
        let (file, end) = pipes::to_child()?;
        pipes.push(("study", end));
        study = Some(file);
    }
    let review = review.start(&mut pipes, report)?;
    let mut child = spawn(flags, &pipes, quiet)?;
    // the child has them now; ours would keep its readers waiting
    drop(pipes);
    let mut stdin = child.stdin.take().context("cannot talk to the decoder process")?;
    let stdout = child.stdout.take().context("cannot talk to the decoder process")?;
    let child = Arc::new(Mutex::new(child));
    let originals = Originals::default();
    let relay = {
        let (child, originals) = (Arc::clone(&child), originals.clone());
        thread::spawn(move || {
            let result = relay(BufReader::with_capacity(256 * 1024, stdout), output, signer, &originals);
            if result.is_err() {
                // nobody takes the pictures any more; this also ends the feeding
                let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
            }
            result
        })
    };
    if let (Some(mut first), Some(mut pipe)) = (first_pass, study.take()) {
        // the second pass tells what is wrong with the input, or with the child
        let _ = write_plain(&mut first, &mut pipe);
    }
    let fed = write_plain_noting(&mut source, &mut stdin, |opened| originals.note(opened));
    drop(stdin);
    let relayed = relay.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of protect failed")));
    let ended =
        child.lock().unwrap_or_else(PoisonError::into_inner).wait().context("cannot wait for the decoder process")?;

    let reviewed = review.finish();
    let child_gone = fed.as_ref().is_err_and(is_broken_pipe);
    if !child_gone {
        fed?;
    }
    let whole = relayed?;
    match ended.code() {
        Some(0) if whole || !source.is_whole() => source.verdict().and(reviewed),
        Some(0) => Err(Failure::damaged("the decoder process stopped before the end of the stream").into()),
        // a report that cannot be written, or an overlay that cannot be sealed, is why the child had to stop
        Some(code) if code == i32::from(Status::ReaderGone.code()) && reviewed.is_err() => reviewed,
        // it has said why
        Some(code) => {
            Err(Failure::told(u8::try_from(code).ok().and_then(Status::from_code).unwrap_or(Status::Failed)).into())
        }
        None => Err(Failure::damaged(format!("the decoder process died ({ended}); the public stream ends there"))
            .hint("a packet that the decoder cannot survive: keep the original, and tell the developers")
            .into()),
    }
}

fn spawn(flags: &PictureFlags, pipes: &[(&str, OwnedFd)], quiet: bool) -> anyhow::Result<Child> {
    let exe = std::env::current_exe().context("cannot find the own program")?;
    let mut arguments: Vec<OsString> = vec![WORKER.into()];
    arguments.extend(flags.to_arguments());
    arguments.extend(pipes.iter().map(|(name, end)| pipes::flag(name, end).into()));
    arguments.extend(quiet.then(|| "--quiet".into()));
    let mut child = Command::new(exe);
    child.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    agent::forget(&mut child).spawn().context("cannot start the decoder process")
}

/// Passes the child's public stream on, record by record, and ends it properly when the child does not. False then.
fn relay(
    from_child: impl Read,
    output: StreamOutput,
    signer: Option<Signer>,
    originals: &Originals,
) -> anyhow::Result<bool> {
    let mut reader = Reader::new(from_child);
    let mut writer = SignedWriter::new(output, signer)?;
    let mut open: Option<(u64, Vec<TrackTotals>)> = None;
    let (mut in_stream, mut tracks, mut whole) = (false, 0, true);
    let mut manifest = None;
    loop {
        match reader.next() {
            Ok(None) | Err(FormatError::Empty) => break,
            Err(FormatError::Io(e)) => return Err(e).context("cannot read from the decoder process"),
            Err(_) | Ok(Some(Record::Cut)) => {
                whole = false;
                break;
            }
            Ok(Some(record)) => match record {
                Record::Stream(s) => {
                    if s.role != Role::Public || s.sealed() {
                        return Err(Failure::failed("the decoder process gave something that is not public").into());
                    }
                    (in_stream, tracks, manifest) = (true, s.tracks.len(), Manifest::track_of(&s));
                    writer.stream(&s)?;
                }
                Record::Start(s) => {
                    open = Some((s.epoch, vec![TrackTotals::NONE; tracks]));
                    writer.start(&s, reader.raw())?;
                }
                Record::Frame(f) => {
                    if let Some(t) = open.as_mut().and_then(|(_, t)| t.get_mut(f.track as usize)) {
                        t.add(f.pts);
                    }
                    match Some(f.track) == manifest {
                        true => writer.plain_frame(&f, &originals.complete(reader.payload())?)?,
                        false => writer.frame(&f, reader.raw())?,
                    }
                }
                Record::Close(c) => {
                    open = None;
                    writer.close(&c, reader.raw())?;
                }
                Record::End(_) => {
                    in_stream = false;
                    writer.finish()?;
                }
                // the writer makes its own index; a plain stream has no keys and no grants
                Record::Index(_) | Record::Keys(_) | Record::Grant(_) | Record::Cut => {}
            },
        }
    }
    if let Some((epoch, tracks)) = open {
        let close = Close { epoch, reason: Reason::InputCut, tracks, macs: Vec::new(), signature: None };
        let record = close.to_record().map_err(|_| anyhow::anyhow!("cannot close the public stream"))?;
        writer.close(&close, &record)?;
    }
    if in_stream {
        writer.finish()?;
    }
    writer.into_output().finish()?;
    Ok(whole)
}

fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain().any(|c| match c.downcast_ref::<FormatError>() {
        Some(FormatError::Io(e)) => e.kind() == ErrorKind::BrokenPipe,
        _ => c.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe),
    })
}
