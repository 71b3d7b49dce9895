//! What `inspect` prints.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::base::{text, wall_ns};
use crate::format::{EndKind, FormatError, Frame, Reader, Record, sha256};
use crate::inspect::{self, Ending, Survey, Surveyor};
use crate::seal::Pieces;
use crate::storage::{Input, StorageError, StreamOutput};

use crate::cli::flags::{InputsFlags, OutputFlags};
use crate::cli::{Failure, Session};

/// What is printed of the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A few lines for each stream.
    Text,
    /// A line of JSON for each stream.
    Json,
    /// A line for each frame.
    Frames,
    /// The CMS message of this number, counted from 0 over all key sessions, as DER.
    Message(u64),
}

/// Prints what the streams of the input are.
///
/// # Errors
///
/// Input or output cannot be opened, read or written; a stream is damaged or has no end of its own (3); there is no
/// such message (1). What was found before damage is printed, too.
pub fn inspect(inputs: &InputsFlags, output: &OutputFlags, shown: Shown, session: &Session) -> anyhow::Result<()> {
    let input = Input::open_all(&inputs.files, &session.report())?;
    let options = match shown {
        Shown::Message(_) => output.options(session),
        _ => output.text_options(session),
    };
    let mut out = BufWriter::new(StreamOutput::open(options, Some(&input), &session.report())?);
    let result = match shown {
        Shown::Message(number) => message(number, input, &mut out),
        shown => show(inputs, shown, input, &mut out),
    };
    // what was found before damage is shown, too
    let output = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    result.and_then(|()| Ok(output.finish()?))
}

fn show(inputs: &InputsFlags, shown: Shown, input: Input, out: &mut impl Write) -> anyhow::Result<()> {
    let several = input.is_several();
    let mut names = inputs.files.iter().map(|f| if f == Path::new("-") { "stdin".into() } else { f.to_string_lossy() });
    let mut reader = Reader::new(input);
    let mut surveyor = Surveyor::default();
    let mut fault: Option<anyhow::Error> = None;
    loop {
        let name = names.next().unwrap_or("stdin".into());
        let view = View { name: &name, several, shown };
        let named = |e: anyhow::Error| if several { e.context(text::quoted(&name)) } else { e };
        if let Err(e) = show_file(&mut reader, &mut surveyor, &view, out)? {
            fault.get_or_insert(named(e));
        }
        // a file that is damaged does not keep the others from being read
        if !reader.input_mut().next_file()? {
            return fault.map_or(Ok(()), Err);
        }
        reader.begin_again();
    }
}

/// Prints one file. The inner error is what is wrong with it, the outer one that the output cannot be written.
fn show_file(
    reader: &mut Reader<Input>,
    surveyor: &mut Surveyor,
    view: &View<'_>,
    out: &mut impl Write,
) -> anyhow::Result<anyhow::Result<()>> {
    let (mut fault, mut pieces): (Option<Failure>, _) = (None, Pieces::default());
    loop {
        let record = match reader.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(e) => {
                if let Some(s) = surveyor.stop(good_bytes(&e, reader), e.to_string()) {
                    view.stream(&s, out)?;
                }
                return Ok(Err(match e {
                    FormatError::Empty => StorageError::NothingArrived.into(),
                    e => e.into(),
                }));
            }
        };
        let payload = reader.payload();
        match &record {
            Record::Frame(f) if view.shown == Shown::Frames => out.write_all(frame_line(f, payload).as_bytes())?,
            // the stream may be a live one
            Record::Close(_) if view.shown == Shown::Frames => out.flush()?,
            _ => {}
        }
        let (size, at) = (payload.len(), reader.record_offset());
        let ended = surveyor.add(&record, size, at);
        if let Record::Frame(f) = &record {
            surveyor.payload(f, reader.payload());
        }
        if let Some(mut s) = ended {
            if let (Record::End(_), Some(span)) = (&record, reader.span()) {
                s.misplaced = pieces.add(span).err();
            }
            view.stream(&s, out)?;
            out.flush()?;
            if let Some(f) = not_whole(&s) {
                fault.get_or_insert(f);
            }
        }
    }
    Ok(fault.map_or(Ok(()), |f| Err(f.into())))
}

/// How a stream is printed.
struct View<'a> {
    /// The name of its file.
    name: &'a str,
    /// There are several files.
    several: bool,
    shown: Shown,
}

impl View<'_> {
    fn stream(&self, s: &Survey, out: &mut impl Write) -> io::Result<()> {
        match self.shown {
            Shown::Text => {
                let gap = if s.number > 1 { "\n" } else { "" };
                let heading = if self.several {
                    format!("{}: stream number {}\n", text::printable(self.name), s.number)
                } else if s.number > 1 {
                    format!("stream number {}\n", s.number)
                } else {
                    String::new()
                };
                out.write_all(format!("{gap}{heading}{}", inspect::text(s, wall_ns())).as_bytes())
            }
            Shown::Json => out.write_all(inspect::json(s, self.name, wall_ns()).as_bytes()),
            Shown::Frames | Shown::Message(_) => Ok(()),
        }
    }
}

/// Up to which byte the input is good.
fn good_bytes(e: &FormatError, reader: &Reader<Input>) -> u64 {
    match e {
        FormatError::Header { offset, .. }
        | FormatError::Record { offset, .. }
        | FormatError::Truncated { offset }
        | FormatError::Trailing { offset } => *offset,
        FormatError::Empty | FormatError::Io(_) => reader.offset(),
    }
}

/// Why a stream that was read to its end is not whole; `None` when it is.
fn not_whole(s: &Survey) -> Option<Failure> {
    if let Some(fault) = &s.misplaced {
        return Some(Failure::damaged(format!("stream number {} is damaged: {fault}", s.number)));
    }
    if let Some(session) = s.sessions.tied {
        let why = "is there twice with one number: one of them is somebody's copy";
        return Some(Failure::damaged(format!("the list of recipients of key session {session} {why}")));
    }
    Some(Failure::damaged(match &s.ending {
        Some(Ending::Missing { byte, fault }) => format!("stream {} is cut at byte {byte}: {fault}", s.number),
        Some(Ending::Record(EndKind::Cut)) => "the stream is closed, but the recorder's input was cut".into(),
        Some(Ending::Record(EndKind::Recovered)) => "the stream was recovered: its own end is missing".into(),
        Some(Ending::Record(EndKind::Complete | EndKind::Excerpt)) | None => return None,
    }))
}

fn frame_line(f: &Frame, payload: &[u8]) -> String {
    let time = |t: Option<i64>| t.map_or_else(|| "-".into(), |t| t.to_string());
    let duration = if f.duration == 0 { "-".into() } else { f.duration.to_string() };
    let (pts, dts, key, sum) = (time(f.pts), time(f.dts), u8::from(f.flags.key), text::hex(&sha256(payload)));
    format!("{} {pts} {dts} {duration} {key} {} {sum}\n", f.track, payload.len())
}

/// Writes the CMS message of this number.
fn message(n: u64, input: Input, out: &mut impl Write) -> anyhow::Result<()> {
    let seekable = input.is_seekable();
    let mut reader = Reader::new(input);
    let (mut seen, mut wanted) = (0, n);
    let mut written = false;
    loop {
        let keys = match reader.next()? {
            Some(Record::Keys(keys)) => keys,
            Some(_) => continue,
            None if reader.input_mut().next_file()? => {
                reader.begin_again();
                continue;
            }
            None => break,
        };
        let messages = &keys.current().messages;
        seen += messages.len() as u64;
        match usize::try_from(wanted).ok().and_then(|n| messages.get(n)) {
            Some(m) if !written => {
                out.write_all(&m.cms)?;
                out.flush()?;
                written = true;
                // a pipe is read to its end, so that the command that writes it does not fail
                if seekable {
                    break;
                }
            }
            _ => wanted = wanted.saturating_sub(messages.len() as u64),
        }
    }
    if written {
        return Ok(());
    }
    Err(match seen.checked_sub(1) {
        None => Failure::failed("the stream is not sealed: it has no CMS message").into(),
        Some(last) => {
            Failure::failed(format!("there is no message {n}")).hint(format!("there are messages 0 to {last}")).into()
        }
    })
}
