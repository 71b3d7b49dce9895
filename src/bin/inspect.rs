//! `inspect`: what a stream is, who can open it, and whether its end is there.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use vidveil::base::text;
use vidveil::cli::{self, Failure, Session, flags};
use vidveil::format::{EndKind, FormatError, Frame, Reader, Record, sha256};
use vidveil::inspect::{self, Ending, Survey, Surveyor};
use vidveil::storage::{Input, StorageError, StreamOutput};

/// Tell what a stream is, who can open it, since when, and whether its end is there
///
/// Needs no key and opens nothing: it tells what the stream says of itself. Nobody vouches for it; verify checks it. Streams
/// one behind the other are shown one after the other, and so are those of several files. A stream that is damaged or cut is shown as far as it goes; the exit
/// status is then 3, and the message names the byte.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    json: flags::JsonFlags,

    /// Print a line for each frame, and nothing else
    #[arg(long, conflicts_with_all = ["json", "cms"])]
    frames: bool,

    /// Write the CMS message N, counted from 0 over all key sessions, as DER, and nothing else
    ///
    /// The message is the one that gives the session secret to its recipients, in the list of recipients that counts now.
    #[arg(long, value_name = "N", conflicts_with = "json")]
    cms: Option<u64>,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
What is shown:
Sizes are those of the packets as they stand there: of a sealed stream, sealed, so 20 bytes and the padding more. A duration is \
the time from the first frame to the end of the last one, over all tracks. An epoch has keys of its own; a key session is a \
number of epochs that the same messages open, and it begins when its first epoch was opened. Recipients are named by the \
certificates in the stream: anybody who can write the file could have written others there.

\"recipients changed since recording\" is said when the list of recipients is not the one that the recorder wrote; the change \
may be rewrap's. It says by whom where rewrap --sign signed it and the signature is right.

Whose certificate is in the stream is told, and how many epochs are signed, but no signature is checked, so there is no --signer here: that \
takes reading and hashing everything, where inspect of a file reads little of it, and its verdict must not be taken for that of \
verify --signer FILE, which does it.

\"made from\" is a public stream's own manifest: the original, by H and a close record, and the settings. verify --original compares \
it with the original. A public stream that was cut, or whose original was, has none.

The end is one of: complete; excerpt, which is some whole epochs of a longer stream; cut, when the stream was closed properly \
but the recorder's input was cut; recovered; missing.

Frames:
A line of --frames has seven columns with one blank between them: the track's number, presentation time, decoding time and \
duration in ticks of the track (\"-\" where it is unknown), 1 for a key frame and else 0, the packet's length in bytes, and \
the packet's SHA-256. Of a sealed stream, length and SHA-256 are the ciphertext's; pipe it through decrypt-stream to get the \
packets'.

JSON:
--json writes one object a stream, each on a line of its own. A value that is not known or does not apply is null; a time is \
a text (RFC 3339, UTC), a duration a number of seconds. Later versions may add keys.
  version, input, stream      container version (1), the input's name, which of its streams (from 1)
  role, sealed                \"original\" or \"public\"; true or false
  camera, id, hash, start     as in the stream record; hash is H, its SHA-256
  continues                   id of the stream that this one goes on from
  frames, bytes, duration     over all tracks
  tracks[].frames             likewise .key_frames, .gaps, .corrupt, .bytes, .duration of each track
  tracks[].kind               \"video\", \"audio\" or \"data\"; and .codec, .time_base
  tracks[].width              and .height, .frame_rate, .rotation, .sample_rate, .channels
  epochs                      how many; first_epoch and last_epoch are their numbers
  sessions                    how many key sessions
  recipients[].subject        of every certificate that can open something; and .issuer, .serial, .sha256
  recipients[].key_type       \"P-256\", \"P-384\", \"RSA-3072\" ...
  recipients[].not_before     and .not_after; .validity is \"valid now\", \"expired\" or \"not yet valid\"
  recipients_changed          true when a list of recipients is not the recorder's
  key_sessions[].session      its number; .first_epoch, .since (wall clock), .messages (how many)
  key_sessions[].recipients[] .sha256 of the certificate; .share (.group, .x) where it holds a share only
  key_sessions[].groups[]     .k shares of .n open the session
  key_sessions[].left_out[]   .name, .reason, .sha256, .not_after
  key_sessions[].generation   of the list of recipients; .written, .recipients_changed, .changed_by, .torn
  key_sessions[].consistent   false when the certificates are not those that the messages are for
  access[]                    what a certificate opens: .sha256, .subject, .first_epoch, .last_epoch, and by the recorder's \
clock .from and .until (null: to the end); .share where it takes other shares, too
  grants[]                    .first_epoch, .last_epoch, .from, .until, .to, .sha256, .fits (it names this stream)
  manifest                    what a public stream was made from: .stream and .hash (id and H of the original), .first_epoch, \
.last_epoch, .last_close (SHA-256 of that epoch's close record), .frames, .first_pts, .last_pts, .program, .settings
  not_listed                  entries that these lists have no room for
  signer, signatures          subject of the signer's certificate; how many epochs are signed (not checked)
  index, index_wrong          entries of the index; true when some entry is not where its epoch begins
  end                         \"complete\", \"excerpt\", \"cut\", \"recovered\" or \"missing\"
  reason                      why the stream ends, from its last close record
  whole                       true for complete and excerpt
  fault                       where the stream stops being one: .byte, .message

Limits:
Memory: one record, at most 64 MiB, and 256 MiB for the lists. They hold 8192 entries and 1024 certificates a stream; what is \
more is counted only.

Examples:
  inspect cam.sealed.vv
  inspect --json cam.sealed.vv | jq .frames
  inspect --cms 0 cam.sealed.vv > keys.der
  openssl cms -decrypt -inform DER -in keys.der -inkey server.key -recip server.pem
  decrypt-stream -i server.key cam.sealed.vv | inspect --frames | diff - expected.txt
";

fn main() -> ExitCode {
    cli::run("inspect", inspect)
}

fn inspect(args: Args, session: &Session) -> anyhow::Result<()> {
    let input = Input::open_all(&args.input.files, &session.report())?;
    let output = match args.cms {
        Some(_) => StreamOutput::open(args.output.options(session), Some(&input), &session.report())?,
        None => StreamOutput::open(args.output.text_options(session), Some(&input), &session.report())?,
    };
    let mut out = BufWriter::new(output);
    let result = match args.cms {
        Some(n) => message(n, input, &mut out),
        None => show(&args, input, &mut out),
    };
    // what was found before damage is shown, too
    let output = out.into_inner().map_err(io::IntoInnerError::into_error).context("cannot write")?;
    result.and_then(|()| Ok(output.finish()?))
}

fn show(args: &Args, input: Input, out: &mut impl Write) -> anyhow::Result<()> {
    let several = input.is_several();
    let mut names =
        args.input.files.iter().map(|f| if f == Path::new("-") { "stdin".into() } else { f.to_string_lossy() });
    let mut reader = Reader::new(input);
    let mut surveyor = Surveyor::default();
    let mut fault: Option<anyhow::Error> = None;
    loop {
        let name = names.next().unwrap_or("stdin".into());
        let view = View { name: &name, several, json: args.json.json, frames: args.frames };
        let named = |e: anyhow::Error| if several { e.context(text::quoted(&name)) } else { e };
        if let Err(e) = show_file(&mut reader, &mut surveyor, &view, out)? {
            fault.get_or_insert(named(e));
        }
        // one that is damaged does not keep us from the others
        if !reader.input_mut().next_file()? {
            return fault.map_or(Ok(()), Err);
        }
        reader.begin_again();
    }
}

/// One file. What is wrong with it is the inner error.
fn show_file(
    reader: &mut Reader<Input>,
    surveyor: &mut Surveyor,
    view: &View<'_>,
    out: &mut impl Write,
) -> anyhow::Result<anyhow::Result<()>> {
    let mut fault: Option<Failure> = None;
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
            Record::Frame(f) if view.frames => out.write_all(frame_line(f, payload).as_bytes())?,
            // somebody may be watching a live stream
            Record::Close(_) if view.frames => out.flush()?,
            _ => {}
        }
        let (size, at) = (payload.len(), reader.record_offset());
        let ended = surveyor.take(&record, size, at);
        if let Record::Frame(f) = &record {
            surveyor.payload(f, reader.payload());
        }
        if let Some(s) = ended {
            view.stream(&s, out)?;
            out.flush()?;
            if let Some(f) = unwhole(&s) {
                fault.get_or_insert(f);
            }
        }
    }
    Ok(fault.map_or(Ok(()), |f| Err(f.into())))
}

/// What is printed of a stream.
struct View<'a> {
    name: &'a str,
    several: bool,
    json: bool,
    frames: bool,
}

impl View<'_> {
    fn stream(&self, s: &Survey, out: &mut impl Write) -> io::Result<()> {
        let now = vidveil::base::wall_ns();
        match (self.frames, self.json) {
            (true, _) => Ok(()),
            (_, true) => out.write_all(inspect::json(s, self.name, now).as_bytes()),
            (_, false) => {
                let gap = if s.number > 1 { "\n" } else { "" };
                let heading = match self.several {
                    true => format!("{}: stream number {}\n", text::printable(self.name), s.number),
                    false if s.number > 1 => format!("stream number {}\n", s.number),
                    false => String::new(),
                };
                out.write_all(format!("{gap}{heading}{}", inspect::report(s, now)).as_bytes())
            }
        }
    }
}

/// Where the input stops being good.
fn good_bytes(e: &FormatError, reader: &Reader<Input>) -> u64 {
    match e {
        FormatError::Header { offset, .. }
        | FormatError::Record { offset, .. }
        | FormatError::Truncated { offset }
        | FormatError::Trailing { offset } => *offset,
        FormatError::Empty | FormatError::Io(_) => reader.offset(),
    }
}

/// Why a stream that was read to its end is not whole.
fn unwhole(s: &Survey) -> Option<Failure> {
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

/// Writes the message of this number.
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
                // a pipe is read to its end, so that the command before does not fail for want of a reader
                if seekable {
                    break;
                }
            }
            _ => wanted = wanted.saturating_sub(messages.len() as u64),
        }
    }
    match (written, seen) {
        (true, _) => Ok(()),
        (false, 0) => Err(Failure::failed("the stream is not sealed: it has no CMS message").into()),
        (false, _) => Err(Failure::failed(format!("there is no message {n}"))
            .hint(format!("there are messages 0 to {}", seen - 1))
            .into()),
    }
}
