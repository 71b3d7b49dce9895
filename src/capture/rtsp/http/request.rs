//! A request, with proof of the password where it is asked for.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use url::Url;

use crate::base::text;

use super::super::address::{Address, Credentials};
use super::super::authentication::Authentication;
use super::super::disconnect::{Disconnect, Refusal};
use super::super::message::TextMessage;
use super::super::message_reader::MessageReader;
use super::super::relay::{RelayOptions, Wire};
use super::super::seen::{Seen, Shared};
use super::Body;

/// Redirections that are followed: within the camera only.
const MAX_REDIRECTIONS: u32 = 3;
/// Longest address of another camera that is repeated, in characters.
const LONGEST: usize = 200;

/// What a camera answered.
pub(in super::super) struct Answer {
    /// The type of what follows, in lower case, without parameters.
    pub content_type: String,
    /// What follows.
    pub body: Body,
}

/// What is sent with a request.
pub(in super::super) struct Content {
    /// The value of the header Content-Type.
    pub kind: &'static str,
    /// Not empty.
    pub bytes: Vec<u8>,
}

/// Asks for the video at the address.
///
/// # Errors
///
/// There is nobody, with a certificate that is not to be believed, who refuses, or who is elsewhere.
pub(in super::super) async fn get(options: &RelayOptions<'_>, shared: &Shared) -> Result<Answer, Disconnect> {
    send(options, None, shared).await
}

/// Sends content to the address, without TLS. An answer that refuses it in its own words is one.
///
/// # Errors
///
/// As of [`get`].
pub(in super::super) async fn post(
    address: &Address,
    credentials: Option<&Credentials>,
    content: Content,
    shared: &Shared,
) -> Result<Answer, Disconnect> {
    let options = RelayOptions { address, credentials, allow_basic: false, tls: None };
    send(&options, Some(content), shared).await
}

async fn send(options: &RelayOptions<'_>, content: Option<Content>, shared: &Shared) -> Result<Answer, Disconnect> {
    let method = if content.is_some() { "POST" } else { "GET" };
    let mut authentication = Authentication::new(options.credentials.cloned(), options.allow_basic);
    let mut path = options.address.request_target();
    let mut redirections = 0;
    authentication.begin();
    loop {
        let mut wire = connect(options).await?;
        shared.saw(Seen::Somebody);
        let mut request = TextMessage::new(format!("{method} {path} HTTP/1.1"));
        request.set("Host", options.address.authority());
        request.set("User-Agent", concat!("vidveil/", env!("CARGO_PKG_VERSION")));
        request.set("Accept", "*/*");
        request.set("Connection", "close");
        if let Some(content) = &content {
            request.set("Content-Type", content.kind);
            request.body.clone_from(&content.bytes);
        }
        authentication.authorize(&mut request)?;
        wire.write_all(&request.to_bytes()).await.map_err(|e| Disconnect::lost(&e))?;
        wire.flush().await.map_err(|e| Disconnect::lost(&e))?;
        let mut reader = MessageReader::http(wire);
        let head = reader.head().await.map_err(|e| Disconnect::lost(&e))?;
        shared.saw(Seen::Answers);
        match head.status().unwrap_or(0) {
            status if (200..300).contains(&status) || (content.is_some() && matches!(status, 400 | 500)) => {
                shared.saw(Seen::Plays);
                let content_type = head.value("Content-Type").unwrap_or_default().to_ascii_lowercase();
                let content_type = content_type.split(';').next().unwrap_or_default().trim().to_owned();
                let (wire, rest) = reader.into_parts();
                return Ok(Answer { content_type, body: Body::new(wire, &head, rest) });
            }
            401 if authentication.is_to_repeat(&head)? => {}
            401 | 403 => return Err(Refusal::WrongPassword.into()),
            404 | 410 => return Err(Refusal::NoSuchStream.into()),
            300..=399 => {
                let whither = head.value("Location").unwrap_or_default();
                redirections += 1;
                path =
                    within(options.address, &path, whither).filter(|_| redirections <= MAX_REDIRECTIONS).ok_or_else(
                        || Refusal::Redirected(text::quoted(&whither.chars().take(LONGEST).collect::<String>())),
                    )?;
            }
            status => return Err(Disconnect::Lost(format!("the camera answers with status {status}"))),
        }
    }
}

/// A connection to the camera.
async fn connect(options: &RelayOptions<'_>) -> Result<Box<dyn Wire>, Disconnect> {
    let address = options.address;
    let tcp = TcpStream::connect((address.host(), address.port())).await.map_err(|e| Disconnect::lost(&e))?;
    Ok(match options.tls {
        Some(tls) => Box::new(tls.begin(address, tcp).await?),
        None => Box::new(tcp),
    })
}

/// The path of a redirection that stays with the camera.
fn within(address: &Address, path: &str, whither: &str) -> Option<String> {
    let here = Url::parse(&format!("{}{path}", address.origin())).ok()?;
    let there = here.join(whither).ok().filter(|_| !whither.is_empty())?;
    (there.origin() == here.origin()).then(|| {
        let query = there.query().map_or(String::new(), |query| format!("?{query}"));
        format!("{}{query}", there.path())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_leads_nowhere_else() {
        let address: Address = "http://gate/a/b?c".parse().unwrap();
        for (whither, is) in [
            ("/x?y", Some("/x?y")),
            ("x", Some("/a/x")),
            ("http://gate:80/x", Some("/x")),
            ("https://gate/x", None),
            ("http://gate:8080/x", None),
            ("http://other/x", None),
            ("//other/x", None),
            ("", None),
        ] {
            assert_eq!(within(&address, "/a/b?c", whither).as_deref(), is, "{whither}");
        }
    }
}
