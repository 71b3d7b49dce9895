//! `view`: the desk.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, AtomicFile, Existing, Failure, Input, Session, Source, SourceFlags, bridge, flags};
use vidveil::format::TrackKind;
use vidveil::media::{MuxFormat, MuxOutput, Muxer};
use vidveil::seal::Opened;

/// Show a stream, or save it as a video
///
/// Anybody can view a public stream; an original opens with a private key only. Video is copied, not encoded again.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    /// Write FILE.mp4 or FILE.mkv; "-" writes Matroska to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the output file when there is one
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

fn main() -> ExitCode {
    cli::run("view", view)
}

fn view(args: Args, session: &Session) -> anyhow::Result<()> {
    let identities = cli::read_identities(&args.identity, session)?;
    let input = Input::open(args.input.file.as_deref(), session)?;
    let path = args.output.ok_or_else(|| Failure::usage("say -o FILE"))?;
    let mut file = AtomicFile::create(&path, 0o666, Existing::from_force(args.force), Some(&input))?;
    let mut source = Source::new(input, identities, args.source);
    let mut muxer = None;
    let format = if path.extension().is_some_and(|e| e == "mkv") { MuxFormat::Matroska } else { MuxFormat::Mp4 };
    while let Some(opened) = source.next()? {
        match opened {
            Opened::Stream(s) => {
                let tracks: Vec<_> =
                    s.tracks.iter().filter(|t| t.kind != TrackKind::Data).map(bridge::info_of).collect();
                muxer = Some(Muxer::new(MuxOutput::File(file.file().try_clone()?), format, &tracks)?);
            }
            Opened::Frame(f) => {
                if let Some(m) = &mut muxer {
                    m.write(&bridge::packet_of(&f, source.packet()))?;
                }
            }
            _ => {}
        }
    }
    if let Some(m) = muxer {
        m.finish()?;
    }
    file.commit()?;
    source.verdict(session)
}
