//! `rewrap`: who can open a sealed stream is changed, without opening a frame.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use vidveil::cli::{
    self, Announced, CertificateFiles, Failure, Input, Moment, Session, StreamOutput, flags, read_signer, rewrap,
};
use vidveil::seal::{Change, RecipientSource};

/// Change who can open a sealed stream, or cut a part out of it
///
/// Seals the secret of every key session anew, to the certificates of -r, with the private key of one who can open it now (-i).
/// Frames and their tags are copied as they are and never opened, so it takes the time of a copy; with --in-place only some
/// kilobytes of the file are written, however large it is.
///
/// With --cut it writes some epochs of a stream as a smaller one, with no key at all.
#[derive(Parser)]
#[command(after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    recipients: flags::RecipientFlags,

    /// Keep those who can open it now, too
    #[arg(long)]
    add: bool,

    /// Change FILE itself
    #[arg(long, requires = "file", conflicts_with_all = ["output", "force"])]
    in_place: bool,

    /// Sign the change with the private key in FILE; inspect and verify then tell who changed the recipients
    #[arg(long, value_name = "FILE", requires = "signer")]
    sign: Option<PathBuf>,

    /// Certificate of the key of --sign
    #[arg(long, value_name = "FILE", requires = "sign")]
    signer: Option<PathBuf>,

    /// Write the epochs from --from to --to, sealed as they are, as an excerpt of the stream
    #[arg(long, conflicts_with_all = ["identities", "recipients", "add", "in_place", "sign"])]
    cut: bool,

    /// Begin with the epoch of TIME
    ///
    /// TIME is in seconds (12.5) or hh:mm:ss from the first picture on, or a time of day with its zone
    /// (2026-05-01T14:00:00Z) by the recorder's clock.
    #[arg(long, value_name = "TIME", value_parser = cli::moment, requires = "cut")]
    from: Option<Moment>,

    /// End with the epoch before TIME
    #[arg(long, value_name = "TIME", value_parser = cli::moment, requires = "cut")]
    to: Option<Moment>,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Recipients:
-r names the whole new list: who is not on it can open the stream no more. With --add those who can open it now stay; they \
are named on stderr, because that list is what the file says it is, and whoever can write the file can write the list. \"verify -i\" \
first tells whether it is the recorder's own. Certificates that have expired meanwhile stay with --add.
Certificates of -r are checked as encrypt-stream does; with none that can be used nothing is changed (4).

What it cannot do:
A copy made earlier still opens with the old keys, and so does the stream for whoever kept its session secret. Grants in the stream stay.

In place:
Each session has two lists with room of their own. The list that does not count is written and synced, then the old one is \
overwritten with zeros. Stopped at any moment, by a signal or by a power cut, each session opens with the old list or with the new one; the \
same command again finishes the job. The file is locked meanwhile. What does not fit the room is refused (1): without --in-place \
a copy with more room is written. A file that is still being recorded can be changed, too; sessions that begin later go to the \
recorder's own recipients.
A file system or a disk that never overwrites keeps the old list somewhere.

Cut:
Whole epochs with something to show from --from to --to are taken; the range that came of it is told on stderr. Nothing is \
encrypted anew: who could open the stream can open the part, and verify calls it an excerpt. In a file the place is found \
without reading what is before it; what is behind the part is not read. From a pipe, an epoch of more than 256 MiB \
at the edge of the part is refused (1).

Limits:
Memory: one record, at most 64 MiB; a hundred bytes for each key session of a file.

Examples:
  rewrap -i server.key -r newcerts/ < old.vv > new.vv
  rewrap --in-place -i server.key -r newcerts/ archive/cam.vv
  rewrap --add -i desk.key -r police.pem -o for-police.vv cam.vv
  rewrap --cut --from 00:10:00 --to 00:12:30 -o part.vv cam.vv
";

fn main() -> ExitCode {
    cli::run("rewrap", run)
}

fn run(args: Args, session: &Session) -> anyhow::Result<()> {
    match args.cut {
        true => cut(&args, session),
        false => change(&args, session),
    }
}

fn cut(args: &Args, session: &Session) -> anyhow::Result<()> {
    if args.from.is_none() && args.to.is_none() {
        return Err(Failure::usage("--cut takes --from, --to or both").into());
    }
    let input = Input::open(args.input.file.as_deref(), session)?;
    let output = StreamOutput::open(&args.output, Some(&input), session)?;
    rewrap::cut(input, output, args.from, args.to, session)
}

fn change(args: &Args, session: &Session) -> anyhow::Result<()> {
    if args.identity.identities.is_empty() {
        return Err(Failure::usage("no private key").hint("give -i with the key of one who can open it now").into());
    }
    let files = CertificateFiles::new(&args.recipients.recipients)?;
    let now_ns = cli::wall_ns();
    let set = Announced::new(files, session).recipients(now_ns).map_err(Failure::refused)?;
    if set.usable.is_empty() {
        return Err(Failure::refused("no certificate can be used: nothing is changed")
            .hint("enroll-cert --check says what is wrong with each certificate")
            .into());
    }
    let identities = cli::read_identities(&args.identity, session)?;
    let signer = match (&args.sign, &args.signer) {
        (Some(key), Some(certificate)) => {
            Some(read_signer(key, certificate, &args.identity.passphrase, session).context("cannot sign")?)
        }
        _ => None,
    };
    let change = Change {
        identities: &identities,
        recipients: set.certificates(),
        keep: args.add,
        signer: signer.as_ref(),
        now_ns,
    };
    match (&args.input.file, args.in_place) {
        (Some(path), true) => rewrap::in_place(path, &change, session),
        (file, _) => {
            let input = Input::open(file.as_deref(), session)?;
            let output = StreamOutput::open(&args.output, Some(&input), session)?;
            rewrap::copy(input, output, &change, session)
        }
    }
}
