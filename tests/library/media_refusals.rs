//! Inputs that are not what they should be: each has its own error, soon, and what was good comes first.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vidveil::media::{DemuxOptions, Demuxer, MediaError, Packet};

use crate::support::media::*;

fn open(path: &Path) -> Result<Demuxer, MediaError> {
    Demuxer::from_file(File::open(path).unwrap(), None, DemuxOptions::default())
}

fn open_bytes(bytes: Vec<u8>) -> Result<Demuxer, MediaError> {
    Demuxer::from_reader(Cursor::new(bytes), DemuxOptions::default())
}

/// Packets, and why there are no more.
fn until_error(demuxer: &mut Demuxer) -> (Vec<Packet>, Option<MediaError>) {
    let mut packets = Vec::new();
    loop {
        match demuxer.next_packet() {
            Ok(Some(packet)) => packets.push(packet),
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error)),
        }
    }
}

/// Does not compress.
const NOISE: &str = "-c:v libx264 -g 5 -crf 10 -vf scale=320x240,noise=alls=60:allf=t -an";

/// Counts what is read.
struct Counted<R>(R, Arc<AtomicUsize>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn an_index_at_the_end_needs_a_file() {
    let studio = Studio::new();
    let path = studio.make("a.mp4", NOISE);
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 200_000);
    let read = Arc::new(AtomicUsize::new(0));
    let error =
        Demuxer::from_reader(Counted(Cursor::new(bytes.clone()), read.clone()), DemuxOptions::default()).err().unwrap();
    assert!(matches!(error, MediaError::IndexAtEnd) && error.to_string().contains("faststart"), "{error}");
    assert!(read.load(Ordering::Relaxed) < 100_000, "said before the whole is read");
    assert_eq!(until_error(&mut open(&path).unwrap()).0.len(), 50);
    let named = DemuxOptions { format: Some("mp4".to_owned()), ..Default::default() };
    assert!(matches!(Demuxer::from_reader(Cursor::new(bytes), named), Err(MediaError::IndexAtEnd)));
}

#[test]
fn a_live_stream_starts_without_the_usual_megabytes() {
    let studio = Studio::new();
    let bytes = std::fs::read(studio.make("a.ts", NOISE)).unwrap();
    let read = Arc::new(AtomicUsize::new(0));
    let options = DemuxOptions { format: Some("mpegts".to_owned()), probe_bytes: Some(65_536), ..Default::default() };
    let mut demuxer = Demuxer::from_reader(Counted(Cursor::new(bytes.clone()), read.clone()), options).unwrap();
    assert!(demuxer.next_packet().unwrap().is_some());
    let (first, whole) = (read.load(Ordering::Relaxed), bytes.len());
    assert!(whole > 600_000 && first < 250_000, "{first} of {whole}");
    assert_eq!(until_error(&mut demuxer).0.len(), 49);
}

#[test]
fn all_can_move_to_another_thread() {
    fn movable<T: Send>() {}
    movable::<Demuxer>();
    movable::<vidveil::media::Muxer>();
    movable::<vidveil::media::Decoder>();
    movable::<vidveil::media::Encoder>();
}

#[test]
fn unreadable_packets_come_to_an_end() {
    let studio = Studio::new();
    let path = studio.make("a.mp4", &format!("{NOISE} -movflags +faststart"));
    let mut bytes = std::fs::read(&path).unwrap();
    // All chunks are said to be at the beginning of the file, where a pipe cannot go back to.
    let table = bytes.windows(4).position(|w| w == b"stco").unwrap();
    let count = u32::from_be_bytes(bytes[table + 8..table + 12].try_into().unwrap()) as usize;
    bytes[table + 12..table + 12 + 4 * count].fill(0);
    let failed = open_bytes(bytes).and_then(drain);
    assert!(matches!(failed, Err(MediaError::Damaged(_) | MediaError::Truncated)), "{failed:?}");
}

#[test]
fn cut_inputs_give_what_is_whole_and_say_so() {
    let studio = Studio::new();
    let fast = studio.make("fast.mp4", &format!("{H264} -an -movflags +faststart"));
    let whole = read_file(&fast, DemuxOptions::default()).1;
    let bytes = std::fs::read(&fast).unwrap();
    let cut = studio.path("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() * 3 / 4]).unwrap();
    for mut demuxer in [open(&cut).unwrap(), open_bytes(bytes[..bytes.len() * 3 / 4].to_vec()).unwrap()] {
        let (packets, error) = until_error(&mut demuxer);
        assert!(matches!(error, Some(MediaError::Truncated)), "{error:?}");
        let good: Vec<_> = packets.iter().filter(|p| !p.corrupt).cloned().collect();
        assert!(good.len() > 20 && good == whole[..good.len()]);
        assert!(packets.len() <= good.len() + 1);
        assert!(demuxer.next_packet().unwrap().is_none(), "an error is said once");
    }
    // Its index was never written.
    let late = studio.make("late.mp4", &format!("{H264} -an"));
    let bytes = std::fs::read(&late).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(open(&cut), Err(MediaError::Truncated)));
    for name in ["a.mkv", "a.ts", "a.avi"] {
        let path = studio.make(name, &format!("{MPEG4} -an"));
        let whole = read_file(&path, DemuxOptions::default()).1;
        let bytes = std::fs::read(&path).unwrap();
        assert!(until_error(&mut open(&path).unwrap()).1.is_none(), "{name} is whole");
        let part = bytes[..bytes.len() * 3 / 4].to_vec();
        std::fs::write(&cut, &part).unwrap();
        let from_file = until_error(&mut open(&cut).unwrap()).1;
        let (packets, error) = until_error(&mut open_bytes(part).unwrap());
        for error in [error, from_file] {
            // A transport stream is made to begin and end anywhere.
            assert!(matches!(error, Some(MediaError::Truncated)) || name == "a.ts", "{name} {error:?}");
        }
        assert!(packets.len() > 20, "{name}");
        for (ours, original) in packets.iter().zip(&whole).filter(|(ours, _)| !ours.corrupt).take(packets.len() - 1) {
            assert!(ours.data == original.data, "{name}");
        }
    }
}

#[test]
fn pictures_of_a_web_camera_end_after_any_of_them() {
    let studio = Studio::new();
    let path = studio.make("a.mpjpeg", &format!("{MJPEG} -an -f mpjpeg"));
    let bytes = std::fs::read(&path).unwrap();
    let count = read_file(&path, DemuxOptions::default()).1.len();
    let boundary = b"--ffmpeg\r\n".len();
    // with the line before the next picture, with no more than a part of it, and without
    for without in [0, 3, boundary, boundary + 2] {
        let (packets, error) = until_error(&mut open_bytes(bytes[..bytes.len() - without].to_vec()).unwrap());
        assert!(error.is_none() && packets.len() == count, "{without} {error:?} {}", packets.len());
    }
    let closed = [&bytes[..bytes.len() - 2], b"--\r\n"].concat();
    assert!(until_error(&mut open_bytes(closed).unwrap()).1.is_none());
    // within the last picture
    let (packets, error) = until_error(&mut open_bytes(bytes[..bytes.len() - 200].to_vec()).unwrap());
    assert!(matches!(error, Some(MediaError::Truncated)), "{error:?}");
    assert!(packets.len() >= count - 1);
}

#[test]
fn what_is_no_video() {
    let studio = Studio::new();
    let png = studio.run("a.png", "-f lavfi -i testsrc2=size=160x120 -frames:v 1");
    let jpg = studio.run("a.jpg", "-f lavfi -i testsrc2=size=160x120 -frames:v 1");
    let wav = studio.run("a.wav", "-f lavfi -i sine=duration=1");
    for picture in [&png, &jpg] {
        assert!(matches!(open(picture), Err(MediaError::StillPicture(_))));
        assert!(matches!(open_bytes(std::fs::read(picture).unwrap()), Err(MediaError::StillPicture(_))));
    }
    assert!(matches!(open(&wav), Err(MediaError::NoVideoTrack)));
    assert!(matches!(open_bytes(Vec::new()), Err(MediaError::Empty)));
    for nonsense in [&b"x"[..], b"Dear Sir or Madam,\n", &[0; 5000], &[0xFF; 5000]] {
        assert!(matches!(open_bytes(nonsense.to_vec()), Err(MediaError::NotVideo)), "{:?}", &nonsense[..1]);
    }
    let odd = DemuxOptions { format: Some("no such format".to_owned()), ..Default::default() };
    let error = Demuxer::from_file(File::open(&wav).unwrap(), None, odd).err().unwrap();
    assert!(matches!(error, MediaError::UnknownFormat(_)));
    let cover = studio.run(
        "cover.mp3",
        &format!("-i {} -i {} -map 0:a -map 1:v -c:v copy -disposition:v attached_pic", wav.display(), png.display()),
    );
    assert!(matches!(open(&cover), Err(MediaError::NoVideoTrack)));
}

#[test]
fn a_codec_nobody_knows() {
    let studio = Studio::new();
    let path = studio.make("a.avi", &format!("{MSMPEG4} -an"));
    let mut bytes = std::fs::read(&path).unwrap();
    for at in 0..1000 {
        if matches!(&bytes[at..at + 4], b"MP43" | b"mp43" | b"DIV3") {
            bytes[at..at + 4].copy_from_slice(b"Q?9z");
        }
    }
    assert!(matches!(open_bytes(bytes), Err(MediaError::UnknownCodec(_))));
}

/// Gives some bytes, then fails.
struct Failing(Cursor<Vec<u8>>, bool);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if self.1 => panic!("this reader panics"),
            0 => Err(io::Error::new(ErrorKind::ConnectionReset, "the camera is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn errors_and_panics_of_the_reader_come_back() {
    let studio = Studio::new();
    for name in ["a.mkv", "a.ts", "fast.mp4", "a.h264"] {
        let path =
            studio.make(name, &format!("{H264} -an {}", if name == "fast.mp4" { "-movflags +faststart" } else { "" }));
        let bytes = std::fs::read(&path).unwrap();
        for length in [0, 100, bytes.len() / 2, bytes.len()] {
            for panics in [false, true] {
                let reader = Failing(Cursor::new(bytes[..length].to_vec()), panics);
                let (packets, error) = match Demuxer::from_reader(reader, DemuxOptions::default()) {
                    Ok(mut demuxer) => until_error(&mut demuxer),
                    Err(error) => (Vec::new(), Some(error)),
                };
                assert!(packets.len() > 10 || length <= 100, "{name} {length}: what came before is given");
                // An mp4 says where it ends: nobody reads on.
                if let (None, true) = (&error, name == "fast.mp4" && length == bytes.len()) {
                    continue;
                }
                let error = error.unwrap_or_else(|| panic!("{name} {length}: no error"));
                let kind = if panics { ErrorKind::Other } else { ErrorKind::ConnectionReset };
                assert_eq!(error.io().map(io::Error::kind), Some(kind), "{name} {length}: {error}");
                assert!(panics || error.to_string().contains("the camera is gone"));
            }
        }
    }
}

#[test]
fn a_silent_pipe_can_be_left() {
    let studio = Studio::new();
    let bytes = std::fs::read(studio.make("a.ts", &format!("{H264} -an"))).unwrap();
    for given in [0, bytes.len()] {
        let (reader, mut writer) = io::pipe().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let options = DemuxOptions { stop: Some(stop.clone()), probe_bytes: Some(20_000), ..Default::default() };
        // The writer stays open and says no more.
        let part = bytes[..given].to_vec();
        let feeder = std::thread::spawn(move || {
            writer.write_all(&part).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(300));
            stop.store(true, Ordering::Relaxed);
            writer
        });
        match Demuxer::from_pipe(reader, options) {
            Ok(mut demuxer) => assert!(until_error(&mut demuxer).1.is_none()),
            Err(error) => assert!(matches!(error, MediaError::Stopped), "{error}"),
        }
        drop(feeder.join().unwrap());
    }
}

#[test]
fn bytes_changed_anywhere_neither_panic_nor_hang() {
    let studio = Studio::new();
    for name in ["a.mkv", "a.ts", "fast.mp4", "a.avi", "a.h264"] {
        let path =
            studio.make(name, &format!("{H264} -an {}", if name == "fast.mp4" { "-movflags +faststart" } else { "" }));
        let bytes = std::fs::read(&path).unwrap();
        let mut state = 1_u32;
        for _ in 0..30 {
            let mut bent = bytes.clone();
            for _ in 0..20 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % bent.len();
                bent[at] ^= (state >> 24) as u8;
            }
            if let Ok(mut demuxer) = open_bytes(bent) {
                let (packets, _) = until_error(&mut demuxer);
                assert!(packets.len() < 1000, "{name}");
            }
        }
    }
}
