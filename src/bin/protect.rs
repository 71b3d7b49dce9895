//! `protect`: the privacy server.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::protect::{self, PictureFlags, Review, ReviewFlags, WorkerPipes};
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
    review: ReviewFlags,

    #[command(flatten)]
    source: SourceFlags,

    /// Be the process that decodes
    #[arg(long, hide = true)]
    worker: bool,

    #[command(flatten)]
    pipes: WorkerPipes,

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
        return protect::work(std::io::stdin().lock(), stdout, &args.pictures, args.pipes, session);
    }
    let pictures = args.pictures.resolved()?;
    args.review.check()?;
    let mut keyring = cli::read_keyring(&args.identity, &args.grants, session)?;
    let input = Input::open(args.input.file.as_deref(), session)?;
    let mut first_pass = None;
    if pictures.two_pass {
        let again = protect::again(&input, args.input.file.as_deref(), session)?;
        let (one, other) = protect::twice(keyring);
        first_pass = Some(Source::new(again, one, args.source.clone()));
        keyring = other;
    }
    let review = Review::open(&args.review, args.output.force, &input, session)?;
    let output = StreamOutput::open(&args.output, Some(&input), session)?;
    protect::protect(Source::new(input, keyring, args.source), first_pass, output, &pictures, review, session)
}
