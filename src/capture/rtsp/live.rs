//! A camera is recorded: connected to again and again, with gaps marked.

use std::time::{Duration, Instant};

use crate::base::Report;
use crate::capture::{CaptureError, FeedOptions};
use crate::format::{Reason, Track, TrackKind, limits};
use crate::media::Packet;
use crate::storage::StreamOutput;

use super::RtspError;
use super::address::Address;
use super::camera_clock::CameraClock;
use super::catch_panic::catch_panic;
use super::client::{Client, KEY_FRAME, Transport};
use super::connection::Event;
use super::connector::Connector;
use super::disconnect::{Disconnect, Refusal};
use super::http::Containers;
use super::live_options::LiveOptions;
use super::recording::{NOTHING, Recording};
use super::source::Source;
use super::steady::{Placed, Steady};
use super::timing::{DecodeOrder, Timing};
use super::tls::Tls;
use super::tracks;

/// How often a camera that counts anew all the time is warned of.
const REMIND: Duration = Duration::from_secs(60);

/// Records a camera until the caller's [`Report::stop`] asks for an end.
///
/// # Errors
///
/// The camera cannot be reached in time, or refuses; write errors.
pub fn capture_live(
    address: &Address,
    options: &LiveOptions,
    feed: &FeedOptions,
    output: StreamOutput,
    report: &Report,
) -> Result<(), CaptureError> {
    let tls = match (address.is_encrypted(), &options.tls) {
        (true, Some(tls)) => Some(tls.clone()),
        (true, None) => Some(Tls::new(&[])?),
        (false, _) => None,
    };
    if tls.is_some() && options.transport == Transport::Udp {
        return Err(RtspError::Datagrams { address: address.quoted() }.into());
    }
    let client = Client::new(report.stop()).map_err(RtspError::Sockets)?;
    let _entered = client.enter();
    let mut camera = Camera::new(&client, address, options, tls, report);
    let Some(mut connection) = camera.connector.connect(options.wait, true)? else {
        report.warn(NOTHING);
        return Ok(());
    };
    if let Source::Container(_) = connection {
        let refused = || Refusal::NoVideo("a container".to_owned());
        let refused = || RtspError::Refused { address: address.quoted(), why: refused() };
        let file = options.container.as_ref().ok_or_else(refused)?;
        return Containers::new(address, file, feed, output, report).record(&client, &mut camera.connector, connection);
    }
    for what in connection.left_out() {
        report.warn(format!("{what} is left out: it cannot be recorded"));
    }
    let mut recording = Recording::new(connection.tracks(), feed, output, report);
    loop {
        let played = camera.play(&mut connection, &mut recording);
        let reason = match played {
            Ok(Disconnect::Lost(reason)) => reason,
            Ok(Disconnect::Refused(why)) => why.to_string(),
            Ok(Disconnect::Stopped) => {
                let finished = recording.finish(Reason::Stopped);
                client.disconnect(connection);
                return finished;
            }
            Err(e) => {
                // a write that failed has ended the stream already: the first error is the one that counts
                let _ = recording.finish(Reason::InputCut);
                return Err(e);
            }
        };
        connection = match camera.connector.connect_again(connection, &reason, report) {
            Ok(Some(connection)) => connection,
            Ok(None) => return recording.finish(Reason::Stopped),
            Err(e) => {
                recording.finish(Reason::InputCut)?;
                return Err(e);
            }
        };
    }
}

/// What is known of a track within a connection.
#[derive(Clone, Default)]
struct TrackState {
    /// Whether its next packet comes after a gap.
    missing: bool,
    steady: Steady,
}

struct Camera<'a> {
    client: &'a Client,
    address: &'a Address,
    options: &'a LiveOptions,
    connector: Connector<'a>,
    report: &'a Report,
    timing: Timing,
    order: DecodeOrder,
    /// When the first packet of all arrived.
    began: Option<Instant>,
    clock: CameraClock,
    /// When it was told last that the camera counts anew, and how often it did since.
    anew: (Option<Instant>, u32),
}

impl<'a> Camera<'a> {
    fn new(
        client: &'a Client,
        address: &'a Address,
        options: &'a LiveOptions,
        tls: Option<Tls>,
        report: &'a Report,
    ) -> Self {
        let (timing, order) = (Timing::default(), DecodeOrder::default());
        Camera {
            client,
            address,
            options,
            connector: Connector::new(client, address, options, tls),
            report,
            timing,
            order,
            began: None,
            clock: CameraClock::new(),
            anew: (None, 0),
        }
    }

    /// Writes what one connection sends, from its first key frame on, and returns why it ended.
    fn play(&mut self, connection: &mut Source, recording: &mut Recording) -> Result<Disconnect, CaptureError> {
        self.timing.reconnected();
        let video = connection.tracks().iter().find(|t| t.kind == TrackKind::Video);
        // it reads what the camera sent
        self.order.reconnected(video.and_then(|v| catch_panic(|| tracks::reorder_depth(v))).unwrap_or(0));
        recording.set_tracks(connection.tracks())?;
        let mut states =
            vec![TrackState { missing: self.began.is_some(), ..Default::default() }; connection.tracks().len()];
        // the time of the first key frame; what comes before it shows nothing, or refers to what is missing
        let mut begins: Option<i64> = None;
        let playing = Instant::now();
        let mut seen = playing;
        loop {
            let left = self.options.stall.saturating_sub(seen.elapsed());
            let event = match self.client.next(connection, left) {
                Ok(event) => event,
                Err(Disconnect::Lost(_)) if seen.elapsed() >= self.options.stall => {
                    let seconds = self.options.stall.as_secs_f64();
                    return Ok(Disconnect::Lost(format!("no picture came for {seconds} s")));
                }
                Err(disconnect) => return Ok(disconnect),
            };
            let mut packet = match event {
                Event::Packet(p) => p,
                Event::Clock(ntp, own_ns) => {
                    // the first track is the video
                    let time = states.first().and_then(|state| state.steady.near(own_ns));
                    match time.and_then(|time| self.clock_packet(connection.tracks(), ntp, time)) {
                        Some(p) if begins.is_some() => p,
                        _ => continue,
                    }
                }
                Event::Changed(now) => {
                    recording.set_tracks(&now)?;
                    continue;
                }
            };
            let place = usize::from(packet.track);
            let is_anew = connection.take_anew();
            let lateness = states.iter().find_map(|state| state.steady.lateness());
            let (Some(track), Some(state)) = (connection.tracks().get(place), states.get_mut(place)) else { continue };
            if track.kind != TrackKind::Data {
                let cameras_ns = track.to_ns(packet.pts.unwrap_or(0)).unwrap_or(i64::MAX);
                let arrived = i64::try_from(playing.elapsed().as_nanos()).unwrap_or(i64::MAX);
                let key = packet.key && track.kind == TrackKind::Video;
                let Placed { time: own_ns, jump } = state.steady.place(cameras_ns, arrived, key, lateness);
                let moved = track.to_ticks(own_ns.saturating_sub(cameras_ns));
                packet.pts = packet.pts.map(|pts| pts.saturating_add(moved));
                packet.gap |= jump != 0;
                if is_anew || jump != 0 {
                    self.warn_of_anew(jump);
                }
                if packet.data.len() > limits::PACKET {
                    return Ok(Disconnect::Lost("a picture is too large to be one".to_owned()));
                }
                let video = track.kind == TrackKind::Video;
                if video {
                    seen = Instant::now();
                }
                if begins.is_none() && playing.elapsed() > KEY_FRAME {
                    return Ok(Disconnect::Lost("no key frame came".to_owned()));
                }
                match begins {
                    None if video && packet.key => begins = Some(own_ns),
                    Some(begins) if own_ns >= begins => {}
                    _ => continue,
                }
                if video {
                    self.connector.gave_pictures();
                }
                self.place(track, &mut packet);
                packet.gap |= std::mem::take(&mut state.missing);
                if video {
                    packet.dts = packet.pts.and_then(|pts| self.order.time(pts));
                }
            }
            if !recording.write(packet)? {
                return Ok(Disconnect::Stopped);
            }
        }
    }

    /// The camera counts its packets or its times anew: it is said at once, and not for every picture.
    fn warn_of_anew(&mut self, jump: i64) {
        let (told, count) = self.anew;
        if told.is_some_and(|told| told.elapsed() < REMIND) {
            self.anew.1 = count.saturating_add(1);
            return;
        }
        self.anew = (Some(Instant::now()), 0);
        let what = match jump {
            0 => "packets anew".to_owned(),
            jump => {
                format!("time anew, {:.1} s {}", (jump as f64 / 1e9).abs(), if jump > 0 { "later" } else { "earlier" })
            }
        };
        let often = if count > 0 { format!(" ({count} times more since the last warning)") } else { String::new() };
        self.report.warn(format!("{} counts its {what}: recorded on, with a gap marked{often}", self.address.quoted()));
    }

    /// Moves a packet from its connection's times to those of the recording.
    fn place(&mut self, track: &Track, packet: &mut Packet) {
        let began = *self.began.get_or_insert_with(Instant::now);
        let Some(own) = packet.pts else { return };
        self.timing.place(track.to_ns(own).unwrap_or(i64::MAX), began.elapsed());
        let shift = track.to_ticks(self.timing.shift().unwrap_or(0));
        packet.pts = packet.pts.map(|t| t.saturating_add(shift));
        packet.dts = packet.dts.map(|t| t.saturating_add(shift));
    }

    /// What the camera's clock shows at a time of the connection.
    fn clock_packet(&mut self, tracks: &[Track], ntp: u64, own_ns: i64) -> Option<Packet> {
        let time = own_ns.saturating_add(self.timing.shift()?);
        self.clock.packet(tracks, ntp, time, self.address, self.report)
    }
}
