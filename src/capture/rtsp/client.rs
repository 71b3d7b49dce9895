//! The way to a camera: the runtime that retina needs, waiting that a signal ends, connecting and hanging up.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use retina::client::{
    Credentials as RtspCredentials, Described, InitialTimestampPolicy, PlayOptions, Session as RtspSession,
    SessionGroup, SessionOptions, SetupOptions, TcpTransportOptions, Transport as RtspTransport, UdpTransportOptions,
};
use retina::codec::{CodecItem, FrameFormat};
use tokio::runtime::{EnterGuard, Runtime};

use crate::base::Stop;
use crate::format::TrackKind;

use super::catch_panic::guarded;
use super::connection::{Connection, Event};
use super::live::KEY_FRAME;
use super::{Address, Broken, Credentials, Transport, memory, tracks};

/// How often the stop flag is looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// A camera is told that we go, but it may be the camera that went.
const GOODBYE: Duration = Duration::from_secs(1);

/// What all connections of a run share.
pub struct Line {
    runtime: Runtime,
    group: Arc<SessionGroup>,
    stop: Stop,
    /// When the stop flag was looked at.
    looked: Cell<Instant>,
}

/// How to connect.
pub struct Dial<'a> {
    pub address: &'a Address,
    pub credentials: Option<&'a Credentials>,
    pub transport: Transport,
    pub audio: bool,
    /// How long each step may take.
    pub limit: Duration,
}

impl Line {
    /// A line on which nothing is said yet. Errors: the system gives no sockets.
    pub fn new(stop: Stop) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        Ok(Line { runtime, group: Arc::default(), stop, looked: Cell::new(Instant::now()) })
    }

    /// Connections may be dropped while this is kept: retina then says goodbye in the background.
    pub fn open(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// What `work` gives within `limit`, unless a signal comes.
    fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Broken> {
        let begun = Instant::now();
        let waited = || {
            self.runtime.block_on(async {
                let mut work = std::pin::pin!(work);
                loop {
                    self.glance()?;
                    let left = limit.saturating_sub(begun.elapsed());
                    if let Ok(done) = tokio::time::timeout(left.min(GLANCE), &mut work).await {
                        return Ok(done);
                    }
                    if left.is_zero() {
                        return Err(Broken::ForNow(format!("nothing came for {} s", limit.as_secs_f64())));
                    }
                }
            })
        };
        guarded(waited).unwrap_or_else(|| Err(Broken::ForNow("what the camera sends makes no sense".to_owned())))
    }

    /// Looks, not more often than is of use, whether to go on.
    fn glance(&self) -> Result<(), Broken> {
        if self.looked.get().elapsed() < GLANCE {
            return Ok(());
        }
        self.looked.set(Instant::now());
        match (self.stop.is_set(), memory::is_exhausted()) {
            (true, _) => Err(Broken::Stopped),
            (false, true) => Err(Broken::ForNow("the camera sends something that does not end".to_owned())),
            (false, false) => Ok(()),
        }
    }

    /// Waits, unless a signal comes.
    pub fn pause(&self, time: Duration) -> Result<(), Broken> {
        self.within(time.saturating_add(GLANCE), tokio::time::sleep(time))
    }

    /// Connects and waits until the tracks are known.
    pub fn connect(&self, dial: &Dial<'_>) -> Result<Connection, Broken> {
        let (limit, known) = (dial.limit, dial.credentials.is_some());
        // retina keeps a copy of the password, which nobody wipes
        let credentials = dial
            .credentials
            .map(|c| RtspCredentials { username: c.name.clone(), password: c.password.as_str().to_owned() });
        let options = SessionOptions::default()
            .creds(credentials)
            .user_agent(concat!("vidveil/", env!("CARGO_PKG_VERSION")).to_owned())
            .session_group(Arc::clone(&self.group));
        let describe = RtspSession::describe(dial.address.0.clone(), options);
        let mut session = self.within(limit, describe)?.map_err(|e| Broken::by(&e, known))?;
        let (places, left_out) = choose(&session, dial.audio)?;
        for (i, _) in places.iter().enumerate().filter(|(_, place)| place.is_some()) {
            let transport = match dial.transport {
                Transport::Tcp => RtspTransport::Tcp(TcpTransportOptions::default()),
                Transport::Udp => RtspTransport::Udp(UdpTransportOptions::default()),
            };
            let options = SetupOptions::default().transport(transport).frame_format(FrameFormat::MP4);
            self.within(limit, session.setup(i, options))?.map_err(|e| Broken::by(&e, known))?;
        }
        // retina would refuse pictures out of order, too: Steady looks after the times
        let options = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Permissive);
        let playing = self.within(limit, session.play(options))?.map_err(|e| Broken::by(&e, known))?;
        let demuxed = playing.demuxed().map_err(|e| Broken::by(&e, known))?;
        let mut connection = Connection::new(demuxed, places, left_out);
        let playing = Instant::now();
        while !connection.is_described() {
            if playing.elapsed() > KEY_FRAME {
                return Err(Broken::ForNow("no key frame came".to_owned()));
            }
            let item = self.item(&mut connection, limit)?;
            connection.describe_by(item);
        }
        Ok(connection)
    }

    /// What comes next; [`Broken`] when nothing does for `limit`.
    pub fn next(&self, connection: &mut Connection, limit: Duration) -> Result<Event, Broken> {
        if let Some(event) = connection.kept() {
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

    fn item(&self, connection: &mut Connection, limit: Duration) -> Result<CodecItem, Broken> {
        match self.within(limit, connection.demuxed.next())? {
            Some(Ok(item)) => Ok(item),
            Some(Err(e)) => Err(Broken::by(&e, true)),
            None => Err(Broken::ForNow("the camera ended the connection".to_owned())),
        }
    }

    /// Ends a connection and tells the camera, which else would go on sending datagrams for a minute.
    pub fn hang_up(&self, connection: Connection) {
        drop(connection);
        let told = async { tokio::time::timeout(GOODBYE, self.group.await_teardown()).await };
        let _ = self.runtime.block_on(told);
    }
}

/// Which of the camera's streams becomes which track, and encodings that are left out.
fn choose(session: &RtspSession<Described>, audio: bool) -> Result<(Vec<Option<u16>>, Vec<String>), Broken> {
    let (mut places, mut left_out, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    for stream in session.streams() {
        let kind = tracks::codec(stream).map(|(kind, _)| kind);
        // what a sound is, a camera tells at once or never
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
    match kinds.contains(&TrackKind::Video) {
        true => Ok((places, left_out)),
        false => {
            let what = if left_out.is_empty() { "nothing".to_owned() } else { left_out.join(", ") };
            let what = format!("the camera sends no video that can be recorded, but {what}");
            Err(Broken::ForGood(what, "have the camera send H.264 or H.265"))
        }
    }
}
