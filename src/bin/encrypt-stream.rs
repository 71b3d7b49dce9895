//! `encrypt-stream`: the archiver. Holds public certificates only and cannot open what it wrote.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vidveil::base::parse;
use vidveil::cli::{self, Session, flags, secrets::SignFlags};
use vidveil::commands::encrypt::{self, EncryptJob, nanoseconds, up_to_a_mebibyte};
use vidveil::seal::SealSettings;

/// Encrypt a stream to certificates
///
/// Reads a plain stream, as capture writes it, and writes a sealed one that only the private keys of the recipients
/// open. The certificates are read again at every epoch: one that has expired is not encrypted to, and when none is
/// left, the stream is closed properly and the command stops with exit status 4. It never writes plaintext.
///
/// A certificate that is added to the folder can open from the next epoch on, one that is removed, expired or revoked
/// cannot any more. Whoever can open from some epoch on, and could not before, is named with that epoch. Found expired,
/// a certificate stays out for the run, whatever the clock does; found revoked, for good (see --crl-state). A file that
/// cannot be read or parsed is not removed: its last good copy is used for three more epochs, with a warning; so is a
/// file of -r that is gone, and a folder that cannot be listed, with which recording then stops. Files and folders that
/// others may write are warned of, and private keys that lie in a folder of certificates.
#[derive(Parser)]
#[command(after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

    #[command(flatten)]
    recipients: flags::RecipientFlags,

    #[command(flatten)]
    trust: flags::TrustFlags,

    /// Warn at the start and once a day of each certificate that expires within TIME
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = parse::duration)]
    warn_before: Duration,

    #[command(flatten)]
    output: flags::OutputFlags,

    /// Change the keys every TIME; an epoch ends at the first key frame after it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::positive_duration)]
    rekey_interval: Duration,

    /// Make a new session secret, and so a new message to the recipients, every TIME
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse::positive_duration)]
    session: Duration,

    /// Name of the camera, instead of the one in the input
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,

    /// Name the stream recorded last in PLACE, and its last close record, as the one that this stream continues
    ///
    /// PLACE is a sealed stream or a folder of record, where it is the last stream of the same camera. It is read when
    /// the first packet comes, and may be missing: then there is nothing to continue. This distinguishes a gap in
    /// a recording from a loss.
    #[arg(long, value_name = "PLACE")]
    after: Option<PathBuf>,

    /// Stop when fewer than N certificates can be used
    #[arg(long, value_name = "N", default_value_t = 1)]
    minimum_recipients: usize,

    /// Leave at least SIZE for each of the two lists of recipients, so that rewrap can change them in place
    #[arg(long, value_name = "SIZE", default_value = "16K", value_parser = parse::size)]
    key_room: u64,

    /// Pad packets to a multiple of SIZE, so that their sizes show less
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = parse::size)]
    pad: u64,

    #[command(flatten)]
    sign: SignFlags,

    #[command(flatten)]
    passphrase: flags::PassphraseFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Limits:
Memory: two records, at most 64 MiB each, and the keys record of a session, at most 4 MiB.
";

fn main() -> ExitCode {
    cli::run("encrypt-stream", encrypt)
}

fn encrypt(args: Args, session: &Session) -> anyhow::Result<()> {
    let settings = SealSettings {
        rekey_ns: nanoseconds(args.rekey_interval),
        session_ns: nanoseconds(args.session),
        key_room: up_to_a_mebibyte("--key-room", args.key_room)?,
        pad: up_to_a_mebibyte("--pad", args.pad)?,
        minimum_recipients: args.minimum_recipients,
    };
    let job = EncryptJob {
        input: args.input,
        output: args.output,
        recipients: args.recipients,
        trust: args.trust,
        warn_before: args.warn_before,
        settings,
        camera: args.camera,
        after: args.after,
        sign: args.sign,
        passphrase: args.passphrase,
    };
    encrypt::encrypt(job, session)
}
