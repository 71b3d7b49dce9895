//! The child: decodes, hides, encodes. Plain originals come in, public streams go out; there is no key in this process.

use std::io::{BufReader, Read, Write};

use crate::base::Report;
use crate::format::{FormatError, Reader, Reason, Record};

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
/// # Errors
///
/// An input without video or with a codec that cannot be decoded; a detector or a reference picture that cannot be
/// used; damage; an output that cannot be written.
pub fn work(
    input: impl Read,
    output: impl Write,
    options: &PictureOptions,
    pipes: WorkerPipes,
    signed_until_ns: Option<i64>,
    report: &Report,
) -> Result<(), ProtectError> {
    let mut reader = Reader::new(BufReader::with_capacity(256 * 1024, input));
    let notes = WorkerPipes::open(pipes.notes_fd, true)?;
    let overlay = WorkerPipes::open(pipes.overlay_fd, true)?;
    let mut output = WorkerOutput::new(output, notes, overlay);
    let mut studied = WorkerPipes::open(pipes.study_fd, false)?.map(|f| study(f, options)).unwrap_or_default();
    let extras = Extras { notes: output.notes.is_some(), overlay: output.overlay.is_some() };
    let mut current: Option<PublicStream<'_>> = None;
    let mut counts = Counts::default();
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
                current = Some(PublicStream::new(s, options, &mut studied, extras, signed_until_ns, report)?);
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
            }
            Record::Close(c) => {
                if let Some(p) = &mut current {
                    p.epoch_ends(&c);
                }
                if let Some(p) = current.take_if(|_| c.reason != Reason::NotLast) {
                    p.end(c.reason, &mut output, &mut counts)?;
                }
            }
            // an excerpt's last close record has no LAST: the public stream of it is whole all the same
            Record::End(_) => {
                if let Some(p) = current.take() {
                    p.end(Reason::EndOfInput, &mut output, &mut counts)?;
                }
            }
            _ => {}
        }
    }
    if let Some(p) = current {
        p.end(Reason::InputCut, &mut output, &mut counts)?;
    }
    counts.warn(report);
    result
}
