//! Connects to a camera again and again, marks what is missing, and writes streams.

use std::time::{Duration, Instant};

use crate::cli::capture::{Feed, FeedOptions};
use crate::cli::{Failure, Session, Stop, StreamOutput, wall_ns};
use crate::format::Reason;
use crate::media::{Packet, TrackInfo, TrackKind};

use super::connection::{Broken, Connection, Event, Line};
use super::timing::Timing;
use super::{Address, Credentials};

/// Time between two tries: it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Seconds from 1900 to 1970 (RFC 5905, figure 4).
const NTP_TO_UNIX: i128 = 2_208_988_800;
/// A camera's clock that is so far off is worth a word.
const CLOCK_OFF_NS: i64 = 2_000_000_000;

/// How packets travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Inside of the RTSP connection: nothing is lost
    #[default]
    Tcp,
    /// Datagrams: losses are marked
    Udp,
}

/// How a camera is recorded.
pub struct LiveOptions {
    /// Name and password.
    pub credentials: Option<Credentials>,
    /// How packets travel.
    pub transport: Transport,
    /// Take the audio along.
    pub audio: bool,
    /// For how long the first connection is tried.
    pub wait: Duration,
    /// Silence after which the connection counts as lost.
    pub stall: Duration,
    /// Give up when the camera is away for longer; never when there is none.
    pub give_up: Option<Duration>,
}

/// Records a camera until a signal comes.
///
/// # Errors
///
/// A [`Failure`]: the camera cannot be reached in time, or refuses (1); write errors.
pub fn capture_live(
    address: &Address,
    options: &LiveOptions,
    feed: &FeedOptions,
    output: StreamOutput,
    stop: &Stop,
    session: &Session,
) -> anyhow::Result<()> {
    let line = Line::new(stop.clone()).map_err(|e| Failure::failed(format!("no sockets: {e}")))?;
    let mut camera = Camera { line, address, options, session, timing: Timing::default(), began: None, told: false };
    let Some(mut connection) = camera.connect(options.wait, true)? else { return Ok(()) };
    for what in &connection.left_out {
        session.warn(format!("{what} is left out: it cannot be recorded"));
    }
    let tracks = connection.tracks().to_vec();
    let mut recording =
        Recording { feed: None, spare: Some(output), tracks, options: feed.clone(), stop: stop.clone() };
    let outcome = loop {
        let reason = match camera.play(&mut connection, &mut recording) {
            Ok(Broken::Stopped) => break Ok(()),
            Ok(Broken::ForNow(reason) | Broken::ForGood(reason, _)) => reason,
            Err(e) => break Err(e),
        };
        drop(connection);
        session.warn(format!("lost {}: {reason}; trying again", address.shown()));
        let lost = Instant::now();
        connection = match camera.connect(options.give_up.unwrap_or(Duration::MAX), false) {
            Ok(Some(connection)) => connection,
            Ok(None) => break Ok(()),
            Err(e) => break Err(e),
        };
        session.warn(format!("{} is back after {:.1} s", address.shown(), lost.elapsed().as_secs_f64()));
    };
    match outcome {
        Ok(()) => recording.end(Reason::Stopped),
        Err(e) => {
            recording.end(Reason::InputCut)?;
            Err(e)
        }
    }
}

struct Camera<'a> {
    line: Line,
    address: &'a Address,
    options: &'a LiveOptions,
    session: &'a Session,
    timing: Timing,
    /// When the first packet of all came.
    began: Option<Instant>,
    /// Whether the camera's wrong clock was told.
    told: bool,
}

impl Camera<'_> {
    /// A connection, `None` when a signal came. A camera that was there before may say what it will: it is tried again.
    fn connect(&self, patience: Duration, first: bool) -> anyhow::Result<Option<Connection>> {
        let (since, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let o = self.options;
            let reason = match self.line.connect(self.address, o.credentials.as_ref(), o.transport, o.audio, o.stall) {
                Ok(connection) => return Ok(Some(connection)),
                Err(Broken::Stopped) => return Ok(None),
                Err(Broken::ForGood(what, hint)) if first => return Err(self.failed(&what).hint(hint).into()),
                Err(Broken::ForGood(what, _) | Broken::ForNow(what)) => what,
            };
            if since.elapsed().saturating_add(pause) > patience {
                return Err(self.failed(&reason).hint("is the camera on, and the address right").into());
            }
            if self.line.pause(pause).is_err() {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::failed(format!("cannot record {}: {why}", self.address.shown()))
    }

    /// Writes what one connection gives, from its first key frame on, and says why it ended.
    fn play(&mut self, connection: &mut Connection, recording: &mut Recording) -> anyhow::Result<Broken> {
        let again = recording.feed.is_some();
        self.timing.reconnected();
        if again && recording.tracks(connection.tracks()) {
            recording.change()?;
        }
        // of each track: does its next packet stand behind a gap, and its latest time
        let mut missing = vec![again; connection.tracks().len()];
        let mut latest: Vec<Option<i64>> = vec![None; connection.tracks().len()];
        let mut waiting = true;
        loop {
            let event = match self.line.next(connection, self.options.stall) {
                Ok(event) => event,
                Err(broken) => return Ok(broken),
            };
            let mut packet = match event {
                Event::Packet(p) => p,
                Event::Clock(ntp, own_ns) => match self.clock(connection.tracks(), ntp, own_ns) {
                    Some(p) if recording.feed.is_some() => p,
                    _ => continue,
                },
                Event::Changed(tracks) => {
                    if recording.tracks(&tracks) {
                        recording.change()?;
                    }
                    continue;
                }
            };
            let Some(track) = connection.tracks().get(usize::from(packet.track)) else { continue };
            if track.kind != TrackKind::Data {
                // what stands before a key frame shows nothing
                if waiting && !(track.kind == TrackKind::Video && packet.key) {
                    continue;
                }
                waiting = false;
                self.place(track, &mut packet);
                let place = usize::from(packet.track);
                if let Some(m) = missing.get_mut(place) {
                    packet.gap |= std::mem::take(m);
                }
                if let Some(l) = latest.get_mut(place) {
                    // pictures out of order: their times of decoding are not known
                    if packet.dts < *l {
                        packet.dts = None;
                    }
                    *l = (*l).max(packet.pts);
                }
            }
            if !recording.give(packet, self.session)? {
                return Ok(Broken::Stopped);
            }
        }
    }

    /// Moves a packet from its connection's times to those of the recording.
    fn place(&mut self, track: &TrackInfo, packet: &mut Packet) {
        let began = *self.began.get_or_insert_with(Instant::now);
        let Some(own) = packet.pts else { return };
        self.timing.place(to_ns(own, track.time_base), began.elapsed());
        let shift = to_ticks(self.timing.shift().unwrap_or(0), track.time_base);
        packet.pts = packet.pts.map(|t| t.saturating_add(shift));
        packet.dts = packet.dts.map(|t| t.saturating_add(shift));
    }

    /// A packet of the camera's clock.
    fn clock(&mut self, tracks: &[TrackInfo], ntp: u64, own_ns: i64) -> Option<Packet> {
        let time = own_ns.saturating_add(self.timing.shift()?);
        let off = ntp_to_unix_ns(ntp).saturating_sub(wall_ns());
        if off.saturating_abs() > CLOCK_OFF_NS && !std::mem::replace(&mut self.told, true) {
            let (seconds, side) = (off.saturating_abs() as f64 / 1e9, if off > 0 { "ahead of" } else { "behind" });
            self.session.warn(format!("the clock of {} is {seconds:.0} s {side} ours", self.address.shown()));
        }
        let track = u16::try_from(tracks.len().checked_sub(1)?).ok()?;
        let data = ntp.to_be_bytes().to_vec();
        Some(Packet { track, pts: Some(time), dts: None, duration: 0, key: true, corrupt: false, gap: false, data })
    }
}

/// The streams that are written: one, until the camera describes its pictures anew.
struct Recording {
    feed: Option<Feed>,
    /// The output while no stream is open.
    spare: Option<StreamOutput>,
    tracks: Vec<TrackInfo>,
    options: FeedOptions,
    stop: Stop,
}

impl Recording {
    /// Takes note of the tracks; true when they are others than those of the stream that is open.
    fn tracks(&mut self, tracks: &[TrackInfo]) -> bool {
        let changed = self.tracks != tracks;
        self.tracks = tracks.to_vec();
        changed && self.feed.is_some()
    }

    /// The stream ends here; what comes next goes into one that is chained to it.
    fn change(&mut self) -> anyhow::Result<()> {
        if let Some(feed) = self.feed.take() {
            let (output, continues) = feed.close(Reason::ConfigChanged)?;
            self.options.continues = Some(continues);
            self.options.stream_id = None;
            self.spare = Some(output);
        }
        Ok(())
    }

    fn give(&mut self, packet: Packet, session: &Session) -> anyhow::Result<bool> {
        if let Some(output) = self.spare.take() {
            self.feed = Some(Feed::begin(&self.options, &self.tracks, &packet, output, self.stop.clone())?);
            session.keep_output();
        }
        match &mut self.feed {
            Some(feed) => feed.give(packet),
            None => Ok(true),
        }
    }

    fn end(self, reason: Reason) -> anyhow::Result<()> {
        match self.feed {
            Some(feed) => feed.end(reason),
            None => Ok(()),
        }
    }
}

fn to_ns(ticks: i64, time_base: (u32, u32)) -> i64 {
    let ns = i128::from(ticks) * i128::from(time_base.0) * 1_000_000_000 / i128::from(time_base.1.max(1));
    i64::try_from(ns).unwrap_or(i64::MAX)
}

fn to_ticks(ns: i64, time_base: (u32, u32)) -> i64 {
    let ticks = i128::from(ns) * i128::from(time_base.1) / (i128::from(time_base.0.max(1)) * 1_000_000_000);
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

/// An NTP timestamp (RFC 3550, 4) as UTC ns since 1970.
fn ntp_to_unix_ns(ntp: u64) -> i64 {
    let (seconds, fraction) = (i128::from(ntp >> 32), i128::from(ntp & 0xffff_ffff));
    i64::try_from((seconds - NTP_TO_UNIX) * 1_000_000_000 + ((fraction * 1_000_000_000) >> 32)).unwrap_or(i64::MAX)
}
