//! What the tests of `format` and `seal` share: streams to seal, and what opening gives.

use std::io::Read;

use vidveil::format::{
    Clock, End, FormatError, Frame, FrameFlags, HEADER_LEN, Reason, RecordType, StreamRecord, Track,
};
use vidveil::keys::{Identity, KeyFile, RecipientSet};
use vidveil::seal::{Opened, Opener, RecipientSource, SealError, SealSettings, Sealer};

pub use super::testdata;
use super::tracks;
pub use super::tracks::{audio, video};

/// 2027-01-15, when the committed certificates are valid.
pub const NOW: i64 = 1_800_000_000_000_000_000;
/// A second in ns.
pub const S: i64 = 1_000_000_000;

pub fn pem(name: &str) -> Vec<u8> {
    std::fs::read(testdata(&format!("certs/{name}.pem"))).unwrap()
}

pub fn key(name: &str) -> Vec<Box<dyn Identity>> {
    let bytes = std::fs::read(testdata(&format!("certs/{name}.key"))).unwrap();
    vec![Box::new(KeyFile::parse(&bytes, || None).unwrap())]
}

/// Certificates by name, from a certain time on: the last line whose time has come counts.
pub struct Script(pub Vec<(i64, Vec<Vec<u8>>)>);

impl Script {
    /// These certificates of `testdata/certs`, always.
    pub fn always(names: &[&str]) -> Box<Self> {
        Script::of(&[(i64::MIN, names)])
    }

    /// Certificates of `testdata/certs` from each time on.
    pub fn of(lines: &[(i64, &[&str])]) -> Box<Self> {
        Box::new(Script(lines.iter().map(|(t, names)| (*t, names.iter().map(|n| pem(n)).collect())).collect()))
    }
}

impl RecipientSource for Script {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let line = self.0.iter().rev().find(|(t, _)| *t <= now_ns).ok_or("no line")?;
        Ok(RecipientSet::new(line.1.iter().enumerate().map(|(i, c)| (format!("{i}.pem"), c)), now_ns))
    }
}

pub fn stream(tracks: Vec<Track>) -> StreamRecord {
    StreamRecord { camera: "gate".into(), ..tracks::stream(NOW, tracks) }
}

/// A frame at `ms` milliseconds.
pub fn frame(track: u16, ms: i64, key: bool) -> Frame {
    let flags = FrameFlags { key, ..FrameFlags::default() };
    Frame { track, flags, counter: 0, pts: Some(ms), dts: None, duration: 40 }
}

pub fn at(ns: i64) -> Clock {
    Clock { wall_ns: NOW + ns, mono_ns: ns }
}

/// One step of a recording: what arrives, and when.
#[derive(Debug, Clone)]
pub struct Step {
    pub frame: Frame,
    pub packet: Vec<u8>,
    pub now: Clock,
}

/// `n` frames, one every 100 ms and every tenth a key frame, alternating over `tracks`.
pub fn steps(n: usize, tracks: u16) -> Vec<Step> {
    let step = |i: usize| Step {
        frame: frame(i as u16 % tracks, i as i64 * 100, i.is_multiple_of(10)),
        packet: (0..i % 37 + 5).map(|b| (b * 7 + i) as u8).collect(),
        now: at(i as i64 * S / 10),
    };
    (0..n).map(step).collect()
}

/// Epochs of a second, small slots.
pub fn settings() -> SealSettings {
    SealSettings { rekey_ns: S, key_room: 4096, ..SealSettings::default() }
}

/// Seals `steps` to the sources's recipients and closes the stream.
pub fn seal(tracks: Vec<Track>, steps: &[Step], settings: SealSettings, source: Box<dyn RecipientSource>) -> Vec<u8> {
    let mut sealer = Sealer::begin(Vec::new(), &stream(tracks), settings, source, at(0)).unwrap();
    steps.iter().for_each(|s| sealer.frame(&s.frame, &s.packet, s.now).unwrap());
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}

/// A small stream of several epochs, and what must come out of it.
pub fn small() -> (Vec<u8>, Vec<(Frame, Vec<u8>)>) {
    let steps = steps(25, 1);
    let sealed = seal(vec![video()], &steps, settings(), Script::always(&["p256", "expired"]));
    (sealed.clone(), open(&sealed, "p256").frames)
}

/// What opening gave.
#[derive(Debug, Default)]
pub struct Outcome {
    pub frames: Vec<(Frame, Vec<u8>)>,
    pub streams: Vec<StreamRecord>,
    pub epochs: Vec<u64>,
    pub sessions: Vec<u32>,
    pub reasons: Vec<Reason>,
    pub ends: Vec<End>,
    pub cuts: usize,
    pub error: Option<SealError>,
}

impl Outcome {
    pub fn is_truncated(&self) -> bool {
        matches!(self.error, Some(SealError::Format(FormatError::Truncated { .. })))
    }

    pub fn packets(&self) -> Vec<&[u8]> {
        self.frames.iter().map(|(_, p)| p.as_slice()).collect()
    }
}

pub fn open(bytes: &[u8], name: &str) -> Outcome {
    open_from(bytes, key(name))
}

pub fn open_from(input: impl Read, identities: Vec<Box<dyn Identity>>) -> Outcome {
    let mut opener = Opener::new(input, identities);
    let mut outcome = Outcome::default();
    loop {
        match opener.next() {
            Ok(None) => return outcome,
            Ok(Some(o)) => note(&mut outcome, o, opener.packet()),
            Err(e) => {
                assert_eq!(opener.packet(), b"", "a packet is there after an error");
                outcome.error = Some(e);
                return outcome;
            }
        }
    }
}

pub fn note(outcome: &mut Outcome, opened: Opened, packet: &[u8]) {
    match opened {
        Opened::Frame(f) => outcome.frames.push((f, packet.to_vec())),
        Opened::Stream(s) => outcome.streams.push(s),
        Opened::Start(s) => outcome.epochs.push(s.epoch),
        Opened::Keys(k) => outcome.sessions.push(k.session),
        Opened::Close(c) => outcome.reasons.push(c.reason),
        Opened::End(e) => outcome.ends.push(e),
        Opened::Cut => outcome.cuts += 1,
        Opened::Grant(_) | Opened::Index(_) | Opened::Closed(_) | Opened::Skipped(_) | Opened::Missing(_) => {}
    }
}

/// Where each record of a container of one stream lies: its type and its bytes.
pub fn records(container: &[u8]) -> Vec<(RecordType, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut at = HEADER_LEN;
    while at < container.len() {
        let len = u32::from_be_bytes(container[at + 4..at + 8].try_into().unwrap()) as usize;
        let end = at + HEADER_LEN + len;
        found.push((RecordType::from_byte(container[at]).unwrap(), at..end));
        at = end;
    }
    found
}
