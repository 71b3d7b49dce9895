//! `protect`: the privacy server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vidveil::base::parse;
use vidveil::cli::{self, Session, flags};
use vidveil::commands::ProtectCommand;

/// Hide everybody who moves, and make a public stream
///
/// Opens an original with the privacy server's private key, hides what moves by blocks, and writes a public stream that
/// is not encrypted: the same pictures at the same times, without audio. While the background is being learned, after
/// the camera was moved, and wherever a picture is damaged or leans on one that is missing, the whole picture is
/// hidden. Pictures are decoded in a process of their own that never has the key.
///
/// Pieces of one original, as rewrap --cut makes them, give one public stream when they come in their order, in several
/// files or back to back. Where epochs are missing between them, a warning names them with their times, and another
/// public stream begins; in one file or folder the exit status is 3 then.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    archive: flags::ArchiveSpanFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    pictures: flags::PictureFlags,

    #[command(flatten)]
    review: flags::ReviewFlags,

    #[command(flatten)]
    source: flags::SourceFlags,

    /// Sign every epoch of the public stream with the private key in FILE; the first --signer is its certificate
    ///
    /// The certificate goes into the stream. The other --signer are those whose originals are accepted.
    #[arg(long, value_name = "FILE", requires = "signer")]
    sign: Option<PathBuf>,

    /// Go on without signatures when the signer's certificate has expired; without it the public stream ends, with 4
    #[arg(long, requires = "sign")]
    unsigned_after_expiry: bool,

    /// Warn at the start and once a day when the signer's certificate expires within TIME
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = parse::duration)]
    warn_before: Duration,

    #[command(flatten)]
    worker: flags::WorkerFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
What each method leaves:
No method hides that somebody is there, where, how large, and how they walk. Of the people themselves, by measure on the PETS 2009 clip \
(768x576, 4,412 boxes of 19 people, blocks of 16 pixels and more, default settings): the share of boxes in which a colour comparison picks the right \
person among the others is 0.43 in the original, and 0.02 is chance.
  pixelate    0.10; mean colours of blocks: light or dark, red or blue, above and below
  blur        0.11; the same colours, run into each other
  colourise   0.08; one colour: only the outline identifies, by its blocks
  solid       0.02; grey: nothing
People near the camera are another matter: fixed blocks of 16 pixels left a colour comparison as sure as it was before (0.82 and 0.82). So blocks \
grow to a sixth of the height of what they hide, and more; --block is the least. Where clothes must not identify anybody, use \
--method solid or colourise. Each block's value is a mean over the block of the hidden picture alone, in steps of 4 levels, and is held while the mean stays \
within 6 levels: to average pictures of somebody who stands still gives nothing that one of them does not.

What is never shown:
The whole picture is hidden while the background is learned, after the camera was moved, when the light fails or the scene \
is another, and where a picture is damaged, missing, or leans on one that is. --reference and --two-pass spare the learning. With --realtime a picture \
that could not be analysed in time is not shown, nor are those that needed it to look ahead: the public picture before them is repeated. That is said when \
it begins and when it ends, with how far behind the camera the analysis is. What the stream delays by itself, as pictures that lean on later ones, does not count.

Who is there and still:
What does not move while the background is learned is background, a person, too, unless a detector finds them by their looks. scripts/get-model people \
gets the network for it and puts it where it is looked for: in $XDG_DATA_HOME/vidveil/models (~/.local/share/vidveil/models), then in \
/usr/share/vidveil/models; VIDVEIL_MODELS names another folder, and empty none. What it finds is hidden, a little larger than it was found, for 12 s \
after it was seen last where it does not move. It finds things that are nobody, too, and not everybody: who is small, dark or half behind something may be \
missed. The file is parsed and the network computed by the process that decodes, which can do nothing but compute.

Review:
--report writes for each picture: picture (from 0), pts, seconds and time (UTC), share (hidden, 0 to 1), whole (null, or why all is hidden: \
learning, scene-change, camera-moved, light, damaged, missing, detector), repeated, blobs (heights found, in pixels), parts (rectangles around what is hidden). \
The last line is a summary. --overlay shows who was there, so it is written sealed or not at all.

A public stream has one video track. An original with several is refused until --track names one: no other is passed.

Every public stream says before its end which original it was made from, by which settings; inspect shows that, verify --original checks it.

Settings for a camera are in a file, see vidveil-scene(5).

Limits:
Memory: two records, at most 64 MiB each. The process that decodes gets 2 GiB, 240 bytes for each pixel of --max-pixels and 216 MiB for each thread, and ends with more.

Examples:
  protect -i server.key --scene cam7.toml cam.sealed.vv -o public.vv
  protect -i server.key --two-pass --report report.json --plot timeline.png cam.sealed.vv -o public.vv
  protect -i server.key --overlay over.vv -r operators/ cam.sealed.vv -o public.vv
";

fn main() -> ExitCode {
    cli::run_with_video("protect", run)
}

fn run(args: Args, session: &Session) -> anyhow::Result<()> {
    let command = ProtectCommand {
        input: args.input,
        archive: args.archive,
        identity: args.identity,
        grants: args.grants,
        output: args.output,
        pictures: args.pictures,
        review: args.review,
        source: args.source,
        sign: args.sign,
        unsigned_after_expiry: args.unsigned_after_expiry,
        warn_before: args.warn_before,
        worker: args.worker,
    };
    command.run(session)
}
