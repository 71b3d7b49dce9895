//! `verify`: whether a stream is unbroken, complete and authentic.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, flags, secrets::SignerFlags};
use vidveil::commands::verify::{VerifyJob, verify};

/// Check that a stream is unbroken, complete and authentic
///
/// Every file gets a line with its verdict. Without a key, everything that needs none is checked: the form of every
/// record, order, counts, times, the chain of the epochs, that the certificates are those that the messages are for,
/// every signature, and the end. --signer and --ca say whose signatures count. With -i every frame is opened, too, so
/// every tag, commitment and code over a close record is checked; nothing is written. Only a key or an accepted signer
/// vouches for the stream.
///
/// After damage it goes on with the next epoch that is whole by itself, and lists what is not proved and what is.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    /// Files to check, each by itself, and folders of record with all their segments; stdin when there is none, or for
    /// "-"
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    archive: flags::ArchiveSpanFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    #[command(flatten)]
    signers: SignerFlags,

    /// Exit with 0 for a stream that nothing vouches for, if it is well-formed
    #[arg(long, conflicts_with_all = ["signer", "ca"])]
    unsigned_ok: bool,
    /// Check instead, without a key, that FILE was made from this original, as its manifest says; may be repeated
    #[arg(long, value_name = "ORIGINAL", conflicts_with_all = ["identities", "card", "grant_files"])]
    original: Vec<PathBuf>,

    /// Exit with 3 for an excerpt of a stream, not all of it
    #[arg(long)]
    require_complete: bool,

    /// Read on where FILE ends, while it is being recorded, until its end comes, something is wrong, or a signal stops
    /// it
    #[arg(long)]
    follow: bool,

    #[command(flatten)]
    json: flags::JsonFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
Verdicts:
  0  whole and authenticated: every tag, or every signature of an accepted signer, is right, and the end is there
  0  authenticated, an excerpt: the same of a part of a longer stream (3 with --require-complete)
  0  authenticated so far: with --follow, stopped by a signal
  1  cannot be read
  3  damaged, or cut: byte and epoch say where, what was good before it follows, and below it what is not proved and what is
  4  signed, but the signer is none of the given signers, has no chain, is no signer by its extended key usage, had expired when it signed, or is revoked
  4  well-formed, not authenticated: a signature is asked for, and there is none
  4  whole, and signed by an unknown signer: no --signer or --ca was given
  4  authenticated, but not who can open it: the recipients were changed since recording, and no accepted signature says by whom
  4  an older list of recipients was put back: a later one was in this file before
  4  well-formed, not authenticated: a plain stream, or a sealed one without a key; nothing is wrong, nothing proves it
  0  authenticated in part: every tag of what was granted is right, and the rest is not for this key (3 with --require-complete)
  4  authenticated in part: some key sessions are not for this key, and nobody vouches for them
  4  none of the given keys opens it: the hint says whose keys would
  4  not sealed, although a key was given to open it
  5  cannot be opened: the card or token with the key is missing, or does not take the PIN
With --original:
  0  made from the original: stream record, the close record that the manifest names, and the times of all pictures agree
  3  it does not agree with the originals, or one of them cannot be read to its end
  4  nothing says what it was made from: no manifest, as in a stream that was cut

Of several files, the exit status is the worst: 3 before 4 before 5 before 1. Streams and parts of streams are checked against those before them: \
an epoch that is missing between two parts, repeated or out of order is a fault (3) in one file and in a folder, and a warning between files. The verdict is about the container; view shows whether a picture can be decoded.

What a signature proves:
That the owner of the signer's key recorded these epochs: every byte of their frames, their order, number and times, who could open \
them at first, and what came before. Whoever changes, drops, repeats, moves or adds one of these records is found, and so is a cut. \
It does not prove what was before the lens, nor that the recorder's clock was right: a certificate counts as expired by the time that the \
signer wrote. A clock that was set while it recorded, also between two segments, is reported, as are recordings of a folder that overlap; neither changes the verdict.

What nothing can prove is named: what came before the first epoch of an excerpt and after its last one; frames after the last close \
record of a stream that was cut (\"not proved: epoch N\"). That a whole stream is missing is seen only where a later one names it. Grants, the \
index and the end record are not signed; none of them can change what was recorded.

What a key proves:
That somebody who knew the session's keys wrote the stream, and each list of recipients: the recorder, whoever seized it while it ran, or a recipient, present or \
removed; a grantee could write what was granted, but no list. Whoever can open a stream could have forged it, unless it is signed. A list that somebody without a key has \
changed is damage (3), also where the right one is still next to it; without a key and without an accepted signer it is what the file claims. \"recipients changed \
since recording\" says that it is not the recorder's list; frames and times are not touched by that. By whom is known where an accepted signer (--signer, --ca) signed \
the change with rewrap --sign; else a name is the change's own word. No file can show that an older list was put back: in an archive that reprocess has worked on \
for this user, verify -i keeps the number of the last list that a key has proven in each file, in lists of the archive's state (see reprocess), and compares it each \
time. Whoever can write that state can make it forget. A key that opens two consecutive key sessions also shows that nobody without a key put in the second one (3 if somebody did). \"key session N is not shown to go on from the one before it\" means that no given key opens that earlier session, or that it is not there: unless session N is signed, anybody may have written it.

JSON:
--json writes one object a file, each on a line of its own; a value that does not apply is null.
  file            its name
  verdict         \"authenticated\", \"excerpt\", \"open\", \"linked\", \"not-linked\", \"not-authenticated\", \"unsigned\", \"signer\", \
\"recipients-changed\", \"older-list\", \"refused\", \"damaged\", \"cut\" or \"failed\"
  status          the exit status for this file alone; message: the verdict's text
  streams         how many were good, up to the first thing that is wrong; and over all of them: frames, epochs, sessions, duration (seconds)
  recipients      what is known of who can open it: \"proven\" by a key, \"signed\" by an accepted signer, else \"claimed\"; and recipients_changed; unbound_session: the first key session that is not shown to go on from the one before it
  signed          a stream says that it is signed; signers: subjects of those whose signatures are right; signatures: epochs with a right one
  end             the end of its last stream, as inspect shows it
  byte, epoch     where it is damaged or cut; the epoch is the last one that was read
  findings[]      everything that is wrong: .kind, .message, .byte, .epoch; .first_epoch and .last_epoch that are not proved because of it, .from and \
.until by the recorder's clock
  whole_epochs[]  where something is wrong, the epochs that are whole: .stream, .first_epoch, .last_epoch, .from, .last_opened
  clock_steps[]   where the recorder's clock was set: .epoch, .seconds (negative: back), .time, .at_least (only the least of it is known)

Limits:
Memory: one record, at most 64 MiB, and 256 MiB for lists of recipients. Lists of findings, runs of epochs and clock steps hold 32 to 64 entries.

Examples:
  verify --signer archiver.pem archive/*.vv
  verify -i desk.key --ca signers.pem cam.sealed.vv
  verify --original cam.sealed.vv public.vv
  verify --json --require-complete --signer archiver.pem cam.sealed.vv | jq -r .verdict
";

fn main() -> ExitCode {
    cli::run("verify", |args: Args, session| {
        let job = VerifyJob {
            files: args.files,
            archive: args.archive,
            identity: args.identity,
            grants: args.grants,
            signers: args.signers,
            originals: args.original,
            unsigned_ok: args.unsigned_ok,
            require_complete: args.require_complete,
            follow: args.follow,
            json: args.json.json,
        };
        verify(job, session)
    })
}
