//! A sealed stream opened with a key, and its packets given to a decoder of one's own.
//!
//!     cargo run --example open_and_decode -- STREAM KEY
//!
//! The decoder here only counts; what it is given is what any decoder takes: the codec's configuration, then access
//! units in the order of decoding, each with its time. An access unit comes out only when its tag has been checked.

use std::error::Error;
use std::fs::File;

use vidveil::format::{StreamRecord, TrackKind};
use vidveil::keys::KeyFile;
use vidveil::seal::{Opened, Opener};

/// What one's own decoder has to do.
trait Decode {
    fn begin(&mut self, codec: &str, configuration: &[u8]);
    fn access_unit(&mut self, pts_ns: Option<i64>, is_key_frame: bool, data: &[u8]);
}

#[derive(Default)]
struct Count {
    units: u64,
    key_frames: u64,
    bytes: u64,
    last_ns: Option<i64>,
}

impl Decode for Count {
    fn begin(&mut self, codec: &str, configuration: &[u8]) {
        println!("{codec}, {} bytes of configuration", configuration.len());
    }

    fn access_unit(&mut self, pts_ns: Option<i64>, is_key_frame: bool, data: &[u8]) {
        self.units += 1;
        self.key_frames += u64::from(is_key_frame);
        self.bytes += data.len() as u64;
        self.last_ns = self.last_ns.max(pts_ns);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(stream), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("give STREAM and KEY".into());
    };
    let key = KeyFile::parse(&std::fs::read(key)?, || None)?;
    let mut opener = Opener::new(File::open(stream)?, vec![Box::new(key)]);
    let mut decoder = Count::default();
    let mut opened_stream: Option<StreamRecord> = None;
    while let Some(opened) = opener.next()? {
        match opened {
            Opened::Stream(record) => {
                if let Some(video) = record.tracks.iter().find(|track| track.kind == TrackKind::Video) {
                    decoder.begin(&video.codec, &video.config);
                }
                opened_stream = Some(record);
            }
            Opened::Frame(frame) => {
                let track = opened_stream.as_ref().and_then(|record| record.tracks.get(usize::from(frame.track)));
                let Some(track) = track.filter(|track| track.kind == TrackKind::Video) else { continue };
                let pts_ns = frame.pts.and_then(|ticks| track.to_ns(ticks));
                decoder.access_unit(pts_ns, frame.flags.key, opener.packet());
            }
            _ => {}
        }
    }
    let seconds = decoder.last_ns.unwrap_or(0) as f64 / 1e9;
    println!("{} pictures, {} key frames, {} bytes, {seconds:.2} s", decoder.units, decoder.key_frames, decoder.bytes);
    Ok(())
}
