//! Inputs made by the `ffmpeg` command, and `ffprobe` as the judge.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vidveil::format::Track;
use vidveil::media::{DemuxOptions, Demuxer, MediaError, MuxFormat, MuxOutput, Muxer, Packet};

use super::clips::clip;

/// 50 pictures of 160x120 at 25 a second with a tone.
const SOURCE: &str = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2 -f lavfi -i sine=duration=2";

/// A folder with inputs.
pub struct Studio(TempDir);

impl Studio {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs ffmpeg on the usual source; `arguments` say the codecs, `name` the container.
    pub fn make(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        clip(&path, &format!("{SOURCE} {arguments}"));
        path
    }

    /// Puts an input into another container.
    pub fn copy(&self, from: &Path, name: &str, arguments: &str) -> PathBuf {
        self.run(name, &format!("-i {} -c copy {arguments}", from.display()))
    }

    /// Runs ffmpeg with these arguments and one output.
    pub fn run(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(arguments.split_whitespace())
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success(), "ffmpeg {arguments} {name}");
        path
    }
}

pub const H264: &str = "-c:v libx264 -preset veryfast -bf 3 -g 12 -pix_fmt yuv420p -threads 1";
pub const H264_NO_B: &str = "-c:v libx264 -preset veryfast -bf 0 -g 12 -pix_fmt yuv420p -threads 1";
pub const H265: &str = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=12:bframes=3:pools=1";
pub const MPEG4: &str = "-c:v mpeg4 -bf 2 -g 12 -q:v 4";
pub const MJPEG: &str = "-c:v mjpeg -q:v 4 -pix_fmt yuvj420p";
pub const MSMPEG4: &str = "-c:v msmpeg4v3 -g 12 -q:v 4";

/// What ffprobe says of a packet: pts, dts, size, key.
pub type Line = (Option<i64>, Option<i64>, usize, bool);

/// The packets of a stream ("v:0", "a:0") as ffprobe sees them.
pub fn probe(path: &Path, stream: &str) -> Vec<Line> {
    let json = probe_json(path, stream, "-show_packets");
    let packets = json["packets"].as_array().unwrap();
    packets
        .iter()
        .map(|p| {
            let size = p["size"].as_str().unwrap().parse().unwrap();
            (p["pts"].as_i64(), p["dts"].as_i64(), size, p["flags"].as_str().unwrap().starts_with('K'))
        })
        .collect()
}

/// A section of ffprobe's answer for a stream.
pub fn probe_json(path: &Path, stream: &str, section: &str) -> serde_json::Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-select_streams", stream, section])
        .arg(path)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A line for each decoded picture: its time and checksum.
pub fn picture_sums(path: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
}

/// All packets of a file.
pub fn read_file(path: &Path, options: DemuxOptions) -> (Vec<Track>, Vec<Packet>) {
    drain(Demuxer::from_file(File::open(path).unwrap(), None, options).unwrap()).unwrap()
}

/// All packets of the same bytes from a reader that cannot seek and gives them in small pieces.
pub fn read_stream(path: &Path, options: DemuxOptions) -> Result<(Vec<Track>, Vec<Packet>), MediaError> {
    drain(Demuxer::from_reader(Dribble(Cursor::new(std::fs::read(path).unwrap())), options)?)
}

/// The packets until the end.
pub fn drain(mut demuxer: Demuxer) -> Result<(Vec<Track>, Vec<Packet>), MediaError> {
    let tracks = demuxer.tracks().to_vec();
    let mut packets = Vec::new();
    while let Some(packet) = demuxer.next_packet()? {
        packets.push(packet);
    }
    Ok((tracks, packets))
}

/// A track's packets in ffprobe's words.
pub fn lines(packets: &[Packet], track: u16) -> Vec<Line> {
    let ours = packets.iter().filter(|p| p.track == track);
    ours.map(|p| (p.pts, p.dts, p.data.len(), p.key)).collect()
}

/// Writes packets to a file or, as if it were one, to a pipe.
pub fn write(path: &Path, container: MuxFormat, pipe: bool, tracks: &[Track], packets: &[Packet]) {
    let file = File::create(path).unwrap();
    let output = if pipe { MuxOutput::Pipe(Box::new(file)) } else { MuxOutput::File(Box::new(file)) };
    let mut muxer = Muxer::new(output, container, tracks).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    for packet in packets {
        muxer.write(packet).unwrap_or_else(|e| {
            panic!("{path:?} {:?} {:?} {:?} of {tracks:?}: {e}", packet.track, packet.pts, packet.dts)
        });
    }
    muxer.finish().unwrap();
}

/// Reads at most 1000 bytes at a time.
pub struct Dribble<R>(pub R);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(1000);
        self.0.read(&mut buffer[..end])
    }
}
