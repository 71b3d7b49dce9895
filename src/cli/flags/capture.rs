//! The flags of `capture`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::parse;
#[cfg(feature = "rtsp")]
use crate::capture::rtsp::{Credentials, LiveOptions, Tls, Transport};
use crate::capture::{FeedOptions, FileOptions};
use crate::foreign::Foreign;

use super::foreign::ForeignFlags;

/// What is captured of a video, and with which names and times.
#[derive(Args, Clone, Debug)]
pub struct CaptureFlags {
    /// Leave the audio tracks out
    #[arg(long)]
    pub no_audio: bool,

    /// Take only the track N of a file, as inspect numbers those of a stream with all; may be given several times
    ///
    /// Track 0 is the video that ffmpeg would choose, other videos follow it, then sound, each in the file's order.
    #[arg(long, value_name = "N")]
    pub track: Vec<u16>,

    /// Name of the camera
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,

    /// Give packets out at the speed of their times, as a camera would
    #[arg(long)]
    pub realtime: bool,

    /// Play a file N times over, with times going on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub r#loop: u32,

    /// Frames a second of an input that carries no times (raw H.264, H.265): 25, 30000/1001
    #[arg(long, value_name = "FPS", value_parser = rate)]
    pub fps: Option<(u32, u32)>,

    /// Format of the input if it cannot be detected: h264, hevc, mjpeg, mpegts
    #[arg(long, value_name = "NAME")]
    pub input_format: Option<String>,

    /// When the recording began, as 2026-03-01T08:00:00Z; dates imported files, and takes the system's clock out of the
    /// result
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339, allow_hyphen_values = true)]
    pub start: Option<i64>,

    /// Id of the stream, 32 hexadecimal digits, instead of a random one; for files that are compared byte for byte
    #[arg(long, value_name = "HEX", value_parser = parse::id)]
    pub stream_id: Option<[u8; 16]>,

    /// Length of an epoch; one ends at the first key frame after it
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::positive_duration)]
    pub epoch: Duration,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub foreign: ForeignFlags,
}

impl CaptureFlags {
    /// What the stream is called, and its times.
    pub fn feed_options(&self) -> FeedOptions {
        FeedOptions {
            camera: self.camera.clone().unwrap_or_default(),
            stream_id: self.stream_id,
            start: self.start,
            continues: None,
            epoch: self.epoch,
            realtime: self.realtime,
        }
    }

    /// How a file is read.
    pub fn file_options(&self, foreign: Foreign) -> FileOptions {
        FileOptions {
            audio: !self.no_audio,
            tracks: self.track.clone(),
            format: self.input_format.clone(),
            frame_rate: self.fps,
            rounds: self.r#loop,
            foreign,
        }
    }

    /// The first flag that was given and has no meaning for a camera.
    pub fn only_for_files(&self) -> Option<&'static str> {
        let for_files = [
            (self.realtime, "--realtime"),
            (self.r#loop > 1, "--loop"),
            (self.fps.is_some(), "--fps"),
            (self.input_format.is_some(), "--input-format"),
            (self.start.is_some(), "--start"),
            (!self.track.is_empty(), "--track"),
        ];
        for_files.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }
}

/// Flags for a camera's address.
#[derive(Args, Clone, Debug)]
pub struct CameraFlags {
    /// File with one line, NAME:PASSWORD, for a camera
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,

    /// Send the password itself to a camera that offers only Basic authentication
    ///
    /// Without it the answer is Digest or none. Of rtsp:// the password can be read on the way, and of any address by
    /// whoever answers there.
    #[arg(long, requires = "credentials")]
    pub allow_basic: bool,

    /// Believe the authorities in FILE for a camera at rtsps:// or https://, or the camera's own certificate there, and
    /// not the system's authorities
    ///
    /// FILE is PEM with one or more certificates, or DER of one. The camera's certificate must name the host of the
    /// address, by name or IP address, and be valid now.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// How a camera's packets travel: tcp loses nothing, udp suits a quiet network
    #[arg(long, value_name = "NAME", default_value = "tcp", value_parser = ["tcp", "udp"])]
    pub transport: String,

    /// Try for TIME to reach a camera at first
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse::duration)]
    pub wait: Duration,

    /// Connect again when no picture came for TIME
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse::positive_duration)]
    pub stall: Duration,

    /// List the cameras of the local network (ONVIF), or of ADDRESS, and capture nothing
    ///
    /// ADDRESS is a camera's IP address or the broadcast address of a network, with a port where it is not 3702. With
    /// --credentials each camera is asked for its streams and their addresses. Answers are waited for as long as --wait
    /// says, at most 5 s.
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = target,
        conflicts_with_all = ["video", "output", "transport", "ca"]
    )]
    pub discover: Option<Target>,

    /// Stop when a camera that was there is away for longer; never when it is not given
    #[arg(long, value_name = "TIME", value_parser = parse::positive_duration)]
    pub give_up: Option<Duration>,
}

#[cfg(feature = "rtsp")]
impl CameraFlags {
    /// How a camera is recorded; `credentials` and `tls` are of the files that the flags name.
    pub fn options(&self, audio: bool, credentials: Option<Credentials>, tls: Option<Tls>) -> LiveOptions {
        LiveOptions {
            credentials,
            allow_basic: self.allow_basic,
            tls,
            transport: if self.transport == "udp" { Transport::Udp } else { Transport::Tcp },
            audio,
            wait: self.wait,
            stall: self.stall,
            give_up: self.give_up,
            container: None,
        }
    }
}

/// Whom `--discover` asks; everybody unless given.
#[derive(Clone, Copy, Debug)]
pub struct Target(pub Option<SocketAddr>);

/// Port of WS-Discovery.
const DISCOVERY_PORT: u16 = 3702;

fn target(s: &str) -> Result<Target, String> {
    if s.is_empty() {
        return Ok(Target(None));
    }
    let alone = || s.parse().map(|ip: IpAddr| SocketAddr::new(ip, DISCOVERY_PORT));
    let target = s.parse().or_else(|_| alone()).map_err(|_| "not an IP address, as 192.0.2.7 or 192.0.2.7:3702")?;
    Ok(Target(Some(target)))
}

/// "25" or "30000/1001".
fn rate(s: &str) -> Result<(u32, u32), String> {
    let (num, den) = s.split_once('/').unwrap_or((s, "1"));
    match (num.parse(), den.parse()) {
        (Ok(n @ 1..), Ok(d @ 1..)) => Ok((n, d)),
        _ => Err("not a number of frames a second, as 25 or 30000/1001".into()),
    }
}
