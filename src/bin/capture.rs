//! `capture`: a camera's packets put into frames, without re-encoding.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use vidveil::cli::{self, Failure, Session, Stop, StreamOutput, SystemClock, bridge, flags, parse, text};
use vidveil::format::{Clock, FormatError, PlainWriter, Reason, Role, StreamRecord, Suite};
use vidveil::media::{DemuxOptions, Demuxer, MediaError, Packet, TrackInfo};

/// Put a camera's video into a stream
///
/// Reads any video file, or a pipe, and writes a plain stream with the same packets: bit for bit, with their times. The result is for
/// encrypt-stream; it is not protected in any way.
#[derive(Parser)]
struct Args {
    /// Video file to read; stdin when it is missing or "-"
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
    common: flags::CommonFlags,
}

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
    let stop = session.stop()?;
    let mut input = Opened::new(args.video.as_deref(), session)?;
    if args.r#loop > 1 && !input.seekable {
        return Err(Failure::usage("only a file can be played more than once").hint("give the video as a file").into());
    }
    let output = StreamOutput::open(&args.output, None, session)?;
    let options = DemuxOptions {
        audio: !args.no_audio,
        format: args.input_format.clone(),
        frame_rate: args.fps,
        probe_bytes: None,
        stop: Some(stop.flag()),
    };
    let mut demuxer = input.demux(&options)?;
    let tracks = demuxer.tracks().to_vec();
    let Some(first) = next(&mut demuxer, &input.name)? else {
        return Err(Failure::damaged(format!("{} holds no packet", input.name)).into());
    };
    let mut feed = Feed::begin(&args, &tracks, &first, output, stop)?;
    // what a camera sent cannot be sent again
    if args.realtime || !input.seekable {
        session.keep_output();
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
            None if round < args.r#loop && !feed.stop.is_set() => {
                round += 1;
                feed.next_round();
                demuxer = input.demux(&options)?;
                if demuxer.tracks() != tracks {
                    break Err(Failure::failed(format!("{} changed while it was played", input.name)).into());
                }
            }
            None => break Ok(if feed.stop.is_set() { Reason::Stopped } else { Reason::EndOfInput }),
        }
        packet = match next(&mut demuxer, &input.name) {
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

/// The video, not read yet.
struct Opened {
    file: File,
    name: String,
    path: Option<PathBuf>,
    seekable: bool,
}

impl Opened {
    fn new(path: Option<&Path>, session: &Session) -> anyhow::Result<Self> {
        let path = path.filter(|p| *p != Path::new("-"));
        let (file, name) = match path {
            Some(p) => {
                let name = text::quoted_path(p);
                let file = File::open(p)
                    .map_err(|e| Failure::failed(format!("cannot open {name}: {}", text::io_reason(&e))))?;
                (file, name)
            }
            None => {
                let stdin = std::io::stdin();
                if stdin.is_terminal() {
                    let hint = format!("give a video file or a pipe, as in: {} VIDEO", session.name());
                    return Err(Failure::usage("input is a terminal").hint(hint).into());
                }
                (File::from(stdin.as_fd().try_clone_to_owned().context("cannot read stdin")?), "stdin".to_owned())
            }
        };
        let meta = file.metadata().with_context(|| format!("cannot read {name}"))?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder, not a video")).into());
        }
        Ok(Opened { file, name, path: path.map(Path::to_owned), seekable: meta.is_file() })
    }

    fn demux(&mut self, options: &DemuxOptions) -> anyhow::Result<Demuxer> {
        let mut file = self.file.try_clone().with_context(|| format!("cannot read {}", self.name))?;
        let hint = self.path.as_ref().and_then(|p| p.file_name()).and_then(|n| n.to_str());
        if self.seekable {
            file.seek(SeekFrom::Start(0)).with_context(|| format!("cannot read {}", self.name))?;
        }
        if self.seekable && self.begins_as_stream(&mut file)? {
            return Err(Failure::usage(format!("{} is a vidveil stream already", self.name))
                .hint("give it to encrypt-stream, protect or view")
                .into());
        }
        Demuxer::from_file(file, hint, options.clone()).map_err(|e| match e {
            MediaError::Empty => cli::nothing_arrived().into(),
            e => anyhow::Error::from(e).context(format!("cannot read {}", self.name)),
        })
    }

    fn begins_as_stream(&self, file: &mut File) -> anyhow::Result<bool> {
        let mut head = [0; 8];
        let n = file.read(&mut head).with_context(|| format!("cannot read {}", self.name))?;
        file.seek(SeekFrom::Start(0)).with_context(|| format!("cannot read {}", self.name))?;
        Ok(head[..n] == vidveil::format::PREAMBLE[..])
    }
}

/// Where the packets go, at which pace and with which times.
struct Feed {
    writer: PlainWriter<StreamOutput>,
    tracks: Vec<vidveil::format::Track>,
    clock: SystemClock,
    /// UTC ns of `origin_ns` of media time, when the times are all that counts.
    dated: Option<i64>,
    origin_ns: i64,
    realtime: Option<Instant>,
    stop: Stop,
    /// Ticks that are added to every time of a track, and the tick behind its last packet, in this round.
    shift_ns: i64,
    end_ns: i64,
    media_ns: i64,
}

impl Feed {
    fn begin(
        args: &Args,
        tracks: &[TrackInfo],
        first: &Packet,
        output: StreamOutput,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let tracks: Vec<_> = tracks.iter().map(bridge::track_of).collect();
        let origin_ns = media_ns(&tracks, first).unwrap_or(0);
        let record = StreamRecord {
            id: args.stream_id.map_or_else(cli::random_id, Ok)?,
            role: Role::Original,
            suite: Suite::Plain,
            start_ns: args.start.unwrap_or_else(cli::wall_ns),
            origin_ns,
            camera: args.camera.clone().unwrap_or_default(),
            continues: None,
            signer: Vec::new(),
            tracks: tracks.clone(),
        };
        let interval = i64::try_from(args.epoch.as_nanos()).unwrap_or(i64::MAX);
        let writer = PlainWriter::begin(output, &record, interval).map_err(|e| match e {
            FormatError::Record { fault, .. } => Failure::failed(format!("the stream cannot be described: {fault}"))
                .hint("is the camera's name right")
                .into(),
            e => anyhow::Error::from(e),
        })?;
        let realtime = args.realtime.then(Instant::now);
        let clock = SystemClock::start();
        let (end_ns, media_ns) = (origin_ns, origin_ns);
        Ok(Feed { writer, tracks, clock, dated: args.start, origin_ns, realtime, stop, shift_ns: 0, end_ns, media_ns })
    }

    /// False when a signal came while it waited for the packet's time.
    fn give(&mut self, p: Packet) -> anyhow::Result<bool> {
        let mut f = bridge::frame_of(&p);
        if let Some(t) = self.tracks.get(p.track as usize) {
            let shift = ticks(self.shift_ns, t.time_base);
            let add = |time: i64| if time == vidveil::format::NO_TIME { time } else { time.saturating_add(shift) };
            (f.pts, f.dts) = (add(f.pts), add(f.dts));
            let end = p.dts.or(p.pts).map(|d| d.saturating_add(shift).saturating_add(p.duration.max(1)));
            self.end_ns = self.end_ns.max(end.and_then(|e| t.to_ns(e)).unwrap_or(i64::MIN));
        }
        if let Some(ns) = media_ns(&self.tracks, &p) {
            self.media_ns = ns.saturating_add(self.shift_ns);
            if !self.wait() {
                return Ok(false);
            }
        }
        let now = self.now();
        self.writer.frame(&f, &p.data, now)?;
        Ok(!self.stop.is_set())
    }

    /// The source begins again: its times go on where they stopped.
    fn next_round(&mut self) {
        self.shift_ns = self.end_ns.saturating_sub(self.origin_ns);
    }

    fn wait(&self) -> bool {
        let Some(began) = self.realtime else { return true };
        let due =
            began + Duration::from_nanos(u64::try_from(self.media_ns.saturating_sub(self.origin_ns)).unwrap_or(0));
        loop {
            if self.stop.is_set() {
                return false;
            }
            match due.checked_duration_since(Instant::now()) {
                None | Some(Duration::ZERO) => return true,
                Some(left) => thread::sleep(left.min(Duration::from_millis(50))),
            }
        }
    }

    fn now(&self) -> Clock {
        match self.dated {
            Some(start) => {
                let mono_ns = self.media_ns.saturating_sub(self.origin_ns).max(0);
                Clock { wall_ns: start.saturating_add(mono_ns), mono_ns }
            }
            None => self.clock.now(),
        }
    }

    fn end(mut self, reason: Reason) -> anyhow::Result<()> {
        let now = self.now();
        self.writer.finish(reason, now)?;
        self.writer.into_output().finish()
    }
}

fn media_ns(tracks: &[vidveil::format::Track], p: &Packet) -> Option<i64> {
    tracks.get(p.track as usize)?.to_ns(p.dts.or(p.pts)?)
}

fn ticks(ns: i64, time_base: (u32, u32)) -> i64 {
    let t = i128::from(ns) * i128::from(time_base.1) / (i128::from(time_base.0) * 1_000_000_000);
    i64::try_from(t).unwrap_or(i64::MAX)
}
