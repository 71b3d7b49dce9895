//! A camera that speaks RTSP (GStreamer's server, by scripts/camera), and what must have come from it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use vidveil::format::{Frame, Reader, Record, StreamRecord, TrackKind, sha256};

use super::clips;
use crate::support::repository;

pub struct Camera {
    child: Child,
    pub address: String,
}

impl Camera {
    /// Serves `file` at a free port.
    pub fn start(file: &Path) -> Self {
        Camera::with(file, 0, &[])
    }

    /// Serves `file` at `port`, 0 for a free one.
    pub fn with(file: &Path, port: u16, more: &[&str]) -> Self {
        let script = repository("scripts/camera");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(script).arg(file).args(["--port", &port.to_string()]).args(more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with("rtsp"), "scripts/camera did not start");
        Camera { child, address: address.trim().to_owned() }
    }

    pub fn port(&self) -> u16 {
        let (_, rest) = self.address.split_once("://127.0.0.1:").unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }
}

impl Drop for Camera {
    /// As a power cut: nobody is notified.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a clip in which no two pictures are the same: 320x240 unless told, 25 pictures a second, a key frame a second.
pub fn clip(folder: &Path, name: &str, codec: &str, size: &str, seconds: u32) -> PathBuf {
    let file = folder.join(name);
    let source = format!("testsrc2=size={size}:rate=25:duration={seconds}");
    let codec = match codec {
        "hevc" => "libx265 -x265-params log-level=none:bframes=0:keyint=25",
        _ => "libx264 -preset ultrafast -bf 0 -g 25",
    };
    clips::clip(&file, &format!("-f lavfi -i {source} -pix_fmt yuv420p -an -c:v {codec}"));
    file
}

/// What was recorded.
#[derive(Default)]
pub struct Recorded {
    pub streams: Vec<StreamRecord>,
    /// Of the video, with the number of its stream and the hash of its picture.
    pub frames: Vec<(usize, Frame, [u8; 32])>,
    /// What our clock said at the beginning of each epoch, UTC ns.
    pub walls: Vec<i64>,
    /// The camera's clock: times in ns and NTP timestamps.
    pub clock: Vec<(i64, u64)>,
}

pub fn recorded(stream: &[u8]) -> Recorded {
    let mut reader = Reader::new(stream);
    let mut r = Recorded::default();
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Stream(s) => r.streams.push(s),
            Record::Start(s) => r.walls.push(s.wall_ns),
            Record::Frame(f) => {
                let s = r.streams.last().unwrap();
                let track = &s.tracks[usize::from(f.track)];
                match track.kind {
                    TrackKind::Video => {
                        let hash = picture(lengths(reader.payload()), track.codec == "hevc");
                        r.frames.push((r.streams.len() - 1, f, hash));
                    }
                    _ => r.clock.push((f.pts.unwrap(), u64::from_be_bytes(reader.payload().try_into().unwrap()))),
                }
            }
            _ => {}
        }
    }
    r
}

/// Place in the clip of each of its pictures.
pub fn places(clip: &Path, hevc: bool) -> HashMap<[u8; 32], usize> {
    let pictures = access_units(clip, hevc);
    let count = pictures.len();
    let hash = |units: &Vec<Vec<u8>>| picture(units.iter().map(Vec::as_slice), hevc);
    let places: HashMap<_, _> = pictures.iter().enumerate().map(|(i, units)| (hash(units), i)).collect();
    assert_eq!(places.len(), count, "two pictures of the clip are the same");
    places
}

/// The NAL units of each of its pictures, a delimiter first.
pub fn access_units(clip: &Path, hevc: bool) -> Vec<Vec<Vec<u8>>> {
    let (filter, format) = if hevc { ("hevc_mp4toannexb", "hevc") } else { ("h264_mp4toannexb", "h264") };
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(clip);
    command.args(["-c", "copy", "-bsf:v", &format!("{filter},{format}_metadata=aud=insert"), "-f", format, "-"]);
    let raw = command.output().unwrap().stdout;
    let mut pictures: Vec<Vec<Vec<u8>>> = Vec::new();
    for unit in start_codes(&raw) {
        if is_delimiter(unit, hevc) {
            pictures.push(Vec::new());
        }
        pictures.last_mut().unwrap().push(unit.to_vec());
    }
    pictures
}

fn kind(unit: &[u8], hevc: bool) -> u8 {
    let first = unit.first().copied().unwrap_or(0);
    if hevc { first >> 1 & 0x3f } else { first & 0x1f }
}

fn is_delimiter(unit: &[u8], hevc: bool) -> bool {
    kind(unit, hevc) == if hevc { 35 } else { 9 }
}

/// The hash of a picture's slices, which are what every way of packing keeps.
fn picture<'a>(units: impl Iterator<Item = &'a [u8]>, hevc: bool) -> [u8; 32] {
    let slices = units.filter(|u| if hevc { kind(u, true) < 32 } else { (1..=5).contains(&kind(u, false)) });
    let mut all = Vec::new();
    slices.for_each(|s| all.extend_from_slice(s));
    assert!(!all.is_empty(), "a packet without a slice");
    sha256(&all)
}

/// NAL units after their lengths (ISO/IEC 14496-15, 4 bytes).
fn lengths(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        data = rest;
        Some(unit)
    })
}

/// NAL units after start codes (H.264, annex B).
fn start_codes(data: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = data.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(i, _)| i + 3).collect();
    let ends = starts.iter().skip(1).map(|s| s - 3).chain([data.len()]);
    starts.iter().zip(ends).map(|(&a, b)| data[a..b].trim_ascii_end_zeros()).collect()
}

trait TrimZeros {
    fn trim_ascii_end_zeros(&self) -> &[u8];
}

impl TrimZeros for [u8] {
    /// Zeros before the next start code belong to it.
    fn trim_ascii_end_zeros(&self) -> &[u8] {
        &self[..self.iter().rposition(|&b| b != 0).map_or(0, |p| p + 1)]
    }
}
