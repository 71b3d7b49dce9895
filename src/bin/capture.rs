//! `capture`: a camera's packets put into frames, without re-encoding.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use vidveil::base::parse;
use vidveil::capture::{Feed, FeedOptions, VideoFile};
use vidveil::cli::{self, Failure, Session, flags};
use vidveil::format::Reason;
use vidveil::media::{DemuxOptions, Demuxer, Packet};
use vidveil::storage::StreamOutput;

/// Put a camera's video into a stream
///
/// Reads any video file, a pipe or a live camera, and writes a plain stream with the same packets: bit for bit, with their times. The
/// result is for encrypt-stream; it is not protected in any way.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    /// Video file or address of a camera (rtsp://HOST/PATH) to read; stdin when it is missing or "-"
    #[arg(value_name = "VIDEO")]
    video: Option<PathBuf>,

    #[command(flatten)]
    output: flags::OutputFlags,

    /// Leave the audio tracks out
    #[arg(long)]
    no_audio: bool,

    /// Name of the camera
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,

    /// Give packets out at the speed of their times, as a camera would
    #[arg(long)]
    realtime: bool,

    /// Play a file N times over, with times going on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    r#loop: u32,

    /// Frames a second of an input that carries no times (raw H.264, H.265): 25, 30000/1001
    #[arg(long, value_name = "FPS", value_parser = rate)]
    fps: Option<(u32, u32)>,

    /// Format of the input where its bytes do not tell: h264, hevc, mjpeg, mpegts
    #[arg(long, value_name = "NAME")]
    input_format: Option<String>,

    /// When the recording began, as 2026-03-01T08:00:00Z; dates imported files, and takes the system's clock out of the result
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339, allow_hyphen_values = true)]
    start: Option<i64>,

    /// Id of the stream, 32 hexadecimal digits, instead of a random one; for files that are compared byte for byte
    #[arg(long, value_name = "HEX", value_parser = parse::id)]
    stream_id: Option<[u8; 16]>,

    /// Length of an epoch; one ends at the first key frame after it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::positive_duration)]
    epoch: Duration,

    #[command(flatten)]
    live: LiveFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

/// Flags for a camera's address.
#[derive(clap::Args)]
struct LiveFlags {
    /// File with one line, NAME:PASSWORD, for a camera
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// How a camera's packets travel: tcp loses nothing, udp suits a quiet network
    #[arg(long, value_name = "NAME", default_value = "tcp", value_parser = ["tcp", "udp"])]
    transport: String,

    /// Try for so long to reach a camera at first
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse::duration)]
    wait: Duration,

    /// Connect again when no picture came for so long
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse::positive_duration)]
    stall: Duration,

    /// Stop when a camera that was there is away for longer; never when it is not given
    #[arg(long, value_name = "TIME", value_parser = parse::positive_duration)]
    give_up: Option<Duration>,
}

const AFTER: &str = "\
Cameras:
H.264, H.265 and JPEG, with AAC or G.711, over RTSP. A camera is recorded until a signal comes. When it goes away, sends no picture for --stall, or begins \
to count anew, it is connected to again: after half a second, then one, up to 30 s. The first picture after it is a key frame, and marked as standing behind a \
gap; times go on by the monotonic clock, and never go back. With another codec, size or codec configuration a new stream begins, which names \
the last. The camera's own clock goes into a track vidveil.camera-clock, see vidveil-stream(5).

Name and password are for a file, given with --credentials: on the command line every user of the machine could read them. A camera that asks \
for Digest authentication is not sent the password itself. RTSP is not encrypted; a tunnel (stunnel, WireGuard) or a network of its own protects the \
way to the camera.

For demos, capture --realtime --loop 1000 FILE stands in for a camera; scripts/camera of the source serves a file over RTSP.

Limits:
Memory: one packet, at most 64 MiB, and what the codec's parameters need. A connection on which more than 512 MiB pile up is given up.

Examples:
  capture rtsp://192.0.2.7/stream1 --credentials gate.password --camera gate | encrypt-stream -r certs/ --after archive/ | record archive/
  capture camera.mp4 -o cam.vv
  ffmpeg -i http://192.0.2.8/video.mjpg -c copy -f mpegts - | capture -o cam.vv
";

fn main() -> ExitCode {
    cli::run("capture", capture)
}

/// "25" or "30000/1001".
fn rate(s: &str) -> Result<(u32, u32), String> {
    let (num, den) = s.split_once('/').unwrap_or((s, "1"));
    match (num.parse(), den.parse()) {
        (Ok(n @ 1..), Ok(d @ 1..)) => Ok((n, d)),
        _ => Err("not a number of frames a second, as 25 or 30000/1001".into()),
    }
}

fn capture(args: Args, session: &Session) -> anyhow::Result<()> {
    if let Some(address) = args.video.as_deref().filter(|v| live::is_address(v)) {
        return live::capture(&address.to_string_lossy(), &args, session);
    }
    let stop = session.stop()?;
    let mut input = VideoFile::open(args.video.as_deref())?;
    if args.r#loop > 1 && !input.is_seekable() {
        return Err(Failure::usage("only a file can be played more than once").hint("give the video as a file").into());
    }
    let output = StreamOutput::open(args.output.options(session), None, &session.report())?;
    let options = DemuxOptions {
        audio: !args.no_audio,
        format: args.input_format.clone(),
        frame_rate: args.fps,
        probe_bytes: None,
        stop: Some(stop.flag()),
    };
    let mut demuxer = input.demux(&options, &session.report())?;
    let tracks = demuxer.tracks().to_vec();
    let Some(first) = next(&mut demuxer, input.name())? else {
        return Err(Failure::damaged(format!("{} holds no packet", input.name())).into());
    };
    let mut feed = Feed::begin(&options_of(&args), &tracks, &first, output, stop.clone())?;
    // what a camera sent cannot be sent again
    if args.realtime || !input.is_seekable() {
        session.created().keep();
    }
    let mut packet = Some(first);
    let mut round = 1;
    let outcome = loop {
        match packet {
            Some(p) => {
                if !feed.give(p)? {
                    break Ok(Reason::Stopped);
                }
            }
            None if round < args.r#loop && !stop.is_set() => {
                round += 1;
                feed.next_round();
                demuxer = input.demux(&options, &session.report())?;
                if demuxer.tracks() != tracks {
                    break Err(Failure::failed(format!("{} changed while it was played", input.name())).into());
                }
            }
            None => break Ok(if stop.is_set() { Reason::Stopped } else { Reason::EndOfInput }),
        }
        packet = match next(&mut demuxer, input.name()) {
            Ok(p) => p,
            Err(e) => break Err(e),
        };
    };
    match outcome {
        Ok(reason) => feed.end(reason),
        Err(e) => {
            feed.end(Reason::InputCut)?;
            Err(e)
        }
    }
}

fn next(demuxer: &mut Demuxer, name: &str) -> anyhow::Result<Option<Packet>> {
    demuxer.next_packet().with_context(|| format!("cannot read all of {name}"))
}

fn options_of(args: &Args) -> FeedOptions {
    FeedOptions {
        camera: args.camera.clone().unwrap_or_default(),
        stream_id: args.stream_id,
        start: args.start,
        continues: None,
        epoch: args.epoch,
        realtime: args.realtime,
    }
}

#[cfg(feature = "rtsp")]
mod live {
    use std::path::Path;

    use vidveil::capture::rtsp::{Address, LiveOptions, Transport, capture_live};
    use vidveil::cli::secrets::read_credentials;
    use vidveil::cli::{Failure, Session};
    use vidveil::storage::StreamOutput;

    use super::{Args, options_of};

    pub fn is_address(argument: &Path) -> bool {
        Address::looks_like(argument)
    }

    pub fn capture(address: &str, args: &Args, session: &Session) -> anyhow::Result<()> {
        let address: Address = address.parse()?;
        let for_files = [
            (args.realtime, "--realtime"),
            (args.r#loop > 1, "--loop"),
            (args.fps.is_some(), "--fps"),
            (args.input_format.is_some(), "--input-format"),
            (args.start.is_some(), "--start"),
        ];
        if let Some((_, flag)) = for_files.into_iter().find(|(given, _)| *given) {
            return Err(Failure::usage(format!("{flag} is for files, not for a camera")).into());
        }
        let credentials = args.live.credentials.as_deref().map(|f| read_credentials(f, session)).transpose()?;
        let options = LiveOptions {
            credentials,
            transport: if args.live.transport == "udp" { Transport::Udp } else { Transport::Tcp },
            audio: !args.no_audio,
            wait: args.live.wait,
            stall: args.live.stall,
            give_up: args.live.give_up,
        };
        let stop = session.stop()?;
        let output = StreamOutput::open(args.output.options(session), None, &session.report())?;
        capture_live(&address, &options, &options_of(args), output, &stop, &session.report())
    }
}

#[cfg(not(feature = "rtsp"))]
mod live {
    use std::path::Path;

    use vidveil::cli::{Failure, Session};

    pub fn is_address(argument: &Path) -> bool {
        argument.to_str().is_some_and(|a| a.starts_with("rtsp://"))
    }

    pub fn capture(_: &str, _: &super::Args, _: &Session) -> anyhow::Result<()> {
        Err(Failure::usage("this build takes no camera's address")
            .hint("build it with the feature rtsp, or: ffmpeg -i ADDRESS -c copy -f mpegts - | capture")
            .into())
    }
}
