//! Pictures that were given to a child that died, and did not come: they are owed, and come hidden whole.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::base::{Clock, lock};
use crate::format::{Frame, FrameFlags, PlainWriter, Reason, ShowTimes, StreamRecord, Suite};
use crate::seal::Opened;

use super::error::ProtectError;
use super::values::Number;
use super::video_track::video_track;

/// The number of pictures that are remembered; a child that keeps to its limits holds fewer back.
const MOST: usize = 4096;

/// What was given, and has not come; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Owed(Arc<Mutex<OwedStreams>>);

#[derive(Default)]
struct OwedStreams {
    all: VecDeque<OwedStream>,
    given: u64,
    /// The video track that was chosen.
    track: Option<Number<0, 15>>,
}

/// Of one stream.
pub(super) struct OwedStream {
    record: StreamRecord,
    video: u16,
    epoch: u64,
    clock: Clock,
    /// Presentation time and duration of its pictures.
    pictures: BTreeMap<i64, i64>,
    times: ShowTimes,
}

impl OwedStream {
    /// How many pictures there are.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }
}

impl Owed {
    /// Of this video track, where one was chosen.
    pub fn new(track: Option<Number<0, 15>>) -> Self {
        Owed(Arc::new(Mutex::new(OwedStreams { track, ..OwedStreams::default() })))
    }

    /// Takes in a record of the input, before the child has it.
    pub fn note(&self, opened: &Opened) {
        let mut streams = lock(&self.0);
        let OwedStreams { all, given, track } = &mut *streams;
        match opened {
            Opened::Stream(s) => {
                // the last one stays: its pictures may be coming
                while all.len() > 1 && all.front().is_some_and(|first| first.pictures.is_empty()) {
                    all.pop_front();
                }
                let Ok(video) = video_track(s, *track) else { return };
                let record = StreamRecord { suite: Suite::Plain, signer: Vec::new(), ..s.clone() };
                let clock = Clock { wall_ns: s.start_ns, mono_ns: 0 };
                all.push_back(OwedStream {
                    record,
                    video,
                    epoch: 0,
                    clock,
                    pictures: BTreeMap::new(),
                    times: ShowTimes::default(),
                });
            }
            Opened::Start(s) => {
                if let Some(stream) = all.back_mut() {
                    stream.epoch = s.epoch;
                    stream.clock = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
                }
            }
            Opened::Frame(f) => {
                if let Some(stream) = all.back_mut().filter(|stream| stream.video == f.track && !f.flags.hidden) {
                    let pts = stream.times.of(f);
                    *given = given.saturating_add(1);
                    stream.pictures.insert(pts, f.duration);
                    if stream.pictures.len() > MOST {
                        stream.pictures.pop_first();
                    }
                }
            }
            _ => {}
        }
    }

    /// A public picture came. Pictures come in the order of the streams.
    pub fn came(&self, pts: Option<i64>) {
        let all = &mut lock(&self.0).all;
        let pts = pts.unwrap_or(i64::MIN);
        if let Some(stream) = all.iter_mut().find(|stream| stream.pictures.contains_key(&pts)) {
            stream.pictures.remove(&pts);
        }
    }

    /// How many pictures were given.
    pub fn given(&self) -> u64 {
        lock(&self.0).given
    }

    /// What is owed now; nothing is, afterwards.
    pub fn take(&self) -> Vec<OwedStream> {
        lock(&self.0).all.drain(..).filter(|stream| !stream.pictures.is_empty()).collect()
    }
}

/// Writes plain streams with the times of the pictures that are owed, and nothing in them, to a child that hides all.
pub(super) fn write_owed(owed: &[OwedStream], output: &mut impl Write) -> Result<(), ProtectError> {
    for stream in owed {
        let mut writer = PlainWriter::begin(&mut *output as &mut dyn Write, &stream.record, i64::MAX)?;
        writer.open_epoch(stream.epoch, stream.clock)?;
        for (pts, duration) in &stream.pictures {
            let flags = FrameFlags { gap: true, ..FrameFlags::default() };
            let track = stream.video;
            let f = Frame { track, flags, counter: 0, pts: Some(*pts), dts: Some(*pts), duration: *duration };
            writer.frame_here(&f, &[])?;
        }
        writer.finish(Reason::InputCut, stream.clock)?;
    }
    Ok(())
}
