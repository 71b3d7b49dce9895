//! A camera that deviates from the page as the test says: in what it answers, or in what it sends.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::camera::access_units;
use super::dialogue::{Asked, Request, serve};

/// Between two pictures: faster than they are shown, for the test's sake.
const PACE: Duration = Duration::from_millis(10);
/// Longest payload of a packet.
const LONGEST: usize = 1200;
/// Of this many pictures one is a key frame.
pub const GOP: usize = 25;

/// What is sent of a picture, before it is made packets.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub ssrc: u32,
    /// Of the next packet.
    pub number: u16,
    /// Of the picture.
    pub timestamp: u32,
    pub channel: u8,
    pub marker: bool,
    /// Packets that are written before the picture, with channel and all.
    pub before: Vec<u8>,
    /// Whether every packet is sent twice.
    pub twice: bool,
    /// Whether the camera hangs up before the picture.
    pub hangs_up: bool,
}

type Answer = dyn Fn(&Request, String) -> Vec<String> + Send + Sync;
type Send_ = dyn Fn(usize, &mut Numbers) + Send + Sync;

/// What a camera does otherwise than it should.
pub struct Quirk {
    /// Of the answer to a request that is as it should be, what is said instead.
    pub answer: Box<Answer>,
    /// Of the numbers of the picture at a place, those that are used. They stay so for the next one.
    pub send: Box<Send_>,
}

impl Default for Quirk {
    fn default() -> Self {
        Quirk { answer: Box::new(|_, answer| vec![answer]), send: Box::new(|_, _| {}) }
    }
}

/// A camera that plays a clip once, from where it is now.
pub struct Quirky {
    pub address: String,
    pub asked: Asked,
    /// Pictures that were sent, over all connections.
    pub sent: Arc<AtomicUsize>,
}

impl Quirky {
    /// Plays `clip` (H.264), with parameter sets before each key frame.
    pub fn start(clip: &Path, quirk: Quirk) -> Self {
        let (pictures, sent, quirk) = (Arc::new(access_units(clip, false)), Arc::default(), Arc::new(quirk));
        let count = Arc::clone(&sent);
        let writers: Mutex<Vec<(String, Arc<Mutex<TcpStream>>)>> = Mutex::new(Vec::new());
        let (address, asked) = serve(move |who, request| {
            // an answer to a question of the camera's
            if request.lines[0].starts_with("RTSP/") {
                return Ok(());
            }
            let peer = who.peer_addr()?.to_string();
            let writer = {
                let mut all = writers.lock().unwrap();
                if !all.iter().any(|(known, _)| *known == peer) {
                    all.push((peer.clone(), Arc::new(Mutex::new(who.try_clone()?))));
                }
                all.iter().find(|(known, _)| *known == peer).map(|(_, writer)| Arc::clone(writer)).unwrap()
            };
            let answers = (quirk.answer)(request, answer(request));
            let plays = request.method() == "PLAY" && answers.iter().any(|answer| answer.contains(" 200 "));
            for answer in answers {
                writer.lock().unwrap().write_all(answer.as_bytes())?;
            }
            if plays {
                let (pictures, quirk, count) = (Arc::clone(&pictures), Arc::clone(&quirk), Arc::clone(&count));
                thread::spawn(move || play(&pictures, quirk.as_ref(), &count, &writer));
            }
            Ok(())
        });
        Quirky { address, asked, sent }
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.asked.all().iter().filter(|r| r.method() == "DESCRIBE" && r.header("Authorization").is_none()).count()
    }
}

/// A description of H.264 without parameter sets.
pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n\
                       m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n";

/// What a camera should answer.
fn answer(request: &Request) -> String {
    let session = "Session: 7;timeout=60\r\n";
    match request.method() {
        "OPTIONS" => request.answer("200 OK", "Public: DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER\r\n", ""),
        "DESCRIBE" => request.answer("200 OK", "Content-Type: application/sdp\r\n", SDP),
        "SETUP" => {
            let transport = request.header("Transport").unwrap_or_default();
            request.answer("200 OK", &format!("{session}Transport: {transport}\r\n"), "")
        }
        _ => request.answer("200 OK", session, ""),
    }
}

fn play(pictures: &[Vec<Vec<u8>>], quirk: &Quirk, sent: &AtomicUsize, writer: &Mutex<TcpStream>) {
    let first = sent.load(Ordering::SeqCst);
    let mut numbers = Numbers {
        ssrc: 0x1122_3344,
        number: 65_500,
        timestamp: 0_u32.wrapping_sub(90_000),
        channel: 0,
        marker: true,
        before: Vec::new(),
        twice: false,
        hangs_up: false,
    };
    for (place, units) in pictures.iter().enumerate().skip(first) {
        (quirk.send)(place, &mut numbers);
        let mut bytes = std::mem::take(&mut numbers.before);
        if std::mem::take(&mut numbers.hangs_up) {
            let _ = writer.lock().unwrap().shutdown(std::net::Shutdown::Both);
            return;
        }
        let payloads: Vec<_> = units.iter().flat_map(|unit| pieces(unit)).collect();
        for (i, payload) in payloads.iter().enumerate() {
            let packet = packet(&numbers, payload, numbers.marker && i + 1 == payloads.len());
            for _ in 0..=usize::from(numbers.twice) {
                bytes.extend_from_slice(&packet);
            }
            numbers.number = numbers.number.wrapping_add(1);
        }
        numbers.timestamp = numbers.timestamp.wrapping_add(3600);
        if writer.lock().unwrap().write_all(&bytes).is_err() {
            return;
        }
        sent.fetch_add(1, Ordering::SeqCst);
        thread::sleep(PACE);
    }
}

/// A unit as payloads (RFC 6184, 5.6 and 5.8).
fn pieces(unit: &[u8]) -> Vec<Vec<u8>> {
    let Some((header, rest)) = unit.split_first().filter(|_| unit.len() > LONGEST) else { return vec![unit.to_vec()] };
    let count = rest.len().div_ceil(LONGEST);
    let flags = |i: usize| u8::from(i == 0) << 7 | u8::from(i + 1 == count) << 6;
    let piece = |(i, piece): (usize, &[u8])| [&[header & 0xe0 | 28, flags(i) | header & 0x1f][..], piece].concat();
    rest.chunks(LONGEST).enumerate().map(piece).collect()
}

/// A packet with these numbers, as it is written.
pub fn packet(numbers: &Numbers, payload: &[u8], marker: bool) -> Vec<u8> {
    let mut rtp = vec![0x80, u8::from(marker) << 7 | 96];
    rtp.extend(numbers.number.to_be_bytes());
    rtp.extend(numbers.timestamp.to_be_bytes());
    rtp.extend(numbers.ssrc.to_be_bytes());
    rtp.extend(payload);
    interleaved(numbers.channel, &rtp)
}

/// Bytes on a channel of the connection.
pub fn interleaved(channel: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[b'$', channel], &length[..], bytes].concat()
}
