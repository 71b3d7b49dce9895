//! `verify`: whether a stream is unbroken, complete and authentic.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use clap::Parser;
use vidveil::cli::verdict::{self, Demands, Verdict};
use vidveil::cli::{self, Failure, Input, Session, Status, flags};
use vidveil::format::Grant;
use vidveil::keys::Identity;

/// Check that a stream is unbroken, complete and authentic
///
/// Every file gets a line with its verdict. Without a key, everything that needs none is checked: the form of every record,
/// order, counts, times, the chain of the epochs, that the certificates are those that the messages are for, and the end. With
/// -i every frame is opened, too, so every tag, commitment and code over a close record is checked; nothing is written. Only
/// then, or with a signature, does somebody vouch for the stream.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    /// Files to check, each by itself; stdin when there is none, or for "-"
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    /// Exit with 3 for an excerpt of a stream, not all of it
    #[arg(long)]
    require_complete: bool,

    #[command(flatten)]
    json: flags::JsonFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
Verdicts:
  0  whole and authenticated: every tag is right, and the end is there
  0  authenticated, an excerpt: every tag is right, but it is a part of a longer stream (3 with --require-complete)
  1  cannot be read
  3  damaged, or cut: byte and epoch say where, and what was good before it follows
  4  authenticated, but not who can open it: the recipients were changed since recording, and no signature says by whom
  4  well-formed, not authenticated: a plain stream, or a sealed one without a key; nothing is wrong, nothing proves it
  0  authenticated in part: every tag of what was granted is right, and the rest is not for this key (3 with --require-complete)
  4  authenticated in part: some key sessions are not for this key, and nobody vouches for them
  4  none of the given keys opens it: the hint says whose keys would
  4  not sealed, although a key was given to open it
  5  cannot be opened: the card or token with the key is missing, or does not take the PIN

Of several files, the exit status is the worst: 3 before 4 before 5 before 1.

A key proves that somebody who knew the session secret wrote the stream. Those are the recorder and every recipient: who can \
open a stream could have forged it. Signatures of epochs are not checked by this version, and do not count. \
\"recipients changed since recording\" says that the list of recipients is not the recorder's; frames and times are not \
touched by that. It says by whom where rewrap --sign signed the change and the signature is right; whether that certificate is to be \
trusted is for you to know.

The verdict is about the container. Whether a picture can be decoded is for view to tell.

JSON:
--json writes one object a file, each on a line of its own; a value that does not apply is null.
  file            its name
  verdict         \"authenticated\", \"excerpt\", \"not-authenticated\", \"refused\", \"damaged\", \"cut\" or \"failed\"
  status          the exit status for this file alone
  message         the verdict's text
  streams         how many were good, and over all of them: frames, epochs, sessions, duration (seconds)
  recipients_changed, signed
  end             the end of its last stream, as inspect tells it
  byte, epoch     where it is damaged or cut; the epoch is the last one that was read

Limits:
Memory: one record, at most 64 MiB, and 256 MiB for lists of recipients.

Examples:
  verify -i desk.key archive/*.vv
  verify --json --require-complete -i desk.key cam.sealed.vv | jq -r .verdict
";

fn main() -> ExitCode {
    cli::run("verify", verify)
}

fn verify(args: Args, session: &Session) -> anyhow::Result<()> {
    let keyring = cli::read_keyring(&args.identity, &args.grants, session)?;
    let identities: Vec<Rc<dyn Identity>> = keyring.identities.into_iter().map(Rc::from).collect();
    let demands = Demands { complete: args.require_complete };
    let files = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files };
    let mut failed: Vec<Verdict> = Vec::new();
    for file in &files {
        let verdict = check(file, &identities, &keyring.grants, demands, session)?;
        let text = if args.json.json { verdict.json() } else { verdict.line() };
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")?;
        if verdict.status == Status::Done {
            verdict.warnings.iter().for_each(|w| session.warn(format!("{}: {w}", verdict.name)));
        } else {
            failed.push(verdict);
        }
    }
    finish(failed, files.len(), session)
}

/// One file. A reader of stdout that went away ends the command; whatever else goes wrong is the file's verdict.
fn check(
    file: &Path,
    identities: &[Rc<dyn Identity>],
    grants: &[Grant],
    demands: Demands,
    session: &Session,
) -> anyhow::Result<Verdict> {
    let name = if file == Path::new("-") { "stdin".into() } else { file.to_string_lossy().into_owned() };
    match Input::open(Some(file), session) {
        Ok(input) => Ok(verdict::check(input, name, identities, grants, demands)),
        // one wrong word on the command line is told as such
        Err(e) => match e.downcast_ref::<Failure>() {
            Some(f) if f.status != Status::Usage => Ok(Verdict::unreadable(name, f.message.clone())),
            _ => Err(e),
        },
    }
}

/// The worst of what failed.
fn finish(mut failed: Vec<Verdict>, files: usize, session: &Session) -> anyhow::Result<()> {
    let rank =
        |s: Status| [Status::Failed, Status::Card, Status::Refused, Status::Damaged].iter().position(|r| *r == s);
    let Some(worst) = failed.iter().map(|v| v.status).max_by_key(|s| rank(*s)) else { return Ok(()) };
    if let ([one], 1) = (failed.as_mut_slice(), files) {
        return Err(one.failure().into());
    }
    for v in &failed {
        if let Some(hint) = &v.hint {
            session.hint(format!("{}: {hint}", v.name));
        }
    }
    Err(Failure::new(worst, format!("{} of {files} files did not verify", failed.len())).into())
}
