//! The child: decodes, hides, encodes. Plain originals come in, public streams go out; there is no key in this process.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::AsRawFd;

use crate::base::Report;
use crate::format::{FormatError, Reader, Reason, Record};
use crate::jail::{self, Bounds};
use crate::privacy::Protector;

use super::assets::AssetFiles;
use super::beats::Beats;
use super::counts::Counts;
use super::error::ProtectError;
use super::first_pass::study;
use super::options::PictureOptions;
use super::pipeline::Extras;
use super::pipes::WorkerPipes;
use super::public_stream::PublicStream;
use super::worker_output::WorkerOutput;

/// Reads plain originals from `input` and writes public streams to `output`. The parent may sign them up to
/// `signed_until_ns`, UTC ns; `None` where nothing is signed.
///
/// Before it reads, this process gives up everything else for good: see [`jail`]. Nothing of what it has open may be
/// used afterwards. With `required`, a system that cannot do that is refused.
///
/// # Errors
///
/// An input without video or with a codec that cannot be decoded; a detector or a reference picture that cannot be
/// used; damage; an output that cannot be written.
pub fn work(
    input: impl Read,
    output: File,
    options: &PictureOptions,
    pipes: WorkerPipes,
    signed_until_ns: Option<i64>,
    required: bool,
    report: &Report,
) -> Result<(), ProtectError> {
    let notes = WorkerPipes::open(pipes.notes_fd, true)?;
    let overlay = WorkerPipes::open(pipes.overlay_fd, true)?;
    let study_pipe = WorkerPipes::open(pipes.study_fd, false)?;
    let mut beats = Beats(WorkerPipes::open(pipes.beats_fd, true)?);
    let files = AssetFiles::read(&options.scene)?;
    let keep: Vec<i32> = [&notes, &overlay, &study_pipe, &beats.0]
        .into_iter()
        .flatten()
        .chain([&output])
        .map(|file| file.as_raw_fd())
        .collect();
    let memory = memory(options);
    if let Some(lacking) = jail::enter(Bounds { keep: &keep, memory, writes_file: false, required })? {
        report.warn(format!("the process that handles the video is not confined as it should be: {lacking}"));
        report.hint("--require-sandbox refuses to work so");
    }
    // before anything else comes from outside: a model that cannot be used is not found out in the middle of a stream
    let assets = files.parse(&options.scene)?;
    let mut reader = Reader::new(BufReader::with_capacity(256 * 1024, input));
    let mut output = WorkerOutput::new(output, notes, overlay);
    let mut studied = study_pipe.map(|f| study(f, options, &assets, &mut beats)).unwrap_or_default();
    let extras = Extras { notes: output.notes.is_some(), overlay: output.overlay.is_some() };
    let mut current: Option<PublicStream<'_>> = None;
    let mut counts = Counts::default();
    // of the stream that ended last
    let mut learned: Option<([u8; 16], Protector)> = None;
    let mut result = Ok(());
    loop {
        let record = match reader.next() {
            Ok(Some(r)) => r,
            // the parent reports why nothing came
            Ok(None) | Err(FormatError::Empty) => break,
            Err(e) => {
                result = Err(e.into());
                break;
            }
        };
        match record {
            Record::Stream(s) => {
                let before = learned.take().filter(|(id, _)| s.continues.is_some_and(|c| c.stream == *id));
                if let Some((_, protector)) = before.filter(|_| studied.iter().all(|(id, _)| *id != s.id)) {
                    // the same camera, described anew
                    studied.push((s.id, protector));
                }
                current = Some(PublicStream::new(s, options, &mut studied, extras, signed_until_ns, &assets, report)?);
            }
            Record::Start(s) => {
                if let Some(p) = &mut current {
                    p.epoch_starts(&s);
                }
            }
            Record::Frame(f) => {
                if let Some(p) = &mut current {
                    p.frame(&f, reader.payload(), &mut output)?;
                }
                beats.beat()?;
            }
            Record::Close(c) => {
                if let Some(p) = &mut current {
                    p.epoch_ends(&c);
                }
                if let Some(p) = current.take_if(|_| c.reason != Reason::NotLast) {
                    learned = Some(p.end(c.reason, &mut output, &mut counts)?);
                }
            }
            // an excerpt's last close record has no LAST: the public stream of it is whole all the same
            Record::End(_) => {
                if let Some(p) = current.take() {
                    learned = Some(p.end(Reason::EndOfInput, &mut output, &mut counts)?);
                }
            }
            _ => {}
        }
    }
    if let Some(p) = current {
        p.end(Reason::InputCut, &mut output, &mut counts)?;
    }
    if !options.hide_all {
        counts.warn(report);
    }
    result
}

/// Memory of the process, in bytes, with what is only reserved: room for the pictures of the largest size that are
/// looked ahead at, encoded and kept, and for each thread what the C library reserves.
fn memory(options: &PictureOptions) -> u64 {
    const BASE: u64 = 2 << 30;
    const A_PIXEL: u64 = 240;
    const A_THREAD: u64 = 3 * (72 << 20);
    BASE + A_PIXEL * u64::from(options.limits.max_pixels) + A_THREAD * u64::from(options.threads)
}
