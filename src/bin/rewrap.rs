//! `rewrap`: who can open a sealed stream is changed, without opening a frame.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use vidveil::base::text;
use vidveil::cli::{
    self, Failure, Session, flags,
    secrets::{SignerFlags, read_signer},
};
use vidveil::playback::{Moment, Span};
use vidveil::recipients::{CertificateFiles, Recipients};
use vidveil::rewrap::{self, GrantJob, make_grants};
use vidveil::seal::{Change, RecipientSource, Tracks, copy_with_grants, sidecar};
use vidveil::storage::{AtomicFile, Existing, Input, StreamOutput};

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

    #[command(flatten)]
    trust: flags::TrustFlags,

    /// Keep those who can open it now, too
    #[arg(long)]
    add: bool,

    /// Change FILE itself
    #[arg(long, requires = "file", conflicts_with_all = ["output", "force"])]
    in_place: bool,

    /// Sign the change with the private key in FILE; inspect and verify then tell who changed the recipients
    #[arg(long, value_name = "FILE", requires = "signer")]
    sign: Option<PathBuf>,

    /// Certificate of the key of --sign; without --sign, and each further one, of somebody whose streams are accepted
    ///
    /// A file whose epochs none of them has signed is refused with exit status 4, and with 3 where a signature is wrong, before anything is
    /// written. May be repeated.
    #[arg(long, value_name = "FILE")]
    signer: Vec<PathBuf>,

    /// Write the epochs from --from to --to, sealed as they are, as an excerpt of the stream
    #[arg(long, conflicts_with_all = ["identities", "card", "recipients", "add", "in_place", "sign"])]
    cut: bool,

    /// Give the owner of the certificate in FILE the keys of the epochs from --from to --to, and of nothing else
    ///
    /// The keys stand in a copy of the stream, or with --sidecar in a small file of their own. May be repeated.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipients", "add", "in_place", "sign", "cut"])]
    grant: Vec<PathBuf>,

    /// Write the grant to FILE, to be read with --grant-file, and do not copy the stream
    #[arg(long, value_name = "FILE", requires = "grant", conflicts_with = "output")]
    sidecar: Option<PathBuf>,

    /// Grant this track only: video, audio, or its number
    #[arg(long, value_name = "TRACK", requires = "grant", value_parser = vidveil::rewrap::granted_tracks)]
    track: Option<Tracks>,

    /// Begin with the epoch of TIME
    ///
    /// TIME is in seconds (12.5) or hh:mm:ss from the first picture on, or a time of day with its zone
    /// (2026-05-01T14:00:00Z) by the recorder's clock.
    #[arg(long, value_name = "TIME", value_parser = vidveil::playback::moment)]
    from: Option<Moment>,

    /// End with the epoch before TIME
    #[arg(long, value_name = "TIME", value_parser = vidveil::playback::moment)]
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

Grant:
--grant gives somebody the keys of whole epochs, those that show something from --from to --to; the range that came of it is told on \
stderr. Nobody else's keys change, and nothing outside opens with it. What was granted cannot be taken back.

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
  rewrap -i desk.key --grant police.pem --from 00:10:00 --to 00:12:30 --sidecar grant.vvk cam.vv
  rewrap --cut --from 00:10:00 --to 00:12:30 -o part.vv cam.vv
";

fn main() -> ExitCode {
    cli::run("rewrap", run)
}

fn run(mut args: Args, session: &Session) -> anyhow::Result<()> {
    let own = args.sign.is_some().then(|| args.signer.remove(0));
    let flags = SignerFlags { signer: std::mem::take(&mut args.signer), ca: Vec::new() };
    if let Some(accepted) = vidveil::cli::secrets::accepted_signers(&flags)? {
        let mut input = Input::open(args.input.file.as_deref(), &session.report())?;
        vidveil::cli::secrets::proved(&mut input, &accepted)?;
    }
    args.signer = own.into_iter().collect();
    if !args.cut && args.grant.is_empty() && (args.from.is_some() || args.to.is_some()) {
        return Err(Failure::usage("--from and --to go with --cut or --grant").into());
    }
    match args.cut {
        true => cut(&args, session),
        false if !args.grant.is_empty() => grant(&args, session),
        false => change(&args, session),
    }
}

fn cut(args: &Args, session: &Session) -> anyhow::Result<()> {
    if args.from.is_none() && args.to.is_none() {
        return Err(Failure::usage("--cut takes --from, --to or both").into());
    }
    let input = Input::open(args.input.file.as_deref(), &session.report())?;
    let output = StreamOutput::open(args.output.options(session), Some(&input), &session.report())?;
    if input.is_seekable() {
        session.stop()?;
    }
    rewrap::cut(input, output, args.from, args.to, &session.report())
}

fn grant(args: &Args, session: &Session) -> anyhow::Result<()> {
    if !args.identity.is_given() {
        return Err(Failure::usage("no private key")
            .hint("give -i or --card with the key of one who can open it now")
            .into());
    }
    let files = CertificateFiles::new(&args.grant)?;
    let mut recipients = Recipients::open(files, &args.trust.options(Duration::ZERO), &session.report())?;
    let set = recipients.recipients(vidveil::base::wall_ns()).map_err(Failure::refused)?;
    if set.usable.is_empty() || !set.left_out.is_empty() {
        return Err(Failure::refused("a certificate cannot be used: nothing is granted")
            .hint("enroll-cert --check says what is wrong with it")
            .into());
    }
    let job = GrantJob {
        span: Span { from: args.from, to: args.to },
        tracks: args.track.unwrap_or(Tracks::All),
        grantees: set.certificates(),
    };
    let identities = vidveil::cli::secrets::read_identities(&args.identity, session)?;
    let mut input = Input::open(args.input.file.as_deref(), &session.report())?;
    if let Some(path) = &args.sidecar {
        let mut file = AtomicFile::create(path, 0o644, Existing::from_force(args.output.force), Some(&input))?;
        let is_file = input.is_seekable();
        let (grants, summary) = make_grants(&mut input, is_file, identities, &job)?;
        let bytes = sidecar(&grants).map_err(|f| Failure::failed(format!("the grant cannot be written: {f}")))?;
        file.file().write_all(&bytes).with_context(|| format!("cannot write {}", text::quoted_path(path)))?;
        file.commit()?;
        session.note(summary.text());
        return match summary.cut {
            None => Ok(()),
            Some(cut) => Err(Failure::damaged(cut).hint("the grant is of what is whole before it").into()),
        };
    }
    let Some(path) = args.input.file.as_deref().filter(|_| input.is_seekable()) else {
        return Err(Failure::usage("a copy with a grant is made of a file: it is read twice")
            .hint("give the stream as a file, or write the grant to --sidecar FILE")
            .into());
    };
    let mut output = StreamOutput::open(args.output.options(session), Some(&input), &session.report())?;
    let (grants, summary) = make_grants(&mut input, true, identities, &job)?;
    copy_with_grants(Input::open(Some(path), &session.report())?, &mut output, &grants)?;
    output.finish()?;
    session.note(summary.text());
    Ok(())
}

fn change(args: &Args, session: &Session) -> anyhow::Result<()> {
    if !args.identity.is_given() {
        return Err(Failure::usage("no private key")
            .hint("give -i or --card with the key of one who can open it now")
            .into());
    }
    let files = CertificateFiles::new(&args.recipients.recipients)?;
    let now_ns = vidveil::base::wall_ns();
    let mut recipients = Recipients::open(files, &args.trust.options(Duration::ZERO), &session.report())?;
    let set = recipients.recipients(now_ns).map_err(Failure::refused)?;
    if set.usable.is_empty() {
        return Err(Failure::refused("no certificate can be used: nothing is changed")
            .hint("enroll-cert --check says what is wrong with each certificate")
            .into());
    }
    let identities = vidveil::cli::secrets::read_identities(&args.identity, session)?;
    let signer = match (&args.sign, args.signer.first()) {
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
        (Some(path), true) => {
            // the first signal must not stop it half-way: it takes a moment
            session.stop()?;
            rewrap::in_place(path, &change, &session.report())
        }
        (file, _) => {
            let input = Input::open(file.as_deref(), &session.report())?;
            let output = StreamOutput::open(args.output.options(session), Some(&input), &session.report())?;
            if input.is_seekable() {
                session.stop()?;
            }
            rewrap::copy(input, output, &change, &session.report())
        }
    }
}
