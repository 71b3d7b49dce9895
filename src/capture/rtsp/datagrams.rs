//! Packets that travel as datagrams (RFC 2326, 12.39): retina has its ports, the camera has ours, and between both they
//! are passed on as they come. They are taken from the camera's address alone.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::base::lock;

use super::message::TextMessage;
use super::seen::{Seen, Shared};
use super::sequence::Sequence;

/// How often a pair of ports next to each other is looked for.
const ATTEMPTS: usize = 100;
/// The longest datagram.
const MAX_DATAGRAM: usize = 64 << 10;

/// For packets and for reports, at ports next to each other.
struct Pair {
    packets: UdpSocket,
    reports: UdpSocket,
    port: u16,
}

impl Pair {
    async fn bind(ip: IpAddr) -> io::Result<Pair> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..ATTEMPTS {
            let packets = UdpSocket::bind((ip, 0)).await?;
            let port = packets.local_addr()?.port();
            // the first one is even (RFC 3550, 11)
            if !port.is_multiple_of(2) {
                continue;
            }
            match UdpSocket::bind((ip, port + 1)).await {
                Ok(reports) => return Ok(Pair { packets, reports, port }),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    async fn connect(&self, ip: IpAddr, port: u16) -> io::Result<()> {
        self.packets.connect(SocketAddr::new(ip, port)).await?;
        let next = port.checked_add(1).ok_or(io::ErrorKind::InvalidData)?;
        self.reports.connect(SocketAddr::new(ip, next)).await
    }
}

/// All datagrams of a connection.
pub(super) struct Datagrams {
    /// The ends of the connection to the camera.
    local: IpAddr,
    peer: IpAddr,
    /// Ours for the stream that is being set up, with retina's port.
    next: Option<(Pair, u16)>,
    /// They end with the connection.
    passing: JoinSet<()>,
    shared: Shared,
}

impl Datagrams {
    /// None yet; `local` and `peer` are the ends of the connection to the camera.
    pub fn new(local: IpAddr, peer: IpAddr, shared: Shared) -> Self {
        Datagrams { local, peer, next: None, passing: JoinSet::new(), shared }
    }

    /// Puts ports of ours into a request for a stream, where it asks for datagrams.
    ///
    /// # Errors
    ///
    /// The system has no ports.
    pub async fn ask(&mut self, request: &mut TextMessage) -> io::Result<()> {
        self.next = None;
        let Some(transport) = request.value("Transport") else { return Ok(()) };
        let Some(retinas) = parameter(transport, "client_port").and_then(first_port) else { return Ok(()) };
        let pair = Pair::bind(self.local).await?;
        let ours = format!("RTP/AVP;unicast;client_port={}-{}", pair.port, pair.port + 1);
        request.set("Transport", &ours);
        self.next = Some((pair, retinas));
        Ok(())
    }

    /// Begins to pass on, once the camera has named its ports; the answer then names others `here`, for retina.
    ///
    /// # Errors
    ///
    /// The system has no ports; the camera named none.
    pub async fn begin(&mut self, answer: &mut TextMessage, here: Ipv4Addr, sequence: Sequence) -> io::Result<()> {
        let Some((outside, retinas)) = self.next.take() else { return Ok(()) };
        let transport = answer.value("Transport").unwrap_or_default();
        let cameras = parameter(transport, "server_port").and_then(first_port);
        outside.connect(self.peer, cameras.ok_or(io::Error::other("the camera names no port for datagrams"))?).await?;
        let inside = Pair::bind(here.into()).await?;
        inside.connect(here.into(), retinas).await?;
        let own = format!("server_port={}-{};source={here}", inside.port, inside.port + 1);
        answer.set("Transport", &format!("RTP/AVP;unicast;{own}"));
        let sequence = Arc::new(Mutex::new(sequence));
        for (outside, inside, is_packets) in
            [(outside.packets, inside.packets, true), (outside.reports, inside.reports, false)]
        {
            let (outside, inside) = (Arc::new(outside), Arc::new(inside));
            let (sequence, shared) = (Arc::clone(&sequence), self.shared.clone());
            let translate = move |datagram: &[u8]| {
                let mut all = Vec::new();
                if is_packets {
                    shared.saw(Seen::Packets);
                    lock(&sequence).packet(datagram, &mut |packet| all.push(packet.to_vec()));
                } else {
                    all.extend(lock(&sequence).report(datagram));
                }
                all
            };
            self.passing.spawn(pass_on(Arc::clone(&outside), Arc::clone(&inside), translate));
            self.passing.spawn(pass_on(inside, outside, |datagram| vec![datagram.to_vec()]));
        }
        Ok(())
    }
}

/// What comes at one socket goes out at the other, translated. That nobody is there is no end: the other side learns of
/// it over the connection.
async fn pass_on(from: Arc<UdpSocket>, to: Arc<UdpSocket>, translate: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send) {
    let mut datagram = vec![0; MAX_DATAGRAM];
    loop {
        match from.recv(&mut datagram).await {
            Ok(length) => {
                for translated in translate(datagram.get(..length).unwrap_or_default()) {
                    let _ = to.send(&translated).await;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(_) => return,
        }
    }
}

/// The value of a parameter of the header Transport.
fn parameter<'a>(transport: &'a str, name: &str) -> Option<&'a str> {
    transport.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The first of two ports.
fn first_port(ports: &str) -> Option<u16> {
    ports.split('-').next()?.trim().parse().ok()
}
