//! `protect`: the privacy server.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::protect::{PictureFlags, protect, work};
use vidveil::cli::{self, Input, Session, Source, SourceFlags, StreamOutput, flags};

/// Hide everybody who moves, and make a public stream
///
/// Opens an original with the privacy server's private key, hides what moves by blocks, and writes a public stream that is not
/// encrypted: the same pictures at the same times, without audio. While the background is being learned, after the camera was moved,
/// and wherever a picture is damaged, the whole picture is hidden. Pictures are decoded in a process of their own that
/// never has the key.
///
/// Pieces of one original, as rewrap --cut makes them, give one public stream when they come in their order, in several files
/// or back to back. Where epochs are missing between them, a warning names them with their times, and another public stream
/// begins.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    pictures: PictureFlags,

    #[command(flatten)]
    source: SourceFlags,

    /// Be the process that decodes
    #[arg(long, hide = true)]
    worker: bool,

    #[command(flatten)]
    common: flags::CommonFlags,
}

fn main() -> ExitCode {
    cli::run("protect", run)
}

fn run(args: Args, session: &Session) -> anyhow::Result<()> {
    // the first signal goes to the whole pipeline: the command before ends its stream, and so do we
    session.stop()?;
    if args.worker {
        let stdout = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        return work(std::io::stdin().lock(), stdout, &args.pictures, session);
    }
    let keyring = cli::read_keyring(&args.identity, &args.grants, session)?;
    let input = Input::open_all(&args.input.files, session)?;
    let output = StreamOutput::open(&args.output, Some(&input), session)?;
    let source = Source::new(input, keyring, args.source, session);
    protect(source, output, &args.pictures, session)
}
