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
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

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
    let pictures = args.pictures.resolved()?;
    let keyring = cli::read_keyring(&args.identity, &args.grants, session)?;
    let input = Input::open(args.input.file.as_deref(), session)?;
    let output = StreamOutput::open(&args.output, Some(&input), session)?;
    protect(Source::new(input, keyring, args.source), output, &pictures, session)
}
