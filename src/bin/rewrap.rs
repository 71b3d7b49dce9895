//! `rewrap`: who can open a sealed stream is changed, without opening a frame.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::flags::{self, PartFlags};
use vidveil::cli::{self, Failure, Session};
use vidveil::commands::rewrap::{self, Change};

/// Change who can open a sealed stream, or cut a part out of it
///
/// Seals the secret of every key session anew, to the certificates of -r, with the private key of one who can open it
/// now (-i). Frames and their tags are copied as they are and never opened, so it takes the time of a copy; with
/// --in-place only some kilobytes of the file are written, however large it is.
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

    /// Sign the change with the private key in FILE; inspect and verify then show who changed the recipients
    #[arg(long, value_name = "FILE", requires = "signer")]
    sign: Option<PathBuf>,

    /// Certificate of the key of --sign; without --sign, and each further one, of somebody whose streams are accepted
    ///
    /// A file whose epochs none of them has signed is refused with exit status 4, and with 3 where a signature is
    /// wrong, before anything is written. --crl must vouch for these signers, too. May be repeated.
    #[arg(long, value_name = "FILE")]
    signer: Vec<PathBuf>,

    /// Write the epochs from --from to --to, sealed as they are, as an excerpt of the stream
    #[arg(long, conflicts_with_all = ["identities", "card", "recipients", "add", "in_place", "sign"])]
    cut: bool,

    #[command(flatten)]
    part: PartFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Recipients:
-r names the whole new list: who is not on it can open the stream no more. With --add those who can open it now stay, and \
are named on stderr. That list must be proven: a code in it shows that it was written by the recorder or by somebody who could open \
the stream. One that somebody without a key has changed is refused as damage (3), and nothing is written. Where the list was changed \
since recording, anybody who could open the stream may have done it: with --signer it must have been signed by one of those given (4), and \
without it there is a warning. Certificates that have expired meanwhile stay with --add.
Certificates of -r are checked as encrypt-stream does; with none that can be used nothing is changed (4).

What it cannot do:
A copy made earlier still opens with the old keys, and so does the stream for whoever kept its session secret. Grants in the stream stay.

In place:
Each session has room for two lists. The spare list is written and synced first; then the old one is overwritten with \
zeros. If rewrap is stopped at any moment, by a signal or by a power cut, each session still opens with the old list or \
with the new one. Run the same command again to finish the job, with a key of each list (-i twice). A key of the old \
list alone is enough while that list is whole.
A list is wiped only when the one that stays is proven, or was written by this run. A list that no given key opens only \
claims its recipients: it is left as it is (4). If somebody without a key has written a list next to the right one, \
nothing is changed (3). The stream still opens with the right list; to get rid of the forged one, write a copy with \
neither --in-place nor --add, which has the list of -r alone (3, since the input was damaged).
The file is locked meanwhile. A list that does not fit is refused (1): without --in-place the copy gets more room. A \
file that is still being recorded can be changed, too; its later sessions go to the recorder's own recipients.
A file system or a disk that never overwrites keeps the old list somewhere.

Older lists:
Whoever can write the file can put back a list that was there before, and nothing in the file shows it. In an archive that reprocess has \
worked on for this user, rewrap and verify -i keep the number of the last list that they saw in each file, in lists of the archive's state (see reprocess); a file that was renamed is another one. If a lower one is there, rewrap warns, writes its list above all of them, and adds to none with --add (4).

Grant:
--grant gives somebody the keys of whole epochs: those that show something from --from to --to, and those before them back to the last \
key frame, without which they show nothing; the resulting range is printed on stderr. Nobody else's keys change, and nothing outside opens with it. What was granted cannot be taken back.

Cut:
Whole epochs with something to show from --from to --to are taken, and those before them back to the last key frame, from which they \
are decoded; the resulting range is printed on stderr, and a warning where that key frame is not in the input. Nothing is \
encrypted anew: who could open the stream can open the part, and verify calls it an excerpt. In a file the place is found \
without reading what is before it; what comes after the part is not read. From a pipe, epochs of more than 256 MiB \
from that key frame to the beginning of the part are refused (1).

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
    // where others are named, so is whoever changes the list again
    let accepted = if args.signer.is_empty() { Vec::new() } else { args.signer.iter().chain(&own).cloned().collect() };
    rewrap::check_signers(&args.input, &args.signer, &args.trust, session)?;
    if args.cut {
        return rewrap::cut(&args.input, &args.output, args.part.span()?, session);
    }
    if !args.part.grant.is_empty() {
        return rewrap::grant(&args.input, &args.output, &args.part, &args.identity, &args.trust, session);
    }
    if args.part.from.is_some() || args.part.to.is_some() {
        return Err(Failure::usage("--from and --to go with --cut or --grant").into());
    }
    let change = Change {
        identity: args.identity,
        recipients: args.recipients.recipients,
        trust: args.trust,
        add: args.add,
        sign: args.sign.zip(own),
        accepted,
    };
    match args.input.file.as_deref().filter(|_| args.in_place) {
        Some(path) => rewrap::in_place(path, &change, session),
        None => rewrap::copy(&args.input, &args.output, &change, session),
    }
}
