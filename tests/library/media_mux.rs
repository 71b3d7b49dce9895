//! What is written reads back as the same packets, pictures and times.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

use vidveil::media::{DemuxOptions, MediaError, MuxFormat, MuxOutput, Muxer};

use crate::support::media::*;

fn both_tracks() -> DemuxOptions {
    DemuxOptions { audio: true, ..Default::default() }
}

#[test]
fn remuxed_packets_are_the_same() {
    let studio = Studio::new();
    let inputs = [
        ("h264.mp4", format!("{H264} -c:a aac")),
        ("h264.mkv", format!("{H264} -c:a aac")),
        ("h264.ts", format!("{H264} -an")),
        ("h264.avi", format!("{H264} -an")),
        ("raw.h264", format!("{H264} -an")),
        ("h265.mp4", format!("{H265} -an")),
        ("raw.hevc", format!("{H265} -an")),
        ("mpeg4.mp4", format!("{MPEG4} -an")),
        ("mjpeg.mkv", format!("{MJPEG} -an")),
        ("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -an".to_owned()),
        ("vp9.mp4", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv422p10le -an".to_owned()),
        ("av1.mkv", "-c:v libaom-av1 -cpu-used 8 -usage realtime -an".to_owned()),
        ("late.mkv", format!("{H264} -an -output_ts_offset 7.5")),
        ("thirds.mp4", "-vf settb=1/30,setpts=N -r 30000/1001 -c:v libx264 -bf 3 -an".to_owned()),
    ];
    for (name, arguments) in inputs {
        let input = studio.make(name, &arguments);
        let (tracks, packets) = read_file(&input, both_tracks());
        let pictures = picture_sums(&input);
        assert!(pictures.len() >= 49, "{name}");
        for (out, container) in [("out.mp4", MuxFormat::Mp4), ("out.mkv", MuxFormat::Matroska)] {
            for pipe in [false, true] {
                let output = studio.path(out);
                write(&output, container, pipe, &tracks, &packets);
                assert_eq!(picture_sums(&output), pictures, "{name} {out} pipe {pipe}");
                for (track, info) in tracks.iter().enumerate() {
                    let stream = ["v:0", "a:0"][track];
                    let ticks = &probe_json(&output, stream, "-show_streams")["streams"][0]["time_base"];
                    let ticks: i64 = ticks.as_str().unwrap().split_once('/').unwrap().1.parse().unwrap();
                    let (num, den) = (i64::from(info.time_base.0), i64::from(info.time_base.1));
                    // The same moments: pictures exactly in mp4, else to a tick of the container.
                    let judge = probe(&output, stream);
                    let ours: Vec<_> = packets.iter().filter(|p| usize::from(p.track) == track).collect();
                    assert_eq!(judge.len(), ours.len(), "{name} {out} {stream}");
                    for (packet, line) in ours.into_iter().zip(judge) {
                        let (ours, theirs) = (packet.pts.unwrap() * num * ticks, line.0.unwrap() * den);
                        let slack = if container == MuxFormat::Mp4 && track == 0 { 0 } else { den };
                        assert!((ours - theirs).abs() <= slack, "{name} {out} {stream} pipe {pipe}: {ours} {theirs}");
                        assert_eq!(line.3, packet.key, "{name} {out}");
                    }
                }
            }
        }
    }
}

#[test]
fn aspect_rotation_and_rate_are_kept() {
    let studio = Studio::new();
    let input = studio.make("in.mp4", &format!("{H264} -an -aspect 16:9"));
    let (mut tracks, packets) = read_file(&input, DemuxOptions::default());
    assert_eq!(tracks[0].sample_aspect, (4, 3));
    for rotation in [0, 90, 180, 270] {
        tracks[0].rotation = rotation;
        let output = studio.path("out.mp4");
        write(&output, MuxFormat::Mp4, false, &tracks, &packets);
        let again = &read_file(&output, DemuxOptions::default()).0[0];
        assert_eq!((again.rotation, again.sample_aspect, again.frame_rate), (rotation, (4, 3), (25, 1)));
    }
}

#[test]
fn a_codec_without_a_place_is_refused() {
    let studio = Studio::new();
    let input = studio.make("in.avi", &format!("{MSMPEG4} -an"));
    let (tracks, packets) = read_file(&input, DemuxOptions::default());
    let refused = Muxer::new(MuxOutput::Pipe(Box::new(io::sink())), MuxFormat::Mp4, &tracks).err().unwrap();
    assert!(matches!(&refused, MediaError::CannotHold { container: "mp4", codec } if codec == "msmpeg4v3"));
    write(&studio.path("out.mkv"), MuxFormat::Matroska, true, &tracks, &packets);
    assert_eq!(picture_sums(&studio.path("out.mkv")), picture_sums(&input));
}

/// Takes a few bytes a call, until there is no room.
struct Narrow {
    file: File,
    room: usize,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(37).min(self.room);
        self.room -= count;
        self.file.write_all(&bytes[..count])?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn short_writes_lose_nothing_and_errors_come_back() {
    let studio = Studio::new();
    let input = studio.make("in.mp4", &format!("{H264} -an"));
    let (tracks, packets) = read_file(&input, DemuxOptions::default());
    let output = studio.path("out.mkv");
    let run = |room| {
        let file = File::create(&output).unwrap();
        let mut muxer = Muxer::new(MuxOutput::Pipe(Box::new(Narrow { file, room })), MuxFormat::Matroska, &tracks)?;
        packets.iter().try_for_each(|packet| muxer.write(packet))?;
        muxer.finish()
    };
    run(usize::MAX).unwrap();
    assert_eq!(picture_sums(&output), picture_sums(&input));
    let whole = output.metadata().unwrap().len() as usize;
    for room in [0, 1, 100, whole / 2, whole - 1] {
        let error = run(room).unwrap_err();
        assert_eq!(error.io().map(io::Error::kind), Some(ErrorKind::BrokenPipe), "{room} of {whole}: {error}");
    }
}
