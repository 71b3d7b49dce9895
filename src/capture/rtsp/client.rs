//! An RTSP client: the runtime that retina needs, connecting, waiting that a request to stop ends, disconnecting.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use retina::client::{
    Demuxed, Described, InitialTimestampPolicy, PlayOptions, Session as RtspSession, SessionOptions, SetupOptions,
    TcpTransportOptions, TeardownPolicy, Transport as RtspTransport, UdpTransportOptions,
};
use retina::codec::{CodecItem, FrameFormat};
use tokio::runtime::{EnterGuard, Runtime};

use crate::base::{Stop, text};
use crate::format::TrackKind;

use super::address::{Address, Credentials};
use super::catch_panic::catch_panic;
use super::connection::{Connection, Event};
use super::disconnect::{Disconnect, Refusal};
use super::http::{self, Body, Pictures};
use super::relay::{Relay, RelayOptions};
use super::seen::Shared;
use super::source::Source;
use super::tls::Tls;
use super::tracks;

/// Within this comes a key frame, even from cameras that save them.
pub(super) const KEY_FRAME: Duration = Duration::from_secs(60);
/// How often the request to stop is polled.
const POLL: Duration = Duration::from_millis(100);
/// For the goodbye to a camera, which may have gone itself.
const GOODBYE: Duration = Duration::from_secs(1);
/// Resident kB of this process beyond which a connection is given up: several of the largest pictures. retina keeps
/// what it has of a message and of a picture until the last byte of it came, and a camera that is broken, or not a
/// camera, need never send one.
const MAX_RESIDENT_KB: u64 = 512 << 10;

/// How packets travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Inside of the RTSP connection: nothing is lost
    #[default]
    Tcp,
    /// Datagrams: losses are marked
    Udp,
}

/// What all connections of a run share.
pub(super) struct Client {
    runtime: Runtime,
    stop: Stop,
    /// When the request to stop was polled.
    polled: Cell<Instant>,
}

/// How to connect.
pub(super) struct ConnectOptions<'a> {
    pub address: &'a Address,
    pub credentials: Option<&'a Credentials>,
    pub allow_basic: bool,
    pub tls: Option<&'a Tls>,
    pub transport: Transport,
    pub audio: bool,
    /// How long each step may take.
    pub limit: Duration,
}

impl Client {
    /// A client without a connection. Errors: the system gives no sockets.
    pub fn new(stop: Stop) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        Ok(Client { runtime, stop, polled: Cell::new(Instant::now()) })
    }

    /// Connections may be dropped while the value lives.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// What `work` gives within `limit`, unless a request to stop comes.
    pub fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Disconnect> {
        let begun = Instant::now();
        let waited = || {
            self.runtime.block_on(async {
                let mut work = std::pin::pin!(work);
                loop {
                    self.poll()?;
                    let left = limit.saturating_sub(begun.elapsed());
                    if let Ok(done) = tokio::time::timeout(left.min(POLL), &mut work).await {
                        return Ok(done);
                    }
                    if left.is_zero() {
                        return Err(Disconnect::Lost(format!(
                            "nothing came for {} s",
                            (limit.as_secs_f64() * 10.0).round() / 10.0
                        )));
                    }
                }
            })
        };
        catch_panic(waited).unwrap_or_else(|| Err(Disconnect::Lost("what the camera sends makes no sense".to_owned())))
    }

    /// Whether to go on; asks no more often than is of use.
    fn poll(&self) -> Result<(), Disconnect> {
        if self.polled.get().elapsed() < POLL {
            return Ok(());
        }
        self.polled.set(Instant::now());
        if self.stop.is_set() {
            return Err(Disconnect::Stopped);
        }
        if is_memory_exhausted() {
            return Err(Disconnect::Lost("the camera sends something that does not end".to_owned()));
        }
        Ok(())
    }

    /// Waits, unless a request to stop comes.
    pub fn pause(&self, time: Duration) -> Result<(), Disconnect> {
        self.within(time.saturating_add(POLL), tokio::time::sleep(time))
    }

    /// Connects and waits until the tracks are known. `shared` has how far it went, in any case.
    pub fn connect(&self, options: &ConnectOptions<'_>, shared: &Shared) -> Result<Source, Disconnect> {
        let ConnectOptions { address, credentials, allow_basic, tls, .. } = *options;
        let relay_options = RelayOptions { address, credentials, allow_basic, tls };
        if address.is_http() {
            return self.connect_http(&relay_options, options.limit, shared);
        }
        let relay = self.within(options.limit, Relay::open(&relay_options, shared.clone()))??;
        let (demuxed, places, left_out) = match self.play(&relay, options) {
            Ok(playing) => playing,
            Err(e) => {
                let why = because(&relay, e);
                self.goodbye(relay);
                return Err(why);
            }
        };
        let left_out = [left_out, relay.shared.take_left_out()].concat();
        let mut connection = Connection::new(demuxed, relay, places, left_out);
        let described = self.describe(&mut connection, options.limit);
        if let Err(e) = described {
            self.disconnect(Source::Rtsp(Box::new(connection)));
            return Err(e);
        }
        Ok(Source::Rtsp(Box::new(connection)))
    }

    /// Connects to a camera that speaks HTTP, and waits for a first picture where it sends pictures.
    fn connect_http(&self, options: &RelayOptions<'_>, limit: Duration, shared: &Shared) -> Result<Source, Disconnect> {
        let answer = self.within(limit, http::get(options, shared))??;
        match answer.content_type.as_str() {
            "multipart/x-mixed-replace" | "multipart/mixed" => {
                let mut pictures = Pictures::new(answer.body, shared.clone());
                self.within(limit, pictures.first())??;
                Ok(Source::Pictures(Box::new(pictures)))
            }
            kind if kind.starts_with("text/") || kind.starts_with("image/") || kind.contains("json") => {
                let kind: String = kind.chars().take(60).collect();
                Err(Refusal::NoVideo(text::printable(&kind)).into())
            }
            _ => Ok(Source::Container(answer.body)),
        }
    }

    /// What comes next of a container.
    pub fn next_bytes(&self, body: &mut Body, limit: Duration) -> Result<Vec<u8>, Disconnect> {
        let ended = match self.within(limit, body.next())?? {
            Some(bytes) => return Ok(bytes),
            None if body.is_whole() => "the camera sent all that it announced (Content-Length)",
            None => "the camera ended the connection",
        };
        Err(Disconnect::Lost(ended.to_owned()))
    }

    /// Has the camera play.
    fn play(&self, relay: &Relay, options: &ConnectOptions<'_>) -> Result<Playing, Disconnect> {
        let (limit, known) = (options.limit, options.credentials.is_some());
        // the relay says goodbye
        let session_options =
            SessionOptions::default().user_agent(relay.user_agent.clone()).teardown(TeardownPolicy::Never);
        let describe = RtspSession::describe(relay.url.clone(), session_options);
        let mut session = self.within(limit, describe)?.map_err(|e| Disconnect::by(&e, known))?;
        let (places, left_out) = choose(&session, options.audio)?;
        for (i, _) in places.iter().enumerate().filter(|(_, place)| place.is_some()) {
            let transport = match options.transport {
                Transport::Tcp => RtspTransport::Tcp(TcpTransportOptions::default()),
                Transport::Udp => RtspTransport::Udp(UdpTransportOptions::default()),
            };
            let setup = SetupOptions::default().transport(transport).frame_format(FrameFormat::MP4);
            self.within(limit, session.setup(i, setup))?.map_err(|e| Disconnect::by(&e, known))?;
        }
        // retina would refuse pictures out of order, too: Steady checks the times
        let play = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Permissive);
        let playing = self.within(limit, session.play(play))?.map_err(|e| Disconnect::by(&e, known))?;
        let demuxed = playing.demuxed().map_err(|e| Disconnect::by(&e, known))?;
        Ok((demuxed, places, left_out))
    }

    /// Waits until the tracks are known.
    fn describe(&self, connection: &mut Connection, limit: Duration) -> Result<(), Disconnect> {
        let playing = Instant::now();
        while !connection.is_described() {
            if playing.elapsed() > KEY_FRAME {
                let what = match connection.pictures {
                    true => "pictures came, and nothing that says how to decode them (no parameter sets)",
                    false => "no picture came",
                };
                return Err(Disconnect::Lost(what.to_owned()));
            }
            let item = self.item(connection, limit)?;
            connection.describe_by(item);
        }
        Ok(())
    }

    /// What comes next; [`Disconnect::Lost`] when nothing does for `limit`.
    pub fn next(&self, source: &mut Source, limit: Duration) -> Result<Event, Disconnect> {
        let connection = match source {
            Source::Rtsp(connection) => connection.as_mut(),
            Source::Pictures(pictures) => return self.within(limit, pictures.next())?,
            Source::Container(_) => return Err(Disconnect::Lost("it is read elsewhere".to_owned())),
        };
        if let Some(event) = connection.take_kept() {
            return Ok(event);
        }
        let begun = Instant::now();
        loop {
            let item = self.item(connection, limit.saturating_sub(begun.elapsed()))?;
            if let Some(event) = connection.event(item) {
                return Ok(event);
            }
        }
    }

    fn item(&self, connection: &mut Connection, limit: Duration) -> Result<CodecItem, Disconnect> {
        let begun = Instant::now();
        let ended = loop {
            break match self.within(limit.saturating_sub(begun.elapsed()), connection.demuxed.next()) {
                Ok(Some(Ok(item))) => return Ok(item),
                Ok(Some(Err(e))) if connection.survives(&e) => continue,
                Ok(Some(Err(e))) => Disconnect::by(&e, true),
                Ok(None) => Disconnect::Lost("the camera ended the connection".to_owned()),
                Err(e) => e,
            };
        };
        Err(because(&connection.relay, ended))
    }

    /// Ends a connection and notifies the camera, which otherwise would send datagrams for another minute.
    pub fn disconnect(&self, source: Source) {
        let Source::Rtsp(connection) = source else { return };
        let Connection { demuxed, relay, .. } = *connection;
        drop(demuxed);
        self.goodbye(relay);
    }

    /// Lets the relay end, now that retina is gone.
    fn goodbye(&self, mut relay: Relay) {
        let _ = self.runtime.block_on(async { tokio::time::timeout(GOODBYE, relay.ended()).await });
    }
}

/// What retina needs for playing: the camera's streams, which of them become tracks, and which are left out.
type Playing = (Demuxed, Vec<Option<u16>>, Vec<String>);

/// Why a connection ended: the relay knows better than retina, which only finds its own end closed.
fn because(relay: &Relay, e: Disconnect) -> Disconnect {
    match e {
        Disconnect::Stopped => e,
        e => relay.shared.reason().unwrap_or(e),
    }
}

/// Which of the camera's streams becomes which track, and encodings that are left out.
fn choose(session: &RtspSession<Described>, audio: bool) -> Result<(Vec<Option<u16>>, Vec<String>), Disconnect> {
    let (mut places, mut left_out, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    for stream in session.streams() {
        let kind = tracks::codec(stream).map(|(kind, _)| kind);
        // an encoding of sound is described at once or never
        let known = kind == Some(TrackKind::Video) || stream.parameters().is_some();
        places.push(match kind {
            Some(kind) if known && !kinds.contains(&kind) && (audio || kind == TrackKind::Video) => {
                kinds.push(kind);
                u16::try_from(kinds.len() - 1).ok()
            }
            Some(TrackKind::Audio) if !audio => None,
            _ => {
                left_out.push(format!("{} {}", stream.media(), stream.encoding_name()));
                None
            }
        });
    }
    if kinds.contains(&TrackKind::Video) {
        return Ok((places, left_out));
    }
    let others = if left_out.is_empty() { "nothing".to_owned() } else { left_out.join(", ") };
    Err(Disconnect::Refused(Refusal::NoVideo(others)))
}

/// Whether the camera made this process use more memory than [`MAX_RESIDENT_KB`].
fn is_memory_exhausted() -> bool {
    // proc_pid_status(5); elsewhere than on Linux it is not known
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    resident.is_some_and(|kb: u64| kb > MAX_RESIDENT_KB)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_test_uses_less_memory() {
        assert!(!super::is_memory_exhausted());
    }
}
