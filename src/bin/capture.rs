//! `capture`: a camera's packets put into frames, without re-encoding.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, flags};

/// Put a camera's video into a stream
///
/// Reads any video file, a pipe or a live camera, and writes a plain stream with the same packets: bit for bit, with
/// their times. The result is for encrypt-stream; it is not protected in any way.
#[derive(Parser)]
#[command(after_long_help = after())]
struct Args {
    /// Video file or address of a camera (rtsp://HOST/PATH or http://, over TLS rtsps:// or https://) to read; stdin
    /// when it is missing or "-"
    #[arg(value_name = "VIDEO")]
    video: Option<PathBuf>,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    capture: flags::CaptureFlags,

    #[command(flatten)]
    camera: flags::CameraFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
Cameras:
H.264, H.265 and JPEG, with AAC or G.711, over RTSP. A camera is recorded until a signal comes. When it goes away, or sends no picture for --stall, it is \
connected to again: at once as long as it gives pictures, and after half a second, then one, up to 30 s while it gives none. The first picture after it \
is a key frame, and marked as following a gap; times go on by the monotonic clock, and never go back. A camera that counts its packets or its times anew \
(SSRC, sequence numbers, RTP timestamps) goes on in the running connection: the first picture after that is marked as following a gap, too, and has the \
time at which it came. H.264 without IDR pictures (intra refresh) begins at a recovery point, which counts as a key frame. What deviates from the standards \
in descriptions (SDP), in answers and in what a camera says of keepalives is let pass where it can be understood; RTP-Info says nothing that is relied on. With another codec or size a new stream begins, which names \
the last; other parameter sets go into the key frames, and the stream goes on. The camera's own clock goes into a track vidveil.camera-clock, see vidveil-stream(5).

Name and password are for a file, given with --credentials: on the command line every user of the machine could read them. A camera that asks \
for Digest authentication is shown that the password is known, and is not sent it, also where it offers Basic authentication, too. One that offers \
nothing but Basic is refused without --allow-basic. A camera that names another address is not followed there.

rtsps:// is RTSP over TLS 1.2 or 1.3, at port 322 unless the address says another, with --transport tcp. The camera's certificate must be valid now, \
name the host of the address, and have a chain to an authority of the system's or of --ca; or be in the file of --ca itself, as is of use for a camera \
that issued its own. rtsp:// is not encrypted: a tunnel (stunnel, WireGuard) or a network of its own protects the way to such a camera.

http:// and https:// (ports 80 and 443) are for cameras that send MJPEG as multipart/x-mixed-replace: each picture is a packet with the time at which it came, \
and a camera that goes away is connected to again, as over RTSP. What is sent with another type (MPEG-TS, FLV, Matroska, MP4) is read as a pipe is, by the process \
in jail, with the times that it has. A camera that ends it, breaks it off or sends nothing for --stall is connected to again, too: the first picture is a key frame, marked as following \
a gap, and times go on by the monotonic clock. One that announced how long it is (Content-Length) and sent all of it sent a file: the stream is closed, with exit status 1. Passwords and certificates are handled as over RTSP. A redirection is followed \
within the camera's own scheme, host and port. What none of this fits: curl -sS --netrc-file FILE ADDRESS | capture -o cam.vv

--discover asks who is in the networks of this machine (WS-Discovery, UDP port 3702 of 239.255.255.250) and lists the cameras that answer, with names and the address of their \
ONVIF service. With --credentials each is asked for its media profiles: a line for each has the stream's address, which capture takes, the encoding and the name. \
The password is shown by a digest, by the camera's own clock, over HTTP; only the address that answered is asked. A camera that refuses is listed with a warning; \
when none answers, the exit status is 1. A camera in another network is asked with --discover=ADDRESS.

Of a camera's answers, heads of more than 64 KiB, bodies of more than 1 MiB and descriptions of more than 64 media are refused. Datagrams are taken \
from the camera's own address alone.

Tracks:
All video and audio tracks of a file are taken, up to 16, the video that ffmpeg would choose first. What is not taken is named: tracks after those, and codecs that are not in the list below. Of a camera, one video and one audio are taken.

Changes:
A file that describes its pictures anew in the middle (FLV, mp4 of several sample descriptions) stays one stream: what is new goes into the key frames from there on, and nothing else of a packet is changed. Where the sound is described anew, a new stream begins with the next key frame, which names the last.

What is in a file:
Packets that a player decodes and does not show, as the edit list of an mp4 says, are marked as hidden; inspect counts them. Packets with nothing \
in them, as empty samples and JPEGs without a scan, are left out and counted. Times of 33 bits (MPEG-TS) that wrap go on; those that jump back go on \
from where they were, and that is said. Pictures without times follow those before them, see vidveil-stream(5).

What comes out again:
scripts/cameras of the source pushes videos of every kind through all commands: what comes out shows the same pictures at the same times, except for these. \
mp4 has no place for VP8, H.263 and MPEG-4 of Microsoft, and is refused: Matroska has one. mp4 has none for a pause of 2^31 ticks either. Matroska as it is written here does not \
say how pictures are turned or mirrored. It also shows what an edit list hides, where pictures that are shown lean on that. Excerpts of H.264 without IDR pictures show nothing before the first recovery in them is complete.

For demos, capture --realtime --loop 1000 FILE stands in for a camera; scripts/camera of the source serves a file over RTSP.

Limits:
Memory: one packet, at most 64 MiB. The process that reads a file or pipe gets 1 GiB, and 96 bytes for each pixel of --max-pixels, and ends with more. A connection on which more than 512 MiB pile up is given up.

Examples:
  capture rtsp://192.0.2.7/stream1 --credentials gate.password --camera gate | encrypt-stream -r certs/ --after archive/ | record archive/
  capture camera.mp4 -o cam.vv
  capture --discover --credentials yard.password
  capture http://192.0.2.8/video.mjpg --credentials yard.password --camera yard -o cam.vv
";

fn after() -> String {
    AFTER.replace("Limits:\n", &format!("{}\nLimits:\n", flags::formats_section()))
}

fn main() -> ExitCode {
    cli::run_with_video("capture", |args: Args, session| {
        vidveil::commands::capture::run(args.video.as_deref(), &args.output, &args.capture, &args.camera, session)
    })
}
