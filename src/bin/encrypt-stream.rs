//! `encrypt-stream`: the archiver. Holds public certificates only and cannot open what it wrote.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vidveil::cli::{self, CertificateFiles, Failure, Input, Session, StreamOutput, SystemClock, flags, parse, text};
use vidveil::format::{Continues, EndKind, FormatError, Reader, Reason, Record, StreamRecord, Suite};
use vidveil::keys::RecipientSet;
use vidveil::seal::{RecipientSource, SealError, SealSettings, Sealer};

/// Encrypt a stream to certificates
///
/// Reads a plain stream, as capture writes it, and writes a sealed one that only the private keys of the recipients open. The
/// certificates are read again at every epoch: one that has expired is not encrypted to, and when none is left, the
/// stream is closed properly and the command stops with exit status 4. It never writes plaintext.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

    #[command(flatten)]
    recipients: flags::RecipientFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    /// Change the keys so often; an epoch ends at the first key frame after it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::positive_duration)]
    rekey_interval: Duration,

    /// Make a new session secret, and so a new message to the recipients, so often
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse::positive_duration)]
    session: Duration,

    /// Name of the camera, instead of the one in the input
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,

    /// Stop when fewer than N certificates can be used
    #[arg(long, value_name = "N", default_value_t = 1)]
    minimum_recipients: usize,

    /// Leave at least so much room for each of the two lists of recipients, so that rewrap can change them in place
    #[arg(long, value_name = "SIZE", default_value = "16K", value_parser = parse::size)]
    key_room: u64,

    /// Pad packets to a multiple of SIZE, so that their sizes tell less
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = parse::size)]
    pad: u64,

    #[command(flatten)]
    common: flags::CommonFlags,
}

fn main() -> ExitCode {
    cli::run("encrypt-stream", encrypt)
}

/// Certificate files whose left-out ones are named on stderr, each once.
struct Announced {
    files: CertificateFiles,
    session: Session,
    said: BTreeSet<String>,
}

impl RecipientSource for Announced {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let set = self.files.recipients(now_ns)?;
        for l in &set.left_out {
            let why = l.error.as_ref().map_or_else(|| l.reason.to_string(), |e| e.to_string());
            let line = format!("left out {} ({}): {why}", text::quoted(&l.subject_or_name()), text::quoted(&l.name));
            if self.said.insert(line.clone()) {
                self.session.warn(line);
            }
        }
        for r in &set.usable {
            for w in &r.warnings {
                let line = format!("{}: {w}", text::quoted(&r.name));
                if self.said.insert(line.clone()) {
                    self.session.warn(line);
                }
            }
        }
        Ok(set)
    }
}

fn encrypt(args: Args, session: &Session) -> anyhow::Result<()> {
    let files = CertificateFiles::new(&args.recipients.recipients)?;
    let settings = SealSettings {
        rekey_ns: ns(args.rekey_interval),
        session_ns: ns(args.session),
        key_room: u32::try_from(args.key_room).map_err(|_| Failure::usage("--key-room is more than 1 MiB"))?,
        pad: u32::try_from(args.pad)
            .ok()
            .filter(|p| *p <= 1 << 20)
            .ok_or_else(|| Failure::usage("--pad is more than 1 MiB"))?,
        minimum_recipients: args.minimum_recipients,
    };
    // the first signal goes to the whole pipeline: the command before ends its stream, and so do we
    session.stop()?;
    let input = Input::open(args.input.file.as_deref(), session)?;
    let output = StreamOutput::open(&args.output, Some(&input), session)?;
    let source = || Announced { files: files.clone(), session: session.clone(), said: BTreeSet::new() };
    Archiver {
        settings,
        camera: args.camera,
        output: Some(output),
        sealer: None,
        clock: SystemClock::start(),
        last: None,
    }
    .run(Reader::new(input), source, session)
}

struct Archiver {
    settings: SealSettings,
    camera: Option<String>,
    output: Option<StreamOutput>,
    sealer: Option<Sealer<StreamOutput>>,
    clock: SystemClock,
    /// Ids of the stream before: the input's and ours, and our last close record.
    last: Option<([u8; 16], Continues)>,
}

impl Archiver {
    fn run<S: RecipientSource + 'static>(
        mut self,
        mut reader: Reader<Input>,
        source: impl Fn() -> S,
        session: &Session,
    ) -> anyhow::Result<()> {
        let mut fault = None;
        loop {
            let record = match reader.next() {
                Ok(Some(r)) => r,
                Ok(None) => break,
                Err(e @ (FormatError::Empty | FormatError::Header { .. })) if self.sealer.is_none() => {
                    return Err(e.into());
                }
                Err(e) => {
                    fault = Some(e);
                    break;
                }
            };
            match record {
                Record::Stream(s) => self.begin(s, source(), session)?,
                Record::Frame(f) => {
                    let now = self.clock.now();
                    self.sealer()?.frame(&f, reader.payload(), now)?;
                }
                Record::Close(c) if c.reason != Reason::NotLast => self.end(c.reason)?,
                Record::End(e) => {
                    if e.kind != EndKind::Complete {
                        fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                    }
                    // an excerpt has no close record with LAST
                    self.end(Reason::InputCut)?;
                }
                Record::Cut => {
                    fault.get_or_insert(FormatError::Truncated { offset: reader.offset() });
                    self.end(Reason::InputCut)?;
                }
                _ => {}
            }
        }
        self.end(Reason::InputCut)?;
        if let Some(output) = self.output.take() {
            output.finish()?;
        }
        match fault {
            None => Ok(()),
            Some(e @ FormatError::Io(_)) => Err(e.into()),
            Some(e) => Err(Failure::damaged(format!("the input is not whole: {e}"))
                .hint("what was recorded before it is sealed and closed, and says that its input was cut")
                .into()),
        }
    }

    fn begin(
        &mut self,
        s: StreamRecord,
        source: impl RecipientSource + 'static,
        session: &Session,
    ) -> anyhow::Result<()> {
        if s.sealed() {
            return Err(Failure::usage("the input is sealed already")
                .hint("rewrap changes who can open a sealed stream")
                .into());
        }
        let continues = match (&self.last, &s.continues) {
            (Some((input, ours)), Some(c)) if c.stream == *input => Some(*ours),
            _ => None,
        };
        let input_id = s.id;
        let record = StreamRecord {
            id: cli::random_id()?,
            suite: Suite::Sealed,
            camera: self.camera.clone().unwrap_or(s.camera),
            continues,
            signer: Vec::new(),
            ..s
        };
        let output = self.output.take().ok_or_else(|| Failure::damaged("a stream begins inside another one"))?;
        self.clock = SystemClock::start();
        let now = self.clock.now();
        self.sealer = Some(Sealer::begin(output, &record, self.settings, Box::new(source), now)?);
        self.last = Some((input_id, Continues { stream: record.id, last_close: [0; 32] }));
        // from here on there is footage in the output
        session.keep_output();
        Ok(())
    }

    /// Closes the stream that is open, if one is.
    fn end(&mut self, reason: Reason) -> anyhow::Result<()> {
        let Some(mut sealer) = self.sealer.take() else { return Ok(()) };
        sealer.finish(reason)?;
        if let Some((_, ours)) = &mut self.last {
            ours.last_close = sealer.last_close();
        }
        self.output = Some(sealer.into_output());
        Ok(())
    }

    fn sealer(&mut self) -> Result<&mut Sealer<StreamOutput>, SealError> {
        self.sealer.as_mut().ok_or(SealError::Crypto)
    }
}

fn ns(d: Duration) -> i64 {
    i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)
}
