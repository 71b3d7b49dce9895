//! One connection to a camera: packets with the connection's own times.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use retina::client::{
    Credentials as RtspCredentials, Demuxed, InitialTimestampPolicy, PlayOptions, Session as RtspSession, SessionGroup,
    SessionOptions, SetupOptions, TcpTransportOptions, Transport as RtspTransport, UdpTransportOptions,
};
use retina::codec::{CodecItem, FrameFormat};
use retina::rtcp::PacketRef;
use tokio::runtime::Runtime;

use crate::cli::Stop;
use crate::media::{Packet, TrackInfo, TrackKind};

use super::live::Transport;
use super::{Address, Credentials, tracks};

/// How often the stop flag is looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// A camera whose times jump further than that has begun anew: it is connected to again.
const MAX_JUMP_SECONDS: u32 = 10;
/// As many packets may come before a key frame tells what the pictures are.
const MAX_EARLY: usize = 4096;

/// Why a connection ended, or did not begin.
#[derive(Debug)]
pub enum Broken {
    /// A signal came.
    Stopped,
    /// It would end so again: what is wrong, and what to do.
    ForGood(String, &'static str),
    /// It may be better the next time; in words.
    ForNow(String),
}

/// What came.
pub enum Event {
    /// A packet. Its times are the connection's own, in ticks of its track.
    Packet(Packet),
    /// The camera's clock: NTP timestamp, and where the connection's own times were then, in ns.
    Clock(u64, i64),
    /// The pictures are described anew from here on; these are the tracks now.
    Changed(Vec<TrackInfo>),
}

/// What all connections of a run share.
pub struct Line {
    runtime: Runtime,
    group: Arc<SessionGroup>,
    stop: Stop,
}

/// A connection that plays.
pub struct Connection {
    demuxed: Demuxed,
    /// Track of each of the camera's streams.
    places: Vec<Option<u16>>,
    tracks: Vec<TrackInfo>,
    early: VecDeque<Event>,
    /// Encodings that are left out.
    pub left_out: Vec<String>,
}

impl Line {
    /// A line on which nothing is said yet. Errors: the system gives no sockets.
    pub fn new(stop: Stop) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        Ok(Line { runtime, group: Arc::default(), stop })
    }

    /// What `work` gives within `limit`, unless a signal comes.
    fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Broken> {
        let until = Instant::now() + limit;
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                let left = until.saturating_duration_since(Instant::now());
                if let Ok(done) = tokio::time::timeout(left.min(GLANCE), &mut work).await {
                    return Ok(done);
                }
                if self.stop.is_set() {
                    return Err(Broken::Stopped);
                }
                if left.is_zero() {
                    return Err(Broken::ForNow(format!("nothing came for {} s", limit.as_secs())));
                }
            }
        })
    }

    /// Waits, unless a signal comes.
    pub fn pause(&self, time: Duration) -> Result<(), Broken> {
        self.within(time + GLANCE, tokio::time::sleep(time))
    }

    /// Connects and waits until the tracks are known. Each step may take `limit`.
    pub fn connect(
        &self,
        address: &Address,
        credentials: Option<&Credentials>,
        transport: Transport,
        audio: bool,
        limit: Duration,
    ) -> Result<Connection, Broken> {
        // retina keeps a copy of the password, which nobody wipes
        let creds =
            credentials.map(|c| RtspCredentials { username: c.name.clone(), password: c.password.as_str().to_owned() });
        let options = SessionOptions::default()
            .creds(creds)
            .user_agent(concat!("vidveil/", env!("CARGO_PKG_VERSION")).to_owned())
            .session_group(Arc::clone(&self.group));
        let describe = RtspSession::describe(address.0.clone(), options);
        let mut session = self.within(limit, describe)?.map_err(|e| broken(&e, credentials.is_some()))?;
        let (mut places, mut left_out) = (vec![None; session.streams().len()], Vec::new());
        let mut kinds = Vec::new();
        for (i, stream) in session.streams().iter().enumerate() {
            match tracks::codec(stream) {
                Some((kind, _)) if !kinds.contains(&kind) && (audio || kind == TrackKind::Video) => {
                    places[i] = u16::try_from(kinds.len()).ok();
                    kinds.push(kind);
                }
                Some((TrackKind::Audio, _)) if !audio => {}
                _ => left_out.push(format!("{} {}", stream.media(), stream.encoding_name())),
            }
        }
        if !kinds.contains(&TrackKind::Video) {
            return Err(Broken::ForGood(
                format!("the camera sends no video that can be recorded, but {}", left_out.join(", ")),
                "have the camera send H.264 or H.265",
            ));
        }
        for (i, _) in places.iter().enumerate().filter(|(_, place)| place.is_some()) {
            let transport = match transport {
                Transport::Tcp => RtspTransport::Tcp(TcpTransportOptions::default()),
                Transport::Udp => RtspTransport::Udp(UdpTransportOptions::default()),
            };
            let options = SetupOptions::default().transport(transport).frame_format(FrameFormat::MP4);
            self.within(limit, session.setup(i, options))?.map_err(|e| broken(&e, credentials.is_some()))?;
        }
        let jump = std::num::NonZeroU32::new(MAX_JUMP_SECONDS).unwrap_or(std::num::NonZeroU32::MIN);
        let options = PlayOptions::default()
            .initial_timestamp(InitialTimestampPolicy::Permissive)
            .enforce_timestamps_with_max_jump_secs(jump);
        let playing = self.within(limit, session.play(options))?.map_err(|e| broken(&e, credentials.is_some()))?;
        let demuxed = playing.demuxed().map_err(|e| broken(&e, credentials.is_some()))?;
        let mut connection = Connection { demuxed, places, tracks: Vec::new(), early: VecDeque::new(), left_out };
        connection.wait_for_tracks(self, limit)?;
        Ok(connection)
    }

    /// What comes next; [`Broken`] when nothing does for `limit`.
    pub fn next(&self, connection: &mut Connection, limit: Duration) -> Result<Event, Broken> {
        if let Some(event) = connection.early.pop_front() {
            return Ok(event);
        }
        loop {
            let item = self.item(connection, limit)?;
            if let Some(event) = connection.event(item) {
                return Ok(event);
            }
        }
    }

    fn item(&self, connection: &mut Connection, limit: Duration) -> Result<CodecItem, Broken> {
        match self.within(limit, connection.demuxed.next())? {
            Some(Ok(item)) => Ok(item),
            Some(Err(e)) => Err(broken(&e, true)),
            None => Err(Broken::ForNow("the camera ended the connection".to_owned())),
        }
    }
}

impl Connection {
    /// The tracks, that of the camera's clock last.
    pub fn tracks(&self) -> &[TrackInfo] {
        &self.tracks
    }

    /// Some cameras tell with the first key frame only what their pictures are.
    fn wait_for_tracks(&mut self, line: &Line, limit: Duration) -> Result<(), Broken> {
        let until = Instant::now() + limit;
        loop {
            if let Some(tracks) = self.described() {
                self.tracks = tracks;
                return Ok(());
            }
            if Instant::now() > until || self.early.len() > MAX_EARLY {
                return Err(Broken::ForNow("no key frame came".to_owned()));
            }
            let item = line.item(self, limit)?;
            self.tracks = self.described().unwrap_or_default();
            if let Some(event) = self.event(item) {
                self.early.push_back(event);
            }
        }
    }

    fn described(&self) -> Option<Vec<TrackInfo>> {
        let streams = self.demuxed.streams().iter().zip(&self.places).filter(|(_, place)| place.is_some());
        let mut all = streams.map(|(stream, _)| tracks::info(stream)).collect::<Option<Vec<_>>>()?;
        all.push(tracks::clock());
        Some(all)
    }

    fn event(&mut self, item: CodecItem) -> Option<Event> {
        match item {
            CodecItem::VideoFrame(f) => {
                let track = (*self.places.get(f.stream_id())?)?;
                if f.has_new_parameters()
                    && let Some(now) = self.described()
                    && !self.tracks.is_empty()
                    && now != self.tracks
                {
                    self.tracks = now.clone();
                    self.early.push_back(Event::Packet(packet(track, f)));
                    return Some(Event::Changed(now));
                }
                Some(Event::Packet(packet(track, f)))
            }
            CodecItem::AudioFrame(f) => Some(Event::Packet(Packet {
                track: (*self.places.get(f.stream_id())?)?,
                pts: Some(f.timestamp().elapsed()),
                dts: Some(f.timestamp().elapsed()),
                duration: i64::from(f.frame_length().get()),
                key: true,
                corrupt: false,
                gap: f.loss() > 0,
                data: f.data().to_vec(),
            })),
            CodecItem::Rtcp(r) => {
                // the first video's clock: one is enough
                (*self.places.get(r.stream_id())? == Some(0)).then_some(())?;
                let time = r.rtp_timestamp()?;
                let report = r.pkts().next().map(PacketRef::as_sender_report)?.ok()??;
                let own_ns = i128::from(time.elapsed()) * 1_000_000_000 / i128::from(time.clock_rate().get());
                Some(Event::Clock(report.ntp_timestamp().0, i64::try_from(own_ns).ok()?))
            }
            _ => None,
        }
    }
}

fn packet(track: u16, f: retina::codec::VideoFrame) -> Packet {
    let pts = Some(f.timestamp().elapsed());
    let (key, gap) = (f.is_random_access_point(), f.loss() > 0);
    Packet { track, pts, dts: pts, duration: 0, key, corrupt: false, gap, data: f.into_data() }
}

/// The library's words, the first line of them: the others say ports and packet numbers.
fn broken(e: &retina::Error, had_credentials: bool) -> Broken {
    let words = e.to_string().lines().next().unwrap_or_default().to_owned();
    match e.status_code() {
        Some(401 | 403) if had_credentials => Broken::ForGood(
            "the camera refuses the name and the password".to_owned(),
            "check the file of --credentials, and that the user may see the video",
        ),
        Some(401 | 403) => Broken::ForGood(
            "the camera wants a name and a password".to_owned(),
            "put NAME:PASSWORD into a file that only you can read, and give it with --credentials FILE",
        ),
        Some(404) => Broken::ForGood(
            "the camera knows no such stream".to_owned(),
            "the camera's manual or ONVIF tells the paths of its streams",
        ),
        Some(461) => Broken::ForGood(
            "the camera does not speak over this transport".to_owned(),
            "try --transport tcp or --transport udp",
        ),
        _ => Broken::ForNow(words),
    }
}
