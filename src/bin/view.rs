//! `view`: the desk.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vidveil::base::parse;
use vidveil::cli::export::{Export, export};
use vidveil::cli::{self, Failure, PictureOutput, Player, Session, flags};
use vidveil::media::{MuxFormat, MuxOutput};
use vidveil::playback::{Footage, MOST_ON_A_SHEET, Moment, SheetLayout, Span};
use vidveil::storage::{AtomicFile, Existing, Input};

/// Play a stream, or make a video file or pictures of it
///
/// Reads one stream or several back to back and shows them: as a video file (-o FILE.mp4, -o FILE.mkv), as Matroska on a pipe
/// to any player, in an installed player (--play), as one picture (--snapshot) or as a contact sheet (--contact-sheet).
///
/// Anybody can view a public stream. A sealed original opens only with the private key of one of its recipients (-i); without
/// it the command says whose keys would do, and ends with status 4.
#[derive(Parser)]
#[command(after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    archive: flags::ArchiveFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    /// Write FILE.mp4 or FILE.mkv, with --snapshot FILE.png; "-" is stdout, which gets Matroska
    ///
    /// Packets are copied, not encoded again. Mp4 keeps the camera's times exactly, Matroska to the millisecond. Without -o
    /// and with stdout going to a pipe or a file, Matroska is written there as it comes.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the output file when there is one
    #[arg(short, long)]
    force: bool,

    /// Show it in a player: the first installed one of mpv, ffplay and vlc
    #[arg(long, conflicts_with_all = ["output", "snapshot", "contact_sheet"])]
    play: bool,

    /// Player for --play: a program that reads Matroska from stdin, with its arguments
    #[arg(long, value_name = "COMMAND", requires = "play")]
    player: Option<String>,

    /// Write the picture shown at TIME, as PNG
    ///
    /// TIME is in seconds (12.5) or hh:mm:ss from the first picture on, or a time of day with its zone
    /// (2026-05-01T14:00:00Z) by the recorder's clock. A first picture that the key does not open counts, too. The picture
    /// is upright and has square pixels.
    #[arg(long, value_name = "TIME", value_parser = vidveil::playback::moment, conflicts_with_all = ["contact_sheet", "from", "to"])]
    snapshot: Option<Moment>,

    /// Write small pictures over the whole length, with their times, to FILE.png
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    contact_sheet: Option<PathBuf>,

    /// Write a case for a court to PATH: a zip file when it ends in .zip, else a new folder
    ///
    /// In it are the video (not encoded again), the sealed original excerpt that it was made of, certificates, the verdict, a contact
    /// sheet, a reader in Python, SHA-256 of every file, and a README that says how to check it all.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["output", "snapshot", "contact_sheet", "play", "require_complete"])]
    export: Option<PathBuf>,

    /// With --export: sign the list of the SHA-256s with the private key in FILE; the first --signer is its certificate
    #[arg(long, value_name = "FILE", requires_all = ["export", "signer"])]
    sign: Option<PathBuf>,

    /// With --export: put in the keys of the excerpt's epochs, which link each sealed frame to the plain video
    ///
    /// With them anybody opens those epochs, and no others of the recording. It takes the key of a recipient.
    #[arg(long, requires = "export")]
    disclose_keys: bool,

    /// Pictures side by side on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    columns: u32,

    /// Pictures on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ON_A_SHEET)))]
    count: u32,

    /// A picture on the contact sheet so often (10s, 5m), instead of a number of them; at most 200 come onto it
    #[arg(long, value_name = "TIME", value_parser = parse::positive_duration, conflicts_with = "count")]
    every: Option<Duration>,

    /// Begin at TIME, at the last key frame before it
    ///
    /// TIME is as for --snapshot. The output's times begin at 0. In one file the place is found without reading what is before it.
    #[arg(long, value_name = "TIME", value_parser = vidveil::playback::moment)]
    from: Option<Moment>,

    /// End before TIME
    ///
    /// What is behind it is not read, so that nothing is said about whether it is whole, but with --require-complete.
    #[arg(long, value_name = "TIME", value_parser = vidveil::playback::moment)]
    to: Option<Moment>,

    #[command(flatten)]
    source: flags::SourceFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Examples:
  view -o public.mp4 public.vv
  view -i desk.key -o original.mkv cam.sealed.vv
  view -i desk.key --play cam.sealed.vv
  protect -i server.key < cam.sealed.vv | view | mpv -
  view --from 00:10:00 --to 00:12:30 -o part.mp4 public.vv
  view --snapshot 12.5 -o gate.png public.vv
  view --contact-sheet day.png --every 10m public.vv
  view -i desk.key --from 00:10:00 --to 00:12:30 --export case.zip --sign desk-sign.key --signer desk-sign.pem cam.sealed.vv

Damaged input:
A video file, a snapshot and a contact sheet are written beside their name and
get it when they are finished. Where the input is damaged or cut, what was
authentic before it is finished and kept under the name, and the exit status
is 3. With the statuses 1, 2, 4 and 5 there is no file.

Export:
The README in the case says how to check each part with standard tools: the list of SHA-256s by sha256sum, its signature (CMS) by openssl cms \
-verify, the excerpt by verify or by the reader in Python that is put in. The excerpt is of whole epochs, so it may begin before --from \
and end behind --to; the video is of the part that was asked for. Sealed it stays: only its recipients open it, and whoever gets the \
keys of --disclose-keys. The case is written beside its name and gets it when it is on the disk; an existing folder is never written to. Of a \
recording that is damaged, a case is made of what is authentic, and the exit status is 3. --sign takes Ed25519, P-256, P-384 and RSA keys; \
openssl 3.0 cannot check a CMS signature by Ed25519.

Several streams and files:
Streams back to back in one input, or in several files, are shown as one. Pieces
of one stream keep their times, and what is missing between them is named. With
--from, files before that moment are passed over unread. Of different streams,
the times of a later one are kept where they go on; else it follows the one
before it without a gap.
One of another size or codec cannot go into the same video and is an error.

Tracks:
Pictures and sound are copied; data tracks are left out.

Players:
The player is a child of the command and reads Matroska from its stdin. When
it is closed, the command ends with status 0. --player takes a program and its
arguments, separated by blanks; no shell reads them.

Live:
On a pipe every packet is passed on as it comes. A live recorder must not wait
for a viewer: put the recording first, and the viewer behind tee -p.
";

fn main() -> ExitCode {
    cli::run("view", view)
}

/// What is made of the input.
enum Made {
    Video(AtomicFile, MuxFormat),
    Piped,
    Played,
    Snapshot(Moment, PictureOutput),
    Sheet(PictureOutput),
    /// Nobody said, and stdout is a terminal.
    Unsaid,
}

fn view(mut args: Args, session: &Session) -> anyhow::Result<()> {
    let format = format(&args)?;
    let accepted = &mut args.source.signers.signer;
    let signer =
        vidveil::cli::secrets::first_signer(args.sign.as_deref(), accepted, &args.identity.passphrase, session)?;
    let keyring = vidveil::cli::secrets::read_keyring(&args.identity, &args.grants, session)?;
    // before there is a file that a signal could leave behind
    session.stop()?;
    let selection = args.archive.selection(&args.input.files, args.snapshot.or(args.from), args.to)?;
    let input = vidveil::archive::open(&args.input.files, &selection, &session.report())?;
    if let Some(path) = args.export {
        let case = Export {
            path,
            force: args.force,
            span: Span { from: args.from, to: args.to },
            source: args.source,
            signer,
            disclose_keys: args.disclose_keys,
        };
        return export(input, keyring, case, session);
    }
    let made = made(&args, format, &input)?;
    let from = args.snapshot.or(args.from);
    let mut footage =
        Footage::open(input, keyring, args.source.options()?, Span { from, to: args.to }, &session.report())?;
    let rebase = args.from.is_some();
    match made {
        Made::Unsaid => return Err(unsaid().into()),
        Made::Video(mut file, format) => {
            let output = MuxOutput::File(file.file().try_clone()?);
            match vidveil::playback::remux(&mut footage, output, format, rebase)? {
                // nothing that was authentic: no file
                0 if footage.is_whole() => {
                    footage.verdict()?;
                    return Err(Failure::failed("the stream holds no packet").into());
                }
                0 => {}
                _ => file.commit()?,
            }
        }
        Made::Piped => {
            let output = cli::stdout(session)?;
            vidveil::playback::remux(&mut footage, MuxOutput::Pipe(Box::new(output)), MuxFormat::Matroska, rebase)?;
        }
        Made::Played => {
            let mut player = Player::start(args.player.as_deref())?;
            let stdin = player.take_stdin().ok_or_else(|| Failure::failed("the player has no stdin"))?;
            let output = MuxOutput::Pipe(Box::new(stdin));
            match vidveil::playback::remux(&mut footage, output, MuxFormat::Matroska, rebase) {
                // closed before the end: as people do
                Err(e) if e.is_broken_pipe() => return player.wait(),
                result => {
                    player.wait()?;
                    result?;
                }
            }
        }
        Made::Snapshot(at, target) => {
            target.write(vidveil::playback::snapshot(&mut footage, at, &session.report())?, session)?
        }
        Made::Sheet(target) => {
            let layout = SheetLayout { columns: args.columns, count: args.count, every: args.every };
            target.write(vidveil::playback::contact_sheet(&mut footage, layout)?, session)?;
        }
    }
    Ok(footage.verdict()?)
}

/// The container that `-o` names.
fn format(args: &Args) -> anyhow::Result<Option<MuxFormat>> {
    let png = |path: &Path| match ending(path).as_deref() {
        Some("png") => Ok(None),
        _ => Err(Failure::usage("pictures are written as PNG").hint("name the file .png")),
    };
    let named = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match (&args.contact_sheet, named) {
        (Some(path), _) if path != Path::new("-") => Ok(png(path)?),
        (None, Some(path)) if args.snapshot.is_some() => Ok(png(path)?),
        (None, Some(path)) => match ending(path).as_deref() {
            Some("mp4" | "m4v") => Ok(Some(MuxFormat::Mp4)),
            Some("mkv") => Ok(Some(MuxFormat::Matroska)),
            Some("png") => Err(Failure::usage("which picture of the stream is not said")
                .hint("--snapshot TIME -o FILE.png writes one, --contact-sheet FILE.png many")
                .into()),
            _ => {
                let name = vidveil::base::text::quoted_path(path);
                Err(Failure::usage(format!("{name} does not end in .mp4 or .mkv"))
                    .hint("the ending tells the container: .mp4 plays everywhere, .mkv holds every codec")
                    .into())
            }
        },
        _ => Ok(None),
    }
}

fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase)
}

/// Opens what is written, before any of the input is read.
fn made(args: &Args, format: Option<MuxFormat>, input: &Input) -> anyhow::Result<Made> {
    let existing = Existing::from_force(args.force);
    let create = |path: &Path| AtomicFile::create(path, 0o666, existing, Some(input));
    let named = |path: &Option<PathBuf>| path.clone().filter(|path| path != Path::new("-"));
    let still = |path: &Option<PathBuf>| PictureOutput::open(path.as_deref(), existing, input);
    let terminal = std::io::stdout().is_terminal();
    if args.contact_sheet.is_some() {
        return still(&args.contact_sheet).map(Made::Sheet);
    }
    if let Some(at) = args.snapshot {
        if args.output.is_none() && terminal {
            return Err(Failure::usage("a picture is not written to a terminal").hint("say -o FILE.png").into());
        }
        return still(&args.output).map(|target| Made::Snapshot(at, target));
    }
    Ok(match (named(&args.output), format) {
        (Some(path), Some(format)) => Made::Video(create(&path)?, format),
        _ if args.play => Made::Played,
        _ if args.output.is_some() || !terminal => Made::Piped,
        _ => Made::Unsaid,
    })
}

fn unsaid() -> Failure {
    Failure::usage("it is not said how to view the stream, and video is not written to a terminal").hint(
        "say --play, -o FILE.mp4, -o FILE.mkv, --snapshot TIME -o FILE.png or --contact-sheet FILE.png, \
         or pipe it: view FILE | ffplay -",
    )
}
