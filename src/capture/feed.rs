//! Packets into a plain stream, at the pace of their times where that is asked for.

use std::thread;
use std::time::{Duration, Instant};

use crate::base::Stop;
use crate::base::{SystemClock, random_id, wall_ns};
use crate::cli::Failure;
use crate::format::{Clock, Continues, FormatError, PlainWriter, Reason, Role, StreamRecord, Suite, Track};
use crate::media::Packet;
use crate::storage::StreamOutput;

/// How a stream is made of packets.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// Name of the camera.
    pub camera: String,
    /// Id of the stream; random when there is none.
    pub stream_id: Option<[u8; 16]>,
    /// UTC ns of the first packet. When it is given, the system's clock does not enter the stream.
    pub start: Option<i64>,
    /// The stream that this one goes on from.
    pub continues: Option<Continues>,
    /// Length of an epoch.
    pub epoch: Duration,
    /// Give packets out at the speed of their times.
    pub realtime: bool,
}

/// Where the packets go, at which pace and with which times.
pub struct Feed {
    id: [u8; 16],
    writer: PlainWriter<StreamOutput>,
    tracks: Vec<Track>,
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
    /// Begins a plain original with these tracks; `first` is the packet that will be given first.
    ///
    /// # Errors
    ///
    /// A name that a stream cannot have (1), write errors.
    pub fn begin(
        args: &FeedOptions,
        tracks: &[Track],
        first: &Packet,
        output: StreamOutput,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let tracks: Vec<_> = tracks.to_vec();
        let origin_ns = media_ns(&tracks, first).unwrap_or(0);
        let record = StreamRecord {
            id: args.stream_id.map_or_else(random_id, Ok)?,
            role: Role::Original,
            suite: Suite::Plain,
            start_ns: args.start.unwrap_or_else(wall_ns),
            origin_ns,
            camera: args.camera.clone(),
            continues: args.continues,
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
        Ok(Feed {
            id: record.id,
            writer,
            tracks,
            clock,
            dated: args.start,
            origin_ns,
            realtime,
            stop,
            shift_ns: 0,
            end_ns,
            media_ns,
        })
    }

    /// Writes a packet when its time has come.
    /// False when a signal came while it waited for the packet's time.
    pub fn give(&mut self, p: Packet) -> anyhow::Result<bool> {
        let mut f = p.to_frame();
        if let Some(t) = self.tracks.get(p.track as usize) {
            let shift = t.to_ticks(self.shift_ns);
            let add = |time: Option<i64>| time.map(|t| t.saturating_add(shift));
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
    pub fn next_round(&mut self) {
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

    /// Closes the stream.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn end(self, reason: Reason) -> anyhow::Result<()> {
        let (output, _) = self.close(reason)?;
        Ok(output.finish()?)
    }

    /// Closes the stream, and gives what a next one needs: the output, and which stream it goes on from.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn close(mut self, reason: Reason) -> anyhow::Result<(StreamOutput, Continues)> {
        let now = self.now();
        self.writer.finish(reason, now)?;
        let continues = Continues { stream: self.id, last_close: self.writer.last_close() };
        Ok((self.writer.into_output(), continues))
    }
}

fn media_ns(tracks: &[Track], p: &Packet) -> Option<i64> {
    tracks.get(p.track as usize)?.to_ns(p.dts.or(p.pts)?)
}
