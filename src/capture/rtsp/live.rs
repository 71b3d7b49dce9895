//! Connects to a camera again and again, and marks what is missing.

use std::time::{Duration, Instant};

use crate::base::Report;
use crate::base::Stop;
use crate::base::wall_ns;
use crate::capture::FeedOptions;
use crate::cli::Failure;
use crate::format::{Reason, Track, TrackKind, limits};
use crate::media::Packet;
use crate::storage::StreamOutput;

use super::catch_panic::guarded;
use super::client::{Dial, Line};
use super::connection::{Connection, Event};
use super::recording::{NOTHING, Recording};
use super::timing::{DecodeOrder, Steady, Timing};
use super::{Address, Broken, Credentials, tracks};

/// Time between two tries: it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A connection that lasted so long was one.
const HOLDS: Duration = Duration::from_secs(10);
/// Within this comes a key frame, even from cameras that save them.
pub(super) const KEY_FRAME: Duration = Duration::from_secs(60);
/// Times may jump ahead further by this than nothing may come.
const LEEWAY: Duration = Duration::from_secs(5);
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
    report: &Report,
) -> anyhow::Result<()> {
    let line = Line::new(stop.clone()).map_err(|e| Failure::failed(format!("no sockets: {e}")))?;
    let _open = line.open();
    let mut camera = Camera::new(&line, address, options, report);
    let Some(mut connection) = camera.connect(options.wait, true)? else {
        report.warn(NOTHING);
        return Ok(());
    };
    for what in &connection.left_out {
        report.warn(format!("{what} is left out: it cannot be recorded"));
    }
    let mut recording = Recording::new(connection.tracks(), feed, output, stop);
    loop {
        let played = camera.play(&mut connection, &mut recording);
        let reason = match played {
            Ok(Broken::ForNow(reason) | Broken::ForGood(reason, _)) => reason,
            Ok(Broken::Stopped) => {
                let ended = recording.end(Reason::Stopped, report);
                line.hang_up(connection);
                return ended;
            }
            Err(e) => {
                recording.end(Reason::InputCut, report)?;
                return Err(e);
            }
        };
        report.warn(format!("lost {}: {reason}; trying again", address.shown()));
        let lost = Instant::now();
        line.hang_up(connection);
        connection = match camera.connect(options.give_up.unwrap_or(Duration::MAX), false) {
            Ok(Some(connection)) => connection,
            Ok(None) => return recording.end(Reason::Stopped, report),
            Err(e) => {
                recording.end(Reason::InputCut, report)?;
                return Err(e);
            }
        };
        report.warn(format!("{} is back after {:.1} s", address.shown(), lost.elapsed().as_secs_f64()));
    }
}

/// What is known of a track within a connection.
#[derive(Clone, Default)]
struct TrackState {
    /// Whether its next packet stands behind a gap.
    missing: bool,
    steady: Steady,
}

struct Camera<'a> {
    line: &'a Line,
    address: &'a Address,
    options: &'a LiveOptions,
    report: &'a Report,
    timing: Timing,
    order: DecodeOrder,
    /// When the first packet of all came.
    began: Option<Instant>,
    /// The latest time of the camera's clock that was given, in ns.
    clock_at: i64,
    /// Whether the camera's wrong clock was told.
    told: bool,
    /// What is waited before the next try; it grows until a connection holds.
    pause: Duration,
    /// When the connection began to play.
    connected: Option<Instant>,
}

impl<'a> Camera<'a> {
    fn new(line: &'a Line, address: &'a Address, options: &'a LiveOptions, report: &'a Report) -> Self {
        let (timing, order, pause) = (Timing::default(), DecodeOrder::default(), FIRST_PAUSE);
        let (began, clock_at, told, connected) = (None, i64::MIN, false, None);
        Camera { line, address, options, report, timing, order, began, clock_at, told, pause, connected }
    }

    /// A connection, `None` when a signal came. A camera that was there before may say what it will: it is tried again.
    fn connect(&mut self, patience: Duration, first: bool) -> anyhow::Result<Option<Connection>> {
        let since = Instant::now();
        match self.connected.take() {
            Some(connected) if connected.elapsed() >= HOLDS => self.pause = FIRST_PAUSE,
            // a camera that hangs up at once is not asked again at once
            Some(_) if !self.wait() => return Ok(None),
            _ => {}
        }
        loop {
            let o = self.options;
            let dial = Dial {
                address: self.address,
                credentials: o.credentials.as_ref(),
                transport: o.transport,
                audio: o.audio,
                limit: o.stall,
            };
            let reason = match self.line.connect(&dial) {
                Ok(connection) => {
                    self.connected = Some(Instant::now());
                    return Ok(Some(connection));
                }
                Err(Broken::Stopped) => return Ok(None),
                Err(Broken::ForGood(what, hint)) if first => return Err(self.failed(&what).hint(hint).into()),
                Err(Broken::ForGood(what, _) | Broken::ForNow(what)) => what,
            };
            if since.elapsed().saturating_add(self.pause) > patience {
                return Err(self.failed(&reason).hint("is the camera on, and the address right").into());
            }
            if !self.wait() {
                return Ok(None);
            }
        }
    }

    /// False when a signal came meanwhile.
    fn wait(&mut self) -> bool {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.line.pause(pause).is_ok()
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::failed(format!("cannot record {}: {why}", self.address.shown()))
    }

    /// Writes what one connection gives, from its first key frame on, and says why it ended.
    fn play(&mut self, connection: &mut Connection, recording: &mut Recording) -> anyhow::Result<Broken> {
        self.timing.reconnected();
        let video = connection.tracks().iter().find(|t| t.kind == TrackKind::Video);
        // it reads what the camera sent
        self.order.reconnected(video.and_then(|v| guarded(|| tracks::reorder_depth(v))).unwrap_or(0));
        recording.changed(connection.tracks())?;
        let mut states =
            vec![TrackState { missing: self.began.is_some(), ..Default::default() }; connection.tracks().len()];
        // the time of the first key frame; what stands before it shows nothing, or leans on what is missing
        let mut begins: Option<i64> = None;
        let playing = Instant::now();
        let mut seen = playing;
        loop {
            let left = self.options.stall.saturating_sub(seen.elapsed());
            let event = match self.line.next(connection, left) {
                Ok(event) => event,
                Err(Broken::ForNow(_)) if seen.elapsed() >= self.options.stall => {
                    let seconds = self.options.stall.as_secs_f64();
                    return Ok(Broken::ForNow(format!("no picture came for {seconds} s")));
                }
                Err(broken) => return Ok(broken),
            };
            let mut packet = match event {
                Event::Packet(p) => p,
                Event::Clock(ntp, own_ns) => match self.clock(connection.tracks(), ntp, own_ns) {
                    Some(p) if begins.is_some() => p,
                    _ => continue,
                },
                Event::Changed(now) => {
                    recording.changed(&now)?;
                    continue;
                }
            };
            let place = usize::from(packet.track);
            let (Some(track), Some(state)) = (connection.tracks().get(place), states.get_mut(place)) else { continue };
            if track.kind != TrackKind::Data {
                let own_ns = to_ns(packet.pts.unwrap_or(0), track.time_base);
                if !state.steady.goes_on(own_ns, self.options.stall.saturating_add(LEEWAY)) {
                    return Ok(Broken::ForNow("the camera's times jump".to_owned()));
                }
                if packet.data.len() > limits::PACKET {
                    return Ok(Broken::ForNow("a picture is too large to be one".to_owned()));
                }
                let video = track.kind == TrackKind::Video;
                if video {
                    seen = Instant::now();
                }
                if begins.is_none() && playing.elapsed() > KEY_FRAME {
                    return Ok(Broken::ForNow("no key frame came".to_owned()));
                }
                match begins {
                    None if video && packet.key => begins = Some(own_ns),
                    Some(begins) if own_ns >= begins => {}
                    _ => continue,
                }
                self.place(track, &mut packet);
                packet.gap |= std::mem::take(&mut state.missing);
                if video {
                    packet.dts = packet.pts.and_then(|pts| self.order.time(pts));
                }
            }
            if !recording.give(packet, self.report)? {
                return Ok(Broken::Stopped);
            }
        }
    }

    /// Moves a packet from its connection's times to those of the recording.
    fn place(&mut self, track: &Track, packet: &mut Packet) {
        let began = *self.began.get_or_insert_with(Instant::now);
        let Some(own) = packet.pts else { return };
        self.timing.place(to_ns(own, track.time_base), began.elapsed());
        let shift = to_ticks(self.timing.shift().unwrap_or(0), track.time_base);
        packet.pts = packet.pts.map(|t| t.saturating_add(shift));
        packet.dts = packet.dts.map(|t| t.saturating_add(shift));
    }

    /// A packet of the camera's clock.
    fn clock(&mut self, tracks: &[Track], ntp: u64, own_ns: i64) -> Option<Packet> {
        let time = own_ns.saturating_add(self.timing.shift()?);
        if time < self.clock_at {
            return None;
        }
        self.clock_at = time;
        let off = ntp_to_unix_ns(ntp).saturating_sub(wall_ns());
        if off.saturating_abs() > CLOCK_OFF_NS && !std::mem::replace(&mut self.told, true) {
            let (seconds, side) = (off.saturating_abs() as f64 / 1e9, if off > 0 { "ahead of" } else { "behind" });
            self.report.warn(format!("the clock of {} is {seconds:.0} s {side} ours", self.address.shown()));
        }
        let track = u16::try_from(tracks.len().checked_sub(1)?).ok()?;
        let data = ntp.to_be_bytes().to_vec();
        Some(Packet { track, pts: Some(time), dts: None, duration: 0, key: true, corrupt: false, gap: false, data })
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
