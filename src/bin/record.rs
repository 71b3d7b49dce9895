//! `record`: the archiver's disk half. Needs no key.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vidveil::archive::Limits;
use vidveil::archive::recorder::{Policy, RecorderOptions};
use vidveil::base::parse;
use vidveil::cli::secrets::{SignerFlags, accepted_signers};
use vidveil::cli::{self, Failure, Session, flags};
use vidveil::commands::record::{self, OnlyRole};

/// Keep a stream as segments in a folder
///
/// Reads a stream, sealed or public, and writes it into files of ten minutes each, which are never overwritten. Each is
/// an excerpt of the stream: it opens and verifies alone, and plays alone where the camera sends key frames often
/// enough. While a segment is being written its name ends in ".part"; it can be read then, too. What was written is on
/// the disk a second later. Segments that a recording left when it died are ended properly by the next one.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    /// Folder to record into, made if missing
    #[arg(value_name = "DIR", required_unless_present = "repair")]
    folder: Option<PathBuf>,

    /// File to read; stdin when it is missing or "-"
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// End a segment when it has TIME and the next epoch begins with a key frame; without one at twice TIME
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::positive_duration)]
    segment: Duration,

    /// See to it that what was written is on the disk after TIME
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse::positive_duration)]
    sync: Duration,

    /// Remove the segments of this camera that ended longer ago than TIME, by the clock of this machine
    #[arg(long, value_name = "TIME", value_parser = parse::positive_duration)]
    keep: Option<Duration>,

    /// Remove the oldest segments of this camera when all of them have more than SIZE
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    keep_bytes: Option<u64>,

    /// Refuse every stream of another role, before anything of it is written
    #[arg(long, value_name = "ROLE")]
    only: Option<OnlyRole>,

    #[command(flatten)]
    signers: SignerFlags,

    /// Record an original that is not sealed, too
    #[arg(long)]
    allow_plain_original: bool,

    /// List the recordings in DIR instead
    #[arg(long, conflicts_with_all = ["file", "repair"])]
    list: bool,

    /// With --list: write JSON, one object a segment
    #[arg(long, requires = "list")]
    json: bool,

    /// Copy what is whole of FILE next to it instead, as NAME.recovered.vv
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "file"])]
    repair: Option<PathBuf>,

    /// With --repair: write the copy to FILE
    #[arg(short, long, value_name = "FILE", requires = "repair")]
    output: Option<PathBuf>,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
Names:
  CAMERA.ROLE.TIME.STREAM-EPOCH.vv, as in gate.original.20261123T054917Z.1a2b3c4d5e6f7081-00000042.vv
The camera has %XX for every byte but letters, digits, _ and -; the time is that of the first picture, UTC; then come the first half
of the stream's id, and the number of the first epoch.

Ends:
A segment ends as an excerpt, the last one as the stream does. When the input stops without an end, or the disk takes \
no more, everything up to the last whole record is kept and ends as recovered; the exit status is 3, or 1 for the \
disk. Killed, or after a power cut, the segment keeps its .part, can be read up to its last whole record, and is \
ended by the next record for the same folder: a record that was not written whole is taken away, and no tag is made up. \
A segment that got no frame is removed.

A camera that sends no key frame for twice --segment gives segments that lean on the one before: their first pictures need it. --list says so, view --from and --export read what they need out of the folder, and --keep and --keep-bytes keep, with a warning, what is leant on.

With --signer or --ca only epochs that an accepted signer has signed are kept; with --only public that is the privacy server, with protect --sign. A \
stream that is not signed, or by somebody else, is refused with exit status 4 before anything of it is written. An epoch with a wrong signature is \
taken out of its segment again, and ends the recording, with 4, too; one whose signature never comes is not kept.

--keep goes by the times in the streams and the clock of this machine: a clock that is wrong removes too much or too \
little. Segments are removed from the oldest on, never the one that is being written, and never those of another \
camera or role.

--repair needs no key, leaves FILE as it is, and ends the copy as recovered: everything that reads it ends with exit \
status 3. After damage it goes on with the next epoch that is whole by itself, as another excerpt in the same copy; \
what is lost in between is named by epochs and times. Frames of an epoch whose close record is lost are listed on \
stdout; each has its own tag, but no code and no signature covers them together.

Limits:
Memory: one record, at most 64 MiB, the stream and keys records, and 64 MiB for grants. With --keep-bytes the segment \
that is being written counts, so what is kept may be more only while it is alone.

Examples:
  capture rtsp://gate | encrypt-stream -r certs/ --after archive/ | record archive/ --keep 30d
  protect -i server.key < cam.sealed.vv | record public/ --only public
  record public/ --only public --signer protector.pem < public.vv
  record --list archive/
  record --repair archive/gate.original.20261123T054917Z.1a2b3c4d5e6f7081-00000042.vv.part
";

fn main() -> ExitCode {
    cli::run("record", run)
}

fn run(args: Args, session: &Session) -> anyhow::Result<()> {
    if args.signers.is_given() && (args.list || args.repair.is_some()) {
        return Err(Failure::usage("--signer, --ca and --crl are for recording").into());
    }
    if let Some(file) = &args.repair {
        return record::repair(file, args.output.as_deref(), session);
    }
    let folder = args.folder.ok_or_else(|| Failure::usage("name the folder to record into"))?;
    if args.list {
        return record::list(&folder, args.json);
    }
    // the first signal goes to the whole pipeline: the command before ends its stream, and so do we
    session.stop()?;
    let keep_ns = args.keep.map(|keep| i64::try_from(keep.as_nanos()).unwrap_or(i64::MAX));
    let options = RecorderOptions {
        folder,
        segment: args.segment,
        sync: args.sync,
        limits: Limits { keep_ns, keep_bytes: args.keep_bytes },
        policy: Policy {
            only: args.only.map(OnlyRole::role),
            plain_original: args.allow_plain_original,
            signers: accepted_signers(&args.signers, &session.report())?,
        },
    };
    record::record(args.file.as_deref(), options, session)
}
