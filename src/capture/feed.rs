//! Packets into a plain stream, at the pace of their times where that is asked for.

use std::thread;
use std::time::{Duration, Instant};

use crate::base::{Stop, SystemClock, random_id, wall_ns};
use crate::format::{Clock, Continues, FormatError, PlainWriter, Reason, Role, StreamRecord, Suite, Track, sha256};
use crate::media::{InBand, Packet, goes_on};
use crate::storage::StreamOutput;

use super::CaptureError;

/// How a stream is made of packets.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// Name of the camera; may be empty.
    pub camera: String,
    /// Id of the stream; a random one when there is none.
    pub stream_id: Option<[u8; 16]>,
    /// UTC ns since 1970 of the first packet. When it is given, the system's clock does not enter the stream.
    pub start: Option<i64>,
    /// The stream that this one continues.
    pub continues: Option<Continues>,
    /// Length of an epoch; one ends at the first key frame after it.
    pub epoch: Duration,
    /// Write packets at the speed of their times, as a camera would.
    pub realtime: bool,
}

impl Default for FeedOptions {
    /// Epochs of a minute, a random id, the system's clock, as fast as possible.
    fn default() -> Self {
        FeedOptions {
            camera: String::new(),
            stream_id: None,
            start: None,
            continues: None,
            epoch: Duration::from_secs(60),
            realtime: false,
        }
    }
}

/// Where the packets go, at which pace and with which times.
#[derive(Debug)]
pub struct Feed {
    options: FeedOptions,
    id: [u8; 16],
    writer: PlainWriter<StreamOutput>,
    tracks: Vec<Track>,
    /// What puts a changed configuration of a track into its packets.
    in_band: Vec<Option<InBand>>,
    clock: SystemClock,
    /// UTC ns of `origin_ns` of media time.
    start_ns: i64,
    origin_ns: i64,
    /// When the first packet of all was written, in realtime, and its media time in ns.
    realtime: Option<Instant>,
    began_ns: i64,
    stop: Stop,
    /// What is added to every time, in ns: the length of the rounds before this one.
    shift_ns: i64,
    /// Where the packet that ends last ends, in ns of media time.
    end_ns: i64,
    /// Media time of the latest packet, in ns.
    media_ns: i64,
}

impl Feed {
    /// Begins a plain original with these tracks; `first` is the packet that will be written first. When `stop` is set,
    /// [`Feed::write`] waits for nothing any more.
    ///
    /// # Errors
    ///
    /// A camera's name that a stream cannot have, write errors.
    pub fn begin(
        options: &FeedOptions,
        tracks: &[Track],
        first: &Packet,
        output: StreamOutput,
        stop: Stop,
    ) -> Result<Self, CaptureError> {
        let (start_ns, began_ns) = (options.start.unwrap_or_else(wall_ns), media_ns(tracks, first).unwrap_or(0));
        let id = options.stream_id.map_or_else(random_id, Ok)?;
        let record = record(options, id, tracks, (start_ns, began_ns), options.continues);
        let writer = begin(output, &record, options)?;
        Ok(Feed::new(options.clone(), id, writer, tracks, (start_ns, began_ns), stop))
    }

    /// At the beginning of a stream, which begins at these UTC and media times, in ns.
    fn new(
        options: FeedOptions,
        id: [u8; 16],
        writer: PlainWriter<StreamOutput>,
        tracks: &[Track],
        (start_ns, began_ns): (i64, i64),
        stop: Stop,
    ) -> Self {
        Feed {
            id,
            writer,
            tracks: tracks.to_vec(),
            in_band: tracks.iter().map(InBand::new).collect(),
            clock: SystemClock::start(),
            start_ns,
            origin_ns: began_ns,
            realtime: options.realtime.then(Instant::now),
            options,
            began_ns,
            stop,
            shift_ns: 0,
            end_ns: began_ns,
            media_ns: began_ns,
        }
    }

    /// Packets that come are of these tracks. Whether they can go into this stream: where a configuration has changed
    /// it goes in band. If not, [`Feed::next_stream`] begins one for them.
    pub fn goes_on(&mut self, tracks: &[Track]) -> bool {
        let same = |(t, now): (&Track, &Track)| {
            let of = |t: &Track| (t.time_base, t.width, t.height);
            goes_on(t, now) && of(t) == of(now)
        };
        let goes_on = self.tracks.len() == tracks.len() && self.tracks.iter().zip(tracks).all(same);
        if goes_on {
            for (in_band, now) in self.in_band.iter_mut().zip(tracks) {
                in_band.iter_mut().for_each(|in_band| in_band.follow(&now.config));
            }
        }
        goes_on
    }

    /// Ends the stream and begins the next one, with these tracks, on the same line of time; `first` is written first.
    ///
    /// # Errors
    ///
    /// As [`Feed::begin`].
    pub fn next_stream(self, tracks: &[Track], first: &Packet) -> Result<Self, CaptureError> {
        let origin_ns = media_ns(tracks, first).map_or(self.media_ns, |ns| ns.saturating_add(self.shift_ns));
        let start_ns = self.start_ns.saturating_add(origin_ns.saturating_sub(self.origin_ns));
        // where the first id was given, all of it follows from what was given
        let id = match self.options.stream_id {
            Some(_) => sha256(&self.id).first_chunk().copied().map_or_else(random_id, Ok)?,
            None => random_id()?,
        };
        let Feed { options, realtime, began_ns, shift_ns, end_ns, media_ns, .. } = &self;
        let (options, realtime, began_ns) = (options.clone(), *realtime, *began_ns);
        let (shift_ns, end_ns, media_ns, stop) = (*shift_ns, *end_ns, *media_ns, self.stop.clone());
        let (output, continues) = self.close(Reason::ConfigChanged)?;
        let record = record(&options, id, tracks, (start_ns, origin_ns), Some(continues));
        let writer = begin(output, &record, &options)?;
        let begun = Feed::new(options, id, writer, tracks, (start_ns, origin_ns), stop);
        Ok(Feed { realtime, began_ns, shift_ns, end_ns, media_ns, ..begun })
    }

    /// Writes a packet, in realtime when its time has come. False when it was asked to stop: then a packet that was
    /// waited for is not written.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn write(&mut self, mut p: Packet) -> Result<bool, CaptureError> {
        if let Some(Some(in_band)) = self.in_band.get_mut(p.track as usize) {
            in_band.complete(&mut p);
        }
        let mut f = p.to_frame();
        if let Some(t) = self.tracks.get(p.track as usize) {
            let shift = t.to_ticks(self.shift_ns);
            let add = |time: Option<i64>| time.map(|t| t.saturating_add(shift));
            (f.pts, f.dts) = (add(f.pts), add(f.dts));
            let end = p.dts.or(p.pts).map(|d| d.saturating_add(shift).saturating_add(p.duration.max(1)));
            let end = end.filter(|_| !p.hidden);
            self.end_ns = self.end_ns.max(end.and_then(|e| t.to_ns(e)).unwrap_or(i64::MIN));
        }
        // what is hidden may have any times
        if let Some(ns) = media_ns(&self.tracks, &p).filter(|_| !p.hidden) {
            self.media_ns = ns.saturating_add(self.shift_ns);
            if !self.wait() {
                return Ok(false);
            }
        }
        let now = self.now();
        self.writer.frame(&f, &p.data, now)?;
        Ok(!self.stop.is_set())
    }

    /// The source begins again: its times continue where they stopped.
    pub fn next_round(&mut self) {
        self.shift_ns = self.end_ns.saturating_sub(self.began_ns);
    }

    fn wait(&self) -> bool {
        let Some(began) = self.realtime else { return true };
        let due = began + Duration::from_nanos(u64::try_from(self.media_ns.saturating_sub(self.began_ns)).unwrap_or(0));
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
        match self.options.start {
            Some(_) => {
                let mono_ns = self.media_ns.saturating_sub(self.origin_ns).max(0);
                Clock { wall_ns: self.start_ns.saturating_add(mono_ns), mono_ns }
            }
            None => self.clock.now(),
        }
    }

    /// Closes the stream and the output.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn finish(self, reason: Reason) -> Result<(), CaptureError> {
        let (output, _) = self.close(reason)?;
        Ok(output.finish()?)
    }

    /// Closes the stream, and gives what a next one needs: the output, and which stream it continues.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn close(mut self, reason: Reason) -> Result<(StreamOutput, Continues), CaptureError> {
        let now = self.now();
        self.writer.finish(reason, now)?;
        let continues = Continues { stream: self.id, last_close: self.writer.last_close() };
        Ok((self.writer.into_output(), continues))
    }
}

fn media_ns(tracks: &[Track], p: &Packet) -> Option<i64> {
    tracks.get(p.track as usize)?.to_ns(p.dts.or(p.pts)?)
}

fn record(
    options: &FeedOptions,
    id: [u8; 16],
    tracks: &[Track],
    (start_ns, origin_ns): (i64, i64),
    continues: Option<Continues>,
) -> StreamRecord {
    let (camera, signer, tracks) = (options.camera.clone(), Vec::new(), tracks.to_vec());
    StreamRecord {
        id,
        role: Role::Original,
        suite: Suite::Plain,
        start_ns,
        origin_ns,
        camera,
        continues,
        signer,
        tracks,
    }
}

fn begin(
    output: StreamOutput,
    record: &StreamRecord,
    options: &FeedOptions,
) -> Result<PlainWriter<StreamOutput>, CaptureError> {
    let interval = i64::try_from(options.epoch.as_nanos()).unwrap_or(i64::MAX);
    PlainWriter::begin(output, record, interval).map_err(|e| match e {
        FormatError::Record { fault, .. } => CaptureError::Description(fault),
        e => e.into(),
    })
}
