//! `decrypt-stream`: a sealed stream opened, for other tools.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, Session, flags};
use vidveil::playback::Source;
use vidveil::storage::{OutputOptions, StreamOutput};

/// Decrypt a stream
///
/// Reads a sealed stream and writes the plain one that was sealed: every frame, track and time. Nothing is written
/// before its tag has been checked. Where the input is damaged or cut, what came before it is written and closed, and
/// the exit status is 3.
///
/// Where the key is a recipient of some key sessions only, or was granted some epochs (--grant-file, or a grant in the
/// stream), those are written, as excerpts with the numbers of the original's epochs, and a warning says which others
/// were left out. Where nothing is for the key, the exit status is 4.
///
/// Pieces of one stream, as rewrap --cut makes them, are read as the stream that they are of when they come in their
/// order, in several files or back to back. Epochs that are missing between them are named with their times: with a
/// warning between files, and with exit status 3 in one file or folder, as where epochs come twice or out of order.
#[derive(Parser)]
#[command(after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    archive: flags::ArchiveSpanFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    mode: flags::ModeFlags,

    #[command(flatten)]
    source: flags::SourceFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Limits:
Memory: two records, at most 64 MiB each, and the keys record of a session, at most 4 MiB.
";

fn main() -> ExitCode {
    cli::run("decrypt-stream", decrypt)
}

fn decrypt(args: Args, session: &Session) -> anyhow::Result<()> {
    let keyring = vidveil::cli::secrets::read_keyring(&args.identity, &args.grants, session)?;
    session.stop()?;
    let files = &args.input.files;
    let input = vidveil::archive::open(files, &args.archive.selection(files)?, &session.report())?;
    let options = OutputOptions { mode: args.mode.fixed(&keyring), ..args.output.options(session) };
    let mut output = StreamOutput::open(options, Some(&input), &session.report())?;
    let mut source = Source::new(input, keyring, args.source.options(&session.report())?, &session.report());
    vidveil::playback::write_plain(&mut source, &mut output)?;
    output.finish()?;
    Ok(source.verdict()?)
}
