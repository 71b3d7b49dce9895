//! Requests and their answers, as the camera has them and as retina does.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::base::text;

use super::addresses::Addresses;
use super::answers;
use super::authentication::Authentication;
use super::channels::Channels;
use super::datagrams::Datagrams;
use super::disconnect::{Disconnect, Refusal};
use super::keepalive::Keepalive;
use super::message::TextMessage;
use super::sdp::Description;
use super::seen::{Seen, Shared};
use super::sequence::Sequence;

/// Most media of a camera that are looked at: video, audio, metadata, each in some profiles.
const MAX_MEDIA: usize = 64;
/// Longest address of another camera that is repeated, in characters.
const LONGEST: usize = 200;
/// Answers to nothing, and requests, that a camera may send before it answers something.
const MAX_STRANGE: u32 = 16;
/// What is kept of packets that come before the answer to PLAY does.
const MAX_EARLY: usize = 4 << 20;
/// The session, as retina has it.
const SESSION: &str = "relay";

/// The conversation of one connection.
pub(super) struct Exchange {
    addresses: Addresses,
    authentication: Authentication,
    /// The request that is not answered yet.
    open: Option<Open>,
    /// Numbers of those that never were, as far as is known.
    unanswered: BTreeSet<u64>,
    /// Of the last request to the camera.
    number: u64,
    /// Answers to nothing, and requests, since the last answer.
    strange: u32,
    /// What the camera calls the session.
    session: Option<String>,
    /// The address of a stream that was set up.
    set_up: Option<String>,
    keepalive: Keepalive,
    is_playing: bool,
    /// Packets before the answer to PLAY.
    early: Vec<u8>,
    channels: Channels,
    datagrams: Datagrams,
    shared: Shared,
}

/// A request that waits for its answer.
struct Open {
    /// As it is sent, without authorization.
    request: TextMessage,
    /// What retina asked for: number, address and transport; nothing of what it does not wait for.
    retinas: Option<TextMessage>,
}

/// Nothing, or why the connection is over.
type Sent = Result<(), Disconnect>;

impl Exchange {
    /// `local` and `peer` are the ends of the connection to the camera.
    pub fn new(
        addresses: Addresses,
        authentication: Authentication,
        (local, peer): (IpAddr, IpAddr),
        shared: Shared,
    ) -> Self {
        Exchange {
            addresses,
            authentication,
            open: None,
            unanswered: BTreeSet::new(),
            number: 0,
            strange: 0,
            session: None,
            set_up: None,
            keepalive: Keepalive::new(),
            is_playing: false,
            early: Vec::new(),
            channels: Channels::default(),
            datagrams: Datagrams::new(local, peer, shared.clone()),
            shared,
        }
    }

    /// Sends a request of retina's; gives the answer that needs no camera.
    pub async fn request(
        &mut self,
        retinas: TextMessage,
        to_camera: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Option<TextMessage>, Disconnect> {
        let Some((method, uri)) = retinas.request() else { return Ok(None) };
        let is_keepalive = self.is_playing && ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].contains(&method);
        let mut request = retinas.clone();
        if is_keepalive {
            if let Some(open) = self.open.take_if(|open| open.retinas.is_none()) {
                let method = open.request.request().map_or("", |(method, _)| method);
                self.keepalive.answered(method, 0, "");
                self.unanswered.insert(self.number);
            }
            request.set_method(self.keepalive.method());
        }
        let is_setup = method == "SETUP";
        let uri = self.addresses.camera(uri);
        request.set_uri(&uri);
        request.set("User-Agent", concat!("vidveil/", env!("CARGO_PKG_VERSION")));
        request.remove("Session");
        if let Some(session) = &self.session {
            request.set("Session", session);
        }
        if is_setup {
            self.datagrams.ask(&mut request).await.map_err(|e| Disconnect::lost(&e))?;
        }
        self.authentication.begin();
        let open = Open { request, retinas: (!is_keepalive).then(|| retinas.clone()) };
        self.send_open(open, to_camera).await?;
        // it must not depend on what a camera thinks of keepalives whether it is recorded
        Ok(is_keepalive.then(|| retinas.answer("200 OK")))
    }

    async fn send_open(&mut self, open: Open, to_camera: &mut (impl AsyncWrite + Unpin)) -> Sent {
        self.number += 1;
        let mut request = open.request.clone();
        request.set("CSeq", &self.number.to_string());
        self.authentication.authorize(&mut request)?;
        self.open = Some(open);
        send(to_camera, &request.to_bytes()).await
    }

    /// The open request, if this is its answer. Some cameras give the number of the request before, or the next, or
    /// none.
    fn asked(&mut self, answer: &TextMessage) -> Option<Open> {
        let number = answer.value("CSeq").and_then(|number| number.trim().parse::<u64>().ok());
        let is_late = number.is_some_and(|number| self.unanswered.remove(&number));
        let is_ours = !is_late && number.is_none_or(|number| number <= self.number.saturating_add(1));
        self.open.take_if(|_| is_ours)
    }

    /// What retina gets of what the camera says; nothing where the camera is asked again.
    pub async fn answer(
        &mut self,
        mut answer: TextMessage,
        to_camera: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Option<TextMessage>, Disconnect> {
        let Some(status) = answer.status() else { return self.requested(&answer, to_camera).await };
        let Some(open) = self.asked(&answer) else {
            self.count_strange("the camera answers what was not asked")?;
            return Ok(None);
        };
        self.strange = 0;
        self.shared.saw(Seen::Answers);
        let Some(retinas) = &open.retinas else {
            self.keepalive_answered(open, status, &answer, to_camera).await?;
            return Ok(None);
        };
        if status == 401 && self.authentication.is_to_repeat(&answer)? {
            self.send_open(open, to_camera).await?;
            return Ok(None);
        }
        if (300..400).contains(&status) {
            let whither: String = answer.value("Location").unwrap_or_default().chars().take(LONGEST).collect();
            return Err(Disconnect::Refused(Refusal::Redirected(text::quoted(&whither))));
        }
        if (200..300).contains(&status) {
            self.authentication.succeeded();
            self.understand(&open.request, retinas, &mut answer).await?;
        }
        answer.set("CSeq", retinas.value("CSeq").unwrap_or_default());
        answer.fit(status, &["CSeq", "Session", "Transport", "RTP-Info", "Content-Type", "Content-Base"]);
        Ok(Some(answer))
    }

    /// A challenge is answered; whatever else the camera says of a keepalive, it plays.
    async fn keepalive_answered(
        &mut self,
        open: Open,
        status: u16,
        answer: &TextMessage,
        to_camera: &mut (impl AsyncWrite + Unpin),
    ) -> Sent {
        if status == 401 && self.authentication.is_to_repeat(answer).unwrap_or(false) {
            return self.send_open(open, to_camera).await;
        }
        let method = open.request.request().map_or("", |(method, _)| method);
        self.keepalive.answered(method, status, &answer.values("Public").collect::<Vec<_>>().join(","));
        Ok(())
    }

    /// A request of the camera's: it may ask whether we are there.
    async fn requested(
        &mut self,
        request: &TextMessage,
        to_camera: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Option<TextMessage>, Disconnect> {
        self.count_strange("the camera sends requests and no answer")?;
        let is_known = |(method, _): (&str, &str)| ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].contains(&method);
        let status = if request.request().is_some_and(is_known) { "200 OK" } else { "501 Not Implemented" };
        send(to_camera, &request.answer(status).to_bytes()).await?;
        Ok(None)
    }

    fn count_strange(&mut self, what: &str) -> Sent {
        self.strange += 1;
        if self.strange > MAX_STRANGE { Err(Disconnect::Lost(what.to_owned())) } else { Ok(()) }
    }

    /// Learns from an answer, and fits it to retina.
    async fn understand(&mut self, request: &TextMessage, retinas: &TextMessage, answer: &mut TextMessage) -> Sent {
        match request.request() {
            Some(("DESCRIBE", uri)) => {
                let media = answer.body.split(|b| *b == b'\n').filter(|line| line.starts_with(b"m=")).count();
                if media > MAX_MEDIA {
                    return Err(Disconnect::Lost(format!("the camera describes {media} media")));
                }
                let description = Description::parse(&answer.body);
                match (description.media.is_empty(), description.others.is_empty()) {
                    (true, true) => return Err(Disconnect::Lost("the camera describes no stream".to_owned())),
                    (true, false) => return Err(Refusal::NoVideo(description.others.join(", ")).into()),
                    (false, _) => {}
                }
                self.addresses.describe(&description, uri, answer);
                self.shared.left_out(description.others);
            }
            Some(("SETUP", uri)) => {
                let (session, seconds) = answers::session(answer);
                self.session = self.session.take().or(session);
                self.set_up = Some(uri.to_owned());
                answer.set("Session", &format!("{SESSION};timeout={seconds}"));
                self.set_up(retinas, answer).await?;
            }
            Some(("PLAY", _)) => {
                self.addresses.play(answer);
                self.is_playing = true;
                self.shared.saw(Seen::Plays);
            }
            _ => {}
        }
        Ok(())
    }

    /// The way that a stream takes.
    async fn set_up(&mut self, retinas: &TextMessage, answer: &mut TextMessage) -> Sent {
        let number = retinas.request().and_then(|(_, uri)| self.addresses.stream(uri));
        let stream = number.and_then(|number| Some((number, self.addresses.streams.get(number)?)));
        let (number, stream) = stream.ok_or_else(|| Disconnect::Lost("a stream of no number".to_owned()))?;
        let asked = answers::channels(retinas);
        let sequence = Sequence::new(stream.encoding.clone(), stream.payload_types.clone(), asked.is_none());
        self.shared.add_breaks(number, sequence.breaks.clone());
        let Some(asked) = asked else {
            return self.datagrams.begin(answer, Ipv4Addr::LOCALHOST, sequence).await.map_err(|e| Disconnect::lost(&e));
        };
        if answers::is_datagrams(answer) {
            return Err(Refusal::Transport.into());
        }
        self.channels.add(answers::channels(answer).unwrap_or(asked), asked.0, sequence);
        answer.set("Transport", &format!("RTP/AVP/TCP;unicast;interleaved={}-{}", asked.0, asked.1));
        Ok(())
    }

    /// Whether what answers is a camera: it described its streams.
    pub fn is_camera(&self) -> bool {
        self.addresses.aggregate().is_some()
    }

    /// What retina gets of packets inside of the connection. Those that come before the answer to PLAY are kept for it.
    pub fn packets(&mut self, packets: &[u8]) -> Vec<u8> {
        if !self.is_playing {
            let is_asked = |open: &Open| open.request.request().is_some_and(|(method, _)| method == "PLAY");
            let is_early = self.open.as_ref().is_some_and(is_asked);
            if is_early && self.early.len().saturating_add(packets.len()) <= MAX_EARLY {
                self.early.extend_from_slice(packets);
            }
            return Vec::new();
        }
        let mut all = std::mem::take(&mut self.early);
        all.extend_from_slice(packets);
        let translated = self.channels.translate(&all);
        if self.channels.came > 0 {
            self.shared.saw(Seen::Packets);
        }
        translated
    }

    /// The request that ends the session, if there is one.
    pub fn goodbye(&self) -> Option<TextMessage> {
        self.set_up.as_ref()?;
        Some(TextMessage::new(format!("TEARDOWN {} RTSP/1.0", self.addresses.aggregate()?)))
    }
}

/// Writes all of it, at once.
pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Sent {
    let written = async {
        to.write_all(bytes).await?;
        to.flush().await
    };
    written.await.map_err(|e| Disconnect::lost(&e))
}
