//! Between the camera and retina: TLS, authentication, and the bounds that retina does not have.
//!
//! retina connects itself, in plain TCP, answers whatever challenge comes, and reads what does not end. So it is
//! connected to a relay in this process, over the loopback interface, which takes one connection and knows by a random
//! number that it is ours. The relay speaks with the camera: addresses, challenges and numbers of requests are the
//! camera's there, and no password is on this side.

use std::net::Ipv4Addr;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use crate::base::{random_id, text};

use super::address::{Address, Credentials};
use super::addresses::Addresses;
use super::authentication::Authentication;
use super::disconnect::Disconnect;
use super::exchange::{Exchange, send};
use super::message::{Message, TextMessage};
use super::message_reader::MessageReader;
use super::seen::{Seen, Shared};
use super::tls::Tls;

/// Connections of others to the relay that are listened to at once.
const MAX_STRANGERS: usize = 64;

/// Both directions of a connection to a camera.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What a relay needs to know.
pub(super) struct RelayOptions<'a> {
    pub address: &'a Address,
    pub credentials: Option<&'a Credentials>,
    pub allow_basic: bool,
    pub tls: Option<&'a Tls>,
}

/// A relay that waits for retina, or works for it.
pub(super) struct Relay {
    /// Where retina finds it.
    pub url: Url,
    /// By what it knows retina.
    pub user_agent: String,
    /// What it tells.
    pub shared: Shared,
    task: JoinHandle<()>,
}

impl Relay {
    /// Connects to the camera, and waits for retina in the background.
    ///
    /// # Errors
    ///
    /// There is nobody at the address, or with a certificate that is not to be believed.
    pub async fn open(options: &RelayOptions<'_>, shared: Shared) -> Result<Self, Disconnect> {
        let address = options.address;
        let tcp = TcpStream::connect((address.host(), address.port())).await.map_err(|e| Disconnect::lost(&e))?;
        shared.saw(Seen::Somebody);
        // requests are small, and each waits for its answer
        tcp.set_nodelay(true).map_err(|e| Disconnect::lost(&e))?;
        let (peer, local) = (tcp.peer_addr(), tcp.local_addr());
        let (peer, local) = peer.and_then(|peer| Ok((peer.ip(), local?.ip()))).map_err(|e| Disconnect::lost(&e))?;
        let camera: Box<dyn Wire> = match options.tls {
            Some(tls) => Box::new(tls.begin(address, tcp).await?),
            None => Box::new(tcp),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|e| Disconnect::lost(&e))?;
        let port = listener.local_addr().map_err(|e| Disconnect::lost(&e))?.port();
        let here = format!("rtsp://{}:{port}", Ipv4Addr::LOCALHOST);
        let url = Url::parse(&format!("{here}{}", address.path())).map_err(|e| Disconnect::lost(&e))?;
        let number = text::hex(&random_id().map_err(|e| Disconnect::lost(&e))?);
        let user_agent = format!("vidveil {number}");
        let authentication = Authentication::new(options.credentials.cloned(), options.allow_basic);
        let addresses = Addresses::new(here, address.origin().to_owned());
        let exchange = Exchange::new(addresses, authentication, (local, peer), shared.clone());
        let (told, known_by) = (shared.clone(), user_agent.clone());
        let task = tokio::spawn(async move {
            if let Err(why) = relay(camera, listener, &known_by, exchange).await {
                told.end(why);
            }
        });
        Ok(Relay { url, user_agent, shared, task })
    }

    /// Waits until it has said goodbye to the camera, which it does when retina is gone.
    pub async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// retina's connection, with its first request.
type Accepted = (MessageReader<OwnedReadHalf>, OwnedWriteHalf, TextMessage);

/// Waits for the connection that is ours. Those of others are closed when they have said something else, and in any
/// case when ours is there.
async fn accept(listener: TcpListener, user_agent: &str) -> std::io::Result<Accepted> {
    let mut all = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if all.len() < MAX_STRANGERS => {
                all.push(introduction(accepted?.0, user_agent));
            }
            Some(own) = all.next() => if let Some(own) = own { return Ok(own) },
        }
    }
}

/// A connection that begins as ours does.
async fn introduction(stream: TcpStream, user_agent: &str) -> Option<Accepted> {
    stream.set_nodelay(true).ok()?;
    let (read, write) = stream.into_split();
    let mut reader = MessageReader::new(read);
    match reader.next().await {
        Ok(Some(Message::Text(first))) if first.value("User-Agent") == Some(user_agent) => Some((reader, write, first)),
        _ => None,
    }
}

/// Carries messages until one side ends the connection.
async fn relay(
    camera: Box<dyn Wire>,
    listener: TcpListener,
    user_agent: &str,
    mut exchange: Exchange,
) -> Result<(), Disconnect> {
    let (mut requests, mut to_retina, first) = accept(listener, user_agent).await.map_err(|e| Disconnect::lost(&e))?;
    let (from_camera, mut to_camera) = tokio::io::split(camera);
    let mut answers = MessageReader::new(from_camera);
    exchange.request(first, &mut to_camera).await?;
    loop {
        let for_retina = tokio::select! {
            request = requests.next() => match request {
                Ok(Some(Message::Text(request))) => match exchange.request(request, &mut to_camera).await? {
                    Some(answer) => answer.to_bytes(),
                    None => continue,
                },
                // retina sends none
                Ok(Some(Message::Packets(_))) => continue,
                // retina is gone
                Ok(None) | Err(_) => break,
            },
            answer = answers.next() => match answer.map_err(|e| Disconnect::lost(&e))? {
                Some(Message::Text(answer)) => match exchange.answer(answer, &mut to_camera).await? {
                    Some(answer) => {
                        if exchange.is_camera() {
                            answers.be_patient();
                        }
                        [answer.to_bytes(), exchange.packets(&[])].concat()
                    }
                    None => continue,
                },
                Some(Message::Packets(packets)) => exchange.packets(&packets),
                // retina finds out, and says so
                None => return Ok(()),
            }
        };
        // retina is gone
        if send(&mut to_retina, &for_retina).await.is_err() {
            break;
        }
    }
    drop(to_retina);
    let Some(goodbye) = exchange.goodbye() else { return Ok(()) };
    exchange.request(goodbye, &mut to_camera).await?;
    while let Ok(Some(message)) = answers.next().await {
        if let Message::Text(answer) = message
            && exchange.answer(answer, &mut to_camera).await?.is_some()
        {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn strangers_are_not_taken_for_retina() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let at = listener.local_addr().unwrap();
            let mut strangers = Vec::new();
            for says in ["", "$\u{1}\0\u{1}a", "OPTIONS * RTSP/1.0\r\nUser-Agent: vidveil 8\r\n\r\n", "no RTSP\r\n\r\n"]
            {
                let mut stranger = TcpStream::connect(at).await.unwrap();
                stranger.write_all(says.as_bytes()).await.unwrap();
                strangers.push(stranger);
            }
            let mut ours = TcpStream::connect(at).await.unwrap();
            ours.write_all(b"OPTIONS * RTSP/1.0\r\nUser-Agent: vidveil 7\r\nCSeq: 5\r\n\r\n").await.unwrap();
            let (_reader, mut writer, first) = accept(listener, "vidveil 7").await.unwrap();
            assert_eq!(first.value("CSeq"), Some("5"));
            writer.write_all(b"for retina").await.unwrap();
            drop(writer);
            let mut told = String::new();
            ours.read_to_string(&mut told).await.unwrap();
            assert_eq!(told, "for retina");
            for mut stranger in strangers {
                let mut told = Vec::new();
                let _ = stranger.read_to_end(&mut told).await;
                assert!(told.is_empty(), "a stranger was answered");
            }
            assert!(TcpStream::connect(at).await.is_err(), "nobody else is listened to");
        });
    }
}
