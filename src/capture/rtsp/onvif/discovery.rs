//! Who is there: WS-Discovery 1.0, over UDP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_ip_multicast_if_with_ifindex;
use tokio::net::UdpSocket;

use crate::base::{Report, random_id, text};

use super::super::RtspError;
use super::super::address::{Address, Credentials};
use super::super::client::Client;
use super::super::disconnect::Disconnect;
use super::interfaces::{SYSTEM, interfaces};
use super::media::{self, FoundStream, shown};
use super::soap::Service;
use super::xml;

/// Where cameras listen.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const PORT: u16 = 3702;
/// Most cameras that are listed.
const MAX_CAMERAS: usize = 1024;
/// The longest datagram.
const MAX_DATAGRAM: usize = 64 << 10;
/// How often the question is sent: datagrams get lost.
const QUESTIONS: u32 = 3;
/// For what a camera says of its streams.
const PATIENCE: Duration = Duration::from_secs(15);

/// How cameras are looked for.
pub struct DiscoverOptions {
    /// Whom to ask: a camera, or the broadcast address of a network; everybody in the local networks unless given.
    pub target: Option<SocketAddr>,
    /// How long answers are waited for.
    pub wait: Duration,
    /// Name and password for the cameras' streams, which are not asked for without.
    pub credentials: Option<Credentials>,
}

/// A camera. All texts are printable.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name, or what it is; may be empty.
    pub name: String,
    /// Where it answers questions.
    pub address: String,
    /// Its streams, where they were asked for.
    pub streams: Vec<FoundStream>,
    /// Why they are not known, where they were asked for in vain.
    pub trouble: Option<String>,
}

/// Looks for cameras, and asks each of them for its streams where there are a name and a password.
///
/// # Errors
///
/// The system gives no sockets, or has no way to the network.
pub fn discover(options: &DiscoverOptions, report: &Report) -> Result<Vec<Found>, RtspError> {
    let client = Client::new(report.stop()).map_err(RtspError::Sockets)?;
    let mut cameras = Vec::new();
    // otherwise the time is over, or the caller wants no more
    if let Ok(Err(e)) = client.within(options.wait, ask(options, &mut cameras)) {
        return Err(RtspError::Sockets(e));
    }
    let Some(credentials) = &options.credentials else {
        return Ok(cameras.into_iter().map(|(found, _)| found).collect());
    };
    let mut all = Vec::new();
    for (mut found, address) in cameras {
        let mut device = Service { address, credentials: Some(credentials), clock_off: 0 };
        match client.within(PATIENCE, media::streams(&mut device)).and_then(|streams| streams) {
            Ok(streams) => found.streams = streams,
            Err(Disconnect::Stopped) => break,
            Err(Disconnect::Refused(why)) => found.trouble = Some(why.to_string()),
            Err(Disconnect::Lost(why)) => found.trouble = Some(why),
        }
        all.push(found);
    }
    Ok(all)
}

/// Asks, and lists who answers, without end.
async fn ask(options: &DiscoverOptions, cameras: &mut Vec<(Found, Address)>) -> std::io::Result<()> {
    let target = options.target.unwrap_or_else(|| (GROUP, PORT).into());
    let any: SocketAddr = if target.is_ipv6() { ([0; 8], 0).into() } else { ([0; 4], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.set_broadcast(true)?;
    let (mut buffer, mut sent, mut next) = (vec![0; MAX_DATAGRAM], 0, Instant::now());
    loop {
        if sent < QUESTIONS && Instant::now() >= next {
            match options.target {
                Some(_) => drop(socket.send_to(&probe()?, target).await?),
                None => ask_everybody(&socket).await?,
            }
            (sent, next) = (sent + 1, Instant::now() + options.wait / (2 * QUESTIONS));
        }
        let pause = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(10));
        match tokio::time::timeout(pause, socket.recv_from(&mut buffer)).await {
            Ok(Ok((length, from))) => list(buffer.get(..length).unwrap_or_default(), from.ip(), cameras),
            // somebody who is not there says so
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::ConnectionRefused => {}
            Ok(Err(e)) => return Err(e),
            Err(_) => {}
        }
    }
}

/// Sends the question into each network; fails only where it goes into none.
async fn ask_everybody(socket: &UdpSocket) -> std::io::Result<()> {
    let (question, everybody) = (probe()?, SocketAddr::from((GROUP, PORT)));
    let mut failure = None;
    let mut is_sent = false;
    for index in interfaces(Path::new(SYSTEM)) {
        let chosen = set_ip_multicast_if_with_ifindex(socket, &GROUP, &Ipv4Addr::UNSPECIFIED, index);
        let sent = match chosen {
            Ok(()) => socket.send_to(&question, everybody).await.map(drop),
            Err(e) => Err(e.into()),
        };
        match sent {
            Ok(()) => is_sent = true,
            // one without an address
            Err(e) => failure = Some(e),
        }
    }
    match failure {
        _ if is_sent => Ok(()),
        Some(e) => Err(e),
        // the system chooses one
        None => socket.send_to(&question, everybody).await.map(drop),
    }
}

/// The question.
fn probe() -> std::io::Result<Vec<u8>> {
    let id = text::hex(&random_id().map_err(std::io::Error::other)?);
    let groups: Vec<_> = [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().filter_map(|range| id.get(range)).collect();
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"><e:Header><w:MessageID>uuid:{}</w:MessageID>\
         <w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
         <w:Action e:mustUnderstand=\"true\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
         <e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>",
        groups.join("-")
    )
    .into_bytes())
}

/// Adds the cameras of an answer. They are taken at their word only about themselves: an address is that of who
/// answers.
fn list(answer: &[u8], from: IpAddr, cameras: &mut Vec<(Found, Address)>) {
    let Some(all) = xml::parse(answer) else { return };
    for camera in xml::all_of(&all, "ProbeMatch") {
        let is_its_own = |address: &Address| {
            address.is_http()
                && !address.is_encrypted()
                && address.host().parse::<IpAddr>().is_ok_and(|host| host.to_canonical() == from.to_canonical())
        };
        let mut addresses = xml::text(camera, "XAddrs").unwrap_or_default().split_whitespace();
        let Some(address) = addresses.find_map(|one| one.parse::<Address>().ok().filter(is_its_own)) else { continue };
        let shown_address = shown(address.as_str());
        if cameras.len() >= MAX_CAMERAS || cameras.iter().any(|(found, _)| found.address == shown_address) {
            continue;
        }
        let scopes = xml::text(camera, "Scopes").unwrap_or_default();
        let scope = |kind: &str| {
            scopes.split_whitespace().find_map(|s| s.strip_prefix(&format!("onvif://www.onvif.org/{kind}/")))
        };
        let names = [scope("name"), scope("hardware").filter(|hardware| Some(*hardware) != scope("name"))];
        let names: Vec<_> = names.into_iter().flatten().map(|name| shown(&decoded(name))).collect();
        let found = Found { name: names.join(" "), address: shown_address, streams: Vec::new(), trouble: None };
        cameras.push((found, address));
    }
}

/// "%20" is a blank (RFC 3986, 2.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2).and_then(|d| std::str::from_utf8(d).ok())).flatten();
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_listed_once_and_for_itself_only() {
        let one = |address: &str, scopes: &str| {
            format!(
                "<a:E xmlns:a='x'><ProbeMatch><Scopes>{scopes}</Scopes><XAddrs>{address}</XAddrs></ProbeMatch></a:E>"
            )
        };
        let from = "192.0.2.7".parse().unwrap();
        let mut cameras = Vec::new();
        let scopes = "onvif://www.onvif.org/type/video onvif://www.onvif.org/name/Front%20door%zz onvif://www.onvif.org/hardware/X%1B1";
        list(one("http://[fe80::1]/o http://192.0.2.7/onvif/device_service", scopes).as_bytes(), from, &mut cameras);
        list(one("http://192.0.2.7/onvif/device_service", "").as_bytes(), from, &mut cameras);
        for other in ["http://192.0.2.8/", "rtsp://192.0.2.7/", "http://a:b@192.0.2.7/", "http://gate/", ""] {
            list(one(other, "").as_bytes(), from, &mut cameras);
        }
        list(b"<no xml", from, &mut cameras);
        assert_eq!(cameras.len(), 1);
        assert_eq!(cameras[0].0.address, "http://192.0.2.7/onvif/device_service");
        assert!(cameras[0].0.name.starts_with("Front door%zz X") && !cameras[0].0.name.contains('\u{1b}'));
    }
}
