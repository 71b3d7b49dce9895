//! `decrypt-stream`: a sealed stream opened, for other tools.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, Input, Session, Source, SourceFlags, StreamOutput, flags};
use vidveil::format::{Clock, PlainWriter, Reason, StreamRecord, Suite};
use vidveil::seal::Opened;

/// Decrypt a stream
///
/// Reads a sealed stream and writes the plain one that was sealed: every frame, track and time. Nothing is written before its
/// tag has been checked. Where the input is damaged or cut, what came before it is written and closed, and the exit status is 3.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

fn main() -> ExitCode {
    cli::run("decrypt-stream", decrypt)
}

fn decrypt(args: Args, session: &Session) -> anyhow::Result<()> {
    let identities = cli::read_identities(&args.identity, session)?;
    session.stop()?;
    let input = Input::open(args.input.file.as_deref(), session)?;
    let mut output = Some(StreamOutput::open(&args.output, Some(&input), session)?);
    let mut source = Source::new(input, identities, args.source);
    let mut writer: Option<PlainWriter<StreamOutput>> = None;
    let mut clock = Clock { wall_ns: 0, mono_ns: 0 };
    while let Some(opened) = source.next()? {
        match (opened, &mut writer) {
            (Opened::Stream(s), _) => {
                cut(&mut writer, &mut output, clock)?;
                // the same id: decrypting twice gives the same bytes
                let plain = StreamRecord { suite: Suite::Plain, signer: Vec::new(), ..s };
                if let Some(out) = output.take() {
                    writer = Some(PlainWriter::begin(out, &plain, i64::MAX)?);
                }
            }
            (Opened::Start(s), Some(w)) => {
                clock = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
                w.open_epoch(s.epoch, clock)?;
            }
            (Opened::Frame(f), Some(w)) => w.frame_here(&f, source.packet())?,
            (Opened::Close(c), Some(w)) => w.close_epoch(c.reason)?,
            (Opened::End(_), Some(w)) => {
                w.finish_as_is()?;
                output = writer.take().map(PlainWriter::into_output);
            }
            _ => {}
        }
    }
    cut(&mut writer, &mut output, clock)?;
    if let Some(out) = output {
        out.finish()?;
    }
    source.verdict(session)
}

/// Closes a stream whose source stopped before its end.
fn cut(
    writer: &mut Option<PlainWriter<StreamOutput>>,
    output: &mut Option<StreamOutput>,
    clock: Clock,
) -> anyhow::Result<()> {
    if let Some(mut w) = writer.take() {
        w.finish(Reason::InputCut, clock)?;
        *output = Some(w.into_output());
    }
    Ok(())
}
