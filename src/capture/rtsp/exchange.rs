//! Requests and their answers, as the camera has them and as retina does.

use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::base::text;

use super::authentication::Authentication;
use super::datagrams::Datagrams;
use super::disconnect::{Disconnect, Refusal};
use super::message::TextMessage;

/// Most media of a camera that are looked at: video, audio, metadata, each in some profiles.
const MAX_MEDIA: usize = 64;
/// Longest address of another camera that is repeated, in characters.
const LONGEST: usize = 200;

/// The conversation of one connection.
pub(super) struct Exchange {
    /// What addresses of the camera begin with, for retina and for the camera.
    here: String,
    there: String,
    authentication: Authentication,
    /// The request that is not answered yet.
    open: Option<Open>,
    /// Of the last request to the camera.
    number: u64,
    /// Value of the header Session, and the URI of the last request with it.
    session: Option<(String, String)>,
    datagrams: Datagrams,
}

/// A request that waits for its answer.
struct Open {
    /// As it is sent, without authorization.
    request: TextMessage,
    /// Its number as retina has it.
    retinas: String,
}

impl Exchange {
    /// `here` and `there` are scheme, host and port as retina has them and as the camera does, `local` and `peer` are
    /// the ends of the connection to it.
    pub fn new(here: String, there: String, authentication: Authentication, local: IpAddr, peer: IpAddr) -> Self {
        let datagrams = Datagrams::new(local, peer);
        Exchange { here, there, authentication, open: None, number: 0, session: None, datagrams }
    }

    /// Sends a request of retina's.
    pub async fn request(&mut self, mut request: TextMessage, to_camera: &mut (impl AsyncWrite + Unpin)) -> Sent {
        let Some((method, uri)) = request.request() else { return Ok(()) };
        let is_setup = method == "SETUP";
        let uri = match uri.strip_prefix(&self.here) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => format!("{}{rest}", self.there),
            _ => uri.to_owned(),
        };
        request.set_uri(&uri);
        request.set("User-Agent", concat!("vidveil/", env!("CARGO_PKG_VERSION")));
        if let Some(session) = request.value("Session") {
            self.session = Some((session.to_owned(), uri));
        }
        if is_setup {
            self.datagrams.ask(&mut request).await.map_err(|e| Disconnect::lost(&e))?;
        }
        let retinas = request.value("CSeq").unwrap_or_default().to_owned();
        self.authentication.begin();
        self.send_open(Open { request, retinas }, to_camera).await
    }

    async fn send_open(&mut self, open: Open, to_camera: &mut (impl AsyncWrite + Unpin)) -> Sent {
        self.number += 1;
        let mut request = open.request.clone();
        request.set("CSeq", &self.number.to_string());
        self.authentication.authorize(&mut request)?;
        self.open = Some(open);
        send(to_camera, &request.to_bytes()).await
    }

    /// What retina gets of what the camera says; nothing where the camera is asked again.
    pub async fn answer(
        &mut self,
        mut answer: TextMessage,
        to_camera: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Option<TextMessage>, Disconnect> {
        // a request of the camera's
        let Some(status) = answer.status() else { return Ok(Some(answer)) };
        let open = self.open.take().filter(|_| answer.value("CSeq") == Some(self.number.to_string().as_str()));
        let Some(open) = open else { return Err(Disconnect::Lost("the camera answers what was not asked".to_owned())) };
        if status == 401 && self.authentication.is_to_repeat(&answer)? {
            self.send_open(open, to_camera).await?;
            return Ok(None);
        }
        if (300..400).contains(&status) {
            let whither: String = answer.value("Location").unwrap_or_default().chars().take(LONGEST).collect();
            return Err(Disconnect::Refused(Refusal::Redirected(text::quoted(&whither))));
        }
        answer.set("CSeq", &open.retinas);
        if (200..300).contains(&status) {
            self.understand(&open.request, &mut answer).await?;
        }
        Ok(Some(answer))
    }

    /// Learns from an answer, and fits it to retina.
    async fn understand(&mut self, request: &TextMessage, answer: &mut TextMessage) -> Sent {
        match request.request() {
            Some(("DESCRIBE", uri)) => {
                let media = answer.body.split(|b| *b == b'\n').filter(|line| line.starts_with(b"m=")).count();
                if media > MAX_MEDIA {
                    return Err(Disconnect::Lost(format!("the camera describes {media} media")));
                }
                // otherwise retina took its own address for the base of the camera's
                if answer.value("Content-Base").or(answer.value("Content-Location")).is_none() {
                    answer.set("Content-Base", uri);
                }
            }
            Some(("SETUP", uri)) => {
                if let Some(session) = answer.value("Session").and_then(|value| value.split(';').next()) {
                    self.session = Some((session.to_owned(), uri.to_owned()));
                }
                self.datagrams.begin(answer, Ipv4Addr::LOCALHOST).await.map_err(|e| Disconnect::lost(&e))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The request that ends the session, if there is one.
    pub fn goodbye(&self) -> Option<TextMessage> {
        let (session, uri) = self.session.as_ref()?;
        let mut request = TextMessage::new(format!("TEARDOWN {uri} RTSP/1.0"));
        request.set("Session", session);
        Some(request)
    }
}

/// Nothing, or why the connection is over.
type Sent = Result<(), Disconnect>;

/// Writes all of it, at once.
pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Sent {
    let written = async {
        to.write_all(bytes).await?;
        to.flush().await
    };
    written.await.map_err(|e| Disconnect::lost(&e))
}
