//! Small streams made through the library, and the commands run on them.

use std::path::PathBuf;

use vidveil::format::{
    Clock, EndKind, FormatError, Frame, FrameFlags, Keys, Message, MessageKind, PlainWriter, Reader, Reason, Record,
    SlotContent, StreamRecord, Track, sha256,
};
use vidveil::keys::{Certificate, RecipientSet, certificates_in};
use vidveil::seal::{RecipientSource, SealSettings, Sealer};

pub use super::output::{run, stderr, stdout};
use super::{testdata, tracks};

pub const SECOND: i64 = 1_000_000_000;
/// 2027-01-15T08:00:00Z, when the committed certificates are valid.
pub const BEGIN: i64 = 1_800_000_000 * SECOND;

pub fn certs() -> PathBuf {
    testdata("certs")
}

pub fn key(name: &str) -> String {
    certs().join(format!("{name}.key")).to_str().unwrap().to_owned()
}

pub fn pem(name: &str) -> String {
    certs().join(format!("{name}.pem")).to_str().unwrap().to_owned()
}

pub fn cert(name: &str) -> Certificate {
    certificates_in(&std::fs::read(pem(name)).unwrap()).unwrap().remove(0)
}

/// Recipients that change when an hour of the stream is over.
pub struct Recipients {
    pub first: Vec<&'static str>,
    pub later: Vec<&'static str>,
}

impl RecipientSource for Recipients {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let names = if now_ns < BEGIN + 3600 * SECOND { &self.first } else { &self.later };
        let files = names.iter().map(|n| (*n, std::fs::read(pem(n)).unwrap()));
        Ok(RecipientSet::new(files, now_ns))
    }
}

/// Video at 10 frames a second and audio without durations.
pub fn record(camera: &str) -> StreamRecord {
    let video = Track { time_base: (1, 10), width: 320, height: 240, frame_rate: (10, 1), ..tracks::video() };
    let audio = Track { sample_rate: 8000, channels: 1, config: vec![1, 2, 3], ..tracks::audio() };
    StreamRecord { id: [0xab; 16], camera: camera.into(), ..tracks::stream(BEGIN, vec![video, audio]) }
}

/// The packets of the streams here: 12 of video, one second of which are 4 epochs, and one of audio; the last time
/// unknown.
pub fn frames() -> Vec<(Frame, Vec<u8>)> {
    let video = (0..12i64).map(|i| {
        let flags = FrameFlags { key: i % 3 == 0, ..Default::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(i), dts: Some(i - 1), duration: 1 };
        (frame, format!("picture {i}").into_bytes())
    });
    let flags = FrameFlags { key: true, ..Default::default() };
    let audio = Frame { track: 1, flags, counter: 0, pts: Some(1100), dts: None, duration: 0 };
    video.chain([(audio, b"tone".to_vec())]).collect()
}

pub fn clock(i: usize, step_ns: i64) -> Clock {
    Clock { wall_ns: BEGIN + i as i64 * step_ns, mono_ns: 0 }
}

pub fn plain(camera: &str, reason: Reason) -> Vec<u8> {
    let mut w = PlainWriter::begin(Vec::new(), &record(camera), 3 * SECOND / 10).unwrap();
    for (f, packet) in frames() {
        w.frame(&f, &packet, clock(0, 0)).unwrap();
    }
    w.finish(reason, clock(0, 0)).unwrap();
    w.into_output()
}

/// The same, sealed. `step_ns` of wall clock pass between frames.
pub fn sealed_to(recipients: Recipients, step_ns: i64) -> Vec<u8> {
    let settings = SealSettings { rekey_ns: 3 * SECOND / 10, key_room: 8192, pad: 16, ..Default::default() };
    let mut s = Sealer::begin(Vec::new(), &record("gate"), settings, Box::new(recipients), clock(0, 0)).unwrap();
    for (i, (f, packet)) in frames().into_iter().enumerate() {
        s.frame(&f, &packet, clock(i, step_ns)).unwrap();
    }
    s.finish(Reason::EndOfInput).unwrap();
    s.into_output()
}

/// One session, to P-256 and RSA; an expired certificate is left out.
pub fn sealed() -> Vec<u8> {
    let names = vec!["p256", "rsa3072", "expired"];
    sealed_to(Recipients { first: names.clone(), later: names }, 0)
}

/// Every record with where it begins.
pub fn records(bytes: &[u8]) -> Vec<(u64, Record)> {
    let mut reader = Reader::new(bytes);
    let mut all = Vec::new();
    while let Some(r) = reader.next().unwrap() {
        all.push((reader.record_offset(), r));
    }
    all
}

/// Where the frame of this number begins.
pub fn frame_at(bytes: &[u8], n: usize) -> usize {
    let mut frames = records(bytes).into_iter().filter(|(_, r)| matches!(r, Record::Frame(_)));
    frames.nth(n).unwrap().0 as usize
}

/// Where the first keys record begins, and the record.
pub fn keys_at(bytes: &[u8]) -> (usize, Box<Keys>) {
    let mut all = records(bytes).into_iter();
    all.find_map(|(at, r)| if let Record::Keys(k) = r { Some((at as usize, k)) } else { None }).unwrap()
}

/// A keys record of session 0 as a rewrap leaves it: its list in generation 2, with this message to `recipient` alone.
/// Its MAC is zeros.
pub fn relisted(keys: &Keys, recipient: &Certificate, cms: Vec<u8>) -> Keys {
    let message = Message { kind: MessageKind::Secret, recipients: vec![recipient.der().to_vec()], cms };
    let content = SlotContent {
        generation: 2,
        written_ns: BEGIN,
        groups: vec![],
        messages: vec![message],
        changed_by: None,
        mac: [0; 32],
    };
    Keys::new(0, 0, keys.commitment, keys.left_out.clone(), content, 8192).unwrap()
}

/// The start, frame and close records that are whole, and the end. A file that ends anywhere is no error, any other
/// fault is.
pub fn epochs(bytes: &[u8]) -> (Vec<Vec<u8>>, Option<EndKind>) {
    let mut reader = Reader::new(bytes);
    let (mut all, mut end) = (Vec::new(), None);
    loop {
        match reader.next() {
            Ok(Some(Record::Start(_) | Record::Frame(_) | Record::Close(_))) => all.push(reader.raw().to_vec()),
            Ok(Some(Record::End(e))) => end = Some(e.kind),
            Ok(Some(_)) => {}
            Ok(None) | Err(FormatError::Truncated { .. } | FormatError::Empty) => return (all, end),
            Err(e) => panic!("{e}"),
        }
    }
}

/// The plain stream `input` as `edit` leaves it: takes each frame's number and packet, gives false for one that goes
/// missing.
pub fn edited(input: &[u8], mut edit: impl FnMut(usize, &mut [u8]) -> bool) -> Vec<u8> {
    let mut reader = Reader::new(input);
    let clock = Clock { wall_ns: 0, mono_ns: 0 };
    let mut writer = None;
    let mut count = 0;
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Stream(s) => writer = Some(PlainWriter::begin(Vec::new(), &s, i64::MAX).unwrap()),
            Record::Frame(f) => {
                let mut packet = reader.payload().to_vec();
                if edit(count, &mut packet) {
                    writer.as_mut().unwrap().frame(&f, &packet, clock).unwrap();
                }
                count += 1;
            }
            _ => {}
        }
    }
    let mut writer = writer.unwrap();
    writer.finish(Reason::EndOfInput, clock).unwrap();
    writer.into_output()
}

/// The hash of a stream's last close record.
pub fn last_close(bytes: &[u8]) -> [u8; 32] {
    let mut reader = Reader::new(bytes);
    let mut hash = [0; 32];
    while let Some(record) = reader.next().unwrap() {
        if matches!(record, Record::Close(_)) {
            hash = sha256(reader.raw());
        }
    }
    hash
}
