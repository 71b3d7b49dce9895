//! Whole epochs are cut out of streams by time, without a key.

use std::io::{Seek, SeekFrom, Write};

use crate::base::Report;
use crate::format::{FormatError, seek_index};
use crate::playback::Span;
use crate::storage::{Input, StreamOutput};

use super::cutter::Cutter;
use super::error::RewrapError;
use super::span::CutSpan;

/// What was cut out.
#[derive(Debug)]
pub struct Excerpt {
    /// Which epochs, and from when to when, as one line.
    pub text: String,
    /// The moments that were asked for, as UTC, where that is known.
    pub span: Span,
    /// The first epoch, where its first pictures are decoded only after those of epochs before it, which are not in the
    /// input.
    pub leans: Option<u64>,
    /// The damage at which reading ended before the end of the part; what comes before it is in the output.
    pub fault: Option<FormatError>,
}

/// Writes the epochs of `input` that have a picture or sound in `span`, as an excerpt, and those before them back to
/// the last key frame, from which the first picture is decoded.
///
/// # Errors
///
/// There is nothing at that time; a pipe has an epoch that is too large to be kept; the input is damaged before the end
/// of the part; input or output cannot be read or written.
pub fn cut(input: Input, mut output: StreamOutput, span: Span, report: &Report) -> Result<(), RewrapError> {
    let excerpt = excerpt(input, &mut output, span, report)?;
    if let Some(fault) = excerpt.fault {
        return Err(fault.into());
    }
    report.note(excerpt.text);
    Ok(output.finish()?)
}

/// Writes the same epochs to any output, out of one file or several consecutive ones. Damage is not an error but in the
/// result.
///
/// # Errors
///
/// Nothing could be taken: what comes before it is damaged, or there is nothing at that time. Input or output cannot be
/// read or written.
pub fn excerpt(
    mut input: Input,
    output: impl Write,
    Span { from, to }: Span,
    report: &Report,
) -> Result<Excerpt, RewrapError> {
    let several = input.is_several();
    let stop = input.is_seekable().then(|| report.stop());
    let index = match input.whole_file() {
        Some(file) if from.is_some() && !several => {
            let index = seek_index(file).ok().flatten();
            input.seek(SeekFrom::Start(0))?;
            index
        }
        _ => None,
    };
    let mut cutter = Cutter::new(input, output, CutSpan::new(from, to), index, stop);
    let read = cutter.run();
    // what was cut out is finished and kept, whatever is wrong with the input after it
    let ended = cutter.end_stream();
    let fault = match read {
        Ok(()) => None,
        Err(RewrapError::Format(e)) if !matches!(e, FormatError::Io(_)) => Some(e),
        // after a write that failed nothing can be ended
        Err(e) => return Err(e),
    };
    ended?;
    let Some(taken) = cutter.taken else {
        return Err(fault.map_or(RewrapError::NoFrame, Into::into));
    };
    let leans = taken.leans();
    if let Some(epoch) = leans {
        report.warn(format!(
            "epoch {epoch} begins without a key frame: its first pictures cannot be shown without the epochs before it, \
             back to the last key frame, which are not in the input"
        ));
    }
    Ok(Excerpt { text: taken.text(&cutter.span), span: cutter.span.in_utc(), leans, fault })
}
